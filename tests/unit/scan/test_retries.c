/* What docs/failures.md says of "passes" is what a scan does: a domain of which nothing but the code is known
 * is put off to the next pass exactly if the column says yes, and an end that asks for a second look has a
 * code of which it says so. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "scanner/scan/passes.h"
#include "scanner/verdict/looks.h"
#include "scanner/verdict/verdict.h"

enum { INTERNAL_ERROR = 80, HANDSHAKE_FAILURE = 40, LINE_BYTES = 4096 };

/* Reads the third column of the code's row, as the document has it. */
static enum retry documented(FILE *file, const char *code)
{
    char line[LINE_BYTES];
    char start[128];
    (void)snprintf(start, sizeof start, "| `%s` | ", code);
    rewind(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, start, strlen(start)) != 0)
            continue;
        const char *passes = strchr(line + strlen(start), '|');
        assert_non_null(passes);
        return strncmp(passes, "| yes |", 7) == 0            ? RETRY_PASSES
               : strncmp(passes, "| second look |", 15) == 0 ? RETRY_LOOK
                                                             : RETRY_NEVER;
    }
    fail_msg("%s has no row", code);
    return RETRY_NEVER;
}

static void test_the_column_is_what_is_done(void **state)
{
    const struct pass_end end = {.pass = 1, .retries = 1};
    FILE *file = fopen("docs/failures.md", "r");
    (void)state;
    assert_non_null(file);
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++) {
        struct judgement judgement = {.outcome = OUTCOME_UNKNOWN};
        code_set_add(&judgement.codes, code);
        bool put_off = passes_put_off(&end, &judgement);
        enum retry said = documented(file, failure_name(code));
        if (put_off != (said == RETRY_PASSES) || said != verdict_retry(code))
            fail_msg("%s: put off %d, documented %d", failure_name(code), put_off, (int)said);
        judgement.look_due = true;
        assert_true(passes_put_off(&end, &judgement));
    }
    (void)fclose(file);
}

/* Every way in which a session may end: an end that asks again has no code of which the table says no, and
 * each code of which it says "second look" has such an end. */
static void test_second_looks(void **state)
{
    static const int alerts[] = {-1, INTERNAL_ERROR, HANDSHAKE_FAILURE};
    bool met[FAIL_COUNT] = {false};
    (void)state;
    for (unsigned i = 0; i < SMTP_END_COUNT * SMTP_STEP_COUNT * NET_ERROR_COUNT * TLS_END_COUNT * 3 * 3;
         i++) {
        unsigned at = i;
        struct probe_facts probe = {.host = "mx.example.org"};
        probe.end = at % SMTP_END_COUNT, at /= SMTP_END_COUNT;
        probe.step = at % SMTP_STEP_COUNT, at /= SMTP_STEP_COUNT;
        probe.net = at % NET_ERROR_COUNT, at /= NET_ERROR_COUNT;
        probe.tls.end = at % TLS_END_COUNT, at /= TLS_END_COUNT;
        probe.tls.alert = alerts[at % 3], at /= 3;
        static const int replies[] = {0, 454, 554};
        probe.reply_code = replies[at % 3];
        bool is_whole = probe.tls.end != TLS_DONE &&
                        (probe.end == SMTP_END_TLS) == (probe.step == SMTP_HANDSHAKE) &&
                        (probe.end == SMTP_END_NET) == (probe.net != NET_OK) &&
                        (probe.end == SMTP_END_TLS) == (probe.tls.end != TLS_NOT_TRIED) &&
                        (probe.end == SMTP_END_REPLY) == (probe.reply_code != 0) &&
                        (probe.tls.alert < 0 || probe.tls.end == TLS_FAILED) && probe.end != SMTP_END_DONE &&
                        probe.end != SMTP_END_NONE;
        if (!is_whole || !look_asks_again(&probe))
            continue;
        enum failure_code code = verdict_probe(&probe, BY_OWN_TIME);
        met[code] = true;
        if (verdict_retry(code) == RETRY_NEVER)
            fail_msg("%s: a second look is made", failure_name(code));
    }
    for (unsigned i = 0; i < NET_ERROR_COUNT * TLS_END_COUNT * 3; i++) {
        unsigned at = i;
        struct ip_addr ip = {.family = 4};
        struct policy_facts policy = {.host = "mta-sts.example.org",
                                      .address = {.a.status = DNS_ANSWERED, .ips = &ip, .ip_count = 1}};
        policy.fetch.net = at % NET_ERROR_COUNT, at /= NET_ERROR_COUNT;
        policy.fetch.tls.end = at % TLS_END_COUNT, at /= TLS_END_COUNT;
        policy.fetch.tls.alert = alerts[at % 3];
        policy.fetch.step = policy.fetch.tls.end == TLS_NOT_TRIED ? FETCH_CONNECT : FETCH_TLS;
        if (policy.fetch.tls.end == TLS_DONE || !look_at_policy_asks_again(&policy.fetch))
            continue;
        enum failure_code code = verdict_fetch(&policy, BY_OWN_TIME);
        met[code] = true;
        if (verdict_retry(code) == RETRY_NEVER)
            fail_msg("%s: a second look is made", failure_name(code));
    }
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        if (verdict_retry(code) == RETRY_LOOK && !met[code])
            fail_msg("%s: no second look is made", failure_name(code));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_column_is_what_is_done),
        cmocka_unit_test(test_second_looks),
    };
    return cmocka_run_group_tests_name("retries", tests, NULL, NULL);
}
