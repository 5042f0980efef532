/*
 * Says what goes for addresses of one's own (limits.own): they have rates of their own (paces.h), and nobody
 * is refused there for having waited long, or because others wait beside scan.in_flight too. In place of that
 * the feeder starts no further domain while own_is_full. So a hoster's hundred thousand policies at one
 * address take as long as the rate says or the host needs, none of them is put off for it, and memory stays
 * bounded. Others that have been begun have the other half of what may wait beside scan.in_flight; those that
 * have not been begun wait until there is room.
 */
#ifndef STSWEEP_REACH_OWN_H
#define STSWEEP_REACH_OWN_H

#include <stdio.h>

#include "scanner/reach/worker.h"

/* Do so many wait at one's own addresses that no further domain is to be started? Always false without
 * limits.own. From any thread. */
bool own_is_full(const struct scan_context *context);

/* Says, before a scan that connects, what an address of one's own gets, and what keeps it from more. Says
 * nothing without limits.own. */
void own_say(const struct scan_context *context, uint32_t loops, FILE *out);

/* Says what becomes of a list of so many names if one address has the policies of all, and if it is longer
 * than that address gets turns for. */
void own_say_list(const struct config *config, uint64_t names, FILE *out);

/* Writes what becomes of more names than one address gets turns for, and the option that takes it out, with
 * the prefixes that it has already. */
void own_say_address(const struct config *config, const struct ip_addr *ip, enum pace_class class, char *line,
                     size_t bytes);

#endif
