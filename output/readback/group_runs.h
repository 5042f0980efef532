/*
 * Keeps sums of groups in temporary files without a name, each sorted, and merges them into one sum a group.
 * Memory is bounded: a buffer for each of the RUNS_MOST files at most, whatever the number of groups; when
 * there are as many, the last ones, which are about as large as each other, are merged into one. Each sum is
 * so written once a level, and there are few levels. One thread.
 */
#ifndef STSWEEP_READBACK_GROUP_RUNS_H
#define STSWEEP_READBACK_GROUP_RUNS_H

#include "output/readback/groups.h"
#include "scanner/base/buf.h"

enum { RUNS_MOST = 6, RUN_BUFFER_BYTES = 64 << 10 };

/* What is counted of one group. Sums are ordered by hash, then by key. */
struct group_sum {
    uint64_t hash;    /* of the key, by one seed for all runs */
    struct bytes key; /* the kind as a byte, then the name */
    uint64_t gain;
    uint64_t outcomes[OUTCOME_COUNT];
    bool has_codes;             /* some code has a count */
    uint64_t fails[FAIL_COUNT]; /* domains in which the code fails there */
    uint64_t opens[FAIL_COUNT]; /* domains in which it leaves open */
};

/* Makes the sum one of nothing, of another group. The first time it is all zero. */
void group_sum_begin(struct group_sum *sum, uint64_t hash, struct bytes key);

struct group_runs;

/* dir_fd: where the files are made or -1; TMPDIR is taken if that cannot be. NULL without
 * memory. */
struct group_runs *group_runs_new(int dir_fd);
void group_runs_free(struct group_runs *runs); /* NULL is fine */

size_t group_runs_count(const struct group_runs *runs);

/* Write a run: begin, sums in order, end. ERR_FULL, ERR_IO, ERR_MEMORY with *why. */
enum error group_runs_begin(struct group_runs *runs, struct buf *why);
enum error group_runs_put(struct group_runs *runs, const struct group_sum *sum, struct buf *why);
enum error group_runs_end(struct group_runs *runs, struct buf *why);

/* Takes a sum, which is good during the call. An error ends the walk and is returned. */
typedef enum error (*group_sum_take)(void *arg, const struct group_sum *sum);

/* Gives the sum of each group over all runs, in order. ERR_CORRUPT if a file no longer holds what was
 * written. */
enum error group_runs_merge(struct group_runs *runs, group_sum_take take, void *arg, struct buf *why);

#endif
