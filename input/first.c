/* Keeps a set of hashes, by open addressing. */
#include "input/first.h"

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "scanner/base/seed.h"

enum { FIRST_SLOTS = 1024 };

struct first {
    uint64_t limit, count;
    XXH128_hash_t *slots; /* owned; all zero is free */
    size_t capacity;      /* a power of two */
};

struct first *first_create(uint64_t limit)
{
    struct first *first = calloc(1, sizeof *first);
    if (first == NULL)
        return NULL;
    first->limit = limit;
    first->capacity = FIRST_SLOTS;
    first->slots = calloc(first->capacity, sizeof *first->slots);
    if (first->slots != NULL)
        return first;
    free(first);
    return NULL;
}

void first_destroy(struct first *first)
{
    if (first == NULL)
        return;
    free(first->slots);
    free(first);
}

static bool is_free(const XXH128_hash_t *slot)
{
    return slot->low64 == 0 && slot->high64 == 0;
}

/* Finds the slot of a hash, or a free one for it. */
static XXH128_hash_t *slot_of(XXH128_hash_t *slots, size_t capacity, const XXH128_hash_t *hash)
{
    size_t at = (size_t)hash->low64 & (capacity - 1);
    while (!is_free(&slots[at]) && !XXH128_isEqual(slots[at], *hash))
        at = (at + 1) & (capacity - 1);
    return &slots[at];
}

static enum error grow(struct first *first)
{
    size_t capacity = first->capacity * 2;
    XXH128_hash_t *larger = calloc(capacity, sizeof *larger);
    if (larger == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < first->capacity; i++)
        if (!is_free(&first->slots[i]))
            *slot_of(larger, capacity, &first->slots[i]) = first->slots[i];
    free(first->slots);
    first->slots = larger;
    first->capacity = capacity;
    return ERR_OK;
}

enum error first_take(struct first *first, const char *name, bool *within)
{
    *within = first->count < first->limit;
    if (!*within)
        return ERR_OK;
    XXH128_hash_t hash = XXH3_128bits_withSeed(name, strlen(name), hash_seed());
    hash.high64 |= is_free(&hash);
    XXH128_hash_t *slot = slot_of(first->slots, first->capacity, &hash);
    if (!is_free(slot))
        return ERR_OK;
    *slot = hash;
    first->count++;
    return first->count * 2 > first->capacity ? grow(first) : ERR_OK;
}
