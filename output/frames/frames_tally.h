/*
 * Counts what a record file holds without unpacking it: it goes from frame to frame and from block to block
 * by their heads (RFC 8878 section 3.1.1), and unpacks a few frames to tell how many records are in all. So
 * it is quick over a directory that is still written, and may miss damage inside a frame, which whoever reads
 * the records finds. Never writes; the file may be anybody's, and may grow meanwhile.
 */
#ifndef STSWEEP_FRAMES_FRAMES_TALLY_H
#define STSWEEP_FRAMES_FRAMES_TALLY_H

#include "scanner/base/buf.h"
#include "scanner/base/error.h"

/* Frames that are unpacked at most. */
enum { TALLY_SAMPLES_MOST = 16 };

struct frames_tally {
    uint32_t parts;
    uint64_t frames, raw_bytes, stored_bytes; /* of whole frames */
    uint64_t torn_bytes;                      /* of the last part, behind the last whole frame */
    uint64_t records;
    bool exact; /* all frames were unpacked; else records is about so many */
};

/* Counts all parts; records only if they are asked for. No file at all has no records. ERR_CORRUPT with *why
 * (file, offset, reason) if something is there that is no frame, or a part other than the last is cut short;
 * what came before it is counted. ERR_IO with *why, ERR_MEMORY. */
enum error frames_tally(int dir_fd, const char *name, bool records, struct frames_tally *tally,
                        struct buf *why);

#endif
