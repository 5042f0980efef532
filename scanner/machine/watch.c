/* Takes the counts of the loops, asks the known questions, and does what follows from them. */
#include "scanner/machine/watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "scanner/base/clock.h"
#include "scanner/base/time_text.h"
#include "scanner/machine/outage.h"
#include "scanner/machine/setup.h"
#include "scanner/machine/watch_path.h"

enum {
    WINDOW_MS = 10000,
    LOOKUPS_LEAST = 200,
    QUESTION_MS = 700,
    QUESTION_ATTEMPTS = 4, /* so that a silent resolver beside one that answers is no bad answer */
    ROUND_MS = 5000,
    EMBEDDED_PROMPT_MS = 2500, /* a resolver without a cache finds the root first */
    QUESTIONS = 2,
    NAME_BYTES = 32,
    EVENTS_KEPT = 16,
    EVENT_BYTES = 320
};

struct question {
    struct watch *watch;
    char name[NAME_BYTES];
    uint16_t type;
    enum dns_status usual; /* the answer before anything was amiss; DNS_NOT_ASKED: not known */
    enum dns_status status;
};

struct watch {
    struct scan_context *context;
    struct worker *workers;
    struct config config;
    struct event_base *base;
    struct lookup_engine *engine; /* of the round of questions that is under way, or NULL */
    struct question questions[QUESTIONS];
    size_t unanswered;
    int64_t round_ends_ms;
    bool knows_usual;
    struct counters_shared *counts; /* one a loop, as it last said */
    struct outage outage;
    bool port_lost;
    struct route_outage route;
    bool port_said, route_said; /* that it is lost */
    struct watch_path path;
    bool path_cleared;     /* with this tick */
    uint64_t pauses_said;  /* of the loop that was paused most often */
    int64_t clock_said_ms; /* how far the wall clock was off, as last said */
    int64_t on_since_ms;
    char line[EVENT_BYTES];
    struct machine_line events[EVENTS_KEPT];
    char texts[EVENTS_KEPT][EVENT_BYTES];
    size_t event_count;
};

struct count_message {
    struct message message;
    struct counters_shared *counts;
};

/* ---- what the loops count ------------------------------------------------------------------------------ */

static void deliver_count(struct message *message, void *receiver)
{
    const struct worker *worker = receiver;
    const struct counters counts = worker_counters(worker);
    if (worker->dns != NULL)
        counters_publish(&counts, ((struct count_message *)message)->counts);
    free(message);
}

/* Asks the loops for their counts. One that cannot be asked for lack of memory keeps what it said before. */
static void ask_for_counts(struct watch *watch)
{
    for (uint32_t i = 0; i < watch->workers->count; i++) {
        struct count_message *message = calloc(1, sizeof *message);
        if (message == NULL)
            return;
        message->message.deliver = deliver_count;
        message->counts = &watch->counts[i];
        loop_post(&watch->workers[i].loop, &message->message);
    }
}

struct counters watch_counters(const struct watch *watch)
{
    struct counters sum = {0};
    for (uint32_t i = 0; i < watch->workers->count; i++)
        counters_add(&watch->counts[i], &sum);
    return sum;
}

/* Counts connections: what one loop holds lost is lost. */
static void count_connections(struct watch *watch, const struct counters *sum, int64_t now)
{
    (void)route_outage_count(&watch->route, sum->routes_lacking, sum->connects_made, now);
    watch->port_lost = atomic_load(&watch->context->port_losses) > 0;
}

static struct path_counts sessions_of(const struct counters *sum)
{
    return (struct path_counts){
        .sessions = sum->known_sessions, .lacking = sum->known_without, .without = sum->without_starttls};
}

/* ---- the known questions ------------------------------------------------------------------------------- */

/* Is the answer a good one? A resolver that has never spoken of the root says nothing by not doing so now. */
static bool is_good(const struct question *question)
{
    bool as_usual = question->usual != DNS_NOT_ASKED && question->status == question->usual;
    return dns_says_anything(question->status) || as_usual;
}

static void on_answer(void *arg, const struct dns_answer *answer)
{
    struct question *question = arg;
    question->status = answer->lookup.status;
    question->watch->unanswered--;
}

/* Asks the questions. The second name is a new one each time: no cache can know it, so that somebody outside
 * has to be reached. */
