/*
 * A table of 64-bit numbers, of which some bits are a hash and the key: open addressing with linear probing.
 * Nothing is ever taken out singly. 0 is a free place. It costs 11 to 22 bytes a number.
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
    uint32_t count;    /* of numbers in it, which whoever fills a free place counts up */
};

void places_dispose(struct places *places);

/* The place of a number whose bits of `mask` are those of hash, or the free one where it belongs. shift: the
 * lowest bit of the mask. There is room for one more (places_make_room). */
uint64_t *places_find(const struct places *places, uint64_t hash, uint64_t mask, unsigned shift);

/* The first time for `first` of them. false: out of memory, and nothing has changed. */
bool places_make_room(struct places *places, uint32_t first, uint64_t mask, unsigned shift);

#endif
