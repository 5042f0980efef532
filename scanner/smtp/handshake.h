/*
 * Makes the SSL of a probe, and the facts of a failed handshake. It waits for nothing and judges nothing.
 */
#ifndef STSWEEP_SMTP_HANDSHAKE_H
#define STSWEEP_SMTP_HANDSHAKE_H

#include "scanner/smtp/probe.h"
#include "scanner/tls/flow.h"

/* Makes a client's SSL for a connection that is to become TLS. Aborts without memory. *flow is the caller's
 * reference. */
SSL *handshake_create(SSL_CTX *ctx, int fd, const struct probe_request *request, struct tls_verify *verify,
                      struct flow **flow);

/* Collects the facts of a handshake that stopped. error: an errno, or 0. */
void handshake_failed(SSL *ssl, const struct tls_verify *verify, const struct probe_request *request,
                      int error, const struct flow *flow);

/* Makes a refusal in place of a first reply a failed handshake, as it would be in TLS 1.2: with TLS 1.3 our
 * side of the handshake is done before the peer has accepted it. alert: the peer's. */
void handshake_refused_late(const struct probe_request *request, int alert);

#endif
