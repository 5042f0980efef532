/* Writes some lines about how far a scan is. */
#include "output/live/text.h"

#include <time.h>

enum {
    CODES = 4,
    RESOLVERS = 2,
    TEXT_BYTES = 8192,
    LINE_BYTES = 2048,
    MIB = 1024 * 1024,
    GIB = 1024 * 1024 * 1024,
    CONTINUED = 2 /* columns that a row is indented by if it goes on with the one above */
};

/* Says how much of the input was read, and how long the rest takes at the same pace. */
void live_reading(const struct live_read *read, struct buf *line)
{
    (void)buf_text(line, "reading the input");
    if (read->inputs > 0)
        (void)buf_printf(line, ": %llu names", (unsigned long long)read->inputs);
    if (read->bytes == 0 || read->bytes > read->of_bytes)
        return;
    double share = (double)read->bytes / (double)read->of_bytes, left = live_read_left(read);
    (void)buf_printf(line, "%s %.1f %% of %.1f MiB", read->inputs > 0 ? "," : ":",
                     read->bytes == read->of_bytes ? 100.0 : (double)(int64_t)(share * 1000) / 10,
                     (double)read->of_bytes / MIB);
    if (left <= 0)
        return;
    (void)buf_text(line, ", about ");
    live_duration(line, (uint64_t)left + 1);
    (void)buf_text(line, " left");
}

static void how_far(const struct live_state *state, struct buf *line)
{
    uint64_t done = state->before + state->done;
    double rate = state->rates[RATE_RECORDS];
    double left = state->left_s;
    live_duration(line, (uint64_t)state->run_ms / 1000);
    (void)buf_printf(line, ": %llu", (unsigned long long)done);
    if (state->total > 0 && state->total >= done) {
        uint64_t permille = done * 1000 / state->total; /* rounded down: 100 % is the end */
        (void)buf_printf(line, " of %llu (%llu.%llu %%)", (unsigned long long)state->total,
                         (unsigned long long)(permille / 10), (unsigned long long)(permille % 10));
    }
    (void)buf_printf(line, " done, %.0f a second", rate);
    if (state->phase == PHASE_OUTAGE && state->cut_off != NULL)
        (void)buf_printf(line, ", CUT OFF (%s)", state->cut_off);
    if (state->phase == PHASE_STOPPING || state->phase == PHASE_ENDING)
        (void)buf_printf(line, ", %s", live_phase_name(state->phase));
    if (state->total == 0) {
        (void)buf_text(line, ", ");
        live_reading(&state->read, line);
    } else if (state->total > done && left >= 0) {
        (void)buf_text(line, ", about ");
        live_duration(line, (uint64_t)left + 1);
        (void)buf_text(line, " left");
    }
}

/* Says when those that were put off are tried again, by the clock on the wall of this machine. */
static void append_again(const struct live_state *state, struct buf *line)
{
    char text[32];
    struct tm clock;
    double left = state->pass_left_s;
    time_t at = (time_t)((state->wall_ms + state->rest_ms) / 1000 + (int64_t)left);
    (void)buf_printf(line, ", %llu to be tried again", (unsigned long long)state->again);
    if (state->rest_ms == 0 || left < 0 || localtime_r(&at, &clock) == NULL)
        return;
    if (strftime(text, sizeof text, state->resting ? " at %H:%M:%S %Z" : " from about %H:%M %Z", &clock) > 0)
        (void)buf_text(line, text);
}

static void under_way(const struct live_state *state, struct buf *line)
{
    (void)buf_printf(line, "%llu in flight", (unsigned long long)state->in_flight);
    if (state->parked > 0)
        (void)buf_printf(line, ", %llu parked", (unsigned long long)state->parked);
    if (state->again > 0)
        append_again(state, line);
    if (state->has_rates)
        (void)buf_printf(line, "; a second: %.0f lookups, %.0f policies, %.0f MX", state->rates[RATE_DNS],
                         state->rates[RATE_POLICIES], state->rates[RATE_PROBES]);
}

static void outcomes(const struct counters *counts, struct buf *line)
{
    const char *between = "";
    (void)buf_text(line, "outcomes: ");
    for (size_t i = 0; i < LIVE_OUTCOMES; i++) {
        unsigned long long count = counts->outcomes[live_outcomes[i]];
        if (count == 0)
            continue;
        (void)buf_printf(line, "%s%s %llu", between, outcome_name(live_outcomes[i]), count);
        between = ", ";
    }
}

