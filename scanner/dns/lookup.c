/*
 * Dispatch over the two engines of dns/lookup. Holds no state and never looks anything up itself.
 */
#include "scanner/dns/engine.h"

#include "scanner/config/config.h"

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

void lookup_engine_destroy(struct lookup_engine *engine)
{
    if (engine != NULL)
        engine->ops->destroy(engine);
}

struct lookup_engine *lookup_engine_create(struct event_base *base, const struct config *config,
                                           const struct resolver_notes *notes, const struct ip_set *allow,
                                           uint32_t loops, const char **why)
{
    if (config->dns_resolvers[0] != '\0')
        return resolver_create(base, config, notes, loops, why);
    return recursive_create(base, config, allow, loops, why);
}
