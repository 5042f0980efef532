/*
 * Caches the result of path validation for chains seen before. Providers present the same chain on thousands
 * of addresses, and each signature in it costs as much as the rest of a probe. The key of an entry is the
 * SHA-256 of all presented certificates in their order and of the parameters of validation. The entry holds
 * the errors of validation, and the time in which they cannot change: validation asks the clock only whether
 * dates in certificates have passed, so between two dates of the presented certificates and the roots its
 * answer is constant. Names are no part of it; they are judged at each use.
 *
 * A cache is for one store of roots, and bounded: past its size the entry that was used longest ago goes. One
 * loop.
 */
#ifndef STSWEEP_TLS_CHAIN_CACHE_H
#define STSWEEP_TLS_CHAIN_CACHE_H

#include "scanner/base/bytes.h"
#include "scanner/facts/record.h"

enum { CHAIN_KEY_BYTES = 32, CHAINS_KEPT = 4096 };

/* The facts of one path validation. In spite of its name it is no verdict: scanner/verdict judges it. */
struct chain_verdict {
    struct chain_error errors[CHAIN_ERRORS_KEPT];
    size_t error_count;
    int last_error;      /* the result that OpenSSL keeps: the error met last, or X509_V_OK */
    int64_t from, until; /* seconds since 1970; holds at from <= now < until */
};

struct chain_cache;
struct chain_dates;

/* Makes a cache of at most `most` chains (about 250 bytes each), validated against roots with these dates,
 * which outlive it. NULL without memory. */
struct chain_cache *chain_cache_create(size_t most, const struct chain_dates *roots);
const struct chain_dates *chain_cache_roots(const struct chain_cache *cache);
void chain_cache_destroy(struct chain_cache *cache); /* NULL is fine */

/* Finds the facts of a chain; NULL if it is not known, or not for this time. Good until the next call. */
const struct chain_verdict *chain_cache_find(struct chain_cache *cache, const uint8_t key[CHAIN_KEY_BYTES],
                                             int64_t now);

/* Adds an entry; without memory it is dropped. */
void chain_cache_add(struct chain_cache *cache, const uint8_t key[CHAIN_KEY_BYTES],
                     const struct chain_verdict *verdict);

/* Figures for tests and measurements. */
struct chain_cache_counts {
    uint64_t hits, misses;
    size_t kept;
};
struct chain_cache_counts chain_cache_counts(const struct chain_cache *cache);

#endif
