/* Writes some lines about how far a scan is. */
#include "output/store/progress.h"

#include <sys/ioctl.h>
#include <time.h>

enum {
    TERMINAL_EVERY_MS = 500,
    LOG_EVERY_MS = 60000,
    TEXT_BYTES = 4096,
    LINE_BYTES = 1024,
    SMOOTH_MS = 5000,
    READ_LEAST_MS = 1000, /* before that the pace says nothing */
    MIB = 1024 * 1024,
    WIDTH_UNKNOWN = 80,
    WIDTH_LEAST = 20,
    CONTINUED = 2 /* columns that a row is indented by if it goes on with the one above */
};

static const double LEAST_PACE = 0.01; /* below that nothing is said of what is left */

void progress_begin(struct progress *progress, FILE *out, bool terminal, int64_t now_ms)
{
    progress->out = out;
    progress->terminal = terminal;
    progress->lines_open = 0;
    progress->began_ms = now_ms;
    progress->shown_ms = now_ms;
    progress->has_rates = false;
    progress->pace = 0;
    for (int i = 0; i < RATE_COUNT; i++)
        progress->shown[i] = 0;
}

/* ---- the lines ----------------------------------------------------------------------------------------- */

/* Smooths the rates, as one over half a second jumps: older counts weigh less. */
static void update_rates(struct progress *progress, const struct progress_state *state, int64_t now_ms)
{
    const uint64_t counts[RATE_COUNT] = {[RATE_DOMAINS] = state->done,
                                         [RATE_LOOKUPS] = state->counts.answers,
                                         [RATE_FETCHES] = state->counts.fetches,
                                         [RATE_PROBES] = state->counts.probes};
    double since = (double)(now_ms - progress->shown_ms);
    if (since <= 0)
        return;
    double weight = progress->has_rates ? since / (since + (double)SMOOTH_MS) : 1.0;
    for (int i = 0; i < RATE_COUNT; i++) {
        double rate = (double)(counts[i] - progress->shown[i]) * 1000.0 / since;
        double before = progress->has_rates ? progress->rates[i] : 0.0;
        progress->rates[i] = before + (rate - before) * weight;
        progress->shown[i] = counts[i];
    }
    progress->has_rates = true;
    progress->shown_ms = now_ms;
    if (!state->resting)
        progress->pace = progress->rates[RATE_DOMAINS];
}

static void append_duration(struct buf *line, uint64_t seconds)
{
    if (seconds >= 3600)
        (void)buf_printf(line, "%lluh %02llum", (unsigned long long)(seconds / 3600),
                         (unsigned long long)(seconds / 60 % 60));
    else if (seconds >= 60)
        (void)buf_printf(line, "%llum %02llus", (unsigned long long)(seconds / 60),
                         (unsigned long long)(seconds % 60));
    else
        (void)buf_printf(line, "%llus", (unsigned long long)seconds);
}

/* Returns the seconds until the pass that is under way has ended; negative: they cannot be told. */
static double pass_left(const struct progress *progress, const struct progress_state *state)
{
    uint64_t done = state->before + state->done;
    uint64_t later = done + (state->rest_ms > 0 ? state->again : 0); /* is not for this pass */
    if (state->resting || state->total <= later)
        return 0;
    return progress->pace > LEAST_PACE ? (double)(state->total - later) / progress->pace : -1;
}

/* Returns the seconds until all has ended: this pass, the rest, and the pass over what was put off. */
static double all_left(const struct progress *progress, const struct progress_state *state)
{
    double left = pass_left(progress, state);
    if (left < 0 || state->again == 0 || state->rest_ms == 0)
        return left;
    double again = progress->pace > LEAST_PACE ? (double)state->again / progress->pace : 0;
    return left + (double)state->rest_ms / 1000 + again;
}

