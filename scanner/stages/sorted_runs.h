/*
 * Writes sorted pairs as runs into a file without a name, in blocks that are compressed and have a checksum,
 * and reads a run back in order. Private to sorted.c.
 */
#ifndef STSWEEP_STAGES_SORTED_RUNS_H
#define STSWEEP_STAGES_SORTED_RUNS_H

#include "scanner/base/buf.h"
#include "scanner/base/bytes.h"
#include "scanner/base/error.h"

/* Where a run stands in its file. */
struct sorted_run {
    uint64_t begin, end;
};

struct sorted_file; /* with the run that is being written */

/* Makes a file in the directory, or under TMPDIR. ERR_FULL, ERR_IO with *why; ERR_MEMORY. */
enum error sorted_file_open(int dir_fd, struct sorted_file **file, struct buf *why);
void sorted_file_close(struct sorted_file *file); /* NULL is fine */
uint64_t sorted_file_bytes(const struct sorted_file *file);

/* Adds a pair to the run; ends the run, and says where it stands. Errors as above. */
enum error sorted_file_put(struct sorted_file *file, struct bytes key, struct bytes value, struct buf *why);
enum error sorted_file_end_run(struct sorted_file *file, struct sorted_run *run, struct buf *why);

/* Reads one run. */
struct sorted_cursor {
    const struct sorted_file *file;
    uint64_t at, end;
    struct buf block;
    size_t place;            /* of the next pair in the block */
    struct bytes key, value; /* the pair at hand */
    bool ended;              /* there is none */
};

void sorted_cursor_begin(struct sorted_cursor *cursor, const struct sorted_file *file, struct sorted_run run);
void sorted_cursor_dispose(struct sorted_cursor *cursor);

/* Goes to the next pair, or the end. ERR_IO, ERR_CORRUPT with *why; ERR_MEMORY. */
enum error sorted_cursor_next(struct sorted_cursor *cursor, struct buf *why);

#endif
