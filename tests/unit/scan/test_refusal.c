/* What keeps a scan from starting is told before anything is made, and in a line that names it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/facts/record.h"
#include "scanner/scan/refusal.h"

enum { WHY_BYTES = 1024, TEXT_BYTES = 512 };

static const char *const dirs[] = {"empty", "scan", "older", "newer", "schema", "other", "whole", NULL};
static char directory[] = "/tmp/stsweep-refusal-XXXXXX";

static void write_file(const char *name)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_true(fputs("a.example\n", file) > 0);
    assert_int_equal(fclose(file), 0);
}

/* A scan's, of some rules; below 0: without. */
static void write_meta(const char *name, int schema, int rules)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "{\"schema\":%d,\"version\":\"0.0.9\"", schema) > 0);
    if (rules >= 0)
        assert_true(fprintf(file, ",\"rules\":%d", rules) > 0);
    assert_true(fputs("}\n", file) > 0);
    assert_int_equal(fclose(file), 0);
}

/* An empty directory, scans, something else, and a list; all below the working directory. */
static int set_up(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chdir(directory), 0);
    for (const char *const *name = dirs; *name != NULL; name++)
        assert_int_equal(mkdir(*name, 0755), 0);
    write_file("list");
    write_meta("scan/meta.json", RECORD_SCHEMA_VERSION, RECORD_RULES);
    write_meta("older/meta.json", RECORD_SCHEMA_VERSION, -1);
    write_meta("newer/meta.json", RECORD_SCHEMA_VERSION, RECORD_RULES + 1);
    write_meta("schema/meta.json", RECORD_SCHEMA_VERSION + 1, RECORD_RULES);
    write_file("other/thesis.doc");
    FILE *file = fopen("whole/meta.json", "w");
    assert_non_null(file);
    assert_true(fprintf(file,
                        "{\"schema\":%d,\"state\":\"done\",\"runs\":1,\"seed\":\"7\",\"started_ms\":1}\n",
                        RECORD_SCHEMA_VERSION) > 0);
    assert_int_equal(fclose(file), 0);
    return 0;
}

static int clean_up(void **state)
{
    (void)state;
    int left = unlink("list") | unlink("scan/meta.json") | unlink("older/meta.json") |
               unlink("newer/meta.json") | unlink("schema/meta.json") | unlink("other/thesis.doc") |
               unlink("whole/meta.json");
    for (const char *const *name = dirs; *name != NULL; name++)
        left |= rmdir(*name);
    return left | chdir("/") | rmdir(directory);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *file, *dir;
        bool resume;
        enum error error;
        const char *words;
    } cases[] = {
        {"list", "new", false, ERR_OK, ""},
        {"list", "empty", false, ERR_OK, ""},
        {"list", "scan", true, ERR_OK, ""},
        {"-", "-", false, ERR_OK, ""},
        {"list", "scan", false, ERR_EXISTS, "scan: it holds a scan already; go on with it (--resume)"},
        {"list", "other", false, ERR_EXISTS,
         "other: it is not empty and holds no scan (there is thesis.doc)"},
        {"list", "older", true, ERR_RULES,
         "older: stsweep 0.0.9 with schema 1 and rules 0 started this scan"},
        {"list", "newer", true, ERR_RULES, "newer: stsweep 0.0.9 with schema 1 and rules "},
        {"list", "schema", true, ERR_RULES, "schema: stsweep 0.0.9 with schema 2 and rules "},
        {"list", "older", false, ERR_EXISTS, "older: it holds a scan already"},
        {"list", "other", true, ERR_NOT_FOUND, "other: it holds no scan"},
        {"list", "new", true, ERR_NOT_FOUND, "new: cannot open: No such file"},
        {"list", "list", false, ERR_NOT_FOUND, "list: cannot open: Not a directory"},
        {"list", "no/new", false, ERR_NOT_FOUND,
         "no/new: there is no directory no for it to stand in; make that first"},
        {"list", "list/new", false, ERR_NOT_FOUND, "list/new: cannot open: Not a directory"},
        {"none", "new", false, ERR_NOT_FOUND, "none: cannot read: No such file"},
        {"scan", "new", false, ERR_NOT_FOUND, "scan: cannot read: Is a directory"},
        {"none", "-", false, ERR_NOT_FOUND, "none: cannot read"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct config config = {.output_dir = (char[16]){0},
                                .input_columns = (char[1]){0},
                                .input_field = (char[1]){0},
                                .scan_previous = (char[1]){0}};
        (void)snprintf(config.output_dir, 16, "%s", cases[i].dir);
        const char *files[] = {"list", cases[i].file};
        struct scan_request request = {.files = files, .file_count = 2, .resume = cases[i].resume};
        struct buf why;
        buf_init(&why, WHY_BYTES);
        enum error error = refusal_check(&request, &config, &why);
        if (error != cases[i].error || strncmp(buf_string(&why), cases[i].words, strlen(cases[i].words)) != 0)
            fail_msg("case %zu: %s: %s", i, error_text(error), buf_string(&why));
        assert_int_equal(access("new", F_OK), -1);
        buf_dispose(&why);
    }
}

