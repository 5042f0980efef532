/*
 * Counts what got worse by the provider and by the MX host that it hangs on, so that "4,120 domains broke
 * with one host" is said once. Memory is bounded: past DIFF_GROUPS_MOST names, further ones are counted
 * together. Pure.
 */
#ifndef STSWEEP_COMMANDS_DIFF_GROUPS_H
#define STSWEEP_COMMANDS_DIFF_GROUPS_H

#include "output/readback/compare.h"

enum { DIFF_GROUPS_MOST = 1000000, DIFF_GROUPS_SAID = 10 };

struct diff_groups;

/* One kind of groups. NULL without memory. */
struct diff_groups *diff_groups_new(void);
void diff_groups_free(struct diff_groups *groups); /* NULL is fine */

/* Counts a domain in the group of that name. */
void diff_groups_count(struct diff_groups *groups, const char *name);

struct diff_group {
    const char *name; /* as long as the groups */
    uint64_t domains;
};

/* Fills in the largest groups of at least two domains, largest first, of the same size by name. Returns how
 * many. */
size_t diff_groups_top(const struct diff_groups *groups, struct diff_group top[DIFF_GROUPS_SAID]);

/* How many domains are in groups past the most. */
uint64_t diff_groups_others(const struct diff_groups *groups);

#endif
