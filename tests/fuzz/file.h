/* Gives a fuzz target's bytes to what reads a file by its path. */
#ifndef STSWEEP_TESTS_FUZZ_FILE_H
#define STSWEEP_TESTS_FUZZ_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "scanner/base/buf.h"
#include "scanner/base/utf8.h"
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
static inline bool is_tellable(struct bytes text)
{
    while (text.len > 0) {
        size_t len = text.data[0] == '\n' ? 1 : utf8_shown_len(text);
        if (len == 0)
            return false;
        text = bytes_make(text.data + len, text.len - len);
    }
    return true;
}

/* A refusal has its reason, and the reason is printable. */
static inline void expect_told(enum error error, const struct buf *why)
{
    expect(error == ERR_OK || why->len > 0 ? NULL : "an error without its reason");
    expect(is_tellable(buf_bytes(why)) ? NULL : "a reason that may not be shown");
}

#endif
