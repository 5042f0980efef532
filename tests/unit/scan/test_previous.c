/* An earlier scan, read once: what of it is kept and found again, and what is said of one that is not whole.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/scan/previous.h"
#include "tests/unit/commands/scan_place.h"

/* 2026-02-01T12:00:00Z: a day after the records of here. */
#define NOW_MS INT64_C(1769947200000)

enum { SAID_BYTES = 4096, MANY = 399 };

#define RECORD(domain, id, code, mode, max_age)                                                              \
    "{\"schema\":1,\"domain\":\"" domain "\",\"time\":\"2026-01-31T12:00:00.000Z\",\"txt\":{\"id\":\"" id    \
    "\",\"code\":\"ok\"},\"policy\":{\"code\":\"" code                                                       \
    "\",\"time\":\"2026-01-31T12:00:01.000Z\",\"mode\":\"" mode "\",\"max_age\":" max_age                    \
    ",\"mx\":[\"mx." domain "\"]}}\n"

struct opened {
    struct previous *previous;
    struct buf why;
    char said[SAID_BYTES];
    enum error error;
};

static void open_as(struct opened *opened, const char *dir, const char *shard)
{
    FILE *err = fmemopen(opened->said, sizeof opened->said, "w");
    assert_non_null(err);
    opened->said[0] = 0;
    buf_init(&opened->why, SAID_BYTES);
    opened->error = previous_open(dir, shard, NOW_MS, &opened->previous, err, &opened->why);
    assert_int_equal(fclose(err), 0);
}

static void open_it(struct opened *opened, const char *dir)
{
    open_as(opened, dir, "");
}

static void close_it(struct opened *opened)
{
    previous_close(opened->previous);
    buf_dispose(&opened->why);
}

/* The id of the policy that is found; "" for none. */
static void find(struct opened *opened, const char *domain, char id[64])
{
    struct arena arena;
    struct cached_policy *policy;
    arena_init(&arena, PREVIOUS_ARENA_BYTES);
    assert_int_equal(previous_find(opened->previous, domain, &arena, &policy), ERR_OK);
    (void)snprintf(id, 64, "%s", policy == NULL ? "" : policy->id);
    arena_dispose(&arena);
}

static void test_what_is_kept(void **state)
{
    static const char *const lines[] = {
        RECORD("a.example", "a1", "ok", "enforce", "604800"),
        RECORD("b.example", "b1", "ok", "testing", "604800"),
        RECORD("c.example", "c1", "policy.tls.expired", "enforce", "604800"),
        RECORD("d.example", "d1", "ok", "enforce", "86399"),
        RECORD("e.example", "e1", "ok", "enforce", "86400"),
        "{\"schema\":1,\"domain\":\"f.example\",\"time\":\"2026-01-31T12:00:00.000Z\"}\n",
        "no record at all, \"mode\":\"enforce\"\n",
        "{\"schema\":1,\"dom\":\"g.example\"}\n",
        "{\"domain\":\"h.example\",\"mode\":\"enforce\"}\n",
        NULL};
    struct scan_place place;
    struct opened opened;
    char id[64];
    (void)state;
    place_begin(&place);
    place_meta(&place, 3);
    place_lines(&place, "domains", lines);
    open_it(&opened, place.path);
    assert_int_equal(opened.error, ERR_OK);
    static const char *const found[][2] = {{"a.example", "a1"}, {"b.example", ""},   {"c.example", ""},
                                           {"d.example", ""},   {"e.example", "e1"}, {"f.example", ""},
                                           {"g.example", ""},   {"A.example", ""}};
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        find(&opened, found[i][0], id);
        assert_string_equal(id, found[i][1]);
    }
    const struct meta_previous *meta = previous_meta(opened.previous);
    assert_int_equal(meta->policies, 2);
    assert_int_equal(meta->over, 1);
    assert_int_equal(meta->left_out, 3);
    assert_int_equal(meta->rules, 3);
    assert_int_equal(meta->seed, 1);
    assert_int_equal(meta->started_ms, 1);
    assert_true(meta->damaged);
    assert_string_equal(meta->state, "done");
    assert_non_null(strstr(opened.said, "policies that senders may still have: 2 (1 more have expired)\n"));
    assert_non_null(strstr(opened.said, "records that lack what is needed: 1 (the first: schema: "));
    assert_non_null(strstr(opened.said, "record 7 cannot be read: no JSON object; and 1 more; take the "));
    assert_null(strstr(opened.said, "--resume"));
    close_it(&opened);
    place_end(&place);
}

