/* Hands states to all that show them. */
#include "scanner/scan/live.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/live/events.h"
#include "scanner/base/clock.h"
#include "scanner/base/shown.h"
#include "scanner/machine/preflight_disk.h"

enum { EVENT_BYTES = 256 * 1024, DISK_EVERY_MS = 1000, MOST_OPTIONS = 256, NAME_BYTES = 64 };

static bool is_streaming(const struct live *live)
{
    return strcmp(live->state.directory, "-") == 0;
}

/* ---- the log ------------------------------------------------------------------------------------------- */

/* Appends an event; disposes of it. That it cannot is left to say_log: whoever says something is here. */
static void log_event(struct live *live, struct buf *event)
{
    bool ok = !event->failed && outward_log(&live->outward, buf_bytes(event));
    int none = 0, number = event->failed ? ENOMEM : errno;
    buf_dispose(event);
    if (!ok)
        (void)atomic_compare_exchange_strong(&live->log_error, &none, number);
}

/* Says once that the log cannot be written. On the main thread. */
static void say_log(struct live *live)
{
    int number = atomic_load(&live->log_error);
    if (number == 0 || live->log_told)
        return;
    live->log_told = true;
    (void)fprintf(live->terminal.said,
                  "stsweep: WARNING: output.log: it cannot be written: %s; the scan goes on\n",
                  strerror(number));
}

static bool has_log(const struct live *live)
{
    return live->outward.log_fd >= 0;
}

static void heard(void *arg, bool is_news, const char *line)
{
    struct live *live = arg;
    struct buf event;
    buf_init(&event, EVENT_BYTES);
    live_event_said(&event, clock_wall_ms(), is_news, line);
    log_event(live, &event);
}

static void log_state(struct live *live, const char *name, const char *what)
{
    struct buf event;
    if (!has_log(live))
        return;
    buf_init(&event, EVENT_BYTES);
    live_event_state(&event, name, what, &live->state);
    log_event(live, &event);
}

/* Logs what has become otherwise since the last state. */
static void log_changes(struct live *live)
{
    const struct live_state *state = &live->state;
    say_log(live);
    if (live->cut_off != state->cut_off && live->cut_off != NULL)
        log_state(live, "outage-end", live->cut_off);
    if (live->cut_off != state->cut_off && state->cut_off != NULL)
        log_state(live, "outage-begin", state->cut_off);
    if (state->total > 0 && !live->read)
        log_state(live, "input-read", NULL);
    if (state->pass > live->pass)
        log_state(live, "pass", NULL);
    if (state->phase == PHASE_RESTING && live->phase != PHASE_RESTING)
        log_state(live, "rest", NULL);
    live->cut_off = state->cut_off;
    live->phase = state->phase;
    live->read = live->read || state->total > 0;
    live->pass = state->pass;
}

struct given {
    struct live_option options[MOST_OPTIONS];
    char names[MOST_OPTIONS][NAME_BYTES];
    char *values[MOST_OPTIONS]; /* copies */
    size_t count;
};

static void take_option(void *arg, const char *section, const char *key, const char *value)
{
    struct given *given = arg;
    char *name = given->names[given->count];
    char *copy = strdup(value); /* it is good during the visit only */
    if (copy == NULL)
        return;
    (void)snprintf(name, NAME_BYTES, "%s.%s", section, key);
    given->values[given->count] = copy;
    given->options[given->count++] = (struct live_option){name, copy};
}

static void log_start(struct live *live, const struct scan_request *request)
{
    struct buf event;
    struct given *given = has_log(live) ? calloc(1, sizeof *given) : NULL;
    if (given == NULL)
        return;
    buf_init(&event, EVENT_BYTES);
    config_each(request->config, take_option, given);
    const struct live_start start = {.version = live->state.version,
                                     .directory = live->state.directory,
                                     .command = request->command_line,
                                     .pid = live->state.pid,
                                     .resume = request->resume,
                                     .options = given->options,
                                     .option_count = given->count};
    live_event_start(&event, live->state.started_ms, &start);
    log_event(live, &event);
    for (size_t i = 0; i < given->count; i++)
        free(given->values[i]);
    free(given);
}

