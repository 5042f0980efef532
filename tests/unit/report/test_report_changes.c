/* output/report/report_changes, report_trend, html_chart: what a change is of, which are kept, what a
 * summary.json says, and how far an axis goes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "output/report/html_chart.h"
#include "output/report/report_changes.h"
#include "output/report/report_trend.h"

enum { WHY_BYTES = 4096 };

static struct stand stand_of(const char *domain, enum outcome outcome)
{
    struct stand stand = {.domain = domain, .outcome = outcome, .id = "1", .provider = ""};
    stand.states[ASPECT_MTA_STS] = mta_sts_state(outcome, OUTCOME_NONE);
    stand.states[ASPECT_STARTTLS] = starttls_state(TLS_OUTCOME_ALL);
    return stand;
}

static void test_kinds(void **state)
{
    static const struct {
        enum outcome before, after; /* OUTCOME_NONE: it is not in that scan */
        unsigned kinds;
    } rows[] = {
        {OUTCOME_PROTECTED, OUTCOME_PROTECTED, 0},
        {OUTCOME_PROTECTED, OUTCOME_REFUSED, 1 << CHANGED_DELIVERY},
        {OUTCOME_PROTECTED, OUTCOME_ABSENT, 1 << CHANGED_PROTECTION},
        {OUTCOME_REFUSED, OUTCOME_PROTECTED, 1 << CHANGED_BETTER},
        {OUTCOME_ABSENT, OUTCOME_PROTECTED, 1 << CHANGED_BETTER},
        {OUTCOME_PROTECTED, OUTCOME_UNKNOWN, 0},
        {OUTCOME_NONE, OUTCOME_REFUSED, 1 << CHANGED_NEW},
        {OUTCOME_REFUSED, OUTCOME_NONE, 1 << CHANGED_GONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stand before = stand_of("a.example", rows[i].before);
        struct stand after = stand_of("a.example", rows[i].after);
        struct stand_change told = stand_change(rows[i].before == OUTCOME_NONE ? NULL : &before,
                                                rows[i].after == OUTCOME_NONE ? NULL : &after);
        struct report_change change = report_change_of(&told);
        if (change.kinds != rows[i].kinds)
            fail_msg("row %zu: kinds %u in place of %u", i, change.kinds, rows[i].kinds);
        assert_int_equal(change.was_there, rows[i].before != OUTCOME_NONE);
        assert_int_equal(change.is_there, rows[i].after != OUTCOME_NONE);
    }
}

static void test_same_id_and_victim(void **state)
{
    (void)state;
    struct stand before = stand_of("a.example", OUTCOME_PROTECTED), after = before;
    before.body = 1;
    after.body = 2;
    struct stand_change told = stand_change(&before, &after);
    assert_int_equal(report_change_of(&told).kinds, 1 << CHANGED_SAME_ID);
    after = stand_of("a.example", OUTCOME_ABSENT);
    after.cached = (struct stand_cached){.there = true, .code = FAIL_CACHED_REFUSED, .sure_until = 77};
    before = after; /* as before: it is told all the same, and first of all */
    told = stand_change(&before, &after);
    struct report_change change = report_change_of(&told);
    assert_int_equal(change.kinds, 1 << CHANGED_VICTIM);
    assert_int_equal(change.sure_until, 77);
    assert_int_equal(change.gravity, 0);
}

/* The cause is the host where a sender looks at hosts, else what is wrong with MTA-STS; of a policy that its
 * owner switched off there is none. */
