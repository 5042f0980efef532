/*
 * Leads what the machine under test calls of libevent, sockets, the clock and the kernel's random numbers to
 * fake_net.c and fake_loop.c: the Makefile compiles the product's own files once more with `-include` of
 * this.
 */
#ifndef STSWEEP_TESTS_FAKE_CALLS_H
#define STSWEEP_TESTS_FAKE_CALLS_H

#include <event2/event.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scanner/base/clock.h"

struct event *fake_event_new(struct event_base *base, evutil_socket_t fd, short what, event_callback_fn call,
                             void *arg);
int fake_event_add(struct event *event, const struct timeval *after);
int fake_event_del(struct event *event);
void fake_event_free(struct event *event);
void fake_event_active(struct event *event, int what, short calls);
int fake_event_pending(const struct event *event, short what, struct timeval *due);

int64_t fake_clock_ms(void);
ssize_t fake_getrandom(void *data, size_t len, unsigned flags);
int fake_getrlimit(int resource, struct rlimit *limit);

int fake_socket(int family, int type, int protocol);
int fake_connect(int fd, const struct sockaddr *address, socklen_t len);
int fake_setsockopt(int fd, int level, int option, const void *value, socklen_t len);
int fake_sendmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags);
int fake_recvmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags, struct timespec *timeout);
ssize_t fake_send(int fd, const void *data, size_t len, int flags);
ssize_t fake_recv(int fd, void *data, size_t len, int flags);
int fake_close(int fd);

#ifdef FAKE_CALLS
#define event_new(base, fd, what, call, arg)         fake_event_new(base, fd, what, call, arg)
#define event_add(event, after)                      fake_event_add(event, after)
#define event_del(event)                             fake_event_del(event)
#define event_free(event)                            fake_event_free(event)
#define event_active(event, what, calls)             fake_event_active(event, what, calls)
#define event_pending(event, what, due)              fake_event_pending(event, what, due)
#define clock_monotonic_ms()                         fake_clock_ms()
#define getrandom(data, len, flags)                  fake_getrandom(data, len, flags)
#define getrlimit(resource, limit)                   fake_getrlimit(resource, limit)
#define socket(family, type, protocol)               fake_socket(family, type, protocol)
#define connect(fd, address, len)                    fake_connect(fd, address, len)
#define setsockopt(fd, level, option, value, len)    fake_setsockopt(fd, level, option, value, len)
#define sendmmsg(fd, headers, count, flags)          fake_sendmmsg(fd, headers, count, flags)
#define recvmmsg(fd, headers, count, flags, timeout) fake_recvmmsg(fd, headers, count, flags, timeout)
#define send(fd, data, len, flags)                   fake_send(fd, data, len, flags)
#define recv(fd, data, len, flags)                   fake_recv(fd, data, len, flags)
#define close(fd)                                    fake_close(fd)
#endif

#endif
