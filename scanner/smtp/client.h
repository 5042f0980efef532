/*
 * Decides what a probe shows of itself: the name in EHLO, and the two ways in which it speaks TLS.
 */
#ifndef STSWEEP_SMTP_CLIENT_H
#define STSWEEP_SMTP_CLIENT_H

#include "scanner/tls/trust.h"

/* Makes the context for all probes of a prober; a permissive one takes outdated TLS (tls_context_permit).
 * chains may be NULL. NULL if OpenSSL refuses. */
SSL_CTX *smtp_context(struct trust *trust, struct chain_cache *chains, struct cert_cache *certs,
                      bool permissive);

/* Sets SNI to the host (none if no SNI can hold the name), and with without_dh makes a permissive ssl offer
 * no finite-field Diffie-Hellman. false: out of memory. */
bool smtp_name_host(SSL *ssl, const char *host, bool without_dh);

/* Copies `configured`, or the machine's name if that is empty, or "localhost" if the machine's is no host
 * name.
 */
void smtp_own_name(const char *configured, char *name, size_t size);

/* Returns why servers refuse a name in EHLO, in words for behind it; NULL if they have no reason to. */
const char *smtp_name_fault(const char *name);

#endif
