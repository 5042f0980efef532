/* The set of ordinals: each is told from its neighbours, and what it costs is by how many there are, not by
 * how large they are. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/store/ordinals.h"

static size_t pages_of(const struct ordinals *ordinals)
{
    size_t pages = 0;
    for (size_t i = 0; i < ordinals->count; i++)
        pages += ordinals->pages[i] != NULL;
    return pages;
}

static void test_each_once(void **state)
{
    (void)state;
    static const uint64_t some[] = {0,
                                    1,
                                    63,
                                    64,
                                    8191,
                                    8192,
                                    ORDINALS_OF_PAGE - 1,
                                    ORDINALS_OF_PAGE,
                                    ORDINALS_OF_PAGE + 64,
                                    10000000,
                                    ORDINALS_CEILING / 2,
                                    ORDINALS_CEILING - 1};
    struct ordinals ordinals = {0};
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
        assert_false(ordinals_has(&ordinals, some[i]));
        assert_int_equal(ordinals_add(&ordinals, some[i]), ERR_OK);
        assert_true(ordinals_has(&ordinals, some[i]));
        assert_int_equal(ordinals_add(&ordinals, some[i]), ERR_EXISTS);
        assert_false(ordinals_has(&ordinals, some[i] + 2));
    }
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++)
        assert_true(ordinals_has(&ordinals, some[i]));
    ordinals_dispose(&ordinals);
    assert_false(ordinals_has(&ordinals, 0));
}

static void test_ceiling(void **state)
{
    (void)state;
    struct ordinals ordinals = {0};
    assert_int_equal(ordinals_add(&ordinals, ORDINALS_CEILING), ERR_LIMIT);
    assert_int_equal(ordinals_add(&ordinals, UINT64_MAX), ERR_LIMIT);
    assert_false(ordinals_has(&ordinals, UINT64_MAX));
    assert_null(ordinals.pages);
    ordinals_dispose(&ordinals);
}

static void test_cost_is_by_how_many(void **state)
{
    (void)state;
    struct ordinals far = {0}, row = {0};
    assert_int_equal(ordinals_add(&far, ORDINALS_CEILING - 1), ERR_OK);
    assert_int_equal(pages_of(&far), 1);
    assert_true(far.count * sizeof *far.pages <= 1024 * 1024);
    for (uint64_t i = 0; i < 4 * ORDINALS_OF_PAGE; i++)
        assert_int_equal(ordinals_add(&row, i), ERR_OK);
    assert_int_equal(pages_of(&row), 4);
    ordinals_dispose(&far);
    ordinals_dispose(&row);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_once),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_cost_is_by_how_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
