/* A list of timers, and four clocks that one number moves. */
#include "tests/unit/reach/world/fake_clock.h"

#include <stdlib.h>

#include "scanner/base/list.h"

/* No clock stands at 0, which means "never" in many a place. The wall clock begins with 2026. */
#define FIRST_US      INT64_C(5000000000)
#define FIRST_WALL_US INT64_C(1767225600000000)

struct loop_timer {
    struct list link; /* among those that are set */
    int64_t due_us;
    void (*due)(void *arg);
    void *arg;
};

static struct list timers = {&timers, &timers};
static size_t made;
static int64_t now_us, slept_us, set_us;

void fake_clock_begin(void)
{
    struct list *link;
    while ((link = list_first(&timers)) != NULL)
        loop_timer_free(list_entry(link, struct loop_timer, link));
    now_us = slept_us = set_us = 0;
}

int64_t fake_clock_us(void)
{
    return now_us;
}

void fake_clock_stop(int64_t us)
{
    now_us += us;
}

void fake_clock_sleep(int64_t us)
{
    slept_us += us;
}

void fake_clock_set(int64_t by_us)
{
    set_us += by_us;
}

size_t fake_clock_timers(void)
{
    return made;
}

bool fake_clock_turn(void)
{
    struct list *link = list_first(&timers);
    if (link == NULL)
        return false;
    struct loop_timer *timer = list_entry(link, struct loop_timer, link);
    list_remove(link);
    if (timer->due_us > now_us)
        now_us = timer->due_us;
    timer->due(timer->arg); /* which may free it */
    return true;
}

/* ---- loop/timer.h -------------------------------------------------------------------------------------- */

struct loop_timer *loop_timer_create(struct loop *loop, void (*due)(void *arg), void *arg)
{
    struct loop_timer *timer = calloc(1, sizeof *timer);
    (void)loop;
    if (timer == NULL)
        out_of_memory("a timer");
    *timer = (struct loop_timer){.due = due, .arg = arg};
    list_init(&timer->link);
    made++;
    return timer;
}

/* Behind all that are due no later. */
void loop_timer_set(struct loop_timer *timer, int64_t after_us)
{
    list_remove(&timer->link);
    timer->due_us = now_us + after_us;
    struct list *behind = timers.previous;
    while (behind != &timers && list_entry(behind, struct loop_timer, link)->due_us > timer->due_us)
        behind = behind->previous;
    list_add(behind->next, &timer->link);
}

void loop_timer_free(struct loop_timer *timer)
{
    if (timer == NULL)
        return;
    list_remove(&timer->link);
    free(timer);
    made--;
}

/* ---- base/clock.h -------------------------------------------------------------------------------------- */

int64_t clock_monotonic_us(void)
{
    return FIRST_US + now_us;
}

int64_t clock_monotonic_ms(void)
{
    return clock_monotonic_us() / 1000;
}

int64_t clock_boot_ms(void)
{
    return (FIRST_US + now_us + slept_us) / 1000;
}

int64_t clock_wall_ms(void)
{
    return (FIRST_WALL_US + now_us + slept_us + set_us) / 1000;
}

void clock_keep(void)
{
}

int64_t clock_kept_ms(void)
{
    return (FIRST_WALL_US + now_us + slept_us) / 1000;
}
