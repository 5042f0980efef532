/* Makes rates, and what is left, of counts. */
#include "output/live/state.h"

/* READ_LEAST_MS: before that the pace of reading says nothing. */
enum { SMOOTH_MS = 5000, READ_LEAST_MS = 1000 };

static const double LEAST_PACE = 0.01; /* below that nothing is said of what is left */

const enum outcome live_outcomes[LIVE_OUTCOMES] = {
    OUTCOME_PROTECTED, OUTCOME_PARTIAL, OUTCOME_REFUSED, OUTCOME_TESTING, OUTCOME_OFF,
    OUTCOME_BROKEN,    OUTCOME_UNKNOWN, OUTCOME_ABSENT,  OUTCOME_NO_MAIL,
};

const char *live_rate_name(enum live_rate stage)
{
    static const char *const names[RATE_COUNT] = {
#define STAGE_NAME(id, name, help) [RATE_##id] = (name),
        LIVE_STAGES(STAGE_NAME)
#undef STAGE_NAME
    };
    return names[stage];
}

const char *live_phase_name(enum live_phase phase)
{
    static const char *const names[PHASE_COUNT] = {
#define PHASE_NAME(id, word, help) [PHASE_##id] = (word),
        LIVE_PHASES(PHASE_NAME)
#undef PHASE_NAME
    };
    return names[phase];
}

uint64_t live_stage_count(const struct live_state *state, enum live_rate stage)
{
    const uint64_t counts[RATE_COUNT] = {[RATE_NAMES] = state->handed_out,
                                         [RATE_DNS] = state->counts.answers,
                                         [RATE_POLICIES] = state->counts.fetches,
                                         [RATE_PROBES] = state->counts.probes,
                                         [RATE_RECORDS] = state->done};
    return counts[stage];
}

/* ---- rates --------------------------------------------------------------------------------------------- */

void live_pace_begin(struct live_pace *pace, int64_t now_ms)
{
    *pace = (struct live_pace){.at_ms = now_ms};
}

/* The mean of what came since the last time; as it was, if nothing came. */
static void measure_resolver(struct live_pace *pace, size_t index, const struct resolver_counts *counts)
{
    uint64_t answers = counts->answers - pace->answers[index];
    if (answers > 0)
        pace->latest_ms[index] = (counts->ms - pace->ms[index] + answers / 2) / answers;
    pace->answers[index] = counts->answers;
    pace->ms[index] = counts->ms;
}

/* Smooths the rates, as one over half a second jumps: older counts weigh less. */
static void measure_rates(struct live_pace *pace, const struct live_state *state)
{
    double since = (double)(state->now_ms - pace->at_ms);
    if (since < (double)LIVE_RATE_MS)
        return;
    double weight = pace->has_rates ? since / (since + (double)SMOOTH_MS) : 1.0;
    for (int i = 0; i < RATE_COUNT; i++) {
        uint64_t count = live_stage_count(state, (enum live_rate)i);
        double rate = (double)(count - pace->counts[i]) * 1000.0 / since;
        double before = pace->has_rates ? pace->rates[i] : 0.0;
        pace->rates[i] = before + (rate - before) * weight;
        pace->counts[i] = count;
    }
    for (size_t i = 0; i < state->resolver_count; i++)
        measure_resolver(pace, i, &state->counts.resolvers[i]);
    pace->has_rates = true;
    pace->at_ms = state->now_ms;
    if (!state->resting)
        pace->pace = pace->rates[RATE_RECORDS];
}

double live_read_left(const struct live_read *read)
{
    if (read->ms < READ_LEAST_MS || read->bytes == 0 || read->bytes > read->of_bytes)
        return -1;
    return (double)read->ms / 1000 * ((double)read->of_bytes / (double)read->bytes - 1);
}

/* Returns the seconds until the pass that is under way has ended; negative: they cannot be told. */
static double pass_left(const struct live_pace *pace, const struct live_state *state)
{
    uint64_t done = state->before + state->done;
    uint64_t later = done + (state->rest_ms > 0 ? state->again : 0); /* is not for this pass */
    if (state->resting || (state->total > 0 && state->total <= later))
        return 0;
    return state->total > 0 && pace->pace > LEAST_PACE ? (double)(state->total - later) / pace->pace : -1;
}

/* Returns the seconds until all has ended: this pass, the rest, and the pass over what was put off. */
static double all_left(const struct live_pace *pace, const struct live_state *state, double left)
{
    if (left < 0 || state->again == 0 || state->rest_ms == 0)
        return left;
    double again = pace->pace > LEAST_PACE ? (double)state->again / pace->pace : 0;
    return left + (double)state->rest_ms / 1000 + again;
}

void live_measure(struct live_pace *pace, struct live_state *state)
{
    measure_rates(pace, state);
    state->has_rates = pace->has_rates;
    for (int i = 0; i < RATE_COUNT; i++)
        state->rates[i] = pace->rates[i];
    for (size_t i = 0; i < state->resolver_count; i++)
        state->resolvers[i].latest_ms = pace->latest_ms[i];
    state->pass_left_s = pass_left(pace, state);
    state->left_s = all_left(pace, state, state->pass_left_s);
}

/* ---- what comes first ---------------------------------------------------------------------------------- */

uint64_t live_resolver_failures(const struct resolver_counts *counts)
{
    return counts->lost + counts->refused;
}

/* Returns what resolvers are put in order by: one that never answers is the slowest. */
static uint64_t slowness(const struct resolver_counts *counts)
{
    if (counts->answers == 0)
        return counts->lost > 0 ? UINT64_MAX : 0;
    return resolver_counts_median(counts) + 1;
}

size_t live_slowest(const struct live_state *state, size_t most, size_t indexes[])
{
    size_t count = 0;
    for (size_t i = 0; i < state->resolver_count; i++) {
        size_t at = count < most ? count++ : most;
        uint64_t slow = slowness(&state->counts.resolvers[i]);
        while (at > 0 && slowness(&state->counts.resolvers[indexes[at - 1]]) < slow) {
            if (at < most)
                indexes[at] = indexes[at - 1];
            at--;
        }
        if (at < most)
            indexes[at] = i;
    }
    return count;
}

static bool is_failure(enum failure_code code)
{
    enum failure_effect effect = failure_get(code)->effect;
    return code != FAIL_TXT_ABSENT && effect != EFFECT_NONE && effect != EFFECT_WARN &&
           effect != EFFECT_NO_MAIL;
}

size_t live_failures(const struct counters *counts, size_t most, enum failure_code codes[])
{
    size_t count = 0;
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++) {
        if (counts->codes[code] == 0 || !is_failure(code))
            continue;
        size_t at = count < most ? count++ : most;
        while (at > 0 && counts->codes[codes[at - 1]] < counts->codes[code]) {
            if (at < most)
                codes[at] = codes[at - 1];
            at--;
        }
        if (at < most)
            codes[at] = code;
    }
    return count;
}

void live_duration(struct buf *text, uint64_t seconds)
{
    if (seconds >= 3600)
        (void)buf_printf(text, "%lluh %02llum", (unsigned long long)(seconds / 3600),
                         (unsigned long long)(seconds / 60 % 60));
    else if (seconds >= 60)
        (void)buf_printf(text, "%llum %02llus", (unsigned long long)(seconds / 60),
                         (unsigned long long)(seconds % 60));
    else
        (void)buf_printf(text, "%llus", (unsigned long long)seconds);
}
