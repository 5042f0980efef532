/*
 * Keeps what was used last, up to a ceiling: a map by key, and a list by last use. It is intrusive: a
 * `struct recent_node` is the first member of a struct that the caller makes and `free` ends. What an entry
 * weighs, and so the unit of the ceiling, is the caller's: bytes, or one an entry. One thread.
 */
#ifndef STSWEEP_BASE_RECENT_H
#define STSWEEP_BASE_RECENT_H

#include "scanner/base/list.h"
#include "scanner/base/map.h"

struct recent_node {
    struct map_node node; /* the first member: is_key is given it */
    struct list link;
    size_t weight;
};

struct recent {
    struct map map;
    struct list used; /* the latest last */
    size_t weight, ceiling;
    void (*free)(struct recent_node *entry);
};

void recent_init(struct recent *recent, size_t ceiling, uint64_t seed,
                 bool (*is_key)(const struct map_node *node, struct bytes key),
                 void (*free_entry)(struct recent_node *entry));
void recent_dispose(struct recent *recent); /* frees all entries */

/* Gives the entry of the key, and notes that it was used; NULL: none is kept. */
struct recent_node *recent_find(struct recent *recent, struct bytes key);

/* Keeps an entry whose key is not kept yet, as the one used last. Nothing is dropped for it: recent_trim does
 * that, before or after. false: memory is lacking, and the entry is still the caller's. */
bool recent_add(struct recent *recent, struct recent_node *entry, struct bytes key, size_t weight);

/* Drops what was not used for longest, until the rest and `more` are within the ceiling or nothing is left.
 */
void recent_trim(struct recent *recent, size_t more);

#endif
