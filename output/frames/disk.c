/* Makes file calls again after EINTR. Never retries anything else, and never follows a link. */
#include "output/frames/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/base/errno_said.h"

enum { NEW_FILE_MODE = 0644, READ_BYTES = 64 << 10 };

bool disk_has(int dir_fd, const char *name)
{
    return faccessat(dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Opens a file that nobody else can have foreseen, as the folder may be one that others write to, and takes
 * its name away. */
static int open_and_unlink(int dir_fd, const char *folder)
{
    char name[PATH_MAX];
    uint64_t random;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return -1;
    int len = snprintf(name, sizeof name, "%s/.nameless-%016" PRIx64, folder, random);
    if (len < 0 || (size_t)len >= sizeof name) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0)
        (void)unlinkat(dir_fd, name, 0);
    return fd;
}

int disk_open_nameless(int dir_fd, const char *folder)
{
    int fd = openat(dir_fd, folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    bool has_none = fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT);
    return has_none ? open_and_unlink(dir_fd, folder) : fd;
}

/* Tells whether fd is a regular file, and one to be written has no other name; errno says what it is
 * instead. */
static bool is_plain(int fd, int flags)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return false;
    bool writes = (flags & O_ACCMODE) != O_RDONLY;
    errno = !S_ISREG(status.st_mode) ? EINVAL : writes && status.st_nlink > 1 ? EMLINK : 0;
    return errno == 0;
}

/* Empties the file if flags ask for it; only now is it known to be ours. */
static bool empty(int fd, int flags)
{
    struct stat status;
    if ((flags & O_TRUNC) == 0)
        return true;
    return fstat(fd, &status) == 0 && (status.st_size == 0 || disk_cut(fd, 0));
}

/* Opens with O_NONBLOCK: a pipe of that name, which nobody reads, would hold us up. */
int disk_open(int dir_fd, const char *name, int flags)
{
    int fd;
    int safe = (flags & ~O_TRUNC) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    do
        fd = openat(dir_fd, name, safe, NEW_FILE_MODE);
    while (fd < 0 && errno == EINTR);
    if (fd >= 0 && (!is_plain(fd, flags) || !empty(fd, flags))) {
        int number = errno;
        (void)close(fd);
        errno = number;
        return -1;
    }
    return fd;
}

enum error disk_error(int number)
{
    return number == EINVAL || number == ELOOP ? ERR_CORRUPT : error_of_file(number);
}

const char *disk_said(int number)
{
    switch (number) {
    case EINVAL:
        return "it is no regular file";
    case ELOOP:
        return "it is a symbolic link, and none is followed";
    default:
        return errno_said(number);
    }
}

enum error disk_read(int dir_fd, const char *name, struct buf *text)
{
    uint8_t piece[READ_BYTES];
    int fd = disk_open(dir_fd, name, O_RDONLY);
    if (fd < 0)
        return disk_error(errno);
    enum error error = ERR_OK;
    int number = 0;
    for (ssize_t got = 1; error == ERR_OK && got != 0;) {
        got = read(fd, piece, sizeof piece);
        if (got < 0 && errno == EINTR)
            continue;
        number = got < 0 ? errno : 0;
        if (got < 0)
            error = ERR_IO;
        else if (!buf_append(text, piece, (size_t)got))
            error = ERR_LIMIT;
    }
    (void)close(fd);
    errno = number;
    return error;
}

/* Takes the written bytes off *left; false if writing cannot go on. */
static bool advance(struct bytes *left, ssize_t wrote)
{
    if (wrote == 0)
        errno = EIO;
    if (wrote == 0 || (wrote < 0 && errno != EINTR))
        return false;
    if (wrote > 0)
        *left = bytes_make(left->data + wrote, left->len - (size_t)wrote);
    return true;
}

bool disk_write(int fd, struct bytes data)
{
    while (data.len > 0)
        if (!advance(&data, write(fd, data.data, data.len)))
            return false;
    return true;
}

bool disk_write_at(int fd, struct bytes data, uint64_t offset)
{
    uint64_t end = offset + data.len;
    while (data.len > 0)
        if (!advance(&data, pwrite(fd, data.data, data.len, (off_t)(end - data.len))))
            return false;
    return true;
}

bool disk_sync(int fd)
{
    while (fsync(fd) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

bool disk_sync_data(int fd)
{
    while (fdatasync(fd) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

bool disk_cut(int fd, uint64_t size)
{
    while (ftruncate(fd, (off_t)size) != 0)
        if (errno != EINTR)
            return false;
    return true;
}
