/* Counts periods, lets the window grow, and leads the trial that each back-off is. */
#include "scanner/dns/window.h"

enum {
    SENT_LEAST = 128, /* questions of a period from which loss and latency can be told */
    LATENCY_BATCH = 64,
    TRIAL_PERIODS = 8 /* a trial with too few questions ends after so many periods without a finding */
};

/* How much the window grows for each answer past the threshold: by half in half a minute at 3,000 answers a
 * second with 1,000 in flight, so that a resolver at its limit is not overrun again at once. */
static const double SLOWLY = 1.0 / 64;
static const double LOSS_BORNE = 0.1;
static const double LATENCY_BORNE_MS = 50;
static const double LATENCY_TIMES = 3; /* latency up to so many times the least seen is borne too */
static const double LOSS_SEVERE = 0.5; /* past it the window is quartered, else halved */
static const double ROOM_ABOVE = 1.25; /* what was not our doing is borne, and so much more */

static double least(double a, double b)
{
    return a < b ? a : b;
}

static double most(double a, double b)
{
    return a > b ? a : b;
}

void window_init(struct window *window, uint32_t limit, int64_t deadline_ms, int64_t now_ms)
{
    *window = (struct window){.limit = limit,
                              .floor = least(WINDOW_FLOOR, limit),
                              .size = least(WINDOW_START, limit),
                              .threshold = limit,
                              .period_ms = deadline_ms < 1 ? 1 : deadline_ms,
                              .now = {.start_ms = now_ms},
                              .last = {.start_ms = now_ms},
                              .loss_borne = LOSS_BORNE,
                              .latency_borne_ms = LATENCY_BORNE_MS};
}

/* ---- figures of a period ------------------------------------------------------------------------------- */

static double loss_of(const struct window_period *period)
{
    return period->sent == 0 ? 0 : (double)period->lost / period->sent;
}

static double latency_of(const struct window_period *period)
{
    return period->arrived == 0 ? 0 : period->latency_ms / period->arrived;
}

static double goodput_of(const struct window_period *period, int64_t end_ms)
{
    int64_t span = end_ms - period->start_ms;
    return (double)period->arrived / (double)(span < 1 ? 1 : span);
}

static bool too_much_lost(const struct window *window, const struct window_period *period)
{
    return period->sent >= SENT_LEAST && loss_of(period) > window->loss_borne;
}

static bool too_late(const struct window *window, const struct window_period *period)
{
    return period->arrived >= SENT_LEAST && window->latency_least_ms > 0 &&
           latency_of(period) > window->latency_least_ms * LATENCY_TIMES + window->latency_borne_ms;
}

static void begin_period(struct window *window, int64_t now_ms)
{
    window->last = window->now;
    window->now = (struct window_period){.start_ms = now_ms};
}

/* ---- back-off and what came of it ---------------------------------------------------------------------- */

static void begin_state(struct window *window, enum window_state state, int64_t now_ms)
{
    window->state = state;
    window->now = (struct window_period){.start_ms = now_ms};
    window->last = (struct window_period){.start_ms = now_ms};
}

/* Backs off for the figures of a period that ended at end_ms. A window that is not used up is cut from the
 * part that is used. */
static void back_off(struct window *window, struct window_period period, int64_t end_ms, int64_t now_ms)
{
    double used = least(window->size, period.peak);
    double share = loss_of(&period) > LOSS_SEVERE ? 0.25 : 0.5;
    double size = most(window->floor, used * share);
    if (size >= used)
        return;
    double goodput = goodput_of(&period, end_ms);
    window->cause = (struct window_cause){.size = window->size,
                                          .goodput = goodput,
                                          .expected = goodput * (1 + size / used) / 2,
                                          .loss = loss_of(&period),
                                          .latency_ms = latency_of(&period)};
    window->size = size;
    begin_state(window, WINDOW_SETTLES, now_ms);
}

/* Gives the window its size back: it was not to blame. */
static void give_back(struct window *window)
{
    window->size = most(window->size, window->cause.size);
}

static void bear(struct window *window)
{
    double beyond = window->cause.latency_ms * ROOM_ABOVE - window->latency_least_ms * LATENCY_TIMES;
    window->loss_borne = most(window->loss_borne, window->cause.loss * ROOM_ABOVE);
    window->latency_borne_ms = most(window->latency_borne_ms, beyond);
}

