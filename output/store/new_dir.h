/*
 * A directory that is made anew: files written whole, and in the end SHA256SUMS of all of them. Whatever goes
 * wrong, new_dir_drop leaves nothing of it.
 */
#ifndef STSWEEP_STORE_NEW_DIR_H
#define STSWEEP_STORE_NEW_DIR_H

#include <stdio.h>

#include "output/store/store_dir.h"

struct new_dir {
    const char *path;
    struct store_dir dir; /* fd -1: it was not made */
};

/* Makes it. ERR_EXISTS, ERR_NOT_FOUND (no such parent), ERR_FULL, ERR_IO with *why. */
enum error new_dir_make(struct new_dir *out, const char *path, struct buf *why);

enum error new_dir_write(const struct new_dir *out, const char *name, struct bytes text, struct buf *why);

/* Opens a file to be written as a stream, and ends it; unlike new_dir_write neither waits for the disk.
 * ERR_FULL, ERR_IO with *why; the file is closed after new_dir_end, whatever it returns. */
enum error new_dir_open(const struct new_dir *out, const char *name, FILE **file, struct buf *why);
enum error new_dir_end(FILE *file, const char *name, struct buf *why);

/* Calls visit with the name and size of each file, in the order of their bytes. */
enum error new_dir_each(const struct new_dir *out,
                        enum error (*visit)(void *arg, const char *name, uint64_t bytes), void *arg,
                        struct buf *why);

/* Writes SHA256SUMS, as sha256sum -c reads it. */
enum error new_dir_sum(const struct new_dir *out, struct buf *why);

void new_dir_close(struct new_dir *out);

/* Removes all that was made, and the directory. */
void new_dir_drop(struct new_dir *out);

#endif
