/*
 * Keeps the first N of many groups: by gain, then by domains, then by name, so that the order hangs on
 * nothing else. Pure.
 */
#ifndef STSWEEP_READBACK_GROUP_TOP_H
#define STSWEEP_READBACK_GROUP_TOP_H

#include "output/readback/group_counts.h"

struct group_top {
    size_t most;
    bool by_domains;        /* the largest first, whatever mending them gains */
    uint64_t groups;        /* all that were taken, kept or not */
    struct group_row *rows; /* owned, as their names are; in order once group_top_sort was called */
    size_t count;
    size_t room;
};

void group_top_init(struct group_top *top, size_t most);
void group_top_dispose(struct group_top *top);

/* Orders by domains, then by name, from now on; before the first row. */
void group_top_by_domains(struct group_top *top);

/* Keeps a copy of the row if it belongs to the first. false without memory. */
bool group_top_take(struct group_top *top, const struct group_row *row);

/* Puts the rows in order; nothing is taken afterwards. */
void group_top_sort(struct group_top *top);

#endif
