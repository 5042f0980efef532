/* Plays libevent and the monotonic clock: time passes when it is told to. */
#include <stdlib.h>

#include "tests/fuzz/fake_calls.h"
#include "tests/fuzz/fake_net.h"

enum { READY_MOST = 512 };

struct fake_event {
    struct fake_event *next;
    uint64_t serial;
    int fd;
    short what;
    event_callback_fn call;
    void *arg;
    bool added, timed, forced;
    int64_t due_us;
};

static struct fake_loop {
    int64_t now_us;
    uint64_t serial;
    struct fake_event *events;
} loop;

struct event_base *net_base(void)
{
    return (struct event_base *)(void *)&loop;
}

struct event *fake_event_new(struct event_base *base, evutil_socket_t fd, short what, event_callback_fn call,
                             void *arg)
{
    struct fake_event *event = calloc(1, sizeof *event);
    if (event == NULL || base != net_base())
        abort();
    *event = (struct fake_event){
        .next = loop.events, .serial = ++loop.serial, .fd = fd, .what = what, .call = call, .arg = arg};
    loop.events = event;
    return (struct event *)event;
}

int fake_event_add(struct event *opaque, const struct timeval *after)
{
    struct fake_event *event = (struct fake_event *)opaque;
    if (event->fd >= 0 && net_fails(NET_EVENT_ADD))
        return -1;
    event->added = true;
    event->timed = after != NULL;
    if (after != NULL)
        event->due_us = loop.now_us + (int64_t)after->tv_sec * 1000000 + after->tv_usec;
    return 0;
}

int fake_event_del(struct event *opaque)
{
    struct fake_event *event = (struct fake_event *)opaque;
    event->added = event->timed = event->forced = false;
    return 0;
}

void fake_event_free(struct event *opaque)
{
    struct fake_event **at = &loop.events;
    while (*at != NULL && *at != (struct fake_event *)opaque)
        at = &(*at)->next;
    if (*at == NULL)
        abort();
    *at = (*at)->next;
    free(opaque);
}

void fake_event_active(struct event *opaque, int what, short calls)
{
    (void)what;
    (void)calls;
    ((struct fake_event *)opaque)->forced = true;
}

int fake_event_pending(const struct event *opaque, short what, struct timeval *due)
{
    const struct fake_event *event = (const struct fake_event *)opaque;
    (void)due;
    return ((event->timed || event->forced) && (what & EV_TIMEOUT) != 0 ? EV_TIMEOUT : 0) |
           (event->added ? event->what & what & (EV_READ | EV_WRITE) : 0);
}

static short due_for(const struct fake_event *event)
{
    if (event->forced || (event->timed && event->due_us <= loop.now_us))
        return EV_TIMEOUT;
    return event->added && event->fd >= 0 ? (short)(event->what & net_ready(event->fd)) : 0;
}

static struct fake_event *find_event(uint64_t serial)
{
    struct fake_event *event = loop.events;
    while (event != NULL && event->serial != serial)
        event = event->next;
    return event;
}

static bool call_if_due(uint64_t serial)
{
    struct fake_event *event = find_event(serial);
    short due = event == NULL ? 0 : due_for(event);
    if (due == 0)
        return false;
    event->forced = event->timed = false;
    if ((event->what & EV_PERSIST) == 0)
        event->added = false;
    event->call(event->fd, due, event->arg);
    return true;
}

bool net_turn(unsigned first)
{
    uint64_t ready[READY_MOST];
    unsigned count = 0;
    for (const struct fake_event *event = loop.events; event != NULL && count < READY_MOST;
         event = event->next)
        if (due_for(event) != 0)
            ready[count++] = event->serial;
    for (unsigned i = 0; i < count; i++)
        (void)call_if_due(ready[(first + i) % count]);
    return count > 0;
}

int64_t net_next_due(void)
{
    int64_t least = -1;
    for (const struct fake_event *event = loop.events; event != NULL; event = event->next) {
        int64_t left = event->forced || event->due_us < loop.now_us ? 0 : event->due_us - loop.now_us;
        if ((event->timed || event->forced) && (least < 0 || left < least))
            least = left;
    }
    return least < 0 ? -1 : (least + 999) / 1000;
}

void net_pass(int64_t ms)
{
    loop.now_us += ms * 1000;
}

int64_t fake_clock_ms(void)
{
    return loop.now_us / 1000;
}

unsigned net_live_events(void)
{
    unsigned count = 0;
    for (const struct fake_event *event = loop.events; event != NULL; event = event->next)
        count++;
    return count;
}

void loop_begin(void)
{
    loop = (struct fake_loop){.now_us = 0};
}

void loop_end(void)
{
    while (loop.events != NULL)
        fake_event_free((struct event *)loop.events);
}
