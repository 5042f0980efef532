/* The embedded engine around a libunbound that is a script: what its results become, how many run at once, in
 * which order, and what is left of those that nobody waits for. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound-event.h>

#include "scanner/base/clock.h"
#include "scanner/config/config.h"
#include "scanner/dns/lookup.h"
#include "scanner/dns/recursive_context.h"
#include "tests/unit/dns_wire.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ASKS_MOST = 64, PATIENCE_MS = 10000, SHORT_MS = 100, ALL_ASKS = 4, ID = 0x1234 };

static struct libunbound {
    struct {
        void *arg;
        ub_event_callback_type callback;
        char name[64];
        int type;
    } asks[ASKS_MOST];
    size_t count;
    int result;    /* of ub_resolve_event */
    bool at_once;  /* calls back from inside it */
    bool at_death; /* calls back for all that is open from inside ub_ctx_delete */
    uint32_t loops, lookups;
    bool none;
} library;

struct ub_ctx *recursive_context_create(struct event_base *base, const struct config *config,
                                        const struct lookup_bounds *bounds, uint32_t loops, uint32_t lookups,
                                        const char **why)
{
    (void)config, (void)bounds;
    library.loops = loops;
    library.lookups = lookups;
    *why = "a reason";
    return library.none ? NULL : (struct ub_ctx *)base;
}

static void end_ask(size_t index, int rcode, struct wire *wire, int secure, char *why_bogus)
{
    ub_event_callback_type callback = library.asks[index].callback;
    assert_non_null(callback);
    library.asks[index].callback = NULL;
    callback(library.asks[index].arg, rcode, wire == NULL ? NULL : wire->data,
             wire == NULL ? 0 : (int)wire->len, secure, why_bogus, 0);
}

void recursive_context_destroy(struct ub_ctx *context)
{
    assert_non_null(context);
    for (size_t i = 0; library.at_death && i < library.count; i++)
        if (library.asks[i].callback != NULL)
            end_ask(i, 2, NULL, 0, NULL);
}

static void fill(struct wire *wire, const char *name, int type)
{
    wire_question(wire, ID, WIRE_ANSWER, name, (uint16_t)type);
    wire_a(wire, "@", 300, 7);
}

int ub_resolve_event(struct ub_ctx *context, const char *name, int type, int class, void *arg,
                     ub_event_callback_type callback, int *id)
{
    assert_non_null(context);
    assert_int_equal(class, 1);
    assert_null(id);
    if (library.result != 0)
        return library.result;
    assert_true(library.count < ASKS_MOST);
    size_t index = library.count++;
    library.asks[index].arg = arg;
    library.asks[index].callback = callback;
    library.asks[index].type = type;
    (void)snprintf(library.asks[index].name, sizeof library.asks[index].name, "%s", name);
    if (library.at_once) {
        static struct wire wire;
        fill(&wire, name, type);
        end_ask(index, 0, &wire, 0, NULL);
    }
    return 0;
}

/* ---- the world ----------------------------------------------------------------------------------------- */

struct world {
    struct config config;
    struct lookup_bounds bounds;
    struct event_base *base;
    struct lookup_engine *engine;
    char order[64]; /* of the callbacks: the first letter of each name */
};

struct seen {
    struct world *world;
    unsigned calls;
    enum dns_status status;
    enum dns_security security;
    size_t rr_count;
    uint16_t type;
    char owner[64], why_bogus[64];
    const char *asks; /* from inside the callback, once */
};

static void configure(struct world *world, const char *name, const char *value)
{
    struct buf why;
    buf_init(&why, 4096);
    if (config_set(&world->config, name, value, "test", &why) != ERR_OK)
        fail_msg("%s", buf_string(&why));
    buf_dispose(&why);
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    memset(&library, 0, sizeof library);
    if (world == NULL || config_init(&world->config) != ERR_OK)
        return -1;
    world->base = event_base_new();
    configure(world, "dns.timeout", "30s");
    configure(world, "dns.attempts", "2");
    configure(world, "dns.trust_anchor", "/dev/null");
    *state = world;
    return world->base == NULL;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    lookup_engine_destroy(world->engine);
    event_base_free(world->base);
    config_dispose(&world->config);
    free(world);
    return 0;
}

