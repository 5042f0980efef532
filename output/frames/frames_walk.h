/* Goes through every whole record of a record file's parts in order, for reading as well as for recovery.
 * Never writes. */
#ifndef STSWEEP_FRAMES_FRAMES_WALK_H
#define STSWEEP_FRAMES_FRAMES_WALK_H

#include "output/frames/frames.h"

/* Bytes of a part in which no whole frame could be found. */
struct walk_damage {
    uint32_t part;
    uint64_t frame; /* which one of the part it is, from 1 */
    uint64_t offset, bytes;
    const char *reason; /* a constant */
};

/* It says how far the walk came. */
struct walk_end {
    uint32_t parts;
    uint64_t offset;     /* in the last part: where it ends, without a torn tail */
    uint64_t mended_cut; /* bytes of a torn tail that mending the last part left out */
    struct frames_counters counters;
    struct walk_damage *damage; /* owned, in the order of the file */
    size_t damage_count;
};

/*
 * Gives every whole record, also those behind damage, which *end lists. A torn tail of the last part ends the
 * walk in good order, unless the scan was whole (frames_scan_is_whole): then it is damage. ERR_CORRUPT with
 * *why for damage that is no matter of frames (a part is missing, a frame ends within a line, damage without
 * end). An error of line is returned as it came; *why then says where the record stands, behind what line
 * wrote there itself.
 */
enum error frames_walk(int dir_fd, const char *name, bool whole, frames_line line, void *arg,
                       struct walk_end *end, struct buf *why);
void walk_end_dispose(struct walk_end *end);

/* Writes file, frame, offset and reason of each damage (the first ones, and how many more). */
void walk_describe(const struct walk_end *end, const char *name, struct buf *text);

uint64_t frames_count_lines(struct bytes text);

#endif
