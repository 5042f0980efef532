/*
 * Puts names into buckets, in memory or in runs on disk, and takes them out again in the seed's order. One
 * thread at a time; the names handed out never depend on where they were kept.
 */
#include "input/spool.h"

#include <stdio.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "input/spool_pool.h"
#include "input/spool_runs.h"
#include "scanner/facts/hostname.h"

enum {
    MEMORY_MIN_BYTES = 64 * 1024, /* the least that input.memory may be */
    OUT_MAX_BYTES = 256 * 1024,
    OUT_SHARE = 8, /* of the memory, for writing */
    BUCKET_SHIFT = 54,
    WARM_CHAINS = 8, /* a divisor of the buckets */
};

struct spool {
    uint64_t seed;
    char *directory; /* owned; NULL: never spill */
    uint32_t first_bucket, end_bucket;
    bool whole;
    const char *const *sources;
    size_t source_count;
    size_t source;     /* that a name had last */
    enum error failed; /* sticks: nothing that was half written or read is used */
    struct spool_counts counts;
    struct spool_pool pool;
    struct spool_runs runs;
    struct spool_entry *chains[SPOOL_BUCKETS]; /* what is in memory */
    uint16_t order[SPOOL_BUCKETS];
    size_t visited;              /* how many buckets of order were begun */
    struct spool_entry *current; /* the next to hand out of the bucket that was begun */
    uint8_t *bucket;             /* owned: a bucket that came from disk */
    uint64_t bucket_bytes;
};

struct place {
    uint64_t key;
    uint16_t bucket;
};

static int compare_places(const void *a, const void *b)
{
    const struct place *left = a, *right = b;
    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return left->bucket - right->bucket;
}

/* Draws the order of all buckets, whatever the shard, so that shards agree about the order of the buckets
 * that they share. */
static void draw_order(struct spool *spool)
{
    struct place places[SPOOL_BUCKETS];
    for (unsigned i = 0; i < SPOOL_BUCKETS; i++) {
        const uint8_t number[2] = {(uint8_t)i, (uint8_t)(i >> 8)};
        places[i].key = XXH3_64bits_withSeed(number, sizeof number, spool->seed);
        places[i].bucket = (uint16_t)i;
    }
    qsort(places, SPOOL_BUCKETS, sizeof places[0], compare_places);
    for (size_t i = 0; i < SPOOL_BUCKETS; i++)
        spool->order[i] = places[i].bucket;
}

/* Returns the first bucket of a shard, and of the one behind the last. */
static uint32_t first_of(uint32_t index, uint32_t count)
{
    return (index - 1) * SPOOL_BUCKETS / count;
}

/* It has no seed: machines that scan shards of one list must agree, and so must the runs of a scan. Names
 * that are made to meet in one bucket are sorted there as others are. */
static uint32_t bucket_of(const char *domain, size_t len)
{
    return (uint32_t)(XXH3_64bits(domain, len) >> BUCKET_SHIFT);
}

bool spool_shard_has(uint32_t index, uint32_t count, const char *domain)
{
    uint32_t bucket = bucket_of(domain, strlen(domain));
    return bucket >= first_of(index, count) && bucket < first_of(index + 1, count);
}

bool spool_shard_has_reject(uint32_t index, uint32_t count, uint64_t ordinal)
{
    return (ordinal - 1) % count == index - 1;
}

static bool shard_is_valid(const struct spool_options *options)
{
    return options->shard_count >= 1 && options->shard_count <= SPOOL_BUCKETS && options->shard_index >= 1 &&
           options->shard_index <= options->shard_count;
}

/* Shares the memory out among the struct itself, what waits to be written, and the names, which get the
 * rest. */
