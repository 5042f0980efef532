/* When is it us: shares, false alarms, recovery, the tail; port 25 that vanishes. Time is turned by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/machine/outage.h"

static const struct outage_settings SETTINGS = {
    .share_percent = 50, .least = 200, .window_ms = 10000, .prompt_ms = 700, .tail_ms = 9000};

/* A thing that happens: so many lookups in steps of 100 ms, or an answer to the known questions. */
enum step_kind { LOOKUPS, GOOD, BAD };

struct step {
    enum step_kind kind;
    int64_t ms;              /* how long the lookups go on; before an answer: how long nothing happens */
    unsigned ended, failed;  /* a second */
    enum outage_state state; /* then */
};

struct story {
    const char *name;
    uint32_t share_percent;
    struct step steps[10];
    size_t count;
};

static const struct story STORIES[] = {
    {"all is well", 50, {{LOOKUPS, 60000, 1000, 50, OUTAGE_CALM}}, 1},
    {"half of all fails and no more", 50, {{LOOKUPS, 60000, 1000, 500, OUTAGE_CALM}}, 1},
    {"too few to conclude from", 50, {{LOOKUPS, 60000, 10, 9, OUTAGE_CALM}}, 1},
    {"all of few", 50, {{LOOKUPS, 1000, 10, 10, OUTAGE_CALM}, {LOOKUPS, 2000, 10, 10, OUTAGE_SUSPECTED}}, 2},
    {"switched off", 0, {{LOOKUPS, 60000, 1000, 1000, OUTAGE_CALM}}, 1},
    {"a share of one's own",
     80,
     {{LOOKUPS, 60000, 1000, 790, OUTAGE_CALM}, {LOOKUPS, 12000, 1000, 900, OUTAGE_SUSPECTED}},
     2},
    {"a list of the dead is no outage",
     50,
     {{LOOKUPS, 300, 1000, 900, OUTAGE_SUSPECTED},
      {GOOD, 50, 0, 0, OUTAGE_CALM},
      {LOOKUPS, 9000, 1000, 900, OUTAGE_CALM}, /* not asked about at once again */
      {LOOKUPS, 2000, 1000, 900, OUTAGE_SUSPECTED}},
     4},
    {"a short outage, over before it is certain",
     50,
     {{LOOKUPS, 400, 1000, 1000, OUTAGE_SUSPECTED},
      {GOOD, 2000, 0, 0, OUTAGE_OVER}, /* the answer took its time */
      {LOOKUPS, 8000, 1000, 1000, OUTAGE_OVER},
      {LOOKUPS, 2000, 1000, 10, OUTAGE_CALM}},
     4},
    {"an outage, and its end",
     50,
     {{LOOKUPS, 20000, 1000, 10, OUTAGE_CALM},
      {LOOKUPS, 900, 1000, 1000, OUTAGE_SUSPECTED},
      {BAD, 3000, 0, 0, OUTAGE_ON},
      {LOOKUPS, 30000, 1000, 1000, OUTAGE_ON},
      {GOOD, 1000, 0, 0, OUTAGE_ON}, /* once may be chance */
      {GOOD, 1000, 0, 0, OUTAGE_OVER},
      {LOOKUPS, 8000, 1000, 1000, OUTAGE_OVER}, /* those that were under way */
      {LOOKUPS, 2000, 1000, 10, OUTAGE_CALM},
      {LOOKUPS, 20000, 1000, 10, OUTAGE_CALM}},
     9},
    {"the next one begins before the tail of the last has ended",
     50,
     {{LOOKUPS, 1000, 1000, 1000, OUTAGE_SUSPECTED},
      {BAD, 1000, 0, 0, OUTAGE_ON},
      {GOOD, 1000, 0, 0, OUTAGE_ON},
      {GOOD, 1000, 0, 0, OUTAGE_OVER},
      {LOOKUPS, 8000, 1000, 10, OUTAGE_OVER},
      {LOOKUPS, 900, 1000, 1000, OUTAGE_OVER},
      {LOOKUPS, 100, 1000, 1000, OUTAGE_SUSPECTED}, /* and not calm first */
      {BAD, 1000, 0, 0, OUTAGE_ON}},
     8},
    {"a tail that few are left to fail in",
     50,
     {{LOOKUPS, 1000, 1000, 1000, OUTAGE_SUSPECTED},
      {GOOD, 2000, 0, 0, OUTAGE_OVER},
      {LOOKUPS, 8000, 1000, 10, OUTAGE_OVER},
      {LOOKUPS, 1000, 10, 10, OUTAGE_CALM}},
     4},
    {"it comes and goes",
     50,
     {{LOOKUPS, 1000, 1000, 1000, OUTAGE_SUSPECTED},
      {BAD, 1000, 0, 0, OUTAGE_ON},
      {GOOD, 1000, 0, 0, OUTAGE_ON},
      {BAD, 1000, 0, 0, OUTAGE_ON},
      {GOOD, 1000, 0, 0, OUTAGE_ON},
      {GOOD, 1000, 0, 0, OUTAGE_OVER}},
     6},
};

