/*
 * Bounds how many of a peer's bytes one call of OpenSSL may read, and how many bytes without data a
 * connection may bring. OpenSSL stays inside a single SSL_do_handshake or SSL_read for as long as TLS records
 * without data come (HelloRequests, tickets, padding, warnings). So the SSL's own read BIO says "later" once
 * the portion of a turn of the loop has been read, and ends the connection past a ceiling. Sockets are
 * watched by level, so "later" loses nothing. A flow lives as long as the SSL, whoever made that, and judges
 * nothing.
 */
#ifndef STSWEEP_TLS_FLOW_H
#define STSWEEP_TLS_FLOW_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

/* FLOW_PORTION, FLOW_READS: the bytes and the reads of the socket in a turn; small TLS records cost reads.
 * FLOW_IDLE: the bytes of TLS records without data, apart from the certificates, which have FLOW_CERTIFICATES
 * at most (OpenSSL's own ceiling is set to it). FLOW_CALLS: KeyUpdates, and HelloRequests behind the
 * handshake. Each costs as much as some kilobytes of others, and may have to be answered: a peer that does
 * not read makes libcurl ask over and over whether it can be. No honest one sends so many to a client that
 * reads so little. */
enum {
    FLOW_PORTION = 32 * 1024,
    FLOW_READS = 1024,
    FLOW_IDLE = 64 * 1024,
    FLOW_CERTIFICATES = 100 * 1024,
    FLOW_CALLS = 32
};

enum flow_excess {
    FLOW_WITHIN,
    FLOW_TOO_IDLE, /* more TLS records without data than any honest peer sends */
    FLOW_TOO_MUCH  /* more bytes in all than flow_attach allows */
};

/* Begins a turn of the loop: each SSL of this thread has its whole portion again. */
void flow_turn(void);

/* The counts of one SSL's bytes. References are counted: the SSL has one, and whoever attached it has one. */
struct flow;

/* Attaches a flow to an SSL whose read BIO is set; once, before it reads. total: bytes that may come at all.
 * The owner of the message callback passes its calls on to flow_message. NULL: out of memory. */
struct flow *flow_attach(SSL *ssl, size_t total);
void flow_release(struct flow *flow); /* NULL is fine; also after the SSL has gone */

/* Lets more bytes come than flow_attach said. */
void flow_allow(struct flow *flow, size_t more); /* NULL is fine */

/* Takes every call of the SSL's message callback. Without flow_attach it does nothing. */
void flow_message(SSL *ssl, int written, int type, const void *data, size_t len);

/* Notes that the TLS record that was read last holds data. */
void flow_data(SSL *ssl);

/* Tells whether a ceiling here ended the connection, and which. */
enum flow_excess flow_excess(const struct flow *flow); /* NULL: FLOW_WITHIN */

/* Tells whether a read has met the end of what the peer sent: it has closed the connection. */
bool flow_ended(const struct flow *flow); /* NULL: no */

/* Stops reading from the peer: from here on the connection seems broken to whoever reads (libcurl reads once
 * more when it closes). */
void flow_close(struct flow *flow); /* NULL is fine */

#endif
