/*
 * Dispatches to the two engines of dns/lookup. It holds no state and never looks anything up itself.
 */
#include "scanner/dns/engine.h"

#include "scanner/config/config.h"

static const char *type_name(uint16_t type)
{
    switch (type) {
    case DNS_TYPE_A:
        return "A";
    case DNS_TYPE_AAAA:
        return "AAAA";
    case DNS_TYPE_CNAME:
        return "CNAME";
    case DNS_TYPE_MX:
        return "MX";
    case DNS_TYPE_TXT:
        return "TXT";
    case DNS_TYPE_TLSA:
        return "TLSA";
    default:
        return "record";
    }
}

struct lookup_owner engine_ask(struct lookup_engine *engine, const char *name, uint16_t type,
                               lookup_done done, void *arg)
{
    engine->counters.asked++;
    if (engine->following != NULL)
        trace_say(engine->following, name, NULL, "%s?", type_name(type));
    return (struct lookup_owner){.done = done, .arg = arg, .trace = engine->following};
}

static void tell(const char *name, const struct lookup_owner *owner, const struct dns_answer *answer)
{
    const struct lookup_facts *lookup = &answer->lookup;
    trace_say(owner->trace, name, NULL, "%s: %s, %s, records: %zu%s%s", type_name(answer->type),
              dns_status_name(lookup->status), dns_security_name(lookup->security), answer->rr_count,
              lookup->why_bogus == NULL ? "" : "; ", lookup->why_bogus == NULL ? "" : lookup->why_bogus);
}

void engine_answer(struct lookup_engine *engine, const char *name, const struct lookup_owner *owner,
                   const struct dns_answer *answer)
{
    engine->counters.answered++;
    engine->counters.by_status[answer->lookup.status]++;
    if (owner->trace == NULL) {
        owner->done(owner->arg, answer);
        return;
    }
    tell(name, owner, answer);
    engine->following = owner->trace;
    owner->done(owner->arg, answer);
    engine->following = NULL;
}

struct lookup_handle lookup_start(struct lookup_engine *engine, const char *name, uint16_t type,
                                  lookup_done done, void *arg)
{
    return engine->ops->start(engine, name, type, false, done, arg);
}

struct lookup_handle lookup_start_last(struct lookup_engine *engine, const char *name, uint16_t type,
                                       lookup_done done, void *arg)
{
    return engine->ops->start(engine, name, type, true, done, arg);
}

void lookup_follow(struct lookup_engine *engine, struct trace *trace)
{
    engine->following = trace;
}

void lookup_cancel(struct lookup_engine *engine, struct lookup_handle handle)
{
    engine->ops->cancel(engine, handle);
}

size_t lookup_pending(const struct lookup_engine *engine)
{
    return engine->ops->pending(engine);
}

const struct lookup_counters *lookup_counters(const struct lookup_engine *engine)
{
    return &engine->counters;
}

void lookup_resolver_counts(const struct lookup_engine *engine, struct resolver_counts counts[RESOLVERS_MOST])
{
    if (engine->ops->count != NULL)
        engine->ops->count(engine, counts);
}

void lookup_engine_destroy(struct lookup_engine *engine)
{
    if (engine != NULL)
        engine->ops->destroy(engine);
}

struct lookup_engine *lookup_engine_create(struct event_base *base, const struct config *config,
                                           const struct resolver_notes *notes,
                                           const struct lookup_bounds *bounds, uint32_t loops,
                                           const char **why)
{
    if (config->dns_resolvers[0] != '\0')
        return resolver_create(base, config, notes, loops, why);
    return recursive_create(base, config, bounds, loops, why);
}