static void test_cause(void **state)
{
    static const struct {
        enum outcome outcome;
        enum failure_code fault, cause;
    } rows[] = {
        {OUTCOME_REFUSED, FAIL_NONE, FAIL_SMTP_TLS_EXPIRED},
        {OUTCOME_ABSENT, FAIL_TXT_ABSENT, FAIL_TXT_ABSENT},
        {OUTCOME_BROKEN, FAIL_POLICY_HTTP_STATUS, FAIL_POLICY_HTTP_STATUS},
        {OUTCOME_OFF, FAIL_NONE, FAIL_NONE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct stand before = stand_of("a.example", OUTCOME_PROTECTED);
        struct stand after = stand_of("a.example", rows[i].outcome);
        after.fault = rows[i].fault;
        after.fault_is_record = rows[i].fault == FAIL_TXT_ABSENT;
        after.hosts[0] = (struct stand_host){"mx.example", FAIL_SMTP_TLS_EXPIRED};
        after.hosts[1] = (struct stand_host){"mx2.example", FAIL_SMTP_TLS_EXPIRED};
        after.host_count = 2;
        struct stand_change told = stand_change(&before, &after);
        struct report_change change = report_change_of(&told);
        assert_int_equal(change.cause, rows[i].cause);
        bool of_host = rows[i].cause == FAIL_SMTP_TLS_EXPIRED;
        bool of_policy = rows[i].cause == FAIL_POLICY_HTTP_STATUS;
        assert_string_equal(change.host, of_host ? "mx.example" : of_policy ? "mta-sts.a.example" : "");
        assert_int_equal(change.more_causes, of_host ? 1 : 0);
    }
}

/* What is wrong with MTA-STS is no cause of what changed of DANE. */
static void test_cause_of_what_changed(void **state)
{
    (void)state;
    struct stand before = stand_of("a.example", OUTCOME_ABSENT);
    before.states[ASPECT_DANE] = dane_state(DANE_OUTCOME_PROTECTED);
    struct stand after = before;
    after.states[ASPECT_DANE] = dane_state(DANE_OUTCOME_REFUSED);
    after.fault = FAIL_TXT_ABSENT;
    after.fault_is_record = true;
    after.dane[0] = (struct stand_host){"mx.example", FAIL_DANE_MISMATCH};
    after.dane_count = 1;
    struct stand_change told = stand_change(&before, &after);
    struct report_change change = report_change_of(&told);
    assert_int_equal(change.cause, FAIL_DANE_MISMATCH);
    assert_string_equal(change.host, "mx.example");
}

static void test_long_texts_are_cut_at_characters(void **state)
{
    char label[1024] = "";
    (void)state;
    for (size_t i = 0; i + 2 < sizeof label; i += 2)
        memcpy(label + i, "\xc3\xbc", 2);
    struct stand after = stand_of("a.example", OUTCOME_REFUSED);
    after.label = bytes_make(label + 1, 500); /* begins amid one */
    struct stand_change told = stand_change(NULL, &after);
    struct report_change change = report_change_of(&told);
    assert_true(change.label_len <= CHANGE_LABEL_BYTES && change.label_len >= CHANGE_LABEL_BYTES - 1);
    assert_int_equal(change.label_len % 2, 1);
    assert_memory_equal(change.label, label + 1, change.label_len);
}

static void test_the_gravest_are_kept(void **state)
{
    enum { GIVEN = 3 * CHANGES_TOLD };
    struct report_changes changes;
    struct buf why;
    (void)state;
    buf_init(&why, WHY_BYTES);
    assert_int_equal(report_changes_init(&changes), ERR_OK);
    for (unsigned i = 0; i < GIVEN; i++) {
        char domain[16];
        (void)snprintf(domain, sizeof domain, "d%03u.example", (i * 7) % GIVEN);
        struct stand before = stand_of(domain, OUTCOME_PROTECTED);
        struct stand after = stand_of(domain, (i * 7) % GIVEN < 10 ? OUTCOME_PARTIAL : OUTCOME_REFUSED);
        struct stand_change told = stand_change(&before, &after);
        struct report_change change = report_change_of(&told);
        assert_int_equal(report_changes_add(&changes, &told, &change, &why), ERR_OK);
    }
    assert_int_equal(report_changes_end(&changes, &why), ERR_OK);
    const struct report_change_table *table = &changes.tables[CHANGED_DELIVERY];
    assert_int_equal(changes.counts[CHANGED_DELIVERY], GIVEN);
    assert_int_equal(changes.counts[CHANGED_BETTER], 0);
    assert_int_equal(table->count, CHANGES_TOLD);
    for (unsigned i = 0; i < CHANGES_TOLD; i++) {
        char domain[16];
        (void)snprintf(domain, sizeof domain, "d%03u.example", i + 10);
        assert_string_equal(table->rows[i].domain, domain);
    }
    report_changes_dispose(&changes);
    buf_dispose(&why);
}

static void test_summary(void **state)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"{\"records\":3,\"outcomes\":{\"refused\":2,\"absent\":1}}", true},
        {"{\"records\":4,\"outcomes\":{\"refused\":2,\"absent\":1}}", false}, /* it does not add up */
        {"{\"records\":3,\"outcomes\":{\"refused\":2,\"levitating\":1}}", false},
        {"{\"records\":3,\"outcomes\":{\"refused\":-2,\"absent\":5}}", false},
        {"{\"records\":3,\"outcomes\":{\"refused\":18446744073709551615,\"absent\":4}}", false},
        {"{\"records\":0,\"outcomes\":{}}", true},
        {"{\"records\":3}", false},
        {"{\"outcomes\":{\"refused\":2}}", false},
        {"{\"records\":3,\"outcomes\":[2,1]}", false},
        {"{", false},
        {"", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct report_scan scan = {.records = 99};
        if (report_scan_summary(bytes_of(rows[i].text), &scan) != rows[i].good)
            fail_msg("%s", rows[i].text);
    }
    struct report_scan scan = {.records = 99};
    assert_true(report_scan_summary(bytes_of(rows[0].text), &scan));
    assert_int_equal(scan.records, 3);
    assert_int_equal(scan.outcomes[OUTCOME_REFUSED], 2);
    assert_int_equal(scan.outcomes[OUTCOME_PROTECTED], 0);
}

