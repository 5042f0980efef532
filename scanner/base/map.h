/*
 * A map is an intrusive hash table: its nodes live inside structs that the caller owns. Keys are hashed with
 * a seed (XXH3), so that strangers who choose the keys cannot choose the buckets. One thread.
 */
#ifndef STSWEEP_BASE_MAP_H
#define STSWEEP_BASE_MAP_H

#include "scanner/base/bytes.h"

struct map_node {
    struct map_node *next;
    uint64_t hash;
};

struct map {
    struct map_node **buckets; /* owned */
    size_t capacity;           /* a power of two, or 0 */
    size_t count;
    uint64_t seed;
    bool (*is_key)(const struct map_node *node, struct bytes key);
};

void map_init(struct map *map, uint64_t seed, bool (*is_key)(const struct map_node *node, struct bytes key));
void map_dispose(struct map *map); /* the nodes are the caller's */

struct map_node *map_find(const struct map *map, struct bytes key);

/* Adds a node whose key is not in the map yet. Without memory for a larger table the old one gets fuller;
 * false only if there is no table at all. */
bool map_add(struct map *map, struct map_node *node, struct bytes key);
void map_remove(struct map *map, struct map_node *node);

/* Calls visit for every node; visit may remove and free the one that it is given. */
void map_each(struct map *map, void (*visit)(struct map_node *node, void *arg), void *arg);

/* Returns the same hash for other uses: which loop owns a key. */
uint64_t map_hash(struct bytes key, uint64_t seed);

#endif
