/*
 * How much of a peer's bytes one call of OpenSSL's may swallow, and how many that carry nothing a connection
 * may bring. OpenSSL stays inside a single SSL_do_handshake or SSL_read for as long as records without data
 * come (HelloRequests, tickets, padding, warnings): so the SSL's own read BIO says "later" once a turn's
 * portion has been read, and ends the connection past a ceiling. Sockets are watched by level, so that
 * nothing is lost by "later". It lives as long as the SSL, whoever has made that, and judges nothing.
 */
#ifndef STSWEEP_TLS_FLOW_H
#define STSWEEP_TLS_FLOW_H

#include <openssl/ssl.h>
#include <stddef.h>

/* FLOW_PORTION, FLOW_READS: a turn's bytes, and calls of the socket's, which are what small records cost.
 * FLOW_IDLE: of records without data, beside the certificates, which are FLOW_CERTIFICATES at most (OpenSSL's
 * own ceiling is set to it). */
enum { FLOW_PORTION = 32 * 1024, FLOW_READS = 1024, FLOW_IDLE = 64 * 1024, FLOW_CERTIFICATES = 100 * 1024 };

enum flow_excess {
    FLOW_WITHIN,
    FLOW_TOO_IDLE, /* more records without data than any honest peer sends */
    FLOW_TOO_MUCH  /* more bytes in all than flow_attach was told */
};

/* On the thread of the SSLs: a turn begins, each of them has its whole portion again. */
void flow_turn(void);

/* What one SSL has brought: counted, by the SSL and by whoever has attached it. */
struct flow;

/* To an SSL whose read BIO is set, once, before it reads. total: bytes that may come at all. Whoever owns the
 * message callback passes on to flow_message what that is told. NULL: out of memory. */
struct flow *flow_attach(SSL *ssl, size_t total);
void flow_release(struct flow *flow); /* NULL is fine; also after the SSL has gone */

/* From the SSL's message callback, all of it. Without flow_attach it does nothing. */
void flow_message(SSL *ssl, int written, int type, const void *data, size_t len);

/* The record that was read last holds data. */
void flow_data(SSL *ssl);

/* What ended the connection, if anything here did. */
enum flow_excess flow_excess(const struct flow *flow); /* NULL: FLOW_WITHIN */

/* Nothing more is wanted of the peer: from here on the connection seems broken to whoever reads (libcurl
 * reads once more when it closes). */
void flow_close(struct flow *flow); /* NULL is fine */

#endif