static void share_memory(struct spool *spool, uint64_t memory_bytes)
{
    if (memory_bytes < MEMORY_MIN_BYTES)
        memory_bytes = MEMORY_MIN_BYTES;
    size_t out_bytes = OUT_MAX_BYTES;
    if (memory_bytes / OUT_SHARE < out_bytes)
        out_bytes = (size_t)(memory_bytes / OUT_SHARE);
    spool_runs_init(&spool->runs, out_bytes);
    spool_pool_init(&spool->pool, memory_bytes - out_bytes - sizeof *spool);
}

enum error spool_create(const struct spool_options *options, struct spool **spool, struct buf *why)
{
    *spool = NULL;
    if (!shard_is_valid(options)) {
        buf_printf(why, "shard %u/%u: there are at most %d shards, counted from 1", options->shard_index,
                   options->shard_count, SPOOL_BUCKETS);
        return ERR_CONFIG;
    }
    struct spool *made = calloc(1, sizeof *made);
    char *directory = options->directory == NULL ? NULL : strdup(options->directory);
    if (made == NULL || (directory == NULL && options->directory != NULL)) {
        free(made);
        free(directory);
        buf_text(why, error_text(ERR_MEMORY));
        return ERR_MEMORY;
    }
    made->seed = options->seed;
    made->directory = directory;
    made->whole = options->whole;
    made->sources = options->sources;
    made->source_count = options->source_count;
    made->first_bucket = first_of(options->shard_index, options->shard_count);
    made->end_bucket = first_of(options->shard_index + 1, options->shard_count);
    share_memory(made, options->memory_bytes);
    draw_order(made);
    *spool = made;
    return ERR_OK;
}

void spool_destroy(struct spool *spool)
{
    if (spool == NULL)
        return;
    spool_pool_dispose(&spool->pool);
    spool_runs_dispose(&spool->runs);
    free(spool->bucket);
    free(spool->directory);
    free(spool);
}

static bool in_shard(const struct spool *spool, uint32_t bucket)
{
    return bucket >= spool->first_bucket && bucket < spool->end_bucket;
}

/* Orders a chain of a bucket. Outside the shard each name is counted already, with those that are equal. */
static struct spool_entry *order(struct spool *spool, uint32_t bucket, struct spool_entry *chain)
{
    uint64_t elsewhere = 0;
    return spool_chain_order(chain, in_shard(spool, bucket) ? &spool->counts.duplicates : &elsewhere);
}

/* Brings the names of some buckets into the processor's cache. They lie all over the memory, and whoever
 * walks one chain waits for it at each step: side by side the waits overlap. */
static void warm(struct spool_entry *const chains[WARM_CHAINS])
{
    const struct spool_entry *at[WARM_CHAINS];
    bool is_open = true;
    memcpy(at, chains, sizeof at);
    while (is_open) {
        is_open = false;
        for (size_t i = 0; i < WARM_CHAINS; i++) {
            if (at[i] == NULL)
                continue;
            at[i] = at[i]->next;
            __builtin_prefetch(at[i]);
            is_open = true;
        }
    }
}

/* Returns the place of a source, from 1. Names of one list come in a row. */
static uint16_t place_of(struct spool *spool, const char *source)
{
    if (source == NULL)
        return 0;
    for (size_t tried = 0; tried < spool->source_count; tried++, spool->source++) {
        spool->source = spool->source < spool->source_count ? spool->source : 0;
        if (spool->sources[spool->source] == source)
            return (uint16_t)(spool->source + 1);
    }
    return 0;
}

/* Writes one bucket of the memory to the run, already in order and without duplicates, of which a long list
 * of few names mostly consists. */
static enum error write_chain(struct spool *spool, uint32_t bucket)
{
    struct spool_entry *entry = order(spool, bucket, spool->chains[bucket]);
    spool->chains[bucket] = NULL;
    spool_runs_bucket(&spool->runs, bucket);
    while (entry != NULL) {
        struct spool_entry *next = entry->next;
        entry->next = NULL;
        size_t bytes = spool_entry_bytes(entry->name_len, entry->label_len, entry->note_len);
        enum error error = spool_runs_write(&spool->runs, bytes_make(entry, bytes));
        if (error != ERR_OK)
            return error;
        entry = next;
    }
    return ERR_OK;
}

