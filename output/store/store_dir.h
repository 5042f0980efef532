/* Makes, opens and locks the directory of a scan, and writes and reads its small files whole. */
#ifndef STSWEEP_STORE_STORE_DIR_H
#define STSWEEP_STORE_STORE_DIR_H

#include "scanner/base/buf.h"
#include "scanner/base/error.h"

struct store_dir {
    int fd;   /* -1 if none is open */
    int lock; /* holds DIR/lock by flock */
};

/* Makes the directory if need be. ERR_EXISTS with *why if it holds a scan, or anything else, or is in use;
 * here and below also if an entry with the name of a file of ours is a link or no file. */
enum error store_dir_create(const char *path, struct store_dir *dir, struct buf *why);

/* Makes the directory if it is not there, durably; *made says whether it was not. */
enum error store_dir_make(const char *path, bool *made, struct buf *why);

/* Tells whether we, who may have been somebody else when store_dir_check was asked, may write the directory
 * and every file of a scan in it. */
enum error store_dir_may_write(const char *path, struct buf *why);

/* Opens the directory of a scan. ERR_NOT_FOUND if it holds no meta.json; ERR_EXISTS if another process writes
 * it. */
enum error store_dir_open(const char *path, struct store_dir *dir, struct buf *why);

/* Makes the directory if need be, and locks it, whatever it holds. ERR_EXISTS if another process writes it.
 */
enum error store_dir_begin(const char *path, struct store_dir *dir, struct buf *why);

/* Tells whether there could be a scan in it: refuses all that store_dir_create (or store_dir_open, to resume)
 * would refuse, with the same error and *why, but for the lock. Changes nothing. */
enum error store_dir_check(const char *path, bool resume, struct buf *why);

void store_dir_close(struct store_dir *dir);

/* Tells whether another process writes the directory. holder is what is known of it, fit for a message
 * ("process 123 on host7"), or "". */
enum { STORE_DIR_HOLDER_BYTES = 128 };
bool store_dir_is_locked(const char *path, char holder[STORE_DIR_HOLDER_BYTES]);

/* Writes a file whole: temporary file, fsync, rename, fsync of the directory. ERR_FULL if there is no space;
 * the file that stood there stays. */
enum error store_dir_write(const struct store_dir *dir, const char *name, struct bytes text, struct buf *why);

/* Removes a file durably; it is no error if it is not there. */
enum error store_dir_remove(const struct store_dir *dir, const char *name, struct buf *why);

/* Reads a file. ERR_NOT_FOUND; ERR_LIMIT if it does not fit into *text. */
enum error store_dir_read(const struct store_dir *dir, const char *name, struct buf *text, struct buf *why);

#endif