static void start_round(struct watch *watch, int64_t now)
{
    const char *why = NULL;
    const struct lookup_bounds bounds = worker_lookup_bounds(watch->context);
    watch->round_ends_ms = now + ROUND_MS;
    watch->unanswered = QUESTIONS;
    watch->engine = lookup_engine_create(watch->base, &watch->config, &watch->context->resolvers, &bounds,
                                         WATCH_SHARE, &why);
    (void)snprintf(watch->questions[1].name, NAME_BYTES, "no-such-%016llx",
                   (unsigned long long)setup_random());
    for (size_t i = 0; i < QUESTIONS; i++) {
        struct question *question = &watch->questions[i];
        question->status = DNS_TIMEOUT; /* until something better comes */
        if (watch->engine != NULL)
            (void)lookup_start(watch->engine, question->name, question->type, on_answer, question);
    }
}

/* Has the round under way come to an end? */
static bool round_is_over(struct watch *watch, int64_t now)
{
    if (watch->round_ends_ms == 0)
        return false;
    if (watch->engine != NULL)
        (void)event_base_loop(watch->base, EVLOOP_NONBLOCK);
    if (watch->engine != NULL && watch->unanswered > 0 && now < watch->round_ends_ms)
        return false;
    lookup_engine_destroy(watch->engine);
    watch->engine = NULL;
    watch->round_ends_ms = 0;
    return true;
}

static bool all_good(const struct watch *watch)
{
    for (size_t i = 0; i < QUESTIONS; i++)
        if (!is_good(&watch->questions[i]))
            return false;
    return true;
}

static void keep_usual(struct watch *watch)
{
    for (size_t i = 0; i < QUESTIONS; i++)
        watch->questions[i].usual = watch->questions[i].status;
    watch->knows_usual = true;
}

/* ---- what follows -------------------------------------------------------------------------------------- */

void watch_keep(struct watch *watch, const char *name, bool ok, const char *line)
{
    char when[TIME_TEXT_BYTES];
    if (watch->event_count == EVENTS_KEPT)
        return;
    size_t index = watch->event_count++;
    char *text = watch->texts[index];
    (void)snprintf(text, EVENT_BYTES, "%s: %.*s", time_text(clock_wall_ms(), when),
                   EVENT_BYTES - TIME_TEXT_BYTES - 3, line);
    watch->events[index] = (struct machine_line){.name = name, .ok = ok, .text = text};
}

static void note(struct watch *watch, const char *name, bool ok)
{
    watch_keep(watch, name, ok, watch->line);
}

static const char *say_outage(struct watch *watch, enum outage_state state, int64_t now)
{
    if (state == OUTAGE_ON) {
        watch->on_since_ms = now;
        (void)snprintf(
            watch->line, EVENT_BYTES,
            "WARNING: most lookups fail, and so do questions whose answers are known: this machine or its "
            "resolvers are cut off. No further domain is started until they are answered again");
    } else {
        (void)snprintf(watch->line, EVENT_BYTES,
                       "lookups are answered again after %lld s; what was hit in that time is tried again",
                       (long long)(now - watch->on_since_ms) / 1000);
    }
    note(watch, "resolvers", state != OUTAGE_ON);
    return watch->line;
}

/* Says that an outage was over before it could be said. What it hit is tried again: nobody is to wonder
 * why. */
static const char *say_moment(struct watch *watch)
{
    (void)snprintf(
        watch->line, EVENT_BYTES,
        "for a moment most lookups failed, and questions whose answers are known were answered only "
        "when asked again; what was hit is tried again");
    note(watch, "lookups", true);
    return watch->line;
}

static const char *say_port(struct watch *watch)
{
    if (watch->port_lost)
        (void)snprintf(watch->line, EVENT_BYTES,
                       "WARNING: of the last connections to port 25 hardly one was made, though many were "
                       "before: it seems blocked from here now. What fails meanwhile is tried again");
    else
        (void)snprintf(watch->line, EVENT_BYTES, "port 25 can be reached again");
    watch->port_said = watch->port_lost;
    note(watch, "port 25", !watch->port_lost);
    return watch->line;
}

static const char *say_route(struct watch *watch)
{
    if (watch->route.lost)
        (void)snprintf(watch->line, EVENT_BYTES,
                       "WARNING: this machine has no route any more to some that it is to connect to, or no "
                       "address to send from. What was for them is tried again");
    else
        (void)snprintf(watch->line, EVENT_BYTES, "there is a route again");
    watch->route_said = watch->route.lost;
    note(watch, "route", !watch->route.lost);
    return watch->line;
}

