/* output/report/html: nothing from outside is markup, hides or is lost; numbers as people read them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "output/report/html.h"

/* What a call writes. */
static char *written;
static size_t written_len;

static FILE *begin(void)
{
    free(written);
    written = NULL;
    FILE *out = open_memstream(&written, &written_len);
    assert_non_null(out);
    return out;
}

static const char *end(FILE *out)
{
    assert_int_equal(fclose(out), 0);
    return written;
}

static int drop(void **state)
{
    (void)state;
    free(written);
    written = NULL;
    return 0;
}

static void test_text(void **state)
{
    static const struct {
        const char *text, *html;
    } rows[] = {
        {"", ""},
        {"a.example", "a.example"},
        {"b\xc3\xbc"
         "cher",
         "b\xc3\xbc"
         "cher"},
        {"<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"\" onload=\"x", "&quot; onload=&quot;x"},
        {"' & '", "&#39; &amp; &#39;"},
        {"&lt;", "&amp;lt;"},
        {"\x1b[31mred", "\\x1B[31mred"},
        {"two\nlines\r", "two\\x0Alines\\x0D"},
        {"\xe2\x80\xaetxt.exe", "\\xE2\\x80\\xAEtxt.exe"},
        {"\xc2\x9b"
         "31m",
         "\\xC2\\x9B31m"},
        {"\xff\xfe", "\\xFF\\xFE"},
        {"\xed\xa0\x80", "\\xED\\xA0\\x80"},
        {"\xc3", "\\xC3"},
        {"\x7f", "\\x7F"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        FILE *out = begin();
        html_string(out, rows[i].text);
        assert_string_equal(end(out), rows[i].html);
    }
    FILE *out = begin();
    html_text(out, bytes_make("a\0b", 3));
    assert_string_equal(end(out), "a\\x00b");
}

static void test_count(void **state)
{
    static const struct {
        uint64_t count;
        const char *text;
    } rows[] = {{0, "0"},
                {7, "7"},
                {999, "999"},
                {1000, "1,000"},
                {100000, "100,000"},
                {1234567, "1,234,567"},
                {UINT64_MAX, "18,446,744,073,709,551,615"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        FILE *out = begin();
        html_count(out, rows[i].count);
        assert_string_equal(end(out), rows[i].text);
    }
}

static void test_share(void **state)
{
    static const struct {
        uint64_t part, whole;
        const char *text;
    } rows[] = {
        {0, 0, "-"},
        {0, 5, "0.0 %"},
        {5, 5, "100.0 %"},
        {1, 3, "33.3 %"},
        {1, 1000000, "under 0.1 %"},
        {999999, 1000000, "over 99.9 %"},
        {5, 10000, "0.1 %"},
        {49, 100000, "under 0.1 %"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        FILE *out = begin();
        html_share(out, rows[i].part, rows[i].whole);
        assert_string_equal(end(out), rows[i].text);
    }
}

static void test_command(void **state)
{
    static const struct {
        const char *dir, *html;
    } rows[] = {
        {"scan-2026-11", "<code>stsweep show scan-2026-11 --code mx</code>"},
        {"my scan", "<code>stsweep show &#39;my scan&#39; --code mx</code>"},
        {"it's", "<code>stsweep show &#39;it&#39;\\&#39;&#39;s&#39; --code mx</code>"},
        {"$(x);", "<code>stsweep show &#39;$(x);&#39; --code mx</code>"},
        {"", "<code>stsweep show &#39;&#39; --code mx</code>"},
        {"\u00e4", "<code>stsweep show &#39;\u00e4&#39; --code mx</code>"},
        {"M\u00e4rz's \u65e5",
         "<code>stsweep show &#39;M\u00e4rz&#39;\\&#39;&#39;s \u65e5&#39; --code mx</code>"},
        {"'", "<code>stsweep show &#39;&#39;\\&#39;&#39;&#39; --code mx</code>"},
        {"a\xff", "<code>stsweep show &#39;a\\xFF&#39; --code mx</code>"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        FILE *out = begin();
        html_command(out, rows[i].dir, "--code mx", NULL, 0);
        assert_string_equal(end(out), rows[i].html);
    }
}

static void test_command_with_flags(void **state)
{
    static const struct html_flag flags[] = {{"--except", "my list"}, {"--none", NULL}, {"--other", "a<b"}};
    (void)state;
    FILE *out = begin();
    html_command(out, "scan", "--code mx", flags, 3);
    assert_string_equal(end(out), "<code>stsweep show scan --code mx --except &#39;my list&#39; --other "
                                  "&#39;a&lt;b&#39;</code>");
}

static void test_bars_have_their_numbers_beside_them(void **state)
{
    static const struct html_bar bars[] = {{"<a>", "good", 1000}, {"b", "bad", 1}, {"c", "none", 0}};
    (void)state;
    FILE *out = begin();
    html_bars(out, "T & U", bars, 3, 1001);
    const char *svg = end(out);
    assert_non_null(strstr(svg, "<title>T &amp; U</title>"));
    assert_non_null(strstr(svg, "&lt;a&gt;</text><rect class=\"good\" x=\"150\" y=\"2\" width=\"400.0\""));
    assert_non_null(strstr(svg, ">1,000 (99.9 %)</text>"));
    assert_non_null(strstr(svg, "width=\"1.0\"")); /* what is not 0 is seen */
    assert_non_null(strstr(svg, ">0 (0.0 %)</text>"));
    out = begin();
    html_bars(out, "none", bars, 0, 0);
    assert_non_null(strstr(end(out), "<title>none</title>"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_text, drop),
        cmocka_unit_test_teardown(test_count, drop),
        cmocka_unit_test_teardown(test_share, drop),
        cmocka_unit_test_teardown(test_command, drop),
        cmocka_unit_test_teardown(test_command_with_flags, drop),
        cmocka_unit_test_teardown(test_bars_have_their_numbers_beside_them, drop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
