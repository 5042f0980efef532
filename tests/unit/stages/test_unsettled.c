/* Which contacts may be asked again, and which domains of the names have one (scanner/stages/unsettled.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/facts/failure.h"
#include "scanner/stages/unsettled.h"
#include "scanner/verdict/verdict.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define OF_HOST(rest) "{\"schema\":1,\"ordinal\":7,\"domain\":\"mx.example\",\"mx\":{\"hosts\":[{" rest "}]}}"
#define OF_POLICY(rest)                                                                                      \
    "{\"schema\":1,\"ordinal\":8,\"domain\":\"a.example\",\"label\":\"policy\",\"policy\":{" rest "}}"

static const char with_host[] =
    "{\"schema\":1,\"ordinal\":1,\"domain\":\"b.example\",\"mx\":{\"hosts\":[{\"host\":\"mx0.example\"},"
    "{\"host\":\"mx.example\"}]}}";
static const char with_policy[] = "{\"schema\":1,\"ordinal\":2,\"domain\":\"a.example\",\"mx\":{}}";
static const char with_neither[] =
    "{\"schema\":1,\"ordinal\":3,\"domain\":\"xa.example\",\"mx\":{\"hosts\":[{\"host\":\"mx.example.net\"},"
    "{\"host\":\"\\\"host\\\":\\\"mx.example\"}]}}";

static void assert_noted(const char *record, bool more_passes, bool wanted)
{
    struct unsettled *unsettled = unsettled_create(more_passes);
    assert_non_null(unsettled);
    unsettled_note(unsettled, bytes_of(record));
    bool policy = strstr(record, "\"label\":\"policy\"") != NULL;
    if (unsettled_any(unsettled) != wanted ||
        unsettled_has(unsettled, bytes_of(with_host)) != (wanted && !policy) ||
        unsettled_has(unsettled, bytes_of(with_policy)) != (wanted && policy) ||
        unsettled_has(unsettled, bytes_of(with_neither)))
        fail_msg("%s, %s passes", record, more_passes ? "more" : "no more");
    unsettled_free(unsettled);
}

/* What was left to another part comes again in any case; a failure only if there is a further pass. */
static void test_what_comes_again(void **state)
{
    static const struct {
        const char *record;
        bool in_pass, in_next;
    } rows[] = {
        {OF_HOST("\"code\":\"ok\",\"ips\":[{\"code\":\"ok\"}]"), false, false},
        {OF_HOST("\"code\":\"ok\",\"ips\":[{\"code\":\"smtp.tls.self-signed\"}]"), false, false},
        {OF_HOST("\"code\":\"ok\",\"ips\":[{\"code\":\"smtp.tcp.timeout\"}]"), false, true},
        {OF_HOST("\"code\":\"ok\",\"ips\":[{\"code\":\"smtp.starttls.not-offered\"}]"), false, true},
        {OF_HOST("\"ips\":[{\"code\":\"smtp.not-probed.budget\",\"not_tried\":\"budget\"}]"), false, false},
        {OF_HOST("\"ips\":[{\"code\":\"smtp.not-probed.pace\",\"not_tried\":\"pace\"}]"), false, true},
        {OF_HOST("\"ips\":[{\"code\":\"smtp.not-probed.elsewhere\",\"not_tried\":\"elsewhere\"}]"), true,
         true},
        {OF_HOST("\"asked\":\"2026-12-01T00:00:00.000Z\",\"ips\":[{\"code\":\"ok\"}]"), true, true},
        {OF_HOST("\"ips\":[{\"code\":\"ok\"}],\"looks\":[{\"code\":\"ok\"}]"), true, true},
        {OF_HOST("\"ips\":[{\"code\":\"a.code.of.tomorrow\"}]"), false, true},
        {OF_HOST("\"ips\":[{\"code\":\"smtp.tcp.timeo"), false, true},
        {OF_POLICY("\"code\":\"ok\""), true, true},
        {OF_POLICY("\"code\":\"policy.http.status\",\"step\":\"done\""), false, false},
        {OF_HOST("\"ips\":[{\"code\":\"smtp.tls.too-large\"}]"), false, true},
        {OF_POLICY("\"code\":\"policy.http.server-error\",\"step\":\"done\""), false, true},
        {OF_POLICY("\"code\":\"policy.tls.host-mismatch\",\"step\":\"headers\",\"net\":\"reset\""), true,
         true},
        {OF_POLICY("\"code\":\"policy.tcp.timeout\",\"step\":\"connect\""), true, true},
        {OF_POLICY("\"code\":\"ok\",\"step\":\"done\""), false, false},
        {OF_POLICY("\"code\":\"policy.tls.handshake\",\"step\":\"tls\""), true, true},
        {OF_POLICY("\"code\":\"policy.not-tried.elsewhere\",\"not_tried\":\"elsewhere\""), true, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_noted(rows[i].record, false, rows[i].in_pass);
        assert_noted(rows[i].record, true, rows[i].in_next);
    }
}

/* Each code that is transient, or has a second look, comes again in a further pass. */
static void test_every_code(void **state)
{
    char record[256];
    (void)state;
    for (enum failure_code code = FAIL_NONE; code < FAIL_COUNT; code++) {
        (void)snprintf(record, sizeof record, OF_HOST("\"ips\":[{\"code\":\"%s\"}]"), failure_name(code));
        assert_noted(record, false, false);
        assert_noted(record, true, failure_get(code)->transient || verdict_retry(code) == RETRY_LOOK);
    }
}

/* A record that is cut short, or none, is looked at within its bounds. */
static void test_torn_lines(void **state)
{
    static const char noted[] = OF_HOST("\"code\":\"ok\",\"ips\":[{\"code\":\"smtp.tcp.timeout\\");
    (void)state;
    for (size_t len = 0; len < sizeof noted; len++) {
        struct unsettled *unsettled = unsettled_create(true);
        assert_non_null(unsettled);
        char *exact = malloc(len > 0 ? len : 1); /* so that a sanitizer sees a byte too far */
        assert_non_null(exact);
        memcpy(exact, noted, len);
        unsettled_note(unsettled, bytes_make(exact, len));
        (void)unsettled_has(unsettled, bytes_make(exact, len));
        free(exact);
        unsettled_free(unsettled);
    }
}

/* Many names: those that were noted are all found, and hardly any other. */
static void test_the_filter(void **state)
{
    enum { NAMES = 200000, OTHERS_MOST = NAMES / 10000 };
    char record[256];
    size_t others = 0;
    struct unsettled *unsettled = unsettled_create(true);
    (void)state;
    assert_non_null(unsettled);
    for (size_t i = 0; i < NAMES; i++) {
        (void)snprintf(record, sizeof record, "{\"domain\":\"mx%zu.example\",\"not_tried\":\"elsewhere\"}",
                       i);
        unsettled_note(unsettled, bytes_of(record));
    }
    for (size_t i = 0; i < 2 * NAMES; i++) {
        (void)snprintf(record, sizeof record, "{\"domain\":\"d%zu.example\",\"host\":\"mx%zu.example\"}", i,
                       i);
        bool has = unsettled_has(unsettled, bytes_of(record));
        assert_true(has || i >= NAMES);
        others += has && i >= NAMES;
    }
    assert_true(others <= OTHERS_MOST);
    unsettled_free(unsettled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_comes_again),
        cmocka_unit_test(test_every_code),
        cmocka_unit_test(test_torn_lines),
        cmocka_unit_test(test_the_filter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