/* Says how much of the input was read, and how long the rest takes at the same pace. */
static void reading(const struct progress_read *read, struct buf *line)
{
    (void)buf_text(line, ", reading the input");
    if (read->inputs > 0)
        (void)buf_printf(line, ": %llu names", (unsigned long long)read->inputs);
    if (read->bytes == 0 || read->bytes > read->of_bytes)
        return;
    double share = (double)read->bytes / (double)read->of_bytes;
    (void)buf_printf(line, "%s %.1f %% of %.1f MiB", read->inputs > 0 ? "," : ":",
                     read->bytes == read->of_bytes ? 100.0 : (double)(int64_t)(share * 1000) / 10,
                     (double)read->of_bytes / MIB);
    if (read->ms < READ_LEAST_MS || read->bytes == read->of_bytes)
        return;
    (void)buf_text(line, ", about ");
    append_duration(line, (uint64_t)((double)read->ms / 1000 * (1 / share - 1)) + 1);
    (void)buf_text(line, " left");
}

static void how_far(const struct progress *progress, const struct progress_state *state, int64_t now_ms,
                    struct buf *line)
{
    uint64_t done = state->before + state->done;
    double rate = progress->has_rates ? progress->rates[RATE_DOMAINS] : 0.0;
    double left = all_left(progress, state);
    append_duration(line, (uint64_t)(now_ms - progress->began_ms) / 1000);
    (void)buf_printf(line, ": %llu", (unsigned long long)done);
    if (state->total > 0 && state->total >= done) {
        uint64_t permille = done * 1000 / state->total; /* rounded down: 100 % is the end */
        (void)buf_printf(line, " of %llu (%llu.%llu %%)", (unsigned long long)state->total,
                         (unsigned long long)(permille / 10), (unsigned long long)(permille % 10));
    }
    (void)buf_printf(line, " done, %.0f a second", rate);
    if (state->total == 0) {
        reading(&state->read, line);
    } else if (state->total > done && left >= 0) {
        (void)buf_text(line, ", about ");
        append_duration(line, (uint64_t)left + 1);
        (void)buf_text(line, " left");
    }
}

/* Says when those that were put off are tried again, by the clock on the wall of this machine. */
static void append_again(const struct progress *progress, const struct progress_state *state,
                         struct buf *line)
{
    char text[32];
    struct tm clock;
    double left = pass_left(progress, state);
    time_t at = (time_t)((state->wall_ms + state->rest_ms) / 1000 + (int64_t)left);
    (void)buf_printf(line, ", %llu to be tried again", (unsigned long long)state->again);
    if (state->rest_ms == 0 || left < 0 || localtime_r(&at, &clock) == NULL)
        return;
    if (strftime(text, sizeof text, state->resting ? " at %H:%M:%S %Z" : " from about %H:%M %Z", &clock) > 0)
        (void)buf_text(line, text);
}

static void under_way(const struct progress *progress, const struct progress_state *state, struct buf *line)
{
    (void)buf_printf(line, "%llu in flight", (unsigned long long)state->in_flight);
    if (state->parked > 0)
        (void)buf_printf(line, ", %llu parked", (unsigned long long)state->parked);
    if (state->again > 0)
        append_again(progress, state, line);
    if (progress->has_rates)
        (void)buf_printf(line, "; a second: %.0f lookups, %.0f policies, %.0f MX",
                         progress->rates[RATE_LOOKUPS], progress->rates[RATE_FETCHES],
                         progress->rates[RATE_PROBES]);
}

static void outcomes(const struct counters *counts, struct buf *line)
{
    static const enum outcome order[] = {
        OUTCOME_PROTECTED, OUTCOME_PARTIAL, OUTCOME_REFUSED, OUTCOME_TESTING, OUTCOME_OFF,
        OUTCOME_BROKEN,    OUTCOME_UNKNOWN, OUTCOME_ABSENT,  OUTCOME_NO_MAIL,
    };
    const char *between = "";
    (void)buf_text(line, "outcomes: ");
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        unsigned long long count = counts->outcomes[order[i]];
        if (count == 0)
            continue;
        (void)buf_printf(line, "%s%s %llu", between, outcome_name(order[i]), count);
        between = ", ";
    }
}

