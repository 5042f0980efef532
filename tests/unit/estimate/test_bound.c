/* Tests that the bound of a scan is work over ceilings, and which ceiling binds. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "scanner/estimate/bound.h"

static const struct bound_limits limits = {.in_flight = 100,
                                           .dns_outstanding = 10,
                                           .smtp_live = 20,
                                           .policy_live = 5,
                                           .smtp = {.per_minute = 20, .at_a_time = 1},
                                           .https = {.per_minute = 300, .at_a_time = 4},
                                           .own_smtp = {.per_minute = 6000, .at_a_time = 20},
                                           .own_https = {.per_minute = 120000, .at_a_time = 100},
                                           .wait_ms = 60000,
                                           .loops = 2};

static void is_about(double found, double expected)
{
    if (fabs(found - expected) > 1e-6)
        fail_msg("%g, expected %g", found, expected);
}

static void test_each_term_is_its_work_over_its_ceiling(void **state)
{
    (void)state;
    static const struct {
        struct bound_work work;
        enum bound_term term;
        double seconds;
        const char *name;
    } rows[] = {
        {{.dns_ms = 50000}, BOUND_DNS, 5, "dns"},
        {{.flight_ms = 200000}, BOUND_FLIGHT, 2, "flight"},
        {{.smtp_ms = 60000}, BOUND_SMTP, 3, "smtp"},
        {{.fetch_ms = 10000}, BOUND_FETCH, 2, "fetch"},
        {{.slowest_ms = 9000}, BOUND_SLOWEST, 9, "slowest"},
        {{.cpu_ms = 7000}, BOUND_LOOPS, 3.5, "loops"},
        {{.crowd = 5}, BOUND_PACE, 12, "pace"}, /* the first at once, the others 3 s apart */
        {{.fetch_crowd = 31}, BOUND_HTTPS, 6, "https"},
        {{.own_crowd = 301}, BOUND_OWN_PACE, 3, "own_pace"},
        {{.own_fetch_crowd = 4001}, BOUND_OWN_HTTPS, 2, "own_https"},
        /* A session that outlasts its interval holds up the next. */
        {{.crowd = 5, .session_ms = 2900}, BOUND_PACE, 12, "pace"},
        {{.crowd = 5, .session_ms = 8000}, BOUND_PACE, 32, "pace"},
        {{.fetch_crowd = 31, .one_fetch_ms = 2000}, BOUND_HTTPS, 15, "https"}, /* four at a time */
        {{.own_crowd = 301, .own_ms = 900}, BOUND_OWN_PACE, 13.5, "own_pace"},
        {{.own_fetch_crowd = 4001, .own_ms = 900}, BOUND_OWN_HTTPS, 36, "own_https"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct bound bound;
        bound_of_work(&rows[i].work, &limits, &bound);
        assert_int_equal(bound.binds, rows[i].term);
        is_about(bound_seconds(&bound), rows[i].seconds);
        assert_string_equal(bound_name(bound.binds), rows[i].name);
    }
}

/* limits.wait: past it nobody queues. */
static void test_nobody_queues_past_the_wait(void **state)
{
    (void)state;
    struct bound bound;
    const struct bound_work work = {.dns_ms = 50000, .crowd = 1000};
    bound_of_work(&work, &limits, &bound);
    assert_int_equal(bound.binds, BOUND_PACE);
    is_about(bound_seconds(&bound), 5 + 60);
    /* But for addresses of one's own, where all wait. */
    const struct bound_work own = {.own_crowd = 10001, .own_fetch_crowd = 400001};
    bound_of_work(&own, &limits, &bound);
    is_about(bound.seconds[BOUND_OWN_PACE], 100);
    is_about(bound.seconds[BOUND_OWN_HTTPS], 200);
}

static void test_no_work_takes_no_time(void **state)
{
    (void)state;
    struct bound bound;
    const struct bound_work work = {.crowd = 1};
    bound_of_work(&work, &limits, &bound);
    is_about(bound_seconds(&bound), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_term_is_its_work_over_its_ceiling),
        cmocka_unit_test(test_nobody_queues_past_the_wait),
        cmocka_unit_test(test_no_work_takes_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
