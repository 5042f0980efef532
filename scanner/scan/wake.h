/* Wakes the main thread of a scan, which waits at an eventfd. */
#ifndef STSWEEP_SCAN_WAKE_H
#define STSWEEP_SCAN_WAKE_H

#include <poll.h>
#include <stdint.h>
#include <unistd.h>

/* From any thread. */
static inline void wake_up(int fd)
{
    (void)(write(fd, &(uint64_t){1}, sizeof(uint64_t)) > 0);
}

/* Waits until somebody has called wake_up, or the time is over. */
static inline void wake_wait(int fd, int most_ms)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    (void)poll(&ready, 1, most_ms);
    (void)(read(fd, &(uint64_t){0}, sizeof(uint64_t)) > 0);
}

#endif
