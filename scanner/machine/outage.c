/* Keeps a ring of counts and four states. */
#include "scanner/machine/outage.h"

/* Of a hundred questions: from here on nearly all fail. */
enum { NEARLY_ALL_PERCENT = 95 };

void outage_window_init(struct outage_window *window, int64_t window_ms)
{
    *window = (struct outage_window){.window_ms = window_ms};
}

static size_t place(const struct outage_window *window, size_t index)
{
    return (window->first + index) % OUTAGE_SAMPLES;
}

/* Drops what is too old to be a beginning: the first one left is at least window_ms old, or the oldest there
 * is. */
static void drop_old(struct outage_window *window, int64_t now)
{
    while (window->count > 1 && now - window->at_ms[place(window, 1)] >= window->window_ms) {
        window->first = place(window, 1);
        window->count--;
    }
}

/* Is a sample due? They stand apart enough that the ring spans the window. */
static bool sample_is_due(const struct outage_window *window, int64_t now)
{
    int64_t apart = window->window_ms / (OUTAGE_SAMPLES - 2);
    return window->count == 0 || now - window->at_ms[place(window, window->count - 1)] >= apart;
}

struct outage_counts outage_window_since(const struct outage_window *window,
                                         const struct outage_counts *counts, uint64_t least)
{
    size_t from = window->count;
    struct outage_counts late = {0, 0};
    while (from > 0 && late.ended < least) {
        const struct outage_counts *then = &window->counts[place(window, --from)];
        late = (struct outage_counts){counts->ended - then->ended, counts->failed - then->failed};
    }
    return late;
}

void outage_window_add(struct outage_window *window, const struct outage_counts *counts, int64_t now)
{
    drop_old(window, now);
    if (window->count == OUTAGE_SAMPLES || !sample_is_due(window, now))
        return;
    size_t at = place(window, window->count++);
    window->counts[at] = *counts;
    window->at_ms[at] = now;
}

static void enter(struct outage *outage, enum outage_state state, int64_t now)
{
    outage->state = state;
    outage->since_ms = now;
    outage->good_rounds = 0;
    outage->ask_at_ms = now;
}

/* Enters a state in which lookups are counted from now on. */
static void enter_counting(struct outage *outage, enum outage_state state, int64_t now)
{
    enter(outage, state, now);
    outage_window_init(&outage->window, outage->settings.window_ms);
}

void outage_init(struct outage *outage, const struct outage_settings *settings)
{
    *outage = (struct outage){.settings = *settings, .quiet_until_ms = INT64_MIN};
    enter_counting(outage, OUTAGE_CALM, 0);
}

static bool most_fail(const struct outage *outage, const struct outage_counts *counts)
{
    const struct outage_settings *settings = &outage->settings;
    struct outage_counts late = outage_window_since(&outage->window, counts, settings->least);
    return late.ended >= settings->least && late.failed * 100 > late.ended * settings->share_percent;
}

static bool nearly_all_fail(const struct outage *outage, const struct outage_counts *counts)
{
    struct outage_counts last = outage_window_since(&outage->window, counts, OUTAGE_FEW);
    return last.ended >= OUTAGE_FEW && last.failed * 100 >= last.ended * NEARLY_ALL_PERCENT;
}

/* Ends the tail, which has had its time. If even now hardly anything is answered, that is no tail but the
 * next outage, which would otherwise be looked for only once its first domains have ended. */
static void end_tail(struct outage *outage, const struct outage_counts *counts, int64_t now)
{
    if (nearly_all_fail(outage, counts))
        enter(outage, OUTAGE_SUSPECTED, now);
    else
        enter_counting(outage, OUTAGE_CALM, now);
}

enum outage_state outage_count(struct outage *outage, const struct outage_counts *counts, int64_t now)
{
    const struct outage_settings *settings = &outage->settings;
    bool watched = outage->state == OUTAGE_CALM || outage->state == OUTAGE_OVER;
    if (!watched || settings->share_percent == 0)
        return outage->state;
    if (outage->state == OUTAGE_OVER && now - outage->since_ms >= settings->tail_ms)
        end_tail(outage, counts, now);
    else if (outage->state == OUTAGE_CALM && now >= outage->quiet_until_ms &&
             (most_fail(outage, counts) || nearly_all_fail(outage, counts)))
        enter(outage, OUTAGE_SUSPECTED, now);
    outage_window_add(&outage->window, counts, now);
    return outage->state;
}

bool outage_wants_answers(const struct outage *outage, int64_t now)
{
    bool asks = outage->state == OUTAGE_SUSPECTED || outage->state == OUTAGE_ON;
    return asks && now >= outage->ask_at_ms;
}

enum outage_state outage_answered(struct outage *outage, bool good, int64_t now)
{
    outage->ask_at_ms = now + OUTAGE_PAUSE_MS;
    if (outage->state == OUTAGE_SUSPECTED && good && now - outage->since_ms > outage->settings.prompt_ms) {
        enter_counting(outage, OUTAGE_OVER, now); /* it was us, and it is over before it could be said */
    } else if (outage->state == OUTAGE_SUSPECTED && good) {
        /* It is them. Whoever scans a list of names that nobody serves is not to be asked about it all the
         * time. */
        outage->quiet_until_ms = now + outage->settings.window_ms;
        enter_counting(outage, OUTAGE_CALM, now);
    } else if (outage->state == OUTAGE_SUSPECTED) {
        enter(outage, OUTAGE_ON, now);
        outage->ask_at_ms = now + OUTAGE_PAUSE_MS;
    } else if (outage->state == OUTAGE_ON) {
        outage->good_rounds = good ? outage->good_rounds + 1 : 0;
        if (outage->good_rounds >= OUTAGE_GOOD_ROUNDS)
            enter_counting(outage, OUTAGE_OVER, now);
    }
    return outage->state;
}

bool route_outage_count(struct route_outage *route, uint64_t lacking, uint64_t made, int64_t now)
{
    if (lacking > route->lacking) {
        *route = (struct route_outage){.lacking = lacking, .made = made, .last_ms = now, .lost = true};
    } else if (route->lost && made > route->made && now - route->last_ms >= ROUTE_CALM_MS) {
        route->lost = false;
    }
    return route->lost;
}
