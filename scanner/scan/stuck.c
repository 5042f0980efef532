/* Sends a message to each loop, counts the time since, and writes the file. */
#include "scanner/scan/stuck.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/base/clock.h"

enum { LINE_BYTES = 320, STEP_MS_MOST = 1000 };

/* A message to one loop. It is the loop's until the loop has taken it. */
struct beat {
    struct message message;
    atomic_bool taken;
    int64_t waited_ms; /* since it was sent, by ticks */
    bool said;
};

struct stuck {
    struct worker *workers;
    struct writer *writer;
    struct stuck_list known;
    int64_t after_ms;
    int64_t last_ms; /* the tick before */
    char line[LINE_BYTES];
    struct beat beats[]; /* as workers */
};

static void deliver_beat(struct message *message, void *receiver)
{
    (void)receiver;
    atomic_store(&((struct beat *)message)->taken, true);
}

static void send_beat(struct stuck *stuck, uint32_t index)
{
    struct beat *beat = &stuck->beats[index];
    atomic_store(&beat->taken, false);
    beat->waited_ms = 0;
    beat->said = false;
    beat->message.deliver = deliver_beat;
    loop_post(&stuck->workers[index].loop, &beat->message);
}

struct stuck *stuck_create(struct worker *workers, struct writer *writer, const struct stuck_list *known,
                           int64_t after_ms)
{
    struct stuck *stuck = calloc(1, sizeof *stuck + workers->count * sizeof stuck->beats[0]);
    if (stuck == NULL)
        return NULL;
    stuck->workers = workers;
    stuck->writer = writer;
    stuck->known = *known;
    stuck->after_ms = after_ms;
    for (uint32_t i = 0; i < workers->count; i++)
        send_beat(stuck, i);
    return stuck;
}

void stuck_destroy(struct stuck *stuck)
{
    free(stuck);
}

/* ---- what is told -------------------------------------------------------------------------------------- */

/* Writes the file `stuck`, on the writer's thread. */
static enum error write_file(void *arg, struct store *store, struct buf *why)
{
    const struct stuck *stuck = arg;
    struct buf text;
    buf_init(&text, STUCK_BYTES);
    enum error error = ERR_LIMIT;
    if (stuck_list_write(&stuck->known, &text))
        error = store_write_file(store, "stuck", buf_bytes(&text), why);
    buf_dispose(&text);
    return error;
}

/* Keeps the address in the file, unless the scan streams and has no directory. What cannot be written shows
 * as the writer's error. */
static const char *keep(struct stuck *stuck, const struct place_at *at)
{
    if (strcmp(stuck->workers->context->config->output_dir, "-") == 0)
        return "";
    if (stuck_list_add(&stuck->known, at))
        (void)writer_barrier(stuck->writer, write_file, stuck);
    return ". The address is kept in the file `stuck`: a resume leaves it out";
}

static const char *tell(struct stuck *stuck, uint32_t index)
{
    struct place_at at = place_read(&stuck->workers[index].place);
    char ip[IP_TEXT_BYTES] = "no peer's address";
    if (at.kind != PLACE_NONE)
        (void)ip_format(&at.ip, ip);
    stuck->beats[index].said = true;
    (void)snprintf(stuck->line, LINE_BYTES,
                   "WARNING: a loop has not turned for %.3g s, at %s (%s). Please report it%s",
                   (double)stuck->after_ms / 1000, ip, place_kind_name(at.kind),
                   at.kind == PLACE_NONE ? "" : keep(stuck, &at));
    return stuck->line;
}

static const char *tell_turn(struct stuck *stuck, uint32_t index)
{
    const struct beat *beat = &stuck->beats[index];
    (void)snprintf(stuck->line, LINE_BYTES, "the loop turns again after %.3g s",
                   (double)beat->waited_ms / 1000);
    return stuck->line;
}

/* ---- the ticks ----------------------------------------------------------------------------------------- */

/* Counts the time since the last tick. Returns a line, or NULL; *turns: it is good news. There is one line a
 * tick. */
static const char *tick(struct stuck *stuck, int64_t now_ms, bool *turns)
{
    int64_t step_ms = stuck->last_ms == 0 ? 0 : now_ms - stuck->last_ms;
    const char *line = NULL;
    stuck->last_ms = now_ms;
    if (step_ms > STEP_MS_MOST)
        step_ms = STEP_MS_MOST;
    for (uint32_t i = 0; i < stuck->workers->count; i++) {
        struct beat *beat = &stuck->beats[i];
        bool taken = atomic_load(&beat->taken);
        if (!taken)
            beat->waited_ms += step_ms;
        bool news = taken ? beat->said : !beat->said && beat->waited_ms >= stuck->after_ms;
        if (news && line != NULL)
            continue; /* with the next tick */
        if (news)
            line = taken ? tell_turn(stuck, i) : tell(stuck, i);
        *turns = news ? taken : *turns;
        if (taken)
            send_beat(stuck, i);
    }
    return line;
}

void stuck_tick(struct stuck *stuck, struct watch *watch, FILE *out)
{
    bool turns = false;
    const char *line = tick(stuck, clock_monotonic_ms(), &turns);
    if (line == NULL)
        return;
    (void)fprintf(out, "stsweep: %s\n", line);
    watch_keep(watch, "loop", turns, line);
}

bool stuck_for_good(const struct stuck *stuck)
{
    for (uint32_t i = 0; i < stuck->workers->count; i++)
        if (!atomic_load(&stuck->beats[i].taken) && stuck->beats[i].waited_ms >= 2 * stuck->after_ms)
            return true;
    return false;
}

bool stuck_end(struct stuck *stuck, FILE *out)
{
    bool all = true;
    if (stuck == NULL)
        return true;
    for (uint32_t i = 0; i < stuck->workers->count; i++)
        if (stuck->workers[i].loop.has_thread)
            (void)loop_stop(&stuck->workers[i].loop);
    int64_t deadline_ms = clock_monotonic_ms() + stuck->after_ms;
    for (uint32_t i = 0; i < stuck->workers->count; i++) {
        const struct beat *beat = &stuck->beats[i];
        if (loop_join_until(&stuck->workers[i].loop, beat->said ? 0 : deadline_ms))
            continue;
        all = false;
        if (!beat->said)
            (void)fprintf(out, "stsweep: %s\n", tell(stuck, i));
    }
    return all;
}
