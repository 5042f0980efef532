/*
 * How many questions may be in flight to one resolver. It grows with answers and backs off from loss and from
 * latency; but both have two causes, a resolver that is overrun and names whose servers are dead or far away.
 * What tells them apart is what a smaller window does to the answers that come in a second: as many as
 * before, and the resolver was at its limit; fewer in proportion, and it was not our doing. So each back-off
 * is a trial, after which the window stays small, or is as large as before and bears what was seen from then
 * on.
 *
 * Time goes in periods, each as long as a question's deadline at least. A question lost counts for the period
 * in which it was sent. Pure: time is an argument.
 */
#ifndef STSWEEP_DNS_WINDOW_H
#define STSWEEP_DNS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum { WINDOW_FLOOR = 16, WINDOW_START = 64 };

enum window_state {
    WINDOW_OPEN,
    WINDOW_SETTLES, /* has just backed off: what was in flight before is on its way still */
    WINDOW_TRIAL    /* answers of the smaller window are counted */
};

struct window_period {
    int64_t start_ms;
    uint32_t sent;
    uint32_t lost;     /* of those sent in it */
    uint32_t arrived;  /* answers that came in it, whenever asked for */
    uint32_t peak;     /* in flight */
    double latency_ms; /* of those that arrived, their sum */
};

/* What a back-off was for. */
struct window_cause {
    double size;     /* of the window before */
    double goodput;  /* answers a millisecond */
    double expected; /* the goodput that is midway between "as before" and "in proportion to the window" */
    double loss;
    double latency_ms;
};

struct window {
    double size; /* questions */
    double floor;
    double limit;
    double threshold; /* below, it grows by one an answer; above, slowly */
    int64_t period_ms;
    enum window_state state;
    struct window_period now;
    struct window_period last;
    struct window_cause cause;
    double loss_borne;       /* share of a period's questions */
    double latency_borne_ms; /* mean of a period's answers, above the least */
    double latency_least_ms; /* the least mean of LATENCY_BATCH answers so far, 0 before the first */
    double batch_ms;         /* of the batch that is being gathered */
    uint32_t batch;
};

/* limit is at least 1; deadline_ms is how long a question is waited for. */
void window_init(struct window *window, uint32_t limit, int64_t deadline_ms, int64_t now_ms);

/* A question has been sent, with which so many are in flight. */
void window_sent(struct window *window, uint32_t in_flight, int64_t now_ms);

/* A question that was sent at sent_ms has been answered. */
void window_answered(struct window *window, int64_t sent_ms, int64_t now_ms);

/* A question that was sent at sent_ms has been given up. */
void window_lost(struct window *window, int64_t sent_ms, int64_t now_ms);

static inline bool window_has_room(const struct window *window, uint32_t in_flight)
{
    return (double)in_flight + 1 <= window->size;
}

#endif
