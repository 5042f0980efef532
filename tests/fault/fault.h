/*
 * A layer under a program's file calls, preloaded, that makes one of them go wrong: calls on files below one
 * directory are counted, and at the n-th something happens. Set up by the environment:
 *
 *   FAULT_DIR    the directory, absolute and without links in it
 *   FAULT_DO     kill-before | kill-after | short | eintr | full | eio | power; nothing: calls are only
 * counted FAULT_AT     n, from 1 FAULT_SEED   for power: which of the states that a disk may be left in
 *   FAULT_COUNT  a file that gets the number of calls when the program ends of itself
 *
 * full lasts from the n-th call on, all else happens once. power leaves what was synced and a random part of
 * the rest, then kills. Never touches a file outside the directory, but for FAULT_COUNT.
 */
#ifndef STSWEEP_TESTS_FAULT_H
#define STSWEEP_TESTS_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What the disk would still have after a power loss: a model that follows the calls. Not thread-safe. */

/* What stands in the directory now is taken as durable. */
void durable_begin(const char *dir);

void durable_created(const char *name); /* an empty file that was not there */
void durable_removed(const char *name); /* its name went away */
void durable_renamed(const char *from, const char *to);
void durable_synced(const char *name); /* the file's content is durable */
void durable_directory_synced(void);   /* and so are the names in it */
void durable_directory_made(void);     /* it was not there: its own name is not durable yet */
void durable_parent_synced(void);

/* Leaves in the directory what a power loss would, by the seed. */
void durable_lose_power(uint64_t seed);

/* The real calls, under what is preloaded. */
struct real_calls {
    int (*openat)(int dir_fd, const char *path, int flags, ...);
    ssize_t (*pwrite)(int fd, const void *data, size_t len, off_t at);
    ssize_t (*write)(int fd, const void *data, size_t len);
    int (*fsync)(int fd);
    int (*fdatasync)(int fd);
    int (*renameat)(int from_fd, const char *from, int to_fd, const char *to);
    int (*unlinkat)(int dir_fd, const char *path, int flags);
    int (*unlink)(const char *path);
    int (*ftruncate)(int fd, off_t size);
    int (*mkdir)(const char *path, mode_t mode);
};
extern struct real_calls real_calls;

#endif
