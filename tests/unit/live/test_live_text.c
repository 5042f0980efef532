/* How far a scan is: what the lines say, how wide they are, and that a log stays a log. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "output/live/text.h"

enum { BEGAN_MS = 1000000, TEXT_BYTES = 4096 };

static void count(struct counters *counters, enum outcome outcome, enum failure_code code, int times)
{
    struct judgement judgement = {.outcome = outcome};
    code_set_add(&judgement.codes, code);
    for (int i = 0; i < times; i++)
        counters_domain(counters, &judgement, i % 2 == 0);
}

static struct live_state STATE = {
    .before = 50, .done = 50, .total = 1100, .in_flight = 20, .parked = 3, .counts = {.answers = 300}};

static struct live_pace make(void)
{
    struct live_pace pace;
    live_pace_begin(&pace, BEGAN_MS);
    STATE.counts = (struct counters){.answers = 300, .probes = 2};
    count(&STATE.counts, OUTCOME_ABSENT, FAIL_TXT_ABSENT, 40);
    count(&STATE.counts, OUTCOME_PROTECTED, FAIL_NONE, 7);
    count(&STATE.counts, OUTCOME_REFUSED, FAIL_MX_NOT_IN_POLICY, 3);
    count(&STATE.counts, OUTCOME_REFUSED, FAIL_SMTP_TLS_EXPIRED, 4);
    return pace;
}

/* The lines of a state at a moment. */
static void text_at(struct live_pace *pace, const struct live_state *state, int64_t now_ms, size_t width,
                    struct buf *text)
{
    struct live_state at = *state;
    at.now_ms = now_ms;
    at.run_ms = now_ms - BEGAN_MS;
    live_measure(pace, &at);
    live_text(&at, width, text);
}

static void expect(const struct buf *text, const char *words)
{
    if (memmem(text->data, text->len, words, strlen(words)) == NULL)
        fail_msg("\"%s\" is missing in\n%.*s", words, (int)text->len, (const char *)text->data);
}

static void test_what_is_said(void **state)
{
    (void)state;
    struct live_pace pace = make();
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    text_at(&pace, &STATE, BEGAN_MS + 10000, 0, &text);
    expect(&text, "10s: 100 of 1100 (9.0 %) done, 5 a second, about 3m 21s left\n");
    expect(&text, "20 in flight, 3 parked; a second: 30 lookups, 3 policies, 0 MX\n");
    expect(&text, "outcomes: protected 7, refused 7, absent 40\n");
    expect(&text, "failures: smtp.tls.expired 4, mx.not-in-policy 3\n"); /* txt.absent is none */
    buf_dispose(&text);
}

static void test_beginning(void **state)
{
    (void)state;
    struct live_pace pace;
    struct buf text;
    const struct live_state nothing = {0};
    buf_init(&text, TEXT_BYTES);
    live_pace_begin(&pace, BEGAN_MS);
    text_at(&pace, &nothing, BEGAN_MS, 0, &text);
    expect(&text, "0s: 0 done, 0 a second, reading the input\n");
    expect(&text, "0 in flight\n");
    expect(&text, "failures: none so far\n");
    buf_dispose(&text);
}

/* One slow half second is not taken for the rest of the scan. */
static void test_reading_the_input(void **state)
{
    static const struct {
        struct live_read read;
        const char *expected;
    } cases[] = {
        {{0, 0, 0, 0}, "12s: 0 done, 0 a second, reading the input\n"},
        {{1048576, 0, 1200, 9000}, "reading the input: 1200 names\n"}, /* a pipe */
        {{1048576, 4194304, 1200, 10000},
         "reading the input: 1200 names, 25.0 % of 4.0 MiB, about 31s left\n"},
        {{1048576, 4194304, 1200, 999}, "reading the input: 1200 names, 25.0 % of 4.0 MiB\n"},
        {{4194303, 4194304, 1200, 400000},
         "reading the input: 1200 names, 99.9 % of 4.0 MiB, about 1s left\n"},
        {{4194304, 4194304, 1200, 10000}, "reading the input: 1200 names, 100.0 % of 4.0 MiB\n"},
        {{1, 5368709120, 0, 10000}, "reading the input: 0.0 % of 5120.0 MiB, about 14913080h"},
        {{5, 4, 7, 10000}, "reading the input: 7 names\n"}, /* the file grew */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct live_pace pace;
        struct buf text;
        const struct live_state at = {.read = cases[i].read};
        live_pace_begin(&pace, BEGAN_MS);
        buf_init(&text, TEXT_BYTES);
        text_at(&pace, &at, BEGAN_MS + 12000, 0, &text);
        expect(&text, cases[i].expected);
        buf_dispose(&text);
    }
}

