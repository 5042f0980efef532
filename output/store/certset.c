/* Hashes with open addressing and linear probing. Never removes. */
#include "output/store/certset.h"

#include <stdlib.h>

#include "scanner/base/map.h"

enum { FIRST_CAPACITY = 1024, CAPACITY_CEILING = 1 << 26 };

void certset_init(struct certset *set, uint64_t seed)
{
    *set = (struct certset){.seed = seed};
}

void certset_dispose(struct certset *set)
{
    free(set->entries);
    certset_init(set, set->seed);
}

static struct certset_entry make_entry(const uint8_t sha256[32])
{
    struct certset_entry entry;
    memcpy(entry.words, sha256, sizeof entry.words);
    if (entry.words[0] == 0 && entry.words[1] == 0)
        entry.words[0] = 1;
    return entry;
}

static bool is_free(const struct certset_entry *entry)
{
    return entry->words[0] == 0 && entry->words[1] == 0;
}

/* Finds the entry itself, or the free slot where it belongs. There is always a free one. */
static struct certset_entry *find(const struct certset *set, const struct certset_entry *entry)
{
    size_t place = map_hash(bytes_make(entry->words, sizeof entry->words), set->seed);
    for (;; place++) {
        struct certset_entry *here = &set->entries[place & (set->capacity - 1)];
        if (is_free(here) || memcmp(here, entry, sizeof *here) == 0)
            return here;
    }
}

static void grow(struct certset *set)
{
    struct certset larger = *set;
    larger.capacity = set->capacity == 0 ? FIRST_CAPACITY : set->capacity * 2;
    if (larger.capacity > CAPACITY_CEILING)
        return;
    larger.entries = calloc(larger.capacity, sizeof *larger.entries);
    if (larger.entries == NULL)
        return;
    for (size_t i = 0; i < set->capacity; i++)
        if (!is_free(&set->entries[i]))
            *find(&larger, &set->entries[i]) = set->entries[i];
    free(set->entries);
    *set = larger;
}

bool certset_add(struct certset *set, const uint8_t sha256[32])
{
    struct certset_entry entry = make_entry(sha256);
    if (set->count >= set->capacity / 4 * 3)
        grow(set);
    if (set->capacity == 0)
        return true;
    struct certset_entry *place = find(set, &entry);
    if (!is_free(place))
        return false;
    if (set->count < set->capacity / 4 * 3) {
        *place = entry;
        set->count++;
    }
    return true;
}
