/* The window against resolvers that are made up: a client that always has another question, in steps of a
 * millisecond. What a resolver bears must not be more than it gets, and what is no fault of its must cost
 * nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/dns/window.h"

enum { DEADLINE_MS = 3000, WHEEL_MS = 4096, SECOND = 1000, MINUTE = 60 * SECOND };

struct resolver {
    unsigned lost_per_mille; /* by chance, or because servers are dead */
    unsigned burst_every_ms; /* every so often all is lost for burst_ms; 0: never */
    unsigned burst_ms;
    double median_ms; /* log-normal, as the world's */
    double capacity;  /* questions a second; 0: any */
    double queue;     /* questions that wait for it; what comes on top is dropped */
    unsigned demand;  /* questions that there are to ask at a time; 0: any */
};

struct event {
    int64_t sent_ms;
    int64_t next; /* of the same millisecond, -1 at the end */
    bool answered;
};

struct world {
    struct window window;
    struct resolver resolver;
    uint64_t random;
    int64_t now_ms;
    uint32_t in_flight;
    double backlog; /* of the resolver's queue */
    int64_t wheel[WHEEL_MS];
    struct event *events;
    int64_t unused;
    size_t capacity;
    uint64_t answered;
    uint64_t lost;
    double size_sum; /* of the window, over the milliseconds */
};

static double draw(struct world *world)
{
    world->random = world->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(world->random >> 11) / 9007199254740992.0;
}

static double latency(struct world *world)
{
    double normal = sqrt(-2 * log(draw(world) + 1e-12)) * cos(2 * 3.14159265358979 * draw(world));
    double ms = world->resolver.median_ms * exp(1.1 * normal);
    return ms > 2000 ? 2000 : ms < 1 ? 1 : ms;
}

static int64_t new_event(struct world *world)
{
    if (world->unused < 0) {
        size_t from = world->capacity;
        world->capacity = from == 0 ? 4096 : from * 2;
        world->events = realloc(world->events, world->capacity * sizeof *world->events);
        assert_non_null(world->events);
        for (size_t i = from; i < world->capacity; i++) {
            world->events[i].next = world->unused;
            world->unused = (int64_t)i;
        }
    }
    int64_t event = world->unused;
    world->unused = world->events[event].next;
    return event;
}

static void send_one(struct world *world)
{
    const struct resolver *resolver = &world->resolver;
    bool lost = draw(world) * 1000 < resolver->lost_per_mille;
    lost = lost || (resolver->burst_every_ms != 0 && world->now_ms % resolver->burst_every_ms >=
                                                         resolver->burst_every_ms - resolver->burst_ms);
    double ms = latency(world);
    if (!lost && resolver->capacity > 0) {
        lost = world->backlog >= resolver->queue;
        world->backlog += lost ? 0 : 1;
        ms += world->backlog / resolver->capacity * 1000;
    }
    lost = lost || ms >= DEADLINE_MS;
    int64_t at = world->now_ms + (lost ? DEADLINE_MS : (int64_t)ms);
    int64_t event = new_event(world);
    world->events[event] =
        (struct event){.sent_ms = world->now_ms, .next = world->wheel[at % WHEEL_MS], .answered = !lost};
    world->wheel[at % WHEEL_MS] = event;
    window_sent(&world->window, ++world->in_flight, world->now_ms);
}

static void take_due(struct world *world)
{
    int64_t *slot = &world->wheel[world->now_ms % WHEEL_MS];
    while (*slot >= 0) {
        int64_t event = *slot;
        struct event *happened = &world->events[event];
        *slot = happened->next;
        world->in_flight--;
        if (happened->answered)
            window_answered(&world->window, happened->sent_ms, world->now_ms);
        else
            window_lost(&world->window, happened->sent_ms, world->now_ms);
        *(happened->answered ? &world->answered : &world->lost) += 1;
        happened->next = world->unused;
        world->unused = event;
    }
}

/* Answers a second of so much time. */
static double run(struct world *world, int64_t ms)
{
    world->answered = world->lost = 0;
    world->size_sum = 0;
    for (int64_t until = world->now_ms + ms; world->now_ms < until; world->now_ms++) {
        double served = world->resolver.capacity / 1000;
        world->backlog = world->backlog > served ? world->backlog - served : 0;
        take_due(world);
        while (window_has_room(&world->window, world->in_flight) &&
               (world->resolver.demand == 0 || world->in_flight < world->resolver.demand))
            send_one(world);
        world->size_sum += world->window.size / (double)ms;
    }
    return (double)world->answered * 1000 / (double)ms;
}

static struct world *new_world(uint32_t limit, struct resolver resolver)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    world->resolver = resolver;
    world->random = 7;
    world->unused = -1;
    memset(world->wheel, 0xff, sizeof world->wheel);
    window_init(&world->window, limit, DEADLINE_MS, 0);
    return world;
}

static void end_world(struct world *world)
{
    free(world->events);
    free(world);
}

/* Three in a hundred lost, as in the slow world: their slots are taken for three seconds, and come back in
 * waves. */
static void chance_is_borne(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct world *world = new_world(500, (struct resolver){.lost_per_mille = 30, .median_ms = 30});
        world->random = seed;
        (void)run(world, MINUTE);
        assert_true(world->size_sum > 480);
        (void)run(world, 10 * MINUTE);
        assert_true(world->size_sum > 499);
        end_world(world);
    }
}