static void test_rates_are_smooth(void **state)
{
    (void)state;
    struct live_pace pace;
    struct buf text;
    struct live_state at = {.total = 100000};
    buf_init(&text, TEXT_BYTES);
    live_pace_begin(&pace, BEGAN_MS);
    for (int64_t ms = 500; ms <= 20000; ms += 500) {
        at.done += 50;
        text_at(&pace, &at, BEGAN_MS + ms, 0, &text);
    }
    assert_true(pace.rates[RATE_RECORDS] > 99.0 && pace.rates[RATE_RECORDS] < 101.0);
    text_at(&pace, &at, BEGAN_MS + 20500, 0, &text);
    assert_true(pace.rates[RATE_RECORDS] > 85.0 && pace.rates[RATE_RECORDS] < 95.0);
    buf_dispose(&text);
}

static void test_another_try(void **state)
{
    (void)state;
    struct live_pace pace = make();
    struct live_state again = STATE;
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    again.again = 17;
    text_at(&pace, &again, BEGAN_MS + 10000, 0, &text);
    expect(&text, "20 in flight, 3 parked, 17 to be tried again; a second: 30 lookups");
    buf_dispose(&text);
}

/* What is put off comes when this pass and the rest are over: that counts as time left, and the clock says
 * when. */
static void test_left_counts_the_rest(void **state)
{
    (void)state;
    static const int64_t noon = INT64_C(1767268800000); /* 2026-01-01T12:00:00Z */
    struct live_pace pace = make();
    struct live_state at = {
        .done = 50, .total = 110, .again = 10, .in_flight = 5, .rest_ms = 60000, .wall_ms = noon};
    struct buf text;
    assert_int_equal(setenv("TZ", "UTC", 1), 0);
    tzset();
    buf_init(&text, TEXT_BYTES);
    text_at(&pace, &at, BEGAN_MS + 10000, 0, &text); /* 5 a second: 50 of this pass, and 10 then */
    expect(&text, "50 of 110 (45.4 %) done, 5 a second, about 1m 13s left\n");
    expect(&text, "5 in flight, 10 to be tried again from about 12:01 UTC; ");
    buf_reset(&text);
    at = (struct live_state){
        .done = 100, .total = 110, .again = 10, .rest_ms = 60000, .resting = true, .wall_ms = noon + 20000};
    text_at(&pace, &at, BEGAN_MS + 20000, 0, &text);
    expect(&text, "100 of 110 (90.9 %) done, ");
    expect(&text, ", about 1m 03s left\n");
    expect(&text, "0 in flight, 10 to be tried again at 12:01:20 UTC; ");
    buf_reset(&text);
    at.rest_ms = 20000;
    at.wall_ms += 40000;
    text_at(&pace, &at, BEGAN_MS + 60000, 0, &text); /* the pace is that of before the rest */
    expect(&text, ", about 23s left\n");
    expect(&text, "at 12:01:20 UTC; ");
    buf_reset(&text);
    at = (struct live_state){.done = 105, .total = 110, .again = 0, .wall_ms = noon + 82000};
    text_at(&pace, &at, BEGAN_MS + 82000, 0, &text); /* the last pass: none comes after it */
    expect(&text, "105 of 110 (95.4 %) done, ");
    assert_null(strstr(buf_string(&text), "again"));
    buf_dispose(&text);
}

static void test_width(void **state)
{
    (void)state;
    static const size_t widths[] = {19, 40, 79}, rows[] = {17, 8, 4};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        struct live_pace pace = make();
        struct buf text;
        size_t column = 0, lines = 0;
        buf_init(&text, TEXT_BYTES);
        text_at(&pace, &STATE, BEGAN_MS + 10000, widths[i], &text);
        for (size_t at = 0; at < text.len; at++) {
            column = text.data[at] == '\n' ? 0 : column + 1;
            lines += text.data[at] == '\n';
            assert_true(column <= widths[i]);
        }
        if (lines != rows[i])
            fail_msg("%zu rows, not %zu:\n%s", lines, rows[i], buf_string(&text));
        buf_dispose(&text);
    }
}

