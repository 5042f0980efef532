/*
 * The TLS of a probe: how its SSL is made, and what a handshake that came to nothing leaves as facts. It
 * waits for nothing and judges nothing.
 */
#ifndef STSWEEP_SMTP_HANDSHAKE_H
#define STSWEEP_SMTP_HANDSHAKE_H

#include "scanner/smtp/probe.h"
#include "scanner/tls/flow.h"

/* A client's SSL for a connection that is to become TLS. Aborts without memory. *flow is the caller's
 * reference. */
SSL *handshake_create(SSL_CTX *ctx, int fd, const struct probe_request *request, struct tls_verify *verify,
                      struct flow **flow);

/* The handshake stopped: error is an errno, or 0. */
void handshake_failed(SSL *ssl, const struct tls_verify *verify, const struct probe_request *request,
                      int error, const struct flow *flow);

/* TLS 1.3: our side of the handshake is done before the peer has judged it. Its no in place of a first reply
 * is a handshake that failed, as it would be in TLS 1.2. */
void handshake_refused_late(const struct probe_request *request, int alert);

#endif
