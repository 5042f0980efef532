/*
 * Looks at the resolvers, as a part of preflight. Each is asked for the root's SOA, which it answers with AD
 * if it validates (RFC 4035 section 3.2.3), and for two names that nobody has. One that answers these
 * rewrites NXDOMAIN, and whatever it says of a name may be an advertiser's: it is left out like a silent one.
 * Without dns.resolvers the embedded resolver is looked at the same way.
 */
#ifndef STSWEEP_MACHINE_PREFLIGHT_RESOLVERS_H
#define STSWEEP_MACHINE_PREFLIGHT_RESOLVERS_H

#include "scanner/dns/lookup.h"
#include "scanner/machine/preflight_lines.h"

enum { RESOLVER_QUESTIONS = 3 };

/* Of a resolver's sockets and questions: what is asked here is little. */
enum { PREFLIGHT_SHARE = 4 };

struct resolver_looks;

struct resolver_look {
    struct resolver_looks *looks;
    char name[PREFLIGHT_NAME_BYTES];
    struct config config;         /* the scan's, with this one resolver, whose AD is taken for what it is */
    struct lookup_engine *engine; /* NULL: the caller's own */
    enum dns_status status;       /* of the root's SOA; DNS_NOT_ASKED until an answer comes */
    enum dns_security security;
    bool trusted;  /* dns.trust_ad believes its AD */
    bool rewrites; /* it answered for a name that nobody has */
    bool resolves; /* it said something of a name that no cache has */
    int64_t ms;
};

struct resolver_looks {
    const struct config *config;  /* outlives it */
    struct event_base *base;      /* likewise */
    struct lookup_engine *engine; /* the caller's, of all resolvers */
    void (*answered)(void *arg);  /* after each answer */
    void *arg;
    struct resolver_look of[DNS_RESOLVERS_MOST];
    size_t count;
    size_t questions_left;
    int64_t began_ms;
};

/* Begins to ask; config, base, engine, answered and arg are set. */
void resolver_looks_start(struct resolver_looks *looks);

/* Returns how many can be used: they know the root, or at least answer for it, and rewrite nothing. */
size_t resolver_looks_usable(const struct resolver_looks *looks);

/* Has any of them answered at all by now, were it with a fault? */
bool resolver_looks_heard(const struct resolver_looks *looks);

/* Gives the first name server in the lines of resolv.conf(5), an address; false if there is none. */
bool resolver_of_system(FILE *file, char name[PREFLIGHT_NAME_BYTES]);

/*
 * Writes into text why none of them gives an answer that can be used, and what to do now; called when
 * preflight->no_resolver is set.
 */
enum { RESOLVER_WHY_BYTES = 400 };
void resolver_looks_why(const struct resolver_looks *looks, char text[RESOLVER_WHY_BYTES]);

/* Makes the lines "resolvers" and "dnssec"; sets preflight->no_resolver, doubtful and
 * resolvers. */
void resolver_looks_say(const struct resolver_looks *looks, struct preflight *preflight);

/* Does any of them validate? */
bool resolver_looks_validated(const struct resolver_looks *looks);

/* Ends the looks: no callback comes after this. */
void resolver_looks_dispose(struct resolver_looks *looks);

#endif
