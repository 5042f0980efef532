/* What a list of public suffixes says is not kept for another list. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "scanner/facts/suffix.h"

/* Loads a list with one rule. */
static psl_ctx_t *list_of(char *rule)
{
    FILE *file = fmemopen(rule, strlen(rule), "r");
    assert_non_null(file);
    psl_ctx_t *list = psl_load_fp(file);
    (void)fclose(file);
    assert_non_null(list);
    return list;
}

static void another_list_has_its_own_answers(void **state)
{
    char longest[] = "a-name-that-is-too-long-to-be-kept.another-label-of-it.example";
    psl_ctx_t *first = list_of((char[]){"b.example\n"}), *second = list_of(longest);
    bool is_suffix;
    (void)state;
    suffix_use(first);
    assert_string_equal(suffix_of("a.b.example", &is_suffix), "b.example");
    assert_string_equal(suffix_of("b.example", &is_suffix), "b.example");
    assert_true(is_suffix);
    suffix_use(second);
    assert_null(suffix_of("a.b.example", &is_suffix));
    assert_string_equal(suffix_of(longest, &is_suffix), longest);
    assert_true(is_suffix);
    suffix_use(NULL);
    assert_null(suffix_of("b.example", &is_suffix));
    psl_free(first);
    psl_free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(another_list_has_its_own_answers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
