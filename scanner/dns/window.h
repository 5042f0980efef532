/*
 * How many questions may be in flight to one resolver: grows with answers, halves when too many of them are
 * lost (AIMD). Losses have two causes, a resolver that is overrun and names whose servers are dead; so a few
 * of them change nothing, and one burst counts once. Pure: time is an argument.
 */
#ifndef STSWEEP_DNS_WINDOW_H
#define STSWEEP_DNS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum { WINDOW_FLOOR = 16, WINDOW_START = 64 };

struct window {
    double size; /* questions */
    double floor;
    double limit;
    double loss;   /* the share of questions lost, of late */
    bool starting; /* nothing has made it back off yet: grow fast */
    int64_t backed_off_ms;
};

/* limit is at least 1. */
void window_init(struct window *window, uint32_t limit);

void window_answered(struct window *window);

/* A question that was sent at sent_ms has been given up. */
void window_lost(struct window *window, int64_t sent_ms, int64_t now_ms);

static inline bool window_has_room(const struct window *window, uint32_t in_flight)
{
    return (double)in_flight + 1 <= window->size;
}

#endif
