/* Open addressing with linear probing, in parts; nothing is ever taken out singly. */
#include "scanner/reach/served.h"

#include <stdlib.h>

#include "scanner/base/map.h"

enum { FIRST_CAPACITY = 16, NAMES_BITS = 20 };

static const uint64_t names_mask = SERVED_NAMES_MOST;

void served_init(struct served *served, uint64_t seed)
{
    *served = (struct served){.seed = seed};
}

void served_clear(struct served *served)
{
    for (size_t i = 0; i < SERVED_PARTS; i++)
        free(served->parts[i].places);
    served_init(served, served->seed);
}

/* The place of a hash (what is above the number), or the free one where it belongs: there is always one. */
static uint64_t *find(const struct served_part *part, uint64_t hash)
{
    size_t at = (size_t)(hash >> NAMES_BITS) & (part->capacity - 1);
    while (part->places[at] != 0 && (part->places[at] & ~names_mask) != hash)
        at = (at + 1) & (part->capacity - 1);
    return &part->places[at];
}

static bool grow(struct served_part *part)
{
    struct served_part larger = *part;
    larger.capacity = part->capacity == 0 ? FIRST_CAPACITY : part->capacity * 2;
    larger.places = calloc(larger.capacity, sizeof *larger.places);
    if (larger.places == NULL)
        return false;
    for (size_t i = 0; i < part->capacity; i++)
        if (part->places[i] != 0)
            *find(&larger, part->places[i] & ~names_mask) = part->places[i];
    free(part->places);
    *part = larger;
    return true;
}

size_t served_get(const struct served *served, struct bytes key)
{
    uint64_t hash = map_hash(key, served->seed);
    const struct served_part *part = &served->parts[hash % SERVED_PARTS];
    return part->capacity == 0 ? 0 : (size_t)(*find(part, hash & ~names_mask) & names_mask);
}

bool served_set(struct served *served, struct bytes key, size_t names)
{
    uint64_t hash = map_hash(key, served->seed);
    struct served_part *part = &served->parts[hash % SERVED_PARTS];
    if (part->count >= part->capacity / 4 * 3 && !grow(part))
        return false;
    uint64_t *place = find(part, hash & ~names_mask);
    part->count += *place == 0;
    *place = (hash & ~names_mask) | (names < SERVED_NAMES_MOST ? names : SERVED_NAMES_MOST);
    return true;
}

size_t served_bytes(const struct served *served)
{
    size_t bytes = 0;
    for (size_t i = 0; i < SERVED_PARTS; i++)
        bytes += served->parts[i].capacity * sizeof *served->parts[i].places;
    return bytes;
}
