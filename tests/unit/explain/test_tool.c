/* What tools are told of a domain: JUnit XML, workflow commands, Markdown; by what a build fails; hostile
 * text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/explain/tool.h"
#include "tests/unit/has.h"

enum { TEXT_BYTES = 1 << 20 };

/* All that could end a cell, an attribute, a command or a line, or become markup. */
static const char hostile[] =
    " a|b `c` <b>&amp;\"' [x](https://x) @team #1 %0A ::error::\r\n::set-env name=x::\x1b[2J\xff";

static void tell_hostile(void *arg, enum failure_code code, struct buf *text)
{
    const enum failure_code *of = arg;
    if (code == *of)
        (void)buf_text(text, hostile);
}

/* Tells of a domain of these codes, which end with FAIL_NONE; to be freed. */
static char *told(enum tool_form form, enum outcome outcome, enum tool_verdict verdict, bool in_force,
                  const enum failure_code *list)
{
    struct code_set codes = {{0}};
    struct tool_domain domain = {.domain = bytes_of("d.example"),
                                 .outcome = outcome,
                                 .verdict = verdict,
                                 .codes = &codes,
                                 .policy_read = in_force,
                                 .in_force = in_force,
                                 .found = tell_hostile,
                                 .arg = (void *)(uintptr_t)list};
    struct buf out;
    for (const enum failure_code *code = list; *code != FAIL_NONE; code++)
        code_set_add(&codes, *code);
    buf_init(&out, TEXT_BYTES);
    tool_head(&out, form);
    tool_put(&out, form, &domain);
    tool_foot(&out, form);
    assert_false(out.failed);
    for (size_t i = 0; i < out.len; i++)
        assert_true(out.data[i] == '\n' || (out.data[i] >= 0x20 && out.data[i] < 0x7F));
    char *text = strdup(buf_string(&out));
    assert_non_null(text);
    buf_dispose(&out);
    return text;
}

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (; (text = strstr(text, part)) != NULL; text += strlen(part))
        count++;
    return count;
}

static const enum failure_code lost[] = {FAIL_SMTP_TLS_EXPIRED, FAIL_TLSRPT_ABSENT, FAIL_DANE_ABSENT,
                                         FAIL_NONE};

static void forms_have_names(void **state)
{
    (void)state;
    for (enum tool_form form = TOOL_NONE + 1; form < TOOL_FORMS; form++)
        assert_int_equal(tool_form_find(tool_form_name(form)), form);
    assert_int_equal(tool_form_find(""), TOOL_NONE);
    assert_int_equal(tool_form_find("junit2"), TOOL_NONE);
    assert_int_equal(tool_form_find("JUNIT"), TOOL_NONE);
}

/* ---- by what a build fails ----------------------------------------------------------------------------- */

