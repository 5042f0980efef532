/*
 * Remembers how many host names each address has served in this pass, while nothing is going on at it. That
 * takes 8 bytes an address, 11 to 22 with what is free, however many millions of them a survey meets. An
 * address is kept as 52 bits of a keyed hash, so that one is taken for another once in 10^8 questions with
 * ten million in the set; the one confused comes to its budget sooner.
 */
#ifndef STSWEEP_REACH_SERVED_H
#define STSWEEP_REACH_SERVED_H

#include "scanner/base/bytes.h"
#include "scanner/base/places.h"

enum { SERVED_PARTS = 256, SERVED_NAMES_MOST = (1 << 20) - 1 };

struct served {
    /* Each grows for itself, so that never much more is held than what is kept needs. Of each number 44 bits
     * are the hash, 20 the names. */
    struct places parts[SERVED_PARTS];
    uint64_t seed; /* of the hash: strangers cannot choose the places */
};

void served_init(struct served *served, uint64_t seed);

/* A new pass begins: nobody has served anybody. The set may be used again, also after the end. */
void served_clear(struct served *served);

/* Returns how many names the address has served; 0: nothing is known of it. */
size_t served_get(const struct served *served, struct bytes key);

/* Sets how many names the address has served, 1 at least; more than SERVED_NAMES_MOST count as so many.
 * false: out of memory, nothing was kept. */
bool served_set(struct served *served, struct bytes key, size_t names);

/* Returns how many bytes are held for it on the heap. */
size_t served_bytes(const struct served *served);

#endif
