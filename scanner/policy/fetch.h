/*
 * HTTPS GET of one policy from one address (RFC 8461 section 3.3), on libcurl's multi_socket interface over the
 * loop's event_base. One fetcher a loop. It follows no redirect, uses no proxy, looks nothing up, and stops at
 * policy.max_bytes and policy.timeout. It judges nothing: certificate and content come from one connection.
 */
#ifndef STSWEEP_POLICY_FETCH_H
#define STSWEEP_POLICY_FETCH_H

#include <event2/event.h>

#include "scanner/base/slots.h"
#include "scanner/tls/trust.h"

struct config;
struct fetcher;

/* Called exactly once for each fetch started and not cancelled, never from inside fetch_start. facts live in the
 * arena that was given. */
typedef void (*fetch_done)(void *arg, struct fetch_facts *facts);

struct fetch_request {
    const char *host;    /* mta-sts.<domain>; copied */
    struct ip_addr ip;   /* the one address to connect to; the caller has checked that it may be reached */
    uint16_t port;       /* 443 but for tests */
    int64_t timeout_ms;  /* what is left of policy.timeout */
    struct arena *arena; /* the facts' memory; outlives the fetch unless cancelled */
    fetch_done done;
    void *arg;
};

struct fetcher *fetcher_create(struct event_base *base, const struct config *config, struct trust *trust,
                               const char **why);

/* Cancels everything without callbacks. NULL is fine. */
void fetcher_destroy(struct fetcher *fetcher);

/* Never fails: what cannot be started is answered as NET_OTHER. */
struct handle fetch_start(struct fetcher *fetcher, const struct fetch_request *request);
void fetch_cancel(struct fetcher *fetcher, struct handle handle);
size_t fetch_live(const struct fetcher *fetcher);

#endif
