/* The tables of groups that are published in place of records. A further kind of groups is a row of kinds
 * (release_tables.c). */
#ifndef STSWEEP_RELEASE_RELEASE_TABLES_H
#define STSWEEP_RELEASE_RELEASE_TABLES_H

#include "output/release/release_groups.h"

enum { RELEASE_KINDS = 2 };

struct release_kind {
    const char *file, *what;
    const char *key, *sub; /* where the group's name stands in a domain record */
    const char *none;      /* the name of the group of those that have none */
};

struct release_tables {
    struct release_groups *groups[RELEASE_KINDS];
};

const struct release_kind *release_kinds(void); /* RELEASE_KINDS of them */

/* ERR_MEMORY; release_tables_dispose is fine after any. */
enum error release_tables_init(struct release_tables *tables);
void release_tables_dispose(struct release_tables *tables);

/* Counts a stored domain record with this outcome. */
void release_tables_count(struct release_tables *tables, struct bytes line, enum outcome outcome);

#endif
