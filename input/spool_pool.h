/*
 * Holds the spool's names in memory, as entries in chunks up to a budget of bytes, chained by bucket, and
 * puts a chain into order without further memory. Pure. Private to the spool.
 */
#ifndef STSWEEP_INPUT_SPOOL_POOL_H
#define STSWEEP_INPUT_SPOOL_POOL_H

#include "scanner/base/bytes.h"
#include "scanner/base/error.h"

/* One name. It is written to disk as it stands here, but for next. */
struct spool_entry {
    struct spool_entry *next;
    uint64_t key; /* the seed's hash of the name */
    uint64_t ordinal;
    uint32_t rank;
    uint8_t name_len;
    uint8_t label_len; /* 0 for none */
    uint16_t note_len;
    uint16_t source; /* its place among the lists, from 1; 0 for none */
    char text[];     /* name, NUL, label, NUL, note */
};

enum { SPOOL_ENTRY_ALIGN = 8 };

/* Returns the bytes of an entry, rounded up so that the next one is aligned behind it. */
size_t spool_entry_bytes(size_t name_len, size_t label_len, size_t note_len);

/* Returns the entry at the start of data, or NULL if none is whole there. data is aligned. */
struct spool_entry *spool_entry_at(uint8_t *data, size_t len);

struct spool_chunk;

struct spool_pool {
    struct spool_chunk *chunks;  /* the oldest first */
    struct spool_chunk *current; /* entries are taken from it; the chunks before it are full */
    size_t chunk_bytes;
    size_t used_bytes; /* of the current chunk */
    uint64_t total_bytes;
    uint64_t budget_bytes;
};

void spool_pool_init(struct spool_pool *pool, uint64_t budget_bytes);
void spool_pool_dispose(struct spool_pool *pool);

/* Takes a zeroed entry with its lengths set. ERR_LIMIT: the budget is used up; ERR_MEMORY. */
enum error spool_pool_take(struct spool_pool *pool, size_t name_len, size_t label_len, size_t note_len,
                           struct spool_entry **entry);

/* Forgets all entries and keeps the chunks. */
void spool_pool_reset(struct spool_pool *pool);

/* Orders a chain by key, then name, then ordinal, and drops all but the first of equal names. O(n log n)
 * whatever the names. */
struct spool_entry *spool_chain_order(struct spool_entry *chain, uint64_t *duplicates);

#endif
