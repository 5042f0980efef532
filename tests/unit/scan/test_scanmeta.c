/* What a resume takes from the scan that stopped, and what it refuses to go on with. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/scan/scanmeta.h"

enum { LONG_AGO_MS = 1000000, SEED = 4711, RUNS = 3 };

struct bench {
    char dir[64];
    struct config config;
    struct store *store;
    struct buf why;
};

static int set_up(void **state)
{
    static struct bench bench;
    struct store_options options = {
        .dir = bench.dir, .level = 1, .frame_bytes = 4096, .part_bytes = 1 << 20, .flush_ms = 1000};
    memset(&bench, 0, sizeof bench);
    strcpy(bench.dir, "/tmp/stsweep-scanmeta-XXXXXX");
    assert_non_null(mkdtemp(bench.dir));
    buf_init(&bench.why, 4096);
    assert_int_equal(config_init(&bench.config), ERR_OK);
    assert_int_equal(store_create(&options, &bench.store, &bench.why), ERR_OK);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    store_destroy(bench->store);
    config_dispose(&bench->config);
    buf_dispose(&bench->why);
    DIR *listing = opendir(bench->dir);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        (void)unlinkat(dirfd(listing), entry->d_name, 0);
    (void)closedir(listing);
    return rmdir(bench->dir);
}

static void write_stopped(struct bench *bench, const char *state)
{
    struct scan_meta meta;
    assert_int_equal(scan_meta_init(&meta, &bench->config, "stsweep scan"), ERR_OK);
    assert_int_equal(meta.runs, 1);
    assert_int_not_equal(meta.seed, 0);
    meta.seed = SEED;
    meta.runs = RUNS;
    meta.started_ms = LONG_AGO_MS;
    assert_int_equal(scan_meta_write(&meta, bench->store, state, &bench->why), ERR_OK);
    scan_meta_dispose(&meta);
}

/* Another seed would order names, and share them among shards, in another way than before. */
static void a_resume_goes_on_with_seed_start_and_runs(void **state)
{
    struct bench *bench = *state;
    struct scan_meta meta;
    write_stopped(bench, "stopped");
    assert_int_equal(scan_meta_init(&meta, &bench->config, "stsweep scan --resume"), ERR_OK);
    assert_int_equal(scan_meta_resume(&meta, bench->store, &bench->why), ERR_OK);
    assert_int_equal(meta.seed, SEED);
    assert_int_equal(meta.runs, RUNS + 1);
    assert_int_equal(meta.started_ms, LONG_AGO_MS);
    scan_meta_dispose(&meta);
}

static void a_resume_with_other_settings_is_refused(void **state)
{
    struct bench *bench = *state;
    struct scan_meta meta;
    write_stopped(bench, "stopped");
    bench->config.smtp_port = 2525;
    assert_int_equal(scan_meta_init(&meta, &bench->config, "stsweep scan --resume"), ERR_OK);
    assert_int_equal(scan_meta_resume(&meta, bench->store, &bench->why), ERR_MISMATCH);
    assert_non_null(strstr(buf_string(&bench->why), "smtp.port"));
    assert_int_equal(meta.runs, 1);
    scan_meta_dispose(&meta);
    bench->config.smtp_port = 25;
    bench->config.dns_timeout++; /* what decides no content may change */
    assert_int_equal(scan_meta_init(&meta, &bench->config, "stsweep scan --resume"), ERR_OK);
    assert_int_equal(scan_meta_resume(&meta, bench->store, &bench->why), ERR_OK);
    scan_meta_dispose(&meta);
}

/* What decides records is refused, all of it in one line; what it was in the run before stands in the file.
 */
static void a_resume_names_all_that_differs(void **state)
{
    struct bench *bench = *state;
    struct scan_meta meta;
    static const char *const others[][2] = {{"dns.root_hints", "/etc/hints"}, {"dns.trust_anchor", ""},
                                            {"dns.near_miss", "no"},          {"dns.resolvers", "192.0.2.1"},
                                            {"scan.retry_passes", "0"},       {"smtp.ehlo", "other.example"}};
    write_stopped(bench, "stopped");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(config_set(&bench->config, others[i][0], others[i][1], "here", &bench->why), ERR_OK);
    assert_int_equal(scan_meta_init(&meta, &bench->config, "stsweep scan --resume"), ERR_OK);
    assert_int_equal(scan_meta_resume(&meta, bench->store, &bench->why), ERR_MISMATCH);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strstr(buf_string(&bench->why), others[i][0]) == NULL)
            fail_msg("%s is not named", others[i][0]);
    scan_meta_dispose(&meta);
}