static void failures(const struct counters *all, struct buf *line)
{
    enum failure_code codes[CODES];
    size_t count = live_failures(all, CODES, codes);
    (void)buf_text(line, count == 0 ? "failures: none so far" : "failures: ");
    for (size_t i = 0; i < count; i++)
        (void)buf_printf(line, "%s%s %llu", i > 0 ? ", " : "", failure_name(codes[i]),
                         (unsigned long long)all->codes[codes[i]]);
}

/* Tells of the slowest resolvers. The embedded one asks whoever serves a name: there is nobody to name. */
static void resolvers(const struct live_state *state, struct buf *line)
{
    size_t indexes[RESOLVERS];
    size_t count = live_slowest(state, RESOLVERS, indexes);
    if (state->embedded)
        (void)buf_printf(line, "resolver: embedded, of %llu questions %llu failed",
                         (unsigned long long)state->counts.lookups,
                         (unsigned long long)state->counts.lookups_failed);
    else if (count > 0)
        (void)buf_text(line, "resolvers: ");
    for (size_t i = 0; i < count; i++) {
        const struct resolver_counts *counts = &state->counts.resolvers[indexes[i]];
        (void)buf_printf(line, "%s%s median %llu ms latest %llu ms failed %llu of %llu", i > 0 ? ", " : "",
                         state->resolvers[indexes[i]].name,
                         (unsigned long long)resolver_counts_median(counts),
                         (unsigned long long)state->resolvers[indexes[i]].latest_ms,
                         (unsigned long long)live_resolver_failures(counts),
                         (unsigned long long)(counts->answers + counts->lost));
    }
    if (count < state->resolver_count)
        (void)buf_printf(line, ", and %zu faster", state->resolver_count - count);
    if (state->disk_known)
        (void)buf_printf(line, "%sdisk left %.1f GiB", line->len > 0 ? "; " : "",
                         (double)state->disk_free_bytes / GIB);
}

/* Returns how much of the rest goes into one row: all that fits up to a comma or semicolon, without one up to
 * a blank, without that all that fits. */
static size_t row_bytes(const uint8_t *rest, size_t len, size_t room)
{
    size_t blank = 0;
    if (len <= room)
        return len;
    for (size_t at = room; at > 0; at--) {
        if (rest[at] != ' ')
            continue;
        if (rest[at - 1] == ',' || rest[at - 1] == ';')
            return at;
        if (blank == 0)
            blank = at;
    }
    return blank > 0 ? blank : room;
}

/* Ends a line; a narrow terminal gets more rows, so that no count is lost. */
static void end_line(struct buf *line, size_t width, struct buf *text)
{
    size_t at = 0, indent = 0;
    do {
        size_t len = row_bytes(line->data + at, line->len - at, width == 0 ? SIZE_MAX : width - indent);
        (void)buf_printf(text, "%*s%.*s\n", (int)indent, "", (int)len, (const char *)line->data + at);
        at += len;
        while (at < line->len && line->data[at] == ' ')
            at++;
        indent = CONTINUED;
    } while (at < line->len);
    buf_reset(line);
}

void live_text(const struct live_state *state, size_t width, struct buf *text)
{
    struct buf line;
    buf_init(&line, LINE_BYTES);
    how_far(state, &line);
    end_line(&line, width, text);
    under_way(state, &line);
    end_line(&line, width, text);
    outcomes(&state->counts, &line);
    end_line(&line, width, text);
    failures(&state->counts, &line);
    end_line(&line, width, text);
    resolvers(state, &line);
    if (line.len > 0)
        end_line(&line, width, text);
    buf_dispose(&line);
}

void live_line(const struct live_state *state, struct buf *text)
{
    struct buf lines;
    buf_init(&lines, TEXT_BYTES);
    live_text(state, 0, &lines);
    for (size_t i = 0; i < lines.len; i++)
        if (lines.data[i] == '\n' && i + 1 < lines.len)
            (void)buf_text(text, " | ");
        else
            (void)buf_byte(text, lines.data[i]);
    buf_dispose(&lines);
}
