/*
 * Finds the longest of many prefixes that an address is in, and whose it is. They are sorted, and looked for
 * by bisection once for each length that there is. Private to the opt-out list.
 */
#ifndef STSWEEP_FACTS_OPTOUT_TABLE_H
#define STSWEEP_FACTS_OPTOUT_TABLE_H

#include "scanner/base/ip.h"

struct optout_prefix {
    struct ip_prefix prefix;
    uint32_t entry;
    bool announced; /* by an AS number that is listed */
};

struct optout_table {
    struct optout_prefix *list; /* owned */
    size_t count;
    size_t capacity;
    bool has_bits[2][129]; /* of each family, whether there is a prefix so long */
};

/* Returns ERR_MEMORY, or ERR_OK. */
enum error optout_table_add(struct optout_table *table, const struct optout_prefix *prefix);

/* Sorts the prefixes. Call it when all are added: only then may they be asked for. */
void optout_table_finish(struct optout_table *table);
void optout_table_dispose(struct optout_table *table);

/* Returns the longest prefix that the address is in; of equal ones the first entry's that is no AS number's.
 * NULL: it is in none. */
const struct optout_prefix *optout_table_find(const struct optout_table *table, const struct ip_addr *ip);

#endif
