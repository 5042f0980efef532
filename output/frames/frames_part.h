/* Names the parts of a record file, and counts and measures those in a directory. */
#ifndef STSWEEP_FRAMES_FRAMES_PART_H
#define STSWEEP_FRAMES_FRAMES_PART_H

#include <stdint.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"

enum { PART_NAME_BYTES = 128 };

/* Writes domains.ndjson.zst for part 0, domains.0001.ndjson.zst for part 1, … Returns text. */
char *part_name(const char *name, uint32_t part, char text[PART_NAME_BYTES]);

/* Counts the parts: 0 to *count - 1 are there. ERR_CORRUPT if one between them is missing. */
enum error part_count(int dir_fd, const char *name, uint32_t *count, struct buf *why);

/* Adds up how many bytes parts 0 to count - 1 have; one that cannot be looked at has none. */
uint64_t part_bytes(int dir_fd, const char *name, uint32_t count);

#endif
