/* Strata of a list, and how much of a list a sample takes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "scanner/facts/draw_size.h"
#include "scanner/facts/strata.h"

static void test_by_rank(void **state)
{
    (void)state;
    static const struct {
        uint32_t rank;
        const char *name;
    } rows[] = {
        {1, "1-1000"},
        {1000, "1-1000"},
        {1001, "1001-10000"},
        {10000, "1001-10000"},
        {10001, "10001-100000"},
        {100000, "10001-100000"},
        {100001, "100001-1000000"},
        {1000000, "100001-1000000"},
        {1000001, "1000001-"},
        {UINT32_MAX, "1000001-"},
        {0, "none"},
    };
    struct strata *strata = strata_create(STRATA_RANK);
    assert_non_null(strata);
    assert_int_equal(strata_count(strata), 6);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t index, found;
        assert_int_equal(strata_of(strata, "example.org", rows[i].rank, &index), ERR_OK);
        assert_string_equal(strata_name(strata, index), rows[i].name);
        assert_int_equal(strata_find(strata, rows[i].name, &found), ERR_OK);
        assert_int_equal(found, index);
    }
    assert_int_equal(strata_count(strata), 6);
    strata_destroy(strata);
}

/* They are numbered as they come; a label alone is the domain that it is the last of. */
static void test_by_tld(void **state)
{
    (void)state;
    static const struct {
        const char *domain;
        size_t index;
    } rows[] = {{"a.org", 0}, {"b.c.de", 1}, {"org", 0}, {"d.co.uk", 2}, {"e.ORG", 3}, {"xn--p1ai", 4}};
    struct strata *strata = strata_create(STRATA_TLD);
    size_t index;
    assert_non_null(strata);
    assert_int_equal(strata_find(strata, "org", &index), ERR_NOT_FOUND);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(strata_of(strata, rows[i].domain, 7, &index), ERR_OK);
        assert_int_equal(index, rows[i].index);
    }
    assert_int_equal(strata_count(strata), 5);
    assert_string_equal(strata_name(strata, 2), "uk");
    strata_destroy(strata);
}

static void test_there_are_so_many_at_most(void **state)
{
    (void)state;
    struct strata *strata = strata_create(STRATA_TLD);
    size_t index;
    assert_non_null(strata);
    for (unsigned i = 0; i < STRATA_MOST; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "a.x%u", i);
        assert_int_equal(strata_of(strata, name, 0, &index), ERR_OK);
        assert_int_equal(index, i);
    }
    assert_int_equal(strata_of(strata, "a.another", 0, &index), ERR_LIMIT);
    assert_int_equal(strata_of(strata, "b.x4999", 0, &index), ERR_OK);
    assert_int_equal(index, STRATA_MOST - 1);
    strata_destroy(strata);
}

static void test_none(void **state)
{
    (void)state;
    struct strata *strata = strata_create(STRATA_NONE);
    size_t index = 1;
    assert_int_equal(strata_of(strata, "a.org", 5, &index), ERR_OK);
    assert_int_equal(index, 0);
    assert_int_equal(strata_count(strata), 1);
    assert_string_equal(strata_name(strata, 0), "");
    assert_int_equal(strata_find(strata, "", &index), ERR_OK);
    strata_destroy(strata);
    strata_destroy(NULL);
}

static void test_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
        uint64_t names;
        uint32_t share;
    } rows[] = {
        {"", true, 0, 0},
        {"1", true, 1, 0},
        {"100000", true, 100000, 0},
        {"10000000", true, 10000000, 0},
        {"10000001", false, 0, 0},
        {"99999999999999999999999", false, 0, 0},
        {"0", false, 0, 0},
        {"1%", true, 0, 1000000},
        {"100%", true, 0, DRAW_WHOLE},
        {"0.5%", true, 0, 500000},
        {"12.25%", true, 0, 12250000},
        {"0.000001%", true, 0, 1},
        {"100.000000%", true, 0, DRAW_WHOLE},
        {"0%", false, 0, 0},
        {"0.000000%", false, 0, 0},
        {"0.0000001%", false, 0, 0},
        {"100.000001%", false, 0, 0},
        {"101%", false, 0, 0},
        {"%", false, 0, 0},
        {".5%", false, 0, 0},
        {"5.%", false, 0, 0},
        {"1 %", false, 0, 0},
        {"-1", false, 0, 0},
        {"1%%", false, 0, 0},
        {"1e5", false, 0, 0},
        {"100,000", false, 0, 0},
        {"1.5", false, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct draw_size size = {77, 77};
        if (draw_size_parse(rows[i].text, &size) != rows[i].good)
            fail_msg("\"%s\"", rows[i].text);
        if (rows[i].good && (size.names != rows[i].names || size.share != rows[i].share))
            fail_msg("\"%s\": %llu names, %u", rows[i].text, (unsigned long long)size.names, size.share);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_rank),
        cmocka_unit_test(test_by_tld),
        cmocka_unit_test(test_there_are_so_many_at_most),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
