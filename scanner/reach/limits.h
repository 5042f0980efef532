/*
 * Keeps the manners: how many connections an IP address gets at a time and a minute, over all loops. It also
 * says who gets a place among smtp.live and policy.live.
 *
 * Each IP address is owned by one loop (by hash). A request is a message to the owner, the grant a message
 * back; on the owner's own loop the same messages are used, so there is one path. A grant is a turn at the
 * address and a place among the owner's share of smtp.live or policy.live in one, so that nobody holds the
 * one while he waits for the other; lanes.h says who gets it when all are taken. pace_release gives both
 * back. An address that timed out is silent, for its class of connection, for the rest of the pass: nobody
 * gets a turn at it.
 *
 * An address that has served limits.names_per_ip host names in a pass is probed for no further name: what the
 * address says to everybody is inherited from the probe of another name (probe_sample). Addresses that are
 * forgotten between two requests (one name, nothing going on) may count one name less.
 */
#ifndef STSWEEP_REACH_LIMITS_H
#define STSWEEP_REACH_LIMITS_H

#include "scanner/base/ip.h"
#include "scanner/base/slots.h"
#include "scanner/reach/sample.h"

struct worker;
struct pacer;

enum pace_class { PACE_SMTP, PACE_HTTPS, PACE_CLASSES };

enum pace_answer {
    PACE_GRANTED,  /* connect now, and call pace_release when it is over */
    PACE_TOO_LONG, /* the turn or the place would come after limits.wait */
    PACE_DEAD,     /* the address is silent */
    PACE_BUDGET    /* limits.names_per_ip */
};

struct pace_turn {
    enum pace_answer answer;
    bool first;                        /* granted: nobody has been at the address in this pass */
    bool wants_sample;                 /* granted: pace_release_probe is to bring one, if there is one */
    uint32_t ms_place;                 /* granted: how much of its wait was for a place */
    const struct probe_sample *sample; /* with PACE_BUDGET, or NULL if no probe saw anything; gone when the
                                          call returns */
};

/* Is called exactly once for each request that is not cancelled, never from inside pace_request. */
typedef void (*pace_done)(void *arg, const struct pace_turn *turn);

struct pacer *pacer_create(struct worker *worker);
void pacer_destroy(struct pacer *pacer);

/* A new pass has begun: addresses that were silent may be tried once more, and names are counted anew. */
void pacer_new_pass(struct pacer *pacer);

/* Addresses that were silent may be tried once more: it was this machine that was cut off. */
void pacer_forget_silence(struct pacer *pacer);

/* Counts the connections that this loop has granted and that have not been given back. */
size_t pacer_open(const struct pacer *pacer, enum pace_class class);

/* Returns what the places of an MX host are counted by, beside the prefix of its address: its registrable
 * domain. */
uint64_t pace_domain(const struct worker *worker, const char *host);

/* Asks for a turn. A zeroed handle means out of memory: no callback will come. */
struct handle pace_request(struct worker *worker, const struct ip_addr *ip, enum pace_class class,
                           pace_done done, void *arg);

/* Asks for a further probe of a host name that was let in before (PACE_SMTP). */
struct handle pace_request_again(struct worker *worker, const struct ip_addr *ip, uint64_t domain,
                                 pace_done done, void *arg);

/* Asks for a probe of one more host name (PACE_SMTP). exempt: the name is probed whatever the budget says. If
 * the budget is used up, the answer comes once a probe of the address has brought a sample, or none can any
 * more. */
struct handle pace_request_name(struct worker *worker, const struct ip_addr *ip, uint64_t domain, bool exempt,
                                pace_done done, void *arg);

/* Asks what the address said to another host name, of a name that is not probed there (PACE_SMTP). The answer
 * is never a turn: PACE_BUDGET, once there is a sample or none can come any more, or PACE_DEAD. */
struct handle pace_request_share(struct worker *worker, const struct ip_addr *ip, uint64_t domain,
                                 pace_done done, void *arg);

/* Ends a request: no callback comes after this; a grant that is on its way is given back by itself. */
void pace_cancel(struct worker *worker, struct handle handle);

/* The address did not answer in an earlier run of the scan: nobody gets a turn at it in this pass. Nothing is
 * given back. */
void pace_note_silent(struct worker *worker, const struct ip_addr *ip, enum pace_class class);

/* Gives turn and place back after a grant, when the connection is over. */
void pace_release(struct worker *worker, const struct ip_addr *ip, enum pace_class class, bool timed_out);

/* Does likewise after a probe, with the domain that it was asked for with; takes over the reference to
 * sample, which may be NULL. */
void pace_release_probe(struct worker *worker, const struct ip_addr *ip, uint64_t domain, bool timed_out,
                        struct probe_sample *sample);

#endif