/* Of two records of a domain the one that saw it last counts. */
static void test_twice_in_it(void **state)
{
    static const char *const lines[] = {RECORD("a.example", "one", "ok", "enforce", "604800"),
                                        "{\"schema\":1,\"domain\":\"a.example\",\"time\":\"2026-01-31T13:00:"
                                        "00.000Z\",\"txt\":{\"id\":\"two\","
                                        "\"code\":\"ok\"},\"policy\":{\"code\":\"ok\",\"mode\":\"enforce\","
                                        "\"max_age\":604800,\"mx\":[\"m\"]}}\n",
                                        RECORD("a.example", "three", "ok", "enforce", "604800"), NULL};
    struct scan_place place;
    struct opened opened;
    char id[64];
    (void)state;
    place_begin(&place);
    place_meta(&place, RECORD_RULES);
    place_lines(&place, "domains", lines);
    open_it(&opened, place.path);
    find(&opened, "a.example", id);
    assert_string_equal(id, "two");
    close_it(&opened);
    place_end(&place);
}

static void test_not_whole(void **state)
{
    static const char *const lines[] = {RECORD("a.example", "a1", "ok", "enforce", "604800"),
                                        RECORD("b.example", "b1", "ok", "enforce", "604800"),
                                        RECORD("c.example", "c1", "ok", "enforce", "604800"), NULL};
    static const char *const states[][2] = {{"stopped", "was stopped before its end"},
                                            {"scanning", "still runs or was cut off"}};
    struct scan_place place;
    struct opened opened;
    (void)state;
    place_begin(&place);
    place_lines(&place, "domains", lines);
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        place_meta_state(&place, RECORD_RULES, states[i][0]);
        open_it(&opened, place.path);
        assert_int_equal(opened.error, ERR_OK);
        assert_non_null(strstr(opened.said, states[i][1]));
        assert_non_null(strstr(opened.said, "End it with --resume first"));
        assert_string_equal(previous_meta(opened.previous)->state, states[i][0]);
        close_it(&opened);
    }
    place_meta(&place, RECORD_RULES);
    place_damage(&place, "domains.ndjson.zst");
    open_it(&opened, place.path);
    assert_int_equal(opened.error, ERR_OK);
    assert_non_null(strstr(opened.said, "is damaged, and read as far as it is whole: "));
    assert_true(previous_meta(opened.previous)->damaged);
    assert_int_equal(previous_meta(opened.previous)->policies, 2);
    close_it(&opened);
    place_end(&place);
}

/* An earlier scan of another part of the list knows nothing of most domains of this one, and that is said. */
static void test_of_another_shard(void **state)
{
    static const char *const lines[] = {RECORD("a.example", "a1", "ok", "enforce", "604800"), NULL};
    static const struct {
        const char *then, *now, *said; /* said NULL: no warning */
    } rows[] = {
        {"", "", NULL},
        {"", "1/1", NULL},
        {"1/1", "", NULL},
        {"2/4", "2/4", NULL},
        {"2/4", "", " is of shard 2/4 of its list, this scan is of shard 1/1: "},
        {"", "3/4", " is of shard 1/1 of its list, this scan is of shard 3/4: "},
        {"2/4", "3/4", " is of shard 2/4 of its list, this scan is of shard 3/4: "},
        {"\\u001b[2J", "", " is of shard ?[2J of its list, "},
        {"0123456789012345678901234567890", "", " is of shard 01234567890123456789012 of its list, "},
    };
    struct scan_place place;
    struct opened opened;
    (void)state;
    place_begin(&place);
    place_lines(&place, "domains", lines);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char meta[256];
        (void)snprintf(
            meta, sizeof meta,
            "{\"schema\":%d,\"rules\":%d,\"version\":\"7\",\"state\":\"done\",\"runs\":1,\"seed\":\"1\","
            "\"started_ms\":1,\"config\":{\"scan.shard\":\"%s\"}}",
            RECORD_SCHEMA_VERSION, RECORD_RULES, rows[i].then);
        place_file(&place, "meta.json", meta);
        open_as(&opened, place.path, rows[i].now);
        assert_int_equal(opened.error, ERR_OK);
        assert_int_equal(previous_meta(opened.previous)->policies, 1);
        bool warned = strstr(opened.said, "WARNING") != NULL;
        if (warned != (rows[i].said != NULL) || (warned && strstr(opened.said, rows[i].said) == NULL))
            fail_msg("%s, then %s: %s", rows[i].then, rows[i].now, opened.said);
        close_it(&opened);
    }
    place_end(&place);
}

