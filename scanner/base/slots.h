/*
 * Names objects by (slot, generation) instead of by pointer, so that a handle to an object that has gone
 * finds nothing, at any time, from any message. One table belongs to one thread.
 */
#ifndef STSWEEP_BASE_SLOTS_H
#define STSWEEP_BASE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct handle {
    uint32_t slot;
    uint32_t generation; /* never 0 for a live object: a zeroed handle names nothing */
};

struct slots {
    struct slot *table; /* owned */
    uint32_t capacity;
    uint32_t used;      /* live objects */
    uint32_t free_head; /* index + 1; 0 for none */
};

void slots_init(struct slots *slots);
void slots_dispose(struct slots *slots); /* the objects themselves are the caller's */

/* Gives object a handle. A zeroed one means out of memory. */
struct handle slots_add(struct slots *slots, void *object);

/* Returns the object, or NULL if the handle is stale or was never given. */
void *slots_get(const struct slots *slots, struct handle handle);

/* Forgets the handle and returns the object (NULL as above). */
void *slots_remove(struct slots *slots, struct handle handle);

/* Calls visit for every live object; visit may remove the one it is given. */
void slots_each(struct slots *slots, void (*visit)(void *object, void *arg), void *arg);

static inline bool handle_is_set(struct handle handle)
{
    return handle.generation != 0;
}

#endif
