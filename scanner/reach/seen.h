/*
 * Remembers which keys were seen before: a set of fixed size that may say yes wrongly, never no. A key that
 * is forgotten elsewhere, so that memory does not grow, is noted here.
 */
#ifndef STSWEEP_REACH_SEEN_H
#define STSWEEP_REACH_SEEN_H

#include <stdbool.h>
#include <stdint.h>

enum { SEEN_BITS = 1 << 19 };

struct seen {
    uint64_t words[SEEN_BITS / 64];
};

static inline void seen_add(struct seen *seen, uint64_t hash)
{
    seen->words[hash % SEEN_BITS / 64] |= UINT64_C(1) << (hash % 64);
}

static inline bool seen_has(const struct seen *seen, uint64_t hash)
{
    return (seen->words[hash % SEEN_BITS / 64] >> (hash % 64) & 1) != 0;
}

#endif
