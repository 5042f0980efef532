/* Gives the tests of the stub engine what they share: scripted resolvers (dns_server.h says what each verb
 * does), an engine that asks them, and notes of the answers. */
#ifndef STSWEEP_TESTS_RESOLVER_WORLD_H
#define STSWEEP_TESTS_RESOLVER_WORLD_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/base/clock.h"
#include "scanner/config/config.h"
#include "scanner/dns/lookup.h"
#include "tests/unit/dns_server.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { SERVERS_MOST = 3, PATIENCE_MS = 60000, QUICK_MS = 300, PATIENT_MS = 800, SLOW_MS = 5000, TRIES = 6 };

struct world {
    struct event_base *base;
    struct lookup_engine *engine;
    struct dns_server *servers[SERVERS_MOST];
    char resolvers[256];
    struct config config;
    struct resolver_notes notes;
};

/* What came of one lookup, or of many of the same `done`. */
struct seen {
    unsigned calls;
    enum dns_status status;
    enum dns_security security;
    size_t rr_count;
    uint8_t last; /* byte of the first address */
    size_t by_status[DNS_STATUS_COUNT];
};

static bool inside_start;

static inline void note(void *arg, const struct dns_answer *answer)
{
    struct seen *seen = arg;
    assert_false(inside_start);
    assert_non_null(answer->owner);
    seen->calls++;
    seen->status = answer->lookup.status;
    seen->security = answer->lookup.security;
    seen->rr_count = answer->rr_count;
    seen->last = answer->rr_count > 0 ? answer->rrs[0].rdata.data[3] : 0;
    seen->by_status[answer->lookup.status]++;
}

static inline struct lookup_handle ask(struct world *world, const char *name, lookup_done done, void *arg)
{
    inside_start = true;
    struct lookup_handle handle = lookup_start(world->engine, name, DNS_TYPE_A, done, arg);
    inside_start = false;
    return handle;
}

static inline void add_resolver(struct world *world, const char *host, uint16_t port)
{
    size_t used = strlen(world->resolvers);
    (void)snprintf(world->resolvers + used, sizeof world->resolvers - used, "%s%s:%u", used == 0 ? "" : ", ",
                   host, (unsigned)port);
}

static inline struct dns_server *add_server(struct world *world, unsigned index)
{
    world->servers[index] = server_start(index, 0);
    add_resolver(world, "127.0.0.1", world->servers[index]->port);
    return world->servers[index];
}

static inline void make_engine(struct world *world, int64_t timeout_ms, int64_t attempts, int64_t outstanding)
{
    const char *why = "nothing said";
    world->config.dns_resolvers = world->resolvers;
    world->config.dns_timeout = timeout_ms;
    world->config.dns_attempts = attempts;
    world->config.dns_outstanding = outstanding;
    world->engine = resolver_create(world->base, &world->config, &world->notes, 1, &why);
    if (world->engine == NULL)
        fail_msg("no engine: %s", why);
}

static inline void run_for(struct world *world, int64_t ms)
{
    struct timeval most = {ms / 1000, ms % 1000 * 1000};
    assert_int_equal(event_base_loopexit(world->base, &most), 0);
    assert_true(event_base_dispatch(world->base) >= 0);
}

static inline void run_until_idle(struct world *world)
{
    int64_t end = clock_monotonic_ms() + PATIENCE_MS;
    while (lookup_pending(world->engine) > 0) {
        if (clock_monotonic_ms() > end)
            fail_msg("%zu lookups never end", lookup_pending(world->engine));
        run_for(world, 5);
    }
}

static inline struct seen ask_one(struct world *world, const char *name)
{
    struct seen seen = {0};
    (void)ask(world, name, note, &seen);
    run_until_idle(world);
    assert_int_equal(seen.calls, 1);
    return seen;
}

static inline void ask_many(struct world *world, const char *verb, unsigned count, struct seen *seen)
{
    for (unsigned i = 0; i < count; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s-%u.example", verb, i);
        (void)ask(world, name, note, seen);
    }
}

static inline const struct lookup_counters *counters(const struct world *world)
{
    return lookup_counters(world->engine);
}

static inline int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    if (world == NULL)
        return -1;
    world->base = event_base_new();
    *state = world;
    return world->base == NULL ? -1 : 0;
}

static inline int tear_down(void **state)
{
    struct world *world = *state;
    lookup_engine_destroy(world->engine);
    event_base_free(world->base);
    for (size_t i = 0; i < SERVERS_MOST; i++)
        if (world->servers[i] != NULL)
            server_stop(world->servers[i]);
    free(world);
    return 0;
}

#endif
