/*
 * Answers Prometheus: GET and HEAD of /metrics by HTTP/1, one request a connection. Whoever asks can hold
 * nothing up: there are SCRAPE_LIVE connections, of which the oldest goes for a further one; each lasts
 * SCRAPE_MS as a whole, and a request has SCRAPE_REQUEST_BYTES at most, its body unread.
 *
 * libevent's own evhttp (of 2.1) bounds each wait but not a connection's whole time, and not their number.
 * On one loop.
 */
#ifndef STSWEEP_SCAN_SCRAPE_H
#define STSWEEP_SCAN_SCRAPE_H

#include <event2/event.h>

#include "scanner/base/buf.h"

enum { SCRAPE_LIVE = 16, SCRAPE_MS = 5000, SCRAPE_REQUEST_BYTES = 4096 };

struct scrape;

/* page returns what there is to read, NULL if there is nothing now; good until the next call. listener is
 * borrowed, and does not block. NULL without memory. */
struct scrape *scrape_create(struct event_base *base, int listener, const struct buf *(*page)(void *arg),
                             void *arg);
void scrape_destroy(struct scrape *scrape); /* closes all connections; NULL is fine */

/* What a request asks for; pure. request: up to and with the empty line. */
enum scrape_answer {
    SCRAPE_PAGE,
    SCRAPE_HEAD,
    SCRAPE_BAD_REQUEST,
    SCRAPE_NOT_FOUND,
    SCRAPE_NOT_ALLOWED,
    SCRAPE_TOO_LARGE,
    SCRAPE_NOTHING_YET /* there is no page now */
};
enum scrape_answer scrape_read(struct bytes request);

/* Returns the length of the first request with its empty line, or 0 if it has not ended; pure. */
size_t scrape_request_len(struct bytes received);

#endif
