/* A file system that makes no files without a name (O_TMPFILE): a test's own open or openat asks here. */
#ifndef TESTS_UNIT_NO_TMPFILE_H
#define TESTS_UNIT_NO_TMPFILE_H

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What is said of a file without a name; 0: it is made. */
static int refuses_tmpfile;

/* Opens as openat does, by its flags and the mode behind them, if flags ask for one. */
static inline int open_or_refuse(int dir_fd, const char *path, int flags, va_list more)
{
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    if (refuses_tmpfile != 0 && (flags & O_TMPFILE) == O_TMPFILE) {
        errno = refuses_tmpfile;
        return -1;
    }
    return (int)syscall(SYS_openat, dir_fd, path, flags, mode);
}

#endif