static void open_engine(struct world *world, uint32_t loops)
{
    const char *why = NULL;
    world->engine = recursive_create(world->base, &world->config, &world->bounds, loops, &why);
    assert_non_null(world->engine);
}

static void on_answer(void *arg, const struct dns_answer *answer)
{
    struct seen *seen = arg;
    struct world *world = seen->world;
    seen->calls++;
    seen->status = answer->lookup.status;
    seen->security = answer->lookup.security;
    seen->rr_count = answer->rr_count;
    seen->type = answer->type;
    (void)snprintf(seen->owner, sizeof seen->owner, "%s", answer->owner);
    (void)snprintf(seen->why_bogus, sizeof seen->why_bogus, "%s",
                   answer->lookup.why_bogus == NULL ? "" : answer->lookup.why_bogus);
    world->order[strlen(world->order)] = answer->owner[0];
    if (seen->asks != NULL) {
        const char *name = seen->asks;
        seen->asks = NULL;
        (void)lookup_start(world->engine, name, DNS_TYPE_A, on_answer, seen);
    }
}

static struct lookup_handle ask(struct world *world, const char *name, struct seen *seen)
{
    seen->world = world;
    return lookup_start(world->engine, name, DNS_TYPE_A, on_answer, seen);
}

static void turn(struct world *world)
{
    assert_true(event_base_loop(world->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) >= 0);
}

static void run_until(struct world *world, const unsigned *calls, unsigned wanted)
{
    int64_t end = clock_monotonic_ms() + PATIENCE_MS;
    while (*calls < wanted && clock_monotonic_ms() < end)
        turn(world);
    assert_int_equal(*calls, wanted);
}

/* ---- results ------------------------------------------------------------------------------------------- */

static void what_a_result_becomes(void **state)
{
    enum packet { GOOD, NONE, EMPTY, CUT, BROKEN, OTHER, NX };
    static const struct {
        int rcode;
        enum packet packet;
        int secure;
        enum dns_status status;
        enum dns_security security;
        size_t rr_count;
    } rows[] = {
        {0, GOOD, 0, DNS_ANSWERED, DNSSEC_INSECURE, 1},
        {0, GOOD, 2, DNS_ANSWERED, DNSSEC_SECURE, 1},
        {0, GOOD, 1, DNS_BOGUS, DNSSEC_BOGUS, 0},
        {0, GOOD, 3, DNS_ANSWERED, DNSSEC_INSECURE, 1},
        {0, NX, 2, DNS_NXDOMAIN, DNSSEC_SECURE, 0},
        {0, NONE, 0, DNS_SERVFAIL, DNSSEC_UNVALIDATED, 0},
        {0, EMPTY, 2, DNS_SERVFAIL, DNSSEC_UNVALIDATED, 0},
        {0, CUT, 0, DNS_TRUNCATED_NO_TCP, DNSSEC_UNVALIDATED, 0},
        {0, BROKEN, 0, DNS_FORMERR, DNSSEC_UNVALIDATED, 0},
        {0, OTHER, 2, DNS_FORMERR, DNSSEC_UNVALIDATED, 0},
        {1, NONE, 0, DNS_FORMERR, DNSSEC_UNVALIDATED, 0},
        {2, GOOD, 2, DNS_SERVFAIL, DNSSEC_UNVALIDATED, 0},
        {3, NONE, 0, DNS_NXDOMAIN, DNSSEC_UNVALIDATED, 0},
        {4, NONE, 0, DNS_FORMERR, DNSSEC_UNVALIDATED, 0},
        {5, NONE, 0, DNS_REFUSED, DNSSEC_UNVALIDATED, 0},
        {6, NONE, 0, DNS_SERVFAIL, DNSSEC_UNVALIDATED, 0},
        {-1, NONE, 0, DNS_SERVFAIL, DNSSEC_UNVALIDATED, 0},
        {255, GOOD, 0, DNS_SERVFAIL, DNSSEC_UNVALIDATED, 0},
    };
    static struct wire wire;
    struct world *world = *state;
    open_engine(world, 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct seen seen = {0};
        char why[] = "a signature";
        (void)ask(world, "a.example", &seen);
        fill(&wire, rows[i].packet == OTHER ? "b.example" : "a.example", DNS_TYPE_A);
        wire.len = rows[i].packet == EMPTY ? 0 : rows[i].packet == BROKEN ? 1 : wire.len;
        if (rows[i].packet == NX) {
            wire_question(&wire, ID, WIRE_ANSWER | 3, "a.example", DNS_TYPE_A);
            wire_soa(&wire, "example", 60, 60);
        }
        wire.data[2] |= rows[i].packet == CUT ? WIRE_TC >> 8 : 0;
        end_ask(i, rows[i].rcode, rows[i].packet == NONE ? NULL : &wire, rows[i].secure, why);
        memset(why, 'x', sizeof why - 1); /* both are libunbound's */
        memset(wire.data, 0xff, 64);
        assert_int_equal(seen.calls, 0);
        run_until(world, &seen.calls, 1);
        if (seen.status != rows[i].status || seen.security != rows[i].security ||
            seen.rr_count != rows[i].rr_count)
            fail_msg("row %zu: %s, %d, %zu records", i, dns_status_name(seen.status), (int)seen.security,
                     seen.rr_count);
        assert_string_equal(seen.owner, "a.example");
        assert_string_equal(seen.why_bogus, rows[i].status == DNS_BOGUS ? "a signature" : "");
        assert_int_equal(seen.type, DNS_TYPE_A);
    }
    assert_int_equal(lookup_pending(world->engine), 0);
}

