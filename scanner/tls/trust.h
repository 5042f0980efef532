/*
 * Sets up TLS for both kinds of client here, and collects its facts: one X509_STORE for the process, path
 * validation that notes its errors and lets the handshake go on (TLS-5), the facts of handshakes and
 * certificates. scanner/verdict judges them.
 */
#ifndef STSWEEP_TLS_TRUST_H
#define STSWEEP_TLS_TRUST_H

#include <openssl/ssl.h>

#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/facts/record.h"

/* The process's trusted roots; immutable once made, so that all loops may use it. */
struct trust;
struct cert_cache;
struct chain_cache;
struct chain_dates;
struct key_cost;

/* Reads PEM roots. NULL with *why if the file cannot be read or holds none. */
struct trust *trust_create(const char *ca_file, const char **why);
void trust_destroy(struct trust *trust);
X509_STORE *trust_store(struct trust *trust);
size_t trust_root_count(const struct trust *trust);

/* Sets which key exchange groups every ClientHello offers first, as tls.groups says; before there are
 * contexts. A trust that was just made offers the usual ones alone (tls/groups.h). ERR_CONFIG with *why,
 * which may be NULL. */
enum error trust_offer(struct trust *trust, const char *groups, struct buf *why);

/* Says whether a ClientHello with these groups may be more than one segment. */
bool trust_offers_large(const struct trust *trust);

/* Returns the dates at which roots begin or cease to be valid; they live as long as the trust. */
const struct chain_dates *trust_dates(const struct trust *trust);

/* Sets OpenSSL up without the system's configuration file, as a survey's results must not hang on it. Call it
 * before anything else of OpenSSL (calling it again does no harm; trust_create does it too). */
void tls_library_init(void);

/* The facts of path validation, collected by the verify callback, one for each SSL. If there are more errors
 * than room, those of the leaf are kept. */
struct tls_verify {
    struct chain_error errors[CHAIN_ERRORS_KEPT];
    size_t error_count;
    int64_t time;                  /* wall clock, ms: when the chain was validated; 0: it was not */
    int64_t other_time;            /* record_tls.h */
    enum tls_limit limit;          /* the work that was left out, as it would cost too much (wire/cost.h) */
    const struct tlsa_facts *tlsa; /* the host's TLSA records, or NULL; outlives the handshake */
};

/*
 * Makes ctx validate against the trust's store, note errors in the struct tls_verify attached to the SSL, and
 * never abort. Also: TLS 1.2 as the least version, the groups of the trust's offer, security level 1
 * (objections of level 2 to certificates are among the errors noted), release buffers, a bound on the
 * certificate list (100 KiB), no session cache, no session tickets kept, no renegotiation. The context is
 * then good for clients without a verify attached, too.
 */
enum error tls_context_setup(SSL_CTX *ctx, struct trust *trust);

/* Makes ctx offer the usual groups alone, with one small key share. Call it after tls_context_setup. */
enum error tls_context_small(SSL_CTX *ctx, const struct trust *trust);

/*
 * Makes ctx ask the cache before it validates a chain, and keep new results there. Call it after
 * tls_context_setup. The errors noted are the same as without a cache, in the same order, at any time
 * (tls/chain_cache.h). The cache (NULL for none) is used with this trust only, by one loop, and outlives ctx.
 */
void tls_context_cache(SSL_CTX *ctx, struct chain_cache *cache);

/* Makes tls_facts_collect take the facts of certificates from the cache if they are there, and keep them: the
 * same as without. The cache is used by one loop and outlives the connections of ctx. */
void tls_context_certs(SSL_CTX *ctx, struct cert_cache *cache);

/*
 * Makes ctx take what a sender that honours MTA-STS does not (TLS-4): every version and cipher that this
 * build of OpenSSL has up to 1.2, also without authentication or encryption, keys and signatures of any
 * strength, unusual curves, servers without RFC 5746. Call it after tls_context_setup, and only to see what a
 * server can do at all.
 */
enum error tls_context_permit(SSL_CTX *ctx);

