/* Questions that are a timer and a line of the world's file. */
#include "tests/unit/reach/world/fake_lookup.h"

#include <stdlib.h>

#include "tests/unit/reach/world/fake_clock.h"
#include "tests/unit/reach/world/zone.h"

enum { ANSWER_BYTES = 256 << 10 };

struct lookup_engine {
    struct slots asked;
    struct lookup_counters counters;
};

struct question {
    struct lookup_engine *engine;
    struct handle handle;
    char *name;
    uint16_t type;
    const struct zone_set *set;
    lookup_done done;
    void *arg;
    struct loop_timer *timer;
};

static size_t live;

static void question_free(struct question *question)
{
    (void)slots_remove(&question->engine->asked, question->handle);
    loop_timer_free(question->timer);
    free(question->name);
    free(question);
    live--;
}

/* A copy that lives as long as the callback runs. */
static void fill_in(const struct zone_set *set, const char *name, struct arena *arena,
                    struct dns_answer *answer)
{
    const char **cnames = arena_array(arena, 1, sizeof *cnames);
    answer->owner = arena_string(arena, set->alias == NULL ? name : set->alias);
    answer->lookup = (struct lookup_facts){.status = set->status, .security = set->security, .ttl = set->ttl};
    if (set->alias != NULL) {
        cnames[0] = answer->owner;
        answer->lookup.cnames = cnames;
        answer->lookup.cname_count = 1;
    }
    answer->rr_count = set->rr_count;
    answer->rrs = arena_array(arena, set->rr_count + 1, sizeof *answer->rrs);
    for (size_t i = 0; i < set->rr_count; i++)
        answer->rrs[i].rdata = arena_bytes(arena, set->rrs[i]);
}

static void on_timer(void *arg)
{
    struct question *question = arg;
    struct lookup_counters *counters = &question->engine->counters;
    struct dns_answer answer = {.type = question->type};
    lookup_done done = question->done;
    void *whose = question->arg;
    struct arena arena;
    arena_init(&arena, ANSWER_BYTES);
    fill_in(question->set, question->name, &arena, &answer);
    counters->answered++;
    counters->by_status[answer.lookup.status]++;
    question_free(question);
    done(whose, &answer);
    arena_dispose(&arena);
}

struct lookup_handle lookup_start(struct lookup_engine *engine, const char *name, uint16_t type,
                                  lookup_done done, void *arg)
{
    struct question *question = calloc(1, sizeof *question);
    if (question == NULL)
        out_of_memory("a question");
    *question = (struct question){.engine = engine, .type = type, .done = done, .arg = arg};
    question->name = strdup(name);
    question->set = zone_ask(name, type);
    question->handle = slots_add(&engine->asked, question);
    question->timer = loop_timer_create(NULL, on_timer, question);
    loop_timer_set(question->timer, question->set->delay_us);
    engine->counters.asked++;
    live++;
    return (struct lookup_handle){question->handle};
}

struct lookup_handle lookup_start_last(struct lookup_engine *engine, const char *name, uint16_t type,
                                       lookup_done done, void *arg)
{
    return lookup_start(engine, name, type, done, arg);
}

void lookup_cancel(struct lookup_engine *engine, struct lookup_handle handle)
{
    struct question *question = slots_get(&engine->asked, handle.handle);
    if (question != NULL)
        question_free(question);
}

size_t lookup_pending(const struct lookup_engine *engine)
{
    return engine->asked.used;
}

void lookup_follow(struct lookup_engine *engine, struct trace *trace)
{
    (void)engine, (void)trace;
}

void lookup_resolver_counts(const struct lookup_engine *engine, struct resolver_counts counts[RESOLVERS_MOST])
{
    (void)engine;
    (void)counts;
}

const struct lookup_counters *lookup_counters(const struct lookup_engine *engine)
{
    return &engine->counters;
}

size_t fake_lookups_live(void)
{
    return live;
}

/* ---- the engine ---------------------------------------------------------------------------------------- */

struct lookup_engine *lookup_engine_create(struct event_base *base, const struct config *config,
                                           const struct resolver_notes *notes,
                                           const struct lookup_bounds *bounds, uint32_t loops,
                                           const char **why)
{
    struct lookup_engine *engine = calloc(1, sizeof *engine);
    (void)base, (void)config, (void)notes, (void)bounds, (void)loops;
    *why = "out of memory";
    if (engine != NULL)
        slots_init(&engine->asked);
    return engine;
}

static void cancel_one(void *object, void *arg)
{
    (void)arg;
    question_free(object);
}

void lookup_engine_destroy(struct lookup_engine *engine)
{
    if (engine == NULL)
        return;
    slots_each(&engine->asked, cancel_one, NULL);
    slots_dispose(&engine->asked);
    free(engine);
}
