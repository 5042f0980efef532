/* When is it us: shares, false alarms, recovery, the tail; port 25 that vanishes. Time is turned by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/outage.h"

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

static bool connections(struct port_outage *port, struct outage_counts *counts, int64_t *now, int seconds,
                        unsigned ended, unsigned failed)
{
    bool lost = port->lost;
    for (int i = 0; i < seconds; i++) {
        *now += 1000;
        counts->ended += ended;
        counts->failed += failed;
        lost = port_outage_count(port, counts, *now);
    }
    return lost;
}

static void test_port25(void **state)
{
    (void)state;
    struct port_outage port;
    struct outage_counts counts = {0, 0};
    int64_t now = 0;
    port_outage_init(&port, 10000);
    assert_false(
        connections(&port, &counts, &now, 30, 100, 100)); /* nobody ever answered: nothing was lost */
    port_outage_init(&port, 10000);
    counts = (struct outage_counts){0, 0};
    assert_false(connections(&port, &counts, &now, 60, 50, 20));
    assert_false(
        connections(&port, &counts, &now, 8, 50, 50)); /* the window still holds some that were made */
    assert_true(connections(&port, &counts, &now, 6, 50, 50));
    assert_true(connections(&port, &counts, &now, 60, 50, 50));
    assert_false(connections(&port, &counts, &now, 10, 50, 20));
}

/* Only what began after the last that went well, and only where enough did. */
static void test_silence(void **state)
{
    (void)state;
    struct port_silence silence = {0};
    uint64_t good = port_silence_begin(&silence);
    port_silence_break(&silence, good);
    uint64_t first = port_silence_begin(&silence);
    for (int i = 2; i < OUTAGE_FEW; i++)
        (void)port_silence_begin(&silence);
    assert_false(port_silence_doubts(&silence, first));
    uint64_t last = port_silence_begin(&silence);
    assert_true(port_silence_doubts(&silence, first));
    assert_true(port_silence_doubts(&silence, last));
    assert_false(port_silence_doubts(&silence, good));
    port_silence_break(&silence, last);
    port_silence_break(&silence, good); /* it ends late, and says nothing new */
    assert_false(port_silence_doubts(&silence, first));
    for (int i = 0; i < OUTAGE_FEW; i++)
        (void)port_silence_begin(&silence);
    assert_false(port_silence_doubts(&silence, first));
    assert_true(port_silence_doubts(&silence, last + 1));
}

/* Those that failed are tried again: that they mostly fail again is usual. */
static void test_port25_in_a_further_pass(void **state)
{
    (void)state;
    struct port_outage port;
    struct outage_counts counts = {0, 0};
    int64_t now = 0;
    port_outage_init(&port, 10000);
    (void)connections(&port, &counts, &now, 60, 50, 20);
    port_outage_new_pass(&port, &counts);
    assert_false(connections(&port, &counts, &now, 60, 50, 50));
    assert_false(port.usual);
    (void)connections(&port, &counts, &now, 60, 50, 20);
    assert_true(connections(&port, &counts, &now, 20, 50, 50));
    port_outage_new_pass(&port, &counts); /* lost it stays, until some are made */
    assert_true(connections(&port, &counts, &now, 20, 50, 50));
    assert_false(connections(&port, &counts, &now, 10, 50, 20));
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stories), cmocka_unit_test(test_questions_have_their_pauses),
        cmocka_unit_test(test_window),  cmocka_unit_test(test_port25),
        cmocka_unit_test(test_silence), cmocka_unit_test(test_port25_in_a_further_pass),
        cmocka_unit_test(test_route),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
