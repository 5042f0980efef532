/* Sums over the loops. */
#include "tests/unit/reach/world/counted.h"

#include <string.h>

/* A row of the loop's counters, looked up by its name. */
struct wanted {
    const char *name;
    int64_t *sum;
    bool found;
};

static void see(void *arg, const char *name, const char *help, uint64_t value)
{
    struct wanted *wanted = arg;
    (void)help;
    if (strcmp(name, wanted->name) != 0)
        return;
    *wanted->sum += (int64_t)value;
    wanted->found = true;
}

static bool count_counter(const struct worker *worker, const char *name, int64_t *sum)
{
    struct wanted wanted = {.name = name, .sum = sum};
    const struct counters counts = worker_counters(worker);
    counters_each(&counts, see, &wanted);
    return wanted.found;
}

static bool count_worker(const struct worker *worker, const char *name, int64_t *sum)
{
    if (strcmp(name, "turns.smtp") == 0)
        *sum += (int64_t)pacer_open(worker->pacer, PACE_SMTP);
    else if (strcmp(name, "turns.https") == 0)
        *sum += (int64_t)pacer_open(worker->pacer, PACE_HTTPS);
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
    else if (strcmp(name, "own.waiting") == 0)
        *was = (int64_t)atomic_load(&world->context.own_waiting);
    else if (strcmp(name, "crowded") == 0)
        *was = (int64_t)world->crowded;
    else if (strcmp(name, "port.doubts") == 0)
        *was = (int64_t)atomic_load(&world->context.port_doubts);
    else if (strcmp(name, "port.losses") == 0)
        *was = (int64_t)atomic_load(&world->context.port_losses);
    else
        for (uint32_t i = 0; known && i < world->count; i++)
            known = count_worker(&world->workers[i], name, was);
    return known;
}
