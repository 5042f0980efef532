#include "scanner/loop/timer.h"

#include <stdlib.h>

struct loop_timer {
    struct event *event;
    void (*due)(void *arg);
    void *arg;
};

static void on_event(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    const struct loop_timer *timer = arg;
    timer->due(timer->arg);
}

struct loop_timer *loop_timer_create(struct loop *loop, void (*due)(void *arg), void *arg)
{
    struct loop_timer *timer = malloc(sizeof *timer);
    if (timer == NULL)
        return NULL;
    *timer = (struct loop_timer){.event = evtimer_new(loop->base, on_event, timer), .due = due, .arg = arg};
    if (timer->event == NULL) {
        free(timer);
        return NULL;
    }
    return timer;
}

void loop_timer_set(struct loop_timer *timer, int64_t after_us)
{
    struct timeval after = {.tv_sec = after_us / 1000000, .tv_usec = after_us % 1000000};
    (void)evtimer_add(timer->event, &after);
}

void loop_timer_free(struct loop_timer *timer)
{
    if (timer != NULL)
        event_free(timer->event);
    free(timer);
}
