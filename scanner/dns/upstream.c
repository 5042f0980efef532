/*
 * Keeps the sockets, the questions in flight and the health of one resolver. The sockets are connected: the
 * kernel then drops datagrams from other addresses, and reports a closed port. It draws their source ports at
 * random.
 */
#include "scanner/dns/upstream.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    BATCH = 64,
    DATAGRAM_BYTES = 2048, /* we announce 1232; a longer one is cut, and asked for by TCP */
    BATCHES_A_TURN = 2,
    RECEIVE_BUFFER_BYTES = 1 << 20,
    PROBE_WAIT_MS = 1000,
    PROBE_WAIT_MOST_MS = 30000,
    HEADER_BYTES = 12,
    TC_BYTE = 2,
    TC_BIT = 0x02
};

struct datagrams {
    struct mmsghdr headers[BATCH];
    struct iovec vectors[BATCH];
    uint8_t data[BATCH][DATAGRAM_BYTES];
};

struct datagrams *datagrams_create(void)
{
    struct datagrams *datagrams = calloc(1, sizeof *datagrams);
    if (datagrams == NULL)
        return NULL;
    for (size_t i = 0; i < BATCH; i++) {
        datagrams->vectors[i] = (struct iovec){datagrams->data[i], DATAGRAM_BYTES};
        datagrams->headers[i].msg_hdr.msg_iov = &datagrams->vectors[i];
        datagrams->headers[i].msg_hdr.msg_iovlen = 1;
    }
    return datagrams;
}

/* ---- questions in flight ------------------------------------------------------------------------------- */

static struct flight **bucket(const struct upstream *upstream, uint16_t socket, uint16_t id)
{
    return &upstream->buckets[((uint32_t)id ^ (uint32_t)socket << 12) & upstream->bucket_mask];
}

static struct flight *find(const struct upstream *upstream, uint16_t socket, uint16_t id)
{
    struct flight *flight = *bucket(upstream, socket, id);
    while (flight != NULL && (flight->id != id || flight->socket != socket))
        flight = flight->next;
    return flight;
}

void upstream_book(struct upstream *upstream, struct flight *flight, int64_t now_ms)
{
    if (outgoing_count(upstream->outgoing) == 0)
        upstream->socket = (uint16_t)(entropy_next(upstream->entropy) % upstream->socket_count);
    flight->socket = upstream->socket;
    do {
        flight->id = (uint16_t)entropy_next(upstream->entropy);
    } while (find(upstream, flight->socket, flight->id) != NULL);
    struct flight **head = bucket(upstream, flight->socket, flight->id);
    flight->next = *head;
    *head = flight;
    window_sent(&upstream->window, ++upstream->in_flight, now_ms);
}

void upstream_forget(struct upstream *upstream, struct flight *flight)
{
    struct flight **at = bucket(upstream, flight->socket, flight->id);
    while (*at != flight)
        at = &(*at)->next;
    *at = flight->next;
    upstream->in_flight--;
}

/* ---- health -------------------------------------------------------------------------------------------- */

void upstream_set_aside(struct upstream *upstream, int64_t now_ms)
{
    int64_t wait = upstream->aside ? upstream->probe_wait_ms * 2 : PROBE_WAIT_MS;
    upstream->probe_wait_ms = wait < PROBE_WAIT_MOST_MS ? wait : PROBE_WAIT_MOST_MS;
    upstream->probe_at_ms = now_ms + upstream->probe_wait_ms;
    upstream->aside = true;
}

static void failed(struct upstream *upstream, int64_t now_ms)
{
    if (upstream->aside && now_ms < upstream->probe_at_ms)
        return; /* one of those that were under way when it was set aside */
    if (++upstream->failures >= UPSTREAM_FAILURES)
        upstream_set_aside(upstream, now_ms);
}

void upstream_answered(struct upstream *upstream, int64_t sent_ms, int64_t now_ms)
{
    resolver_counts_answer(&upstream->counts, now_ms - sent_ms);
    window_answered(&upstream->window, sent_ms, now_ms);
}

void upstream_served(struct upstream *upstream)
{
    upstream->failures = 0;
    upstream->aside = false;
}

void upstream_refused(struct upstream *upstream, int64_t now_ms)
{
    upstream->counts.refused++;
    failed(upstream, now_ms);
}

void upstream_lost(struct upstream *upstream, int64_t sent_ms, int64_t now_ms)
{
    upstream->counts.lost++;
    window_lost(&upstream->window, sent_ms, now_ms);
    failed(upstream, now_ms);
}

bool upstream_probe_due(struct upstream *upstream, int64_t now_ms)
{
    if (!upstream->aside || now_ms < upstream->probe_at_ms || !upstream_has_room(upstream))
        return false;
    upstream_set_aside(upstream, now_ms);
    return true;
}

