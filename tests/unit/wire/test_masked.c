/* TLS-1: marks of a device that masks, and what the verdict makes of a session without STARTTLS that bears
 * them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/verdict/tls.h"
#include "scanner/wire/masked.h"

struct masked_case {
    const char *greeting, *keyword;
    bool masked;
};

static const struct masked_case cases[] = {
    {"mx.example ESMTP", "STARTTLS", false},
    {"mx.example ESMTP", "XXXXXXXA", true},
    {"mx.example ESMTP", "XXXXXXXX", true},
    {"mx.example ESMTP", "XXXX", true},
    {"mx.example ESMTP", "XXXXXXXA 10", true},
    {"mx.example ESMTP", "XXXXXXXA\r", true}, /* CR CR LF */
    {"mx.example ESMTP", "XXX", false},
    {"mx.example ESMTP", "XCLIENT NAME ADDR", false},
    {"mx.example ESMTP", "X-EXPS GSSAPI", false},
    {"mx.example ESMTP", "XXXX-VERSION", false},
    {"*****", "SIZE", true},
    {"************************2******200**0*00", "SIZE", true},
    {"****", "SIZE", false},
    {"***** mx.example *****", "SIZE", false}, /* words of somebody's */
    {"", "", false},
};

static void test_marks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes lines[] = {bytes_of("mx.example"), bytes_of(cases[i].keyword)};
        struct probe_facts facts = {.greeting = bytes_of(cases[i].greeting), .ehlo = lines, .ehlo_count = 2};
        if (smtp_is_masked(&facts) != cases[i].masked)
            fail_msg("%s, %s", cases[i].greeting, cases[i].keyword);
    }
}

static void test_verdict(void **state)
{
    struct probe_facts facts = {.step = SMTP_EHLO, .end = SMTP_END_NOT_OFFERED, .tls.alert = -1};
    (void)state;
    assert_int_equal(verdict_probe(&facts, BY_OWN_TIME), FAIL_SMTP_STARTTLS_NOT_OFFERED);
    assert_int_equal(verdict_tls_offer(&facts), TLS_OFFER_NO);
    facts.path_doubtful = true;
    assert_int_equal(verdict_probe(&facts, BY_OWN_TIME), FAIL_SMTP_STARTTLS_PATH);
    assert_int_equal(verdict_tls_offer(&facts), TLS_OFFER_UNKNOWN);
    facts.masked = true; /* its own session tells more than what others meet */
    assert_int_equal(verdict_probe(&facts, BY_OWN_TIME), FAIL_SMTP_STARTTLS_MASKED);
    assert_int_equal(verdict_tls_offer(&facts), TLS_OFFER_UNKNOWN);
    assert_int_equal(failure_get(FAIL_SMTP_STARTTLS_MASKED)->effect, EFFECT_UNKNOWN);
    assert_int_equal(failure_get(FAIL_SMTP_STARTTLS_PATH)->effect, EFFECT_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_verdict),
    };
    return cmocka_run_group_tests_name("masked", tests, NULL, NULL);
}
