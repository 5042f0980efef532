/* Looks whether STARTTLS is taken out on our way. */
#include "scanner/machine/watch_path.h"

#include <stdio.h>

#include "scanner/base/clock.h"
#include "scanner/base/time_text.h"

enum { LOOK_MS = 20000, LOOK_SHARE = 4 };

static void nothing(void *arg)
{
    (void)arg; /* the next step looks */
}

void watch_path_init(struct watch_path *path, struct scan_context *context, struct worker *workers,
                     const struct config *config, struct event_base *base)
{
    int64_t now = clock_wall_ms();
    *path = (struct watch_path){.context = context,
                                .workers = workers,
                                .config = config,
                                .base = base,
                                .step_ms = now,
                                .well_ms = now};
    stripped_init(&path->stripped, atomic_load(&context->path_doubtful));
    path->stripped.ask_at_ms =
        clock_monotonic_ms() + STRIPPED_ASK_MS; /* the look before the scan was the first */
}

static void end_look(struct watch_path *path)
{
    known_hosts_destroy(path->known);
    lookup_engine_destroy(path->engine);
    path->known = NULL;
    path->engine = NULL;
}

void watch_path_dispose(struct watch_path *path)
{
    end_look(path);
}

static void start_look(struct watch_path *path, int64_t now)
{
    const char *why = NULL;
    const struct lookup_bounds bounds = worker_lookup_bounds(path->context);
    path->engine =
        lookup_engine_create(path->base, path->config, &path->context->resolvers, &bounds, LOOK_SHARE, &why);
    const struct known_setup setup = {.base = path->base,
                                      .engine = path->engine,
                                      .config = path->config,
                                      .context = path->context,
                                      .changed = nothing,
                                      .arg = path};
    path->look_ends_ms = now + LOOK_MS;
    if (path->engine != NULL)
        path->known = known_hosts_start(&setup);
}

static enum stripped_answer answer_of(const struct watch_path *path)
{
    static const enum stripped_answer answers[] = {[PATH_UNKNOWN] = STRIPPED_NOBODY,
                                                   [PATH_CLEAR] = STRIPPED_OFFERED,
                                                   [PATH_STRIPPED] = STRIPPED_LACKING};
    return path->known == NULL ? STRIPPED_NOBODY : answers[known_hosts_path(path->known)];
}

static void step_look(struct watch_path *path, int64_t now)
{
    if (path->engine == NULL && stripped_wants_look(&path->stripped, now))
        start_look(path, now);
    if (path->engine == NULL)
        return;
    (void)event_base_loop(path->base, EVLOOP_NONBLOCK);
    if (path->known != NULL && known_hosts_wait(path->known) && now < path->look_ends_ms)
        return;
    (void)stripped_looked(&path->stripped, answer_of(path), now);
    end_look(path);
}

/* Takes note that up to the step before nothing was amiss. Of the sessions since nobody knows which of them
 * came first, so all of them count as amiss if some are. */
static void note_well(struct watch_path *path, const struct path_counts *counts)
{
    uint64_t with = counts->sessions - counts->lacking;
    if (with == path->with_before)
        return;
    path->with_before = with;
    path->well_ms = path->step_ms;
    path->without_before = path->without_step;
}

bool watch_path_step(struct watch_path *path, const struct path_counts *counts, int64_t now)
{
    const struct outage_counts sessions = {.ended = counts->sessions, .failed = counts->lacking};
    bool was_on = path->stripped.state == STRIPPED_ON;
    (void)stripped_count(&path->stripped, &sessions, now);
    step_look(path, now);
    bool is_on = path->stripped.state == STRIPPED_ON;
    atomic_store(&path->context->path_doubtful, is_on);
    if (is_on && !was_on)
        (void)workers_forget_unoffered(path->workers, path->workers->count);
    path->befell = path->befell || is_on;
    if (is_on)
        path->without_noticed = counts->without;
    if (path->stripped.state == STRIPPED_NOT && !path->befell)
        note_well(path, counts);
    path->step_ms = clock_wall_ms();
    path->without_step = counts->without;
    return was_on && !is_on;
}

const char *watch_path_say(struct watch_path *path, const struct path_counts *counts, bool *ok)
{
    char when[TIME_TEXT_BYTES];
    bool on = path->stripped.state == STRIPPED_ON;
    if (on == path->said)
        return NULL;
    path->said = on;
    *ok = !on;
    if (!on)
        return "hosts of preflight.port25 offer us STARTTLS again";
    (void)snprintf(path->line, sizeof path->line,
                   "WARNING: hosts that offer STARTTLS do not offer it to us any more: something on the way "
                   "takes it out, "
                   "from about %s on. What lacks it is unknown from now on, and tried again; %llu records "
                   "were written before",
                   time_text(path->well_ms, when),
                   (unsigned long long)(counts->without - path->without_before));
    return path->line;
}

const char *watch_path_closing(struct watch_path *path)
{
    char when[TIME_TEXT_BYTES];
    uint64_t without = 0;
    if (!path->befell)
        return NULL;
    for (uint32_t i = 0; i < path->workers->count; i++)
        without += path->workers[i].counts.without_starttls;
    if (path->stripped.state != STRIPPED_ON)
        without = path->without_noticed;
    (void)snprintf(
        path->line, sizeof path->line,
        "STARTTLS did not come through to this machine from about %s on; %llu records of hosts without it "
        "were written before that was noticed",
        time_text(path->well_ms, when), (unsigned long long)(without - path->without_before));
    return path->line;
}
