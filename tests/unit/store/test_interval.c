/* Intervals of shares: known values, corrections, strata. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "output/store/interval.h"

static void assert_near(double found, double wanted, double by)
{
    if (fabs(found - wanted) > by)
        fail_msg("%.8f, not %.8f", found, wanted);
}

static struct interval of(uint64_t count, uint64_t sampled, uint64_t population)
{
    return interval_of(&(struct interval_part){count, sampled, population}, 1);
}

/* R. G. Newcombe, Statistics in Medicine 17 (1998), table I: Wilson's interval without continuity correction.
 * The population is so large that it corrects nothing. */
static void test_wilson_as_published(void **state)
{
    (void)state;
    static const struct {
        uint64_t count, sampled;
        double low, high;
    } rows[] = {{81, 263, 0.2553, 0.3662},
                {15, 148, 0.0624, 0.1605},
                {0, 20, 0.0000, 0.1611},
                {1, 29, 0.0061, 0.1718}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct interval found = of(rows[i].count, rows[i].sampled, UINT64_MAX);
        assert_near(found.share, (double)rows[i].count / (double)rows[i].sampled, 1e-12);
        assert_near(found.low, rows[i].low, 0.00005);
        assert_near(found.high, rows[i].high, 0.00005);
        /* Those that are without it lie where those with it do not. */
        struct interval other = of(rows[i].sampled - rows[i].count, rows[i].sampled, UINT64_MAX);
        assert_near(other.low, 1 - found.high, 1e-9);
        assert_near(other.high, 1 - found.low, 1e-9);
    }
}

/* 50 of 100, of 200: n counts as 100 * 199 / 100 = 199. By hand: centre 0.5, half
 * 1.959964 / (1 + 3.841459 / 199) * sqrt(0.25 / 199 + 3.841459 / (4 * 199^2)) = 0.068808. */
static void test_finite_population(void **state)
{
    (void)state;
    struct interval found = of(50, 100, 200);
    assert_near(found.low, 0.5 - 0.068808, 0.000002);
    assert_near(found.high, 0.5 + 0.068808, 0.000002);
    double before = 1;
    for (uint64_t population = 1 << 20; population > 100; population /= 2) {
        struct interval next = of(50, 100, population);
        assert_true(next.high - next.low < before);
        before = next.high - next.low;
    }
}

static void test_the_whole_is_a_point(void **state)
{
    (void)state;
    for (uint64_t population = 0; population <= 100; population += 50) {
        struct interval found = of(30, 100, population); /* fewer than were seen: as many as were seen */
        assert_near(found.low, 0.3, 1e-12);
        assert_near(found.high, 0.3, 1e-12);
    }
}

/* Nine of ten were seen and none has it: one in ten at most may. */
static void test_not_beyond_what_is_settled(void **state)
{
    (void)state;
    struct interval found = of(0, 9, 10);
    assert_near(found.low, 0, 1e-12);
    assert_true(found.high <= 0.1 + 1e-12);
    found = of(9, 9, 10);
    assert_true(found.low >= 0.9 - 1e-12);
    assert_near(found.high, 1, 1e-12);
}

static void test_nothing(void **state)
{
    (void)state;
    struct interval found = of(0, 0, 100);
    assert_near(found.low, 0, 0);
    assert_near(found.high, 1, 0);
    found = interval_of(NULL, 0);
    assert_near(found.high, 1, 0);
}

/* Sizes weigh, not samples: 10 of 100 in a part of 9,000, 60 of 100 in one of 1,000. A part of which nothing
 * is known counts for nothing. */
static void test_strata_weigh(void **state)
{
    (void)state;
    const struct interval_part parts[] = {{10, 100, 9000}, {60, 100, 1000}, {0, 0, 5000}};
    struct interval found = interval_of(parts, 3);
    assert_near(found.share, 0.9 * 0.1 + 0.1 * 0.6, 1e-12);
    /* By the formula, with n_h (N_h - 1) / (N_h - n_h) = 101.112360 and 111.0: the parts' intervals are
     * (0.055408, 0.173873) and (0.506993, 0.686317), so below is sqrt((0.9 * 0.044592)^2 + (0.1 *
     * 0.093007)^2) and above sqrt((0.9 * 0.073873)^2 + (0.1 * 0.086317)^2). */
    assert_near(found.low, 0.15 - 0.0411962, 0.000001);
    assert_near(found.high, 0.15 + 0.0670436, 0.000001);
}

/* What was seen in no part may be in the largest all the same. */
static void test_strata_without_any(void **state)
{
    (void)state;
    const struct interval_part parts[] = {{0, 100, 1000000}, {0, 100, 100}, {0, 100, 200}};
    struct interval found = interval_of(parts, 3), alone = interval_of(parts, 1);
    assert_near(found.low, 0, 1e-12);
    assert_near(found.high, alone.high, 0.0001);
    assert_true(found.high > 0.035);
}

static void test_strata_seen_whole(void **state)
{
    (void)state;
    const struct interval_part parts[] = {{10, 100, 100}, {60, 100, 100}};
    struct interval found = interval_of(parts, 2);
    assert_near(found.low, 0.35, 1e-12);
    assert_near(found.high, 0.35, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wilson_as_published),
        cmocka_unit_test(test_finite_population),
        cmocka_unit_test(test_the_whole_is_a_point),
        cmocka_unit_test(test_not_beyond_what_is_settled),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_strata_weigh),
        cmocka_unit_test(test_strata_without_any),
        cmocka_unit_test(test_strata_seen_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
