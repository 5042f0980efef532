/*
 * Ends or lightens work that would cost too much (wire/cost.h) before OpenSSL does it: computing in a group,
 * reading a chain, validating one. Private to trust.c, but for tls_message_seen: it does so before a chain is
 * read, and is declared in trust.h and defined in ceiling.c.
 */
#ifndef STSWEEP_TLS_CEILING_H
#define STSWEEP_TLS_CEILING_H

#include "scanner/tls/trust.h"

/* Puts the ceiling of Diffie-Hellman groups before ctx's own security callback; once a context. */
void tls_ceiling_setup(SSL_CTX *ctx);

/* Makes that ceiling the only security check of ctx from now on. */
void tls_ceiling_alone(SSL_CTX *ctx);

/* Path validation itself, which notes errors in verify (NULL: nowhere). */
typedef void tls_validate(X509_STORE_CTX *store_ctx, struct tls_verify *verify);

/* Validates as far as the ceilings allow. 0: the handshake is to end, because verifying the server's
 * signature with its key would cost too much. ssl may be NULL. */
int tls_ceiling_validate(X509_STORE_CTX *store_ctx, SSL *ssl, tls_validate *validate);

#endif
