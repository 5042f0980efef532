/*
 * Finds an address among prefixes, which are sorted and merged into ranges and then bisected. An IPv4 prefix
 * also covers the IPv6 forms that lead to the same host (v4-mapped, v4-translated, NAT64, 6to4). Private to
 * the opt-out list.
 */
#ifndef STSWEEP_FACTS_OPTOUT_RANGES_H
#define STSWEEP_FACTS_OPTOUT_RANGES_H

#include "scanner/base/ip.h"

enum { OPTOUT_KEY_BYTES = 17 };

/* The keys sort as addresses do: first the family, then the address; behind an IPv4 address stand zeros (ones
 * in last). */
struct optout_range {
    uint8_t first[OPTOUT_KEY_BYTES];
    uint8_t last[OPTOUT_KEY_BYTES];
};

struct optout_ranges {
    struct optout_range *list; /* owned */
    size_t count;
    size_t capacity;
};

/* Returns ERR_MEMORY, or ERR_OK. */
enum error optout_ranges_add(struct optout_ranges *ranges, const struct ip_prefix *prefix);

/* Sorts and merges the ranges. Call it when all are added: only then may they be asked. */
void optout_ranges_finish(struct optout_ranges *ranges);
void optout_ranges_dispose(struct optout_ranges *ranges);

/* Fills in the IPv4 address that an IPv6 address leads to in one of the forms above. false: it is none. */
bool optout_carries(const struct ip_addr *ip, struct ip_addr *v4);

bool optout_ranges_have(const struct optout_ranges *ranges, const struct ip_addr *ip);

#endif
