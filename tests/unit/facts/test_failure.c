/* The table of failure codes: names, and the result types that a report carries. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scanner/facts/failure.h"
#include "scanner/facts/record.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void test_names_are_found_again(void **state)
{
    (void)state;
    for (enum failure_code code = FAIL_NONE; code < FAIL_COUNT; code++) {
        const char *name = failure_name(code);
        assert_string_equal(failure_get(code)->code, name);
        assert_int_equal(failure_find(name, strlen(name)), code);
        assert_int_equal(failure_find(name, strlen(name) - 1), FAIL_COUNT);
    }
    assert_int_equal(failure_find("", 0), FAIL_COUNT);
    char longer[UINT8_MAX + sizeof "ok"] = "ok"; /* its length modulo 256 is that of a code */
    assert_int_equal(failure_find(longer, sizeof longer - 1), FAIL_COUNT);
}

static void test_a_set_is_walked_in_order(void **state)
{
    (void)state;
    for (unsigned step = 1; step <= FAIL_COUNT; step++) {
        struct code_set set = {{0}};
        enum failure_code walked = code_set_next(&set, FAIL_NONE);
        assert_int_equal(walked, FAIL_COUNT);
        for (unsigned code = step; code < FAIL_COUNT; code += step)
            code_set_add(&set, (enum failure_code)code);
        walked = FAIL_NONE;
        for (unsigned code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
            if (code_set_has(&set, (enum failure_code)code)) {
                walked = code_set_next(&set, walked);
                assert_int_equal(walked, code);
            }
        assert_int_equal(code_set_next(&set, walked), FAIL_COUNT);
    }
}

static void test_a_code_begins_with_its_stage(void **state)
{
    (void)state;
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++) {
        const char *stage = failure_stage_name(failure_get(code)->stage);
        assert_memory_equal(failure_name(code), stage, strlen(stage));
        assert_int_equal(failure_name(code)[strlen(stage)], '.');
        assert_true(strlen(failure_get(code)->why) > 0 && strlen(failure_get(code)->mend) > 0);
    }
}

/* What passes by itself is no verdict, so it neither fails a host nor takes the policy away. */
static void test_what_may_pass_is_unknown(void **state)
{
    (void)state;
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        if (failure_get(code)->transient)
            assert_int_equal(failure_get(code)->effect, EFFECT_UNKNOWN);
}

static const struct {
    const char *rule, *code, *type;
} reported[] = {
    {"RPT-3 no STARTTLS", "smtp.starttls.not-offered", "starttls-not-supported"},
    {"RPT-3 another name", "smtp.tls.host-mismatch", "certificate-host-mismatch"},
    {"RPT-3 a host that the policy does not name", "mx.not-in-policy", "certificate-host-mismatch"},
    {"RPT-3 expired", "smtp.tls.expired", "certificate-expired"},
    {"RPT-3 self-signed", "smtp.tls.self-signed", "certificate-not-trusted"},
    {"RPT-3 a handshake that fails", "smtp.tls.handshake", "validation-failure"},
    {"RPT-3 no TLSA records at one of the hosts", "dane.not-all-hosts", "dane-required"},
    {"RPT-3 TLSA of no use", "dane.unusable", "tlsa-invalid"},
    {"RPT-3 signatures that do not hold", "dns.bogus", "dnssec-invalid"},
    {"RPT-3 no policy there", "policy.http.status", "sts-policy-fetch-error"},
    {"RPT-3 a policy that is none", "policy.syntax.mode-bad", "sts-policy-invalid"},
    {"RPT-3 the policy host's certificate", "policy.tls.expired", "sts-webpki-invalid"},
    {"RPT-3 nothing to report of an absent record", "txt.absent", "-"},
};

static void test_result_type(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(reported); i++) {
        enum failure_code code = failure_find(reported[i].code, strlen(reported[i].code));
        assert_int_not_equal(code, FAIL_COUNT);
        if (strcmp(rpt_type_name(failure_get(code)->rpt), reported[i].type) != 0)
            fail_msg("%s: %s", reported[i].rule, rpt_type_name(failure_get(code)->rpt));
    }
}

static void test_attributes_have_names(void **state)
{
    (void)state;
    for (enum failure_effect effect = 0; effect < EFFECT_COUNT; effect++)
        assert_true(strlen(failure_effect_name(effect)) > 0);
    for (enum failure_who who = 0; who < WHO_COUNT; who++)
        assert_true(strlen(failure_who_name(who)) > 0);
    for (enum rpt_type type = RPT_NONE + 1; type < RPT_COUNT; type++)
        assert_true(strlen(rpt_type_name(type)) > 1);
}

/* RPT-3: no result type of RFC 8460 section 4.3 is without a code that gives it. */
static void test_every_result_type_is_given(void **state)
{
    (void)state;
    uint32_t given = 0;
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        given |= UINT32_C(1) << failure_get(code)->rpt;
    for (enum rpt_type type = RPT_NONE + 1; type < RPT_COUNT; type++)
        if ((given >> type & 1) == 0)
            fail_msg("RPT-3: no code gives %s", rpt_type_name(type));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_found_again),
        cmocka_unit_test(test_a_set_is_walked_in_order),
        cmocka_unit_test(test_a_code_begins_with_its_stage),
        cmocka_unit_test(test_what_may_pass_is_unknown),
        cmocka_unit_test(test_result_type),
        cmocka_unit_test(test_attributes_have_names),
        cmocka_unit_test(test_every_result_type_is_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
