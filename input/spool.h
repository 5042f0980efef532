/*
 * The spool keeps all good names, in memory up to input.memory, past it in one file of blocks under the scan
 * directory. Then it hands out each name once, in an order keyed by the seed. Memory does not grow with the
 * list.
 *
 * A name belongs to one of SPOOL_BUCKETS buckets by an unkeyed hash (XXH3), so that a shard (a range of
 * buckets) is the same whatever the seed. Buckets are visited in an order drawn from the seed; inside one,
 * names stand in the order of a keyed hash. Of equal names the one with the lowest ordinal stays, the others
 * are counted as duplicates. The order depends on names and seed alone, never on how many names fit into
 * memory.
 *
 * If what is handed out rests on the whole list, as a sample of so many names does, the spool keeps the names
 * outside its shard as well (whole), and spool_survey shows all of them before the first is handed out.
 */
#ifndef STSWEEP_INPUT_SPOOL_H
#define STSWEEP_INPUT_SPOOL_H

#include <stdint.h>

#include "input/input.h"

enum { SPOOL_BUCKETS = 1024, SPOOL_NOTE_BYTES = 4096, SPOOL_SOURCES = UINT16_MAX };

/* An error of the memory or the disk sticks: spool_add, spool_finish and spool_next return it again. */
struct spool;

struct spool_options {
    uint64_t seed;
    uint64_t memory_bytes;
    const char *directory;             /* where a file without a name may be made; NULL: never spill */
    uint32_t shard_index, shard_count; /* 1-based; 1 of 1 for all */
    bool whole;                        /* there will be a survey */
    const char *const *sources; /* what input_name.source may be, each by its address; they outlive it */
    size_t source_count;        /* SPOOL_SOURCES at most */
};

struct spool_counts {
    uint64_t names;        /* added */
    uint64_t not_in_shard; /* of these, names outside the shard */
    uint64_t duplicates;   /* found so far, inside the shard; all of them once everything is handed out */
    uint64_t handed_out;
};

enum error spool_create(const struct spool_options *options, struct spool **spool, struct buf *why);
/* Adds a name. ERR_FULL: the disk is full; ERR_LIMIT: past memory_bytes without a directory, a name that is
 * none, or a note above SPOOL_NOTE_BYTES. */
enum error spool_add(struct spool *spool, const struct input_name *name);

/* Says that no more names come. */
enum error spool_finish(struct spool *spool);

/* Visits each name of the whole list once, after spool_finish and before spool_next; as often as it is
 * called. Anything but ERR_OK from visit ends it with that. */
typedef enum error (*spool_visit)(void *arg, const struct input_name *name, bool in_shard);
enum error spool_survey(struct spool *spool, spool_visit visit, void *arg);

/* Is the name of shard index of count? Whatever the list and the seed. */
bool spool_shard_has(uint32_t index, uint32_t count, const char *domain);

/* Is the line with this ordinal, which holds no name, of shard index of count? */
bool spool_shard_has_reject(uint32_t index, uint32_t count, uint64_t ordinal);

/* Returns the next name, or ERR_NOT_FOUND at the end. Pointers are valid until the next call. */
enum error spool_next(struct spool *spool, struct input_name *name);

/* Returns what the system said, after ERR_IO, ERR_FULL or ERR_CORRUPT of the above; else "". */
const char *spool_reason(const struct spool *spool);

const struct spool_counts *spool_counts(const struct spool *spool);
bool spool_on_disk(const struct spool *spool);
/* Returns how long its file is. */
uint64_t spool_disk_bytes(const struct spool *spool);
void spool_destroy(struct spool *spool); /* removes its file */

#endif
