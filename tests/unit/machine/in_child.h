/*
 * What takes rights away for good is tried in a child, which says on its standard error what is otherwise
 * than it is to be; and what this build or this kernel cannot show is skipped, with the reason.
 */
#ifndef TESTS_UNIT_MACHINE_IN_CHILD_H
#define TESTS_UNIT_MACHINE_IN_CHILD_H

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scanner/machine/syscalls.h"

/* In the child, where cmocka has nothing to say. */
#define CHECK(condition)                                                                                     \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            (void)fprintf(stderr, "line %d: %s (errno %s)", __LINE__, #condition, strerror(errno));          \
            _exit(1);                                                                                        \
        }                                                                                                    \
    } while (0)

/* Runs the function in a child; its status, and in said its words. */
static inline int run_child(void (*run)(void), char *said, size_t size)
{
    int words[2], status;
    size_t len = 0;
    assert_int_equal(pipe(words), 0);
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(words[1], STDERR_FILENO);
        run();
        _exit(0);
    }
    (void)close(words[1]);
    for (ssize_t got; len < size - 1 && (got = read(words[0], said + len, size - 1 - len)) > 0;)
        len += (size_t)got;
    said[len] = 0;
    (void)close(words[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* Runs the function in a child, and fails with its words if it says some. */
static inline void in_child(void (*run)(void))
{
    char said[1024];
    int status = run_child(run, said, sizeof said);
    if (status != 0)
        fail_msg("status %x: %s", (unsigned)status, said);
}

/* Says what cannot be shown here, and skips. */
static inline void skip_because(const char *why)
{
    print_message("           not shown here: %s\n", why);
    skip();
}

static inline bool has_sanitizer(void)
{
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
    return true;
#else
    return false;
#endif
}

static inline void need_seccomp(void)
{
    if (has_sanitizer())
        skip_because("a build with a sanitizer gives nothing away");
    if (!syscalls_can_be_refused())
        skip_because("this kernel has no seccomp");
}

#endif