/* Times of any scan, and shares of any summary, overrun nothing. */
static void test_chart_of_any_time(void **state)
{
    static const struct html_point points[] = {{INT64_MIN, 1, 1}, {INT64_MAX, 1, 1}};
    static const int64_t times[] = {INT64_MIN, INT64_C(-62167219200001), INT64_C(253402300800000), INT64_MAX};
    char *text = NULL, day[HTML_DAY_BYTES];
    size_t len = 0;
    (void)state;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    html_chart(out, &(struct html_chart){"refused", "bad", points, 2});
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "<polyline class=\"bad\" points=\"52.0,34.0 308.0,34.0\"/>"));
    free(text);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        assert_string_equal(html_day(times[i], day), "0000-00-00");
    assert_string_equal(html_day(INT64_C(1796000400000), day), "2026-11-30");
}

static void test_axis(void **state)
{
    static const double rows[][2] = {{0, 0.01}, {0.004, 0.01}, {0.7, 1},  {1, 1},    {2.1, 3},
                                     {22, 30},  {31, 50},      {51, 100}, {100, 100}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_float_equal(html_chart_top(rows[i][0]), rows[i][1], 0.0001);
}

static void test_chart(void **state)
{
    static const struct html_point points[] = {{0, 1, 4}, {86400000, 0, 0}, {2 * 86400000, 4, 4}};
    char *text = NULL;
    size_t len = 0;
    (void)state;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    html_chart(out, &(struct html_chart){"<refused>", "bad", points, 3});
    assert_int_equal(fclose(out), 0);
    assert_non_null(strstr(text, "<title>&lt;refused&gt;: share"));
    assert_non_null(strstr(text, "<desc>1970-01-01: 25.0 %, 1970-01-02: -, 1970-01-03: 100.0 %</desc>"));
    assert_non_null(strstr(text, "<polyline class=\"bad\" points=\"52.0,115.0 180.0,142.0 308.0,34.0\"/>"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_same_id_and_victim),
        cmocka_unit_test(test_cause),
        cmocka_unit_test(test_cause_of_what_changed),
        cmocka_unit_test(test_long_texts_are_cut_at_characters),
        cmocka_unit_test(test_the_gravest_are_kept),
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_axis),
        cmocka_unit_test(test_chart),
        cmocka_unit_test(test_chart_of_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
