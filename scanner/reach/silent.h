/*
 * Remembers the addresses that did not answer in this pass. The set costs 16 to 43 bytes an address, however
 * many millions of them a survey meets. An address is kept as 64 bits of a keyed hash, so that two are
 * confused once in 10^12 questions with ten million in the set; the one confused is not tried in this pass,
 * which its record says.
 */
#ifndef STSWEEP_REACH_SILENT_H
#define STSWEEP_REACH_SILENT_H

#include "scanner/base/bytes.h"
#include "scanner/base/places.h"

struct silent {
    struct places places; /* hashes */
    uint64_t seed;        /* of the hash: strangers cannot choose the places */
};

void silent_init(struct silent *set, uint64_t seed);
void silent_dispose(struct silent *set);

/* A new pass begins: all may be tried again. */
void silent_clear(struct silent *set);

/* Adds an address; false: out of memory, and nothing was added. */
bool silent_add(struct silent *set, struct bytes key);
bool silent_has(const struct silent *set, struct bytes key);

#endif
