/*
 * What a command writes to its own standard output and error. cmocka's headers come first.
 */
#ifndef STSWEEP_TESTS_CAPTURED_H
#define STSWEEP_TESTS_CAPTURED_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CAPTURED_BYTES = 1 << 20 };

struct captured {
    int kept[2];                                   /* the test's own streams */
    int files[2];                                  /* what stands in their place */
    char out[CAPTURED_BYTES], err[CAPTURED_BYTES]; /* once it has ended */
};

/* Standard output goes to the file descriptor, or into a file where it is -1. */
static inline void captured_begin(struct captured *captured, int out)
{
    (void)fflush(stdout);
    (void)fflush(stderr);
    for (int i = 0; i < 2; i++) {
        char path[] = "/tmp/stsweep-said-XXXXXX";
        captured->kept[i] = fcntl(STDOUT_FILENO + i, F_DUPFD_CLOEXEC, 3);
        captured->files[i] = mkostemp(path, O_CLOEXEC);
        assert_true(captured->kept[i] >= 0 && captured->files[i] >= 0);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(dup2(i == 0 && out >= 0 ? out : captured->files[i], STDOUT_FILENO + i),
                         STDOUT_FILENO + i);
    }
}

static inline void captured_read(int fd, char text[CAPTURED_BYTES])
{
    ssize_t len = pread(fd, text, CAPTURED_BYTES - 1, 0);
    text[len > 0 ? len : 0] = 0;
    (void)close(fd);
}

static inline void captured_end(struct captured *captured)
{
    (void)fflush(stdout);
    (void)fflush(stderr);
    clearerr(stdout);
    for (int i = 0; i < 2; i++) {
        (void)dup2(captured->kept[i], STDOUT_FILENO + i);
        (void)close(captured->kept[i]);
    }
    captured_read(captured->files[0], captured->out);
    captured_read(captured->files[1], captured->err);
}

#endif
