/* Keeps nodes in chained buckets, whose number doubles when there are as many nodes as buckets. */
#include "scanner/base/map.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { FIRST_BUCKETS = 64 };

uint64_t map_hash(struct bytes key, uint64_t seed)
{
    return XXH3_64bits_withSeed(key.data, key.len, seed);
}

void map_init(struct map *map, uint64_t seed, bool (*is_key)(const struct map_node *node, struct bytes key))
{
    *map = (struct map){.seed = seed, .is_key = is_key};
}

void map_dispose(struct map *map)
{
    free(map->buckets);
    map_init(map, map->seed, map->is_key);
}

static struct map_node **bucket_of(const struct map *map, uint64_t hash)
{
    return &map->buckets[hash & (map->capacity - 1)];
}

struct map_node *map_find(const struct map *map, struct bytes key)
{
    if (map->capacity == 0)
        return NULL;
    uint64_t hash = map_hash(key, map->seed);
    for (struct map_node *node = *bucket_of(map, hash); node != NULL; node = node->next)
        if (node->hash == hash && map->is_key(node, key))
            return node;
    return NULL;
}

static void grow(struct map *map)
{
    struct map larger = *map;
    larger.capacity = map->capacity == 0 ? FIRST_BUCKETS : map->capacity * 2;
    larger.buckets = calloc(larger.capacity, sizeof *larger.buckets);
    if (larger.buckets == NULL)
        return;
    for (size_t i = 0; i < map->capacity; i++) {
        struct map_node *node = map->buckets[i];
        while (node != NULL) {
            struct map_node *next = node->next;
            struct map_node **bucket = bucket_of(&larger, node->hash);
            node->next = *bucket;
            *bucket = node;
            node = next;
        }
    }
    free(map->buckets);
    *map = larger;
}

bool map_add(struct map *map, struct map_node *node, struct bytes key)
{
    if (map->count >= map->capacity)
        grow(map);
    if (map->capacity == 0)
        return false;
    node->hash = map_hash(key, map->seed);
    struct map_node **bucket = bucket_of(map, node->hash);
    node->next = *bucket;
    *bucket = node;
    map->count++;
    return true;
}

void map_remove(struct map *map, struct map_node *node)
{
    struct map_node **link = bucket_of(map, node->hash);
    while (*link != node)
        link = &(*link)->next;
    *link = node->next;
    map->count--;
}

void map_each(struct map *map, void (*visit)(struct map_node *node, void *arg), void *arg)
{
    for (size_t i = 0; i < map->capacity; i++) {
        struct map_node *node = map->buckets[i];
        while (node != NULL) {
            struct map_node *next = node->next;
            visit(node, arg);
            node = next;
        }
    }
}
