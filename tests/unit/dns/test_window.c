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

/* ---- step by step -------------------------------------------------------------------------------------- */

static void sent(struct window *window, unsigned count, uint32_t in_flight, int64_t now_ms)
{
    for (unsigned i = 0; i < count; i++)
        window_sent(window, in_flight, now_ms);
}

static void answered(struct window *window, unsigned count, int64_t sent_ms, int64_t now_ms)
{
    for (unsigned i = 0; i < count; i++)
        window_answered(window, sent_ms, now_ms);
}

static void lost(struct window *window, unsigned count, int64_t sent_ms, int64_t now_ms)
{
    for (unsigned i = 0; i < count; i++)
        window_lost(window, sent_ms, now_ms);
}

static void assert_near(double is, double expected)
{
    if (fabs(is - expected) > 1e-9)
        fail_msg("%.12f, not %.12f", is, expected);
}

static void a_new_window(void **state)
{
    static const struct {
        uint32_t limit;
        int64_t deadline_ms, period_ms;
        double size, floor;
    } rows[] = {{1000, 3000, 3000, 64, 16}, {64, 1, 1, 64, 16}, {63, 0, 1, 63, 16}, {10, -5, 1, 10, 10}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct window window;
        window_init(&window, rows[i].limit, rows[i].deadline_ms, 77);
        assert_near(window.size, rows[i].size);
        assert_near(window.floor, rows[i].floor);
        assert_near(window.limit, rows[i].limit);
        assert_near(window.threshold, rows[i].limit);
        assert_int_equal(window.period_ms, rows[i].period_ms);
        assert_int_equal(window.now.start_ms, 77);
        assert_int_equal(window.last.start_ms, 77);
        assert_near(window.loss_borne, 0.1);
        assert_near(window.latency_borne_ms, 50);
        assert_int_equal(window.state, WINDOW_OPEN);
    }
}

/* By one an answer below the threshold, by a 64th above, up to the limit, and only where half of it is used.
 */
