/*
 * What a probe shows of itself: the name in EHLO, and the two ways in which it speaks TLS.
 */
#ifndef STSWEEP_SMTP_CLIENT_H
#define STSWEEP_SMTP_CLIENT_H

#include "scanner/tls/trust.h"

/* The context of all probes of a prober; the permissive one takes what is outdated (tls_context_permit). NULL
 * where OpenSSL refuses. */
SSL_CTX *smtp_context(struct trust *trust, struct chain_cache *chains, bool permissive);

/* Sets SNI to the host (there is none where no SNI can hold the name), and with without_dh takes finite-field
 * Diffie-Hellman from what a permissive ssl offers. false: out of memory. */
bool smtp_name_host(SSL *ssl, const char *host, bool without_dh);

/* `configured`, or the machine's name where that is empty; "localhost" where the machine's is no host name.
 */
void smtp_own_name(const char *configured, char *name, size_t size);

#endif
