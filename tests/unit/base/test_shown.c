/* Texts of other people's: as part of a message, and as a cell of CSV. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "scanner/base/csv.h"
#include "scanner/base/shown.h"
#include "scanner/base/utf8.h"

static void a_text_that_may_be_shown_is_itself(void **state)
{
    static const char *const texts[] = {"", "/srv/lists/customers.csv", "/srv/\xc3\xbc/\xe2\x82\xac"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_ptr_equal(shown(texts[i]), texts[i]);
}

static void others_are_copied(void **state)
{
    char longest[SHOWN_BYTES + 100];
    const char *copies[SHOWN_AT_ONCE];
    char text[] = "a\nb";
    (void)state;
    assert_string_equal(shown("list\n\x1b[2J\xff.csv"), "list??[2J?.csv");
    assert_string_equal(shown("\xe2\x80\xaegnp"), "???gnp");
    for (size_t i = 0; i < SHOWN_AT_ONCE; i++) {
        text[0] = (char)('a' + i);
        copies[i] = shown(text);
    }
    for (size_t i = 0; i < SHOWN_AT_ONCE; i++)
        assert_true(copies[i][0] == (char)('a' + i) && strcmp(copies[i] + 1, "?b") == 0);
    memset(longest, 'x', sizeof longest);
    longest[0] = '\r';
    longest[sizeof longest - 1] = 0;
    assert_int_equal(strlen(shown(longest)), SHOWN_BYTES);
    assert_int_equal(shown(longest)[0], '?');
}

/* However long it may be, it ends where a character does. */
static void what_is_cut_ends_with_a_character(void **state)
{
    static const struct {
        const char *text;
        size_t most;
        const char *shown;
    } cases[] = {
        {"", 0, ""},
        {"abc", 0, ""},
        {"abc", 3, "abc"},
        {"abcd", 3, "abc"},
        {"ab\xc3\xbc", 4, "ab\xc3\xbc"},
        {"ab\xc3\xbc", 3, "ab"},
        {"ab\xc3\xbc"
         "d",
         4, "ab\xc3\xbc"},
        {"\xe2\x82\xac\xe2\x82\xac", 6, "\xe2\x82\xac\xe2\x82\xac"},
        {"\xe2\x82\xac\xe2\x82\xac", 5, "\xe2\x82\xac"},
        {"\xe2\x82\xac\xe2\x82\xac", 4, "\xe2\x82\xac"},
        {"\xe2\x82\xac\xe2\x82\xac", 3, "\xe2\x82\xac"},
        {"\xe2\x82\xac", 2, ""},
        {"x\xf0\x9f\x93\xa8", 4, "x"},
        {"x\xf0\x9f\x93\xa8", 2, "x"},
        {"x\xf0\x9f\x93\xa8", 5, "x\xf0\x9f\x93\xa8"},
        {"\xff\xff\xff\xff", 3, "???"}, /* no UTF-8: each byte by itself */
        {"a\xe2\x82", 2, "a?"},         /* cut already */
        {"a\xe2\x80\xae", 2, "a"},      /* nothing is left of what would be hidden */
        {"\n\xc3\xbc\xc3\xbc", 4, "?\xc3\xbc"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(shown_within(cases[i].text, cases[i].most), cases[i].shown);
    assert_ptr_equal(shown_within(cases[2].text, 3), cases[2].text);
}

/* The ceiling of copies cuts no character either, wherever it falls. */
static void the_longest_copy_ends_with_a_character(void **state)
{
    char text[2 * SHOWN_BYTES];
    (void)state;
    for (size_t before = 1; before <= 4; before++) {
        memset(text, '\r', before);
        for (size_t at = before; at + 4 < sizeof text; at += 4)
            memcpy(text + at, "\xf0\x9f\x93\xa8", 5);
        const char *copy = shown(text);
        assert_int_equal(strlen(copy), before + (SHOWN_BYTES - before) / 4 * 4);
        assert_int_equal(utf8_find_fault(bytes_of(copy)), strlen(copy));
        assert_ptr_equal(strchr(copy + before, '?'), NULL);
    }
}

static void what_nobody_sees(void **state)
{
    static const struct {
        const char *text;
        uint32_t code;
        size_t len;
    } cases[] = {
        {"\t", 0x09, 1},
        {"\xcd\x8f", 0x34F, 2},
        {"\xe1\x85\x9f", 0x115F, 3},
        {"\xe1\xa0\x8e", 0x180E, 3},
        {"\xe3\x85\xa4", 0x3164, 3},
        {"\xef\xb8\x8f", 0xFE0F, 3},
        {"\xef\xbe\xa0", 0xFFA0, 3},
        {"\xef\xb7\x90", 0xFDD0, 3},
        {"\xef\xbf\xbf", 0xFFFF, 3},
        {"\xf0\x9f\xbf\xbe", 0x1FFFE, 4},
        {"\xf0\x9d\x85\xb3", 0x1D173, 4},
        {"", 0, 0},
        {"a", 0, 0},
        {"\xef\xbf\xbd", 0, 0},     /* the replacement character */
        {"\xf0\x9f\xbf\xbd", 0, 0}, /* not assigned, and no noncharacter */
        {"\xed\xa0\x80", 0, 0},     /* no UTF-8 */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t code = 0;
        assert_int_equal(utf8_hidden_len(bytes_of(cases[i].text), &code), cases[i].len);
        if (cases[i].len > 0)
            assert_int_equal(code, cases[i].code);
    }
}

static void cells_of_csv(void **state)
{
    static const struct {
        const char *cell;
        bool is_formula, is_quoted;
    } cases[] = {
        {"", false, false},
        {"mx.example", false, false},
        {"1=1", false, false},
        {"a b", false, false},
        {"a,b", false, true},
        {"a;b", false, true},
        {"a\tb", false, true},
        {"say \"ok\"", false, true},
        {"a\nb", false, true},
        {"=1", true, true},
        {"+1", true, true},
        {"-1", true, true},
        {"@a", true, true},
        {"\ta", true, true},
        {"\ra", true, true},
        {"\na", true, true},
        {" a", false, false},
        {"  =1", true, true},
        {"\xc2\xa0=1", true, true},
        {"\xe3\x80\x80@1", true, true},
        {"\v\f=1", true, true},
        {"\xef\xbc\x9d"
         "1",
         true, true},
        {"\xef\xbc\x8b"
         "1",
         true, true},
        {"\xef\xbc\x8d"
         "1",
         true, true},
        {"\xef\xbc\xa0"
         "1",
         true, true},
        {"\xef\xbc", false, false},
        {" ", false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct csv_form form = csv_form_of(bytes_of(cases[i].cell));
        assert_int_equal(form.is_formula, cases[i].is_formula);
        assert_int_equal(form.is_quoted, cases[i].is_quoted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_that_may_be_shown_is_itself),
        cmocka_unit_test(others_are_copied),
        cmocka_unit_test(what_is_cut_ends_with_a_character),
        cmocka_unit_test(the_longest_copy_ends_with_a_character),
        cmocka_unit_test(what_nobody_sees),
        cmocka_unit_test(cells_of_csv),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
