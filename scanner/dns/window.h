/*
 * Decides how many questions may be in flight to one resolver. The window grows with answers and backs off
 * from loss and from latency. Both have two causes: a resolver that is overrun, and names whose servers are
 * dead or far away. A smaller window tells them apart by the answers that come in a second. If there are as
 * many as before, the resolver was at its limit; if they are fewer in proportion, it was not our doing. So
 * each back-off is a trial: afterwards the window stays small, or it is as large as before and bears that
 * loss or latency from then on.
 *
 * Time is divided into periods, each at least as long as a question's deadline. A lost question counts for
 * the period in which it was sent. Pure: time is an argument.
 */
#ifndef STSWEEP_DNS_WINDOW_H
#define STSWEEP_DNS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum { WINDOW_FLOOR = 16, WINDOW_START = 64 };

enum window_state {
    WINDOW_OPEN,
    WINDOW_SETTLES, /* it has just backed off: questions from before are still in flight */
    WINDOW_TRIAL    /* answers of the smaller window are counted */
};

struct window_period {
    int64_t start_ms;
    uint32_t sent;
    uint32_t lost;     /* of those sent in it */
    uint32_t arrived;  /* answers that came in it, whenever they were asked for */
    uint32_t peak;     /* the most questions in flight */
    double latency_ms; /* the sum over those that arrived */
};

/* The cause of a back-off. */
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
    double threshold; /* below it the window grows by one an answer; above it slowly */
    int64_t period_ms;
    enum window_state state;
    struct window_period now;
    struct window_period last;
    struct window_cause cause;
    double loss_borne;       /* as a share of a period's questions */
    double latency_borne_ms; /* mean of a period's answers, above the least */
    double latency_least_ms; /* the least mean of LATENCY_BATCH answers so far, 0 before the first */
    double batch_ms;         /* of the batch that is being gathered */
    uint32_t batch;
};

/* Starts a window. limit is at least 1; deadline_ms is how long a question is waited for. */
void window_init(struct window *window, uint32_t limit, int64_t deadline_ms, int64_t now_ms);

/* Notes that a question has been sent; in_flight includes it. */
void window_sent(struct window *window, uint32_t in_flight, int64_t now_ms);

/* Notes that a question that was sent at sent_ms has been answered. */
void window_answered(struct window *window, int64_t sent_ms, int64_t now_ms);

/* Notes that a question that was sent at sent_ms has been given up. */
void window_lost(struct window *window, int64_t sent_ms, int64_t now_ms);

static inline bool window_has_room(const struct window *window, uint32_t in_flight)
{
    return (double)in_flight + 1 <= window->size;
}

#endif
