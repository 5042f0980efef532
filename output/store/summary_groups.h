/*
 * Counts the groups that summary.json tells of: of each kind the first by what mending them gains, as
 * `show --by` has them; and in which groups TLS keys were exchanged (summary_exchange.h). They are counted at
 * the end of a scan, in one pass over its domain records and one over its host records, so that a scan that
 * was resumed says the same as one that was not.
 */
#ifndef STSWEEP_STORE_SUMMARY_GROUPS_H
#define STSWEEP_STORE_SUMMARY_GROUPS_H

#include "output/readback/group_top.h"
#include "output/store/summary_exchange.h"

/* How many of each kind are told; what counting them may take of memory: more goes to a file without a name
 * in the scan directory, or in TMPDIR where that cannot be. */
enum { SUMMARY_GROUPS_TOLD = 50, SUMMARY_GROUPS_BYTES = 32 << 20 };

struct summary_groups {
    struct group_top kinds[GROUP_KIND_COUNT];
    struct summary_exchange exchange;
};

struct summary_groups_reading {
    int dir_fd; /* of the scan directory, whose records are all on disk */
    group_provider provider;
    bool (*stopped)(void); /* asked now and then: true ends it */
};

void summary_groups_init(struct summary_groups *groups);
void summary_groups_dispose(struct summary_groups *groups);

/* Reads the records and counts. ERR_STOPPED if it was stopped, ERR_CORRUPT if a record cannot be read back,
 * ERR_FULL, ERR_IO, ERR_MEMORY; *why says what. */
enum error summary_groups_count(struct summary_groups *groups, const struct summary_groups_reading *reading,
                                struct buf *why);

#endif
