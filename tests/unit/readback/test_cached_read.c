/* What an old record says of the policy that senders may still have: its own, or the one that it carries. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "output/json/json_cached.h"
#include "output/readback/cached_read.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 2026-01-31T12:00:00Z, and so many days later. */
#define THEN    INT64_C(1769860800000)
#define DAY_MS  INT64_C(86400000)
#define DAYS(n) (THEN + (n)*DAY_MS)

enum { TEXT_BYTES = 256 * 1024 };

#define HEAD "{\"schema\":1,\"ordinal\":1,\"domain\":\"a.example\",\"time\":\"2026-01-31T12:00:00.000Z\","
#define TXT  "\"txt\":{\"lookup\":\"answered\",\"id\":\"one\",\"code\":\"ok\"},"
#define MX   "\"mx\":[\"mx.example\",\"*.pool.example\"]"
#define POLICY(code, mode)                                                                                   \
    "\"policy\":{\"host\":\"mta-sts.a.example\",\"code\":\"" code                                            \
    "\",\"time\":\"2026-01-31T12:00:01.000Z\",\"mode\":\"" mode "\",\"max_age\":604800," MX "},"
#define CARRIED(found, since)                                                                                \
    "\"cached\":{\"id\":\"old\",\"mode\":\"enforce\",\"mx\":[\"old.example\"],\"max_age\":864000,"           \
    "\"fetched\":\"2026-01-30T12:00:00.000Z\"," since "\"found\":\"" found "\"},"
#define SHORT                                                                                                \
    "\"cached\":{\"id\":\"old\",\"mode\":\"enforce\",\"mx\":[\"old.example\"],\"max_age\":172800,"           \
    "\"fetched\":\"2026-01-30T12:00:00.000Z\",\"found\":\"same-id\"},"
#define LASTING(max_age) "\"policy\":{\"code\":\"ok\",\"mode\":\"enforce\",\"max_age\":" max_age "," MX "},"
#define TAIL             "\"ms\":1}"

