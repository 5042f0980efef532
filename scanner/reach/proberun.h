/*
 * Probes one address of one MX host in one visit (visit.h), with a place among smtp.live. If the handshake
 * fails for a cause of TLS-4, the address is visited once more for a permissive one, with a turn of its own;
 * likewise before that with a small ClientHello, if one with the groups of tls.groups failed
 * (scanner/verdict/handshake). What the small one finds then takes the place of what that one found.
 * A run belongs to the loop that owns the host.
 */
#ifndef STSWEEP_REACH_PROBERUN_H
#define STSWEEP_REACH_PROBERUN_H

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"
#include "scanner/reach/looks.h"
#include "scanner/reach/visit.h"

/* The ceiling of what both sessions with an address show. */
enum { PROBE_ARENA_BYTES = 1 << 20 };

/* What may be done at an address. */
enum probe_leave {
    PROBE_WITHIN_BUDGET, /* by limits.names_per_ip */
    PROBE_ALWAYS,
    PROBE_AGAIN,      /* its host is no further name at the address */
    PROBE_SHARES,     /* nothing: its host has what the address says to another name, as past the budget */
    PROBE_NOT_WANTED, /* smtp.probe */
    PROBE_OPTED_OUT,  /* its host's name is an alias of one on the opt-out list */
    PROBE_ELSEWHERE   /* another stage probes it (scan.stage) */
};

/* The sessions that a run may make, in this order. */
enum probe_session { PROBE_SESSION_FIRST, PROBE_SESSION_SMALL, PROBE_SESSION_PERMISSIVE };

struct probe_run {
    struct visit visit;            /* first: the protocol's functions get it */
    const struct host_facts *host; /* its name and TLSA records */
    struct arena arena;            /* of what the probe sees; gone with probe_run_dispose */
    struct probe_facts facts;
    enum probe_leave leave;
    enum probe_session session;     /* that is on its way, or was the last */
    enum earlier_hello earlier;     /* of the address, in earlier passes */
    struct probe_facts second;      /* of a session but the first */
    const struct probe_facts *seen; /* by the session that has just ended; NULL: it was cancelled */
    bool wants_sample;              /* the address's owner has none for further names yet */
    int64_t tried_ms;               /* monotonic: the first session; 0: none */
    uint64_t number; /* among the loop's first connections to an address in this pass (port.h); or 0 */
    uint64_t domain; /* pace_domain of its host */
    void (*done)(void *arg);
    void *arg;
};

/* Starts the run. done is called exactly once; from inside if nothing may be tried. host outlives the run.
 * trace may be NULL. again: what is looked at once more, or NULL; it is not kept. */
void probe_run_start(struct probe_run *run, struct worker *worker, struct trace *trace,
                     const struct host_facts *host, const struct ip_addr *ip, enum probe_leave leave,
                     const struct looks_again *again, void (*done)(void *arg), void *arg);

/* Ends what is under way without a callback and frees the memory. */
void probe_run_dispose(struct probe_run *run);

/* Does a record of usage 2 stand? Only then, and for these records in their order, a handshake's facts tell
 * who signed what, and the leaf's names are kept: the domain's own is a reference identifier too (RFC 7672
 * section 3.2.2). */
bool probe_looks_for_anchors(const struct tlsa_facts *tlsa);

/* Copies the facts for domains to be judged by, without what only the host record needs (texts, DER, names
 * but the leaf's if a TLSA record of usage 2 may have them compared). */
void probe_facts_compact(const struct probe_facts *from, const struct host_facts *host, struct arena *arena,
                         struct probe_facts *to);

#endif
