/*
 * Asks the DNS one question, in the same way with either engine: the stub (dns/resolver) or the embedded
 * recursive resolver (dns/recursive). Each loop has an engine of its own; none is shared between threads.
 */
#ifndef STSWEEP_DNS_LOOKUP_H
#define STSWEEP_DNS_LOOKUP_H

#include <event2/event.h>

#include "scanner/base/ip.h"
#include "scanner/base/slots.h"
#include "scanner/base/trace.h"
#include "scanner/dns/notes.h"
#include "scanner/facts/resolver_counts.h"
#include "scanner/wire/dns_message.h"

struct config;
struct lookup_engine;

/*
 * Called exactly once for each lookup that was started and not cancelled, never from inside lookup_start
 * (engines that have the answer at once defer it). The answer and everything in it are the engine's and are
 * gone when the call returns: copy what is to stay. Inside the call, other lookups may be started and
 * cancelled.
 */
typedef void (*lookup_done)(void *arg, const struct dns_answer *answer);

struct lookup_handle {
    struct handle handle; /* zeroed: nothing is under way */
};

/*
 * Asks for name (absolute, with or without the trailing dot) and type, class IN. It never fails: text that is
 * no name is answered as FORMERR, with the callback deferred. Without memory for one more question the
 * process ends, as nothing would be left to call back with. In the stub engine questions past dns.outstanding
 * wait in a queue; the deadline runs from the moment when one is sent.
 */
struct lookup_handle lookup_start(struct lookup_engine *engine, const char *name, uint16_t type,
                                  lookup_done done, void *arg);

/* Asks likewise, but after every question of lookup_start that comes before this one is sent: so domains that
 * were begun end before more begin. */
struct lookup_handle lookup_start_last(struct lookup_engine *engine, const char *name, uint16_t type,
                                       lookup_done done, void *arg);

/* Tells this trace of every question asked from now on, until another call with NULL. Questions asked from
 * inside the callback of a traced question are traced too. */
void lookup_follow(struct lookup_engine *engine, struct trace *trace);

/* Cancels a lookup: no callback comes after this. A stale or zeroed handle is fine. */
void lookup_cancel(struct lookup_engine *engine, struct lookup_handle handle);

/* Returns how many lookups are under way, queued ones included. */
size_t lookup_pending(const struct lookup_engine *engine);

struct lookup_counters {
    uint64_t asked;    /* lookups started */
    uint64_t answered; /* lookups ended, by status */
    uint64_t by_status[DNS_STATUS_COUNT];
    uint64_t sent;    /* packets (stub only) */
    uint64_t lost;    /* deadlines that passed (stub only) */
    uint64_t dropped; /* answers that fit no question (stub only) */
    uint64_t tcp;     /* questions that went over TCP (stub only) */
};

const struct lookup_counters *lookup_counters(const struct lookup_engine *engine);

/* Fills in what each resolver did, in the order of dns.resolvers. The embedded engine has none: then, and of
 * one that is left out, counts stays as it is. */
void lookup_resolver_counts(const struct lookup_engine *engine,
                            struct resolver_counts counts[RESOLVERS_MOST]);

/* Cancels everything (no callbacks) and frees the engine. NULL is fine. */
void lookup_engine_destroy(struct lookup_engine *engine);

/* Whom the embedded engine may ask. Both sets outlive it. */
struct lookup_bounds {
    const struct ip_set *allow;      /* safety.allow */
    const struct ip_set *left_alone; /* no server in these prefixes is asked (safety.optout); NULL: none */
};

/*
 * Make an engine of either kind. base is the loop's. loops: the engine gets 1/loops of the configured
 * ceilings, as of dns.outstanding. notes: what is known of dns.resolvers, or NULL; it is read only during the
 * call. NULL with *why (constant or static per thread) if it cannot be made.
 */
struct lookup_engine *resolver_create(struct event_base *base, const struct config *config,
                                      const struct resolver_notes *notes, uint32_t loops, const char **why);
struct lookup_engine *recursive_create(struct event_base *base, const struct config *config,
                                       const struct lookup_bounds *bounds, uint32_t loops, const char **why);

/* Returns how many TCP connections the stub may have at a time on one of `loops` loops if open_files files
 * may be open. */
uint32_t resolver_tcp_most(uint64_t open_files, uint32_t loops);

/* Makes the stub if dns.resolvers is set, else the embedded engine. */
struct lookup_engine *lookup_engine_create(struct event_base *base, const struct config *config,
                                           const struct resolver_notes *notes,
                                           const struct lookup_bounds *bounds, uint32_t loops,
                                           const char **why);

/* Says by dns.trust_ad whether the AD bit of a resolver at this address is believed. */
bool resolver_is_trusted(const struct config *config, const struct ip_addr *ip);

/* Takes the next address off a list such as dns.resolvers, with port 53 if it names none. false at the end of
 * the list, or with *why set if the text is no address. */
bool resolver_next_address(const char **list, struct ip_addr *ip, uint16_t *port, const char **why);

#endif
