/*
 * Counts at which addresses the names of a list have their mail and their policies, so that the pace at the
 * most crowded one can be reckoned (scanner/machine/measure). Pure.
 */
#ifndef STSWEEP_MACHINE_MEASURE_ADDRESSES_H
#define STSWEEP_MACHINE_MEASURE_ADDRESSES_H

#include "scanner/base/ip.h"
#include "scanner/base/map.h"
#include "scanner/reach/limits.h"

struct measured_addresses {
    struct map map; /* of addresses; owned */
};

/* The most crowded of some addresses. */
struct measured_crowd {
    size_t largest; /* hosts or policies there */
    struct ip_addr at;
};

struct measured_crowds {
    size_t crowds;  /* addresses that are nobody's own and have more than one MX host */
    size_t crowded; /* MX hosts there */
    struct measured_crowd strangers[PACE_CLASSES];
    struct measured_crowd own[PACE_CLASSES]; /* in limits.own */
};

/* seed is that of a map: at random. */
void measured_addresses_init(struct measured_addresses *addresses, uint64_t seed);
void measured_addresses_dispose(struct measured_addresses *addresses);

/* Counts an MX host, or a policy, at the address. false: there is no memory. */
bool measured_addresses_add(struct measured_addresses *addresses, const struct ip_addr *ip,
                            enum pace_class class);

/* own: limits.own. Of crowds that are as large the one with the lowest address counts. */
void measured_addresses_count(struct measured_addresses *addresses, const struct ip_set *own,
                              struct measured_crowds *crowds);

#endif