static const struct {
    const char *name, *line;
    int64_t now;
    enum error error;
    const char *id; /* NULL: none */
    int64_t fetched, since;
    bool over;
    const char *why;
} cases[] = {
    {"its own", HEAD TXT POLICY("ok", "enforce") TAIL, DAYS(1), ERR_OK, "one", THEN + 1000, 0, false, ""},
    {"a ms before its end", HEAD TXT POLICY("ok", "enforce") TAIL, DAYS(7) + 999, ERR_OK, "one", THEN + 1000,
     0, false, ""},
    {"at its end", HEAD TXT POLICY("ok", "enforce") TAIL, DAYS(7) + 1000, ERR_OK, NULL, 0, 0, true, ""},
    {"testing", HEAD TXT POLICY("ok", "testing") TAIL, DAYS(1), ERR_OK, NULL, 0, 0, false, ""},
    {"none", HEAD TXT POLICY("ok", "none") TAIL, DAYS(1), ERR_OK, NULL, 0, 0, false, ""},
    {"a policy that no sender took", HEAD TXT POLICY("policy.tls.expired", "enforce") TAIL, DAYS(1), ERR_OK,
     NULL, 0, 0, false, ""},
    {"a record that no sender took",
     HEAD "\"txt\":{\"lookup\":\"answered\",\"code\":\"txt.multiple\"}," POLICY("ok", "enforce") TAIL,
     DAYS(1), ERR_OK, NULL, 0, 0, false, ""},
    {"no policy", HEAD "\"txt\":{\"lookup\":\"nxdomain\",\"code\":\"txt.absent\"}," TAIL, DAYS(1), ERR_OK,
     NULL, 0, 0, false, ""},
    {"of before fetches had a time",
     HEAD TXT "\"policy\":{\"code\":\"ok\",\"mode\":\"enforce\",\"max_age\":604800," MX "}," TAIL, DAYS(1),
     ERR_OK, "one", THEN, 0, false, ""},
    {"carried, gone",
     HEAD CARRIED("no-record", "") "\"txt\":{\"lookup\":\"nxdomain\",\"code\":\"txt.absent\"}," TAIL, DAYS(1),
     ERR_OK, "old", DAYS(-1), THEN, false, ""},
    {"carried, gone for longer", HEAD CARRIED("bad-record", "\"since\":\"2026-01-31T06:00:00.000Z\",") TAIL,
     DAYS(1), ERR_OK, "old", DAYS(-1), THEN - DAY_MS / 4, false, ""},
    {"carried, and it was open whether it is gone", HEAD CARRIED("unknown", "") TAIL, DAYS(1), ERR_OK, "old",
     DAYS(-1), 0, false, ""},
    {"carried, open, and gone before",
     HEAD CARRIED("unknown", "\"since\":\"2026-01-31T06:00:00.000Z\",") TAIL, DAYS(1), ERR_OK, "old",
     DAYS(-1), THEN - DAY_MS / 4, false, ""},
    {"carried before its own under the same id", HEAD CARRIED("same-id", "") TXT POLICY("ok", "enforce") TAIL,
     DAYS(1), ERR_OK, "old", DAYS(-1), THEN, false, ""},
    {"the carried one is over: its own", HEAD SHORT TXT POLICY("ok", "enforce") TAIL, DAYS(2), ERR_OK, "one",
     THEN + 1000, 0, false, ""},
    {"renewed: its own", HEAD CARRIED("renewed", "") TXT POLICY("ok", "enforce") TAIL, DAYS(1), ERR_OK, "one",
     THEN + 1000, 0, false, ""},
    {"current: its own, seen later", HEAD CARRIED("current", "") TXT POLICY("ok", "enforce") TAIL, DAYS(1),
     ERR_OK, "one", THEN + 1000, 0, false, ""},
    {"renewed by testing", HEAD CARRIED("renewed", "") TXT POLICY("ok", "testing") TAIL, DAYS(1), ERR_OK,
     NULL, 0, 0, false, ""},
    {"expired and nothing new", HEAD CARRIED("expired", "") TAIL, DAYS(1), ERR_OK, NULL, 0, 0, false, ""},
    {"carried too long", HEAD CARRIED("no-record", "") TAIL, DAYS(9), ERR_OK, NULL, 0, 0, true, ""},
    {"a found that a later version knows", HEAD CARRIED("elsewhere", "") TAIL, DAYS(1), ERR_SYNTAX, NULL, 0,
     0, false, "found"},
    {"no id", HEAD "\"txt\":{\"code\":\"ok\"}," POLICY("ok", "enforce") TAIL, DAYS(1), ERR_SYNTAX, NULL, 0, 0,
     false, "id"},
    {"no max_age", HEAD TXT "\"policy\":{\"code\":\"ok\",\"mode\":\"enforce\"," MX "}," TAIL, DAYS(1),
     ERR_SYNTAX, NULL, 0, 0, false, "max_age"},
    {"no patterns", HEAD TXT "\"policy\":{\"code\":\"ok\",\"mode\":\"enforce\",\"max_age\":604800}," TAIL,
     DAYS(1), ERR_SYNTAX, NULL, 0, 0, false, "cached"},
    {"an id that is too long",
     HEAD "\"txt\":{\"id\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"code\":\"ok\"}," POLICY("ok", "enforce")
         TAIL,
     DAYS(1), ERR_SYNTAX, NULL, 0, 0, false, "cached"},
    {"no time", "{\"schema\":1,\"domain\":\"a.example\"," TXT POLICY("ok", "enforce") TAIL, DAYS(1),
     ERR_SYNTAX, NULL, 0, 0, false, "time"},
    {"no name", "{\"schema\":1," TXT POLICY("ok", "enforce") TAIL, DAYS(1), ERR_SYNTAX, NULL, 0, 0, false,
     "domain"},
    {"a fetch of a little later than now: clocks differ", HEAD TXT POLICY("ok", "enforce") TAIL,
     THEN + 1000 - 600000, ERR_OK, "one", THEN + 1000, 0, false, ""},
    {"a fetch that has not come yet", HEAD TXT POLICY("ok", "enforce") TAIL, THEN + 999 - 600000, ERR_SYNTAX,
     NULL, 0, 0, false, "time that has not come yet"},
    {"carried, of a fetch that has not come yet", HEAD CARRIED("no-record", "") TAIL, DAYS(-2), ERR_SYNTAX,
     NULL, 0, 0, false, "time that has not come yet"},
    {"gone at a time that has not come yet",
     HEAD CARRIED("no-record", "\"since\":\"2036-01-31T06:00:00.000Z\",") TAIL, DAYS(1), ERR_SYNTAX, NULL, 0,
     0, false, "time that has not come yet"},
    {"gone before it was fetched", HEAD CARRIED("no-record", "\"since\":\"2026-01-30T11:00:00.000Z\",") TAIL,
     DAYS(1), ERR_SYNTAX, NULL, 0, 0, false, "gone before it was fetched"},
    {"gone a little before it was fetched: clocks differ",
     HEAD CARRIED("no-record", "\"since\":\"2026-01-30T11:50:00.000Z\",") TAIL, DAYS(1), ERR_OK, "old",
     DAYS(-1), DAYS(-1) - 600000, false, ""},
    {"the longest max_age", HEAD TXT LASTING("31557600") TAIL, DAYS(300), ERR_OK, "one", THEN, 0, false, ""},
    {"a max_age that no policy has", HEAD TXT LASTING("31557601") TAIL, DAYS(300), ERR_SYNTAX, NULL, 0, 0,
     false, "max_age above"},
    {"another schema", "{\"schema\":2,\"domain\":\"a.example\"}", DAYS(1), ERR_SYNTAX, NULL, 0, 0, false,
     "schema"},
    {"no record", "nothing", DAYS(1), ERR_SYNTAX, NULL, 0, 0, false, "no JSON object"},
};

