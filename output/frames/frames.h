/*
 * Writes, recovers and reads record files. They are NDJSON in self-contained zstd frames (content size and
 * checksum in each, plain frames only), in parts: NAME.ndjson.zst, NAME.0001.ndjson.zst, … A frame is durable
 * when frames_commit returns. Recovery finds the last whole frame of the last part and cuts a torn tail. A
 * part is made when its first frame is committed, so that no empty file is ever left: a stream without
 * records has no file, or one with an empty frame (frames_complete).
 */
#ifndef STSWEEP_FRAMES_FRAMES_H
#define STSWEEP_FRAMES_FRAMES_H

#include "scanner/base/buf.h"
#include "scanner/base/error.h"

struct frames;

struct frames_options {
    int dir_fd;       /* borrowed */
    const char *name; /* "domains" */
    int level;
    size_t frame_bytes;
    uint64_t part_bytes;
    /* For recovery only, may be NULL: it is called once before damaged bytes are cut out, with what is
     * damaged and where it goes; an error leaves all as it is. */
    enum error (*damaged)(void *arg, const char *name, const char *places, struct buf *why);
    void *damaged_arg;
    bool whole; /* recovery only: frames_scan_is_whole, asked before the first stream is recovered */
};

/* The records of one frame stay under this when raw. A frame that claims more is damaged. */
enum { FRAME_RAW_CEILING_BYTES = 128 << 20 };

/* Begins new files; ERR_EXISTS if there is one already. */
enum error frames_create(const struct frames_options *options, struct frames **frames, struct buf *why);

/*
 * Goes on with the files that are there: calls line (may be NULL) for each whole record in order, cuts a torn
 * tail of the last part (*cut_bytes), and is ready to append. A frame before the tail that is damaged is set
 * aside whole into NAME.ndjson.zst.OFFSET.damaged and cut out of its part, if options->damaged agrees;
 * without it, ERR_CORRUPT with *why (file, offset, reason) and nothing changed. No file at all is fine.
 */
typedef enum error (*frames_line)(void *arg,
                                  struct bytes line); /* without its \n; an error ends the reading */
enum error frames_recover(const struct frames_options *options, frames_line line, void *arg,
                          struct frames **frames, uint64_t *cut_bytes, struct buf *why);

/* Adds whole lines (each ends in \n) to the frame being filled. true in *full when frame_bytes are reached.
 * ERR_LIMIT, and nothing added, if the frame would pass its ceiling; ERR_SYNTAX if they do not end in \n. */
enum error frames_append(struct frames *frames, struct bytes lines, bool *full);

size_t frames_waiting(const struct frames *frames); /* bytes not yet written */

/* Compresses, writes and fsyncs the lines that wait (and the directory if a part is new). Does nothing if
 * none wait. ERR_FULL for ENOSPC, EDQUOT and EFBIG. After a failure the file ends at its last durable frame
 * and the lines wait still: commit may be called again. */
enum error frames_commit(struct frames *frames, struct buf *why);

/* Makes the first part if there is none, with a frame without records, as durably as frames_commit does.
 * Nothing waits when it is called. */
enum error frames_complete(struct frames *frames, struct buf *why);

struct frames_counters {
    uint64_t lines, raw_bytes, stored_bytes, frames, parts;
};
/* Counts what is durable, recovered records included. */
const struct frames_counters *frames_counters(const struct frames *frames);

void frames_destroy(struct frames *frames); /* does not commit */

/* Tells whether the scan ended, as summary.json says: no part has a torn tail then. */
bool frames_scan_is_whole(int dir_fd);

/* Reads every whole record of NAME's parts in order, for the commands that read a scan, also one that still
 * runs. A torn tail is passed over; a file that is not there has no records. ERR_CORRUPT if there is damage,
 * after every whole record around it was given; *why names file, offset and reason of each. */
enum error frames_read(int dir_fd, const char *name, frames_line line, void *arg, struct buf *why);

/* As frames_read, but of the first records only, so many: ERR_CORRUPT also if there are fewer. */
enum error frames_read_first(int dir_fd, const char *name, uint64_t most, frames_line line, void *arg,
                             struct buf *why);

#endif
