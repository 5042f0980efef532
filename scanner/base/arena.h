/*
 * An arena holds memory that is freed all at once: the facts of one domain, one host, one parse. It has a
 * ceiling given at birth; past it arena_alloc returns NULL and the arena remembers that it was full. Not
 * shared between threads at the same time; may be handed over whole.
 */
#ifndef STSWEEP_BASE_ARENA_H
#define STSWEEP_BASE_ARENA_H

#include "scanner/base/bytes.h"

struct arena_block;

struct arena {
    struct arena_block *blocks;
    size_t ceiling_bytes;
    size_t used_bytes; /* what was asked for plus alignment; never above the ceiling */
    size_t held_bytes; /* what was taken from the heap for it */
    size_t first_bytes;
    bool full; /* an allocation was refused */
};

void arena_init(struct arena *arena, size_t ceiling_bytes);

/* Does the same, with a first block of first_bytes (its header of 32 among them) in place of 1 KiB: for
 * arenas of which there are many, most of them small. */
void arena_init_small(struct arena *arena, size_t ceiling_bytes, size_t first_bytes);

/* Frees everything that was allocated; the arena may be used again. */
void arena_dispose(struct arena *arena);

/* Does the same, but keeps a block for what comes next: for an arena that is filled over and over. */
void arena_reset(struct arena *arena);

/* Returns size bytes, zeroed, aligned for any type; NULL when the ceiling or the machine's memory is
 * reached. */
void *arena_alloc(struct arena *arena, size_t size);

/* Returns count elements of size bytes, zeroed; checks the product. NULL as above. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* Copies len bytes and puts a NUL behind them. NULL as above. */
char *arena_copy(struct arena *arena, const void *data, size_t len);

/* Copies a C string; NULL for NULL and as above. */
char *arena_string(struct arena *arena, const char *text);

/* Copies counted bytes; data is NULL and len 0 if they did not fit. */
struct bytes arena_bytes(struct arena *arena, struct bytes source);

#endif