static void a_build_fails_by_what_is_bad(void **state)
{
    static const struct {
        enum outcome outcome;
        enum tool_verdict verdict;
        bool in_force;
        enum failure_code codes[3];
        size_t failures, errors; /* testcases, the outcome's among them */
    } cases[] = {
        {OUTCOME_PROTECTED, TOOL_GOOD, true, {FAIL_TLSRPT_ABSENT}, 0, 0},
        /* A good one fails no build, whatever its codes. */
        {OUTCOME_PROTECTED, TOOL_GOOD, true, {FAIL_DNS_SERVFAIL, FAIL_SMTP_TLS_EXPIRED}, 0, 0},
        {OUTCOME_REFUSED, TOOL_GOOD, true, {FAIL_SMTP_TLS_EXPIRED}, 0, 0},
        {OUTCOME_REFUSED, TOOL_BAD, true, {FAIL_SMTP_TLS_EXPIRED, FAIL_TLSRPT_ABSENT}, 2, 0},
        {OUTCOME_PARTIAL, TOOL_BAD, true, {FAIL_SMTP_TLS_EXPIRED, FAIL_DNS_SERVFAIL}, 2, 1},
        /* Two of one step are one testcase. */
        {OUTCOME_REFUSED, TOOL_BAD, true, {FAIL_SMTP_TLS_EXPIRED, FAIL_SMTP_TLS_HOST_MISMATCH}, 2, 0},
        {OUTCOME_ABSENT, TOOL_BAD, false, {FAIL_TXT_ABSENT, FAIL_TLSRPT_ABSENT}, 2, 0},
        {OUTCOME_ABSENT, TOOL_GOOD, false, {FAIL_TXT_ABSENT}, 0, 0},
        /* Without a policy a bad MX host stops no sender. */
        {OUTCOME_ABSENT, TOOL_BAD, false, {FAIL_TXT_ABSENT, FAIL_SMTP_TLS_EXPIRED}, 2, 0},
        {OUTCOME_BROKEN, TOOL_BAD, false, {FAIL_POLICY_TLS_EXPIRED}, 2, 0},
        {OUTCOME_UNKNOWN, TOOL_OPEN, false, {FAIL_DNS_SERVFAIL}, 0, 2},
        {OUTCOME_UNKNOWN, TOOL_BY_MACHINE, true, {FAIL_SMTP_TCP_PORT_BLOCKED}, 0, 2},
        {OUTCOME_NO_MAIL, TOOL_BAD, false, {FAIL_MX_NONE, FAIL_TXT_ABSENT}, 2, 0},
        {OUTCOME_ABSENT, TOOL_BAD, false, {FAIL_TXT_ABSENT, FAIL_CACHED_REFUSED}, 3, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char counts[128];
        char *text = told(TOOL_JUNIT, cases[i].outcome, cases[i].verdict, cases[i].in_force, cases[i].codes);
        (void)snprintf(counts, sizeof counts,
                       " tests=\"12\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">", cases[i].failures,
                       cases[i].errors, count_of(text, "<skipped "));
        if (strstr(text, counts) == NULL)
            fail_msg("row %zu: no%s in:\n%s", i, counts, text);
        assert_int_equal(count_of(text, "<failure "), cases[i].failures);
        assert_int_equal(count_of(text, "<error "), cases[i].errors);
        assert_int_equal(count_of(text, "<testcase "), 12);
        assert_int_equal(count_of(text, "</testcase>"), 12);
        free(text);
    }
}

static void steps_that_were_not_taken(void **state)
{
    static const struct {
        enum outcome outcome;
        bool in_force;
        enum failure_code codes[3];
        size_t skipped;
    } cases[] = {
        {OUTCOME_PROTECTED, true, {FAIL_NONE}, 0},
        {OUTCOME_PROTECTED, true, {FAIL_DANE_ABSENT}, 1},
        {OUTCOME_ABSENT, false, {FAIL_TXT_ABSENT}, 3},         /* all three of the policy */
        {OUTCOME_BROKEN, false, {FAIL_POLICY_NO_ADDRESS}, 2},  /* HTTPS and the policy */
        {OUTCOME_BROKEN, false, {FAIL_POLICY_TLS_EXPIRED}, 1}, /* the policy: its host was found */
        {OUTCOME_BROKEN, false, {FAIL_POLICY_HTTP_REDIRECT}, 0},
        /* Of MTA-STS nothing is due either where no mail is taken. */
        {OUTCOME_NO_MAIL, false, {FAIL_MX_NULL, FAIL_TXT_ABSENT}, 6},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = told(TOOL_JUNIT, cases[i].outcome, TOOL_BAD, cases[i].in_force, cases[i].codes);
        if (count_of(text, "<skipped ") != cases[i].skipped)
            fail_msg("row %zu: %zu steps were not taken:\n%s", i, count_of(text, "<skipped "), text);
        free(text);
    }
}

/* ---- the forms ----------------------------------------------------------------------------------------- */

static void junit(void **state)
{
    (void)state;
    char *text = told(TOOL_JUNIT, OUTCOME_REFUSED, TOOL_BAD, true, lost);
    assert_has(text,
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"stsweep\">\n"
               "  <testsuite name=\"d.example\" tests=\"12\" failures=\"2\" errors=\"0\" skipped=\"1\">\n");
    assert_has(text,
               "<failure message=\"refused: mail is not delivered\" type=\"refused\">By default a sender ");
    assert_has(
        text,
        "    <testcase name=\"STARTTLS\" classname=\"d.example\">\n"
        "      <failure message=\"smtp.tls.expired: The MX host's certificate has expired.\" "
        "type=\"smtp.tls.expired\">smtp.tls.expired\nwhy: The MX host's certificate has expired.\n"
        "found: a|b `c` &lt;b&gt;&amp;amp;&quot;' [x](https://x) @team #1 %0A ::error::\\x0d\\x0a::set-env "
        "name=x::\\x1b[2J\\xff\nwho mends it: the MX host's operator\nmend: Renew the certificate.\n"
        "</failure>\n    </testcase>\n");
    assert_has(text,
               "<testcase name=\"TLSRPT\" classname=\"d.example\">\n      <system-out>tlsrpt.absent\nwhy: ");
    assert_int_equal(count_of(text, "<system-out>"), 1);
    assert_has(text, "  </testsuite>\n</testsuites>\n");
    free(text);
}

static void github(void **state)
{
    (void)state;
    char *text = told(TOOL_GITHUB, OUTCOME_REFUSED, TOOL_BAD, true, lost);
    assert_has(text, "::error title=d.example%3A refused - mail is not delivered::By default ");
    assert_has(
        text,
        "\n::error title=d.example%3A smtp.tls.expired::The MX host's certificate has expired.%0Aa|b "
        "`c` <b>&amp;\"' [x](https://x) @team #1 %250A ::error::\\x0d\\x0a::set-env name=x::\\x1b[2J\\xff"
        "%0AWho mends it: the MX host's operator%0AWhat mends it: Renew the certificate.\n");
    assert_has(text, "\n::warning title=d.example%3A tlsrpt.absent::");
    assert_int_equal(count_of(text, "\n"), 3);
    free(text);
    text = told(TOOL_GITHUB, OUTCOME_PROTECTED, TOOL_GOOD, true, &lost[3]);
    assert_memory_equal(text, "::notice title=d.example%3A protected - ", 40);
    free(text);
}

static void markdown(void **state)
{
    (void)state;
    char *text = told(TOOL_MARKDOWN, OUTCOME_REFUSED, TOOL_BAD, true, lost);
    assert_has(text, "### `d.example`: refused (FAIL)\n\nBy default ");
    assert_has(
        text,
        "\n\n| | code | why | found | who mends it | what mends it |\n|---|---|---|---|---|---|\n"
        "| **FAIL** | `smtp.tls.expired` | The MX host's certificate has expired. | `a\\x7cb \\x60c\\x60 "
        "<b>&amp;\"' [x](https://x) @team #1 %0A ::error::\\x0d\\x0a::set-env name=x::\\x1b[2J\\xff` | "
        "the MX host's operator | Renew the certificate. |\n| warning | `tlsrpt.absent` | ");
    assert_has(text, " |\n\n");
    assert_int_equal(count_of(text, "\n| "), 3);
    free(text);
}

/* A domain's name may be anything in a directory of somebody else's. */
static void names_are_hostile(void **state)
{
    static const char *const expected[TOOL_FORMS] = {
        [TOOL_JUNIT] = "<testsuite name=\"&lt;a&gt;&quot;,:%\\x0a|`\" tests",
        [TOOL_GITHUB] = "::notice title=<a>\"%2C%3A%25\\x0a|`%3A protected - ",
        [TOOL_MARKDOWN] = "### `<a>\",:%\\x0a\\x7c\\x60`: protected (ok)\n"};
    const struct code_set codes = {{0}};
    (void)state;
    for (enum tool_form form = TOOL_NONE + 1; form < TOOL_FORMS; form++) {
        struct buf out;
        const struct tool_domain domain = {
            .domain = bytes_of("<a>\",:%\n|`"), .outcome = OUTCOME_PROTECTED, .codes = &codes};
        buf_init(&out, TEXT_BYTES);
        tool_put(&out, form, &domain);
        assert_has(buf_string(&out), expected[form]);
        buf_dispose(&out);
    }
}

static void domains_that_were_not_looked_at(void **state)
{
    static const struct {
        const char *machine, *left_out;
    } expected[TOOL_FORMS] = {
        [TOOL_JUNIT] = {"<error message=\"this machine: no &lt;route&gt;\\x0a\" type=\"this machine\"/>",
                        "<skipped message="},
        [TOOL_GITHUB] = {"::error title=d.example%3A this machine::no <route>\\x0a\n",
                         "::notice title=d.example%3A input.opted-out::"},
        [TOOL_MARKDOWN] = {"### `d.example`: not looked at (this machine)\n\n`no <route>\\x0a`\n",
                           "### `d.example`: not looked at\n\nThe domain is on the opt-out list"}};
    (void)state;
    for (enum tool_form form = TOOL_NONE + 1; form < TOOL_FORMS; form++) {
        struct buf out;
        buf_init(&out, TEXT_BYTES);
        tool_put_machine(&out, form, bytes_of("d.example"), "no <route>\n");
        assert_has(buf_string(&out), expected[form].machine);
        buf_reset(&out);
        tool_put_left_out(&out, form, bytes_of("d.example"), FAIL_INPUT_OPTED_OUT);
        assert_has(buf_string(&out), expected[form].left_out);
        assert_true(strstr(buf_string(&out), "<error") == NULL &&
                    strstr(buf_string(&out), "::error") == NULL);
        buf_dispose(&out);
    }
}

/* What does not fit is not told by halves. */
static void a_ceiling_is_noticed(void **state)
{
    struct code_set codes = {{0}};
    const struct tool_domain domain = {
        .domain = bytes_of("d.example"), .outcome = OUTCOME_REFUSED, .verdict = TOOL_BAD, .codes = &codes};
    (void)state;
    code_set_add(&codes, FAIL_SMTP_TLS_EXPIRED);
    for (enum tool_form form = TOOL_NONE + 1; form < TOOL_FORMS; form++) {
        struct buf out;
        buf_init(&out, 100);
        tool_put(&out, form, &domain);
        assert_true(out.failed);
        buf_dispose(&out);
    }
}

/* A sentence of ours that names an address begins no link. */
static void test_markdown_links_nothing(void **state)
{
    static const enum failure_code host[] = {FAIL_INPUT_HOST_NAME, FAIL_NONE};
    (void)state;
    char *text = told(TOOL_MARKDOWN, OUTCOME_NO_MAIL, TOOL_BAD, false, host);
    assert_has(text, "begins with www\\. or has no MX record");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_have_names),
        cmocka_unit_test(test_markdown_links_nothing),
        cmocka_unit_test(a_build_fails_by_what_is_bad),
        cmocka_unit_test(steps_that_were_not_taken),
        cmocka_unit_test(junit),
        cmocka_unit_test(github),
        cmocka_unit_test(markdown),
        cmocka_unit_test(names_are_hostile),
        cmocka_unit_test(domains_that_were_not_looked_at),
        cmocka_unit_test(a_ceiling_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
