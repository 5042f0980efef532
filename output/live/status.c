/* Writes the status file by the table live.def. */
#include "output/live/status.h"

#include <string.h>

#include "output/json/json_write.h"

static void put_count(struct json *json, const char *key, bool known, double value)
{
    if (known)
        json_put_unsigned(json, key, (uint64_t)value);
    else
        json_put_null(json, key);
}

static void put_seconds(struct json *json, const char *key, bool known, double ms)
{
    if (known)
        json_put_decimal(json, key, ms / 1000);
    else
        json_put_null(json, key);
}

static void put_fields(struct json *json, const struct live_state *state)
{
#define PUT_COUNT(key, known, value)                        put_count(json, key, known, (double)(value))
#define PUT_SECONDS(key, known, value)                      put_seconds(json, key, known, (double)(value))
#define LIVE(field, metric, type, form, known, value, help) PUT_##form(#field, known, value);
#include "output/live/live.def"
#undef LIVE
#undef PUT_COUNT
#undef PUT_SECONDS
}

static void put_counter(void *arg, const char *name, const char *help, uint64_t value)
{
    (void)help;
    json_put_unsigned(arg, name, value);
}

static void put_counts(struct json *json, const struct counters *counts)
{
    json_open(json, "counters");
    counters_each(counts, put_counter, json);
    json_close(json);
    json_open(json, "outcomes");
    for (size_t i = 0; i < LIVE_OUTCOMES; i++)
        json_put_unsigned(json, outcome_name(live_outcomes[i]), counts->outcomes[live_outcomes[i]]);
    json_close(json);
    json_open(json, "codes");
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        if (counts->codes[code] > 0)
            json_put_unsigned(json, failure_name(code), counts->codes[code]);
    json_close(json);
}

static void put_resolvers(struct json *json, const struct live_state *state)
{
    json_put_string(json, "resolver", state->embedded ? "embedded" : "configured");
    json_open_array(json, "resolvers");
    for (size_t i = 0; i < state->resolver_count; i++) {
        const struct resolver_counts *counts = &state->counts.resolvers[i];
        json_open(json, NULL);
        json_put_string(json, "address", state->resolvers[i].name);
        json_put_unsigned(json, "answers", counts->answers);
        json_put_unsigned(json, "lost", counts->lost);
        json_put_unsigned(json, "refused", counts->refused);
        put_seconds(json, "median_seconds", counts->answers > 0, (double)resolver_counts_median(counts));
        put_seconds(json, "latest_seconds", counts->answers > 0, (double)state->resolvers[i].latest_ms);
        json_close(json);
    }
    json_close_array(json);
}

static void put_head(struct json *json, const struct live_state *state)
{
    json_put_unsigned(json, "schema", 1);
    json_put_string(json, "tool", "stsweep");
    json_put_string(json, "version", state->version);
    json_put_signed(json, "pid", state->pid);
    json_put_string(json, "directory", state->directory);
    json_put_string(json, "state", live_phase_name(state->phase));
    json_put_string(json, "cut_off", state->cut_off);
    put_count(json, "exit", state->exit_code >= 0, (double)state->exit_code);
    json_put_time(json, "started", state->started_ms);
    json_put_time(json, "updated", state->wall_ms);
}

bool live_status(const struct live_state *state, struct buf *out)
{
    struct json json;
    json_start(&json, out);
    json_indent(&json);
    json_open(&json, NULL);
    put_head(&json, state);
    put_fields(&json, state);
    json_open(&json, "rates");
    for (int i = 0; i < RATE_COUNT; i++)
        json_put_decimal(&json, live_rate_name((enum live_rate)i), state->rates[i]);
    json_close(&json);
    put_counts(&json, &state->counts);
    put_resolvers(&json, state);
    json_close(&json);
    return json_finish(&json);
}

void live_fields(live_field_visit visit, void *arg)
{
    enum { COUNT, SECONDS };
#define LIVE(field, metric, type, form, known, value, help)                                                  \
    visit(arg, #field, help, (form) == COUNT, strcmp(#known, "true") != 0);
#include "output/live/live.def"
#undef LIVE
}
