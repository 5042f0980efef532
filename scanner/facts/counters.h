/*
 * Holds the counters of a loop (counters.def). The loop counts in a struct of its own, without atomics; from
 * time to time it publishes its counts for other threads to read.
 */
#ifndef STSWEEP_FACTS_COUNTERS_H
#define STSWEEP_FACTS_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/facts/record.h"
#include "scanner/facts/resolver_counts.h"

struct counters {
#define COUNTER(name, help) uint64_t name;
#include "scanner/facts/counters.def"
#undef COUNTER
    uint64_t outcomes[OUTCOME_COUNT]; /* of domains whose record is written */
    uint64_t codes[FAIL_COUNT];       /* in those records */
    struct resolver_counts
        resolvers[RESOLVERS_MOST]; /* in the order of dns.resolvers; none of the embedded one */
};

/* The counts that one loop published last; any thread may read them. */
struct counters_shared {
    atomic_uint_fast64_t words[sizeof(struct counters) / sizeof(uint64_t)]; /* each count, in order */
};

/* Counts a domain whose record was written; fetched: its policy was asked for. */
void counters_domain(struct counters *counters, const struct judgement *judgement, bool fetched);

void counters_publish(const struct counters *counters, struct counters_shared *shared);

/* Adds the published counts to *sum. */
void counters_add(const struct counters_shared *shared, struct counters *sum);

/* Adds the counts of one loop to *sum. */
void counters_sum(const struct counters *counters, struct counters *sum);

/* Visits the rows of the table with their values. */
typedef void (*counters_visit)(void *arg, const char *name, const char *help, uint64_t value);
void counters_each(const struct counters *counters, counters_visit visit, void *arg);

#endif
