/* Calls made again after EINTR. Never retries anything else. */
#include "output/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { NEW_FILE_MODE = 0644 };

int disk_open(int dir_fd, const char *name, int flags)
{
    int fd;
    do
        fd = openat(dir_fd, name, flags | O_CLOEXEC, NEW_FILE_MODE);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* Takes what was written off *left; false where it cannot go on. */
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
