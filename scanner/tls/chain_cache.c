/* Keeps verdicts by key, those used last. It knows nothing of certificates. */
#include "scanner/tls/chain_cache.h"

#include <stdlib.h>

#include "scanner/base/recent.h"

struct entry {
    struct recent_node recent;
    uint8_t key[CHAIN_KEY_BYTES];
    struct chain_verdict verdict;
};

struct chain_cache {
    struct recent recent; /* each weighs one */
    const struct chain_dates *roots;
    uint64_t hits, misses;
};

static bool is_key(const struct map_node *node, struct bytes key)
{
    const struct entry *entry = (const struct entry *)(const void *)node;
    return memcmp(entry->key, key.data, CHAIN_KEY_BYTES) == 0;
}

static void free_entry(struct recent_node *node)
{
    free(node); /* the first member of an entry */
}

struct chain_cache *chain_cache_create(size_t most, const struct chain_dates *roots)
{
    struct chain_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        return NULL;
    /* Few entries: however keys are chosen, a bucket is short. */
    recent_init(&cache->recent, most, 0, is_key, free_entry);
    cache->roots = roots;
    return cache;
}

const struct chain_dates *chain_cache_roots(const struct chain_cache *cache)
{
    return cache->roots;
}

void chain_cache_destroy(struct chain_cache *cache)
{
    if (cache == NULL)
        return;
    recent_dispose(&cache->recent);
    free(cache);
}

static struct entry *find(struct chain_cache *cache, const uint8_t key[CHAIN_KEY_BYTES])
{
    return (struct entry *)(void *)recent_find(&cache->recent, bytes_make(key, CHAIN_KEY_BYTES));
}

const struct chain_verdict *chain_cache_find(struct chain_cache *cache, const uint8_t key[CHAIN_KEY_BYTES],
                                             int64_t now)
{
    struct entry *entry = find(cache, key);
    if (entry == NULL || now < entry->verdict.from || now >= entry->verdict.until) {
        cache->misses++;
        return NULL;
    }
    cache->hits++;
    return &entry->verdict;
}

void chain_cache_add(struct chain_cache *cache, const uint8_t key[CHAIN_KEY_BYTES],
                     const struct chain_verdict *verdict)
{
    struct entry *entry = find(cache, key);
    if (entry != NULL) {
        entry->verdict = *verdict;
        return;
    }
    recent_trim(&cache->recent, 1);
    entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return;
    memcpy(entry->key, key, CHAIN_KEY_BYTES);
    entry->verdict = *verdict;
    if (!recent_add(&cache->recent, &entry->recent, bytes_make(key, CHAIN_KEY_BYTES), 1))
        free(entry);
}

struct chain_cache_counts chain_cache_counts(const struct chain_cache *cache)
{
    return (struct chain_cache_counts){cache->hits, cache->misses, cache->recent.map.count};
}
