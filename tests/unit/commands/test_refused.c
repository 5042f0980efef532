/* What show and diff say of records that cannot be read: which is the first, and what to do next. Of a side
 * that has such a record nobody is gone or new by it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/base/error.h"
#include <unistd.h>

#include "scanner/commands/diff.h"
#include "scanner/commands/show.h"
#include "scanner/facts/record.h"
#include "tests/unit/commands/scans.h"

static int begin(void **state)
{
    return scans_begin(state, 3, 1, 1);
}

#define AT(name, outcome) "{\"domain\":\"" name "\",\"outcome\":\"" outcome "\"}\n"

#define DEEP   "{\"domain\":\"c.example\",\"outcome\":\"off\",\"x\":[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]}\n"
#define ADVICE "; take the directory from a copy, or make the scan anew\n"

static const char *const whole[] = {AT("a.example", "off"), AT("b.example", "off"), AT("c.example", "off"),
                                    NULL};

/* Each stands in the place of the third record. */
static const struct {
    const char *line, *reason;
} bad[] = {
    {"\n", "no JSON object"},
    {"hello\n", "no JSON object"},
    {"[]\n", "no JSON object"},
    {"{\"domain\":\"c.exam\n", "no JSON object"},
    {"{\"domain\":\"c.example\",\"outcome\":\"off\",\"x\":\"\x9B\"}\n", "no UTF-8"},
    {"{\"domain\":\"c.example\",\"outcome\":\"off\",\"x\":\"\x01\"}\n", "it is none that a scan writes"},
    {"{\"dom\":\"c.example\",\"outcome\":\"off\"}\n", "it is none that a scan writes"},
    {DEEP, "it is too large, or too deep"},
};

static void put(struct scan_place *place, const char *third)
{
    place_lines(place, "domains", (const char *const[]){whole[0], whole[1], third, NULL});
}

static void test_show(void **state)
{
    struct scans *scans = *state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char said[256];
        put(&scans->before, bad[i].line);
        (void)snprintf(said, sizeof said,
                       "stsweep: %s: domains.ndjson.zst: record 3 cannot be read: %s" ADVICE,
                       scans->before.path,
                       strcmp(bad[i].line, DEEP) == 0 ? "it is none that a scan writes" : bad[i].reason);
        assert_int_equal(SCANS_RUN(scans, show_main, scans->before.path, "--json"), 4);
        assert_string_equal(scans->err, said);
        assert_has(scans->out, "b.example");
        assert_null(strstr(scans->out, "c.example"));
        assert_int_equal(SCANS_RUN(scans, show_main, scans->before.path, "--by", "tld"), 4);
        assert_has(scans->err, said);
    }
    /* What a form puts before all domains may be nothing at all. */
    put(&scans->before, whole[2]);
    assert_int_equal(SCANS_RUN(scans, show_main, scans->before.path, "--format", "github"), 0);
    /* Also if --limit ends it before the end. */
    place_lines(&scans->before, "domains", (const char *const[]){"hello\n", whole[0], whole[1], NULL});
    assert_int_equal(SCANS_RUN(scans, show_main, scans->before.path, "--limit", "1"), 4);
    assert_has(scans->err, "record 1 cannot be read: no JSON object" ADVICE);
}

static void test_diff(void **state)
{
    struct scans *scans = *state;
    for (size_t i = 0; i < 2 * (sizeof bad / sizeof *bad); i++) {
        char said[384];
        struct scan_place *damaged = i % 2 == 0 ? &scans->before : &scans->after;
        struct scan_place *other = i % 2 == 0 ? &scans->after : &scans->before;
        put(damaged, bad[i / 2].line);
        place_lines(other, "domains", whole);
        (void)snprintf(
            said, sizeof said,
            "stsweep: diff: %s is damaged, and compared as far as it is whole: domains.ndjson.zst: record 3 "
            "cannot be read: %s" ADVICE "stsweep: diff: 1 domains of %s are not in what %s has\n",
            damaged->path, bad[i / 2].reason, other->path, damaged->path);
        assert_int_equal(SCANS_RUN(scans, diff_main, scans->before.path, scans->after.path), 4);
        assert_string_equal(scans->err, said);
        assert_null(strstr(scans->out, "gone"));
        assert_null(strstr(scans->out, "appeared"));
        assert_has(scans->out, "\nnone 2, policies");
    }
}

