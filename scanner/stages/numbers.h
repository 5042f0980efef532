/* A set of the numbers of shards or parts, and how batch systems write one: 3,7-9. Pure. */
#ifndef STSWEEP_STAGES_NUMBERS_H
#define STSWEEP_STAGES_NUMBERS_H

#include "scanner/base/buf.h"

struct numbers {
    uint8_t *bits; /* owned */
    uint32_t most; /* numbers are from 1 to this */
};

/* Makes an empty set. false: out of memory. numbers_dispose is fine after either, and of one that is all
 * zero. */
bool numbers_init(struct numbers *numbers, uint32_t most);
void numbers_dispose(struct numbers *numbers);

void numbers_add(struct numbers *numbers, uint32_t number); /* one that is too large, or 0, is none */
bool numbers_have(const struct numbers *numbers, uint32_t number);
uint32_t numbers_count(const struct numbers *numbers);
uint32_t numbers_first(const struct numbers *numbers); /* 0 if it is empty */

/* Adds a range to a text of ranges: 7-9 to 3 makes 3,7-9. */
void numbers_put_range(struct buf *text, uint32_t first, uint32_t last);

/* Writes the set into a text that is empty; nothing if the set is. */
void numbers_put(struct buf *text, const struct numbers *numbers);

#endif
