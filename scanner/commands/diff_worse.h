/*
 * Counts whom most of what is worse hangs on: the providers and MX hosts of the domains that a diff found to
 * be worse. The counts are exact; what does not fit into memory goes to TMPDIR.
 */
#ifndef STSWEEP_COMMANDS_DIFF_WORSE_H
#define STSWEEP_COMMANDS_DIFF_WORSE_H

#include <stdio.h>

#include "output/readback/compare.h"
#include "output/readback/group_top.h"

/* How many MX hosts, and how many providers, are said at the end; and what counting them may take of memory.
 */
enum { DIFF_GROUPS_SAID = 10, DIFF_GROUPS_BYTES = 32 << 20 };

struct diff_worse {
    struct group_counts *counts;
    struct group_top providers, hosts; /* the largest */
};

/* ERR_MEMORY. diff_worse_dispose is fine after any. */
enum error diff_worse_init(struct diff_worse *worse);
void diff_worse_dispose(struct diff_worse *worse);

/* Counts a domain with its provider and the hosts that fail. ERR_FULL, ERR_IO, ERR_MEMORY with *why. */
enum error diff_worse_add(struct diff_worse *worse, const struct stand *stand, struct buf *why);

/* Prints the largest, once all are counted: "12 domains got worse with the MX host mx.example"; verb: "got
 * worse". One domain is no group. Errors as above. */
enum error diff_worse_tell(struct diff_worse *worse, const char *verb, FILE *out, struct buf *why);

#endif
