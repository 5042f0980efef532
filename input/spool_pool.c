/* Keeps entries in memory and puts them into order. No I/O. */
#include "input/spool_pool.h"

#include <stdlib.h>

enum {
    CHUNK_MIN_BYTES = 8 * 1024, /* more than the largest entry */
    CHUNK_MAX_BYTES = 1024 * 1024,
    CHUNKS = 16,     /* of a small budget */
    MERGE_BINS = 64, /* bin i holds a chain of 2^i */
    HEAP_BYTES = 16, /* what the allocator adds to a chunk */
    PARTS = 1024,    /* of a chain, by the first bits of the key */
    PART_SHIFT = 54,
};

struct spool_chunk {
    struct spool_chunk *next;
    uint8_t data[] __attribute__((aligned(SPOOL_ENTRY_ALIGN)));
};

size_t spool_entry_bytes(size_t name_len, size_t label_len, size_t note_len)
{
    size_t bytes = offsetof(struct spool_entry, text) + name_len + 1 + label_len + 1 + note_len;
    return (bytes + SPOOL_ENTRY_ALIGN - 1) & ~(size_t)(SPOOL_ENTRY_ALIGN - 1);
}

struct spool_entry *spool_entry_at(uint8_t *data, size_t len)
{
    struct spool_entry *entry = (struct spool_entry *)(void *)data;
    if (len < spool_entry_bytes(0, 0, 0) ||
        len < spool_entry_bytes(entry->name_len, entry->label_len, entry->note_len))
        return NULL;
    bool ends = strnlen(entry->text, entry->name_len + 1u) == entry->name_len &&
                entry->text[entry->name_len + 1u + entry->label_len] == '\0';
    return ends ? entry : NULL;
}

void spool_pool_init(struct spool_pool *pool, uint64_t budget_bytes)
{
    uint64_t chunk = budget_bytes / CHUNKS;
    if (chunk < CHUNK_MIN_BYTES)
        chunk = CHUNK_MIN_BYTES;
    if (chunk > CHUNK_MAX_BYTES)
        chunk = CHUNK_MAX_BYTES;
    *pool = (struct spool_pool){.chunk_bytes = (size_t)chunk - sizeof(struct spool_chunk) - HEAP_BYTES,
                                .budget_bytes = budget_bytes};
}

void spool_pool_dispose(struct spool_pool *pool)
{
    while (pool->chunks != NULL) {
        struct spool_chunk *next = pool->chunks->next;
        free(pool->chunks);
        pool->chunks = next;
    }
    spool_pool_init(pool, pool->budget_bytes);
}

void spool_pool_reset(struct spool_pool *pool)
{
    pool->current = pool->chunks;
    pool->used_bytes = 0;
}

/* Goes on to the next chunk: one that is kept from before a reset, or a new one within the budget. */
static enum error next_chunk(struct spool_pool *pool)
{
    struct spool_chunk *next = pool->current == NULL ? pool->chunks : pool->current->next;
    if (next == NULL) {
        uint64_t whole = pool->chunk_bytes + sizeof *next + HEAP_BYTES;
        /* The first chunk may pass the budget, or nothing could ever be added. */
        if (pool->chunks != NULL && pool->total_bytes + whole > pool->budget_bytes)
            return ERR_LIMIT;
        next = malloc(sizeof *next + pool->chunk_bytes);
        if (next == NULL)
            return ERR_MEMORY;
        next->next = NULL;
        pool->total_bytes += whole;
        if (pool->current == NULL)
            pool->chunks = next;
        else
            pool->current->next = next;
    }
    pool->current = next;
    pool->used_bytes = 0;
    return ERR_OK;
}

enum error spool_pool_take(struct spool_pool *pool, size_t name_len, size_t label_len, size_t note_len,
                           struct spool_entry **entry)
{
    size_t bytes = spool_entry_bytes(name_len, label_len, note_len);
    if (name_len > UINT8_MAX || label_len > UINT8_MAX || bytes > pool->chunk_bytes)
        return ERR_LIMIT;
    if (pool->current == NULL || bytes > pool->chunk_bytes - pool->used_bytes) {
        enum error error = next_chunk(pool);
        if (error != ERR_OK)
            return error;
    }
    *entry = (struct spool_entry *)(void *)(pool->current->data + pool->used_bytes);
    memset(*entry, 0, bytes);
    (*entry)->name_len = (uint8_t)name_len;
    (*entry)->label_len = (uint8_t)label_len;
    (*entry)->note_len = (uint16_t)note_len;
    pool->used_bytes += bytes;
    return ERR_OK;
}

/* Does a stand before b, or are they the same? */
static bool is_before(const struct spool_entry *a, const struct spool_entry *b)
{
    if (a->key != b->key)
        return a->key < b->key;
    int names = strcmp(a->text, b->text);
    return names < 0 || (names == 0 && a->ordinal <= b->ordinal);
}

static struct spool_entry *merge(struct spool_entry *a, struct spool_entry *b)
{
    struct spool_entry *first = NULL, **end = &first;
    while (a != NULL && b != NULL) {
        struct spool_entry **less = is_before(a, b) ? &a : &b;
        *end = *less;
        end = &(*end)->next;
        *less = *end;
    }
    *end = a != NULL ? a : b;
    return first;
}

static struct spool_entry *sort(struct spool_entry *chain)
{
    if (chain == NULL || chain->next == NULL)
        return chain;
    struct spool_entry *bins[MERGE_BINS];
    size_t top = 0; /* bins from there on hold nothing */
    while (chain != NULL) {
        struct spool_entry *run = chain;
        chain = chain->next;
        run->next = NULL;
        size_t bin = 0;
        for (; bin < top && bins[bin] != NULL; bin++) {
            run = merge(bins[bin], run);
            bins[bin] = NULL;
        }
        bins[bin] = run;
        top = bin == top ? top + 1 : top;
    }
    struct spool_entry *sorted = NULL;
    for (size_t bin = 0; bin < top; bin++)
        sorted = merge(bins[bin], sorted);
    return sorted;
}

/* Sorts a chain by parts: the keys are a hash, so parts by their first bits are about as long as each other,
 * and those of a chain of names that differ are short. */
static struct spool_entry *sort_parts(struct spool_entry *chain)
{
    struct spool_entry *parts[PARTS] = {NULL}, *sorted = NULL, **end = &sorted;
    while (chain != NULL) {
        struct spool_entry *entry = chain, **part = &parts[entry->key >> PART_SHIFT];
        chain = chain->next;
        entry->next = *part;
        *part = entry;
    }
    for (size_t i = 0; i < PARTS; i++) {
        *end = sort(parts[i]);
        while (*end != NULL)
            end = &(*end)->next;
    }
    return sorted;
}

struct spool_entry *spool_chain_order(struct spool_entry *chain, uint64_t *duplicates)
{
    struct spool_entry *sorted = sort_parts(chain);
    for (struct spool_entry *entry = sorted; entry != NULL; entry = entry->next)
        while (entry->next != NULL && entry->next->key == entry->key &&
               strcmp(entry->next->text, entry->text) == 0) {
            entry->next = entry->next->next;
            ++*duplicates;
        }
    return sorted;
}
