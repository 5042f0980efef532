/* INT and TERM: the first is told, the next ends the process, and afterwards all is as before. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/scan/signals.h"

enum { CODE = 3 };

/* The clock is the test's. */
static int64_t now_ms = 5000;

int64_t clock_monotonic_ms(void)
{
    return now_ms;
}

static int handled;

static void count(int number)
{
    handled += number == SIGINT;
}

static uint64_t taken(int fd)
{
    uint64_t value = 0;
    return read(fd, &value, sizeof value) == (ssize_t)sizeof value ? value : 0;
}

static int open_wake(void)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* Whatever this program was started with: a shell's background ignores SIGINT. */
static int begin(void **state)
{
    sigset_t both;
    (void)state;
    (void)signal(SIGINT, SIG_DFL);
    (void)signal(SIGTERM, SIG_DFL);
    sigemptyset(&both);
    sigaddset(&both, SIGINT);
    sigaddset(&both, SIGTERM);
    return pthread_sigmask(SIG_UNBLOCK, &both, NULL);
}

static void the_first_is_told(void **state)
{
    static const int numbers[] = {SIGINT, SIGTERM};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct signals signals = {.watched = false};
        int fd = open_wake();
        signals_watch(&signals, fd, CODE);
        assert_false(signals_came());
        assert_int_equal(raise(numbers[i]), 0);
        assert_true(signals_came());
        assert_int_equal(taken(fd), 1);
        now_ms += 199; /* who ends a group sends it to a process twice */
        assert_int_equal(raise(SIGINT), 0);
        assert_int_equal(raise(SIGTERM), 0);
        assert_int_equal(taken(fd), 0);
        signals_dispose(&signals);
        close(fd);
    }
}

static void the_next_ends_the_process(void **state)
{
    int status;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct signals signals = {.watched = false};
        signals_watch(&signals, eventfd(0, EFD_NONBLOCK), CODE);
        (void)raise(SIGTERM);
        now_ms += 200;
        (void)raise(SIGINT);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), CODE);
}

static void assert_handler(int number, void (*handler)(int number))
{
    struct sigaction action;
    assert_int_equal(sigaction(number, NULL, &action), 0);
    assert_true(action.sa_handler == handler);
}

/* What nohup ignores stays ignored; one that was blocked is heard, and blocked again in the end. */
static void all_is_as_before(void **state)
{
    struct signals signals = {.watched = false};
    sigset_t blocked, now;
    int fd = open_wake();
    (void)state;
    (void)signal(SIGINT, count);
    (void)signal(SIGTERM, SIG_IGN);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGINT);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, &blocked, NULL), 0);
    signals_watch(&signals, fd, CODE);
    assert_handler(SIGTERM, SIG_IGN);
    assert_handler(SIGPIPE, SIG_IGN);
    assert_handler(SIGXFSZ, SIG_IGN);
    assert_int_equal(pthread_sigmask(SIG_BLOCK, NULL, &now), 0);
    assert_false(sigismember(&now, SIGINT) || sigismember(&now, SIGTERM));
    assert_int_equal(raise(SIGTERM), 0);
    assert_false(signals_came());
    assert_int_equal(raise(SIGINT), 0);
    assert_true(signals_came());
    assert_int_equal(handled, 0);
    signals_dispose(&signals);
    assert_false(signals.watched);
    assert_handler(SIGINT, count);
    assert_handler(SIGTERM, SIG_IGN);
    assert_int_equal(pthread_sigmask(SIG_UNBLOCK, &blocked, &now), 0);
    assert_true(sigismember(&now, SIGINT));
    assert_int_equal(raise(SIGINT), 0);
    assert_int_equal(handled, 1);
    (void)signal(SIGINT, SIG_DFL);
    signals_dispose(&signals); /* nothing is watched */
    assert_handler(SIGINT, SIG_DFL);
    close(fd);
}

/* Whoever asks early is answered later; each is told once, and nothing ends for it. */
static void asking(void **state)
{
    struct signals signals = {.watched = false};
    int fd = open_wake();
    (void)state;
    signals_watch_asked();
    assert_false(signals_asked());
    assert_int_equal(raise(SIGUSR1), 0);
    assert_true(signals_asked());
    assert_false(signals_asked());
    signals_watch(&signals, fd, CODE);
    assert_int_equal(taken(fd), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(taken(fd), 2);
    assert_true(signals_asked());
    assert_false(signals_asked());
    assert_false(signals_came());
    signals_dispose(&signals);
    assert_int_equal(raise(SIGUSR1), 0); /* the descriptor is gone */
    assert_int_equal(taken(fd), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_first_is_told, begin),
        cmocka_unit_test_setup(the_next_ends_the_process, begin),
        cmocka_unit_test_setup(all_is_as_before, begin),
        cmocka_unit_test_setup(asking, begin),
    };
    return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
