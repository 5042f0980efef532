/* Makes one line of each event. */
#include "output/live/events.h"

#include <string.h>

#include "output/json/json_write.h"

static const char PREFLIGHT[] = "preflight: ";
static const char OURS[] = "stsweep: ";

static void begin(struct json *json, struct buf *out, int64_t wall_ms, const char *event)
{
    json_start(json, out);
    json_open(json, NULL);
    json_put_time(json, "time", wall_ms);
    json_put_string(json, "event", event);
}

static void end(struct json *json)
{
    json_close(json);
    (void)json_finish(json); /* the buffer remembers that it failed */
}

void live_event_start(struct buf *out, int64_t wall_ms, const struct live_start *start)
{
    struct json json;
    begin(&json, out, wall_ms, "start");
    json_put_string(&json, "version", start->version);
    json_put_signed(&json, "pid", start->pid);
    json_put_string(&json, "directory", start->directory);
    json_put_optional(&json, "command", start->command);
    json_put_bool(&json, "resume", start->resume);
    json_open(&json, "options");
    for (size_t i = 0; i < start->option_count; i++)
        json_put_string(&json, start->options[i].name, start->options[i].value);
    json_close(&json);
    end(&json);
}

static const char *behind(const char *line, const char *beginning)
{
    size_t len = strlen(beginning);
    return strncmp(line, beginning, len) == 0 ? line + len : NULL;
}

void live_event_said(struct buf *out, int64_t wall_ms, bool is_news, const char *line)
{
    struct json json;
    const char *checked = behind(line, PREFLIGHT), *ours = behind(line, OURS);
    bool warns = strstr(line, "WARNING") != NULL || (!is_news && checked == NULL);
    begin(&json, out, wall_ms, checked != NULL ? "preflight" : "message");
    json_put_string(&json, "level", warns ? "warning" : "info");
    json_put_string(&json, "text", checked != NULL ? checked : ours != NULL ? ours : line);
    end(&json);
}

void live_event_state(struct buf *out, const char *event, const char *what, const struct live_state *state)
{
    struct json json;
    begin(&json, out, state->wall_ms, event);
    json_put_optional(&json, "what", what);
    json_put_string(&json, "state", live_phase_name(state->phase));
    if (state->exit_code >= 0)
        json_put_signed(&json, "exit", state->exit_code);
    json_put_unsigned(&json, "pass", state->pass);
    json_put_unsigned(&json, "names", state->total);
    json_put_unsigned(&json, "records", state->before + state->done);
    json_put_unsigned(&json, "in_flight", state->in_flight);
    json_put_unsigned(&json, "again", state->again);
    json_put_unsigned(&json, "run_ms", (uint64_t)state->run_ms);
    json_open(&json, "outcomes");
    for (size_t i = 0; i < LIVE_OUTCOMES; i++)
        if (state->counts.outcomes[live_outcomes[i]] > 0)
            json_put_unsigned(&json, outcome_name(live_outcomes[i]),
                              state->counts.outcomes[live_outcomes[i]]);
    json_close(&json);
    end(&json);
}
