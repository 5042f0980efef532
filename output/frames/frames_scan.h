/*
 * Walks the zstd frames of one file, each checked whole (content size, checksum) before it is given. Memory
 * is bounded by the largest frame, whatever the file holds. Never writes.
 */
#ifndef STSWEEP_FRAMES_FRAMES_SCAN_H
#define STSWEEP_FRAMES_FRAMES_SCAN_H

#include <zstd.h>

#include "output/frames/frames.h"
#include "scanner/base/bytes.h"
#include "scanner/base/error.h"

struct frame_scan;

enum frame_state {
    FRAME_WHOLE, /* a frame that is whole and whose checksum is right */
    FRAME_END,   /* the file ends here, behind a whole frame */
    FRAME_BAD    /* no whole frame begins here */
};

/* Begins at the start of the file. fd is borrowed and must allow pread. */
enum error frame_scan_create(int fd, struct frame_scan **scan);
void frame_scan_destroy(struct frame_scan *scan);

/* Reads the next frame; *raw holds until the next call. After FRAME_BAD or FRAME_END it stays where it is. */
enum error frame_scan_next(struct frame_scan *scan, enum frame_state *state, struct bytes *raw);

/* More bytes than this are never one frame of ours. */
#define FRAME_STORED_CEILING_BYTES (ZSTD_COMPRESSBOUND((size_t)FRAME_RAW_CEILING_BYTES) + 64)

/* Says what is wrong with the frame at FRAME_BAD, a constant text. */
const char *frame_scan_reason(const struct frame_scan *scan);

/* Goes on from FRAME_BAD to the next whole frame; if none follows, to the end of the file, with false in
 * *found. */
enum error frame_scan_skip(struct frame_scan *scan, bool *found);

uint64_t frame_scan_offset(const struct frame_scan *scan); /* where it stands */
uint64_t frame_scan_count(const struct frame_scan *scan);  /* whole frames so far */

#endif
