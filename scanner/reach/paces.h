/*
 * Computes from limits.* what one IP address may get from this scan; lane.c keeps to it. If
 * limits.shards_at_once scans run side by side, none knows of the others, so each takes a part of the rates
 * and of the budget of names. A rate below one a minute is an interval above a minute. Connections at a time
 * and names cannot be divided below one. Pure but for the FILE that is written to.
 */
#ifndef STSWEEP_REACH_PACES_H
#define STSWEEP_REACH_PACES_H

#include <stdio.h>

#include "scanner/config/config.h"
#include "scanner/reach/limits.h"

struct paces {
    int64_t interval_us[PACE_CLASSES]; /* from one connection to the next */
    size_t connections[PACE_CLASSES];  /* at a time */
    size_t names;                      /* MX host names to probe in a pass */
};

/* Returns what an address gets, and what one in limits.own gets. */
struct paces paces_of(const struct config *config);
struct paces paces_own(const struct config *config);

/* Tells how many of the loops own addresses for a class of connection: the first so many. Places among
 * smtp.live and policy.live are shared out to them and to no other loop. If there are few places, few loops
 * have them all, so that the sum is never above the option and none lies idle at a loop that nobody asks. */
uint32_t paces_owners(const struct config *config, enum pace_class class, uint32_t loops);

/* Returns the places that a loop gives out. Over all loops they are as many as the option says. */
size_t paces_places(const struct config *config, enum pace_class class, uint32_t loops, uint32_t index);

/* Returns how many turns at one address come within limits.wait when all are asked for at once. */
uint64_t paces_turns_in_wait(const struct config *config, enum pace_class class);

/* Says what an address meets if the scan is a shard or one of several; says nothing for a scan that is
 * alone. */
void paces_say(const struct config *config, FILE *out);

#endif
