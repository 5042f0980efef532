/* Hands an object from one owner to the next: whoever holds it last frees it. */
#ifndef STSWEEP_BASE_OWNED_H
#define STSWEEP_BASE_OWNED_H

#include <stddef.h>

struct owned {
    void *object; /* NULL: there is none, or it has been taken */
    void (*destroy)(void *object);
};

/* Takes the object over; NULL if there is none. */
static inline void *owned_take(struct owned *owned)
{
    void *object = owned->object;
    owned->object = NULL;
    return object;
}

static inline void owned_dispose(struct owned *owned)
{
    if (owned->object != NULL)
        owned->destroy(owned_take(owned));
}

#endif
