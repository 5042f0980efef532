/*
 * Fetches a policy from the policy host of one domain. It looks up the host's addresses, and makes a visit
 * (visit.h) to one of them for a fetch, with a place among policy.live; if it does not answer, to the next
 * (RFC 8461 section 3.3). If none does, the facts are those of one: the first whose trouble is transient,
 * else the first whose trouble counts most. An address that does not answer a ClientHello with the groups of
 * tls.groups, or refuses it, is visited once more with a small one (scanner/verdict/handshake); if that one
 * has no turn, or cannot connect, the next address is tried. It belongs to the domain's loop. A part of a
 * plan goes on with the addresses that are left (policy_visit_go_on).
 */
#ifndef STSWEEP_REACH_POLICYHOST_H
#define STSWEEP_REACH_POLICYHOST_H

#include "scanner/facts/record_kept.h"
#include "scanner/reach/addresses.h"
#include "scanner/reach/visit.h"
#include "scanner/verdict/handshake.h"

/* Why an address did not answer, the later ones counting more. */
enum policy_trouble {
    TROUBLE_NONE,
    TROUBLE_NOT_TRIED, /* nobody can reach it */
    TROUBLE_FINAL,     /* it was tried, and said no */
    TROUBLE_OPEN,      /* it is not known what it would say, and will not be from here */
    TROUBLE_PASSING
};

/* Says how much it counts that an address did not answer. address: of the policy host. */
enum policy_trouble policy_trouble_of(const struct address_facts *address, const struct fetch_facts *fetch);

struct policy_visit {
    struct visit visit; /* first: of the address that is tried now */
    struct arena *arena;
    const struct domain_facts *domain; /* its earlier looks */
    struct policy_facts *facts;        /* of the domain */
    struct address_query address;
    size_t next; /* index into the addresses */
    size_t tried;
    bool small;                  /* of this address the small ClientHello is on its way */
    struct fetch_facts large;    /* then what the large one found */
    enum policy_trouble trouble; /* which facts->fetch tells */
    int64_t deadline_ms;         /* of all tries together, monotonic; runs from the first connection */
    void (*done)(void *arg);
    void *arg;
};

/* Starts the fetch, which fills in domain->policy. domain, with its name and its earlier looks, and arena
 * outlive it. done is called exactly once unless cancelled, never from inside. trace may be NULL.
 * false: the host is on the opt-out list, the facts say so, and nothing was begun. */
bool policy_visit_start(struct policy_visit *policy, struct worker *worker, struct trace *trace,
                        struct domain_facts *domain, struct arena *arena, void (*done)(void *arg), void *arg);

/* Starts the fetch from the addresses that stand in domain->policy, without a lookup, after earlier ones that
 * did not answer: domain->policy.fetch tells the worst trouble at those, or is NOT_TRIED_ELSEWHERE if there
 * are none. The first address that is another part's ends the visit: the facts tell the worst trouble by
 * then, or are NOT_TRIED_ELSEWHERE as before. Otherwise as policy_visit_start, but that done may be called
 * from inside. */
bool policy_visit_go_on(struct policy_visit *policy, struct worker *worker, struct trace *trace,
                        struct domain_facts *domain, struct arena *arena, void (*done)(void *arg), void *arg);
void policy_visit_cancel(struct policy_visit *policy);

#endif
