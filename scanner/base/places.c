#include "scanner/base/places.h"

#include <stdlib.h>

void places_dispose(struct places *places)
{
    free(places->list);
    *places = (struct places){NULL, 0, 0};
}

uint64_t *places_find(const struct places *places, uint64_t hash, uint64_t mask, unsigned shift)
{
    size_t at = (size_t)(hash >> shift) & (places->capacity - 1);
    while (places->list[at] != 0 && (places->list[at] & mask) != hash)
        at = (at + 1) & (places->capacity - 1);
    return &places->list[at];
}

bool places_make_room(struct places *places, uint32_t first, uint64_t mask, unsigned shift)
{
    if (places->count < places->capacity / 4 * 3)
        return true;
    struct places larger = *places;
    larger.capacity = places->capacity == 0 ? first : places->capacity * 2;
    larger.list = calloc(larger.capacity, sizeof *larger.list);
    if (larger.list == NULL)
        return false;
    for (size_t i = 0; i < places->capacity; i++)
        if (places->list[i] != 0)
            *places_find(&larger, places->list[i] & mask, mask, shift) = places->list[i];
    free(places->list);
    *places = larger;
    return true;
}