/* Who loses mail today is told of, though it cannot be said that it is new. */
static void test_a_victim_is_told_of(void **state)
{
    static const char victim[] =
        "{\"domain\":\"v.example\",\"outcome\":\"absent\",\"codes\":[\"cached.refused\"],"
        "\"cached\":{\"found\":\"no-record\",\"since\":\"2026-02-02T12:00:00.000Z\","
        "\"sure_until\":\"2026-02-05T12:00:00.000Z\",\"none_after\":\"2026-02-06T12:00:00.000Z\","
        "\"would_be\":\"refused\"}}\n";
    struct scans *scans = *state;
    put(&scans->before, "hello\n");
    put(&scans->after, victim);
    assert_int_equal(SCANS_RUN(scans, diff_main, scans->before.path, scans->after.path), 4);
    assert_has(scans->out, "v.example                      still    cached.refused until ");
    place_meta_with(&scans->after, RECORD_RULES, "done", 2,
                    ",\"previous\":{\"dir\":\"d\",\"started_ms\":1,\"seed\":\"1\"}");
    assert_int_equal(SCANS_RUN(scans, diff_main, "--json", scans->before.path, scans->after.path), 4);
    assert_has(scans->out, "\"v.example\",\"change\":\"none\"");
    assert_null(strstr(strstr(scans->out, "v.example") + 1, "v.example"));
    assert_has(scans->err, "stsweep: diff: 1 domains of ");
}

static void test_over_time(void **state)
{
    struct scans *scans = *state;
    const char *one = scans->before.path, *two = scans->after.path, *three = scans->last.path;
    put(&scans->before, "hello\n");
    put(&scans->after, "hello\n");
    place_lines(&scans->last, "domains", whole);
    assert_int_equal(SCANS_RUN(scans, diff_main, one, two, three), 4);
    assert_has(scans->out, "domains 3, appeared in the last 0, gone in it 0, gone before 0\n");
    assert_has(scans->err, "record 3 cannot be read: no JSON object" ADVICE);
    place_lines(&scans->before, "domains", (const char *const[]){whole[0], whole[1], NULL});
    assert_int_equal(SCANS_RUN(scans, diff_main, one, two, three), 4); /* the first has all that it had */
    assert_has(scans->out, "domains 3, appeared in the last 1, gone in it 0, gone before 0\n");
    place_lines(&scans->before, "domains", whole);
    put(&scans->last, "hello\n");
    assert_int_equal(SCANS_RUN(scans, diff_main, one, two, three), 4);
    assert_has(scans->out, "appeared in the last 0, gone in it 0, gone before 0\n");
    place_lines(&scans->last, "domains", (const char *const[]){whole[0], whole[1], NULL});
    assert_int_equal(SCANS_RUN(scans, diff_main, one, two, three), 4);
    assert_has(scans->out, "appeared in the last 0, gone in it 0, gone before 1\n");
}

/* What cannot be opened is said of its own directory. */
static void test_who_is_blamed(void **state)
{
    struct scans *scans = *state;
    char path[160], said[256];
    place_lines(&scans->after, "domains", whole);
    (void)snprintf(path, sizeof path, "%s/domains.ndjson.zst", scans->before.path);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    (void)snprintf(
        said, sizeof said,
        "stsweep: diff: %s is damaged, and compared as far as it is whole: domains.ndjson.zst: cannot open: ",
        scans->before.path);
    assert_int_equal(SCANS_RUN(scans, diff_main, scans->before.path, scans->after.path), 4);
    assert_has(scans->err, said);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, scans_end)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_show), CASE(test_diff), CASE(test_a_victim_is_told_of),
                                       CASE(test_over_time), CASE(test_who_is_blamed)};
    return cmocka_run_group_tests_name("refused", tests, NULL, NULL);
}
