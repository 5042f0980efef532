/*
 * Watches a fetch's TLS connection from inside the SSL_CTX that libcurl made. It collects the facts when the
 * handshake ends, before libcurl closes or forgets anything, and bounds what a peer may send (tls/flow) as
 * long as the connection lives.
 */
#ifndef STSWEEP_HTTPS_FETCH_TLS_H
#define STSWEEP_HTTPS_FETCH_TLS_H

#include "scanner/tls/flow.h"
#include "scanner/tls/trust.h"

struct fetch_tls {
    const char *reference; /* the host's name; the caller owns it, arena and facts */
    struct arena *arena;
    struct tls_facts *facts;
    bool small;        /* the ClientHello offers the usual groups alone */
    bool large;        /* it may be more than one segment; fetch_tls_setup says */
    size_t wire_limit; /* bytes of TLS records that may come */
    struct tls_verify verify;
    size_t wire_bytes;
    bool started; /* TCP is connected */
    bool done;    /* the handshake completed; facts are collected */
    bool close_notify;
    int late_alert;    /* a fatal alert after the handshake, or -1 */
    SSL_CTX *ctx;      /* a reference of ours while it calls back */
    struct flow *flow; /* of the connection, or NULL */
};

/* Gives libcurl's ctx the trust, and callbacks that write to *tls until fetch_tls_mute. */
enum error fetch_tls_setup(SSL_CTX *ctx, struct trust *trust, struct fetch_tls *tls);

/* Stops reading: libcurl, which reads once more when it closes, gets nothing. */
void fetch_tls_close(struct fetch_tls *tls);

/* Makes the callbacks write nothing any more, so that tls may go: libcurl may close the connection later,
 * which still calls back. */
void fetch_tls_mute(struct fetch_tls *tls);

#endif
