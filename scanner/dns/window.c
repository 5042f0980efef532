/* Additive growth, multiplicative back-off, by a moving average of the losses. */
#include "scanner/dns/window.h"

/* About how many questions the average looks back on, and the share of losses past which the window halves.
 */
static const double LOOK_BACK = 128;
static const double LOSS_BORNE = 0.1;

static double least(double a, double b)
{
    return a < b ? a : b;
}

void window_init(struct window *window, uint32_t limit)
{
    *window = (struct window){.limit = limit,
                              .floor = least(WINDOW_FLOOR, limit),
                              .size = least(WINDOW_START, limit),
                              .starting = true,
                              .backed_off_ms = INT64_MIN};
}

void window_answered(struct window *window)
{
    window->loss -= window->loss / LOOK_BACK;
    if (window->size < window->limit)
        window->size = least(window->limit, window->size + (window->starting ? 1 : 1 / window->size));
}

void window_lost(struct window *window, int64_t sent_ms, int64_t now_ms)
{
    window->loss += (1 - window->loss) / LOOK_BACK;
    if (window->loss <= LOSS_BORNE || sent_ms <= window->backed_off_ms)
        return; /* what was sent before the last back-off says nothing about the window since */
    double half = window->size / 2;
    window->size = half < window->floor ? window->floor : half;
    window->starting = false;
    window->backed_off_ms = now_ms;
}
