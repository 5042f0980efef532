/*
 * Calls of the system that fail when a test of the store asks for it, and a note of which files were synced
 * in which order. They take the place of libc's in the program that includes this. cmocka's headers come
 * first.
 */
#ifndef STSWEEP_TESTS_STORE_FAULTS_H
#define STSWEEP_TESTS_STORE_FAULTS_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/store/store_place.h"

static struct {
    bool counts; /* after so many more calls of pwrite or write to a file the disk is full: */
    unsigned calls;
    unsigned chunk;   /* the most bytes that pwrite takes at a time; 0 for any */
    char order[64];   /* first letters of the files that fdatasync was called for */
    bool unlinks;     /* nothing can be removed */
    bool cuts;        /* nor made shorter */
    bool directories; /* nor a directory synced */
    char synced[256]; /* the directories that were, by their last names */
} fault;

static inline bool is_full(void)
{
    if (!fault.counts)
        return false;
    if (fault.calls > 0) {
        fault.calls--;
        return false;
    }
    errno = ENOSPC;
    return true;
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
    if (fault.chunk > 0 && len > fault.chunk)
        len = fault.chunk;
    return is_full() ? -1 : (ssize_t)syscall(SYS_pwrite64, fd, data, len, offset);
}

ssize_t write(int fd, const void *data, size_t len)
{
    struct stat status;
    bool is_file = fault.counts && fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    return is_file && is_full() ? -1 : (ssize_t)syscall(SYS_write, fd, data, len);
}

int unlinkat(int dir_fd, const char *name, int flags)
{
    errno = EROFS;
    return fault.unlinks ? -1 : (int)syscall(SYS_unlinkat, dir_fd, name, flags);
}

int ftruncate(int fd, off_t size)
{
    errno = EIO;
    return fault.cuts ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int fdatasync(int fd)
{
    char link[64], target[4096];
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, target, sizeof target - 1);
    if (len > 0 && strlen(fault.order) + 1 < sizeof fault.order) {
        target[len] = 0;
        strncat(fault.order, strrchr(target, '/') + 1, 1);
    }
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    char link[64], target[4096];
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISDIR(status.st_mode))
        return (int)syscall(SYS_fsync, fd);
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, target, sizeof target - 1);
    if (len > 0 && strlen(fault.synced) + 32 < sizeof fault.synced) {
        target[len] = 0;
        (void)snprintf(fault.synced + strlen(fault.synced), 32, "%.24s ", strrchr(target, '/') + 1);
    }
    errno = EIO;
    return fault.directories ? -1 : (int)syscall(SYS_fsync, fd);
}

static inline int set_up_without_faults(void **state)
{
    memset(&fault, 0, sizeof fault);
    return set_up(state);
}

#endif
