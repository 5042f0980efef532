/*
 * Adds up the denominators of all shards and proves them: each shard has them of the whole list, and counts
 * each line of it either as its own or as not in the shard (docs/internals/stages.md). Pure.
 */
#ifndef STSWEEP_STAGES_MERGE_SUMS_H
#define STSWEEP_STAGES_MERGE_SUMS_H

#include "output/store/summary.h"

struct merge_sums {
    struct summary summary; /* the denominators of all, and the sample, which is owned */
    uint64_t records;       /* that the shards say they have */
    uint64_t not_in_shard;  /* of all shards together */
    uint32_t shards;
};

void merge_sums_init(struct merge_sums *sums);
void merge_sums_dispose(struct merge_sums *sums);

/* Adds the text of a shard's summary.json. ERR_CORRUPT with *why if it is none, if it does not add up by
 * itself, or if it is of a list with another number of inputs; ERR_MEMORY. */
enum error merge_sums_add(struct merge_sums *sums, struct bytes stored, struct buf *why);

/* After the last one: is each line of the list counted by one shard? ERR_CORRUPT with the equation in *why.
 */
enum error merge_sums_prove(const struct merge_sums *sums, struct buf *why);

/* Puts the denominators into the summary of what was written, and proves that it has all records.
 * ERR_CORRUPT with *why. */
enum error merge_sums_close(const struct merge_sums *sums, struct summary *written, struct buf *why);

#endif
