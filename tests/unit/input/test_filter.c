/* Which names are meant: input.only and input.except. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input/filter.h"

static char path[] = "/tmp/stsweep-filter-XXXXXX";

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    return fd < 0 ? 1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static const char *write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    return path;
}

static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *only, *except, *domain;
        bool passes;
    } rows[] = {
        {"", "", "a.example", true},
        {".example", "", "a.example", true},
        {".example", "", "example", true},
        {".example", "", "a.example.org", false},
        {".example", "", "notexample", false},
        {".de, .co.uk,example.org", "", "a.b.co.uk", true},
        {".de, .co.uk,example.org", "", "a.de", true},
        {".de, .co.uk,example.org", "", "example.org", true},
        {".de, .co.uk,example.org", "", "a.example.org", false},
        {".de, .co.uk,example.org", "", "a.uk", false},
        {".DE", "", "a.de", true},
        {".m\xc3\xbcnchen.de", "", "a.xn--mnchen-3ya.de", true},
        {"", "# all of one\n.example\nb.org\n", "a.example", false},
        {"", ".example\nb.org\n", "b.org", false},
        {"", ".example\nb.org\n", "a.b.org", true},
        {".org", ".example\nb.org\n", "b.org", false},
        {".org", ".example\nb.org\n", "c.org", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct filter *filter;
        char sha256[FILTER_SHA256_BYTES];
        struct buf why;
        buf_init(&why, 4096);
        const char *except = rows[i].except[0] == 0 ? "" : write_file(rows[i].except);
        assert_int_equal(filter_create(rows[i].only, except, &filter, sha256, &why), ERR_OK);
        assert_int_equal(why.len, 0);
        assert_int_equal(strlen(sha256), except[0] == 0 ? 0 : 64);
        if (filter_passes(filter, rows[i].domain) != rows[i].passes)
            fail_msg("row %zu: %s", i, rows[i].domain);
        filter_destroy(filter);
        buf_dispose(&why);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *only, *except, *why;
    } rows[] = {
        {".", "", "input.only: \".\": "},
        {".de,", "", "input.only: \"\": "},
        {"a..b", "", "input.only: \"a..b\": "},
        {".a\x1b[31m", "", "input.only: \".a?[31m\": "},
        {"a.\xe2\x80\xae..b\r", "", "input.only: \"a.???..b\": "},
        {"de", "", "write .de"},
        {".de .at", "", "input.only: \".de .at\": "},
        {"\xc2\x9b"
         "31m..b,.de",
         "", "input.only: \"??31m..b\": "},
        {"", "a.example\nno name at all\n", ":2: "},
        {"", "192.0.2.0/24\n", "it holds prefixes"},
        {"", "a.example\nAS64500\n",
         ":2: AS numbers belong in safety.optout: names of a list have no address yet"},
        {"", "/nowhere/at-all", "input.except: /nowhere/at-all: it does not exist"},
        {"", "/dev/null/file", "input.except: /dev/null/file: Not a directory"},
        {"", "/dev/null", "it is to be a file that can be read twice"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct filter *filter;
        char sha256[FILTER_SHA256_BYTES];
        struct buf why;
        buf_init(&why, 4096);
        const char *except =
            rows[i].except[0] == '/' || rows[i].except[0] == 0 ? rows[i].except : write_file(rows[i].except);
        enum error error = filter_create(rows[i].only, except, &filter, sha256, &why);
        if (error != ERR_CONFIG || strstr(buf_string(&why), rows[i].why) == NULL)
            fail_msg("row %zu: %s: %s", i, error_text(error), buf_string(&why));
        assert_null(filter);
        buf_dispose(&why);
    }
    filter_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
