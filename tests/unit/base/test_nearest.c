/* Which known word a misspelt one is taken to be. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scanner/base/nearest.h"

static void distances(void **state)
{
    static const struct {
        const char *a, *b;
        size_t distance;
    } rows[] = {
        {"", "", 0},
        {"a", "", 1},
        {"", "abc", 3},
        {"check", "check", 0},
        {"chekc", "check", 1},
        {"chck", "check", 1},
        {"cheeck", "check", 1},
        {"chock", "check", 1},
        {"kcehc", "check", 3},
        {"", "", 0},
        {"", "abc", 3},
        {"abc", "", 3},
        {"abc", "abc", 0},
        {"abc", "abd", 1},
        {"abc", "ab", 1},
        {"abc", "xabc", 1},
        {"ab", "ba", 1},
        {"abcd", "acbd", 1},
        {"abcd", "badc", 2},
        {"abc", "cab", 2},
        {"kitten", "sitting", 3},
        {"ca", "abc", 3},
        {"saturday", "sunday", 3},
        {"abab", "baba", 2},
        {"xab", "yba", 2},
        {"timeout", "tiemout", 1},
        {"aab", "aba", 1},
        {"ab", "cb", 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (nearest_distance(rows[i].a, rows[i].b) != rows[i].distance ||
            nearest_distance(rows[i].b, rows[i].a) != rows[i].distance)
            fail_msg("%s, %s: %zu", rows[i].a, rows[i].b, nearest_distance(rows[i].a, rows[i].b));
}

static void one_is_named_if_it_is_near(void **state)
{
    static const char *const known[] = {"check", "scan", "show", "suggest"};
    static const struct {
        const char *word, *text;
    } rows[] = {
        {"chekc", "; the nearest known one is check"},
        {"sugest", "; the nearest known one is suggest"},
        {"sho", "; the nearest known one is show"},
        {"frobnicate", ""},
        {"", ""},
    };
    char text[NEAREST_TEXT_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct nearest nearest;
        nearest_begin(&nearest, rows[i].word);
        for (size_t j = 0; j < sizeof known / sizeof *known; j++)
            nearest_offer(&nearest, known[j]);
        assert_string_equal(nearest_text(&nearest, text), rows[i].text);
    }
}

static void long_words_are_cut(void **state)
{
    char longest[1000];
    char text[NEAREST_TEXT_BYTES];
    struct nearest nearest;
    (void)state;
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    nearest_begin(&nearest, longest);
    nearest_offer(&nearest, longest);
    assert_true(strlen(nearest_text(&nearest, text)) < NEAREST_TEXT_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances),
        cmocka_unit_test(one_is_named_if_it_is_near),
        cmocka_unit_test(long_words_are_cut),
    };
    return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