/* Makes ssl, of a permissive context, offer no finite-field Diffie-Hellman, and TLS 1.3 as well. false: out
 * of memory. */
bool tls_leave_out_dh(SSL *ssl);

/* Attaches verify (which outlives the SSL's handshake) to ssl, emptied; tlsa may be set afterwards. */
enum error tls_verify_attach(SSL *ssl, struct tls_verify *verify);

/* Returns the verify that is attached, or NULL. */
struct tls_verify *tls_verify_of(const SSL *ssl);

/*
 * Ends the handshake before OpenSSL reads a chain that would cost too much to read; verify->limit says so.
 * Each context's message callback (SSL_CTX_set_msg_callback) calls it first. Defined in ceiling.c.
 */
void tls_message_seen(int written, int version, int type, const void *data, size_t len, const SSL *ssl);

/*
 * Collects the facts of a completed handshake: version, cipher, group, certificates as presented, errors,
 * name_match against `reference` by X509_check_host with NEVER_CHECK_SUBJECT and NO_PARTIAL_WILDCARDS (one
 * leftmost label for *). facts->end becomes TLS_DONE. Certificates past CHAIN_CERTS_KEPT, or that do not fit
 * the arena, are left out: facts->truncated. The error queue is left as it was. The facts of a hostile chain
 * take up to 400 KiB of the arena, those of an honest one about 10.
 */
void tls_facts_collect(SSL *ssl, const struct tls_verify *verify, const char *reference, struct arena *arena,
                       struct tls_facts *facts);

/*
 * Returns the error of this thread's queue that says why a handshake failed: the first, unless it comes from
 * inside (a key, an encoding) and the last is the TLS library's own. Releases of OpenSSL differ in what they
 * leave of the inside. 0: none.
 */
unsigned long tls_error_told(void);

/* Collects the facts of a failed handshake: takes tls_error_told (and empties the queue) into error_reason,
 * error_text, alert. facts->end becomes TLS_FAILED, or TLS_CLOSED if the error says that
 * the peer closed, or if there is none, as the peer closed in good order. Certificates seen so far are
 * collected. */
void tls_facts_failure(SSL *ssl, const struct tls_verify *verify, const char *reference, struct arena *arena,
                       struct tls_facts *facts);

/* Does the same for an error that was only peeked at, because somebody else empties the queue. */
void tls_facts_error(SSL *ssl, const struct tls_verify *verify, const char *reference, unsigned long error,
                     struct arena *arena, struct tls_facts *facts);

/*
 * Fills in signed_by of each certificate (by name, key identifiers, key usage and signature) and tlsa_signs
 * if there is a TLSA record of usage 2. It costs a signature verification for each certificate, 20 and
 * COST_FACTS_US at most (if that is not enough, facts are truncated), and nothing if there is no such record
 * or tlsa is NULL. chain is the one that facts->certs were made of. Called by tls_facts_collect with the
 * verify's tlsa.
 */
void tls_facts_dane(const STACK_OF(X509) * chain, const struct tlsa_facts *tlsa, struct tls_facts *facts);

/* Collects the facts of one certificate; signed_by is left at -1. false if the arena is full. DNS-IDs are
 * kept up to the ceilings of scanner/facts/record_kept.h, past them names_cut. left_us: what verifying its
 * own signature may cost; the cost is taken off. If it is not enough, self_signed is false. */
bool cert_facts_collect(X509 *cert, uint32_t *left_us, struct arena *arena, struct cert_facts *facts);

/* Returns the cost of reading and using the certificate's key. */
struct key_cost cert_key_cost(const X509 *cert);

/* Returns NIST's name ("P-256") for OpenSSL's ("prime256v1"); other names as they are. */
const char *tls_curve_name(const char *name);

/* Makes a peer's text printable ASCII, other bytes and the backslash as \DDD; only the first `limit` bytes
 * are kept. NULL if the arena is full. */
const char *peer_text(struct arena *arena, struct bytes text, size_t limit);

#endif
