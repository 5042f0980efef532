/*
 * Remembers which signatures of certificates were found good, so that each is verified once: the intermediate
 * certificates of a few authorities come again with every other host, though chains as a whole do not.
 *
 * Verifying is a pure function. Of EC keys it is kept that a signature is good, by the SHA-256 over curve,
 * key, digest and signature; of RSA keys what the signature holds, by the SHA-256 over padding, key and
 * signature: OpenSSL holds it against the digest itself, each time. Each part has its length before it. What
 * is not found is verified as ever, and what was found bad is not kept. Only what is verified between
 * tls_verified_begin and tls_verified_end of the same thread counts, which is the validation of a path:
 * signatures of handshakes never do.
 *
 * It works by methods for EC and RSA keys, which OpenSSL asks only if keys are read by the code that it
 * inherited: it is used beside the legacy decoder (scanner/tls/legacy.h), and nowhere else. RSA with PSS,
 * Ed25519, and curves that are spelled out are verified each time.
 *
 * Any thread may use it: the memory, half a MiB, is one for all.
 */
#ifndef STSWEEP_TLS_VERIFIED_H
#define STSWEEP_TLS_VERIFIED_H

#include <stdbool.h>
#include <stdint.h>

/* Makes the process remember. Call it after tls_legacy_decoder_use, before there is a second thread and
 * before any key is read; calling it again does no harm. false, with nothing changed, without memory. */
bool tls_verified_use(void);

/* Ends it and forgets. Call it when other threads have ended; keys that were read stay good. */
void tls_verified_drop(void);

/* Says that this thread begins, or ends, to validate a path. */
void tls_verified_begin(void);
void tls_verified_end(void);

/* Counts of all threads, since tls_verified_use. */
struct tls_verified_counts {
    uint64_t asked; /* signatures of a kind that is kept */
    uint64_t known; /* of them, those that were found */
};

struct tls_verified_counts tls_verified_count(void);

#endif