static enum outage_state go_on(struct outage *outage, const struct step *step, struct outage_counts *counts,
                               int64_t *now)
{
    enum outage_state state = outage->state;
    if (step->kind != LOOKUPS) {
        *now += step->ms;
        assert_true(outage_wants_answers(outage, *now));
        return outage_answered(outage, step->kind == GOOD, *now);
    }
    for (int64_t ms = 0; ms < step->ms; ms += 100) {
        *now += 100;
        counts->ended += step->ended / 10;
        counts->failed += step->failed / 10;
        state = outage_count(outage, counts, *now);
    }
    return state;
}

static void test_stories(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof STORIES / sizeof STORIES[0]; i++) {
        struct outage outage;
        struct outage_settings settings = SETTINGS;
        struct outage_counts counts = {0, 0};
        int64_t now = 1000000;
        settings.share_percent = STORIES[i].share_percent;
        outage_init(&outage, &settings);
        for (size_t j = 0; j < STORIES[i].count; j++) {
            enum outage_state then = go_on(&outage, &STORIES[i].steps[j], &counts, &now);
            if (then != STORIES[i].steps[j].state)
                fail_msg("%s, step %zu: state %d", STORIES[i].name, j + 1, (int)then);
        }
    }
}

static void test_questions_have_their_pauses(void **state)
{
    (void)state;
    struct outage outage;
    struct outage_counts none = {0, 0}, counts = {1000, 1000};
    outage_init(&outage, &SETTINGS);
    assert_false(outage_wants_answers(&outage, 5000));
    (void)outage_count(&outage, &none, 5000);
    assert_int_equal(outage_count(&outage, &counts, 5100), OUTAGE_SUSPECTED);
    assert_true(outage_wants_answers(&outage, 5100)); /* a suspicion is looked into at once */
    (void)outage_answered(&outage, false, 5200);
    assert_false(outage_wants_answers(&outage, 5200 + OUTAGE_PAUSE_MS - 1));
    assert_true(outage_wants_answers(&outage, 5200 + OUTAGE_PAUSE_MS));
}

/* The window forgets in time, whatever the rhythm of the calls. */
static void test_window(void **state)
{
    (void)state;
    static const int64_t rhythms[] = {1, 7, 100, 333, 500, 4000};
    for (size_t i = 0; i < sizeof rhythms / sizeof rhythms[0]; i++) {
        struct outage_window window;
        struct outage_counts counts = {0, 0}, late = {0, 0};
        outage_window_init(&window, 10000);
        for (int64_t now = 0; now < 60000; now += rhythms[i]) {
            counts.ended = (uint64_t)now; /* one a millisecond */
            outage_window_add(&window, &counts, now);
            late = outage_window_since(&window, &counts, UINT64_MAX);
            assert_true(late.ended <= 10000 + 10000 / 30 + 2 * (uint64_t)rhythms[i]);
        }
        assert_true(late.ended >= 10000 - (uint64_t)rhythms[i]);
    }
}

/* So many begin and end one after the other. */
static void connections(struct port_outage *port, unsigned count, bool made)
{
    for (unsigned i = 0; i < count; i++)
        port_outage_end(port, port_outage_begin(port), made);
}

