/* Keeps ordinals in a growing bitmap: 1 bit each, so 12.5 MB for 100 million. One thread. */
#ifndef STSWEEP_STORE_ORDINALS_H
#define STSWEEP_STORE_ORDINALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/error.h"

/* The ceiling: no input is longer, and a larger ordinal in a file is damage, not a reason to ask for
 * memory. */
#define ORDINALS_CEILING (UINT64_C(1) << 34)

struct ordinals {
    uint64_t *words; /* owned */
    size_t count;    /* of words */
};

/* Adds an ordinal. ERR_EXISTS if it is in already, ERR_LIMIT past the ceiling, ERR_MEMORY. */
enum error ordinals_add(struct ordinals *ordinals, uint64_t ordinal);
bool ordinals_has(const struct ordinals *ordinals, uint64_t ordinal);
void ordinals_dispose(struct ordinals *ordinals);

#endif
