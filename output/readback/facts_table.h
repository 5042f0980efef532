/*
 * A hash table from a key's 64-bit hash to places, mapped from a temporary file without a name: 16 bytes a
 * slot, at most two thirds full, so that the kernel may put it aside when memory runs short. Keys are not
 * kept: who asks proves what stands at a place. One thread.
 */
#ifndef STSWEEP_READBACK_FACTS_TABLE_H
#define STSWEEP_READBACK_FACTS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"

/* More places of one hash than these are not kept: a directory made to be slow is not. */
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

/* *kept is false where TABLE_PLACES_A_KEY are there already. ERR_FULL, ERR_IO with *why. */
enum error table_add(struct facts_table *table, uint64_t hash, uint64_t place, bool *kept, struct buf *why);

/* The places of a hash, in no order. Returns how many. */
size_t table_find(const struct facts_table *table, uint64_t hash, uint64_t places[TABLE_PLACES_A_KEY]);

uint64_t table_bytes(const struct facts_table *table);

#endif