static void test_port25(void **state)
{
    (void)state;
    struct port_outage port = {0};
    connections(&port, 3 * PORT_LEAST, false); /* nobody ever answered: nothing was lost */
    assert_false(port.in_doubt || port.lost);
    port = (struct port_outage){0};
    connections(&port, 50, true);
    connections(&port, OUTAGE_FEW - 1, false);
    assert_false(port.in_doubt);
    connections(&port, 1, false);
    assert_true(port.in_doubt);
    connections(&port, PORT_LEAST - OUTAGE_FEW - 1, false);
    assert_false(port.lost);
    connections(&port, 1, false);
    assert_true(port.lost && port.in_doubt);
    connections(&port, 500, false);
    connections(&port, PORT_FOUND - 1, true);
    assert_true(port.lost);
    connections(&port, 5, false);
    connections(&port, 1, true);
    assert_false(port.in_doubt || port.lost);
    connections(&port, PORT_LEAST, false);
    assert_false(port.lost); /* a pass in which hardly any was made */
}

/* The silent are told from what began before, and from a crowd under way. */
static void test_doubt_is_about_what_began_later(void **state)
{
    (void)state;
    struct port_outage port = {0};
    uint64_t first = port_outage_begin(&port);
    uint64_t second = port_outage_begin(&port);
    for (int i = 2; i < 10 * OUTAGE_FEW; i++)
        (void)port_outage_begin(&port);
    port_outage_end(&port, second, true);
    port_outage_end(&port, first, false);
    assert_false(port.in_doubt); /* one that began after it was made */
    port_outage_end(&port, second + 1, false);
    assert_true(port.in_doubt); /* of the crowd that began later none was, and it had the same time */
    port_outage_end(&port, second + 5, true);
    assert_false(port.in_doubt);
    port_outage_end(&port, second + 2, false);
    port_outage_end(&port, second + 3, true); /* it ends late, and says nothing new */
    assert_false(port.in_doubt);
    assert_int_equal(port.good, second + 5);
    assert_int_equal(port.failed, 0);
}

/* Those that failed are tried again: that they mostly fail again is usual. */
static void test_port25_in_a_further_pass(void **state)
{
    (void)state;
    struct port_outage port = {0};
    connections(&port, 200, true);
    port_outage_new_pass(&port);
    connections(&port, 1000, false);
    assert_false(port.in_doubt || port.lost);
    connections(&port, 500, true);
    connections(&port, PORT_LEAST, false);
    assert_true(port.lost);
    port_outage_new_pass(&port); /* lost it stays, until some are made */
    assert_true(port.lost && !port.in_doubt);
    connections(&port, 1000, false);
    assert_true(port.lost);
    connections(&port, PORT_FOUND, true);
    assert_false(port.lost);
}

/* One connection without a route is enough; over it is when for a while there was none, and others were made.
 */
static void test_route(void **state)
{
    (void)state;
    struct route_outage route = {0};
    assert_false(route_outage_count(&route, 0, 100, 1000));
    assert_true(route_outage_count(&route, 1, 100, 1100));
    assert_true(route_outage_count(&route, 1, 101, 1200)); /* it had begun before */
    assert_true(route_outage_count(&route, 2, 101, 2000));
    assert_true(route_outage_count(&route, 2, 101, 2000 + ROUTE_CALM_MS)); /* nobody tried */
    assert_false(route_outage_count(&route, 2, 102, 2000 + ROUTE_CALM_MS));
    assert_false(route_outage_count(&route, 2, 500, 9000));
    assert_true(route_outage_count(&route, 3, 500, 9100));
}

/* Each boundary to the millisecond: the pause after a false alarm, the tail, the promptness of an answer. */
static void test_boundaries(void **state)
{
    (void)state;
    struct outage outage;
    struct outage_counts none = {0, 0}, counts = {300, 300};
    const int64_t start = 1000000;
    for (int late = 0; late < 2; late++) {
        outage_init(&outage, &SETTINGS);
        assert_int_equal(outage_count(&outage, &none, start), OUTAGE_CALM);
        assert_int_equal(outage_count(&outage, &counts, start + 100), OUTAGE_SUSPECTED);
        int64_t answered = start + 100 + SETTINGS.prompt_ms + late;
        assert_int_equal(outage_answered(&outage, true, answered), late ? OUTAGE_OVER : OUTAGE_CALM);
        none = counts = (struct outage_counts){300, 300};
        assert_int_equal(outage_count(&outage, &none, answered + 1000), late ? OUTAGE_OVER : OUTAGE_CALM);
        counts = (struct outage_counts){600, 600};
        int64_t again = answered + (late ? SETTINGS.tail_ms : SETTINGS.window_ms);
        assert_int_equal(outage_count(&outage, &counts, again - 1), late ? OUTAGE_OVER : OUTAGE_CALM);
        assert_int_equal(outage_count(&outage, &counts, again), OUTAGE_SUSPECTED);
        none = (struct outage_counts){0, 0};
        counts = (struct outage_counts){300, 300};
    }
}

