/* The opt-out list that a scan keeps in its directory, also over resumes with other lists. */
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

#include "output/readback/optout_kept.h"
#include "scanner/scan/optouts.h"

enum { ENTRIES_MOST = 8, AS_NUMBERS = 100000 };

struct bench {
    char dir[64];
    struct store *store;
    struct buf why;
};

static int set_up(void **state)
{
    static struct bench bench;
    struct store_options options = {
        .dir = bench.dir, .level = 1, .frame_bytes = 4096, .part_bytes = 1 << 20, .flush_ms = 1000};
    memset(&bench, 0, sizeof bench);
    strcpy(bench.dir, "/tmp/stsweep-optouts-XXXXXX");
    assert_non_null(mkdtemp(bench.dir));
    buf_init(&bench.why, 4096);
    assert_int_equal(store_create(&options, &bench.store, &bench.why), ERR_OK);
    *state = &bench;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *bench = *state;
    store_destroy(bench->store);
    buf_dispose(&bench->why);
    DIR *listing = opendir(bench->dir);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        (void)unlinkat(dirfd(listing), entry->d_name, 0);
    (void)closedir(listing);
    return rmdir(bench->dir);
}

static void add_prefix(struct optout *optout, uint32_t asn, const char *text)
{
    struct ip_prefix prefix;
    assert_true(ip_prefix_parse(text, &prefix));
    assert_int_equal(
        asn == 0 ? optout_add_prefix(optout, &prefix) : optout_add_announced(optout, asn, &prefix), ERR_OK);
}

static void keep(struct bench *bench, struct optout *optout, const uint64_t *domains)
{
    optout_finish(optout);
    assert_int_equal(optouts_write(bench->store, "scan-1", optout, domains, &bench->why), ERR_OK);
    optout_destroy(optout);
}

static void assert_kept(struct bench *bench, const char *expected)
{
    struct buf text;
    buf_init(&text, 64 << 20);
    assert_int_equal(store_read_file(bench->store, OPTOUT_KEPT_NAME, &text, &bench->why), ERR_OK);
    assert_string_equal(buf_string(&text), expected);
    buf_dispose(&text);
}

static void no_list_leaves_no_file(void **state)
{
    struct bench *bench = *state;
    struct buf text;
    static const uint64_t none[1] = {0};
    keep(bench, optout_create(), none);
    buf_init(&text, 64);
    assert_int_equal(store_read_file(bench->store, OPTOUT_KEPT_NAME, &text, &bench->why), ERR_NOT_FOUND);
    buf_dispose(&text);
}

