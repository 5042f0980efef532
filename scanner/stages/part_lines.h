/*
 * Reads the contacts of one part of a plan, line by line, from its record files (plandir.h). The plan may be
 * somebody else's: nothing is believed of a line but its bytes, and these only once the frame around them is
 * whole. One thread; memory is bounded by a frame.
 */
#ifndef STSWEEP_STAGES_PART_LINES_H
#define STSWEEP_STAGES_PART_LINES_H

#include <stdint.h>

#include "output/frames/frames_part.h"
#include "scanner/base/buf.h"
#include "scanner/base/error.h"

struct frame_scan;

struct part_lines {
    int dir_fd;       /* borrowed */
    const char *name; /* of the record files; borrowed */
    uint32_t files, file;
    char file_name[PART_NAME_BYTES]; /* the one that is open, for messages */
    int fd;                          /* -1: none is */
    struct frame_scan *scan;
    struct bytes left;    /* of the frame at hand */
    uint64_t line;        /* the number of the last line, over all files, from 1 */
    uint64_t bytes, size; /* read so far, and of all files together */
};

/* Opens the first file. ERR_NOT_FOUND with *why if there is none: then there are no lines; ERR_CORRUPT,
 * ERR_IO, ERR_MEMORY with *why. part_lines_close is fine after any. */
enum error part_lines_open(struct part_lines *lines, int dir_fd, const char *name, struct buf *why);
void part_lines_close(struct part_lines *lines);

/* Gives the next line without its \n, which is good until the next call. ERR_NOT_FOUND when there are no
 * more; ERR_CORRUPT with *why, which names the file, and others as above. */
enum error part_lines_next(struct part_lines *lines, struct bytes *line, struct buf *why);

#endif
