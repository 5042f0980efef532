/*
 * Counts domains by group and outcome, and says which groups may be published: none below a number of
 * domains, and none that could be reckoned from the others. Pure.
 *
 * Groups of fewer domains are joined as (other). If these are fewer than the number together, the smallest of
 * the groups that are shown join them, until they are enough: else the total less all that is shown would be
 * what is hidden. If all domains together are fewer, nothing is published, the total neither.
 */
#ifndef STSWEEP_RELEASE_RELEASE_GROUPS_H
#define STSWEEP_RELEASE_RELEASE_GROUPS_H

#include "scanner/base/buf.h"
#include "scanner/facts/record.h"

/* Past so many groups further ones are counted as other from the start. */
enum { RELEASE_GROUPS_MOST = 1000000, RELEASE_NAME_BYTES = 255 };

struct release_groups;

/* NULL without memory. release_groups_free(NULL) is fine. */
struct release_groups *release_groups_new(void);
void release_groups_free(struct release_groups *groups);

/* Counts a domain in the group of that name, which is cut at RELEASE_NAME_BYTES. */
void release_groups_count(struct release_groups *groups, struct bytes name, enum outcome outcome);

struct release_row {
    const char *name; /* as long as the groups */
    uint64_t domains, outcomes[OUTCOME_COUNT];
};

struct release_table {
    struct release_row *rows; /* owned; the largest first, of the same size by name */
    size_t count;
    struct release_row other, all; /* other.domains 0: no group is hidden; all.domains 0: nothing is shown */
    uint64_t joined;               /* groups in other */
};

/* Fills in what may be published if a group has `least` domains at least. ERR_MEMORY. */
enum error release_groups_table(const struct release_groups *groups, uint64_t least,
                                struct release_table *table);
void release_table_dispose(struct release_table *table);

/* Writes it as CSV (RFC 4180): group, domains, and a column an outcome; (all) first, (other) last. What a
 * spreadsheet would take for a formula gets a ' in front. False if it does not fit into out. */
bool release_table_csv(const struct release_table *table, struct buf *out);

#endif
