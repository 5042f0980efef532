/*
 * Holds where the output of a command goes that makes one file: standard output, or a file that has its name
 * only when it is whole. Until then it stands beside that name, as NAME.part.
 */
#ifndef STSWEEP_COMMANDS_OUT_FILE_H
#define STSWEEP_COMMANDS_OUT_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "scanner/base/error.h"

struct out_file {
    FILE *out; /* NULL: not open */
    const char *path;
    char *part; /* NULL: standard output */
    bool force;
};

/* path: NULL or "-" for standard output; it must live as long as the stream. ERR_EXISTS if the file is there
 * and not to be replaced (force); ERR_IO with errno, ERR_MEMORY. */
enum error out_file_open(struct out_file *stream, const char *path, bool force);

/* Ends the stream. If it is whole the file gets its name, else it is removed. ERR_IO with errno, ERR_EXISTS
 * if somebody made the file meanwhile. It may be called after any open. */
enum error out_file_close(struct out_file *stream, bool whole);

#endif
