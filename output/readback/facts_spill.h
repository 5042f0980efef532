/*
 * Lines in a temporary file without a name, under TMPDIR: added in order, compressed in small blocks, read
 * back at random. Memory is bounded by the cache of blocks, whatever the number of lines. One thread.
 */
#ifndef STSWEEP_READBACK_FACTS_SPILL_H
#define STSWEEP_READBACK_FACTS_SPILL_H

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/facts/record_kept.h"

enum { SPILL_LINE_BYTES = RECORD_LINE_BYTES };

/* A temporary file that is gone when it is closed; -1 with *why. */
int spill_open_file(struct buf *why);

struct spill;

enum error spill_create(struct spill **spill, struct buf *why);
void spill_destroy(struct spill *spill); /* NULL is fine */

/* A line without its \n, up to SPILL_LINE_BYTES (ERR_LIMIT). *place finds it again. ERR_FULL, ERR_IO,
 * ERR_MEMORY with *why. */
enum error spill_add(struct spill *spill, struct bytes line, uint64_t *place, struct buf *why);

/* What was added last is written; spill_get may follow, spill_add too. */
enum error spill_flush(struct spill *spill, struct buf *why);

/* *line holds until the next call. ERR_CORRUPT where the file no longer holds what was written. */
enum error spill_get(struct spill *spill, uint64_t place, struct bytes *line);

uint64_t spill_bytes(const struct spill *spill); /* of the file */

#endif