static void test_how_many_matched(void **state)
{
    static const char *const lines[] = {RECORD("a.example", "a1", "ok", "enforce", "604800"),
                                        RECORD("b.example", "b1", "ok", "enforce", "604800"), NULL};
    struct scan_place place;
    struct opened opened;
    (void)state;
    place_begin(&place);
    place_meta(&place, RECORD_RULES);
    place_lines(&place, "domains", lines);
    open_it(&opened, place.path);
    FILE *err = fmemopen(opened.said, sizeof opened.said, "w");
    assert_non_null(err);
    previous_say_matched(NULL, 7, err);
    previous_say_matched(opened.previous, 1, err);
    assert_int_equal(fclose(err), 0);
    assert_string_equal(opened.said,
                        "stsweep: previous: of its 2 policies that senders may still have, domains "
                        "of this scan had 1\n");
    close_it(&opened);
    place_end(&place);
}

/* An earlier scan that began later than now: nothing of it is believed, and that is said. */
static void test_of_tomorrow(void **state)
{
    static const char *const lines[] = {
        "{\"schema\":1,\"domain\":\"a.example\",\"time\":\"2026-02-03T12:00:00.000Z\",\"txt\":{\"id\":\"a1\","
        "\"code\":\"ok\"},\"policy\":{\"code\":\"ok\",\"mode\":\"enforce\",\"max_age\":604800,\"mx\":"
        "[\"mx.example\"]}}\n",
        RECORD("b.example", "b1", "ok", "enforce", "604800"), NULL};
    struct scan_place place;
    struct opened opened;
    (void)state;
    place_begin(&place);
    place_meta_at(&place, RECORD_RULES, "done", NOW_MS + 1);
    place_lines(&place, "domains", lines);
    open_it(&opened, place.path);
    assert_int_equal(opened.error, ERR_OK);
    assert_non_null(strstr(opened.said, "WARNING: previous: "));
    assert_non_null(
        strstr(opened.said, " began 2026-02-01T12:00Z, which by this machine's clock has not come"));
    assert_non_null(strstr(opened.said, "(the first: cached: is of a time that has not come yet)"));
    assert_int_equal(previous_meta(opened.previous)->policies, 1);
    assert_int_equal(previous_meta(opened.previous)->left_out, 1);
    close_it(&opened);
    place_meta_at(&place, RECORD_RULES, "done", NOW_MS);
    open_it(&opened, place.path);
    assert_null(strstr(opened.said, "WARNING"));
    close_it(&opened);
    place_end(&place);
}

/* Nothing is found of a directory that is none, and it is said what to give. */
static void test_no_scan(void **state)
{
    struct opened opened;
    (void)state;
    open_it(&opened, "/nowhere/at/all");
    assert_int_equal(opened.error, ERR_NOT_FOUND);
    assert_non_null(strstr(buf_string(&opened.why), "--previous /nowhere/at/all cannot be used"));
    close_it(&opened);
    previous_close(NULL);
    assert_null(previous_meta(NULL));
}

/* The longest patterns that are kept, each byte of which is escaped, are found again: nothing that stands in
 * an earlier scan ends this one. */
static void test_the_longest(void **state)
{
    static char line[1 << 20];
    static const char *const lines[] = {line, NULL};
    struct scan_place place;
    struct opened opened;
    char id[64];
    (void)state;
    size_t len = (size_t)snprintf(
        line, sizeof line,
        "{\"schema\":1,\"domain\":\"a.example\",\"time\":\"2026-01-31T12:00:00.000Z\",\"txt\":"
        "{\"id\":\"1\",\"code\":\"ok\"},\"policy\":{\"code\":\"ok\",\"mode\":\"enforce\","
        "\"max_age\":604800,\"mx\":[");
    for (int i = 0; i < 1000; i++) {
        len += (size_t)snprintf(line + len, sizeof line - len, "%s\"", i == 0 ? "" : ",");
        for (int j = 0; j < 65; j++)
            len += (size_t)snprintf(line + len, sizeof line - len, "\\u0022");
        len += (size_t)snprintf(line + len, sizeof line - len, "\"");
    }
    (void)snprintf(line + len, sizeof line - len, "]}}\n");
    place_begin(&place);
    place_meta(&place, RECORD_RULES);
    place_lines(&place, "domains", lines);
    open_it(&opened, place.path);
    assert_int_equal(previous_meta(opened.previous)->policies, 1);
    find(&opened, "a.example", id);
    assert_string_equal(id, "1");
    close_it(&opened);
    place_end(&place);
}

