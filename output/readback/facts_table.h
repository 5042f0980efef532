/*
 * Maps a key's 64-bit hash to offsets (the spill's, called places in names), in a table that is mapped from a
 * temporary file without a name, so that the kernel may page it out when memory runs short. It costs 16 bytes
 * a slot and is at most two thirds full. Keys are not kept: the caller checks the line at an offset. One
 * thread.
 */
#ifndef STSWEEP_READBACK_FACTS_TABLE_H
#define STSWEEP_READBACK_FACTS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"

/* Of one hash no more offsets than these are kept, so that a directory made to be slow is not. */
enum { TABLE_PLACES_A_KEY = 64 };

struct table_slot {
    uint64_t hash; /* 0: empty */
    uint64_t place;
};

struct facts_table {
    struct table_slot *slots; /* mapped */
    size_t capacity;          /* a power of two, or 0 */
    size_t count;
};

void table_init(struct facts_table *table);
void table_dispose(struct facts_table *table);

/* Adds an offset; *kept is false if TABLE_PLACES_A_KEY are there already. ERR_FULL, ERR_IO with *why. */
enum error table_add(struct facts_table *table, uint64_t hash, uint64_t place, bool *kept, struct buf *why);

/* Finds the offsets of a hash, in no order. Returns how many. */
size_t table_find(const struct facts_table *table, uint64_t hash, uint64_t places[TABLE_PLACES_A_KEY]);

/* Returns the number of the slot that holds both, below capacity; capacity if none does. It is good until the
 * next table_add. */
size_t table_slot_of(const struct facts_table *table, uint64_t hash, uint64_t place);

uint64_t table_bytes(const struct facts_table *table);

#endif
