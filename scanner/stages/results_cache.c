/* Keeps results by host, address and round, each with an arena of its own, those used last. */
#include "scanner/stages/results_cache.h"

#include <stdlib.h>

enum { ARENA_BYTES = 8 << 20, FIRST_BYTES = 2048, KEY_BYTES = 1100, HEAP_BYTES = 64 };

struct result {
    struct recent_node recent;
    struct arena arena;
    struct replay_look look;
    size_t key_len;
    char key[];
};

static bool is_result(const struct map_node *node, struct bytes key)
{
    const struct result *result = (const struct result *)node;
    return result->key_len == key.len && memcmp(result->key, key.data, key.len) == 0;
}

/* Writes the key as bytes; false: no host has such a name. */
static bool write_key(const struct result_key *key, char text[KEY_BYTES], size_t *len)
{
    size_t host = strlen(key->host), at = 0;
    if (host > KEY_BYTES - 32)
        return false;
    memcpy(text, &key->round, sizeof key->round);
    at += sizeof key->round;
    text[at++] = (char)key->ip.family;
    memcpy(text + at, key->ip.bytes, sizeof key->ip.bytes);
    at += sizeof key->ip.bytes;
    memcpy(text + at, key->host, host);
    *len = at + host;
    return true;
}

static void free_result(struct recent_node *node)
{
    struct result *result = (struct result *)(void *)node;
    arena_dispose(&result->arena);
    free(result);
}

void results_cache_init(struct results_cache *cache, size_t ceiling_bytes, uint64_t seed)
{
    recent_init(&cache->recent, ceiling_bytes, seed, is_result, free_result);
}

void results_cache_next(struct results_cache *cache)
{
    recent_trim(&cache->recent, 0);
}

void results_cache_dispose(struct results_cache *cache)
{
    recent_dispose(&cache->recent);
}

static enum error add(struct results_cache *cache, const struct result_key *key, struct bytes text,
                      results_decode decode, void *arg, struct replay_look *look)
{
    struct result *result = calloc(1, sizeof *result + text.len);
    if (result == NULL)
        return ERR_MEMORY;
    arena_init_small(&result->arena, ARENA_BYTES, FIRST_BYTES);
    result->key_len = text.len;
    memcpy(result->key, text.data, text.len);
    enum error error = decode(arg, key, &result->arena, &result->look);
    const size_t bytes = sizeof *result + text.len + result->arena.held_bytes + HEAP_BYTES;
    if (error == ERR_OK && !recent_add(&cache->recent, &result->recent, text, bytes))
        error = ERR_MEMORY;
    if (error != ERR_OK) {
        free_result(&result->recent);
        return error;
    }
    *look = result->look;
    return ERR_OK;
}

enum error results_cache_get(struct results_cache *cache, const struct result_key *key, results_decode decode,
                             void *arg, struct replay_look *look, bool *cached)
{
    char text[KEY_BYTES];
    size_t len;
    if (!write_key(key, text, &len))
        return ERR_NOT_FOUND;
    struct result *result = (struct result *)(void *)recent_find(&cache->recent, bytes_make(text, len));
    *cached = result != NULL;
    if (result == NULL)
        return add(cache, key, bytes_make(text, len), decode, arg, look);
    *look = result->look;
    return ERR_OK;
}