/* Writes all names in memory as one run. */
static enum error spill(struct spool *spool)
{
    enum error error = spool->directory == NULL ? ERR_LIMIT : ERR_OK;
    if (error == ERR_OK && spool->runs.fd < 0)
        error = spool_runs_open(&spool->runs, spool->directory);
    if (error == ERR_OK)
        error = spool_runs_begin(&spool->runs);
    for (uint32_t bucket = 0; error == ERR_OK && bucket < SPOOL_BUCKETS; bucket++) {
        if (bucket % WARM_CHAINS == 0)
            warm(spool->chains + bucket);
        error = write_chain(spool, bucket);
    }
    if (error == ERR_OK)
        error = spool_runs_end(&spool->runs);
    spool_pool_reset(&spool->pool);
    spool->failed = error;
    return error;
}

static enum error take_entry(struct spool *spool, size_t name_len, size_t label_len, size_t note_len,
                             struct spool_entry **entry)
{
    enum error error = spool_pool_take(&spool->pool, name_len, label_len, note_len, entry);
    if (error != ERR_LIMIT)
        return error;
    error = spill(spool);
    return error == ERR_OK ? spool_pool_take(&spool->pool, name_len, label_len, note_len, entry) : error;
}

static void fill_in(struct spool *spool, struct spool_entry *entry, const struct input_name *name)
{
    entry->key = XXH3_64bits_withSeed(name->domain, entry->name_len, spool->seed);
    entry->ordinal = name->ordinal;
    entry->rank = name->rank;
    entry->source = place_of(spool, name->source);
    memcpy(entry->text, name->domain, entry->name_len);
    if (entry->label_len > 0)
        memcpy(entry->text + entry->name_len + 1, name->label, entry->label_len);
    if (entry->note_len > 0)
        memcpy(entry->text + entry->name_len + 1 + entry->label_len + 1, name->note.data, entry->note_len);
}

enum error spool_add(struct spool *spool, const struct input_name *name)
{
    if (spool->failed != ERR_OK)
        return spool->failed;
    size_t name_len = strlen(name->domain), label_len = name->label == NULL ? 0 : strlen(name->label);
    if (name_len == 0 || name_len >= HOSTNAME_BYTES || label_len > UINT8_MAX ||
        name->note.len > SPOOL_NOTE_BYTES)
        return ERR_LIMIT;
    uint32_t bucket = bucket_of(name->domain, name_len);
    bool is_ours = in_shard(spool, bucket);
    if (is_ours || spool->whole) {
        struct spool_entry *entry;
        enum error error = take_entry(spool, name_len, label_len, name->note.len, &entry);
        if (error != ERR_OK)
            return error;
        fill_in(spool, entry, name);
        entry->next = spool->chains[bucket];
        spool->chains[bucket] = entry;
    }
    spool->counts.not_in_shard += !is_ours;
    spool->counts.names++;
    return ERR_OK;
}

enum error spool_finish(struct spool *spool)
{
    if (spool->failed != ERR_OK || !spool_on_disk(spool))
        return spool->failed;
    enum error error = spill(spool);
    spool_pool_dispose(&spool->pool); /* the memory is for buckets now */
    return error;
}

static enum error damaged(struct spool *spool)
{
    (void)snprintf(spool->runs.reason, sizeof spool->runs.reason, "spool file: %s", error_text(ERR_CORRUPT));
    return ERR_CORRUPT;
}

/* Makes room for a bucket from disk. */
static enum error reserve(struct spool *spool, uint64_t bytes)
{
    if (bytes <= spool->bucket_bytes)
        return ERR_OK;
    free(spool->bucket);
    spool->bucket_bytes = 0;
    spool->bucket = malloc((size_t)bytes);
    if (spool->bucket == NULL)
        return ERR_MEMORY;
    spool->bucket_bytes = bytes;
    return ERR_OK;
}

