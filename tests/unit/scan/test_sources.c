/* scanner/scan/sources: how the lists of a scan are called in its records. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "scanner/scan/sources.h"

static void test_names(void **state)
{
    static const char *const paths[] = {"/home/me/tranco.csv", "umbrella.csv.gz", "old/tranco.csv", "-",
                                        "tranco.csv",          "a\x1b\xff.txt"};
    static const char *const names[] = {"tranco.csv", "umbrella.csv.gz", "tranco.csv#2",
                                        "-",          "tranco.csv#3",    "a??.txt"};
    struct sources sources;
    (void)state;
    assert_int_equal(sources_init(&sources, paths, 6), ERR_OK);
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(sources_name(&sources, i), names[i]);
    assert_null(sources_name(&sources, 6));
    sources_dispose(&sources);
}

static void test_one_list_says_nothing(void **state)
{
    static const char *const paths[] = {"tranco.csv"};
    struct sources sources;
    (void)state;
    assert_int_equal(sources_init(&sources, paths, 1), ERR_OK);
    assert_null(sources_name(&sources, 0));
    sources_dispose(&sources);
}

static void test_more_lists_than_can_be_said(void **state)
{
    static const char *paths[UINT16_MAX + 1];
    struct sources sources;
    (void)state;
    assert_int_equal(sources_init(&sources, paths, UINT16_MAX + 1), ERR_LIMIT);
    sources_dispose(&sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_one_list_says_nothing),
        cmocka_unit_test(test_more_lists_than_can_be_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
