/* Writes lines to a descriptor such as standard output: buffered, whole, blocking. */
#ifndef STSWEEP_FRAMES_STREAM_H
#define STSWEEP_FRAMES_STREAM_H

#include "scanner/base/buf.h"
#include "scanner/base/error.h"

struct stream {
    int fd; /* borrowed */
    struct buf waiting;
};

void stream_init(struct stream *stream, int fd);
void stream_dispose(struct stream *stream); /* does not flush */

/* Keeps the lines; true in *full if it is time to flush. ERR_LIMIT if they do not fit. */
enum error stream_append(struct stream *stream, struct bytes lines, bool *full);

/* Writes what waits, however long the reader takes. ERR_IO also if nobody reads any more. */
enum error stream_flush(struct stream *stream, struct buf *why);

#endif
