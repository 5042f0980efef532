/* Decides which domains come again, and when. */
#include "scanner/scan/passes.h"

#include "scanner/verdict/verdict.h"

bool passes_put_off(const struct pass_end *end, const struct judgement *judgement)
{
    int64_t more = end->retries - (int64_t)end->pass;
    if (more >= 0 && (judgement->look_due || verdict_may_pass(judgement)))
        return true;
    return more + PASSES_OUTAGE >= 0 && end->began_ms < end->doubted_until_ms &&
           verdict_has_passing(judgement);
}

int64_t passes_rest_ms(int64_t retry_after_ms, uint64_t names)
{
    uint64_t rest = PASSES_REST_LEAST_MS;
    if (names > PASSES_REST_LEAST_MS / PASSES_REST_A_NAME_MS)
        rest = names > INT64_MAX / PASSES_REST_A_NAME_MS ? INT64_MAX : names * PASSES_REST_A_NAME_MS;
    return retry_after_ms < (int64_t)rest ? retry_after_ms : (int64_t)rest;
}

void passes_begin(struct passes *passes, int64_t first, int64_t retries, int64_t retry_after_ms)
{
    *passes = (struct passes){.retries = retries,
                              .retry_after_ms = retry_after_ms,
                              .first = first,
                              .pass = first,
                              .phase = PASS_HANDING_OUT};
}

void passes_handed_out(struct passes *passes)
{
    passes->phase = PASS_DRAINING;
}

bool passes_rest(const struct passes *passes, int64_t now_ms)
{
    return passes->phase == PASS_RESTING && now_ms < passes->rest_until_ms;
}

/* Is this the last pass? Nothing that it handed out is put off, so that nobody need wait for it. */
static bool is_last(const struct passes *passes)
{
    return passes->pass == 1 + passes->retries + PASSES_OUTAGE;
}

/* Turns to the next pass. Domains that only an outage hit need not rest when it is over. */
static enum pass_step turn(struct passes *passes, const struct pass_sight *sight)
{
    bool only_outage = passes->pass > passes->retries;
    if (passes->names == 0)
        passes->names = sight->started;
    passes->rest_ms = only_outage ? 0 : passes_rest_ms(passes->retry_after_ms, passes->names);
    passes->put_off = sight->put_off;
    passes->phase = PASS_RESTING;
    passes->rest_until_ms = sight->now_ms + passes->rest_ms;
    return PASS_TURN;
}

static enum pass_step drain(struct passes *passes, const struct pass_sight *sight)
{
    if (is_last(passes))
        return PASS_END;
    if (sight->finished < sight->started)
        return sight->stopped ? PASS_STOP : PASS_WAIT;
    return sight->put_off == passes->put_off ? PASS_END : turn(passes, sight);
}

static enum pass_step rest(struct passes *passes, const struct pass_sight *sight)
{
    if (sight->stopped)
        return PASS_STOP;
    if (passes_rest(passes, sight->now_ms) || sight->held_back)
        return PASS_WAIT;
    passes->pass++;
    passes->phase = PASS_HANDING_OUT;
    return PASS_BEGIN;
}

enum pass_step passes_step(struct passes *passes, const struct pass_sight *sight)
{
    switch (passes->phase) {
    case PASS_DRAINING:
        return drain(passes, sight);
    case PASS_RESTING:
        return rest(passes, sight);
    default: /* who hands out sees for itself that it is to stop */
        return PASS_HAND_OUT;
    }
}