static void check(size_t i)
{
    struct arena arena;
    struct buf why;
    struct cached_read found;
    arena_init(&arena, READ_ARENA_BYTES);
    buf_init(&why, 1024);
    enum error error = cached_read_record(bytes_of(cases[i].line), cases[i].now, &arena, &found, &why);
    if (error != cases[i].error || strstr(buf_string(&why), cases[i].why) == NULL)
        fail_msg("%s: %s: %s", cases[i].name, error_text(error), buf_string(&why));
    if (error == ERR_OK && (found.over != cases[i].over || (found.policy == NULL) != (cases[i].id == NULL)))
        fail_msg("%s: over %d, %s", cases[i].name, found.over,
                 found.policy == NULL ? "none" : found.policy->id);
    if (error == ERR_OK && found.policy != NULL) {
        assert_string_equal(found.domain, "a.example");
        if (strcmp(found.policy->id, cases[i].id) != 0 || found.policy->fetched != cases[i].fetched ||
            found.policy->since != cases[i].since || found.policy->mode != STS_MODE_ENFORCE)
            fail_msg("%s: %s, fetched %lld, since %lld", cases[i].name, found.policy->id,
                     (long long)found.policy->fetched, (long long)found.policy->since);
        assert_true(cached_may_stand(bytes_of(cases[i].line)));
    }
    arena_dispose(&arena);
    buf_dispose(&why);
}

static void test_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        check(i);
}

/* What may stand there is asked of the text; texts of strangers cannot say it. */
static void test_most_records_are_passed_over(void **state)
{
    (void)state;
    assert_false(cached_may_stand(bytes_of(HEAD TXT POLICY("ok", "testing") TAIL)));
    assert_false(cached_may_stand(bytes_of(HEAD "\"label\":\"\\\"mode\\\":\\\"enforce\\\"\"," TAIL)));
    assert_false(cached_may_stand(bytes_of("")));
    assert_true(cached_may_stand(bytes_of(HEAD CARRIED("no-record", "") TAIL)));
}

static void put_patterns(struct buf *line, size_t count)
{
    assert_true(buf_text(line, HEAD TXT "\"policy\":{\"code\":\"ok\",\"mode\":\"enforce\",\"max_age\":604800,"
                                        "\"mx\":["));
    for (size_t i = 0; i < count; i++)
        assert_true(buf_printf(line, "%s\"mx%zu.example\"", i == 0 ? "" : ",", i));
    assert_true(buf_text(line, "]}," TAIL));
}