/* The earlier scan: no scan, one of another schema, none at all, and the very one that is written. */
static void test_what_is_no_earlier_scan(void **state)
{
    (void)state;
    static const struct {
        const char *previous, *dir;
        bool resume;
        enum error error;
        const char *words;
    } cases[] = {
        {"whole", "new", false, ERR_OK, ""},
        {"whole", "-", false, ERR_OK, ""},
        {"none", "new", false, ERR_NOT_FOUND,
         "--previous none cannot be used: No such file or directory: give the directory of an earlier scan"},
        {"empty", "new", false, ERR_NOT_FOUND,
         "--previous empty cannot be used: no scan directory: meta.json"},
        {"list", "new", false, ERR_NOT_FOUND, "--previous list cannot be used: Not a directory"},
        {"schema", "new", false, ERR_CORRUPT, "--previous schema cannot be used: meta.json: its schema is 2"},
        {"whole", "whole", true, ERR_CONFIG, "--previous whole is the scan directory that is written"},
        {"./whole/", "whole", true, ERR_CONFIG, "--previous ./whole/ is the scan directory that is written"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct config config = {.output_dir = (char[16]){0},
                                .input_columns = (char[1]){0},
                                .input_field = (char[1]){0},
                                .scan_previous = (char[16]){0}};
        (void)snprintf(config.output_dir, 16, "%s", cases[i].dir);
        (void)snprintf(config.scan_previous, 16, "%s", cases[i].previous);
        const char *files[] = {"list"};
        struct scan_request request = {.files = files, .file_count = 1, .resume = cases[i].resume};
        struct buf why;
        buf_init(&why, WHY_BYTES);
        enum error error = refusal_check(&request, &config, &why);
        if (error != cases[i].error || strncmp(buf_string(&why), cases[i].words, strlen(cases[i].words)) != 0)
            fail_msg("case %zu: %s: %s", i, error_text(error), buf_string(&why));
        buf_dispose(&why);
    }
}

static void assert_says(const char *what, enum error error, const char *reason, const char *line)
{
    char text[TEXT_BYTES] = "";
    struct buf why;
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    buf_init(&why, WHY_BYTES);
    (void)buf_text(&why, reason);
    assert_int_equal(refusal_say(what, error, &why, out), error == ERR_OK);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, line);
    buf_dispose(&why);
}

static void test_how_it_is_said(void **state)
{
    (void)state;
    assert_says(NULL, ERR_OK, "", "");
    assert_says(NULL, ERR_NOT_FOUND, "list: cannot read: gone", "stsweep: list: cannot read: gone\n");
    assert_says(NULL, ERR_CONFIG, "a: b\nc: d\n", "stsweep: a: b\nc: d\n");
    assert_says(NULL, ERR_MEMORY, "",
                "stsweep: out of memory\n  end what else runs here, or give it more memory\n");
    assert_says(NULL, ERR_IO, "", "stsweep: an input or output operation failed\n");
    assert_says(NULL, ERR_RULES, "DIR: other rules", "stsweep: DIR: other rules\n");
    assert_says("loops", ERR_CONFIG, "no", "stsweep: loops: the configuration is not usable\n  no\n");
    assert_says(NULL, ERR_MISMATCH, "list has 2 bytes",
                "stsweep: the scan directory belongs to another scan\n  list has 2 bytes\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_what_is_no_earlier_scan),
        cmocka_unit_test(test_how_it_is_said),
    };
    return cmocka_run_group_tests(tests, set_up, clean_up);
}
