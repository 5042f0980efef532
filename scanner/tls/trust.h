/*
 * What both kinds of TLS client here share: one X509_STORE for the process, path validation that records its
 * errors and lets the handshake go on (TLS-5), the facts of certificates. The verdict is
 * scanner/verdict/verdict's.
 */
#ifndef STSWEEP_TLS_TRUST_H
#define STSWEEP_TLS_TRUST_H

#include <openssl/ssl.h>

#include "scanner/base/arena.h"
#include "scanner/base/error.h"
#include "scanner/facts/record.h"

/* The process's trusted roots; immutable once made, so that all loops may use it. */
struct trust;
struct chain_cache;
struct chain_dates;
struct key_cost;

/* Reads PEM roots. NULL with *why where the file cannot be read or holds none. */
struct trust *trust_create(const char *ca_file, const char **why);
void trust_destroy(struct trust *trust);
X509_STORE *trust_store(struct trust *trust);
size_t trust_root_count(const struct trust *trust);

/* The dates at which roots begin or cease to be valid; the trust's. */
const struct chain_dates *trust_dates(const struct trust *trust);

/* To be called before anything else of OpenSSL (again does no harm; trust_create does it too): no system
 * configuration file (a survey's results must not hang on it). */
void tls_library_init(void);

/* Path validation as it went, collected by the verify callback, one for each SSL. Where there are more errors
 * than room, those of the leaf are kept. */
struct tls_verify {
    struct chain_error errors[CHAIN_ERRORS_KEPT];
    size_t error_count;
    int64_t time;                  /* wall clock, ms: when the chain was validated; 0: it was not */
    int64_t other_time;            /* record_tls.h */
    enum tls_limit limit;          /* what was left out, as it would have cost too much (wire/cost.h) */
    const struct tlsa_facts *tlsa; /* the host's TLSA records, or NULL; outlives the handshake */
};

/*
 * Makes ctx validate against the trust's store, record errors into the struct tls_verify attached to the SSL,
 * and never abort. Also: TLS 1.2 as the least version, security level 1 (what level 2 would object to in
 * certificates is among the errors recorded), release buffers, a bound on the certificate list (100 KiB), no
 * session cache, no session tickets kept, no renegotiation. The context is then good for clients without a
 * verify attached, too.
 */
enum error tls_context_setup(SSL_CTX *ctx, struct trust *trust);

/*
 * After tls_context_setup: from now on ctx looks into the cache before it validates a chain, and keeps there
 * what it finds. What is recorded is what validation records, errors in their order, at any time
 * (tls/chain_cache.h). The cache (NULL for none) is used with this trust only, by one loop, and outlives ctx.
 */
void tls_context_cache(SSL_CTX *ctx, struct chain_cache *cache);

/*
 * After tls_context_setup: takes what a sender that honours MTA-STS does not (TLS-4): every version and
 * cipher that this build of OpenSSL has, without authentication or encryption too, keys and signatures of any
 * strength, servers without RFC 5746. Only for a look at what a server can do at all.
 */
enum error tls_context_permit(SSL_CTX *ctx);

/* ssl, of a context that permits, offers no finite-field Diffie-Hellman. false: out of memory. */
bool tls_leave_out_dh(SSL *ssl);

/* Attaches verify (which outlives the SSL's handshake) to ssl, emptied; tlsa may be set afterwards. */
enum error tls_verify_attach(SSL *ssl, struct tls_verify *verify);

/* The one attached, or NULL. */
struct tls_verify *tls_verify_of(const SSL *ssl);

/*
 * To be called first by each context's message callback (SSL_CTX_set_msg_callback): a chain that would cost
 * too much to read ends the handshake before OpenSSL reads it, and verify->limit says so.
 */
void tls_message_seen(int written, int version, int type, const void *data, size_t len, const SSL *ssl);

/*
 * After a handshake that completed: version, cipher, group, certificates as presented, errors, name_match
 * against `reference` by X509_check_host with NEVER_CHECK_SUBJECT and NO_PARTIAL_WILDCARDS (one leftmost
 * label for *). facts->end becomes TLS_DONE. What is past CHAIN_CERTS_KEPT or does not fit the arena is left
 * out: facts->truncated. The error queue is left as it was. The facts of a hostile chain take up to 400 KiB
 * of the arena, those of an honest one about 10.
 */
void tls_facts_collect(SSL *ssl, const struct tls_verify *verify, const char *reference, struct arena *arena,
                       struct tls_facts *facts);

/* After one that failed: takes the first error of this thread's queue (and empties it) into error_reason,
 * error_text, alert; facts->end becomes TLS_FAILED, or TLS_CLOSED where that error says that the peer closed,
 * or none stands there as it did so in good order.
 * Certificates seen so far are collected where there are any. */
void tls_facts_failure(SSL *ssl, const struct tls_verify *verify, const char *reference, struct arena *arena,
                       struct tls_facts *facts);

/* The same for an error that was only peeked at, because the queue is somebody else's to empty. */
void tls_facts_error(SSL *ssl, const struct tls_verify *verify, const char *reference, unsigned long error,
                     struct arena *arena, struct tls_facts *facts);

/*
 * Where a TLSA record of usage 2 stands: signed_by of each certificate (by name, key identifiers, key usage
 * and signature) and tlsa_signs. Costs a signature verification for each certificate, 20 and COST_FACTS_US
 * at most (where that is not enough, facts are truncated); nothing
 * where no such record stands or tlsa is NULL. chain is the one that facts->certs were made of. Called by
 * tls_facts_collect with the verify's tlsa.
 */
void tls_facts_dane(const STACK_OF(X509) * chain, const struct tlsa_facts *tlsa, struct tls_facts *facts);

/* One certificate, signed_by left at -1. false where the arena is full. DNS-IDs are kept up to
 * the ceilings of scanner/facts/record_kept.h, past them names_cut. left_us: what verifying its own signature
 * may cost; that is taken off. Where it is not enough, self_signed is false. */
bool cert_facts_collect(X509 *cert, uint32_t *left_us, struct arena *arena, struct cert_facts *facts);

/* What reading and using the certificate's key costs. */
struct key_cost cert_key_cost(const X509 *cert);

/* NIST's name ("P-256") for OpenSSL's ("prime256v1"); other names as they are. */
const char *tls_curve_name(const char *name);

/* Text of a peer's as printable ASCII, other bytes and the backslash as \DDD; what stands past
 * the first `limit` bytes is left out. NULL where the arena is full. */
const char *peer_text(struct arena *arena, struct bytes text, size_t limit);

#endif
