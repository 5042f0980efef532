/*
 * Says how long the DNS's answers about one MX host hold, and which earlier answer serves if a lookup fails.
 * Pure: `now` is the monotonic clock in ms.
 *
 * A failure holds five minutes at most (RFC 2308 section 7.1, RFC 9520 section 3.2). If a lookup of addresses
 * fails, the earlier answer of that family serves for an hour past its TTL, as RFC 8767 has it; the facts say
 * so (stale) and keep how the lookup went. It never serves if it was signed or the failure is one of
 * validation: a sender that validates has no answer then. TLSA records never serve so.
 */
#ifndef STSWEEP_REACH_HOSTLOOKUPS_H
#define STSWEEP_REACH_HOSTLOOKUPS_H

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"

enum {
    HOST_HOLDS_LEAST_S = 60,
    HOST_HOLDS_MOST_S = 86400,
    HOST_FAILURE_HOLDS_S = 300,
    HOST_STALE_SERVES_S = 3600
};

/* Returns how long the addresses and TLSA records (or their absence) hold, by their TTL. */
int64_t host_holds_ms(const struct host_facts *facts);

/* Until when an earlier answer may serve, of each family; 0: it may not. */
struct host_serves {
    int64_t a_until_ms;
    int64_t aaaa_until_ms;
};

/* Returns until when the answers of lookups that ended now may serve. */
struct host_serves host_serves_until(const struct address_facts *address, int64_t now);

/* Puts into *address, in place of each lookup that failed, what may still serve of `earlier`, copied into
 * arena. What serves goes on to do so in *serves, no longer than before. */
void host_serve_stale(struct address_facts *address, struct host_serves *serves,
                      const struct address_facts *earlier, const struct host_serves *until, int64_t now,
                      struct arena *arena);

/* Copies addresses and TLSA records into arena. */
void host_lookups_copy(const struct host_facts *from, struct arena *arena, struct host_facts *to);

#endif
