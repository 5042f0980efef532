/* output/readback/compare: what has changed between two records of a domain. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "output/readback/compare.h"

#define PROVIDER(mx) "{\"domain\":\"a.example\",\"outcome\":\"absent\",\"provider\":{\"mx\":" mx "}}"

static struct stand stand(enum outcome outcome, const char *id, uint64_t body)
{
    return (struct stand){.domain = "example.org", .outcome = outcome, .id = id, .body = body};
}

static void outcomes_are_compared(void **state)
{
    static const struct {
        enum outcome before, after;
        enum change change;
    } rows[] = {
        {OUTCOME_ABSENT, OUTCOME_TESTING, CHANGE_GAINED},
        {OUTCOME_NO_MAIL, OUTCOME_PROTECTED, CHANGE_GAINED},
        {OUTCOME_ABSENT, OUTCOME_BROKEN, CHANGE_GAINED},
        {OUTCOME_PROTECTED, OUTCOME_ABSENT, CHANGE_LOST},
        {OUTCOME_BROKEN, OUTCOME_ABSENT, CHANGE_LOST},
        {OUTCOME_PROTECTED, OUTCOME_REFUSED, CHANGE_BROKE},
        {OUTCOME_PROTECTED, OUTCOME_PARTIAL, CHANGE_BROKE},
        {OUTCOME_TESTING, OUTCOME_BROKEN, CHANGE_BROKE},
        {OUTCOME_PARTIAL, OUTCOME_REFUSED, CHANGE_BROKE},
        {OUTCOME_REFUSED, OUTCOME_PROTECTED, CHANGE_MENDED},
        {OUTCOME_REFUSED, OUTCOME_PARTIAL, CHANGE_MENDED},
        {OUTCOME_BROKEN, OUTCOME_TESTING, CHANGE_MENDED},
        {OUTCOME_TESTING, OUTCOME_PROTECTED, CHANGE_OUTCOME},
        {OUTCOME_PROTECTED, OUTCOME_OFF, CHANGE_OUTCOME},
        {OUTCOME_BROKEN, OUTCOME_REFUSED, CHANGE_OUTCOME},
        {OUTCOME_ABSENT, OUTCOME_NO_MAIL, CHANGE_OUTCOME},
        {OUTCOME_PROTECTED, OUTCOME_PROTECTED, CHANGE_NONE},
        {OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, CHANGE_NONE},
        {OUTCOME_PROTECTED, OUTCOME_UNKNOWN, CHANGE_UNCLEAR},
        {OUTCOME_UNKNOWN, OUTCOME_ABSENT, CHANGE_UNCLEAR},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stand before = stand(rows[i].before, "1", 7);
        struct stand after = stand(rows[i].after, "1", 7);
        if (stand_compare(&before, &after) != rows[i].change)
            fail_msg("%s to %s: %s", outcome_name(rows[i].before), outcome_name(rows[i].after),
                     change_name(stand_compare(&before, &after)));
    }
    struct stand one = stand(OUTCOME_ABSENT, "", 0);
    assert_int_equal(stand_compare(NULL, &one), CHANGE_APPEARED);
    assert_int_equal(stand_compare(&one, NULL), CHANGE_GONE);
    struct stand before = stand(OUTCOME_TESTING, "1", 7);
    struct stand after = before;
    before.would_be = OUTCOME_PROTECTED;
    after.would_be = OUTCOME_REFUSED;
    assert_int_equal(stand_compare(&before, &after), CHANGE_OUTCOME);
}

/* EXO-4: policy.weak.id-body-changed. */
static void a_policy_that_changed_needs_a_new_id(void **state)
{
    static const struct {
        const char *ids[2];
        uint64_t bodies[2];
        bool keeps;
        enum change change;
    } rows[] = {
        {{"1", "1"}, {7, 8}, true, CHANGE_POLICY},  {{"1", "2"}, {7, 8}, false, CHANGE_POLICY},
        {{"1", "1"}, {7, 7}, false, CHANGE_NONE},   {{"1", "2"}, {7, 7}, false, CHANGE_POLICY},
        {{"1", "1"}, {0, 8}, false, CHANGE_POLICY}, {{"", ""}, {7, 8}, false, CHANGE_POLICY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stand before = stand(OUTCOME_PROTECTED, rows[i].ids[0], rows[i].bodies[0]);
        struct stand after = stand(OUTCOME_PROTECTED, rows[i].ids[1], rows[i].bodies[1]);
        assert_int_equal(stand_keeps_id(&before, &after), rows[i].keeps);
        assert_int_equal(stand_compare(&before, &after), rows[i].change);
        assert_false(stand_keeps_id(NULL, &after));
        assert_false(stand_keeps_id(&before, NULL));
    }
    assert_string_equal(failure_name(FAIL_POLICY_WEAK_ID_BODY_CHANGED), "policy.weak.id-body-changed");
}

static enum error read_text_line(const char *line, struct arena *arena, struct stand *read)
{
    return stand_read(bytes_of(line), arena, read);
}

/* A victim of before, sure until 100 and certainly none after 200: what it is when a later scan knows of
 * none.
 */
static void an_earlier_policy_ends(void **state)
{
    static const struct {
        int64_t time;
        bool there;
        enum cached_found found;
        enum course course;
    } rows[] = {
        {99, false, CACHED_NONE, COURSE_UNCLEAR},    {100, false, CACHED_NONE, COURSE_UNCLEAR},
        {199, false, CACHED_NONE, COURSE_UNCLEAR},   {200, false, CACHED_NONE, COURSE_BETTER},
        {150, true, CACHED_EXPIRED, COURSE_UNCLEAR}, {200, true, CACHED_EXPIRED, COURSE_BETTER},
        {99, true, CACHED_RENEWED, COURSE_BETTER},   {99, true, CACHED_CURRENT, COURSE_BETTER},
        {99, true, CACHED_NO_RECORD, COURSE_BETTER}, /* the hosts pass it again */
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stand before = stand(OUTCOME_ABSENT, "", 0), after = before;
        before.cached = (struct stand_cached){.there = true,
                                              .found = CACHED_NO_RECORD,
                                              .code = FAIL_CACHED_REFUSED,
                                              .sure_until = 100,
                                              .none_after = 200};
        after.time = rows[i].time;
        after.cached.there = rows[i].there;
        after.cached.found = rows[i].found;
        enum course course = stand_courses(&before, &after).delivery;
        if (course != rows[i].course)
            fail_msg("at %d, %s: %s", (int)rows[i].time, cached_found_name(rows[i].found),
                     course_name(course));
    }
}

static void records_are_read(void **state)
{
    struct arena arena;
    struct stand first;
    struct stand second;
    (void)state;
    arena_init(&arena, 1 << 20);
    assert_int_equal(
        read_text_line("{\"domain\":\"a.example\",\"outcome\":\"testing\",\"would_be\":\"refused\","
                       "\"txt\":{\"id\":\"x1\"},\"policy\":{\"code\":\"ok\",\"body\":\"one\"}}",
                       &arena, &first),
        ERR_OK);
    assert_string_equal(first.domain, "a.example");
    assert_string_equal(first.id, "x1");
    assert_int_equal(first.outcome, OUTCOME_TESTING);
    assert_int_equal(first.would_be, OUTCOME_REFUSED);
    assert_true(first.body != 0);
    /* What a sender would not read is no policy: the certificate was wrong. */
    assert_int_equal(
        read_text_line("{\"domain\":\"a.example\",\"outcome\":\"broken\",\"txt\":{\"id\":\"x1\"},"
                       "\"policy\":{\"code\":\"policy.tls.expired\",\"body\":\"one\"}}",
                       &arena, &second),
        ERR_OK);
    assert_true(second.body == 0);
    /* Why MTA-STS does not count: the record, or else the policy; nothing if all is well or not known. */
    assert_int_equal(first.fault, FAIL_NONE);
    assert_int_equal(second.fault, FAIL_POLICY_TLS_EXPIRED);
    assert_int_equal(
        read_text_line("{\"domain\":\"a.example\",\"outcome\":\"absent\","
                       "\"txt\":{\"code\":\"txt.absent\"},\"policy\":{\"code\":\"policy.http.status\"}}",
                       &arena, &second),
        ERR_OK);
    assert_int_equal(second.fault, FAIL_TXT_ABSENT);
    assert_int_equal(read_text_line("{\"domain\":\"a.example\",\"outcome\":\"absent\","
                                    "\"txt\":{\"code\":\"txt.of-a-later-version\"}}",
                                    &arena, &second),
                     ERR_OK);
    assert_int_equal(second.fault, FAIL_NONE);
    /* A policy that came and is wrong is one that a sender would read; each text has its own hash. */
    assert_int_equal(read_text_line("{\"domain\":\"a.example\",\"outcome\":\"broken\","
                                    "\"policy\":{\"code\":\"policy.syntax.mode-bad\",\"body\":\"one\"}}",
                                    &arena, &second),
                     ERR_OK);
    assert_true(second.body == first.body);
    assert_int_equal(second.would_be, OUTCOME_NONE);
    assert_int_equal(read_text_line("{\"domain\":\"a.example\",\"outcome\":\"broken\","
                                    "\"policy\":{\"code\":\"policy.syntax.mode-bad\",\"body\":\"two\"}}",
                                    &arena, &second),
                     ERR_OK);
    assert_true(second.body != 0 && second.body != first.body);
    assert_int_equal(read_text_line("{\"domain\":\"a.example\",\"outcome\":\"broken\","
                                    "\"policy\":{\"code\":\"policy.syntaxes\",\"body\":\"one\"}}",
                                    &arena, &second),
                     ERR_OK);
    assert_true(second.body == 0);
    assert_int_equal(read_text_line("{\"domain\":\"a.example\",\"outcome\":\"absent\"}", &arena, &second),
                     ERR_OK);
    assert_string_equal(second.id, "");
    /* A code of a later version says nothing to this one. */
    assert_int_equal(read_text_line("{\"domain\":\"a.example\",\"outcome\":\"absent\",\"tlsrpt\":{\"code\":"
                                    "\"tlsrpt.of-tomorrow\"},\"mx\":{\"hosts\":[{\"host\":\"mx.example\","
                                    "\"code\":\"smtp.of-tomorrow\"}]}}",
                                    &arena, &second),
                     ERR_OK);
    assert_string_equal(aspect_state_name(ASPECT_TLSRPT, second.states[ASPECT_TLSRPT]), "unknown");
    assert_int_equal(second.host_count, 0);
    static const char *const bad[] = {"",
                                      "[]",
                                      "{\"domain\":\"a.example\"}",
                                      "{\"outcome\":\"absent\"}",
                                      "{\"domain\":7,\"outcome\":\"absent\"}",
                                      "{\"domain\":\"a\\nb\",\"outcome\":\"absent\"}",
                                      "{\"domain\":\"a.example\",\"outcome\":\"splendid\"}",
                                      PROVIDER("\"a\\nb\""),
                                      PROVIDER("\"a\\u001b[2J\""),
                                      PROVIDER("\"\\u009b\""),
                                      PROVIDER("{\"base64\":\"YQpi\"}"),
                                      PROVIDER("7")};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (read_text_line(bad[i], &arena, &second) != ERR_SYNTAX)
            fail_msg("taken for a record: %s", bad[i]);
    arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(outcomes_are_compared),
        cmocka_unit_test(a_policy_that_changed_needs_a_new_id),
        cmocka_unit_test(an_earlier_policy_ends),
        cmocka_unit_test(records_are_read),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
