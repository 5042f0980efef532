/* Tests how a scan without a name is named, found again, and what command goes on with it. */
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "scanner/scan/naming.h"

static const int64_t NOON = INT64_C(1796040000000); /* 2026-11-30T12:00:00Z */

static int enter(void **state)
{
    (void)state;
    char place[] = "/tmp/naming.XXXXXX";
    return setenv("TZ", "UTC", 1) == 0 && mkdtemp(place) != NULL && chdir(place) == 0 ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

static int leave(void **state)
{
    (void)state;
    char place[256];
    if (getcwd(place, sizeof place) == NULL || strncmp(place, "/tmp/naming.", 12) != 0 || chdir("/") != 0)
        return -1;
    return nftw(place, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_scan(const char *dir, const char *state, const char *inputs)
{
    char path[64];
    (void)mkdir(dir, 0755);
    (void)snprintf(path, sizeof path, "%s/meta.json", dir);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fprintf(file, "{\"state\": \"%s\", \"inputs\": [%s]}\n", state, inputs);
    assert_int_equal(fclose(file), 0);
}

static void test_a_directory_is_named_by_the_day(void **state)
{
    (void)state;
    char name[NAMING_BYTES];
    struct buf why;
    buf_init(&why, 4096);
    assert_int_equal(naming_new(NOON, name, &why), ERR_OK);
    assert_string_equal(name, "scan-2026-11-30");
    assert_int_equal(mkdir(name, 0755), 0);
    assert_int_equal(naming_new(NOON, name, &why), ERR_OK);
    assert_string_equal(name, "scan-2026-11-30-2");
    assert_int_equal(symlink("nowhere", name), 0); /* whatever is in the way */
    assert_int_equal(naming_new(NOON, name, &why), ERR_OK);
    assert_string_equal(name, "scan-2026-11-30-3");
    buf_dispose(&why);
}

static enum error find(const char *const *files, size_t count, const char *expected, const char *words)
{
    char name[NAMING_BYTES] = "";
    struct buf why;
    buf_init(&why, 4096);
    enum error error = naming_unfinished(files, count, name, &why);
    if (error == ERR_OK)
        assert_string_equal(name, expected);
    else if (strstr(buf_string(&why), words) == NULL)
        fail_msg("%s: not in: %s", words, buf_string(&why));
    buf_dispose(&why);
    return error;
}

static void test_the_one_that_is_not_at_its_end_is_found(void **state)
{
    (void)state;
    const char *const list[] = {"list"}, *const two[] = {"list", "other"}, *const other[] = {"other"};
    assert_int_equal(find(list, 1, NULL, "begin anew"), ERR_NOT_FOUND);
    make_scan("scan-1", "done", "{\"path\": \"list\"}");
    make_scan("scan-2", "stopped", "{\"path\": \"list\"}, {\"path\": \"other\"}");
    make_scan("scan-3", "scanning", "{\"path\": \"list\"}");
    make_scan("else-4", "stopped", "{\"path\": \"list\"}");
    make_scan("scan-5", "reading", "");
    (void)mkdir("scan-6", 0755);
    assert_int_equal(find(list, 1, "scan-3", ""), ERR_OK);
    assert_int_equal(find(two, 2, "scan-2", ""), ERR_OK);
    assert_int_equal(find(other, 1, NULL, "-o DIR"), ERR_NOT_FOUND);
    make_scan("scan-7", "stopped", "{\"path\": \"list\"}");
    assert_int_equal(find(list, 1, NULL, "scan-3"), ERR_EXISTS);
    assert_int_equal(find(list, 1, NULL, "scan-7"), ERR_EXISTS);
}

static void test_a_command_is_what_a_shell_reads(void **state)
{
    (void)state;
    const char *const words[] = {"stsweep", "scan", "a list.csv", "--smtp.contact=mailto:a@b.example",
                                 "it's",    ""};
    struct buf line;
    buf_init(&line, 4096);
    naming_command(&line, words, sizeof words / sizeof words[0]);
    assert_string_equal(buf_string(&line),
                        "stsweep scan 'a list.csv' --smtp.contact=mailto:a@b.example 'it'\\''s' ''");
    buf_dispose(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_directory_is_named_by_the_day, enter, leave),
        cmocka_unit_test_setup_teardown(test_the_one_that_is_not_at_its_end_is_found, enter, leave),
        cmocka_unit_test(test_a_command_is_what_a_shell_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