/* A third of the names is dead: fewer questions at a time would help nobody. */
static void dead_names_are_borne(void **state)
{
    (void)state;
    struct world *world = new_world(1000, (struct resolver){.lost_per_mille = 330, .median_ms = 30});
    double first = run(world, MINUTE);
    double most = 1000 * 0.67 / (0.33 * DEADLINE_MS + 0.67 * 55) * 1000;
    assert_true(first > 0.35 * most);
    assert_true(run(world, 10 * MINUTE) > 0.9 * most);
    end_world(world);
}

static void a_resolver_that_drops_is_spared(void **state)
{
    static const double capacities[] = {200, 1000, 5000};
    (void)state;
    for (size_t i = 0; i < sizeof capacities / sizeof *capacities; i++) {
        struct world *world = new_world(
            4000, (struct resolver){.capacity = capacities[i], .queue = capacities[i] / 20, .median_ms = 5});
        (void)run(world, 2 * MINUTE);
        double goodput = run(world, 10 * MINUTE);
        assert_true(goodput > 0.8 * capacities[i]);
        assert_true((double)world->lost < 0.12 * (double)(world->answered + world->lost));
        end_world(world);
    }
}

/* It loses nothing and answers ever later: the queue is kept short. */
static void a_resolver_that_falls_behind_is_spared(void **state)
{
    (void)state;
    struct world *world = new_world(2500, (struct resolver){.capacity = 1000, .queue = 1e9, .median_ms = 30});
    (void)run(world, 2 * MINUTE);
    assert_true(run(world, 10 * MINUTE) > 900);
    assert_true(world->size_sum < 1000); /* a second's work; at first it was two and a half */
    end_world(world);
}

/* Names far away are late, whatever the window is. */
static void distance_is_borne(void **state)
{
    (void)state;
    struct world *world = new_world(500, (struct resolver){.median_ms = 5});
    (void)run(world, MINUTE);
    world->resolver.median_ms = 150;
    (void)run(world, MINUTE);
    (void)run(world, 5 * MINUTE);
    assert_true(world->size_sum > 490);
    end_world(world);
}

/* Nothing comes through for a while; then all is as before within seconds. */
static void an_outage_leaves_no_trace(void **state)
{
    (void)state;
    struct world *world = new_world(1000, (struct resolver){.lost_per_mille = 10, .median_ms = 30});
    (void)run(world, MINUTE);
    world->resolver.lost_per_mille = 1000;
    (void)run(world, MINUTE);
    assert_true(world->window.size < 40);
    world->resolver.lost_per_mille = 10;
    (void)run(world, 15 * SECOND);
    (void)run(world, MINUTE);
    assert_true(world->size_sum > 950);
    end_world(world);
}

/* The end of a scan: few questions, most of them to the dead. */
static void little_demand_is_not_made_less(void **state)
{
    (void)state;
    struct world *world =
        new_world(1000, (struct resolver){.lost_per_mille = 600, .median_ms = 30, .demand = 100});
    (void)run(world, 5 * MINUTE);
    double most = 100 * 0.4 / (0.6 * DEADLINE_MS + 0.4 * 55) * 1000;
    assert_true(run(world, 5 * MINUTE) > 0.85 * most);
    end_world(world);
}

/* A burst every minute costs a moment. */
static void bursts_pass(void **state)
{
    (void)state;
    struct world *world = new_world(
        500,
        (struct resolver){.lost_per_mille = 10, .median_ms = 30, .burst_every_ms = MINUTE, .burst_ms = 200});
    (void)run(world, MINUTE);
    (void)run(world, 10 * MINUTE);
    assert_true(world->size_sum > 400);
    end_world(world);
}

static void it_starts_small_and_keeps_its_limit(void **state)
{
    struct window window;
    (void)state;
    window_init(&window, 1000, DEADLINE_MS, 0);
    assert_true(window_has_room(&window, WINDOW_START - 1));
    assert_false(window_has_room(&window, WINDOW_START));
    for (int i = 0; i < 2000; i++) {
        window_sent(&window, (uint32_t)window.size, i);
        window_answered(&window, i, i);
    }
    assert_true(window_has_room(&window, 999));
    assert_false(window_has_room(&window, 1000));
    window_init(&window, 1, DEADLINE_MS, 0);
    for (int i = 0; i < 50000; i++) {
        window_sent(&window, 1, i * 10);
        window_lost(&window, i * 10, i * 10 + 5);
        window_answered(&window, i * 10, i * 10 + 6);
        assert_true(window_has_room(&window, 0));
        assert_false(window_has_room(&window, 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_starts_small_and_keeps_its_limit),
        cmocka_unit_test(chance_is_borne),
        cmocka_unit_test(dead_names_are_borne),
        cmocka_unit_test(a_resolver_that_drops_is_spared),
        cmocka_unit_test(a_resolver_that_falls_behind_is_spared),
        cmocka_unit_test(distance_is_borne),
        cmocka_unit_test(an_outage_leaves_no_trace),
        cmocka_unit_test(little_demand_is_not_made_less),
        cmocka_unit_test(bursts_pass),
    };
    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
