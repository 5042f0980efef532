#include "scanner/reach/served.h"

#include "scanner/base/map.h"

enum { FIRST_CAPACITY = 16, NAMES_BITS = 20 };

static const uint64_t names_mask = SERVED_NAMES_MOST;
static const uint64_t hash_mask = ~(uint64_t)SERVED_NAMES_MOST;

void served_init(struct served *served, uint64_t seed)
{
    *served = (struct served){.seed = seed};
}

void served_clear(struct served *served)
{
    for (size_t i = 0; i < SERVED_PARTS; i++)
        places_dispose(&served->parts[i]);
    served_init(served, served->seed);
}

size_t served_get(const struct served *served, struct bytes key)
{
    uint64_t hash = map_hash(key, served->seed);
    const struct places *part = &served->parts[hash % SERVED_PARTS];
    return part->capacity == 0
               ? 0
               : (size_t)(*places_find(part, hash & hash_mask, hash_mask, NAMES_BITS) & names_mask);
}

bool served_set(struct served *served, struct bytes key, size_t names)
{
    uint64_t hash = map_hash(key, served->seed);
    struct places *part = &served->parts[hash % SERVED_PARTS];
    if (!places_make_room(part, FIRST_CAPACITY, hash_mask, NAMES_BITS))
        return false;
    uint64_t *place = places_find(part, hash & hash_mask, hash_mask, NAMES_BITS);
    part->count += *place == 0;
    *place = (hash & hash_mask) | (names < SERVED_NAMES_MOST ? names : SERVED_NAMES_MOST);
    return true;
}

size_t served_bytes(const struct served *served)
{
    size_t bytes = 0;
    for (size_t i = 0; i < SERVED_PARTS; i++)
        bytes += served->parts[i].capacity * sizeof *served->parts[i].list;
    return bytes;
}