/* Loads a bucket of all runs and chains its names. */
static enum error load_chain(struct spool *spool, uint32_t bucket, struct spool_entry **chain)
{
    uint64_t bytes = spool->runs.bucket_bytes[bucket];
    enum error error = reserve(spool, bytes);
    if (error == ERR_OK)
        error = spool_runs_load(&spool->runs, bucket, spool->bucket);
    *chain = NULL;
    for (uint64_t at = 0; error == ERR_OK && at < bytes;) {
        struct spool_entry *entry = spool_entry_at(spool->bucket + at, (size_t)(bytes - at));
        if (entry == NULL)
            return damaged(spool);
        entry->next = *chain;
        *chain = entry;
        at += spool_entry_bytes(entry->name_len, entry->label_len, entry->note_len);
    }
    return error;
}

static enum error begin_bucket(struct spool *spool, uint32_t bucket)
{
    struct spool_entry *chain = spool->chains[bucket];
    if (spool_on_disk(spool)) {
        enum error error = load_chain(spool, bucket, &chain);
        if (error != ERR_OK)
            return error;
    }
    spool->chains[bucket] = NULL;
    spool->current = order(spool, bucket, chain);
    return ERR_OK;
}

static struct input_name name_of(const struct spool *spool, const struct spool_entry *entry)
{
    struct input_name name = {.ordinal = entry->ordinal,
                              .domain = entry->text,
                              .rank = entry->rank,
                              .label = entry->label_len == 0 ? NULL : entry->text + entry->name_len + 1};
    if (entry->source > 0 && entry->source <= spool->source_count)
        name.source = spool->sources[entry->source - 1];
    if (entry->note_len > 0)
        name.note = bytes_make(entry->text + entry->name_len + 1 + entry->label_len + 1, entry->note_len);
    return name;
}

enum error spool_next(struct spool *spool, struct input_name *name)
{
    while (spool->failed == ERR_OK && spool->current == NULL) {
        if (spool->visited == SPOOL_BUCKETS)
            return ERR_NOT_FOUND;
        uint32_t bucket = spool->order[spool->visited++];
        if (in_shard(spool, bucket))
            spool->failed = begin_bucket(spool, bucket);
    }
    if (spool->failed != ERR_OK)
        return spool->failed;
    const struct spool_entry *entry = spool->current;
    spool->current = entry->next;
    spool->counts.handed_out++;
    *name = name_of(spool, entry);
    return ERR_OK;
}

/* Visits the names of a bucket. What is in memory stays there, in order; what is on disk is loaded again when
 * it is handed out, and its duplicates are counted then. */
static enum error survey_bucket(struct spool *spool, uint32_t bucket, spool_visit visit, void *arg)
{
    struct spool_entry *chain = NULL;
    uint64_t again = 0;
    if (spool_on_disk(spool)) {
        spool->failed = load_chain(spool, bucket, &chain);
        chain = spool_chain_order(chain, &again);
    } else {
        chain = spool->chains[bucket] = order(spool, bucket, spool->chains[bucket]);
    }
    enum error error = spool->failed;
    for (; chain != NULL && error == ERR_OK; chain = chain->next) {
        struct input_name name = name_of(spool, chain);
        error = visit(arg, &name, in_shard(spool, bucket));
    }
    return error;
}

enum error spool_survey(struct spool *spool, spool_visit visit, void *arg)
{
    enum error error = spool->failed;
    for (uint32_t bucket = 0; bucket < SPOOL_BUCKETS && error == ERR_OK; bucket++)
        error = survey_bucket(spool, bucket, visit, arg);
    return error;
}

const char *spool_reason(const struct spool *spool)
{
    return spool->runs.reason;
}

const struct spool_counts *spool_counts(const struct spool *spool)
{
    return &spool->counts;
}

bool spool_on_disk(const struct spool *spool)
{
    return spool->runs.fd >= 0;
}

uint64_t spool_disk_bytes(const struct spool *spool)
{
    return spool->runs.end;
}
