/*
 * Stored records judged anew: facts out of the record, its host records and certificates, through the
 * verdict, into a record again. Counts what changed.
 */
#ifndef STSWEEP_COMMANDS_SHOW_JUDGE_H
#define STSWEEP_COMMANDS_SHOW_JUDGE_H

#include <stdio.h>

#include "output/readback/facts_index.h"

struct show_judge {
    struct facts_index *index;
    int64_t now; /* wall clock, ms, or BY_OWN_TIME (verdict.h) */
    struct arena arena;
    struct buf line;
    uint64_t judged, changed, missing, unreadable;
    uint64_t table[OUTCOME_COUNT][OUTCOME_COUNT]; /* from → to, of domain records */
};

/* ERR_… with *why where the index cannot be made. */
enum error show_judge_init(struct show_judge *judge, int dir_fd, int64_t now, struct buf *why);
void show_judge_dispose(struct show_judge *judge);

/*
 * *judged is the record anew, without its \n, good until the next call. A record whose facts are not all
 * there, or that is no record, is counted and stays as it is.
 */
enum error show_judge_domain(struct show_judge *judge, struct bytes line, struct bytes *judged,
                             struct buf *why);
enum error show_judge_host(struct show_judge *judge, struct bytes line, struct bytes *judged,
                           struct buf *why);

/* A domain's outcome, as stored and as judged anew. */
void show_judge_count(struct show_judge *judge, unsigned before, unsigned after);

/* How many records, how many changed, from which outcome to which; what could not be judged. */
void show_judge_print(struct show_judge *judge, FILE *err);

#endif
