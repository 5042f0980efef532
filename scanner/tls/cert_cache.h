/*
 * Keeps the facts of certificates seen before: an intermediate stands behind thousands of leaves, and what a
 * provider presents on thousands of addresses is the same. To collect them anew costs four digests, two names
 * printed and two extensions decoded. A certificate is the same if all its bytes are; its facts do not depend
 * on a time or a name, so what is given is what cert_facts_collect would give.
 *
 * Bounded: past its size the certificate that was used longest ago goes. One loop.
 */
#ifndef STSWEEP_TLS_CERT_CACHE_H
#define STSWEEP_TLS_CERT_CACHE_H

#include <openssl/x509.h>

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"

enum { CERTS_KEPT_BYTES = 512 << 10 };

struct cert_cache;

/* Makes a cache of that many bytes, all counted. NULL without memory. */
struct cert_cache *cert_cache_create(size_t ceiling_bytes);
void cert_cache_destroy(struct cert_cache *cache); /* NULL is fine */

/* Does what cert_facts_collect does (trust.h), from the cache if it can; cache: NULL for none. All that
 * *facts points to lives in arena. */
bool cert_cache_collect(struct cert_cache *cache, X509 *cert, uint32_t *left_us, struct arena *arena,
                        struct cert_facts *facts);

/* Figures for tests and measurements. */
struct cert_cache_counts {
    uint64_t hits, misses;
    size_t kept, bytes;
};
struct cert_cache_counts cert_cache_counts(const struct cert_cache *cache);

#endif
