/* Keeps ordinals, 1 bit each, in pages that are made when one of theirs comes: 12.5 MB for 100 million in a
 * row, and never more than a page for each, so that a foreign directory with one large ordinal asks for
 * little. One thread. */
#ifndef STSWEEP_STORE_ORDINALS_H
#define STSWEEP_STORE_ORDINALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/error.h"

/* The ceiling: no input is longer, and a larger ordinal in a file is damage, not a reason to ask for
 * memory. */
#define ORDINALS_CEILING (UINT64_C(1) << 34)
#define ORDINALS_OF_PAGE (UINT64_C(1) << 17) /* 16 KiB; a table of all pages has 1 MiB */

struct ordinals {
    uint64_t **pages; /* owned, each NULL until one of its ordinals comes */
    size_t count;     /* of pages, NULL or not */
};

/* Adds an ordinal. ERR_EXISTS if it is in already, ERR_LIMIT past the ceiling, ERR_MEMORY. */
enum error ordinals_add(struct ordinals *ordinals, uint64_t ordinal);
bool ordinals_has(const struct ordinals *ordinals, uint64_t ordinal);
void ordinals_dispose(struct ordinals *ordinals);

#endif