static void growth(void **state)
{
    static const struct {
        uint32_t peak;
        double size, threshold, after;
        enum window_state in;
    } rows[] = {
        {50, 100, 1000, 101, WINDOW_OPEN},    {49, 100, 1000, 100, WINDOW_OPEN},
        {99, 100, 101, 101, WINDOW_OPEN},     {99, 100, 100, 100 + 1.0 / 64, WINDOW_OPEN},
        {999, 1000, 2000, 1000, WINDOW_OPEN}, {999, 999.5, 2000, 1000, WINDOW_OPEN},
        {99, 100, 1000, 100, WINDOW_SETTLES}, {99, 100, 1000, 100, WINDOW_TRIAL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct window window;
        window_init(&window, 1000, DEADLINE_MS, 0);
        window.size = rows[i].size;
        window.threshold = rows[i].threshold;
        window.state = rows[i].in;
        sent(&window, 1, rows[i].peak, 0);
        sent(&window, 1, 1, 0); /* the peak stays */
        answered(&window, 1, 0, 0);
        assert_int_equal(window.now.peak, rows[i].peak);
        assert_near(window.size, rows[i].after);
    }
}

static void the_least_latency(void **state)
{
    struct window window;
    (void)state;
    window_init(&window, 1000, DEADLINE_MS, 0);
    answered(&window, 63, 0, 20);
    assert_near(window.latency_least_ms, 0);
    answered(&window, 1, 0, 84); /* the 64th: a mean of 21 */
    assert_near(window.latency_least_ms, 21);
    answered(&window, 64, 10, 40);
    assert_near(window.latency_least_ms, 21);
    answered(&window, 63, 30, 41);
    assert_near(window.latency_least_ms, 21);
    answered(&window, 1, 30, 41);
    assert_near(window.latency_least_ms, 11);
    answered(&window, 64, 41, 41);
    assert_near(window.latency_least_ms, 1);
}

/* A loss counts for the period in which it was sent, and for none that is over. */
static void losses_count_where_they_were_sent(void **state)
{
    struct window window;
    (void)state;
    window_init(&window, 1000, 1000, 0);
    for (int64_t begin = 0; begin <= 2000; begin += 1000)
        sent(&window, 200, 64, begin);
    assert_int_equal(window.now.start_ms, 2000);
    assert_int_equal(window.last.start_ms, 1000);
    lost(&window, 1, 2000, 2001);
    lost(&window, 2, 1999, 2001);
    lost(&window, 3, 1000, 2001);
    lost(&window, 7, 999, 2001);
    assert_int_equal(window.now.lost, 1);
    assert_int_equal(window.last.lost, 5);
    assert_int_equal(window.state, WINDOW_OPEN);
    assert_near(window.size, 64);
}

/* A period ends by its time, and only with enough questions. */
static void periods_end(void **state)
{
    struct window window;
    (void)state;
    window_init(&window, 1000, 1000, 0);
    sent(&window, 128, 10, 0);
    sent(&window, 1, 10, 999);
    assert_int_equal(window.now.start_ms, 0);
    sent(&window, 1, 10, 1000);
    assert_int_equal(window.now.start_ms, 1000);
    assert_int_equal(window.last.sent, 129);
    sent(&window, 126, 10, 1000);
    sent(&window, 1, 10, 9000); /* 127 had been sent before it */
    assert_int_equal(window.now.start_ms, 1000);
    answered(&window, 1, 9000, 9001);
    assert_int_equal(window.now.start_ms, 9001);
    assert_int_equal(window.last.sent, 128);
}

/* One back-off: what it was for, and what is left of the window. */
static void a_back_off_for_losses(void **state)
{
    static const struct {
        unsigned sent, lost, arrived;
        uint32_t peak;
        double size, after, cause_size; /* 0: none */
    } rows[] = {
        {128, 12, 50, 200, 200, 200, 0},   {127, 127, 0, 200, 200, 200, 0},
        {128, 13, 50, 200, 200, 100, 200}, {128, 64, 50, 200, 200, 100, 200},
        {128, 65, 50, 200, 200, 50, 200},  {128, 128, 0, 200, 200, 50, 200},
        {128, 64, 50, 100, 200, 50, 200},  {128, 65, 10, 40, 200, 16, 200},
        {128, 65, 10, 17, 200, 16, 200},   {128, 65, 10, 16, 200, 200, 0},
        {128, 20, 10, 300, 32, 16, 32},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct window window;
        window_init(&window, 1000, 1000, 0);
        window.size = rows[i].size;
        sent(&window, rows[i].sent, rows[i].peak, 0);
        window.now.arrived = rows[i].arrived;
        window.now.latency_ms = 20.0 * rows[i].arrived;
        window.last = window.now;
        window.now = (struct window_period){.start_ms = 1000};
        window.last.lost = rows[i].lost - 1;
        lost(&window, 1, 0, 1100);
        double size = rows[i].size, used = size < rows[i].peak ? size : rows[i].peak;
        if (window.size != rows[i].after || (window.state == WINDOW_SETTLES) != (rows[i].cause_size > 0))
            fail_msg("row %zu: %f, state %d", i, window.size, (int)window.state);
        if (rows[i].cause_size <= 0)
            continue;
        double goodput = rows[i].arrived / 1000.0;
        assert_near(window.cause.size, size);
        assert_near(window.cause.goodput, goodput);
        assert_near(window.cause.latency_ms, rows[i].arrived == 0 ? 0 : 20);
        assert_near(window.cause.loss, (double)rows[i].lost / rows[i].sent);
        assert_near(window.cause.expected, goodput * (1 + window.size / used) / 2);
        assert_int_equal(window.now.start_ms, 1100);
        assert_int_equal(window.now.sent, 0);
    }
}

static void a_back_off_for_lateness(void **state)
{
    static const struct {
        unsigned answers;
        int64_t latency_ms;
        double least_ms, after;
    } rows[] = {{128, 111, 20, 100}, {128, 110, 20, 200}, {127, 500, 20, 200}, {128, 500, 0, 200}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct window window;
        window_init(&window, 200, 1000, 0);
        window.size = 200;
        sent(&window, 128, 200, 0);
        answered(&window, rows[i].answers, 0, rows[i].latency_ms);
        window.latency_least_ms = rows[i].least_ms;
        sent(&window, 1, 1, 1000);
        if (window.size != rows[i].after)
            fail_msg("row %zu: %f", i, window.size);
        assert_int_equal(window.state, rows[i].after < 200 ? WINDOW_SETTLES : WINDOW_OPEN);
        if (rows[i].after < 200)
            assert_near(window.cause.goodput, 0.128);
    }
}

/* Too few questions, or a window that was not used: as before. As many answers as before: it stays small.
 * Fewer in proportion: as before, and what was seen is borne. None at all: an outage, which tells nothing. */
static void what_a_trial_finds(void **state)
{
    static const struct {
        unsigned sent, arrived;
        uint32_t peak;
        int64_t end_ms;
        double size, threshold, loss, latency_ms;
    } rows[] = {
        {127, 127, 50, 9999, 50, 400, 0.1, 50}, /* no end yet */
        {127, 127, 50, 10000, 100, 400, 0.1, 50}, {128, 90, 48, 3000, 100, 400, 0.1, 50},
        {128, 90, 49, 3000, 100, 400, 0.1, 50},   {128, 90, 50, 3000, 50, 50, 0.1, 50},
        {128, 75, 50, 3000, 50, 50, 0.1, 50},     {128, 74, 50, 3000, 100, 400, 0.25, 65},
        {128, 0, 50, 3000, 50, 400, 0.1, 50},     {128, 90, 50, 2999, 50, 400, 0.1, 50},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct window window;
        window_init(&window, 400, 1000, 0);
        window.size = 50;
        window.state = WINDOW_SETTLES;
        window.latency_least_ms = 20;
        window.cause = (struct window_cause){
            .size = 100, .goodput = 0.1, .expected = 0.075, .loss = 0.2, .latency_ms = 100};
        sent(&window, 1, 1, 999);
        assert_int_equal(window.state, WINDOW_SETTLES);
        sent(&window, 1, 1, 1000); /* at the longest it has settled for a period */
        assert_int_equal(window.state, WINDOW_TRIAL);
        assert_int_equal(window.now.start_ms, 1000);
        window.now = (struct window_period){
            .start_ms = 2000, .peak = rows[i].peak, .sent = rows[i].sent, .arrived = rows[i].arrived};
        sent(&window, 1, 1, rows[i].end_ms);
        bool over = window.state == WINDOW_OPEN;
        if (window.size != rows[i].size || window.threshold != rows[i].threshold ||
            fabs(window.loss_borne - rows[i].loss) > 1e-9 ||
            fabs(window.latency_borne_ms - rows[i].latency_ms) > 1e-9)
            fail_msg("row %zu: size %f, threshold %f, borne %f and %f ms", i, window.size, window.threshold,
                     window.loss_borne, window.latency_borne_ms);
        assert_int_equal(over, rows[i].end_ms % 1000 == 0);
        assert_int_equal(window.now.start_ms, over ? rows[i].end_ms : 2000);
        assert_int_equal(window.last.start_ms, over ? 2000 : 1000);
    }
}

/* What was borne is forgotten by an eighth a period, twice what is seen is kept, and never below the least.
 */
static void what_is_borne_is_forgotten(void **state)
{
    struct window window;
    (void)state;
    window_init(&window, 1000, 1000, 0);
    window.size = 10;
    window.loss_borne = 0.4;
    window.latency_borne_ms = 400;
    window.last.sent = 100;
    window.last.lost = 10;
    sent(&window, 128, 5, 0);
    window.now.arrived = 128;
    window.now.latency_ms = 128 * 10;
    sent(&window, 1, 5, 1000);
    assert_near(window.loss_borne, (7 * 0.4 + 2 * 0.1) / 8);
    assert_near(window.latency_borne_ms, (7 * 400.0 + 2 * 10) / 8);
    window.loss_borne = 0.11;
    window.latency_borne_ms = 51;
    sent(&window, 127, 5, 1000); /* nothing was lost, and too few came back to tell how late */
    window.last.lost = 0;
    window.now.arrived = 127;
    sent(&window, 1, 5, 2000);
    assert_near(window.loss_borne, 0.1);
    assert_near(window.latency_borne_ms, 51);
    sent(&window, 127, 5, 2000);
    window.last.lost = 60;
    window.loss_borne = 0.2;
    window.now.arrived = 128;
    window.now.latency_ms = 128;
    sent(&window, 1, 5, 3000); /* more than is borne is not borne for that */
    assert_near(window.loss_borne, 0.2);
    assert_near(window.latency_borne_ms, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_window),
        cmocka_unit_test(growth),
        cmocka_unit_test(the_least_latency),
        cmocka_unit_test(losses_count_where_they_were_sent),
        cmocka_unit_test(periods_end),
        cmocka_unit_test(a_back_off_for_losses),
        cmocka_unit_test(a_back_off_for_lateness),
        cmocka_unit_test(what_a_trial_finds),
        cmocka_unit_test(what_is_borne_is_forgotten),
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
