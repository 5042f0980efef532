/*
 * Says which part of a plan owns an address (docs/internals/stages.md). All that is asked of an address over
 * SMTP and HTTPS is asked by the part that owns it, so that its limits hold over all machines without a word
 * between them. Pure.
 */
#ifndef STSWEEP_FACTS_PART_H
#define STSWEEP_FACTS_PART_H

#include <stdint.h>

#include "scanner/base/ip.h"

/* One part of a plan. */
struct part {
    uint32_t index; /* from 1 */
    uint32_t count; /* of the plan; 0: there is no plan, and everything is owned */
    uint64_t seed;  /* of the plan */
};

/* Returns the part, from 1, that owns the address. count is not 0. */
uint32_t part_of(const struct ip_addr *ip, uint64_t seed, uint32_t count);

/* Does the part own the address? */
bool part_owns(const struct part *part, const struct ip_addr *ip);

#endif