static void bogus_without_a_word(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    static struct wire wire;
    open_engine(world, 1);
    (void)ask(world, "a.example", &seen);
    fill(&wire, "a.example", DNS_TYPE_A);
    end_ask(0, 0, &wire, 1, NULL);
    run_until(world, &seen.calls, 1);
    assert_int_equal(seen.status, DNS_BOGUS);
    assert_string_equal(seen.why_bogus, "");
}

static void without_an_anchor_nothing_is_validated(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    configure(world, "dns.trust_anchor", "");
    library.at_once = true;
    open_engine(world, 1);
    (void)ask(world, "a.example", &seen);
    assert_int_equal(seen.calls, 0); /* never from inside */
    run_until(world, &seen.calls, 1);
    assert_int_equal(seen.status, DNS_ANSWERED);
    assert_int_equal(seen.security, DNSSEC_UNVALIDATED);
}

static void what_is_not_taken_is_an_answer(void **state)
{
    static const struct {
        int result;
        enum dns_status status;
    } rows[] = {{UB_SYNTAX, DNS_FORMERR}, {UB_NOMEM, DNS_SERVFAIL}, {UB_SERVFAIL, DNS_SERVFAIL}};
    struct world *world = *state;
    configure(world, "dns.outstanding", "1");
    open_engine(world, 1);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct seen seen = {0};
        for (unsigned k = 0; k < 2 * ALL_ASKS; k++) { /* none of them counts for ever */
            library.result = rows[i].result;
            (void)ask(world, "a.example", &seen);
            assert_int_equal(seen.calls, k);
            run_until(world, &seen.calls, k + 1);
            assert_int_equal(seen.status, rows[i].status);
        }
    }
    assert_int_equal(library.count, 0);
}

/* ---- how many, and in which order ---------------------------------------------------------------------- */

static void a_loop_has_its_part(void **state)
{
    static const struct {
        const char *outstanding;
        uint32_t loops, told_loops, ceiling;
    } rows[] = {{"10", 1, 1, 10}, {"10", 0, 1, 10}, {"10", 3, 3, 3}, {"2", 3, 3, 1}, {"3", 3, 3, 1}};
    struct world *world = *state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct seen seen = {0};
        configure(world, "dns.outstanding", rows[i].outstanding);
        open_engine(world, rows[i].loops);
        assert_int_equal(library.loops, rows[i].told_loops);
        assert_int_equal(library.lookups, rows[i].ceiling * ALL_ASKS);
        library.count = 0;
        for (unsigned k = 0; k < rows[i].ceiling + 2; k++)
            (void)ask(world, "a.example", &seen);
        assert_int_equal(library.count, rows[i].ceiling);
        assert_int_equal(lookup_pending(world->engine), rows[i].ceiling + 2);
        lookup_engine_destroy(world->engine);
        world->engine = NULL;
        assert_int_equal(seen.calls, 0);
    }
}