/* Tells whether a code is a failure. That there is no TXT record is none, and neither is a null MX; outcomes
 * tell them. */
static bool is_failure(enum failure_code code)
{
    enum failure_effect effect = failure_get(code)->effect;
    return code != FAIL_TXT_ABSENT && effect != EFFECT_NONE && effect != EFFECT_WARN &&
           effect != EFFECT_NO_MAIL;
}

/* Returns the most frequent code that comes after `last` in their order: by count, among equals by the
 * table. */
static enum failure_code next_code(const unsigned long long counts[FAIL_COUNT], enum failure_code last)
{
    enum failure_code best = FAIL_NONE;
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++) {
        bool comes_after =
            last == FAIL_NONE || counts[code] < counts[last] || (counts[code] == counts[last] && code > last);
        if (counts[code] > 0 && comes_after && (best == FAIL_NONE || counts[code] > counts[best]))
            best = code;
    }
    return best;
}

static void failures(const struct counters *all, struct buf *line)
{
    unsigned long long counts[FAIL_COUNT] = {0};
    enum failure_code code = FAIL_NONE;
    for (enum failure_code i = FAIL_NONE + 1; i < FAIL_COUNT; i++)
        counts[i] = is_failure(i) ? all->codes[i] : 0;
    (void)buf_text(line, "failures: ");
    for (int i = 0; i < PROGRESS_CODES; i++) {
        code = next_code(counts, code);
        if (code == FAIL_NONE) {
            (void)buf_text(line, i == 0 ? "none so far" : "");
            return;
        }
        (void)buf_printf(line, "%s%s %llu", i > 0 ? ", " : "", failure_name(code), counts[code]);
    }
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

void progress_text(struct progress *progress, const struct progress_state *state, int64_t now_ms,
                   size_t width, struct buf *text)
{
    struct buf line;
    buf_init(&line, LINE_BYTES);
    update_rates(progress, state, now_ms);
    how_far(progress, state, now_ms, &line);
    end_line(&line, width, text);
    under_way(progress, state, &line);
    end_line(&line, width, text);
    outcomes(&state->counts, &line);
    end_line(&line, width, text);
    failures(&state->counts, &line);
    end_line(&line, width, text);
    buf_dispose(&line);
}

/* ---- drawing ------------------------------------------------------------------------------------------- */

/* Returns the terminal's width, asked anew each time: a window changes. The last column stays free, as some
 * terminals wrap there. */
static size_t width_of(FILE *out)
{
    struct winsize size;
    size_t width = WIDTH_UNKNOWN;
    if (ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        width = size.ws_col;
    return (width < WIDTH_LEAST ? WIDTH_LEAST : width) - 1;
}

/* Prints all in one line, for a log. */
static void print_joined(const struct buf *text, FILE *out)
{
    for (size_t i = 0; i < text->len; i++)
        if (text->data[i] == '\n' && i + 1 < text->len)
            (void)fputs(" | ", out);
        else
            (void)fputc(text->data[i], out);
}

void progress_show(struct progress *progress, const struct progress_state *state, int64_t now_ms)
{
    struct buf text;
    if (now_ms - progress->shown_ms < (progress->terminal ? TERMINAL_EVERY_MS : LOG_EVERY_MS))
        return;
    buf_init(&text, TEXT_BYTES);
    progress_text(progress, state, now_ms, progress->terminal ? width_of(progress->out) : 0, &text);
    progress_clear(progress);
    if (progress->terminal)
        (void)fputs(buf_string(&text), progress->out);
    else
        print_joined(&text, progress->out);
    (void)fflush(progress->out);
    for (size_t i = 0; progress->terminal && i < text.len; i++)
        progress->lines_open += text.data[i] == '\n';
    buf_dispose(&text);
}

/* Moves up to the first of the lines and wipes all below. */
void progress_clear(struct progress *progress)
{
    if (progress->lines_open > 0)
        (void)fprintf(progress->out, "\033[%uA\r\033[J", progress->lines_open);
    progress->lines_open = 0;
}
