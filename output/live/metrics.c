/* Writes each metric with its HELP and TYPE, by the tables counters.def and live.def. */
#include "output/live/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "scanner/base/shown.h"

enum { NAME_BYTES = 96, LABEL_BYTES = LIVE_NAME_BYTES + 16 };

static const char MS[] = "_ms";

/* Appends a text of ours or of a list, as HELP (quotes stand as they are) or as the value of a label. */
static void put_escaped(struct buf *out, const char *text, bool is_label)
{
    for (; *text != '\0'; text++)
        if (*text == '\\')
            (void)buf_text(out, "\\\\");
        else if (*text == '\n')
            (void)buf_text(out, "\\n");
        else if (*text == '"' && is_label)
            (void)buf_text(out, "\\\"");
        else
            (void)buf_byte(out, (uint8_t)*text);
}

static void put_head(struct buf *out, const char *metric, const char *type, const char *help)
{
    (void)buf_printf(out, "# HELP stsweep_%s ", metric);
    put_escaped(out, help, false);
    (void)buf_printf(out, "\n# TYPE stsweep_%s %s\n", metric, type);
}

/* Appends a sample with one label, or none if label is NULL. */
static void put_name(struct buf *out, const char *metric, const char *label, const char *value)
{
    (void)buf_printf(out, "stsweep_%s", metric);
    if (label == NULL)
        return;
    (void)buf_printf(out, "{%s=\"", label);
    put_escaped(out, value, true);
    (void)buf_text(out, "\"}");
}

static void put_count(struct buf *out, const char *metric, const char *label, const char *value,
                      uint64_t count)
{
    put_name(out, metric, label, value);
    (void)buf_printf(out, " %" PRIu64 "\n", count);
}

static void put_seconds(struct buf *out, const char *metric, double ms)
{
    put_name(out, metric, NULL, NULL);
    (void)buf_printf(out, " %.3f\n", ms / 1000);
}

/* ---- the tables ---------------------------------------------------------------------------------------- */

static void put_fields(const struct live_state *state, struct buf *out)
{
    enum { COUNT, SECONDS };
    static const char COUNTER[] = "counter", GAUGE[] = "gauge";
#define LIVE(field, metric, type, form, known, value, help)                                                  \
    if (known) {                                                                                             \
        put_head(out, metric, type, help);                                                                   \
        if ((form) == SECONDS)                                                                               \
            put_seconds(out, metric, (double)(value));                                                       \
        else                                                                                                 \
            put_count(out, metric, NULL, NULL, (uint64_t)(value));                                           \
    }
#include "output/live/live.def"
#undef LIVE
}

/* A time is a gauge in seconds, everything else a count that only grows. */
static void put_counter(void *arg, const char *name, const char *help, uint64_t value)
{
    char metric[NAME_BYTES];
    struct buf *out = arg;
    size_t len = strlen(name);
    if (len > sizeof MS && strcmp(name + len - (sizeof MS - 1), MS) == 0) {
        (void)snprintf(metric, sizeof metric, "%.*s_seconds", (int)(len - (sizeof MS - 1)), name);
        put_head(out, metric, "gauge", help);
        put_seconds(out, metric, (double)value);
        return;
    }
    (void)snprintf(metric, sizeof metric, "%s_total", name);
    put_head(out, metric, "counter", help);
    put_count(out, metric, NULL, NULL, value);
}

/* ---- what has labels ----------------------------------------------------------------------------------- */

static void put_state(const struct live_state *state, struct buf *out)
{
    put_head(out, "info", "gauge", "Which program scans into which directory; always 1.");
    (void)buf_text(out, "stsweep_info{version=\"");
    put_escaped(out, state->version, true);
    (void)buf_text(out, "\",directory=\"");
    put_escaped(out, shown(state->directory), true);
    (void)buf_text(out, "\"} 1\n");
    put_head(out, "state", "gauge", "What the scan is at: 1 for the one state that it is in.");
    for (int i = 0; i < PHASE_COUNT; i++)
        put_count(out, "state", "state", live_phase_name((enum live_phase)i), (int)state->phase == i);
    put_head(out, "cut_off", "gauge",
             "Whether this machine seems cut off: from resolvers, port 25 or routes, or from STARTTLS.");
    put_count(out, "cut_off", NULL, NULL, state->cut_off != NULL);
    put_head(out, "start_time_seconds", "gauge", "When this run began, since 1970.");
    put_seconds(out, "start_time_seconds", (double)state->started_ms);
    put_head(out, "updated_time_seconds", "gauge", "When these numbers were taken, since 1970.");
    put_seconds(out, "updated_time_seconds", (double)state->wall_ms);
}