/* What a domain under way still asks goes before what is to begin. */
static void what_has_begun_goes_first(void **state)
{
    static const char *const names[] = {"a.example", "b.example", "c.example", "d.example", "e.example"};
    struct world *world = *state;
    struct seen seen = {.world = world};
    configure(world, "dns.outstanding", "1");
    open_engine(world, 1);
    for (size_t i = 0; i < COUNT(names); i++) {
        if (i < 3)
            (void)lookup_start_last(world->engine, names[i], DNS_TYPE_A, on_answer, &seen);
        else
            (void)lookup_start(world->engine, names[i], DNS_TYPE_A, on_answer, &seen);
    }
    for (unsigned i = 0; i < COUNT(names); i++) {
        assert_int_equal(library.count, i + 1);
        end_ask(i, 3, NULL, 0, NULL);
        run_until(world, &seen.calls, i + 1);
    }
    assert_string_equal(world->order, "adebc"); /* a was on its way already */
}

/* Those that were cancelled are libunbound's still: four times as many as may be waited for, and no more. */
static void cancelled_asks_count_too(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    configure(world, "dns.outstanding", "2");
    open_engine(world, 1);
    for (unsigned i = 0; i < 2 * ALL_ASKS; i++) {
        struct lookup_handle handle = ask(world, "a.example", &seen);
        assert_int_equal(library.count, i + 1);
        lookup_cancel(world->engine, handle);
        lookup_cancel(world->engine, handle);
        assert_int_equal(lookup_pending(world->engine), 0);
    }
    (void)ask(world, "b.example", &seen);
    turn(world);
    assert_int_equal(library.count, 2 * ALL_ASKS); /* it waits */
    end_ask(3, 0, NULL, 0, NULL);                  /* its place is free */
    int64_t end = clock_monotonic_ms() + PATIENCE_MS;
    while (library.count == 2 * ALL_ASKS && clock_monotonic_ms() < end)
        turn(world);
    assert_int_equal(library.count, 2 * ALL_ASKS + 1);
    assert_string_equal(library.asks[2 * ALL_ASKS].name, "b.example");
    assert_int_equal(seen.calls, 0);
    end_ask(2 * ALL_ASKS, 3, NULL, 0, NULL);
    run_until(world, &seen.calls, 1);
    assert_int_equal(seen.status, DNS_NXDOMAIN);
}

/* A place that is cancelled goes to the next one, by a turn of its own. */
static void a_cancelled_place_is_free(void **state)
{
    struct world *world = *state;
    struct seen seen = {0};
    configure(world, "dns.outstanding", "1");
    open_engine(world, 1);
    struct lookup_handle first = ask(world, "a.example", &seen);
    struct lookup_handle queued = ask(world, "b.example", &seen);
    (void)ask(world, "c.example", &seen);
    lookup_cancel(world->engine, queued);
    lookup_cancel(world->engine, first);
    assert_int_equal(library.count, 1);
    int64_t end = clock_monotonic_ms() + PATIENCE_MS;
    while (library.count == 1 && clock_monotonic_ms() < end)
        turn(world);
    assert_int_equal(library.count, 2);
    assert_string_equal(library.asks[1].name, "c.example");
    assert_int_equal(lookup_pending(world->engine), 1);
}

/* ---- time ---------------------------------------------------------------------------------------------- */

/* All attempts together; then the next one has its place, and the late result harms nobody. */
static void a_deadline_is_each_questions_own(void **state)
{
    struct world *world = *state;
    struct seen first = {0}, second = {0}, late = {0};
    configure(world, "dns.timeout", "100ms");
    configure(world, "dns.attempts", "3");
    configure(world, "dns.outstanding", "2");
    open_engine(world, 1);
    int64_t began = clock_monotonic_ms();
    (void)ask(world, "a.example", &first);
    while (clock_monotonic_ms() < began + 150)
        turn(world);
    int64_t later = clock_monotonic_ms();
    (void)ask(world, "b.example", &second);
    (void)ask(world, "c.example", &late); /* waits for a place */
    run_until(world, &first.calls, 1);
    assert_int_equal(first.status, DNS_TIMEOUT);
    assert_true(clock_monotonic_ms() - began >= 3 * SHORT_MS);
    if (clock_monotonic_ms() - later < 3 * SHORT_MS)
        assert_int_equal(second.calls, 0);
    assert_int_equal(library.count, 3);
    run_until(world, &second.calls, 1);
    assert_int_equal(second.status, DNS_TIMEOUT);
    assert_true(clock_monotonic_ms() - later >= 3 * SHORT_MS);
    end_ask(0, 3, NULL, 0, NULL);
    if (late.calls == 0)
        end_ask(2, 3, NULL, 0, NULL);
    run_until(world, &late.calls, 1);
    turn(world);
    assert_int_equal(first.calls + second.calls, 2);
}