/* The shares, to the one lookup: more than the share of many, 95 of 100 of few. */
static void test_shares(void **state)
{
    static const struct {
        uint64_t ended, failed;
        enum outage_state state;
    } rows[] = {
        {200, 100, OUTAGE_CALM},
        {200, 101, OUTAGE_SUSPECTED},
        {199, 150, OUTAGE_CALM},
        {1000, 500, OUTAGE_CALM},
        {1000, 501, OUTAGE_SUSPECTED},
        {OUTAGE_FEW, OUTAGE_FEW * 95 / 100, OUTAGE_FEW * 95 % 100 == 0 ? OUTAGE_SUSPECTED : OUTAGE_CALM},
        {OUTAGE_FEW, OUTAGE_FEW, OUTAGE_SUSPECTED},
        {OUTAGE_FEW - 1, OUTAGE_FEW - 1, OUTAGE_CALM},
        {100, 94, OUTAGE_CALM},
        {100, 95, OUTAGE_SUSPECTED}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct outage outage;
        struct outage_counts counts = {0, 0};
        outage_init(&outage, &SETTINGS);
        (void)outage_count(&outage, &counts, 5000);
        counts = (struct outage_counts){rows[i].ended, rows[i].failed};
        if (outage_count(&outage, &counts, 5100) != rows[i].state)
            fail_msg("row %zu", i);
    }
}

/* A sample that is as old as the window is long is the beginning; none stands nearer than a thirtieth of it.
 */
static void test_samples(void **state)
{
    (void)state;
    enum { APART = 10000 / (OUTAGE_SAMPLES - 2) };
    struct outage_window window;
    outage_window_init(&window, 10000);
    for (uint64_t at = 0; at <= 3; at++) {
        const struct outage_counts counts = {at * 10, at};
        outage_window_add(&window, &counts, (int64_t)at * APART - (at == 1));
    }
    assert_int_equal(window.count, 3); /* the second came a millisecond too soon */
    const struct outage_counts now = {100, 9};
    struct outage_counts late = outage_window_since(&window, &now, 0);
    assert_int_equal(late.ended, 0);
    late = outage_window_since(&window, &now, 1);
    assert_int_equal(late.ended, 70);
    assert_int_equal(late.failed, 6);
    late = outage_window_since(&window, &now, 70);
    assert_int_equal(late.ended, 70);
    late = outage_window_since(&window, &now, 71);
    assert_int_equal(late.ended, 80);
    outage_window_add(&window, &now, 10000 + 2 * APART - 1);
    late = outage_window_since(&window, &now, UINT64_MAX);
    assert_int_equal(late.ended, 100);
    outage_window_add(&window, &now, 10000 + 2 * APART);
    late = outage_window_since(&window, &now, UINT64_MAX);
    assert_int_equal(late.ended, 80);
    assert_int_equal(late.failed, 7);
    outage_window_init(&window, 10000); /* of two the older one goes as well */
    for (uint64_t at = 0; at < 2; at++)
        outage_window_add(&window, &(struct outage_counts){at * 10, at}, (int64_t)at * APART);
    outage_window_add(&window, &now, APART + 10000);
    late = outage_window_since(&window, &now, UINT64_MAX);
    assert_int_equal(late.ended, 90);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stories),
        cmocka_unit_test(test_questions_have_their_pauses),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_port25),
        cmocka_unit_test(test_doubt_is_about_what_began_later),
        cmocka_unit_test(test_port25_in_a_further_pass),
        cmocka_unit_test(test_route),
        cmocka_unit_test(test_boundaries),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
