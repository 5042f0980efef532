/*
 * Holds where a stream of `suggest --format` goes: standard output, or a file that has its name only when it
 * is whole. Until then it stands beside that name, as NAME.part.
 */
#ifndef STSWEEP_COMMANDS_SUGGEST_STREAM_H
#define STSWEEP_COMMANDS_SUGGEST_STREAM_H

#include <stdbool.h>
#include <stdio.h>

#include "scanner/base/error.h"

struct suggest_stream {
    FILE *out; /* NULL: not open */
    const char *path;
    char *part; /* NULL: standard output */
    bool force;
};

/* path: NULL or "-" for standard output; it must live as long as the stream. ERR_EXISTS if the file is there
 * and not to be replaced (force); ERR_IO with errno, ERR_MEMORY. */
enum error suggest_stream_open(struct suggest_stream *stream, const char *path, bool force);

/* Ends the stream. If it is whole the file gets its name, else it is removed. ERR_IO with errno, ERR_EXISTS
 * if somebody made the file meanwhile. It may be called after any open. */
enum error suggest_stream_close(struct suggest_stream *stream, bool whole);

#endif
