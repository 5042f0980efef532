/* Sets and reads bits; the table of pages doubles when an ordinal lies past its end. */
#include "output/store/ordinals.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_PAGES = 8, WORD_BITS = 64, WORDS_OF_PAGE = ORDINALS_OF_PAGE / WORD_BITS };

static bool grow(struct ordinals *ordinals, size_t need)
{
    size_t count = ordinals->count == 0 ? FIRST_PAGES : ordinals->count;
    while (count < need)
        count *= 2;
    uint64_t **pages = realloc(ordinals->pages, count * sizeof *pages);
    if (pages == NULL)
        return false;
    memset(pages + ordinals->count, 0, (count - ordinals->count) * sizeof *pages);
    ordinals->pages = pages;
    ordinals->count = count;
    return true;
}

/* The page of an ordinal, made if there is none; NULL without memory. */
static uint64_t *page_of(struct ordinals *ordinals, uint64_t ordinal)
{
    size_t page = (size_t)(ordinal / ORDINALS_OF_PAGE);
    if (page >= ordinals->count && !grow(ordinals, page + 1))
        return NULL;
    if (ordinals->pages[page] == NULL)
        ordinals->pages[page] = calloc(WORDS_OF_PAGE, sizeof *ordinals->pages[page]);
    return ordinals->pages[page];
}

static size_t word_of(uint64_t ordinal)
{
    return (size_t)(ordinal % ORDINALS_OF_PAGE / WORD_BITS);
}

enum error ordinals_add(struct ordinals *ordinals, uint64_t ordinal)
{
    uint64_t bit = UINT64_C(1) << (ordinal % WORD_BITS);
    if (ordinal >= ORDINALS_CEILING)
        return ERR_LIMIT;
    uint64_t *page = page_of(ordinals, ordinal);
    if (page == NULL)
        return ERR_MEMORY;
    if ((page[word_of(ordinal)] & bit) != 0)
        return ERR_EXISTS;
    page[word_of(ordinal)] |= bit;
    return ERR_OK;
}

bool ordinals_has(const struct ordinals *ordinals, uint64_t ordinal)
{
    const uint64_t *page =
        ordinal / ORDINALS_OF_PAGE < ordinals->count ? ordinals->pages[ordinal / ORDINALS_OF_PAGE] : NULL;
    return page != NULL && (page[word_of(ordinal)] >> (ordinal % WORD_BITS) & 1) != 0;
}

void ordinals_dispose(struct ordinals *ordinals)
{
    for (size_t i = 0; i < ordinals->count; i++)
        free(ordinals->pages[i]);
    free(ordinals->pages);
    *ordinals = (struct ordinals){0};
}
