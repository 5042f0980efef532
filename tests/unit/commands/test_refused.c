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
#include "tests/unit/commands/scan_place.h"

enum { ARGS_MOST = 6 };

struct world {
    struct scan_place before, after, last;
    char *out, *err; /* of the last run */
};

static int begin(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    place_begin(&world->before);
    place_begin(&world->after);
    place_begin(&world->last);
    place_meta_at(&world->before, RECORD_RULES, "done", 1);
    place_meta_at(&world->after, RECORD_RULES, "done", 2);
    place_meta_at(&world->last, RECORD_RULES, "done", 3);
    *state = world;
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;
    place_end(&world->before);
    place_end(&world->after);
    place_end(&world->last);
    free(world->out);
    free(world->err);
    free(world);
    return 0;
}

typedef int (*command)(int argc, char **argv, FILE *out, FILE *err);

/* The words up to the first NULL. */
static int run_words(struct world *world, command main_of, const char *const words[ARGS_MOST])
{
    char *argv[ARGS_MOST] = {NULL};
    size_t out_len, err_len;
    int argc = 0;
    for (; argc < ARGS_MOST && words[argc] != NULL; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc];
    free(world->out);
    free(world->err);
    FILE *out = open_memstream(&world->out, &out_len), *err = open_memstream(&world->err, &err_len);
    assert_true(out != NULL && err != NULL);
    int code = main_of(argc, argv, out, err);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(fclose(err), 0);
    return code;
}

#define RUN(world, main_of, ...) run_words(world, main_of, (const char *const[ARGS_MOST]){__VA_ARGS__})

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in:\n%s", part, text);
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
    struct world *world = *state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char said[256];
        put(&world->before, bad[i].line);
        (void)snprintf(said, sizeof said,
                       "stsweep: %s: domains.ndjson.zst: record 3 cannot be read: %s" ADVICE,
                       world->before.path, bad[i].reason);
        if (strcmp(bad[i].line, DEEP) == 0) /* show does not look into what it does not show */
            continue;
        assert_int_equal(RUN(world, show_main, world->before.path, "--json"), 4);
        assert_string_equal(world->err, said);
        assert_has(world->out, "b.example");
        assert_null(strstr(world->out, "c.example"));
        assert_int_equal(RUN(world, show_main, world->before.path, "--by", "tld"), 4);
        assert_has(world->err, said);
    }
    /* What a form puts before all domains may be nothing at all. */
    assert_int_equal(RUN(world, show_main, world->before.path, "--format", "github"), 0);
    /* Also if --limit ends it before the end. */
    place_lines(&world->before, "domains", (const char *const[]){"hello\n", whole[0], whole[1], NULL});
    assert_int_equal(RUN(world, show_main, world->before.path, "--limit", "1"), 4);
    assert_has(world->err, "record 1 cannot be read: no JSON object" ADVICE);
}

static void test_diff(void **state)
{
    struct world *world = *state;
    for (size_t i = 0; i < 2 * (sizeof bad / sizeof *bad); i++) {
        char said[384];
        struct scan_place *damaged = i % 2 == 0 ? &world->before : &world->after;
        struct scan_place *other = i % 2 == 0 ? &world->after : &world->before;
        put(damaged, bad[i / 2].line);
        place_lines(other, "domains", whole);
        (void)snprintf(
            said, sizeof said,
            "stsweep: diff: %s is damaged, and compared as far as it is whole: domains.ndjson.zst: record 3 "
            "cannot be read: %s" ADVICE "stsweep: diff: 1 domains of %s are not in what %s has\n",
            damaged->path, bad[i / 2].reason, other->path, damaged->path);
        assert_int_equal(RUN(world, diff_main, world->before.path, world->after.path), 4);
        assert_string_equal(world->err, said);
        assert_null(strstr(world->out, "gone"));
        assert_null(strstr(world->out, "appeared"));
        assert_has(world->out, "\nnone 2, policies");
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
    struct world *world = *state;
    put(&world->before, "hello\n");
    put(&world->after, victim);
    assert_int_equal(RUN(world, diff_main, world->before.path, world->after.path), 4);
    assert_has(world->out, "v.example                      still    cached.refused until ");
    place_meta_with(&world->after, RECORD_RULES, "done", 2,
                    ",\"previous\":{\"dir\":\"d\",\"started_ms\":1,\"seed\":\"1\"}");
    assert_int_equal(RUN(world, diff_main, "--json", world->before.path, world->after.path), 4);
    assert_has(world->out, "\"v.example\",\"change\":\"none\"");
    assert_null(strstr(strstr(world->out, "v.example") + 1, "v.example"));
    assert_has(world->err, "stsweep: diff: 1 domains of ");
}

static void test_over_time(void **state)
{
    struct world *world = *state;
    const char *one = world->before.path, *two = world->after.path, *three = world->last.path;
    put(&world->before, "hello\n");
    put(&world->after, "hello\n");
    place_lines(&world->last, "domains", whole);
    assert_int_equal(RUN(world, diff_main, one, two, three), 4);
    assert_has(world->out, "domains 3, appeared in the last 0, gone in it 0, gone before 0\n");
    assert_has(world->err, "record 3 cannot be read: no JSON object" ADVICE);
    place_lines(&world->before, "domains", (const char *const[]){whole[0], whole[1], NULL});
    assert_int_equal(RUN(world, diff_main, one, two, three), 4); /* the first has all that it had */
    assert_has(world->out, "domains 3, appeared in the last 1, gone in it 0, gone before 0\n");
    place_lines(&world->before, "domains", whole);
    put(&world->last, "hello\n");
    assert_int_equal(RUN(world, diff_main, one, two, three), 4);
    assert_has(world->out, "appeared in the last 0, gone in it 0, gone before 0\n");
    place_lines(&world->last, "domains", (const char *const[]){whole[0], whole[1], NULL});
    assert_int_equal(RUN(world, diff_main, one, two, three), 4);
    assert_has(world->out, "appeared in the last 0, gone in it 0, gone before 1\n");
}

/* What cannot be opened is said of its own directory. */
static void test_who_is_blamed(void **state)
{
    struct world *world = *state;
    char path[160], said[256];
    place_lines(&world->after, "domains", whole);
    (void)snprintf(path, sizeof path, "%s/domains.ndjson.zst", world->before.path);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    (void)snprintf(
        said, sizeof said,
        "stsweep: diff: %s is damaged, and compared as far as it is whole: domains.ndjson.zst: cannot open: ",
        world->before.path);
    assert_int_equal(RUN(world, diff_main, world->before.path, world->after.path), 4);
    assert_has(world->err, said);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {CASE(test_show), CASE(test_diff), CASE(test_a_victim_is_told_of),
                                       CASE(test_over_time), CASE(test_who_is_blamed)};
    return cmocka_run_group_tests_name("refused", tests, NULL, NULL);
}
