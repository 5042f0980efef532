/*
 * The directory that is made: files written whole, and in the end SHA256SUMS of all of them. Whatever goes
 * wrong, release_out_drop leaves nothing of it.
 */
#ifndef STSWEEP_RELEASE_RELEASE_OUT_H
#define STSWEEP_RELEASE_RELEASE_OUT_H

#include "output/store/store_dir.h"

struct release_out {
    const char *path;
    struct store_dir dir; /* fd -1: it was not made */
};

/* Makes it. ERR_EXISTS, ERR_NOT_FOUND (no such parent), ERR_FULL, ERR_IO with *why. */
enum error release_out_make(struct release_out *out, const char *path, struct buf *why);

enum error release_out_write(const struct release_out *out, const char *name, struct bytes text,
                             struct buf *why);

/* Calls visit with the name and size of each file, in the order of their bytes. */
enum error release_out_each(const struct release_out *out,
                            enum error (*visit)(void *arg, const char *name, uint64_t bytes), void *arg,
                            struct buf *why);

/* Writes SHA256SUMS, as sha256sum -c reads it. */
enum error release_out_sum(const struct release_out *out, struct buf *why);

void release_out_close(struct release_out *out);

/* Removes all that was made, and the directory. */
void release_out_drop(struct release_out *out);

#endif