static const char *say_path(struct watch *watch)
{
    const struct counters sum = watch_counters(watch);
    const struct path_counts counts = sessions_of(&sum);
    bool ok = false;
    const char *line = watch_path_say(&watch->path, &counts, &ok);
    if (line == NULL)
        return NULL;
    (void)snprintf(watch->line, EVENT_BYTES, "%s", line);
    note(watch, "starttls", ok);
    return watch->line;
}

/* Says how long this program was paused: the longest of late, of the loop that was paused most often. */
static const char *say_pause(struct watch *watch, uint64_t pauses, uint64_t longest_ms)
{
    (void)snprintf(
        watch->line, EVENT_BYTES,
        "WARNING: this program stood still for %llu s (stopped, or its machine suspended). What broke off "
        "meanwhile is tried again",
        (unsigned long long)longest_ms / 1000);
    watch->pauses_said = pauses;
    note(watch, "pause", false);
    return watch->line;
}

static const char *say_clock(struct watch *watch, int64_t off_ms)
{
    bool as_before = off_ms < CLOCK_STEP_MS && off_ms > -CLOCK_STEP_MS;
    if (as_before)
        (void)snprintf(watch->line, EVENT_BYTES, "this machine's clock goes again as it did at the start");
    else
        (void)snprintf(
            watch->line, EVENT_BYTES,
            "WARNING: this machine's clock was set amid the scan: it is %lld s %s of what it was. Of dates "
            "between the two readings nothing is known from now on, and is tried again",
            (long long)(off_ms < 0 ? -off_ms : off_ms) / 1000, off_ms < 0 ? "behind" : "ahead");
    watch->clock_said_ms = off_ms;
    note(watch, "clock", as_before);
    return watch->line;
}

/* Says what befell this program itself, or its way to others. */
static const char *say_own(struct watch *watch)
{
    const char *path = say_path(watch);
    if (path != NULL)
        return path;
    uint64_t pauses = 0, longest_ms = 0;
    for (uint32_t i = 0; i < watch->workers->count; i++) {
        struct counters counts = {0};
        counters_add(&watch->counts[i], &counts);
        pauses = counts.pauses > pauses ? counts.pauses : pauses;
        longest_ms = counts.paused_ms > longest_ms ? counts.paused_ms : longest_ms;
    }
    if (pauses > watch->pauses_said)
        return say_pause(watch, pauses, longest_ms);
    int64_t off_ms = clock_wall_ms() - clock_kept_ms();
    int64_t moved_ms = off_ms - watch->clock_said_ms;
    bool stepped = moved_ms > CLOCK_STEP_MS || moved_ms < -CLOCK_STEP_MS;
    return stepped ? say_clock(watch, off_ms) : NULL;
}

/* What was so at the last tick. */
struct before {
    enum outage_state state;
    bool port_lost;
    bool route_lost;
};

static struct before look_back(const struct watch *watch)
{
    return (struct before){watch->outage.state, watch->port_lost, watch->route.lost};
}

/* Has an outage ended? A false alarm leaves no doubt behind. */
static bool has_ended(const struct watch *watch, const struct before *before)
{
    return (before->state == OUTAGE_OVER && watch->outage.state != OUTAGE_OVER) ||
           (before->port_lost && !watch->port_lost) || (before->route_lost && !watch->route.lost) ||
           watch->path_cleared;
}

/* Tells the loops to forget. Those that cannot be told, for lack of memory, keep what they know until the
 * next pass. */
static void tell_loops(struct watch *watch, const struct before *before)
{
    bool over = watch->outage.state == OUTAGE_OVER && before->state != OUTAGE_OVER;
    if (over || has_ended(watch, before))
        (void)workers_forget_failures(watch->workers, watch->workers->count);
}

static void tell_others(struct watch *watch, const struct before *before, int64_t now)
{
    enum outage_state state = watch->outage.state;
    if (has_ended(watch, before))
        atomic_store(&watch->context->doubt_ended_ms, now);
    atomic_store(&watch->context->hold_back, state == OUTAGE_SUSPECTED || state == OUTAGE_ON);
    atomic_store(&watch->context->doubtful, state != OUTAGE_CALM || watch->port_lost || watch->route.lost ||
                                                watch->path.stripped.state != STRIPPED_NOT);
}