/* ---- the beginning ------------------------------------------------------------------------------------- */

static void name_resolvers(struct live_state *state, const struct config *config)
{
    const char *at = config->dns_resolvers + strspn(config->dns_resolvers, ", \t");
    state->embedded = at[0] == '\0';
    for (; at[0] != '\0' && state->resolver_count < RESOLVERS_MOST; state->resolver_count++) {
        size_t len = strcspn(at, ", \t");
        (void)snprintf(state->resolvers[state->resolver_count].name, LIVE_NAME_BYTES, "%.*s", (int)len, at);
        at += len;
        at += strspn(at, ", \t");
    }
}

enum error live_init(struct live *live, const struct scan_request *request, int64_t now_ms)
{
    const char *no_colour = getenv("NO_COLOR");
    bool is_terminal = isatty(STDERR_FILENO) == 1;
    *live =
        (struct live){.outward = {.listener = -1, .log_fd = -1}, .began_ms = now_ms, .disk_at_ms = INT64_MIN};
    live->state = (struct live_state){.version = STSWEEP_VERSION,
                                      .directory = request->config->output_dir,
                                      .pid = getpid(),
                                      .started_ms = clock_wall_ms(),
                                      .wall_ms = clock_wall_ms(),
                                      .now_ms = now_ms,
                                      .left_s = -1,
                                      .pass_left_s = -1,
                                      .exit_code = -1};
    name_resolvers(&live->state, request->config);
    live_pace_begin(&live->pace, now_ms);
    return terminal_init(&live->terminal, STDERR_FILENO,
                         terminal_mode_of(request->quiet, is_terminal, getenv("TERM")),
                         no_colour == NULL || no_colour[0] == '\0', now_ms);
}

enum error live_open(struct live *live, const struct scan_request *request, struct buf *why)
{
    enum error error = outward_open(&live->outward, request->config, live->terminal.said, why);
    log_start(live, request);
    if (has_log(live))
        terminal_listen(&live->terminal, heard, live);
    return error;
}

enum error live_start(struct live *live, struct buf *why)
{
    return teller_start(&live->outward, &live->state, live->terminal.said, &live->teller, why);
}

/* ---- while it runs ------------------------------------------------------------------------------------- */

static void fill_in(struct live *live, struct live_state *state)
{
    state->now_ms = clock_monotonic_ms();
    state->wall_ms = clock_wall_ms();
    state->run_ms = state->now_ms - live->began_ms;
    if (!is_streaming(live) &&
        (live->disk_at_ms == INT64_MIN || state->now_ms - live->disk_at_ms >= DISK_EVERY_MS)) {
        state->disk_known = disk_free_bytes(state->directory, &state->disk_free_bytes);
        live->disk_at_ms = state->now_ms;
    }
    live_measure(&live->pace, state);
    live->state = *state;
}

void live_show(struct live *live, struct live_state *state, bool asked)
{
    fill_in(live, state);
    log_changes(live);
    teller_take(live->teller, &live->state);
    if (asked)
        terminal_print(&live->terminal, &live->state);
    terminal_show(&live->terminal, &live->state);
}

void live_stop(struct live *live, const char *reason)
{
    log_state(live, "stop", reason);
}

void live_ending(struct live *live, struct live_state *state)
{
    fill_in(live, state);
    log_changes(live);
    teller_take(live->teller, &live->state);
    terminal_clear(&live->terminal);
}

void live_end(struct live *live, int exit_code)
{
    live->state.phase = PHASE_DONE;
    live->state.exit_code = exit_code;
    live->state.wall_ms = clock_wall_ms();
    live->state.run_ms = clock_monotonic_ms() - live->began_ms;
    live->state.left_s = 0;
    for (size_t i = 0; i < RATE_COUNT; i++)
        live->state.rates[i] = 0;
    teller_end(live->teller, &live->state);
    live->teller = NULL;
    log_state(live, "end", NULL);
    say_log(live);
    if (live->terminal.said != NULL)
        terminal_listen(&live->terminal, NULL, NULL);
    outward_close(&live->outward);
}

void live_dispose(struct live *live)
{
    terminal_dispose(&live->terminal);
}
