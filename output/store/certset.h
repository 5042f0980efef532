/*
 * Knows which certificates have been written: it is a set of SHA-256 values, kept as their first 16 bytes. It
 * takes 22 to 43 bytes each, up to a ceiling of 1 GiB (50 million certificates); past it nothing more is
 * remembered and a certificate may be written twice, which readers bear. One thread.
 */
#ifndef STSWEEP_STORE_CERTSET_H
#define STSWEEP_STORE_CERTSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct certset_entry {
    uint64_t words[2]; /* both 0: free */
};

struct certset {
    struct certset_entry *entries; /* owned */
    size_t capacity;               /* a power of two, or 0 */
    size_t count;
    uint64_t seed; /* so that nobody can make certificates that crowd one slot */
};

void certset_init(struct certset *set, uint64_t seed);
void certset_dispose(struct certset *set);

/* Adds a certificate; true if it was not in the set (and is now, if there was room). */
bool certset_add(struct certset *set, const uint8_t sha256[32]);

#endif