static void end_trial(struct window *window, int64_t now_ms)
{
    bool used = (double)window->now.peak + 1 > window->size;
    if (window->now.sent < SENT_LEAST || !used) {
        give_back(window); /* too few questions to tell anything, and nobody is overrun */
    } else if (window->now.arrived > 0 && window->cause.goodput > 0) {
        /* Else it was an outage, which tells nothing. */
        if (goodput_of(&window->now, now_ms) < window->cause.expected) {
            give_back(window);
            bear(window);
        } else {
            window->threshold = window->size;
        }
    }
    window->state = WINDOW_OPEN;
    begin_period(window, now_ms);
}

/* ---- time ---------------------------------------------------------------------------------------------- */

/* Lowers slowly what is borne because it could not be helped, once that is over. */
static double forget(double borne, double seen, double floor)
{
    return most(floor, least(borne, (7 * borne + 2 * seen) / 8));
}

static void end_period(struct window *window, int64_t now_ms)
{
    if (too_late(window, &window->now)) {
        back_off(window, window->now, now_ms, now_ms);
        if (window->state != WINDOW_OPEN)
            return;
    }
    /* All questions sent in the period before have been answered or lost by now. */
    window->loss_borne = forget(window->loss_borne, loss_of(&window->last), LOSS_BORNE);
    if (window->now.arrived >= SENT_LEAST)
        window->latency_borne_ms =
            forget(window->latency_borne_ms, latency_of(&window->now), LATENCY_BORNE_MS);
    begin_period(window, now_ms);
    if (too_much_lost(window, &window->last))
        back_off(window, window->last, window->now.start_ms, now_ms);
}

static void pass_time(struct window *window, int64_t now_ms)
{
    int64_t age = now_ms - window->now.start_ms;
    if (age < window->period_ms)
        return;
    bool enough = window->now.sent >= SENT_LEAST;
    if (window->state == WINDOW_SETTLES)
        begin_state(window, WINDOW_TRIAL, now_ms);
    else if (window->state == WINDOW_TRIAL && (enough || age >= window->period_ms * TRIAL_PERIODS))
        end_trial(window, now_ms);
    else if (window->state == WINDOW_OPEN && enough)
        end_period(window, now_ms);
}

/* ---- events -------------------------------------------------------------------------------------------- */

void window_sent(struct window *window, uint32_t in_flight, int64_t now_ms)
{
    pass_time(window, now_ms);
    window->now.sent++;
    if (in_flight > window->now.peak)
        window->now.peak = in_flight;
}

/* Grows the window, but only one that is at least half used: else nothing shows that the resolver bears it.
 */
static void grow(struct window *window)
{
    if (window->state != WINDOW_OPEN || window->size >= window->limit ||
        window->now.peak * 2.0 < window->size)
        return;
    window->size = least(window->limit, window->size + (window->size < window->threshold ? 1 : SLOWLY));
}

/* Takes an answer's latency. The least is told from few answers, so that it is known before the window has
 * grown. */
static void take_latency(struct window *window, double latency_ms)
{
    window->batch_ms += latency_ms;
    if (++window->batch < LATENCY_BATCH)
        return;
    double mean = window->batch_ms / window->batch;
    if (window->latency_least_ms <= 0 || mean < window->latency_least_ms)
        window->latency_least_ms = mean < 1 ? 1 : mean;
    window->batch = 0;
    window->batch_ms = 0;
}

void window_answered(struct window *window, int64_t sent_ms, int64_t now_ms)
{
    double latency_ms = (double)(now_ms - sent_ms);
    pass_time(window, now_ms);
    window->now.arrived++;
    window->now.latency_ms += latency_ms;
    take_latency(window, latency_ms);
    grow(window);
}

void window_lost(struct window *window, int64_t sent_ms, int64_t now_ms)
{
    pass_time(window, now_ms);
    if (sent_ms >= window->now.start_ms)
        window->now.lost++;
    else if (sent_ms >= window->last.start_ms)
        window->last.lost++;
    if (window->state == WINDOW_OPEN && too_much_lost(window, &window->last))
        back_off(window, window->last, window->now.start_ms, now_ms);
}