static void a_resume_keeps_what_was_otherwise(void **state)
{
    struct bench *bench = *state;
    struct scan_meta meta;
    struct buf text;
    const struct input_file file = {.path = "list", .bytes = 1, .lines = 1, .inputs = 1, .sha256 = "aa"};
    write_stopped(bench, "stopped");
    assert_int_equal(config_set(&bench->config, "dns.timeout", "7s", "here", &bench->why), ERR_OK);
    assert_int_equal(scan_meta_init(&meta, &bench->config, "stsweep scan"), ERR_OK);
    assert_int_equal(scan_meta_resume(&meta, bench->store, &bench->why), ERR_OK);
    assert_int_equal(scan_meta_inputs(&meta, &file, 1, &bench->why), ERR_OK);
    assert_int_equal(scan_meta_write(&meta, bench->store, "scanning", &bench->why), ERR_OK);
    buf_init(&text, 1 << 20);
    assert_int_equal(store_read_file(bench->store, "meta.json", &text, &bench->why), ERR_OK);
    const char *earlier = strstr(buf_string(&text), "\"earlier_runs\"");
    assert_non_null(earlier);
    assert_non_null(strstr(earlier, "\"run\": 3"));
    assert_non_null(strstr(earlier, "\"dns.timeout\": \"3s\""));
    buf_dispose(&text);
    scan_meta_dispose(&meta);
}

static void a_resume_of_nothing_is_refused(void **state)
{
    struct bench *bench = *state;
    struct scan_meta meta;
    assert_int_equal(scan_meta_init(&meta, &bench->config, "stsweep scan --resume"), ERR_OK);
    assert_int_equal(scan_meta_resume(&meta, bench->store, &bench->why), ERR_NOT_FOUND);
    scan_meta_dispose(&meta);
}

/* A resume reads its lists as they were read, and never tells anew what they are. */
static void a_resume_reads_by_the_forms_of_the_scan(void **state)
{
    struct bench *bench = *state;
    struct scan_meta meta;
    struct input_file files[] = {
        {.path = "a",
         .sha256 = "aa",
         .form = {.format = INPUT_CSV,
                  .separator = ';',
                  .skip = 2,
                  .columns = {1, -1, 0},
                  .header = "Firma;Dom\xc3\xa4ne"}},
        {.path = "b",
         .sha256 = "bb",
         .form = {.format = INPUT_PLAIN,
                  .separator = ',',
                  .skip = 1,
                  .columns = {-1, -1, -1},
                  .header = "origin"}},
        {.path = "c",
         .sha256 = "cc",
         .form = {.format = INPUT_NAMES, .separator = ',', .skip = 0, .columns = {-1, -1, -1}, .header = ""}},
        {.path = "d",
         .sha256 = "dd",
         .form = {.format = INPUT_CSV, .separator = '\t', .skip = 0, .columns = {31, 30, -1}, .header = ""}},
        {.path = "e",
         .sha256 = "ee",
         .form = {.format = INPUT_JSON,
                  .separator = ',',
                  .columns = {-1, -1, -1},
                  .field = "site.host",
                  .origins = true}}};
    struct input_file again[5] = {{.path = "a"}, {.path = "b"}, {.path = "c"}, {.path = "d"}, {.path = "e"}};
    assert_int_equal(scan_meta_init(&meta, &bench->config, "stsweep scan"), ERR_OK);
    assert_int_equal(scan_meta_inputs(&meta, files, 5, &bench->why), ERR_OK);
    assert_int_equal(scan_meta_write(&meta, bench->store, "scanning", &bench->why), ERR_OK);
    scan_meta_dispose(&meta);
    assert_int_equal(scan_meta_init(&meta, &bench->config, "stsweep scan --resume"), ERR_OK);
    assert_int_equal(scan_meta_resume(&meta, bench->store, &bench->why), ERR_OK);
    assert_int_equal(scan_meta_forms(&meta, again, 5, &bench->why), ERR_OK);
    for (size_t i = 0; i < 5; i++) {
        const struct input_form *one = &files[i].form, *other = &again[i].form;
        assert_int_equal(one->format, other->format);
        assert_int_equal(one->skip, other->skip);
        assert_string_equal(one->header, other->header);
        assert_string_equal(one->field, other->field);
        assert_int_equal(one->origins, other->origins);
        assert_true(one->format != INPUT_CSV || one->separator == other->separator);
        assert_memory_equal(&one->columns, &other->columns, sizeof one->columns);
    }
    scan_meta_dispose(&meta);
}

