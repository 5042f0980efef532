/*
 * Tells how far a frame goes by its head and the heads of its blocks (RFC 8878 section 3.1.1), without what
 * the blocks hold. The file may be anybody's: a frame costs a bounded number of heads. Never writes.
 */
#ifndef STSWEEP_FRAMES_FRAMES_EXTENT_H
#define STSWEEP_FRAMES_FRAMES_EXTENT_H

#include <zstd.h>

#include "output/frames/frames.h"
#include "scanner/base/error.h"

/* More bytes than this are never one frame of ours. */
#define FRAME_STORED_CEILING_BYTES (ZSTD_COMPRESSBOUND((size_t)FRAME_RAW_CEILING_BYTES) + 64)

enum extent_state {
    EXTENT_WHOLE, /* all of it stands there; whether its checksum is right is not known */
    EXTENT_SHORT, /* the file ends before the frame does */
    EXTENT_NONE   /* no frame of ours begins here */
};

struct frame_extent {
    enum extent_state state;
    const char *reason; /* if it is not whole: a constant text */
    uint64_t stored;    /* bytes in the file */
    uint64_t raw;       /* bytes that it says it holds, at most FRAME_RAW_CEILING_BYTES */
    uint64_t blocks;    /* heads of blocks that were read */
};

/* Reads up to len bytes at an offset; *got is less where the file ends. An error ends the measuring. */
typedef enum error (*extent_read)(void *arg, void *data, size_t len, uint64_t offset, size_t *got);

/* Measures the frame at an offset of a file of so many bytes. Any error is one of `read`. */
enum error frame_extent(extent_read read, void *arg, uint64_t offset, uint64_t size,
                        struct frame_extent *extent);

#endif