/* Only what was ready when the turn began: a chain of answers from the cache keeps no socket waiting. */
static void a_turn_has_an_end(void **state)
{
    struct world *world = *state;
    struct seen seen = {.asks = "c.example"}, other = {0};
    library.at_once = true;
    open_engine(world, 1);
    (void)ask(world, "a.example", &seen);
    (void)ask(world, "b.example", &other);
    run_until(world, &seen.calls, 1);
    assert_int_equal(other.calls, 1);
    assert_int_equal(lookup_pending(world->engine), 1);
    run_until(world, &seen.calls, 2);
    assert_string_equal(world->order, "abc");
}

/* ---- the end ------------------------------------------------------------------------------------------- */

/* libunbound may call back while it is taken down, or not: nobody is called, nothing is left. */
static void it_goes_with_all_that_is_open(void **state)
{
    struct world *world = *state;
    for (unsigned round = 0; round < 2; round++) {
        struct seen seen = {0};
        memset(&library, 0, sizeof library);
        library.at_death = round == 1;
        configure(world, "dns.outstanding", "3");
        open_engine(world, 1);
        lookup_cancel(world->engine, ask(world, "a.example", &seen));
        for (unsigned i = 0; i < 5; i++)
            (void)ask(world, "b.example", &seen);
        end_ask(1, 3, NULL, 0, NULL); /* is ready */
        lookup_engine_destroy(world->engine);
        world->engine = NULL;
        turn(world);
        assert_int_equal(seen.calls, 0);
        assert_int_equal(event_base_get_num_events(world->base, EVENT_BASE_COUNT_ADDED), 0);
    }
    const char *why = NULL;
    library.none = true;
    assert_null(recursive_create(world->base, &world->config, &world->bounds, 1, &why));
    assert_string_equal(why, "a reason");
}

/* ---- what a trace is told ------------------------------------------------------------------------------ */

static void on_told(void *arg, const char *line)
{
    char *told = arg;
    (void)strcat(strcat(told, strstr(line, " ms  ") + strlen(" ms  ")), "\n");
}

static void what_is_followed_is_told(void **state)
{
    struct world *world = *state;
    char told[1024] = "", why[] = "a signature";
    struct trace trace = {.domain = "example", .write = on_told, .arg = told};
    struct seen seen = {.world = world};
    static struct wire wire;
    configure(world, "dns.outstanding", "1");
    open_engine(world, 1);
    lookup_follow(world->engine, &trace);
    (void)ask(world, "a.example", &seen);
    (void)lookup_start_last(world->engine, "b.example", DNS_TYPE_A, on_answer, &seen);
    lookup_follow(world->engine, NULL);
    fill(&wire, "a.example", DNS_TYPE_A);
    end_ask(0, 0, &wire, 1, why);
    run_until(world, &seen.calls, 1);
    end_ask(1, 3, NULL, 0, NULL);
    run_until(world, &seen.calls, 2);
    assert_string_equal(told, "a.example: A?\na.example: query queued -> asked\nb.example: A?\n"
                              "a.example: query asked -> ready\n"
                              "a.example: A: bogus, bogus, records: 0; a signature\n"
                              "b.example: query queued last -> asked\nb.example: query asked -> ready\n"
                              "b.example: A: nxdomain, unvalidated, records: 0\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_a_result_becomes),
        TEST(bogus_without_a_word),
        TEST(without_an_anchor_nothing_is_validated),
        TEST(what_is_not_taken_is_an_answer),
        TEST(a_loop_has_its_part),
        TEST(what_has_begun_goes_first),
        TEST(cancelled_asks_count_too),
        TEST(a_cancelled_place_is_free),
        TEST(a_deadline_is_each_questions_own),
        TEST(a_turn_has_an_end),
        TEST(it_goes_with_all_that_is_open),
        TEST(what_is_followed_is_told),
    };
    return cmocka_run_group_tests_name("recursive asks", tests, NULL, NULL);
}