/* What an earlier run was kept from, it was kept from: entries and prefixes of its list stay. */
static void entries_of_earlier_runs_stay(void **state)
{
    struct bench *bench = *state;
    static const uint64_t first[ENTRIES_MOST] = {4, 3}, second[ENTRIES_MOST] = {5, 1};
    struct optout *optout = optout_create();
    assert_int_equal(optout_add_domain(optout, "a.example"), ERR_OK);
    assert_int_equal(optout_describe(optout, 1, "2026-11-30", "a \"quote\" and \xc3\xa4"), ERR_OK);
    assert_int_equal(optout_add_suffix(optout, "b.example"), ERR_OK);
    assert_int_equal(optout_describe(optout, 2, "", ""), ERR_OK);
    assert_int_equal(optout_add_as(optout, 64500), ERR_OK);
    assert_int_equal(optout_describe(optout, 3, "", ""), ERR_OK);
    assert_int_equal(optout_add_as(optout, 64501), ERR_OK);
    add_prefix(optout, 64500, "192.0.2.0/25");
    add_prefix(optout, 64500, "192.0.2.0/24");
    add_prefix(optout, 64501, "203.0.113.0/24");
    keep(bench, optout, first);
    assert_kept(
        bench,
        "{\"entry\":\"a.example\",\"kind\":\"domain\",\"line\":1,\"since\":\"2026-11-30\",\"comment\":\"a "
        "\\\"quote\\\" and \xc3\xa4\",\"domains\":4}\n"
        "{\"entry\":\".b.example\",\"kind\":\"suffix\",\"line\":2,\"domains\":3}\n"
        "{\"entry\":\"AS64500\",\"kind\":\"as\",\"line\":3,\"domains\":0,\"prefixes\":[\"192.0.2.0/24\","
        "\"192.0.2.0/25\"]}\n"
        "{\"entry\":\"AS64501\",\"kind\":\"as\",\"line\":0,\"domains\":0,\"prefixes\":[\"203.0.113.0/"
        "24\"]}\n");
    optout = optout_create();
    assert_int_equal(optout_add_suffix(optout, "b.example"), ERR_OK);
    assert_int_equal(optout_describe(optout, 1, "", ""), ERR_OK);
    add_prefix(optout, 0, "198.51.100.0/24");
    assert_int_equal(optout_add_as(optout, 64500), ERR_OK);
    add_prefix(optout, 64500, "192.0.2.0/24");
    add_prefix(optout, 64500, "2001:db8::/32");
    keep(bench, optout, second);
    assert_kept(
        bench,
        "{\"entry\":\".b.example\",\"kind\":\"suffix\",\"line\":1,\"domains\":5}\n"
        "{\"entry\":\"198.51.100.0/24\",\"kind\":\"prefix\",\"line\":0,\"domains\":1}\n"
        "{\"entry\":\"AS64500\",\"kind\":\"as\",\"line\":0,\"domains\":0,\"prefixes\":[\"192.0.2.0/24\","
        "\"192.0.2.0/25\",\"2001:db8::/32\"]}\n"
        "{\"entry\":\"a.example\",\"kind\":\"domain\",\"line\":1,\"since\":\"2026-11-30\",\"comment\":\"a "
        "\\\"quote\\\" and \xc3\xa4\",\"domains\":0,\"removed\":true}\n"
        "{\"entry\":\"AS64501\",\"kind\":\"as\",\"line\":0,\"domains\":0,\"removed\":true,\"prefixes\":["
        "\"203.0.113.0/24\"]}\n");
    static const uint64_t none[1] = {0};
    keep(bench, optout_create(), none); /* a third run without a list */
    struct buf text;
    struct optout_kept kept;
    buf_init(&text, 1 << 16);
    assert_int_equal(store_read_file(bench->store, OPTOUT_KEPT_NAME, &text, &bench->why), ERR_OK);
    assert_int_equal(optout_kept_read(buf_bytes(&text), &kept, &bench->why), ERR_OK);
    assert_int_equal(optout_count(kept.optout), 5);
    for (size_t i = 0; i < 5; i++)
        assert_true(kept.removed[i]);
    optout_kept_dispose(&kept);
    buf_dispose(&text);
}

static void a_file_that_is_none_is_refused(void **state)
{
    struct bench *bench = *state;
    struct optout *optout = optout_create();
    static const uint64_t none[1] = {0};
    assert_int_equal(store_write_file(bench->store, OPTOUT_KEPT_NAME, bytes_of("{}\n"), &bench->why), ERR_OK);
    optout_finish(optout);
    assert_int_equal(optouts_write(bench->store, "scan-1", optout, none, &bench->why), ERR_CORRUPT);
    assert_string_equal(buf_string(&bench->why),
                        "optout.ndjson: line 1 is no entry of an opt-out list; to go on, move "
                        "scan-1/optout.ndjson away: then what earlier entries kept out is not told");
    optout_destroy(optout);
}

/* Nothing is looked for entry by entry: a file like this took hours to read, and hours to write again. */
static void many_as_numbers_take_no_time(void **state)
{
    struct bench *bench = *state;
    struct buf text;
    struct optout_kept kept;
    buf_init(&text, 64 << 20);
    for (uint32_t i = AS_NUMBERS; i > 0; i--)
        assert_true(buf_printf(&text,
                               "{\"entry\":\"AS%u\",\"kind\":\"as\",\"line\":%u,\"domains\":1,\"prefixes\":["
                               "\"2001:db8:%x:%x::/64\"]}\n",
                               i, AS_NUMBERS - i + 1, (i >> 12) + 1, (i & 4095) + 1));
    assert_int_equal(store_write_file(bench->store, OPTOUT_KEPT_NAME, buf_bytes(&text), &bench->why), ERR_OK);
    assert_int_equal(optout_kept_read(buf_bytes(&text), &kept, &bench->why), ERR_OK);
    assert_int_equal(optout_count(kept.optout), AS_NUMBERS);
    assert_int_equal(optouts_write(bench->store, "scan-1", kept.optout, kept.domains, &bench->why), ERR_OK);
    optout_kept_dispose(&kept);
    assert_kept(bench, buf_string(&text));
    buf_dispose(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(no_list_leaves_no_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(entries_of_earlier_runs_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_none_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_as_numbers_take_no_time, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("optouts", tests, NULL, NULL);
}
