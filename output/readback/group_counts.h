/*
 * Counts domains by the groups that they belong to, of any kinds, exactly. What does not fit into the memory
 * that is given goes to temporary files in sorted runs (group_runs.h), so that memory is bounded whatever
 * the number of groups. One thread.
 */
#ifndef STSWEEP_READBACK_GROUP_COUNTS_H
#define STSWEEP_READBACK_GROUP_COUNTS_H

#include "output/readback/groups.h"
#include "scanner/base/buf.h"

struct group_counts;

/* memory_bytes: for groups and the order of them; beside it there are RUNS_MOST + 1 buffers. dir_fd: where
 * temporary files are made, or -1 for TMPDIR. NULL without memory. */
struct group_counts *group_counts_new(size_t memory_bytes, int dir_fd);
void group_counts_free(struct group_counts *counts); /* NULL is fine */

/* Counts a domain of that outcome in one group. ERR_FULL, ERR_IO, ERR_MEMORY with *why. */
enum error group_counts_add(struct group_counts *counts, enum group_kind kind, enum outcome outcome,
                            const struct group_member *member, struct buf *why);

typedef enum error (*group_row_take)(void *arg, const struct group_row *row);

/* Gives every group once, in no order; a row is good during the call. An error of take ends it. Nothing is
 * counted afterwards. */
enum error group_counts_end(struct group_counts *counts, group_row_take take, void *arg, struct buf *why);

#endif