/* A scan that had not read its input says nothing of it; what nobody writes is refused. */
static void forms_that_do_not_stand_there(void **state)
{
    static const struct {
        const char *form;
        enum error error;
    } rows[] = {
        {"", ERR_OK},
        {"\"x\":1", ERR_OK},
        {"\"form\":{\"format\":\"plain\"}", ERR_OK},
        {"\"form\":{\"format\":\"csv\",\"separator\":\",\",\"domain\":32}", ERR_OK},
        {"\"form\":{\"format\":\"json\",\"field\":\"x\"}", ERR_OK},
        {"\"form\":{\"format\":\"json\"}", ERR_CORRUPT},
        {"\"form\":{\"format\":\"plain\",\"field\":\"x\"}", ERR_CORRUPT},
        {"\"form\":7", ERR_CORRUPT},
        {"\"form\":{\"format\":\"xml\"}", ERR_CORRUPT},
        {"\"form\":{\"format\":\"auto\"}", ERR_CORRUPT},
        {"\"form\":{\"format\":\"plain\",\"skip\":-1}", ERR_CORRUPT},
        {"\"form\":{\"format\":\"plain\",\"skip\":9}", ERR_CORRUPT},
        {"\"form\":{\"format\":\"plain\",\"domain\":1}", ERR_CORRUPT},
        {"\"form\":{\"format\":\"csv\",\"separator\":\",\"}", ERR_CORRUPT},
        {"\"form\":{\"format\":\"csv\",\"separator\":\"\",\"domain\":1}", ERR_CORRUPT},
        {"\"form\":{\"format\":\"csv\",\"separator\":\",,\",\"domain\":1}", ERR_CORRUPT},
        {"\"form\":{\"format\":\"csv\",\"separator\":\",\",\"domain\":33}", ERR_CORRUPT},
        {"\"form\":{\"format\":\"csv\",\"separator\":\",\",\"domain\":1,\"label\":99999}", ERR_CORRUPT},
        {"\"form\":{\"format\":\"csv\",\"separator\":\",\",\"domain\":\"1\"}", ERR_CORRUPT},
    };
    struct bench *bench = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct input_file files[2] = {{.path = "a"}, {.path = "b"}};
        struct scan_meta meta;
        assert_int_equal(scan_meta_init(&meta, &bench->config, ""), ERR_OK);
        assert_true(buf_printf(&meta.stored, "{\"schema\":%d,\"inputs\":[{%s}]}", 1, rows[i].form));
        enum error error = scan_meta_forms(&meta, files, 2, &bench->why);
        if (error != rows[i].error)
            fail_msg("row %zu: %d", i, error);
        assert_int_equal(files[1].form.format, INPUT_AUTO);
        scan_meta_dispose(&meta);
    }
}

/* scan.seed stands where it is set; else each scan draws its own. */
static void a_seed_is_taken_or_drawn(void **state)
{
    struct bench *bench = *state;
    struct scan_meta one, two;
    assert_int_equal(scan_meta_init(&one, &bench->config, ""), ERR_OK);
    assert_int_equal(scan_meta_init(&two, &bench->config, ""), ERR_OK);
    assert_true(one.seed != two.seed);
    scan_meta_dispose(&one);
    scan_meta_dispose(&two);
    bench->config.scan_seed = SEED;
    assert_int_equal(scan_meta_init(&one, &bench->config, ""), ERR_OK);
    assert_int_equal(one.seed, SEED);
    assert_string_equal(one.resolver, "embedded");
    scan_meta_dispose(&one);
    assert_int_equal(config_set(&bench->config, "dns.resolvers", "192.0.2.53", "here", &bench->why), ERR_OK);
    assert_int_equal(scan_meta_init(&one, &bench->config, ""), ERR_OK);
    assert_string_equal(one.resolver, "192.0.2.53");
    scan_meta_dispose(&one);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_resume_goes_on_with_seed_start_and_runs),
        TEST(a_resume_with_other_settings_is_refused),
        TEST(a_resume_names_all_that_differs),
        TEST(a_resume_keeps_what_was_otherwise),
        TEST(a_resume_of_nothing_is_refused),
        TEST(a_resume_reads_by_the_forms_of_the_scan),
        TEST(forms_that_do_not_stand_there),
        TEST(a_seed_is_taken_or_drawn),
    };
    return cmocka_run_group_tests_name("scan meta", tests, NULL, NULL);
}