static void put_judgements(const struct live_state *state, struct buf *out)
{
    put_head(out, "outcomes_total", "counter", "Records of domains by outcome, in this run.");
    for (size_t i = 0; i < LIVE_OUTCOMES; i++)
        put_count(out, "outcomes_total", "outcome", outcome_name(live_outcomes[i]),
                  state->counts.outcomes[live_outcomes[i]]);
    put_head(out, "codes_total", "counter", "Records of domains that have a code, in this run.");
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        put_count(out, "codes_total", "code", failure_name(code), state->counts.codes[code]);
}

static void put_histogram(const char *resolver, const struct resolver_counts *counts, struct buf *out)
{
    static const char metric[] = "resolver_latency_seconds";
    uint64_t sum = 0;
    for (size_t i = 0; i < RESOLVER_BUCKETS; i++) {
        uint64_t bound = i + 1 < RESOLVER_BUCKETS ? resolver_counts_bound(i) : 0;
        sum += counts->by_latency[i];
        if ((bound & (bound - 1)) != 0)
            continue; /* a bucket of Prometheus' ends with each doubling */
        put_name(out, "resolver_latency_seconds_bucket", "resolver", resolver);
        out->len -= out->failed ? 0 : 1; /* the brace: there is another label */
        if (bound > 0)
            (void)buf_printf(out, ",le=\"%.3f\"} %" PRIu64 "\n", (double)bound / 1000, sum);
        else
            (void)buf_printf(out, ",le=\"+Inf\"} %" PRIu64 "\n", sum);
    }
    (void)buf_printf(out, "stsweep_%s_sum{resolver=\"%s\"} %.3f\n", metric, resolver,
                     (double)counts->ms / 1000);
    (void)buf_printf(out, "stsweep_%s_count{resolver=\"%s\"} %" PRIu64 "\n", metric, resolver, sum);
}

/* Names a resolver. One that was given twice counts twice, and Prometheus wants each sample once. */
static const char *label_of(const struct live_state *state, size_t index, char label[LABEL_BYTES])
{
    const char *name = state->resolvers[index].name;
    size_t same = 0;
    for (size_t i = 0; i < index; i++)
        same += strcmp(state->resolvers[i].name, name) == 0;
    (void)snprintf(label, LABEL_BYTES, "%s", name);
    if (same > 0)
        (void)snprintf(label + strlen(name), LABEL_BYTES - strlen(name), " (%zu)", same + 1);
    return label;
}

static void put_resolvers(const struct live_state *state, struct buf *out)
{
    char label[LABEL_BYTES];
    if (state->resolver_count == 0)
        return;
    put_head(out, "resolver_lost_total", "counter",
             "Questions that a resolver of dns.resolvers did not answer in time.");
    for (size_t i = 0; i < state->resolver_count; i++)
        put_count(out, "resolver_lost_total", "resolver", label_of(state, i, label),
                  state->counts.resolvers[i].lost);
    put_head(out, "resolver_refused_total", "counter", "Questions that a resolver of dns.resolvers refused.");
    for (size_t i = 0; i < state->resolver_count; i++)
        put_count(out, "resolver_refused_total", "resolver", label_of(state, i, label),
                  state->counts.resolvers[i].refused);
    put_head(out, "resolver_latency_seconds", "histogram",
             "How long a resolver of dns.resolvers took for its answers.");
    for (size_t i = 0; i < state->resolver_count; i++)
        put_histogram(label_of(state, i, label), &state->counts.resolvers[i], out);
}

void live_metrics(const struct live_state *state, struct buf *out)
{
    put_state(state, out);
    put_fields(state, out);
    counters_each(&state->counts, put_counter, out);
    put_judgements(state, out);
    put_resolvers(state, out);
}
