/*
 * Looks up the TLSA records of an MX host, at the name that RFC 7672 section 2.2.2 says, and only if a DANE
 * sender would ask. Judges nothing.
 */
#ifndef STSWEEP_REACH_TLSA_H
#define STSWEEP_REACH_TLSA_H

#include "scanner/dns/lookup.h"

/* Where to look, by the answers about the host's addresses. */
enum tlsa_plan {
    TLSA_NOWHERE,  /* no address, or the addresses are unsigned: DANE does not apply */
    TLSA_EXPANDED, /* the end of a secure CNAME chain, and then the host's own name */
    TLSA_HOST,     /* the host's own name */
    TLSA_IF_ALIAS /* the addresses are unsigned, but the alias itself may be signed: its own name only then */
};

/* Chooses where to ask. Pure. An answer with addresses counts as signed if it is secure along all of its
 * CNAME chain; of A and AAAA one must be, and neither may be known not to be. */
enum tlsa_plan tlsa_plan(const struct address_facts *address);

/* Is called once, never from inside tlsa_query_start if that returns true; the facts are in the arena. */
typedef void (*tlsa_done)(void *arg);

/* Embedded in whoever asks; zeroed: nothing is under way. */
struct tlsa_query {
    struct lookup_engine *dns;
    struct lookup_handle lookup;
    const char *host;
    const char *next; /* the second name to ask at, or NULL */
    int64_t port;
    struct arena *arena;
    struct tlsa_facts *facts;
    tlsa_done done;
    void *arg;
};

/*
 * Asks at _<port>._tcp.<base>; facts->base is the last name asked at. Returns false if nothing is to be
 * asked: then done is not called. facts->lookup stays DNS_NOT_ASKED if DANE does not apply, and is the
 * alias's (without a base) if that lookup failed. host and arena outlive the query.
 */
bool tlsa_query_start(struct tlsa_query *query, struct lookup_engine *dns, const char *host, int64_t port,
                      const struct address_facts *address, struct arena *arena, struct tlsa_facts *facts,
                      tlsa_done done, void *arg);

/* Are these the same records? Both are in the order of the wire's reader. */
bool tlsa_same_records(const struct tlsa_facts *a, const struct tlsa_facts *b);

/* Ends the query: no callback comes after this. It is harmless when nothing is under way. */
void tlsa_query_cancel(struct tlsa_query *query);

#endif