/* Records of one domain that together are larger than an arena end no scan: the newest of them counts. */
static void test_large_ones_of_one_domain(void **state)
{
    enum { RECORDS = 12 };
    static char texts[RECORDS][1 << 19];
    static const char *lines[RECORDS + 1];
    struct scan_place place;
    struct opened opened;
    char id[64];
    (void)state;
    for (int n = 0; n < RECORDS; n++) {
        const size_t size = sizeof texts[n];
        size_t len =
            (size_t)snprintf(texts[n], size,
                             "{\"schema\":1,\"domain\":\"a.example\",\"time\":\"2026-01-31T12:00:%02d"
                             ".000Z\",\"txt\":{\"id\":\"%d\",\"code\":\"ok\"},\"policy\":{\"code\":"
                             "\"ok\",\"mode\":\"enforce\",\"max_age\":604800,\"mx\":[",
                             n * 5 % RECORDS, n);
        for (int i = 0; i < 1000; i++)
            len += (size_t)snprintf(texts[n] + len, size - len, "%s\"%064d\"", i == 0 ? "" : ",", i);
        (void)snprintf(texts[n] + len, size - len, "]}}\n");
        lines[n] = texts[n];
    }
    place_begin(&place);
    place_meta(&place, RECORD_RULES);
    place_lines(&place, "domains", lines);
    open_it(&opened, place.path);
    assert_int_equal(previous_meta(opened.previous)->policies, RECORDS);
    find(&opened, "a.example", id);
    assert_string_equal(id, "7"); /* 7 * 5 % 12 is 11 */
    assert_int_equal(previous_meta(opened.previous)->left_out, 0);
    assert_false(previous_say_reason(opened.previous, &opened.why));
    close_it(&opened);
    place_end(&place);
}

/* Makes the temporary files of this process such that they cannot be read. */
static void spoil_temporary_files(void)
{
    for (int fd = 3; fd < 256; fd++) {
        char link[64], name[256] = "";
        (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        if (readlink(link, name, sizeof name - 1) <= 0 || strstr(name, "(deleted)") == NULL)
            continue;
        int other = open("/dev/null", O_WRONLY | O_CLOEXEC);
        assert_true(other >= 0);
        assert_int_equal(dup2(other, fd), fd);
        assert_int_equal(close(other), 0);
    }
}

/* A temporary file that cannot be read back is this machine's fault, and it is said what to do. */
static void test_not_read_back(void **state)
{
    static const char *const lines[] = {RECORD("a.example", "a1", "ok", "enforce", "604800"), NULL};
    struct scan_place place;
    struct opened opened;
    struct cached_policy *policy;
    struct arena arena;
    (void)state;
    place_begin(&place);
    place_meta(&place, RECORD_RULES);
    place_lines(&place, "domains", lines);
    open_it(&opened, place.path);
    spoil_temporary_files();
    arena_init(&arena, PREVIOUS_ARENA_BYTES);
    assert_int_equal(previous_find(opened.previous, "a.example", &arena, &policy), ERR_IO);
    assert_true(previous_say_reason(opened.previous, &opened.why));
    assert_non_null(strstr(buf_string(&opened.why), "in TMPDIR (Bad file descriptor)"));
    assert_non_null(strstr(buf_string(&opened.why), "--resume"));
    arena_dispose(&arena);
    close_it(&opened);
    place_end(&place);
    assert_false(previous_say_reason(NULL, NULL));
}

/* Many are all found, and none that is not there. */
static void test_many(void **state)
{
    static char texts[MANY][512];
    static const char *lines[MANY + 1];
    struct scan_place place;
    struct opened opened;
    char id[64], name[64];
    (void)state;
    for (int i = 0; i < MANY; i++) {
        (void)snprintf(texts[i], sizeof texts[i],
                       "{\"schema\":1,\"domain\":\"n%d.example\",\"time\":\"2026-01-31T12:00:00.000Z\","
                       "\"txt\":{\"id\":\"%d\",\"code\":\"ok\"},\"policy\":{\"code\":\"ok\",\"mode\":\"%s\","
                       "\"max_age\":604800,\"mx\":[\"mx%d.example\"]}}\n",
                       i, i, i % 3 == 0 ? "testing" : "enforce", i);
        lines[i] = texts[i];
    }
    place_begin(&place);
    place_meta(&place, RECORD_RULES);
    place_lines(&place, "domains", lines);
    open_it(&opened, place.path);
    assert_int_equal(previous_meta(opened.previous)->policies, MANY - MANY / 3);
    for (int i = 0; i < MANY + 10; i++) {
        char expected[64] = "";
        if (i < MANY && i % 3 != 0)
            (void)snprintf(expected, sizeof expected, "%d", i);
        (void)snprintf(name, sizeof name, "n%d.example", i);
        find(&opened, name, id);
        assert_string_equal(id, expected);
    }
    close_it(&opened);
    place_end(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_kept),
        cmocka_unit_test(test_twice_in_it),
        cmocka_unit_test(test_not_whole),
        cmocka_unit_test(test_no_scan),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_the_longest),
        cmocka_unit_test(test_of_tomorrow),
        cmocka_unit_test(test_of_another_shard),
        cmocka_unit_test(test_how_many_matched),
        cmocka_unit_test(test_large_ones_of_one_domain),
        cmocka_unit_test(test_not_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
