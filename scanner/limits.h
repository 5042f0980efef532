/*
 * Manners: how many connections an IP address gets at a time and a minute, over all loops.
 *
 * Each IP address is owned by one loop (by hash). A request for a turn is a message to the owner, the grant a
 * message back; on the owner's own loop the same messages are used, so there is one path. An address that
 * timed out is dead, for its class of connection, for the rest of the pass: nobody gets a turn at it.
 */
#ifndef STSWEEP_LIMITS_H
#define STSWEEP_LIMITS_H

#include "scanner/base/ip.h"
#include "scanner/base/slots.h"

struct worker;
struct pacer;

enum pace_class { PACE_SMTP, PACE_HTTPS, PACE_CLASSES };

enum pace_answer {
    PACE_GRANTED,  /* connect now, and call pace_release when it is over */
    PACE_TOO_LONG, /* the turn would come after limits.wait */
    PACE_DEAD      /* the address timed out before */
};

/* Called exactly once for each request that is not cancelled, never from inside pace_request. */
typedef void (*pace_done)(void *arg, enum pace_answer answer);

struct pacer *pacer_create(struct worker *worker);
void pacer_destroy(struct pacer *pacer);

/* A new pass has begun: addresses that were silent may be tried once more. */
void pacer_new_pass(struct pacer *pacer);

/* A zeroed handle means out of memory: no callback will come. */
struct handle pace_request(struct worker *worker, const struct ip_addr *ip, enum pace_class class,
                           pace_done done, void *arg);

/* No callback after this; a grant that is on its way is given back by itself. */
void pace_cancel(struct worker *worker, struct handle handle);

/* After a grant, when the connection is over. */
void pace_release(struct worker *worker, const struct ip_addr *ip, enum pace_class class, bool timed_out);

#endif
