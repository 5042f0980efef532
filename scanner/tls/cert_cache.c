/* Keeps a map of certificates by their bytes and a list by last use. */
#include "scanner/tls/cert_cache.h"

#include <stdlib.h>

#include "scanner/base/list.h"
#include "scanner/base/map.h"
#include "scanner/facts/fields.h"
#include "scanner/tls/trust.h"

enum { ARENA_BYTES = 256 << 10, FIRST_BYTES = 1024, HEAP_BYTES = 32 };

struct entry {
    struct map_node node;
    struct list link; /* of cache->used, the latest last */
    struct arena arena;
    struct cert_facts facts;
    uint32_t cost_us; /* of verifying its own signature */
};

struct cert_cache {
    struct map entries; /* by the bytes of the certificate */
    struct list used;
    size_t bytes, ceiling_bytes;
    uint64_t hits, misses;
};

static bool is_key(const struct map_node *node, struct bytes der)
{
    const struct entry *entry = (const struct entry *)(const void *)node;
    return bytes_equal(entry->facts.der, der);
}

struct cert_cache *cert_cache_create(size_t ceiling_bytes)
{
    struct cert_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        return NULL;
    map_init(&cache->entries, 0, is_key); /* few entries: however keys are chosen, a bucket is short */
    list_init(&cache->used);
    cache->ceiling_bytes = ceiling_bytes;
    return cache;
}

static size_t bytes_of_entry(const struct entry *entry)
{
    return sizeof *entry + entry->arena.held_bytes + HEAP_BYTES;
}

static void free_entry(struct entry *entry)
{
    arena_dispose(&entry->arena);
    free(entry);
}

static void drop_to(struct cert_cache *cache, size_t bytes)
{
    struct list *link;
    while (cache->bytes > bytes && (link = list_first(&cache->used)) != NULL) {
        struct entry *entry = list_entry(link, struct entry, link);
        cache->bytes -= bytes_of_entry(entry);
        map_remove(&cache->entries, &entry->node);
        list_remove(&entry->link);
        free_entry(entry);
    }
}

void cert_cache_destroy(struct cert_cache *cache)
{
    if (cache == NULL)
        return;
    drop_to(cache, 0);
    map_dispose(&cache->entries);
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
    if (!copy(facts, &entry->arena, &entry->facts) || bytes_of_entry(entry) > cache->ceiling_bytes ||
        !map_add(&cache->entries, &entry->node, entry->facts.der)) {
        free_entry(entry);
        return;
    }
    drop_to(cache, cache->ceiling_bytes - bytes_of_entry(entry));
    cache->bytes += bytes_of_entry(entry);
    list_init(&entry->link);
    list_add(&cache->used, &entry->link);
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
    struct entry *entry = len > 0 ? (struct entry *)(void *)map_find(&cache->entries, key) : NULL;
    OPENSSL_free(der);
    if (entry == NULL || entry->cost_us > *left_us)
        return collect_anew(cache, cert, left_us, arena, facts);
    cache->hits++;
    list_remove(&entry->link);
    list_add(&cache->used, &entry->link);
    *left_us -= entry->cost_us;
    return copy(&entry->facts, arena, facts);
}

struct cert_cache_counts cert_cache_counts(const struct cert_cache *cache)
{
    return (struct cert_cache_counts){cache->hits, cache->misses, cache->entries.count, cache->bytes};
}