/* ---- datagrams ----------------------------------------------------------------------------------------- */

/* Says whether an error means that the resolver is unreachable: one that an earlier datagram brought back
 * (ICMP) or that this one meets at once. */
static bool is_unreachable(int error)
{
    return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH || error == EACCES ||
           error == EPERM;
}

static void note_error(void *arg, int error)
{
    struct upstream *upstream = arg;
    if (!is_unreachable(error) || upstream->unreachable)
        return;
    upstream->unreachable = true;
    upstream->hooks->unreachable(upstream->hooks->arg);
}

void upstream_flush(struct upstream *upstream)
{
    if (outgoing_count(upstream->outgoing) > 0)
        outgoing_send(upstream->outgoing, upstream->sockets[upstream->socket].fd, note_error, upstream);
}

void upstream_send(struct upstream *upstream, const struct flight *flight, struct bytes message)
{
    if (flight->socket != upstream->socket || message.len > UPSTREAM_MESSAGE_BYTES)
        return; /* never: it has just been booked, and a question is shorter */
    outgoing_add(upstream->outgoing, message);
    if (outgoing_count(upstream->outgoing) == UPSTREAM_BATCH)
        upstream_flush(upstream);
}

static void hand_over(struct upstream_socket *socket, struct mmsghdr *header)
{
    struct upstream *upstream = socket->upstream;
    uint8_t *data = header->msg_hdr.msg_iov->iov_base;
    struct flight *flight = NULL;
    if (header->msg_len >= HEADER_BYTES) {
        flight = find(upstream, socket->index, (uint16_t)(data[0] << 8 | data[1]));
        if ((header->msg_hdr.msg_flags & MSG_TRUNC) != 0)
            data[TC_BYTE] |= TC_BIT;
    }
    upstream->hooks->datagram(upstream->hooks->arg, upstream, flight, data, header->msg_len);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct upstream_socket *socket = arg;
    struct upstream *upstream = socket->upstream;
    (void)what;
    for (int batch = 0; batch < BATCHES_A_TURN; batch++) {
        int got = recvmmsg(fd, upstream->datagrams->headers, BATCH, MSG_DONTWAIT, NULL);
        if (got < 0) {
            note_error(upstream, errno);
            break;
        }
        for (int i = 0; i < got; i++)
            hand_over(socket, &upstream->datagrams->headers[i]);
        if (got < BATCH)
            break;
    }
    upstream->hooks->turn_done(upstream->hooks->arg);
}

/* ---- birth and death ----------------------------------------------------------------------------------- */

static bool open_socket(struct upstream *upstream, struct event_base *base, uint16_t index)
{
    struct upstream_socket *opened = &upstream->sockets[index];
    int fd = socket(upstream->address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    int size = RECEIVE_BUFFER_BYTES;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size); /* a smaller one costs only re-asking */
    *opened = (struct upstream_socket){.upstream = upstream, .fd = fd, .index = index};
    if (connect(fd, (struct sockaddr *)&upstream->address, upstream->address_len) == 0)
        opened->event = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, opened);
    if (opened->event != NULL && event_add(opened->event, NULL) == 0) {
        upstream->socket_count++;
        return true;
    }
    if (opened->event != NULL)
        event_free(opened->event);
    (void)close(fd);
    return false;
}

static bool make_buckets(struct upstream *upstream, uint32_t limit)
{
    uint32_t count = 64;
    while (count < limit)
        count *= 2;
    upstream->bucket_mask = count - 1;
    upstream->buckets = calloc(count, sizeof *upstream->buckets);
    return upstream->buckets != NULL;
}

bool upstream_init(struct upstream *upstream, const struct upstream_setup *setup)
{
    *upstream =
        (struct upstream){.hooks = setup->hooks, .datagrams = setup->datagrams, .entropy = setup->entropy};
    upstream->address_len = ip_sockaddr(&setup->ip, setup->port, &upstream->address);
    list_init(&upstream->waiting);
    window_init(&upstream->window, setup->limit, setup->deadline_ms, setup->now_ms);
    bool ok = make_buckets(upstream, setup->limit);
    for (uint16_t i = 0; ok && i < setup->sockets; i++)
        ok = open_socket(upstream, setup->base, i);
    if (ok)
        upstream->outgoing = outgoing_create(upstream->sockets[0].fd);
    ok = upstream->outgoing != NULL;
    if (!ok)
        upstream_dispose(upstream);
    return ok;
}

void upstream_dispose(struct upstream *upstream)
{
    for (uint16_t i = 0; i < upstream->socket_count; i++) {
        event_free(upstream->sockets[i].event);
        (void)close(upstream->sockets[i].fd);
    }
    free(upstream->buckets);
    outgoing_destroy(upstream->outgoing);
    upstream->buckets = NULL;
    upstream->outgoing = NULL;
    upstream->socket_count = 0;
}
