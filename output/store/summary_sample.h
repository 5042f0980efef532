/*
 * Keeps what a summary says of a sample: how it was drawn, how many names it speaks for, and the counts of
 * each stratum, from which the intervals come (interval.h). Those of the whole rest on all records, whatever
 * their outcome: `unknown` is one of the outcomes.
 */
#ifndef STSWEEP_STORE_SUMMARY_SAMPLE_H
#define STSWEEP_STORE_SUMMARY_SAMPLE_H

#include "output/store/interval.h"
#include "scanner/facts/draw_size.h"
#include "scanner/facts/record.h"
#include "scanner/facts/strata.h"

struct json;
struct json_node;
struct tally;

enum summary_count {
    SUMMARY_OUTCOMES,
    SUMMARY_WOULD_BE = SUMMARY_OUTCOMES + OUTCOME_COUNT,
    SUMMARY_DANE = SUMMARY_WOULD_BE + OUTCOME_COUNT,
    SUMMARY_TLS = SUMMARY_DANE + DANE_OUTCOME_COUNT,
    SUMMARY_CODES = SUMMARY_TLS + TLS_OUTCOME_COUNT,
    SUMMARY_COUNTS = SUMMARY_CODES + FAIL_COUNT
};

/* One stratum. */
struct sample_part {
    uint64_t population; /* names that it has in the list */
    uint64_t records;
    uint64_t counts[SUMMARY_COUNTS]; /* of these */
};

struct summary_sample {
    struct draw_size size;
    char *take, *key;           /* owned: sample.take and sample.key */
    struct strata *strata;      /* owned */
    struct sample_part **parts; /* owned, one for each stratum that has a record or a population */
    size_t room;
    uint64_t population; /* of all strata */
    enum error failed;   /* memory was lacking: the counts are not whole */
};

/* NULL: out of memory. take is what draw_size_parse takes, and not "". */
struct summary_sample *summary_sample_create(const char *take, const char *key, enum strata_kind kind);
void summary_sample_destroy(struct summary_sample *sample); /* NULL is fine */

/* Counts a record. */
void summary_sample_add(struct summary_sample *sample, const struct tally *tally);

/* Sets how many names a stratum has. */
enum error summary_sample_population(struct summary_sample *sample, const char *stratum, uint64_t population);

/* Returns the interval of a count over all strata. */
struct interval summary_sample_interval(const struct summary_sample *sample, size_t which);

/* Names the way in which the intervals are made. */
const char *summary_sample_method(const struct summary_sample *sample);

/* Makes the sample of the tree of a stored summary.json, with its populations and without a record; *sample is
 * NULL if all names were scanned. ERR_CORRUPT if it is none that this program writes; ERR_MEMORY. */
enum error summary_sample_read(const struct json_node *summary, struct summary_sample **sample);

/* Writes the member "sample" of summary.json. */
void summary_sample_json(struct json *json, const struct summary_sample *sample);

#endif
