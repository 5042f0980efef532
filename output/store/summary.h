/*
 * Keeps the counts of a scan, and writes them as summary.json (denominators, outcomes, codes, dane, tls,
 * providers) and as the table that is printed at the end.
 */
#ifndef STSWEEP_STORE_SUMMARY_H
#define STSWEEP_STORE_SUMMARY_H

#include <stdio.h>

#include "output/store/summary_sample.h"
#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/facts/record.h"

/* Provider names are counted up to this many different ones; beyond, under "other". */
enum { SUMMARY_PROVIDERS = 256, SUMMARY_PROVIDER_BYTES = 48 };

/* What one record adds to the counts. */
struct tally {
    uint64_t ordinal;
    enum outcome outcome;
    enum outcome would_be;
    enum cached_found cached; /* CACHED_NONE: no earlier policy */
    enum dane_outcome dane;
    enum tls_outcome tls;
    bool incomplete;
    struct code_set codes;
    char tld[STRATA_NAME_BYTES];           /* the last label */
    uint32_t rank;                         /* 0 for none */
    char provider[SUMMARY_PROVIDER_BYTES]; /* of the MX; "" for unknown */
};

struct summary {
    uint64_t inputs;
    uint64_t records;
    uint64_t rejects;
    uint64_t duplicates;
    uint64_t opted_out;
    uint64_t not_in_shard;
    uint64_t not_sampled;
    uint64_t filtered;
    uint64_t over_limit;
    uint64_t incomplete;
    uint64_t left_out[FAIL_COUNT]; /* inputs without a record: rejects, duplicates, opted_out, by code */
    uint64_t outcomes[OUTCOME_COUNT];
    uint64_t would_be[OUTCOME_COUNT];
    uint64_t cached[CACHED_FOUND_COUNT];
    uint64_t dane[DANE_OUTCOME_COUNT];
    uint64_t tls[TLS_OUTCOME_COUNT];
    uint64_t codes[FAIL_COUNT];
    struct {
        char name[SUMMARY_PROVIDER_BYTES];
        uint64_t count;
    } providers[SUMMARY_PROVIDERS];
    size_t provider_count;
    uint64_t provider_other;
    struct summary_sample *sample; /* borrowed; NULL: all names were scanned */
};

void summary_tally(const struct domain_facts *facts, const struct judgement *judgement, struct tally *tally);
void summary_add(struct summary *summary, const struct tally *tally);

/* Reads the tally of a stored domain record (one JSON line), for a resume. ERR_SYNTAX if it is
 * none. */
enum error summary_read_line(struct bytes line, struct tally *tally);

/* Returns how many records have a policy that an earlier scan saw. */
uint64_t summary_cached(const struct summary *summary);

/* Tells whether the denominators add up; if not, writes the equation into *why. */
bool summary_balanced(const struct summary *summary, struct buf *why);

/* Writes the text of summary.json. groups: NULL if none were counted. */
struct summary_groups;
bool summary_json(struct buf *out, const struct summary *summary, const struct summary_groups *groups);

/* Prints the closing table for a person: 78 columns, plain text. */
void summary_print(FILE *out, const struct summary *summary, int64_t elapsed_ms, const char *dir);

#endif
