/*
 * Implements a hash table of 64-bit numbers, of which some bits are a hash and the key (open addressing,
 * linear probing). Numbers are never taken out singly. A slot with 0 is free. It costs 11 to 22 bytes a
 * number. (The glossary's place is another thing.)
 */
#ifndef STSWEEP_BASE_PLACES_H
#define STSWEEP_BASE_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed: empty. */
struct places {
    uint64_t *list;    /* owned */
    uint32_t capacity; /* a power of two, or 0 */
    uint32_t count;    /* of numbers in it; whoever fills a free slot counts it up */
};

void places_dispose(struct places *places);

/* Returns the slot of a number whose bits of `mask` are those of hash, or the free one where it belongs.
 * shift is the lowest bit of the mask. There must be room for one more (places_make_room). */
uint64_t *places_find(const struct places *places, uint64_t hash, uint64_t mask, unsigned shift);

/* Makes room for one more number, the first time for `first` of them. false: out of memory, and nothing has
 * changed. */
bool places_make_room(struct places *places, uint32_t first, uint64_t mask, unsigned shift);

#endif
