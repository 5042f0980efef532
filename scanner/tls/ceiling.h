/*
 * The ceilings of cost.h in force on OpenSSL: before it computes in a group, before it reads a chain, before
 * it validates one. Part of tls_context_setup; nobody else need call it.
 */
#ifndef STSWEEP_TLS_CEILING_H
#define STSWEEP_TLS_CEILING_H

#include "scanner/tls/trust.h"

/* Puts the ceiling of Diffie-Hellman groups before what ctx asks of security; once a context. */
void tls_ceiling_setup(SSL_CTX *ctx);

/* From now on ctx asks for nothing but that ceiling. */
void tls_ceiling_alone(SSL_CTX *ctx);

/* Path validation as it is, which notes errors in verify (NULL: nowhere). */
typedef void tls_validate(X509_STORE_CTX *store_ctx, struct tls_verify *verify);

/* Validates as far as the ceilings let it. 0: the handshake is to end, for the server signs it with a key
 * that verifies nothing. ssl may be NULL. */
int tls_ceiling_validate(X509_STORE_CTX *store_ctx, SSL *ssl, tls_validate *validate);

#endif
