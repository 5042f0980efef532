/*
 * Fetches one policy from one address by HTTPS GET (RFC 8461 section 3.3), on libcurl's multi_socket
 * interface over the loop's event_base. One fetcher a loop. It follows no redirect, uses no proxy, looks
 * nothing up, and stops at policy.max_bytes and policy.timeout. It judges nothing: certificate and content
 * come from one connection.
 */
#ifndef STSWEEP_HTTPS_FETCH_H
#define STSWEEP_HTTPS_FETCH_H

#include <event2/event.h>

#include "scanner/base/place.h"
#include "scanner/base/slots.h"
#include "scanner/base/trace.h"
#include "scanner/tls/trust.h"

struct config;
struct fetcher;

/*
 * Called exactly once for each fetch started and not cancelled, never from inside fetch_start. It may start,
 * cancel and even destroy. facts live in the arena that was given; if that is too full even for them, they
 * are good during the call only.
 *
 * How an end shows: not connected in time: FETCH_CONNECT and NET_TIMEOUT (deadline is for the later steps);
 * closed or reset in the handshake: FETCH_TLS, TLS_CLOSED and NET_RESET; closed before a whole answer:
 * truncated, with FETCH_HEADERS or FETCH_BODY. An answer other than 200 is not read past its headers and is
 * FETCH_DONE. POLICY_BYTES_JUDGED of a body are kept, and body_bytes says how long a longer one was;
 * too_large if policy.max_bytes or the ceiling of the headers ended it. A body that only the connection's end
 * delimits is truncated if no close_notify came (RFC 9112 section 9.8).
 */
typedef void (*fetch_done)(void *arg, struct fetch_facts *facts);

struct fetch_request {
    const char *host;    /* mta-sts.<domain>; copied */
    struct ip_addr ip;   /* the one address to connect to; the caller has checked that it may be reached */
    uint16_t port;       /* 443 except in tests */
    int64_t timeout_ms;  /* the rest of policy.timeout */
    bool small;          /* offers the usual groups alone, whatever tls.groups says (tls_context_small) */
    struct arena *arena; /* the facts' memory, 600 KiB at most; outlives the fetch, or lives until
                            fetch_cancel is called */
    struct trace *trace; /* or NULL */
    fetch_done done;
    void *arg;
};

/* Makes a fetcher; NULL with *why. The trust and the config outlive it. */
struct fetcher *fetcher_create(struct event_base *base, const struct config *config, struct trust *trust,
                               const char **why);

/* Cancels everything without callbacks, and frees the fetcher. NULL is fine. */
void fetcher_destroy(struct fetcher *fetcher);

/* Sets the place in which the fetcher names the peer it works for; the place outlives it. */
void fetcher_place(struct fetcher *fetcher, struct place *place);

/* Starts a fetch. It never fails: a fetch that cannot be started is answered as NET_OTHER. (A handle that is
 * not set: there is no memory even for an answer, and done will not be called.) */
struct handle fetch_start(struct fetcher *fetcher, const struct fetch_request *request);

/* Cancels a fetch: no callback follows. Safe at any time, with stale handles too. */
void fetch_cancel(struct fetcher *fetcher, struct handle handle);
size_t fetch_live(const struct fetcher *fetcher);

#endif
