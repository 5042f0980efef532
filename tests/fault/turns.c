/*
 * The turns of event loops, seen at epoll_wait, and a handshake in which one gets stuck.
 *
 *   FAULT_TURNS  a file that gets, at the end, the longest time that any loop was held between two waits:
 *                "WALL CPU", in microseconds, of the clock and of the thread's own CPU; but for the main
 *                thread's, which runs one now and then
 *   FAULT_STUCK  a client's TLS handshake with the host of this name never comes back
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

struct ssl;

static atomic_int_fast64_t longest_wall, longest_cpu;
static _Thread_local int64_t since_wall, since_cpu;

static void find(void *call, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(call, &found, sizeof found);
}

static int64_t now_us(clockid_t id)
{
    struct timespec now;
    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void raise_to(atomic_int_fast64_t *most, int64_t value)
{
    int_fast64_t was = atomic_load(most);
    while (was < value && !atomic_compare_exchange_weak(most, &was, value))
        continue;
}

int epoll_wait(int fd, struct epoll_event *events, int most, int timeout)
{
    static int (*real)(int fd, struct epoll_event *events, int most, int timeout);
    if (real == NULL)
        find(&real, "epoll_wait");
    if (since_wall != 0 && gettid() != getpid()) {
        raise_to(&longest_wall, now_us(CLOCK_MONOTONIC) - since_wall);
        raise_to(&longest_cpu, now_us(CLOCK_THREAD_CPUTIME_ID) - since_cpu);
    }
    int found = real(fd, events, most, timeout);
    since_wall = now_us(CLOCK_MONOTONIC);
    since_cpu = now_us(CLOCK_THREAD_CPUTIME_ID);
    return found;
}

__attribute__((destructor)) static void tell(void)
{
    const char *path = getenv("FAULT_TURNS");
    FILE *file = path == NULL ? NULL : fopen(path, "w");
    if (file == NULL)
        return;
    (void)fprintf(file, "%lld %lld\n", (long long)longest_wall, (long long)longest_cpu);
    (void)fclose(file);
}

/* The name that the client asks for. */
static int is_stuck(const struct ssl *ssl)
{
    static const char *(*name_of)(const struct ssl *ssl, int type);
    const char *stuck = getenv("FAULT_STUCK");
    if (stuck == NULL)
        return 0;
    if (name_of == NULL)
        find(&name_of, "SSL_get_servername");
    const char *name = name_of(ssl, 0);
    return name != NULL && strcmp(name, stuck) == 0;
}

static int shake(struct ssl *ssl, const char *how)
{
    int (*real)(struct ssl * ssl);
    find(&real, how);
    while (is_stuck(ssl))
        (void)pause();
    return real(ssl);
}

int SSL_do_handshake(struct ssl *ssl);
int SSL_do_handshake(struct ssl *ssl)
{
    return shake(ssl, "SSL_do_handshake");
}

int SSL_connect(struct ssl *ssl);
int SSL_connect(struct ssl *ssl)
{
    return shake(ssl, "SSL_connect");
}
