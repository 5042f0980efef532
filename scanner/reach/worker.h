/*
 * Holds all that one loop has: engines, the shared tables that it owns a part of, and where results go.
 * Modules of the scanner get a worker and nothing else. Workers stand in one array; worker->all[i] is the
 * i-th.
 */
#ifndef STSWEEP_REACH_WORKER_H
#define STSWEEP_REACH_WORKER_H

#include "scanner/base/place.h"
#include "scanner/config/config.h"
#include "scanner/dns/lookup.h"
#include "scanner/base/trace.h"
#include "scanner/facts/counters.h"
#include "scanner/facts/optout.h"
#include "scanner/facts/part.h"
#include "scanner/https/fetch.h"
#include "scanner/loop/loop.h"
#include "scanner/loop/pause.h"
#include "scanner/loop/timer.h"
#include "scanner/reach/crowd.h"
#include "scanner/reach/limits.h"
#include "scanner/reach/port.h"
#include "scanner/reach/stuck_list.h"
#include "scanner/smtp/probe.h"

/* Where a worker's results go, facts and judgement as they come. Called on the worker's thread; what is
 * handed over is gone after the call. `scan` decides what becomes of them (a record in its sink, or another
 * pass), `check` answers with them. */
struct results {
    void *arg;
    void (*host)(void *arg, struct worker *worker, const struct probe_facts *probe);
    void (*domain)(void *arg, struct worker *worker, const struct domain_facts *facts,
                   const struct judgement *judgement);
    /* The domain left the loop's in-flight share: it ended, or it is parked and only waits. */
    void (*release)(void *arg, struct worker *worker);
    /* So many wait for their turns at one address that not all will come; once while they do. NULL: nobody
     * wants to know. */
    void (*crowded)(void *arg, const struct crowd *crowd);
};

enum known_port { KNOWN_SMTP, KNOWN_HTTPS, KNOWN_PORTS };
enum known_family { KNOWN_IPV4, KNOWN_IPV6, KNOWN_FAMILIES };

/* The ports and families that do not lead out of here, by hosts that are known to answer. */
struct network {
    bool blocked[KNOWN_PORTS][KNOWN_FAMILIES]; /* nobody takes a connection to the port, by this family */
    bool leads_nowhere[KNOWN_FAMILIES];        /* to neither port */
    bool starttls_stripped;                    /* those that offer STARTTLS do not offer it to us */
};

/* What all workers share and none changes while they run. */
struct scan_context {
    const struct config *config;
    struct trust *trust;
    struct ip_set allow;
    struct ip_set own; /* limits.own */
    struct optout *optout;
    const struct stuck_list *stuck; /* where loops of an earlier run were stuck; or NULL */
    bool has_ipv4;                  /* this machine has an address and a route of the family */
    bool has_ipv6;
    bool large_hello;                /* trust_offers_large(trust) */
    bool resumed;                    /* an earlier run may have probed any address */
    struct resolver_notes resolvers; /* what preflight found of dns.resolvers */
    struct network network;          /* what preflight found of it */
    struct part part;                /* of a plan: addresses of others are left to them */
    uint32_t round;                  /* of the plan, which is its only pass; 0: there is no plan */
    uint64_t hash_seed;
    atomic_size_t parked;      /* domains that wait beside scan.in_flight */
    atomic_size_t own_waiting; /* requests for a turn at an address in limits.own (own.h) */
    atomic_bool hold_back;     /* this machine seems cut off: no further domain is started */
    atomic_bool doubtful;      /* likewise, or was a moment ago: what fails now is to be tried again */
    atomic_int_fast64_t doubt_ended_ms; /* monotonic: when that was last so; 0: never since the beginning */
    atomic_uint port_doubts;            /* loops that doubt port 25 (port.h): it is to be tried again */
    atomic_bool path_doubtful; /* STARTTLS does not come through to us: its lack says nothing of a host */
    atomic_uint port_losses;   /* loops that hold port 25 lost */
    bool whole_facts;          /* domains see all that a probe saw, not only what a verdict needs (check) */
    bool all_at_once;          /* all MX hosts and addresses of a domain are asked side by side (check) */
    struct trace *trace;       /* of the one domain of which all is told; or NULL */
    struct results results;
};

struct worker {
    struct loop loop;
    struct worker *all;
    uint32_t index;
    uint32_t count;
    struct scan_context *context;
    struct lookup_engine *dns;
    struct fetcher *fetcher;
    struct prober *prober;
    struct pacer *pacer;
    struct hosts *hosts;
    struct slots domains;
    struct slots contacts;  /* contact.h */
    uint32_t pass;          /* of the scan, from 1 */
    struct counters counts; /* as far as the loop itself counts */
    struct pause pause;
    struct loop_timer *beat; /* of pause_turn */
    struct port_outage port;
    struct place place; /* the peer that it works for now */
};

/* Makes an array of count workers, with loops made but not started. NULL with *why. */
struct worker *workers_create(uint32_t count, struct scan_context *context, const char **why);

/* The loops have been stopped and joined. Ends what is under way without results. */
void workers_destroy(struct worker *workers, uint32_t count);

/* Tells every loop that a further pass begins with what is posted to it after this. */
enum error workers_new_pass(struct worker *workers, uint32_t count);

/* Tells every loop that transient failures of late were this machine's fault: what failed is looked at anew
 * when asked for. */
enum error workers_forget_failures(struct worker *workers, uint32_t count);

/* Tells every loop that STARTTLS is taken out on our way: hosts that lacked it are looked at anew when asked
 * for. */
enum error workers_forget_unoffered(struct worker *workers, uint32_t count);

/* Returns a time, monotonic: what began before then may have failed by this machine's own fault; 0: nothing
 * has. */
int64_t worker_doubted_until_ms(struct scan_context *context);

/* Takes note of how the first connection to an address in this pass ended, by the number that
 * port_outage_begin gave it. */
void worker_note_port(struct worker *worker, uint64_t number, bool made);

/* Was this process paused since then (clock_boot_ms)? What ended across that says nothing of a peer. */
bool worker_stood_still(struct worker *worker, int64_t since_ms);

/* Returns all that the loop has counted until now, what its engines count and its pauses with it. */
struct counters worker_counters(const struct worker *worker);

/* Returns the sum over all loops, which have ended. */
struct counters workers_counters(const struct worker *workers, uint32_t count);

/* Returns the worker that owns a key. */
struct worker *worker_of(const struct worker *worker, struct bytes key);

/* Returns the one of the first `count` workers that owns a key. */
struct worker *worker_among(const struct worker *worker, struct bytes key, uint32_t count);

/* Whom an embedded resolver may ask. */
struct lookup_bounds worker_lookup_bounds(const struct scan_context *context);

/* Returns how many passes follow the first over what may pass: scan.retry_passes. A round of a plan is the
 * last of so many. */
int64_t worker_retries(const struct scan_context *context);

/* Returns the number of the first pass: 1, or the round of a plan. */
uint32_t worker_first_pass(const struct scan_context *context);

/* May this address be contacted at all? TRIED, or the reason why not. */
enum not_tried worker_may_contact(const struct worker *worker, const struct ip_addr *ip);

/* Was a loop of an earlier run of the scan stuck at this address? */
bool worker_was_stuck_at(const struct worker *worker, enum place_kind kind, const struct ip_addr *ip);

/* Is the port at this address one that nobody answers us at? */
bool worker_is_blocked(const struct worker *worker, enum known_port port, const struct ip_addr *ip);

/* After a connection that found no way or was cut off: does this machine have no route there, or no address
 * to send from? */
bool worker_lacks_route(const struct ip_addr *ip);

#endif
