/* Sets and reads bits; the bitmap doubles when an ordinal lies past its end. */
#include "output/store/ordinals.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_WORDS = 128 };

static bool grow(struct ordinals *ordinals, size_t need)
{
    size_t count = ordinals->count == 0 ? FIRST_WORDS : ordinals->count;
    while (count < need)
        count *= 2;
    uint64_t *words = realloc(ordinals->words, count * sizeof *words);
    if (words == NULL)
        return false;
    memset(words + ordinals->count, 0, (count - ordinals->count) * sizeof *words);
    ordinals->words = words;
    ordinals->count = count;
    return true;
}

enum error ordinals_add(struct ordinals *ordinals, uint64_t ordinal)
{
    size_t word = (size_t)(ordinal / 64);
    uint64_t bit = UINT64_C(1) << (ordinal % 64);
    if (ordinal >= ORDINALS_CEILING)
        return ERR_LIMIT;
    if (word >= ordinals->count && !grow(ordinals, word + 1))
        return ERR_MEMORY;
    if ((ordinals->words[word] & bit) != 0)
        return ERR_EXISTS;
    ordinals->words[word] |= bit;
    return ERR_OK;
}

bool ordinals_has(const struct ordinals *ordinals, uint64_t ordinal)
{
    size_t word = (size_t)(ordinal / 64);
    return ordinal / 64 < ordinals->count && (ordinals->words[word] >> (ordinal % 64) & 1) != 0;
}

void ordinals_dispose(struct ordinals *ordinals)
{
    free(ordinals->words);
    *ordinals = (struct ordinals){0};
}
