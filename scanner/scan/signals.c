/* Installs a handler that counts, and leaves the rest to the main loop. */
#include "scanner/scan/signals.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "scanner/base/clock.h"

enum { AGAIN_MS = 200, WATCHED = 2 };

static const int watched[WATCHED] = {SIGINT, SIGTERM};

/* A handler has no argument; it runs on the main thread only, and not inside itself. */
static volatile sig_atomic_t came;
static volatile sig_atomic_t wakes;
static volatile sig_atomic_t exits_with;
static volatile sig_atomic_t asked;
static int64_t came_ms;

/* Counts a signal. Who stops a whole group of processes (timeout does) sends it twice at once and means
 * one. */
static void on_signal(int number)
{
    (void)number;
    int error = errno;
    int64_t now_ms = clock_monotonic_ms();
    if (came && now_ms - came_ms >= AGAIN_MS)
        _exit(exits_with);
    if (!came) {
        came = 1;
        came_ms = now_ms;
        ssize_t written = write(wakes, &(uint64_t){1}, sizeof(uint64_t));
        (void)written;
    }
    errno = error;
}

static void on_asked(int number)
{
    (void)number;
    int error = errno;
    asked = 1;
    if (wakes > 0) {
        ssize_t written = write(wakes, &(uint64_t){1}, sizeof(uint64_t));
        (void)written;
    }
    errno = error;
}

void signals_watch_asked(void)
{
    struct sigaction action = {.sa_handler = on_asked, .sa_flags = SA_RESTART};
    wakes = 0;
    asked = 0;
    (void)sigaction(SIGUSR1, &action, NULL);
}

bool signals_asked(void)
{
    bool was = asked != 0;
    asked = 0;
    return was;
}

void signals_watch(struct signals *signals, int wake_fd, int code)
{
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < WATCHED; i++)
        sigaddset(&set, watched[i]);
    struct sigaction action = {.sa_handler = on_signal, .sa_mask = set, .sa_flags = SA_RESTART};
    came = 0;
    wakes = wake_fd;
    exits_with = code;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    (void)pthread_sigmask(SIG_BLOCK, &set, &signals->mask_before);
    for (size_t i = 0; i < WATCHED; i++) {
        (void)sigaction(watched[i], NULL, &signals->before[i]);
        if (signals->before[i].sa_handler != SIG_IGN)
            (void)sigaction(watched[i], &action, NULL);
    }
    signals->watched = true;
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

bool signals_came(void)
{
    return came != 0;
}

void signals_dispose(struct signals *signals)
{
    if (!signals->watched)
        return;
    signals->watched = false;
    wakes = 0; /* the descriptor goes */
    (void)pthread_sigmask(SIG_SETMASK, &signals->mask_before, NULL);
    for (size_t i = 0; i < WATCHED; i++)
        (void)sigaction(watched[i], &signals->before[i], NULL);
}
