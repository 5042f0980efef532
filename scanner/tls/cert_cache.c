/* Keeps facts of certificates by their bytes, those used last. */
#include "scanner/tls/cert_cache.h"

#include <stdlib.h>

#include "scanner/base/recent.h"
#include "scanner/facts/fields.h"
#include "scanner/tls/trust.h"

enum { ARENA_BYTES = 256 << 10, FIRST_BYTES = 1024, HEAP_BYTES = 32 };

struct entry {
    struct recent_node recent;
    struct arena arena;
    struct cert_facts facts;
    uint32_t cost_us; /* of verifying its own signature */
};

struct cert_cache {
    struct recent recent; /* by the bytes of the certificate; they weigh bytes */
    uint64_t hits, misses;
};

static bool is_key(const struct map_node *node, struct bytes der)
{
    const struct entry *entry = (const struct entry *)(const void *)node;
    return bytes_equal(entry->facts.der, der);
}

static void free_entry(struct recent_node *node)
{
    struct entry *entry = (struct entry *)(void *)node;
    arena_dispose(&entry->arena);
    free(entry);
}

struct cert_cache *cert_cache_create(size_t ceiling_bytes)
{
    struct cert_cache *cache = calloc(1, sizeof *cache);
    if (cache != NULL) /* few entries: however keys are chosen, a bucket is short */
        recent_init(&cache->recent, ceiling_bytes, 0, is_key, free_entry);
    return cache;
}

void cert_cache_destroy(struct cert_cache *cache)
{
    if (cache == NULL)
        return;
    recent_dispose(&cache->recent);
    free(cache);
}

static bool copy(const struct cert_facts *from, struct arena *arena, struct cert_facts *to)
{
    fields_copy(&fields_cert, from, arena, KEPT_ALL, to);
    to->signed_by = from->signed_by;
    return !arena->full;
}

/* Keeps the facts; without memory, or if they are larger than all that may be kept, they are not. */
static void keep(struct cert_cache *cache, const struct cert_facts *facts, uint32_t cost_us)
{
    struct entry *entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return;
    arena_init_small(&entry->arena, ARENA_BYTES, FIRST_BYTES);
    entry->cost_us = cost_us;
    const bool whole = copy(facts, &entry->arena, &entry->facts);
    const size_t bytes = sizeof *entry + entry->arena.held_bytes + HEAP_BYTES;
    if (whole && bytes <= cache->recent.ceiling) {
        recent_trim(&cache->recent, bytes);
        if (recent_add(&cache->recent, &entry->recent, entry->facts.der, bytes))
            return;
    }
    free_entry(&entry->recent);
}

static bool collect_anew(struct cert_cache *cache, X509 *cert, uint32_t *left_us, struct arena *arena,
                         struct cert_facts *facts)
{
    const uint32_t before_us = *left_us;
    cache->misses++;
    if (!cert_facts_collect(cert, left_us, arena, facts))
        return false;
    const uint32_t cost_us = before_us - *left_us;
    /* If its own signature was not verified, there may have been too little left for it. */
    if (!facts->self_issued || facts->self_signed || cost_us > 0)
        keep(cache, facts, cost_us);
    return true;
}

bool cert_cache_collect(struct cert_cache *cache, X509 *cert, uint32_t *left_us, struct arena *arena,
                        struct cert_facts *facts)
{
    unsigned char *der = NULL;
    if (cache == NULL)
        return cert_facts_collect(cert, left_us, arena, facts);
    int len = i2d_X509(cert, &der);
    const struct bytes key = bytes_make(der, len > 0 ? (size_t)len : 0);
    struct entry *entry = len > 0 ? (struct entry *)(void *)recent_find(&cache->recent, key) : NULL;
    OPENSSL_free(der);
    if (entry == NULL || entry->cost_us > *left_us)
        return collect_anew(cache, cert, left_us, arena, facts);
    cache->hits++;
    *left_us -= entry->cost_us;
    return copy(&entry->facts, arena, facts);
}

struct cert_cache_counts cert_cache_counts(const struct cert_cache *cache)
{
    return (struct cert_cache_counts){cache->hits, cache->misses, cache->recent.map.count,
                                      cache->recent.weight};
}
