/* Gives a fuzz target's bytes to what reads a file by its path. */
#ifndef STSWEEP_TESTS_FUZZ_FILE_H
#define STSWEEP_TESTS_FUZZ_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scanner/base/buf.h"
#include "tests/fuzz/target.h"

enum { FILE_PATH_BYTES = 32 };

/* Makes a file in memory that holds the bytes; path names it as long as the descriptor returned is open. */
static inline int file_of(const uint8_t *data, size_t size, char path[FILE_PATH_BYTES])
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    (void)snprintf(path, FILE_PATH_BYTES, "/proc/self/fd/%d", fd);
    return fd;
}

/* Says whether the text, which tells of bytes from outside, may go to a terminal. */
static inline bool is_tellable(const struct buf *why)
{
    for (size_t i = 0; i < why->len; i++)
        if (why->data[i] != '\n' && (why->data[i] < ' ' || why->data[i] == 0x7f))
            return false;
    return true;
}

/* A refusal has its reason, and the reason is printable. */
static inline void expect_told(enum error error, const struct buf *why)
{
    expect(error == ERR_OK || why->len > 0 ? NULL : "an error without its reason");
    expect(is_tellable(why) ? NULL : "a reason with control characters");
}

#endif
