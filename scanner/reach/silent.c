/* Open addressing with linear probing over hashes; nothing is ever taken out singly. */
#include "scanner/reach/silent.h"

#include <stdlib.h>

#include "scanner/base/map.h"

enum { FIRST_CAPACITY = 64 };

void silent_init(struct silent *set, uint64_t seed)
{
    *set = (struct silent){.seed = seed};
}

void silent_dispose(struct silent *set)
{
    free(set->places);
    silent_init(set, set->seed);
}

void silent_clear(struct silent *set)
{
    silent_dispose(set);
}

static uint64_t hash_of(const struct silent *set, struct bytes key)
{
    uint64_t hash = map_hash(key, set->seed);
    return hash == 0 ? 1 : hash;
}

/* The hash itself, or the free place where it belongs: there is always a free one. */
static uint64_t *find(const struct silent *set, uint64_t hash)
{
    size_t place = (size_t)hash & (set->capacity - 1);
    while (set->places[place] != 0 && set->places[place] != hash)
        place = (place + 1) & (set->capacity - 1);
    return &set->places[place];
}

static bool grow(struct silent *set)
{
    struct silent larger = *set;
    larger.capacity = set->capacity == 0 ? FIRST_CAPACITY : set->capacity * 2;
    larger.places = calloc(larger.capacity, sizeof *larger.places);
    if (larger.places == NULL)
        return false;
    for (size_t i = 0; i < set->capacity; i++)
        if (set->places[i] != 0)
            *find(&larger, set->places[i]) = set->places[i];
    free(set->places);
    *set = larger;
    return true;
}

bool silent_add(struct silent *set, struct bytes key)
{
    if (set->count >= set->capacity / 4 * 3 && !grow(set))
        return false;
    uint64_t hash = hash_of(set, key);
    uint64_t *place = find(set, hash);
    set->count += *place == 0;
    *place = hash;
    return true;
}

bool silent_has(const struct silent *set, struct bytes key)
{
    return set->capacity > 0 && *find(set, hash_of(set, key)) != 0;
}
