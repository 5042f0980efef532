/*
 * One question to the DNS, asked the same way of either engine: the stub (dns/resolver) or the embedded
 * recursive resolver (dns/recursive). Each loop has an engine of its own; none is shared between threads.
 */
#ifndef STSWEEP_DNS_LOOKUP_H
#define STSWEEP_DNS_LOOKUP_H

#include <event2/event.h>

#include "scanner/base/ip.h"
#include "scanner/base/slots.h"
#include "scanner/base/trace.h"
#include "scanner/dns/notes.h"
#include "scanner/wire/dns_message.h"

struct config;
struct lookup_engine;

/*
 * Called exactly once for each lookup that was started and not cancelled, never from inside lookup_start
 * (engines that have the answer at once defer it). The answer and all in it are the engine's and are gone
 * when the call returns: copy what is to stay. Inside the call, other lookups may be started and cancelled.
 */
typedef void (*lookup_done)(void *arg, const struct dns_answer *answer);

struct lookup_handle {
    struct handle handle; /* zeroed: nothing is under way */
};

/*
 * Asks for name (absolute, with or without the trailing dot) and type, class IN. Never fails: a name that is
 * no name is answered as FORMERR, with the callback deferred; without memory for one more question the
 * process ends, as nothing would be left to call back with. In the stub engine questions past dns.outstanding
 * wait in a queue; the deadline runs from when one is sent.
 */
struct lookup_handle lookup_start(struct lookup_engine *engine, const char *name, uint16_t type,
                                  lookup_done done, void *arg);

/* Likewise, behind all that lookup_start asks for until this is sent: so that what has begun ends before more
 * begins. */
struct lookup_handle lookup_start_last(struct lookup_engine *engine, const char *name, uint16_t type,
                                       lookup_done done, void *arg);

/* What is asked from now on is told to this trace, until another call with NULL; and so is what is asked from
 * inside the callback of a question that is told. */
void lookup_follow(struct lookup_engine *engine, struct trace *trace);

/* No callback after this. A stale or zeroed handle is fine. */
void lookup_cancel(struct lookup_engine *engine, struct lookup_handle handle);

/* Lookups under way, queued ones included. */
size_t lookup_pending(const struct lookup_engine *engine);

struct lookup_counters {
    uint64_t asked;    /* lookups started */
    uint64_t answered; /* lookups ended, by status */
    uint64_t by_status[DNS_STATUS_COUNT];
    uint64_t sent;    /* packets (stub only) */
    uint64_t lost;    /* deadlines passed (stub only) */
    uint64_t dropped; /* answers that fit no question (stub only) */
    uint64_t tcp;     /* questions that went over TCP (stub only) */
};

const struct lookup_counters *lookup_counters(const struct lookup_engine *engine);

/* Cancels everything (no callbacks) and frees the engine. NULL is fine. */
void lookup_engine_destroy(struct lookup_engine *engine);

/*
 * The two ways to make one. base is the loop's. allow is the parsed safety.allow, which outlives the engine.
 * share is this loop's part of the configured ceilings: 1/loops of dns.outstanding. notes: what is known of
 * dns.resolvers, or NULL; read only here. NULL with *why (constant or static per thread) where it cannot be
 * made.
 */
struct lookup_engine *resolver_create(struct event_base *base, const struct config *config,
                                      const struct resolver_notes *notes, uint32_t loops, const char **why);
struct lookup_engine *recursive_create(struct event_base *base, const struct config *config,
                                       const struct ip_set *allow, uint32_t loops, const char **why);

/* The stub's TCP connections at a time on one of so many loops, where so many open files are allowed. */
uint32_t resolver_tcp_most(uint64_t open_files, uint32_t loops);

/* Stub where dns.resolvers is set, else embedded. */
struct lookup_engine *lookup_engine_create(struct event_base *base, const struct config *config,
                                           const struct resolver_notes *notes, const struct ip_set *allow,
                                           uint32_t loops, const char **why);

/* By dns.trust_ad: is the AD bit of a resolver at this address believed? */
bool resolver_is_trusted(const struct config *config, const struct ip_addr *ip);

/* Takes the next address off a list such as dns.resolvers, port 53 where none stands; false at its end or,
 * with *why set, where it is none. */
bool resolver_next_address(const char **list, struct ip_addr *ip, uint16_t *port, const char **why);

#endif
