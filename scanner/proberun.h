/*
 * One address of one MX host on its way through manners to a probe: may it be contacted, its turn at the
 * address, a place among smtp.live, the probe. Belongs to the loop that owns the host.
 */
#ifndef STSWEEP_PROBERUN_H
#define STSWEEP_PROBERUN_H

#include "output/record.h"
#include "scanner/base/arena.h"
#include "scanner/base/slots.h"
#include "scanner/gate.h"

struct worker;

enum probe_run_state { RUN_NEW, RUN_TURN, RUN_PLACE, RUN_PROBE, RUN_DONE };

struct probe_run {
    struct worker *worker;
    const char *host;
    struct arena arena; /* of what the probe sees; gone with probe_run_dispose */
    struct probe_facts facts;
    enum probe_run_state state;
    bool wants_sample; /* the address's owner has none for further names yet */
    struct handle turn;
    struct gate_wait place;
    struct handle probe;
    void (*done)(void *arg);
    void *arg;
};

/* What may be done at an address. */
enum probe_leave {
    PROBE_WITHIN_BUDGET, /* by limits.names_per_ip */
    PROBE_ALWAYS,
    PROBE_NOT_WANTED, /* smtp.probe */
    PROBE_OPTED_OUT   /* its host's name is an alias of one on the opt-out list */
};

/* done is called exactly once; where nothing may be tried, from inside. host outlives the run. */
void probe_run_start(struct probe_run *run, struct worker *worker, const char *host, const struct ip_addr *ip,
                     enum probe_leave leave, void (*done)(void *arg), void *arg);

/* Ends what is under way without a callback and frees the memory. */
void probe_run_dispose(struct probe_run *run);

/* A copy for domains to be judged by, without what only the host record needs (texts, names, DER). */
void probe_facts_compact(const struct probe_facts *from, const char *host, struct arena *arena,
                         struct probe_facts *to);

#endif
