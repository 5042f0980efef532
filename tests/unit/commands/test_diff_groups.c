/* scanner/commands/diff_groups: the largest groups, whatever came in which order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "scanner/commands/diff_groups.h"

static void the_largest_are_told(void **state)
{
    struct diff_groups *groups = diff_groups_new();
    struct diff_group top[DIFF_GROUPS_SAID];
    char name[32];
    (void)state;
    assert_non_null(groups);
    assert_int_equal(diff_groups_top(groups, top), 0);
    /* Group i has i domains; those come one of each in turn. */
    for (unsigned round = 1; round <= 40; round++)
        for (unsigned i = round; i <= 40; i++) {
            (void)snprintf(name, sizeof name, "host%u.example", i);
            diff_groups_count(groups, name);
        }
    assert_int_equal(diff_groups_top(groups, top), DIFF_GROUPS_SAID);
    for (unsigned i = 0; i < DIFF_GROUPS_SAID; i++) {
        (void)snprintf(name, sizeof name, "host%u.example", 40 - i);
        assert_string_equal(top[i].name, name);
        assert_int_equal(top[i].domains, 40 - i);
    }
    assert_int_equal(diff_groups_others(groups), 0);
    diff_groups_free(groups);
}

static void one_domain_is_no_group(void **state)
{
    struct diff_groups *groups = diff_groups_new();
    struct diff_group top[DIFF_GROUPS_SAID];
    (void)state;
    assert_non_null(groups);
    diff_groups_count(groups, "c.example");
    diff_groups_count(groups, "b.example");
    diff_groups_count(groups, "a.example");
    diff_groups_count(groups, "b.example");
    diff_groups_count(groups, "a.example");
    assert_int_equal(diff_groups_top(groups, top), 2);
    assert_string_equal(top[0].name, "a.example"); /* of the same size by name */
    assert_string_equal(top[1].name, "b.example");
    diff_groups_free(groups);
    diff_groups_free(NULL);
}

static void past_the_most_they_are_counted_together(void **state)
{
    struct diff_groups *groups = diff_groups_new();
    struct diff_group top[DIFF_GROUPS_SAID];
    char name[32];
    (void)state;
    assert_non_null(groups);
    for (unsigned i = 0; i < DIFF_GROUPS_MOST + 5; i++) {
        (void)snprintf(name, sizeof name, "%u", i);
        diff_groups_count(groups, name);
    }
    diff_groups_count(groups, "7");
    assert_int_equal(diff_groups_others(groups), 5);
    assert_int_equal(diff_groups_top(groups, top), 1);
    assert_string_equal(top[0].name, "7");
    diff_groups_free(groups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_are_told),
        cmocka_unit_test(one_domain_is_no_group),
        cmocka_unit_test(past_the_most_they_are_counted_together),
    };
    return cmocka_run_group_tests_name("diff groups", tests, NULL, NULL);
}
