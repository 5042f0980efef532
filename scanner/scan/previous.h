/*
 * Keeps the policies of an earlier scan (scan.previous) that senders may still have, to be found by name. The
 * scan's directory is read once, from its beginning to its end, before the first domain is looked at. Only
 * policies that enforce and are alive are kept: their lines in a temporary file (facts_spill.h), 24 to 48
 * bytes for each in a table that is mapped from another (facts_table.h). So memory does not grow with the
 * earlier scan, but for that table, which the kernel may page out.
 *
 * The feeder's thread asks; until that is started, the thread that opened it.
 */
#ifndef STSWEEP_SCAN_PREVIOUS_H
#define STSWEEP_SCAN_PREVIOUS_H

#include <stdio.h>

#include "output/readback/meta_read.h"
#include "scanner/base/arena.h"
#include "scanner/facts/record.h"

struct previous;

/* Any policy that is found fits into an arena of this size. */
enum { PREVIOUS_ARENA_BYTES = 1 << 20 };

/* Checks that dir is a scan directory, and not the one that is written (output; "-" is none). Reads no
 * record. ERR_NOT_FOUND or ERR_CONFIG with *why if another command line would mend it; ERR_CORRUPT with *why
 * if its meta.json is none of this schema; ERR_IO, ERR_MEMORY. */
enum error previous_check(const char *dir, const char *output, struct buf *why);

/* Reads the scan in dir. shard: this scan's (scan.shard), "" for the whole list. now_ms: wall clock; what is
 * over by then is not kept. What is not whole in it, or of another part of the list, and what was found, is
 * said on err. Errors as of previous_check; ERR_FULL too. */
enum error previous_open(const char *dir, const char *shard, int64_t now_ms, struct previous **made,
                         FILE *err, struct buf *why);
void previous_close(struct previous *previous); /* NULL is fine */

/* Finds the policy of a domain; NULL if there is none. It lives in arena. What was kept of a record and
 * cannot be one counts as left out. ERR_MEMORY; ERR_IO or ERR_CORRUPT if the temporary file cannot be read
 * back, for previous_say_reason. */
enum error previous_find(struct previous *previous, const char *domain, struct arena *arena,
                         struct cached_policy **policy);

/* Appends to *why that the temporary file could not be read back, and why; returns false if it could. Once no
 * thread asks any more. NULL is fine. */
bool previous_say_reason(const struct previous *previous, struct buf *why);

/* Says how many of its policies were of domains of this scan. NULL is fine. */
void previous_say_matched(const struct previous *previous, uint64_t matched, FILE *err);

/* Returns what meta.json says of it; good as long as previous. NULL for NULL. */
const struct meta_previous *previous_meta(const struct previous *previous);

#endif
