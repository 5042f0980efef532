/*
 * One address of one MX host on its way through manners to a probe: may it be contacted, its turn at the
 * address with a place among smtp.live (limits.h), the probe. Where the handshake fails for a cause of TLS-4,
 * it goes the same way once more for a permissive one: a turn of its own, never more than one. Belongs to the
 * loop that owns the host.
 */
#ifndef STSWEEP_REACH_PROBERUN_H
#define STSWEEP_REACH_PROBERUN_H

#include "scanner/base/arena.h"
#include "scanner/base/slots.h"
#include "scanner/facts/record.h"

struct worker;

/* What both sessions with an address show at most. */
enum { PROBE_ARENA_BYTES = 1 << 20 };

enum probe_run_state { RUN_NEW, RUN_TURN, RUN_PROBE, RUN_DONE };

struct probe_run {
    struct worker *worker;
    const struct host_facts *host; /* its name and TLSA records */
    struct arena arena;            /* of what the probe sees; gone with probe_run_dispose */
    struct probe_facts facts;
    bool permissive;           /* the second handshake is on its way (TLS-4) */
    struct probe_facts second; /* its session; facts.legacy is what is kept of it */
    enum probe_run_state state;
    bool wants_sample; /* the address's owner has none for further names yet */
    int64_t began_ms;  /* by clock_boot_ms: the session */
    int64_t tried_ms;  /* monotonic: the first session; 0: none */
    int64_t since_ms;  /* monotonic: it has waited since then, in RUN_TURN */
    bool counts;       /* it is the first connection to the address in this pass */
    uint64_t number;   /* of that one, among the loop's (port_outage); or 0 */
    uint32_t ms_turn, ms_place;
    uint64_t domain; /* pace_domain of its host */
    struct handle turn;
    struct handle probe;
    void (*done)(void *arg);
    void *arg;
};

/* What may be done at an address. */
enum probe_leave {
    PROBE_WITHIN_BUDGET, /* by limits.names_per_ip */
    PROBE_ALWAYS,
    PROBE_AGAIN,      /* its host is no further name at the address */
    PROBE_NOT_WANTED, /* smtp.probe */
    PROBE_OPTED_OUT   /* its host's name is an alias of one on the opt-out list */
};

/* done is called exactly once; where nothing may be tried, from inside. host outlives the run. */
void probe_run_start(struct probe_run *run, struct worker *worker, const struct host_facts *host,
                     const struct ip_addr *ip, enum probe_leave leave, void (*done)(void *arg), void *arg);

/* Ends what is under way without a callback and frees the memory. */
void probe_run_dispose(struct probe_run *run);

/* Does a record of usage 2 stand? Only then, and for these records in their order, a handshake's facts tell
 * who signed what, and the leaf's names are kept: the domain's own is a reference identifier too (RFC 7672
 * section 3.2.2). */
bool probe_looks_for_anchors(const struct tlsa_facts *tlsa);

/* A copy for domains to be judged by, without what only the host record needs (texts, DER, names but the
 * leaf's where a TLSA record of usage 2 may have them compared). */
void probe_facts_compact(const struct probe_facts *from, const struct host_facts *host, struct arena *arena,
                         struct probe_facts *to);

#endif
