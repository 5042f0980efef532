/*
 * Counts what a recursive resolver of dns.resolvers did, as a part of struct counters: made of sums alone, so
 * that those of all loops add up. Latencies are counted by buckets: each of the first milliseconds has its
 * own, further on each doubling has two. Pure.
 */
#ifndef STSWEEP_FACTS_RESOLVER_COUNTS_H
#define STSWEEP_FACTS_RESOLVER_COUNTS_H

#include <stddef.h>
#include <stdint.h>

/* As many as dns.resolvers may name; buckets up to 65.5 s, the last with all above. */
enum { RESOLVERS_MOST = 32, RESOLVER_BUCKETS = 35 };

struct resolver_counts {
    uint64_t answers;                      /* datagrams that came for a question, whatever they said */
    uint64_t lost;                         /* questions without an answer in time */
    uint64_t refused;                      /* questions that it would not answer */
    uint64_t ms;                           /* that the answers took, together */
    uint64_t by_latency[RESOLVER_BUCKETS]; /* answers */
};

void resolver_counts_answer(struct resolver_counts *counts, int64_t ms);

/* Returns the first millisecond that is beyond a bucket (0 … RESOLVER_BUCKETS - 2); of the last none is. */
uint64_t resolver_counts_bound(size_t bucket);

/* Returns the median of all latencies in ms, at most one bucket off; 0 without answers. */
uint64_t resolver_counts_median(const struct resolver_counts *counts);

#endif
