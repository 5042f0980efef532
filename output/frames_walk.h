/* Every whole record of a record file's parts in order: what reading and recovery have in common. Reads only.
 */
#ifndef STSWEEP_OUTPUT_FRAMES_WALK_H
#define STSWEEP_OUTPUT_FRAMES_WALK_H

#include "output/frames.h"

/* Where the walk came to. */
struct walk_end {
    uint32_t parts;
    uint64_t offset; /* in the last part: behind its last whole frame */
    struct frames_counters counters;
};

/* A torn tail of the last part ends the walk in good order. ERR_CORRUPT with *why for any other damage; an
 * error of line as it came, with the record's place in *why behind what line wrote there itself. */
enum error frames_walk(int dir_fd, const char *name, frames_line line, void *arg, struct walk_end *end,
                       struct buf *why);

uint64_t frames_count_lines(struct bytes text);

#endif
