/* Keeps a map by key and a list by last use. It knows nothing of certificates. */
#include "scanner/tls/chain_cache.h"

#include <stdlib.h>

#include "scanner/base/list.h"
#include "scanner/base/map.h"

struct entry {
    struct map_node node;
    struct list link; /* of cache->used, the latest last */
    uint8_t key[CHAIN_KEY_BYTES];
    struct chain_verdict verdict;
};

struct chain_cache {
    struct map entries;
    struct list used;
    size_t most;
    const struct chain_dates *roots;
    uint64_t hits, misses;
};

static bool is_key(const struct map_node *node, struct bytes key)
{
    const struct entry *entry = (const struct entry *)(const void *)node;
    return memcmp(entry->key, key.data, CHAIN_KEY_BYTES) == 0;
}

struct chain_cache *chain_cache_create(size_t most, const struct chain_dates *roots)
{
    struct chain_cache *cache = calloc(1, sizeof *cache);
    if (cache == NULL)
        return NULL;
    map_init(&cache->entries, 0, is_key); /* few entries: however keys are chosen, a bucket is short */
    list_init(&cache->used);
    cache->most = most;
    cache->roots = roots;
    return cache;
}

const struct chain_dates *chain_cache_roots(const struct chain_cache *cache)
{
    return cache->roots;
}

static void forget(struct chain_cache *cache, struct entry *entry)
{
    map_remove(&cache->entries, &entry->node);
    list_remove(&entry->link);
    free(entry);
}

void chain_cache_destroy(struct chain_cache *cache)
{
    struct list *link;
    if (cache == NULL)
        return;
    while ((link = list_first(&cache->used)) != NULL)
        forget(cache, list_entry(link, struct entry, link));
    map_dispose(&cache->entries);
    free(cache);
}

static struct entry *find(const struct chain_cache *cache, const uint8_t key[CHAIN_KEY_BYTES])
{
    return (struct entry *)(void *)map_find(&cache->entries, bytes_make(key, CHAIN_KEY_BYTES));
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
    list_remove(&entry->link);
    list_add(&cache->used, &entry->link);
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
    if (cache->entries.count >= cache->most && list_first(&cache->used) != NULL)
        forget(cache, list_entry(list_first(&cache->used), struct entry, link));
    entry = calloc(1, sizeof *entry);
    if (entry == NULL)
        return;
    memcpy(entry->key, key, CHAIN_KEY_BYTES);
    entry->verdict = *verdict;
    list_init(&entry->link);
    if (map_add(&cache->entries, &entry->node, bytes_make(key, CHAIN_KEY_BYTES)))
        list_add(&cache->used, &entry->link);
    else
        free(entry);
}

struct chain_cache_counts chain_cache_counts(const struct chain_cache *cache)
{
    return (struct chain_cache_counts){cache->hits, cache->misses, cache->entries.count};
}
