/* Sums over the loops. */
#include "tests/unit/reach/world/counted.h"

#include <stddef.h>
#include <string.h>

/* Counters of a worker, by name. */
static const struct {
    const char *name;
    size_t at;
} counters[] = {{"connects_made", offsetof(struct worker, connects_made)},
                {"without_starttls", offsetof(struct worker, without_starttls)},
                {"known_sessions", offsetof(struct worker, known_sessions)},
                {"known_without", offsetof(struct worker, known_without)},
                {"routes_lacking", offsetof(struct worker, routes_lacking)}};

static bool count_counter(const struct worker *worker, const char *name, int64_t *sum)
{
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
        if (strcmp(counters[i].name, name) == 0) {
            uint64_t value;
            memcpy(&value, (const char *)worker + counters[i].at, sizeof value);
            *sum += (int64_t)value;
            return true;
        }
    return false;
}

static bool count_worker(const struct worker *worker, const char *name, int64_t *sum)
{
    if (strcmp(name, "turns.smtp") == 0)
        *sum += (int64_t)pacer_open(worker->pacer, PACE_SMTP);
    else if (strcmp(name, "turns.https") == 0)
        *sum += (int64_t)pacer_open(worker->pacer, PACE_HTTPS);
    else if (strcmp(name, "pauses") == 0)
        *sum += (int64_t)worker->pause.count;
    else if (strcmp(name, "port.made") == 0)
        *sum += (int64_t)(worker->port.pass.ended - worker->port.pass.failed);
    else if (strcmp(name, "port.failed") == 0)
        *sum += (int64_t)worker->port.pass.failed;
    else
        return count_counter(worker, name, sum);
    return true;
}

bool counted(const struct world *world, const char *name, int64_t *was)
{
    bool known = true;
    *was = 0;
    if (strcmp(name, "parked") == 0)
        *was = (int64_t)atomic_load(&world->context.parked);
    else if (strcmp(name, "port.doubts") == 0)
        *was = (int64_t)atomic_load(&world->context.port_doubts);
    else if (strcmp(name, "port.losses") == 0)
        *was = (int64_t)atomic_load(&world->context.port_losses);
    else
        for (uint32_t i = 0; known && i < world->count; i++)
            known = count_worker(&world->workers[i], name, was);
    return known;
}
