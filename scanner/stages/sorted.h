/*
 * Sorts pairs of a key and a value, both any bytes, by the key; of equal keys the one that was added first
 * comes first. Memory is bounded whatever comes: what does not fit is written in runs, compressed, into a
 * temporary file without a name, and merged while it is read. Nothing is left behind, whatever happens. One
 * thread.
 */
#ifndef STSWEEP_STAGES_SORTED_H
#define STSWEEP_STAGES_SORTED_H

#include "scanner/base/buf.h"
#include "scanner/base/bytes.h"
#include "scanner/base/error.h"

struct sorted;

struct sorted_options {
    size_t memory_bytes; /* for pairs; a reader takes up to SORTED_READER_BYTES beside it */
    int dir_fd;          /* where the file is made: borrowed; if none can be made there, under TMPDIR */
};

enum {
    SORTED_PAIR_BYTES = 16 << 20, /* the largest pair */
    SORTED_BLOCK_BYTES = 128 << 10,
    SORTED_RUNS_MOST = 256, /* that are merged at once */
    SORTED_READER_BYTES = SORTED_RUNS_MOST * 2 * SORTED_BLOCK_BYTES
};

/* NULL: out of memory. */
struct sorted *sorted_create(const struct sorted_options *options);
void sorted_free(struct sorted *sorted); /* NULL is fine; its readers are freed before */

/* Adds a pair. ERR_LIMIT past SORTED_PAIR_BYTES; ERR_FULL, ERR_IO with *why; ERR_MEMORY. */
enum error sorted_add(struct sorted *sorted, struct bytes key, struct bytes value, struct buf *why);

/* Ends the adding; readers may be begun then. Errors as above, and ERR_CORRUPT as below. */
enum error sorted_end(struct sorted *sorted, struct buf *why);

uint64_t sorted_count(const struct sorted *sorted);
uint64_t sorted_stored(const struct sorted *sorted); /* bytes of the file */

/* Goes through the pairs, each reader on its own. */
struct sorted_reader;
enum error sorted_begin(struct sorted *sorted, struct sorted_reader **reader, struct buf *why);
void sorted_reader_free(struct sorted_reader *reader); /* NULL is fine */

/* Gives the next pair, which is good until the next call. ERR_NOT_FOUND at the end; ERR_IO, ERR_CORRUPT with
 * *why if the file does not hold what was written; ERR_MEMORY. */
enum error sorted_next(struct sorted_reader *reader, struct bytes *key, struct bytes *value, struct buf *why);

#endif
