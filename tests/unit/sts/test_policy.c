/* The policy file: POL-4 to POL-8. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/sts/policy.h"
#include "tests/unit/sts/cases.h"

enum { ARENA_BYTES = 1 << 20, BODY_BYTES = 65536, LOOPS = 20000 };

struct policy_case {
    const char *name;
    const char *body;
    size_t len;
    const char *code;   /* without policy.syntax. */
    const char *places; /* likewise */
    const char *facts;  /* version, mode, max_age ("-" for what is not there) and the patterns */
};

#include "tests/unit/sts/cases_policy.h"

static const char *facts(const struct sts_policy *policy, struct buf *buf)
{
    bool has_mode = policy->mode != STS_MODE_UNSET;
    (void)buf_printf(buf, "%s %s ", policy->version_ok ? "STSv1" : "-",
                     has_mode ? sts_mode_name(policy->mode) : "-");
    (void)(policy->max_age_set ? buf_printf(buf, "%u", policy->max_age) : buf_text(buf, "-"));
    for (size_t i = 0; i < policy->mx_count; i++)
        (void)buf_printf(buf, " %s", policy->mx[i]);
    return buf_string(buf);
}

static size_t count_lines(struct bytes body)
{
    size_t lines = 1;
    for (size_t i = 0; i < body.len; i++)
        lines += body.data[i] == '\n' || body.data[i] == '\r';
    return lines;
}

/* What is valid, written anew in the plainest form, is the same policy, and nothing is found in it. */
static void assert_reprints(const struct sts_policy *policy)
{
    struct arena arena;
    struct buf text, was, is;
    struct sts_policy again;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&text, 8 * BODY_BYTES);
    buf_init(&was, 8 * BODY_BYTES);
    buf_init(&is, 8 * BODY_BYTES);
    assert_true(buf_printf(&text, "version: STSv1\nmode: %s\n", sts_mode_name(policy->mode)));
    for (size_t i = 0; i < policy->mx_count; i++)
        assert_true(buf_printf(&text, "mx: %s\n", policy->mx[i]));
    assert_true(buf_printf(&text, "max_age: %u\n", policy->max_age));
    sts_policy_parse(buf_bytes(&text), &arena, &again);
    assert_int_equal(again.code, FAIL_NONE);
    assert_int_equal(again.findings.count, 0);
    assert_string_equal(facts(&again, &is), facts(policy, &was));
    buf_dispose(&text);
    buf_dispose(&was);
    buf_dispose(&is);
    arena_dispose(&arena);
}

static struct sts_policy parse(struct bytes body, struct arena *arena)
{
    struct sts_policy policy;
    sts_policy_parse(body, arena, &policy);
    if (policy.code == FAIL_NONE)
        assert_reprints(&policy);
    assert_null(policy_broken(&policy));
    assert_null(findings_broken(&policy.findings, count_lines(body), body.len));
    return policy;
}

static void row_is_judged(void **state)
{
    const struct policy_case *row = *state;
    struct arena arena;
    struct buf buf;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&buf, 4096);
    struct sts_policy policy = parse(bytes_make(row->body, row->len), &arena);
    assert_string_equal(short_name(policy.code, "policy.syntax."), row->code);
    assert_string_equal(places(&policy.findings, "policy.syntax.", &buf), row->places);
    buf_reset(&buf);
    assert_string_equal(facts(&policy, &buf), row->facts);
    buf_dispose(&buf);
    arena_dispose(&arena);
}

/* A policy that does not fit the arena is never shorter than it was and yet valid. */
static void full_arena_is_never_silently_short(void **state)
{
    size_t refused = 0;
    (void)state;
    for (size_t i = 0; i < COUNT(policy_cases); i++) {
        const struct policy_case *row = &policy_cases[i];
        struct bytes body = bytes_make(row->body, row->len);
        for (size_t ceiling = 0; ceiling <= 512; ceiling += 16) {
            struct arena arena, roomy;
            arena_init(&arena, ceiling);
            arena_init(&roomy, ARENA_BYTES);
            struct sts_policy policy = parse(body, &arena), whole = parse(body, &roomy);
            if (policy.code == FAIL_NONE)
                assert_int_equal(policy.mx_count, whole.mx_count);
            if (whole.code != FAIL_NONE)
                assert_int_equal(policy.code, whole.code);
            else if (policy.code != FAIL_NONE)
                assert_int_equal(policy.code, FAIL_POLICY_CUT);
            refused += policy.code != whole.code;
            arena_dispose(&arena);
            arena_dispose(&roomy);
        }
    }
    assert_true(refused > 0);
}

/* 64 KiB of one line over and over, behind a good policy. */
static struct sts_policy parse_repeated(const char *line, struct buf *buf, struct arena *arena)
{
    buf_reset(buf);
    assert_true(buf_text(buf, GOOD));
    while (buf->len + strlen(line) <= BODY_BYTES)
        assert_true(buf_text(buf, line));
    return parse(buf_bytes(buf), arena);
}

