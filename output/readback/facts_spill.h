/*
 * Keeps lines in a temporary file without a name, under TMPDIR: they are added in order, compressed in small
 * blocks, and read back at random. Memory is bounded by the cache of blocks, whatever the number of lines.
 * One thread.
 */
#ifndef STSWEEP_READBACK_FACTS_SPILL_H
#define STSWEEP_READBACK_FACTS_SPILL_H

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/facts/record_kept.h"

enum { SPILL_LINE_BYTES = RECORD_LINE_BYTES };

/* Opens a temporary file that is gone when it is closed: in the directory, or under TMPDIR if dir_fd is -1 or
 * none can be made there. -1 with *why. */
int spill_open_file(int dir_fd, struct buf *why);

struct spill;

enum error spill_create(struct spill **spill, struct buf *why);
void spill_destroy(struct spill *spill); /* NULL is fine */

/* Adds a line without its \n, up to SPILL_LINE_BYTES (ERR_LIMIT). *place is the offset that finds it again.
 * ERR_FULL, ERR_IO, ERR_MEMORY with *why. */
enum error spill_add(struct spill *spill, struct bytes line, uint64_t *place, struct buf *why);

/* Writes the lines that were added last; spill_get may follow, spill_add too. */
enum error spill_flush(struct spill *spill, struct buf *why);

/* Reads a line, which is good until the next call. ERR_IO with errno if the file cannot be read, ERR_CORRUPT
 * if it no longer holds what was written. */
enum error spill_get(struct spill *spill, uint64_t place, struct bytes *line);

/* Takes lines in the order in which they were added, each with its \n, some at a time; good during the call.
 * An error ends the walk. */
typedef enum error (*spill_take)(void *arg, struct bytes lines);

/* Gives all lines that were flushed. Errors as of spill_get, and of take. */
enum error spill_walk(struct spill *spill, spill_take take, void *arg);

uint64_t spill_bytes(const struct spill *spill); /* of the file */

#endif