/* Returns one line a tick: what else there is comes with the next. */
static const char *say_change(struct watch *watch, const struct before *before, int64_t now)
{
    enum outage_state state = watch->outage.state;
    if (state != before->state && (state == OUTAGE_ON || before->state == OUTAGE_ON))
        return say_outage(watch, state, now);
    if (before->state == OUTAGE_SUSPECTED && state == OUTAGE_OVER)
        return say_moment(watch);
    if (watch->route.lost != watch->route_said)
        return say_route(watch);
    if (watch->port_lost != watch->port_said)
        return say_port(watch);
    return say_own(watch);
}

static void step_questions(struct watch *watch, int64_t now)
{
    bool first = !watch->knows_usual;
    if (round_is_over(watch, now)) {
        if (first)
            keep_usual(watch);
        else
            (void)outage_answered(&watch->outage, all_good(watch), now);
    }
    if (watch->round_ends_ms == 0 && outage_wants_answers(&watch->outage, now))
        start_round(watch, now);
}

const char *watch_tick(struct watch *watch)
{
    int64_t now = clock_monotonic_ms();
    const struct counters sum = watch_counters(watch);
    const struct outage_counts lookups = {.ended = sum.lookups, .failed = sum.lookups_failed};
    struct before before = look_back(watch);
    const struct path_counts sessions = sessions_of(&sum);
    watch->path_cleared = watch_path_step(&watch->path, &sessions, now);
    ask_for_counts(watch);
    if (watch->config.dns_outage_share == 0)
        return say_own(watch);
    (void)outage_count(&watch->outage, &lookups, now);
    count_connections(watch, &sum, now);
    step_questions(watch, now);
    tell_loops(watch, &before);
    tell_others(watch, &before, now);
    return say_change(watch, &before, now);
}

const char *watch_cut_off(const struct watch *watch)
{
    if (watch->outage.state == OUTAGE_ON)
        return "resolvers";
    if (watch->route_said)
        return "routes";
    if (watch->port_said)
        return "port 25";
    return watch->path.said ? "STARTTLS" : NULL;
}

const char *watch_closing(struct watch *watch)
{
    return watch_path_closing(&watch->path);
}

const struct machine_line *watch_events(const struct watch *watch, size_t *count)
{
    *count = watch->event_count;
    return watch->events;
}

/* ---- birth and death ----------------------------------------------------------------------------------- */

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

struct watch *watch_create(struct scan_context *context, struct worker *workers)
{
    struct watch *watch = calloc(1, sizeof *watch);
    if (watch == NULL)
        return NULL;
    const struct config *config = context->config;
    struct outage_settings settings = {.share_percent = (uint32_t)config->dns_outage_share,
                                       .least = LOOKUPS_LEAST,
                                       .window_ms = WINDOW_MS,
                                       .prompt_ms = config->dns_resolvers[0] == 0
                                                        ? EMBEDDED_PROMPT_MS
                                                        : least(config->dns_timeout, QUESTION_MS),
                                       .tail_ms = config->dns_timeout * config->dns_attempts + QUESTION_MS};
    watch->context = context;
    watch->workers = workers;
    watch->config = *config;
    watch->config.dns_timeout = least(config->dns_timeout, QUESTION_MS);
    watch->config.dns_attempts = QUESTION_ATTEMPTS;
    watch->questions[0] = (struct question){.watch = watch, .name = ".", .type = DNS_TYPE_SOA};
    watch->questions[1] = (struct question){.watch = watch, .type = DNS_TYPE_A};
    outage_init(&watch->outage, &settings);
    watch->base = event_base_new();
    watch->counts = calloc(workers->count, sizeof *watch->counts);
    if (watch->base == NULL || watch->counts == NULL) {
        watch_destroy(watch);
        return NULL;
    }
    watch_path_init(&watch->path, context, workers, &watch->config, watch->base);
    start_round(watch, clock_monotonic_ms()); /* what is usual, before the first domain */
    return watch;
}

void watch_destroy(struct watch *watch)
{
    if (watch == NULL)
        return;
    lookup_engine_destroy(watch->engine);
    watch_path_dispose(&watch->path);
    if (watch->base != NULL)
        event_base_free(watch->base);
    free(watch->counts);
    free(watch);
}