static void largest_bodies_fit(void **state)
{
    struct arena arena;
    struct buf buf;
    (void)state;
    arena_init(&arena, 512 * 1024);
    buf_init(&buf, BODY_BYTES);
    struct sts_policy policy = parse_repeated("mx:a\n", &buf, &arena);
    assert_int_equal(policy.code, FAIL_NONE);
    assert_int_equal(policy.mx_count, 1 + (BODY_BYTES - strlen(GOOD)) / 5);
    assert_int_equal(parse_repeated("mx:-\n", &buf, &arena).code, FAIL_POLICY_SYNTAX_MX_BAD);
    assert_int_equal(parse_repeated("mode:x\n", &buf, &arena).code, FAIL_NONE);
    assert_int_equal(parse_repeated("x\n", &buf, &arena).code, FAIL_POLICY_SYNTAX_LINE);
    arena_dispose(&arena);
    buf_dispose(&buf);
}

static void disputed_finds_room_among_many_blank_lines(void **state)
{
    struct arena arena;
    struct buf buf;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&buf, BODY_BYTES);
    struct sts_policy policy = parse_repeated("\n", &buf, &arena);
    assert_int_equal(policy.code, FAIL_POLICY_SYNTAX_BLANK_LINE);
    assert_true(policy.findings.overflow);
    assert_int_equal(policy.findings.list[FINDINGS_KEPT - 1].code, FAIL_POLICY_DISPUTED);
    policy = parse_repeated("\r\n \n", &buf, &arena);
    assert_true(has_finding(&policy.findings, FAIL_POLICY_DISPUTED));
    arena_dispose(&arena);
    buf_dispose(&buf);
}

/* POL-4: what is wrong in every line leaves room for what else is wrong. */
static void bad_bytes_leave_room_for_other_findings(void **state)
{
    struct arena arena;
    struct buf buf;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&buf, BODY_BYTES);
    struct sts_policy policy = parse_repeated("a: \001\xff\r", &buf, &arena);
    static const enum failure_code codes[] = {FAIL_POLICY_SYNTAX_NOT_UTF8, FAIL_POLICY_SYNTAX_CONTROL,
                                              FAIL_POLICY_SYNTAX_BARE_CR, FAIL_POLICY_SYNTAX_DUPLICATE_KEY};
    assert_int_equal(policy.code, FAIL_POLICY_SYNTAX_NOT_UTF8);
    assert_true(policy.findings.overflow);
    assert_int_equal(policy.findings.count, COUNT(codes) * POLICY_BYTES_FAULTS);
    for (size_t i = 0; i < policy.findings.count; i++)
        assert_int_equal(policy.findings.list[i].code, codes[i / POLICY_BYTES_FAULTS]);
    arena_dispose(&arena);
    buf_dispose(&buf);
}

/* Repetitions are noticed for the first POLICY_UNKNOWN_KEYS names. */
static void unknown_keys_have_a_ceiling(void **state)
{
    struct arena arena;
    struct buf buf;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&buf, BODY_BYTES);
    assert_true(buf_text(&buf, GOOD));
    for (int i = 0; i < POLICY_UNKNOWN_KEYS; i++)
        assert_true(buf_printf(&buf, "k%d: v\n", i));
    assert_true(buf_text(&buf, "late: v\nlate: v\nk63: v\n"));
    struct sts_policy policy = parse(buf_bytes(&buf), &arena);
    assert_int_equal(policy.code, FAIL_NONE);
    assert_int_equal(policy.findings.count, 1);
    assert_string_equal(policy.findings.list[0].detail, "k63");
    arena_dispose(&arena);
    buf_dispose(&buf);
}

static void details_are_escaped(void **state)
{
    struct arena arena;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    struct sts_policy policy = parse(bytes_of(VERSION "mode: \xc3\xa9\\\n" MX MAX_AGE), &arena);
    assert_string_equal(policy.findings.list[0].detail, "\\195\\169\\\\");
    arena_dispose(&arena);
}

static const char *const lines[] = {"version: STSv1",
                                    "version:STSv1 ",
                                    "version: STSv2",
                                    "mode: enforce",
                                    "mode:testing\t",
                                    "mode: none",
                                    "mode: None",
                                    "max_age: 86400",
                                    "max_age:0",
                                    "max_age: 031557600",
                                    "max_age: 1e5",
                                    "mx: a.example",
                                    "mx:*.B.example ",
                                    "mx: *",
                                    "mx: a b",
                                    "a: b",
                                    "a:c d  e\t",
                                    "b:",
                                    "b",
                                    " a: b",
                                    "a : b",
                                    ""};

