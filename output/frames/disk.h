/*
 * Makes file calls and never follows a link; those that a signal may interrupt are repeated until they are
 * done. It does nothing else: the caller says from errno what an error means.
 */
#ifndef STSWEEP_FRAMES_DISK_H
#define STSWEEP_FRAMES_DISK_H

#include <stdint.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"

/* Tells whether the directory has an entry of this name, whatever it is. */
bool disk_has(int dir_fd, const char *name);

/* Makes a file in a folder, by its path from dir_fd (openat), that has no name, to be written and read; where
 * the file system makes none, one whose name is taken away at once. -1 with errno. */
int disk_open_nameless(int dir_fd, const char *folder);

/* Opens a regular file (openat): a symbolic link is ELOOP, anything else that is no file EINVAL, and a file
 * to be written that has another name too EMLINK. Never waits, as a pipe would make it. */
int disk_open(int dir_fd, const char *name, int flags);

/* Returns what disk_open failed of, by its errno, for a file of a scan: ERR_CORRUPT if a link or another
 * thing stands in the file's place, else as error_of_file. */
enum error disk_error(int number);

/* Says it, with the next step behind a semicolon, if there is one; as errno_said, whose buffer it may use. */
const char *disk_said(int number);

/* Reads a file of the directory to its end, behind what *text holds. As disk_error with errno if it cannot be
 * opened; ERR_IO with errno if it cannot be read; ERR_LIMIT if it does not fit into *text. */
enum error disk_read(int dir_fd, const char *name, struct buf *text);

/* Writes all of data, or returns false with errno; a file that takes nothing and says nothing is EIO. */
bool disk_write(int fd, struct bytes data);
bool disk_write_at(int fd, struct bytes data, uint64_t offset);

bool disk_sync(int fd);      /* fsync: a directory, or a file that becomes another's stand-in */
bool disk_sync_data(int fd); /* fdatasync: what is needed to read it back */
bool disk_cut(int fd, uint64_t size);

#endif
