#include "scanner/scan/shown.h"

#include "scanner/scan/passes.h"

/* Returns how long the scan will rest before what is put off now comes again, or how much of it is left. */
static int64_t rest_of(const struct live_state *state, const struct feeder_progress *progress,
                       const struct scan_context *context, int64_t now_ms)
{
    if (progress->rest_ms > 0)
        return progress->rest_until_ms > now_ms ? progress->rest_until_ms - now_ms : 0;
    if (progress->pass > worker_retries(context) || state->total < state->before)
        return 0;
    return passes_rest_ms(context->config->scan_retry_after, state->total - state->before);
}

void shown_take(struct live_state *state, const struct feeder_progress *progress,
                const struct scan_context *context, int64_t now_ms)
{
    uint64_t under_way = progress->started - progress->finished;
    state->done = progress->finished > progress->put_off ? progress->finished - progress->put_off : 0;
    state->in_flight = under_way > state->parked ? under_way - state->parked : 0;
    state->again = progress->again;
    state->handed_out = progress->started;
    state->pass = progress->pass > 0 ? (uint64_t)progress->pass : 0;
    state->resting = progress->rest_ms > 0;
    state->rest_ms = rest_of(state, progress, context, now_ms);
}

void shown_take_input(struct live_state *state, const struct intake_seen *seen, int64_t now_ms)
{
    int64_t began_ms = atomic_load(&seen->began_ms);
    state->read = (struct live_read){.bytes = atomic_load_explicit(&seen->bytes, memory_order_relaxed),
                                     .of_bytes = atomic_load(&seen->of_bytes),
                                     .inputs = atomic_load_explicit(&seen->inputs, memory_order_relaxed),
                                     .ms = began_ms == 0 ? 0 : now_ms - began_ms};
}