/* A policy is kept whole or not at all: a pattern that is left out would make a host fail that it names. */
static void test_too_many_patterns(void **state)
{
    (void)state;
    for (size_t count = CACHED_MX_MOST; count <= CACHED_MX_MOST + 1; count++) {
        struct arena arena;
        struct buf line, why;
        struct cached_read found;
        arena_init(&arena, READ_ARENA_BYTES);
        buf_init(&line, TEXT_BYTES);
        buf_init(&why, 1024);
        put_patterns(&line, count);
        enum error error = cached_read_record(buf_bytes(&line), DAYS(1), &arena, &found, &why);
        assert_int_equal(error, count > CACHED_MX_MOST ? ERR_LIMIT : ERR_OK);
        if (error == ERR_OK)
            assert_int_equal(found.policy->mx_count, count);
        buf_dispose(&line);
        buf_dispose(&why);
        arena_dispose(&arena);
    }
}

/* Patterns that are too long altogether, of a record that somebody else made, are no policy's. */
static void test_patterns_too_long(void **state)
{
    static char line[CACHED_MX_BYTES + 4096];
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        struct arena arena;
        struct buf why;
        struct cached_read found;
        size_t len = (size_t)snprintf(
            line, sizeof line, "%s",
            HEAD TXT "\"policy\":{\"code\":\"ok\",\"mode\":\"enforce\",\"max_age\":604800,\"mx\":[\"");
        memset(line + len, 'm', CACHED_MX_BYTES + more);
        len += CACHED_MX_BYTES + more;
        (void)snprintf(line + len, sizeof line - len, "%s", "\"]}," TAIL);
        arena_init(&arena, READ_ARENA_BYTES);
        buf_init(&why, 1024);
        assert_int_equal(cached_read_record(bytes_of(line), DAYS(1), &arena, &found, &why),
                         more == 0 ? ERR_OK : ERR_LIMIT);
        arena_dispose(&arena);
        buf_dispose(&why);
    }
}

/* What is kept of a policy is read back as it was. */
static void test_kept_and_read_back(void **state)
{
    static const char *const mx[] = {"a.example", "*.b.example"};
    const struct cached_policy policy = {.id = "one",
                                         .mode = STS_MODE_ENFORCE,
                                         .mx = (const char **)(uintptr_t)mx,
                                         .mx_count = 2,
                                         .max_age = 31557600,
                                         .fetched = THEN + 1,
                                         .since = THEN + 2};
    struct arena arena;
    struct buf line, why;
    struct cached_read found;
    struct json json;
    (void)state;
    arena_init(&arena, 1 << 20);
    buf_init(&line, TEXT_BYTES);
    buf_init(&why, 1024);
    json_start(&json, &line);
    json_open(&json, NULL);
    json_put_string(&json, "domain", "a.example");
    json_open(&json, "cached");
    json_cached_policy(&json, &policy);
    json_close(&json);
    json_close(&json);
    assert_true(json_finish(&json));
    assert_int_equal(cached_read_kept(buf_bytes(&line), &arena, &found, &why), ERR_OK);
    assert_string_equal(found.domain, "a.example");
    assert_string_equal(found.policy->id, "one");
    assert_int_equal(found.policy->mode, STS_MODE_ENFORCE);
    assert_int_equal(found.policy->mx_count, 2);
    assert_string_equal(found.policy->mx[0], mx[0]);
    assert_string_equal(found.policy->mx[1], mx[1]);
    assert_int_equal(found.policy->max_age, 31557600);
    assert_true(found.policy->fetched == THEN + 1 && found.policy->since == THEN + 2);
    assert_int_equal(cached_read_kept(bytes_of("{}"), &arena, &found, &why), ERR_SYNTAX);
    assert_int_equal(cached_read_kept(bytes_of("{\"domain\":\"a\"}"), &arena, &found, &why), ERR_SYNTAX);
    buf_dispose(&line);
    buf_dispose(&why);
    arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_most_records_are_passed_over),
        cmocka_unit_test(test_too_many_patterns),
        cmocka_unit_test(test_patterns_too_long),
        cmocka_unit_test(test_kept_and_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