#define WSP "[ \t]*"
#define EOL "(\r?\n)"
#define LINE                                                                                                 \
    "(version:" WSP "STSv1|mode:" WSP "(enforce|testing|none)|max_age:" WSP "[0-9]{1,10}|mx:" WSP            \
    "([*][.])?[A-Za-z]+([.][A-Za-z]+)*|[ab]:" WSP "[!-~]([ -~]*[!-~])?)" WSP

struct oracle {
    regex_t shape, mx, none;
};

static bool should_be_valid(const struct oracle *oracle, const char *text)
{
    bool has_keys = strstr(text, "version:") && strstr(text, "mode:") && strstr(text, "max_age:");
    bool has_mx =
        regexec(&oracle->mx, text, 0, NULL, 0) == 0 || regexec(&oracle->none, text, 0, NULL, 0) == 0;
    return has_keys && has_mx && regexec(&oracle->shape, text, 0, NULL, 0) == 0;
}

/* The first of a repeated key counts whatever the rest hold: not for a regular expression. */
static bool repeats_a_key(const char *text)
{
    return occurrences(text, "version:") > 1 || occurrences(text, "mode:") > 1 ||
           occurrences(text, "max_age:") > 1;
}

static void put_lines(struct buf *buf, uint64_t *random)
{
    static const char *const ends[] = {"\n", "\r\n"};
    buf_reset(buf);
    put_pieces(buf, random, lines, 2 + next_random(random, 2), 1);
    for (uint32_t left = 3 + next_random(random, 3); left > 0; left--) {
        put_pieces(buf, random, ends, COUNT(ends), 1);
        put_pieces(buf, random, lines, COUNT(lines), 1);
    }
    put_pieces(buf, random, ends, COUNT(ends), next_random(random, 2));
}

/* The grammar once more, as a regular expression, against random files made of its lines. */
static void agrees_with_the_abnf(void **state)
{
    struct oracle oracle = {compiled("^" LINE "(" EOL LINE ")*" EOL "?$"), compiled("(^|\n)mx:"),
                            compiled("(^|\n)mode:" WSP "none")};
    uint64_t random = 7;
    size_t valid = 0;
    struct buf buf;
    struct arena arena;
    (void)state;
    buf_init(&buf, BODY_BYTES);
    arena_init(&arena, ARENA_BYTES);
    for (int i = 0; i < LOOPS * 5; i++) {
        put_lines(&buf, &random);
        const char *text = buf_string(&buf);
        if (repeats_a_key(text))
            continue;
        bool want = should_be_valid(&oracle, text),
             is_valid = parse(bytes_of(text), &arena).code == FAIL_NONE;
        if (is_valid != want)
            fail_msg("POL-4 to POL-8: %s is %s", text, want ? "valid" : "not valid");
        valid += is_valid;
        arena_dispose(&arena);
    }
    assert_true(valid > LOOPS / 100);
    regfree(&oracle.shape);
    regfree(&oracle.mx);
    regfree(&oracle.none);
    buf_dispose(&buf);
}

static void any_bytes_get_an_answer(void **state)
{
    uint64_t random = 8;
    struct buf buf;
    struct arena arena;
    (void)state;
    buf_init(&buf, BODY_BYTES);
    arena_init(&arena, ARENA_BYTES);
    for (int i = 0; i < LOOPS; i++) {
        const struct policy_case *row = &policy_cases[next_random(&random, COUNT(policy_cases))];
        buf_reset(&buf);
        assert_true(buf_append(&buf, row->body, row->len));
        put_noise(&buf, &random, next_random(&random, 20));
        for (uint32_t left = next_random(&random, 4); left > 0 && buf.len > 0; left--)
            buf.data[next_random(&random, (uint32_t)buf.len)] = (uint8_t)next_random(&random, 256);
        (void)parse(buf_bytes(&buf), &arena);
        arena_dispose(&arena);
    }
    buf_dispose(&buf);
}

static void every_row_is_another(void **state)
{
    (void)state;
    size_t rows = different_rows(policy_cases, COUNT(policy_cases), sizeof policy_cases[0]);
    assert_int_equal(rows, COUNT(policy_cases));
    assert_true(rows >= 150);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(every_row_is_another),
        cmocka_unit_test(full_arena_is_never_silently_short),
        cmocka_unit_test(largest_bodies_fit),
        cmocka_unit_test(disputed_finds_room_among_many_blank_lines),
        cmocka_unit_test(bad_bytes_leave_room_for_other_findings),
        cmocka_unit_test(unknown_keys_have_a_ceiling),
        cmocka_unit_test(details_are_escaped),
        cmocka_unit_test(agrees_with_the_abnf),
        cmocka_unit_test(any_bytes_get_an_answer),
    };
    struct CMUnitTest tests[COUNT(policy_cases) + COUNT(others)];
    add_cases(tests, policy_cases, COUNT(policy_cases), sizeof policy_cases[0], row_is_judged);
    memcpy(tests + COUNT(policy_cases), others, sizeof others);
    return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