/* Broken behind a comma or semicolon, and nothing is lost. */
static void test_rows(void **state)
{
    (void)state;
    struct live_pace pace = make();
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    text_at(&pace, &STATE, BEGAN_MS + 10000, 30, &text);
    assert_string_equal(buf_string(&text), "10s: 100 of 1100 (9.0 %) done,\n"
                                           "  5 a second,\n"
                                           "  about 3m 21s left\n"
                                           "20 in flight, 3 parked;\n"
                                           "  a second: 30 lookups,\n"
                                           "  3 policies, 0 MX\n"
                                           "outcomes: protected 7,\n"
                                           "  refused 7, absent 40\n"
                                           "failures: smtp.tls.expired 4,\n"
                                           "  mx.not-in-policy 3\n");
    buf_dispose(&text);
}

/* How long it takes still, and how much is done: rounded down, so that 100 % is the end. */
static void test_times_and_shares(void **state)
{
    (void)state;
    static const struct {
        int64_t ms; /* since it began */
        uint64_t done, total;
        const char *line;
    } cases[] = {
        {1000, 0, 100, "1s: 0 of 100 (0.0 %) done, 0 a second\n"},
        {59999, 60, 0, "59s: 60 done, 1 a second, reading the input\n"},
        {60000, 60, 61, "1m 00s: 60 of 61 (98.3 %) done, 1 a second, about 2s left\n"},
        {3599000, 3599, 7199, "59m 59s: 3599 of 7199 (49.9 %) done, 1 a second, about 1h 00m left\n"},
        {3600000, 3600, 7199, "1h 00m: 3600 of 7199 (50.0 %) done, 1 a second, about 1h 00m left\n"},
        {7384000, 7384, 7384 + 58, "2h 03m: 7384 of 7442 (99.2 %) done, 1 a second, about 59s left\n"},
        {100000, 99999, 100000, "1m 40s: 99999 of 100000 (99.9 %) done, 1000 a second, about 1s left\n"},
        {100000, 1000, 1000, "1m 40s: 1000 of 1000 (100.0 %) done, 10 a second\n"},
        {100000, 1001, 1000, "1m 40s: 1001 done, 10 a second\n"}, /* duplicates are found on the way */
        {1000000, 10, 20, "16m 40s: 10 of 20 (50.0 %) done, 0 a second\n"},
        {900000, 10, 20, "15m 00s: 10 of 20 (50.0 %) done, 0 a second, about 15m 01s left\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct live_pace pace;
        struct buf text;
        const struct live_state at = {.done = cases[i].done, .total = cases[i].total};
        buf_init(&text, TEXT_BYTES);
        live_pace_begin(&pace, BEGAN_MS);
        text_at(&pace, &at, BEGAN_MS + cases[i].ms, 0, &text);
        if (strncmp(buf_string(&text), cases[i].line, strlen(cases[i].line)) != 0)
            fail_msg("case %zu: %s", i, buf_string(&text));
        buf_dispose(&text);
    }
}

/* Four of them: by count, among equals in the table's order. */
static void test_most_frequent_failures(void **state)
{
    (void)state;
    static const struct {
        enum failure_code code;
        int times;
    } seen[] = {{FAIL_SMTP_TLS_EXPIRED, 2}, {FAIL_SMTP_TCP_REFUSED, 3}, {FAIL_SMTP_TCP_TIMEOUT, 3},
                {FAIL_MX_NOT_IN_POLICY, 1}, {FAIL_DNS_TIMEOUT, 9},      {FAIL_TXT_ABSENT, 99}};
    struct live_pace pace;
    struct live_state at = {.total = 1};
    struct buf text;
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++)
        count(&at.counts, OUTCOME_UNKNOWN, seen[i].code, seen[i].times);
    const bool refused_first = FAIL_SMTP_TCP_REFUSED < FAIL_SMTP_TCP_TIMEOUT;
    buf_init(&text, TEXT_BYTES);
    live_pace_begin(&pace, BEGAN_MS);
    text_at(&pace, &at, BEGAN_MS, 0, &text);
    expect(&text, refused_first ? "\nfailures: dns.timeout 9, smtp.tcp.refused 3, smtp.tcp.timeout 3, "
                                  "smtp.tls.expired 2\n"
                                : "\nfailures: dns.timeout 9, smtp.tcp.timeout 3, smtp.tcp.refused 3, "
                                  "smtp.tls.expired 2\n");
    expect(&text, "outcomes: unknown 117\n");
    buf_dispose(&text);
}

