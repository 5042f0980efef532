/*
 * What both kinds of TLS client here share: one X509_STORE for the process, path validation that records its
 * errors and lets the handshake go on (TLS-5), the facts of certificates. The verdict is scanner/verdict's.
 */
#ifndef STSWEEP_TLS_TRUST_H
#define STSWEEP_TLS_TRUST_H

#include <openssl/ssl.h>

#include "scanner/base/arena.h"
#include "scanner/base/error.h"
#include "output/record.h"

/* The process's trusted roots; immutable once made, so that all loops may use it. */
struct trust;

/* Reads PEM roots. NULL with *why where the file cannot be read or holds none. */
struct trust *trust_create(const char *ca_file, const char **why);
void trust_destroy(struct trust *trust);
X509_STORE *trust_store(struct trust *trust);
size_t trust_root_count(const struct trust *trust);

/* To be called once, before anything else of OpenSSL: no system configuration file (a survey's results must not
 * hang on it). */
void tls_library_init(void);

/* Path validation as it went, collected by the verify callback, one for each SSL. */
struct tls_verify {
    struct chain_error errors[CHAIN_ERRORS_KEPT];
    size_t error_count;
};

/*
 * Makes ctx validate against the trust's store, record errors into the struct tls_verify attached to the SSL, and
 * never abort. Also: TLS 1.2 as the least version, security level 1, release buffers, a bound on the
 * certificate list (100 KiB), no session cache, no session tickets kept.
 */
enum error tls_context_setup(SSL_CTX *ctx, struct trust *trust);

/* Attaches verify (which outlives the SSL's handshake) to ssl. */
enum error tls_verify_attach(SSL *ssl, struct tls_verify *verify);

/*
 * After a handshake that completed: version, cipher, group, certificates as presented, errors, name_match against
 * `reference` by X509_check_host with NEVER_CHECK_SUBJECT and NO_PARTIAL_WILDCARDS (one leftmost label for *).
 * facts->end becomes TLS_DONE. A full arena cuts cert_count, never crashes.
 */
void tls_facts_collect(SSL *ssl, const struct tls_verify *verify, const char *reference, struct arena *arena,
                       struct tls_facts *facts);

/* After one that failed: takes the first error of this thread's queue (and empties it) into error_reason,
 * error_text, alert; facts->end becomes TLS_FAILED. Certificates seen so far are collected where there are any. */
void tls_facts_failure(SSL *ssl, const struct tls_verify *verify, const char *reference, struct arena *arena,
                       struct tls_facts *facts);

/* One certificate. false where the arena is full. */
bool cert_facts_collect(X509 *cert, struct arena *arena, struct cert_facts *facts);

#endif
