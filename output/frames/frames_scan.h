/*
 * Walks the zstd frames of one file, each checked whole (content size, checksum) before it is given. Memory
 * is bounded by the largest frame, whatever the file holds, and so is the search behind damage, by the file's
 * size. Never writes.
 */
#ifndef STSWEEP_FRAMES_FRAMES_SCAN_H
#define STSWEEP_FRAMES_FRAMES_SCAN_H

#include "output/frames/frames.h"
#include "scanner/base/bytes.h"
#include "scanner/base/error.h"

struct frame_scan;

enum frame_state {
    FRAME_WHOLE, /* a frame that is whole and whose checksum is right */
    FRAME_END,   /* the file ends here, behind a whole frame */
    FRAME_BAD    /* no whole frame begins here */
};

/* Begins at the start of the file, which ends for it where it ends now. fd is borrowed and must allow pread.
 * ERR_IO with errno if it cannot be looked at. */
enum error frame_scan_create(int fd, struct frame_scan **scan);
void frame_scan_destroy(struct frame_scan *scan);

/* Reads the next frame; *raw holds until the next call. After FRAME_BAD or FRAME_END it stays where it is. */
enum error frame_scan_next(struct frame_scan *scan, enum frame_state *state, struct bytes *raw);

/* Says what is wrong with the frame at FRAME_BAD, a constant text. */
const char *frame_scan_reason(const struct frame_scan *scan);

/*
 * What is tried and is no whole frame wastes work: bytes that were read, moved and unpacked, and heads. If
 * more than this was wasted over a file, nothing is tried any more behind damage. Of real damage each frame
 * is tried once, and what it holds is less than a hundred times its bytes.
 */
#define FRAME_SEARCH_BYTES ((uint64_t)1 << 30)
enum { FRAME_SEARCH_FACTOR = 128 };

/* Goes on from FRAME_BAD to the next whole frame; if none follows, or the search is given up, to the end of
 * the file, with false in *found. */
enum error frame_scan_skip(struct frame_scan *scan, bool *found);

/* Tells whether a search was given up: whole frames may stand in what was skipped. frame_scan_reason then
 * says so. */
bool frame_scan_gave_up(const struct frame_scan *scan);

uint64_t frame_scan_offset(const struct frame_scan *scan); /* where it stands */
uint64_t frame_scan_count(const struct frame_scan *scan);  /* whole frames so far */

#endif
