/*
 * Represents one recursive resolver for the stub engine: its connected UDP sockets, the questions in flight
 * on them by (socket, id), its window and its health. It sends and receives datagrams and never reads their
 * content; dns/resolver knows what a question is and when it is given up. One loop.
 */
#ifndef STSWEEP_DNS_UPSTREAM_H
#define STSWEEP_DNS_UPSTREAM_H

#include <event2/event.h>
#include <sys/socket.h>

#include "scanner/base/bytes.h"
#include "scanner/base/ip.h"
#include "scanner/base/list.h"
#include "scanner/dns/entropy.h"
#include "scanner/dns/notes.h"
#include "scanner/dns/outgoing.h"
#include "scanner/dns/window.h"
#include "scanner/facts/resolver_counts.h"

struct upstream;
struct datagrams;

enum {
    UPSTREAM_SOCKETS = 16,
    UPSTREAM_SOCKETS_LEAST = 4,
    UPSTREAM_FAILURES = 8,
    UPSTREAM_BATCH = OUTGOING_MOST
};

/* A question on its way by UDP; lives inside the engine's own struct. */
struct flight {
    struct flight *next; /* of the same bucket */
    uint16_t id;
    uint16_t socket;
};

/* Called from the event loop only. */
struct upstream_hooks {
    /* flight is NULL for a datagram that fits no question; data is writable and gone when the call returns.
     */
    void (*datagram)(void *arg, struct upstream *upstream, struct flight *flight, uint8_t *data, size_t len);
    void (*unreachable)(
        void *arg);               /* some upstream's `unreachable` has been set, perhaps from upstream_send */
    void (*turn_done)(void *arg); /* the last datagram of a loop's turn has been handed over */
    void *arg;
};

struct upstream_socket {
    struct upstream *upstream;
    struct event *event;
    int fd;
    uint16_t index;
};

struct upstream {
    struct sockaddr_storage address;
    socklen_t address_len;
    uint32_t index;      /* among the engine's resolvers */
    uint32_t configured; /* among those of dns.resolvers */
    struct resolver_counts counts;
    bool trust_ad;
    enum validation validation;
    bool aside;        /* it failed too often in a row: only probed now and then */
    bool unreachable;  /* the kernel reported that nobody listens; the engine clears it */
    uint32_t failures; /* in a row */
    int64_t probe_at_ms;
    int64_t probe_wait_ms;
    struct window window;
    uint32_t in_flight;
    struct list waiting; /* the engine's: questions that are to be asked here and nowhere else */
    struct flight **buckets;
    uint32_t bucket_mask;
    struct upstream_socket sockets[UPSTREAM_SOCKETS];
    uint16_t socket_count;
    const struct upstream_hooks *hooks;
    struct datagrams *datagrams;
    struct outgoing *outgoing; /* owned: the batch that waits for upstream_flush */
    uint16_t socket;           /* of the batch that is being gathered */
    struct entropy *entropy;
};

/* Makes the buffers that datagrams are received into; one for all upstreams of a loop. NULL without memory.
 */
struct datagrams *datagrams_create(void);

struct upstream_setup {
    struct event_base *base;
    struct ip_addr ip;
    uint16_t port;
    uint16_t sockets;    /* 1 … UPSTREAM_SOCKETS */
    uint32_t limit;      /* questions in flight at most */
    int64_t deadline_ms; /* how long a question is waited for */
    int64_t now_ms;
    const struct upstream_hooks *hooks; /* these three outlive the upstream */
    struct datagrams *datagrams;
    struct entropy *entropy;
};

/* Opens the sockets. false if the resolver cannot be reached from here at all (no route, no descriptors, no
 * memory); nothing is left then. */
bool upstream_init(struct upstream *upstream, const struct upstream_setup *setup);
void upstream_dispose(struct upstream *upstream);

static inline bool upstream_has_room(const struct upstream *upstream)
{
    return window_has_room(&upstream->window, upstream->in_flight);
}

/* Draws the id for a question that is about to be sent and counts it as in flight. The socket is drawn anew
 * for each batch, so that a batch is one call of the kernel's. */
void upstream_book(struct upstream *upstream, struct flight *flight, int64_t now_ms);

/* The longest question that upstream_send takes. */
enum { UPSTREAM_MESSAGE_BYTES = OUTGOING_BYTES };
/* Adds a question to the batch, and sends the batch if it is full. A datagram that the kernel refuses is lost
 * like any other. */
void upstream_send(struct upstream *upstream, const struct flight *flight, struct bytes message);

/* Sends the batch. Call it before the loop waits. */
void upstream_flush(struct upstream *upstream);

/* Removes a question from those in flight. */
void upstream_forget(struct upstream *upstream, struct flight *flight);

/* Notes that a datagram has come for a question, whatever it says. */
void upstream_answered(struct upstream *upstream, int64_t sent_ms, int64_t now_ms);

/* Note how a question ended: with a useful answer, with a refusal, with none in time. */
void upstream_served(struct upstream *upstream);
void upstream_refused(struct upstream *upstream, int64_t now_ms);
void upstream_lost(struct upstream *upstream, int64_t sent_ms, int64_t now_ms);
void upstream_set_aside(struct upstream *upstream, int64_t now_ms);

/* Says whether it is time to try an upstream that was set aside; true only once each time. */
bool upstream_probe_due(struct upstream *upstream, int64_t now_ms);

#endif
