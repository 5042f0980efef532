/*
 * Counts whom most of what is worse hangs on: the providers and MX hosts of the domains that a comparison
 * found to be worse. The counts are exact; what does not fit into memory goes to TMPDIR.
 */
#ifndef STSWEEP_READBACK_WORSE_GROUPS_H
#define STSWEEP_READBACK_WORSE_GROUPS_H

#include "output/readback/compare.h"
#include "output/readback/group_top.h"

/* How many MX hosts, and how many providers, are told; and what counting them may take of memory. */
enum { WORSE_GROUPS_TOLD = 10, WORSE_GROUPS_BYTES = 32 << 20 };

struct worse_groups {
    struct group_counts *counts;
    struct group_top providers, hosts; /* the largest, in order once worse_groups_end was called */
};

/* ERR_MEMORY. worse_groups_dispose is fine after any. */
enum error worse_groups_init(struct worse_groups *worse);
void worse_groups_dispose(struct worse_groups *worse);

/* Counts a domain with its provider and the hosts that fail. ERR_FULL, ERR_IO, ERR_MEMORY with *why. */
enum error worse_groups_add(struct worse_groups *worse, const struct stand *stand, struct buf *why);

/* Finds the largest, once all are counted. One domain is no group: the rows from the first with a single
 * domain on are not to be told. Errors as above. */
enum error worse_groups_end(struct worse_groups *worse, struct buf *why);

#endif
