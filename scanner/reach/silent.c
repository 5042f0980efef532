#include "scanner/reach/silent.h"

#include "scanner/base/map.h"

enum { FIRST_CAPACITY = 64 };

void silent_init(struct silent *set, uint64_t seed)
{
    *set = (struct silent){.seed = seed};
}

void silent_dispose(struct silent *set)
{
    places_dispose(&set->places);
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

bool silent_add(struct silent *set, struct bytes key)
{
    if (!places_make_room(&set->places, FIRST_CAPACITY, UINT64_MAX, 0))
        return false;
    uint64_t hash = hash_of(set, key);
    uint64_t *place = places_find(&set->places, hash, UINT64_MAX, 0);
    set->places.count += *place == 0;
    *place = hash;
    return true;
}

bool silent_has(const struct silent *set, struct bytes key)
{
    return set->places.capacity > 0 && *places_find(&set->places, hash_of(set, key), UINT64_MAX, 0) != 0;
}