/* Where nothing fits a row, it is cut; what is behind a blank goes on in the next. */
static void test_narrow_rows(void **state)
{
    (void)state;
    struct live_pace pace;
    struct live_state at = {.total = 1, .in_flight = 7};
    struct buf text;
    count(&at.counts, OUTCOME_REFUSED, FAIL_MX_NOT_IN_POLICY, 3);
    buf_init(&text, TEXT_BYTES);
    live_pace_begin(&pace, BEGAN_MS);
    text_at(&pace, &at, BEGAN_MS, 11, &text);
    assert_string_equal(buf_string(&text), "0s: 0 of 1\n"
                                           "  (0.0 %)\n"
                                           "  done,\n"
                                           "  0 a\n"
                                           "  second\n"
                                           "7 in flight\n"
                                           "outcomes:\n"
                                           "  refused 3\n"
                                           "failures:\n"
                                           "  mx.not-in\n"
                                           "  -policy 3\n");
    buf_dispose(&text);
}

/* One line, nothing of which moves a cursor. */
static void test_line(void **state)
{
    (void)state;
    struct live_pace pace = make();
    struct live_state at = STATE;
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    at.now_ms = BEGAN_MS + 60000;
    at.run_ms = 60000;
    live_measure(&pace, &at);
    live_line(&at, &text);
    expect(&text, "1m 00s: 100 of 1100");
    expect(&text, " | outcomes: protected 7");
    for (size_t i = 0; i < text.len; i++)
        assert_true((text.data[i] >= ' ' && text.data[i] <= '~') || i + 1 == text.len);
    assert_int_equal(text.data[text.len - 1], '\n');
    buf_dispose(&text);
}

/* The slowest come first, one that never answers before all; the embedded one is said to be that. */
static void test_resolvers(void **state)
{
    (void)state;
    struct live_state at = {
        .total = 1, .resolver_count = 3, .disk_known = true, .disk_free_bytes = 3221225472};
    struct buf text;
    const char *const names[] = {"192.0.2.1", "192.0.2.2:5353", "[2001:db8::1]:53"};
    for (size_t i = 0; i < at.resolver_count; i++)
        (void)snprintf(at.resolvers[i].name, LIVE_NAME_BYTES, "%s", names[i]);
    for (int i = 0; i < 5; i++)
        resolver_counts_answer(&at.counts.resolvers[0], 3);
    for (int i = 0; i < 5; i++)
        resolver_counts_answer(&at.counts.resolvers[1], 7);
    at.counts.resolvers[1].refused = 2;
    at.counts.resolvers[2].lost = 4;
    at.resolvers[1].latest_ms = 9;
    buf_init(&text, TEXT_BYTES);
    live_text(&at, 0, &text);
    expect(&text,
           "resolvers: [2001:db8::1]:53 median 0 ms latest 0 ms failed 4 of 4, 192.0.2.2:5353 median 7 ms "
           "latest 9 ms failed 2 of 5, and 1 faster; disk left 3.0 GiB\n");
    buf_reset(&text);
    at = (struct live_state){.total = 1, .embedded = true, .counts = {.lookups = 9, .lookups_failed = 2}};
    live_text(&at, 0, &text);
    expect(&text, "resolver: embedded, of 9 questions 2 failed\n");
    buf_dispose(&text);
}

/* What its answers took of late is of them alone; none leaves it as it was. */
static void test_latest_latency(void **state)
{
    (void)state;
    static struct live_state at;
    struct live_pace pace;
    at = (struct live_state){.total = 1, .resolver_count = 1, .now_ms = BEGAN_MS + 1000};
    live_pace_begin(&pace, BEGAN_MS);
    for (int i = 0; i < 100; i++)
        resolver_counts_answer(&at.counts.resolvers[0], 10);
    live_measure(&pace, &at);
    assert_int_equal(at.resolvers[0].latest_ms, 10);
    resolver_counts_answer(&at.counts.resolvers[0], 90);
    resolver_counts_answer(&at.counts.resolvers[0], 110);
    at.now_ms += 1000;
    live_measure(&pace, &at);
    assert_int_equal(at.resolvers[0].latest_ms, 100);
    at.now_ms += 1000;
    live_measure(&pace, &at);
    assert_int_equal(at.resolvers[0].latest_ms, 100);
    assert_int_equal(resolver_counts_median(&at.counts.resolvers[0]), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_said),
        cmocka_unit_test(test_beginning),
        cmocka_unit_test(test_reading_the_input),
        cmocka_unit_test(test_rates_are_smooth),
        cmocka_unit_test(test_another_try),
        cmocka_unit_test(test_left_counts_the_rest),
        cmocka_unit_test(test_width),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_times_and_shares),
        cmocka_unit_test(test_most_frequent_failures),
        cmocka_unit_test(test_narrow_rows),
        cmocka_unit_test(test_line),
        cmocka_unit_test(test_resolvers),
        cmocka_unit_test(test_latest_latency),
    };
    return cmocka_run_group_tests_name("live_text", tests, NULL, NULL);
}
