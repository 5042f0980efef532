/* Gaps between two turns of a loop: what lived through one is told from what began after it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/base/clock.h"
#include "scanner/loop/pause.h"

static void test_turns_in_time_are_no_pause(void **state)
{
    struct pause pause = {0};
    (void)state;
    for (int64_t now = 1000000; now < 1100000; now += PAUSE_MS)
        assert_false(pause_turn(&pause, now)); /* the first has none before it */
    assert_false(pause_struck(&pause, 0));
    assert_int_equal(pause.count, 0);
}

static void test_a_gap_is_noticed_once(void **state)
{
    struct pause pause = {0};
    (void)state;
    (void)pause_turn(&pause, 1000000);
    assert_true(pause_turn(&pause, 1020000));
    assert_false(pause_turn(&pause, 1020001));
    assert_int_equal(pause.count, 1);
    assert_int_equal(pause.lasted_ms, 20000);
    assert_true(pause_struck(&pause, 999000));
    assert_true(pause_struck(&pause, 1019999));
    assert_false(pause_struck(&pause, 1020000)); /* it began when the gap was over */
    assert_true(pause_turn(&pause, 1020002 + PAUSE_MS));
    assert_true(pause_struck(&pause, 1020500));
}

static void test_the_clock_is_kept(void **state)
{
    (void)state;
    clock_keep();
    int64_t apart = clock_kept_ms() - clock_wall_ms();
    assert_true(apart > -CLOCK_STEP_MS && apart < CLOCK_STEP_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_turns_in_time_are_no_pause),
        cmocka_unit_test(test_a_gap_is_noticed_once),
        cmocka_unit_test(test_the_clock_is_kept),
    };
    return cmocka_run_group_tests_name("pause", tests, NULL, NULL);
}
