/* Host against pattern (MX-3), and what a pattern may be (POL-8). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/sts/match.h"
#include "scanner/sts/policy.h"
#include "tests/unit/sts/cases.h"

enum { LOOPS = 50000 };

struct match_case {
    const char *name;
    const char *host;
    const char *pattern;
    bool matches;
};

#include "tests/unit/sts/cases_match.h"

static void row_is_judged(void **state)
{
    const struct match_case *row = *state;
    assert_int_equal(mx_pattern_match(row->host, row->pattern), row->matches);
}

static void any_of_several_matches(void **state)
{
    static const char *const patterns[] = {"mx.example.com", "*", "*.example.net"};
    (void)state;
    assert_true(mx_pattern_match_any("mx.example.com", patterns, COUNT(patterns)));
    assert_true(mx_pattern_match_any("a.example.net", patterns, COUNT(patterns)));
    assert_false(mx_pattern_match_any("a.example.net", patterns, 2));
    assert_false(mx_pattern_match_any("b.example.com", patterns, COUNT(patterns)));
    assert_false(mx_pattern_match_any("mx.example.com", NULL, 0));
}

static void fault_has_its_place(void **state)
{
    static const struct {
        const char *pattern, *code;
        uint32_t column;
    } cases[] = {
        {"", "mx-bad", 1},
        {"*", "mx-wildcard", 1},
        {"a.*", "mx-wildcard", 3},
        {"a.", "mx-trailing-dot", 2},
        {"*.a.", "mx-trailing-dot", 4},
        {"a..b", "mx-bad", 3},
        {"*..b", "mx-bad", 3},
        {"a_b", "mx-bad", 2},
        {"1.2.3.4", "mx-address", 1},
        {"::1", "mx-address", 1},
        {"a\xc3\xa4", "mx-ulabel", 2},
        {"a-.b", "mx-bad", 2},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t column = 0;
        enum failure_code code = sts_policy_check_pattern(bytes_of(cases[i].pattern), &column);
        assert_string_equal(short_name(code, "policy.syntax."), cases[i].code);
        assert_int_equal(column, cases[i].column);
    }
}

/* From left to right, each code once. */
static void every_fault_is_told(void **state)
{
    static const struct {
        const char *pattern, *codes;
    } cases[] = {
        {"*.m\xc3\xbcller_1.*.example.", "mx-ulabel@4 mx-bad@10 mx-wildcard@13 mx-trailing-dot@22 "},
        {"*.", "mx-wildcard@1 mx-trailing-dot@2 "},
        {"a_b..c_d", "mx-bad@2 "},
        {"-a.*", "mx-bad@1 mx-wildcard@4 "},
        {"1.2.3.4.", "mx-address@1 "},
        {"*." A63 "a.x.", "mx-bad@66 mx-trailing-dot@69 "},
        {A63 "." B63 "." C63 "." A63 ".*.", "mx-bad@254 mx-wildcard@257 mx-trailing-dot@258 "},
        {"*.example.com", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct pattern_fault faults[PATTERN_FAULTS];
        struct buf told;
        buf_init(&told, 256);
        size_t count = sts_policy_pattern_faults(bytes_of(cases[i].pattern), faults);
        for (size_t j = 0; j < count; j++)
            (void)buf_printf(&told, "%s@%u ", short_name(faults[j].code, "policy.syntax."), faults[j].column);
        assert_string_equal(buf_string(&told), cases[i].codes);
        buf_dispose(&told);
    }
}

static const char *const pieces[] = {"a", "B",    "9",           "-",    ".",        "*", "*.",
                                     "_", "xn--", "example.com", ".com", "\xc3\xa4", " "};

#define LABEL  "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
#define DOMAIN LABEL "([.]" LABEL ")*"

/* Domain of RFC 5321 as a regular expression; the pieces make neither long labels nor addresses. */
static void patterns_agree_with_the_abnf(void **state)
{
    regex_t shape = compiled("^([*][.])?" DOMAIN "$");
    uint64_t random = 5;
    size_t valid = 0;
    struct buf buf;
    (void)state;
    buf_init(&buf, 4096);
    for (int i = 0; i < LOOPS; i++) {
        uint32_t column;
        buf_reset(&buf);
        put_pieces(&buf, &random, pieces, COUNT(pieces), next_random(&random, 6));
        const char *text = buf_string(&buf);
        enum failure_code code = sts_policy_check_pattern(bytes_of(text), &column);
        if ((code == FAIL_NONE) != (regexec(&shape, text, 0, NULL, 0) == 0))
            fail_msg("POL-8: %s is %s", text, failure_name(code));
        assert_in_range(column, 1, strlen(text) + 1);
        valid += code == FAIL_NONE;
    }
    assert_true(valid > LOOPS / 100);
    regfree(&shape);
    buf_dispose(&buf);
}

/* MX-3 once more: a pattern is a host, or stands for exactly one label before its parent. */
static bool should_match(const char *host, const char *pattern)
{
    const char *dot = strchr(host, '.');
    if (strncmp(pattern, "*.", 2) != 0)
        return strcasecmp(host, pattern) == 0;
    return dot != NULL && strcasecmp(dot, pattern + 1) == 0;
}

static void random_hosts_match_as_they_should(void **state)
{
    static const char *const labels[] = {"a", "A", "b", "mx1", "xn--p1ai"};
    uint64_t random = 6;
    size_t matched = 0;
    struct buf host, pattern;
    (void)state;
    buf_init(&host, 4096);
    buf_init(&pattern, 4096);
    for (int i = 0; i < LOOPS; i++) {
        struct buf *both[] = {&host, &pattern};
        for (int side = 0; side < 2; side++) {
            buf_reset(both[side]);
            assert_true(buf_text(both[side], side == 1 && next_random(&random, 2) == 0 ? "*." : ""));
            for (uint32_t left = next_random(&random, 3); left > 0; left--)
                assert_true(buf_printf(both[side], "%s.", labels[next_random(&random, COUNT(labels))]));
            assert_true(buf_text(both[side], labels[next_random(&random, COUNT(labels))]));
        }
        bool want = should_match(buf_string(&host), buf_string(&pattern));
        if (mx_pattern_match(buf_string(&host), buf_string(&pattern)) != want)
            fail_msg("MX-3: %s and %s", buf_string(&host), buf_string(&pattern));
        matched += want;
    }
    assert_true(matched > LOOPS / 100);
    buf_dispose(&host);
    buf_dispose(&pattern);
}

static void every_row_is_another(void **state)
{
    (void)state;
    size_t rows = different_rows(match_cases, COUNT(match_cases), sizeof match_cases[0]);
    assert_int_equal(rows, COUNT(match_cases));
    assert_true(rows >= 60);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(every_row_is_another),         cmocka_unit_test(any_of_several_matches),
        cmocka_unit_test(fault_has_its_place),          cmocka_unit_test(every_fault_is_told),
        cmocka_unit_test(patterns_agree_with_the_abnf), cmocka_unit_test(random_hosts_match_as_they_should),
    };
    struct CMUnitTest tests[COUNT(match_cases) + COUNT(others)];
    add_cases(tests, match_cases, COUNT(match_cases), sizeof match_cases[0], row_is_judged);
    memcpy(tests + COUNT(match_cases), others, sizeof others);
    return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
