/* The directory of a scan itself: making it, the lock against a second writer, and small files written whole.
 */
#ifndef STSWEEP_STORE_STORE_DIR_H
#define STSWEEP_STORE_STORE_DIR_H

#include "scanner/base/buf.h"
#include "scanner/base/error.h"

struct store_dir {
    int fd;   /* -1 where none is open */
    int lock; /* holds DIR/lock by flock */
};

/* Makes the directory if need be. ERR_EXISTS with *why where it holds a scan, or anything else, or is in use;
 * likewise, here and below, where something that is called as a file of ours is a link or no file. */
enum error store_dir_create(const char *path, struct store_dir *dir, struct buf *why);

/* Opens that of a scan. ERR_NOT_FOUND where it holds no meta.json; ERR_EXISTS where another process writes
 * it. */
enum error store_dir_open(const char *path, struct store_dir *dir, struct buf *why);

/* Whether there could be a scan in it: what store_dir_create (or store_dir_open, to resume) would refuse, it
 * refuses with the same error and *why, but for the lock. Changes nothing. */
enum error store_dir_check(const char *path, bool resume, struct buf *why);

void store_dir_close(struct store_dir *dir);

/* Temporary file, fsync, rename, fsync of the directory. ERR_FULL where there is no space; what stood there
 * stays. */
enum error store_dir_write(const struct store_dir *dir, const char *name, struct bytes text, struct buf *why);

/* Durably away; fine where it is not there. */
enum error store_dir_remove(const struct store_dir *dir, const char *name, struct buf *why);

/* ERR_NOT_FOUND; ERR_LIMIT where the file does not fit *text. */
enum error store_dir_read(const struct store_dir *dir, const char *name, struct buf *text, struct buf *why);

#endif
