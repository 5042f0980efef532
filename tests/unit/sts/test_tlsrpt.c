/* The TLSRPT record: RPT-1. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/sts/tlsrpt.h"
#include "tests/unit/sts/cases.h"

enum { RRS = 3, ARENA_BYTES = 65536, LOOPS = 20000 };

struct tlsrpt_case {
    const char *name;
    const char *rrs[RRS]; /* up to the first NULL */
    const char *code;
    const char *places;
    const char *rua; /* with spaces between */
};

#include "tests/unit/sts/cases_tlsrpt.h"

static size_t rrs_of(const struct tlsrpt_case *row, struct bytes rrs[RRS])
{
    size_t count = 0;
    while (count < RRS && row->rrs[count] != NULL) {
        rrs[count] = bytes_of(row->rrs[count]);
        count++;
    }
    return count;
}

static const char *joined(const struct tlsrpt_record *record, struct buf *buf)
{
    for (size_t i = 0; i < record->rua_count; i++)
        (void)buf_printf(buf, "%s%s", i == 0 ? "" : " ", record->rua[i]);
    return buf_string(buf);
}

/* What is valid, written anew in the plainest form, is the same record, and nothing is found in it. */
static void assert_reprints(const struct tlsrpt_record *record)
{
    struct arena arena;
    struct tlsrpt_record again;
    struct buf text;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&text, 65536);
    assert_true(buf_text(&text, "v=TLSRPTv1; rua="));
    for (size_t i = 0; i < record->rua_count; i++)
        assert_true(buf_printf(&text, "%s%s", i == 0 ? "" : ",", record->rua[i]));
    struct bytes rr = buf_bytes(&text);
    tlsrpt_parse(&rr, 1, &arena, &again);
    assert_int_equal(again.code, FAIL_NONE);
    assert_int_equal(again.findings.count, 0);
    assert_int_equal(again.rua_count, record->rua_count);
    for (size_t i = 0; i < record->rua_count; i++)
        assert_string_equal(again.rua[i], record->rua[i]);
    buf_dispose(&text);
    arena_dispose(&arena);
}

static void row_is_judged(void **state)
{
    const struct tlsrpt_case *row = *state;
    struct bytes rrs[RRS];
    size_t count = rrs_of(row, rrs);
    struct arena arena;
    struct tlsrpt_record record;
    struct buf buf;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&buf, 4096);
    tlsrpt_parse(rrs, count, &arena, &record);
    assert_string_equal(failure_name(record.code), row->code);
    assert_string_equal(places(&record.findings, "", &buf), row->places);
    buf_reset(&buf);
    assert_string_equal(joined(&record, &buf), row->rua);
    assert_null(tlsrpt_broken(&record));
    if (record.code == FAIL_NONE)
        assert_reprints(&record);
    buf_dispose(&buf);
    arena_dispose(&arena);
}

static void full_arena_never_changes_the_code(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(tlsrpt_cases); i++) {
        struct bytes rrs[RRS];
        struct tlsrpt_record record;
        struct arena arena;
        size_t count = rrs_of(&tlsrpt_cases[i], rrs);
        arena_init(&arena, 0);
        tlsrpt_parse(rrs, count, &arena, &record);
        assert_string_equal(failure_name(record.code), tlsrpt_cases[i].code);
        assert_int_equal(record.rua_count, 0);
        arena_dispose(&arena);
    }
}

static struct tlsrpt_record parse_one(struct bytes rr, struct arena *arena)
{
    struct tlsrpt_record record;
    tlsrpt_parse(&rr, 1, arena, &record);
    assert_null(tlsrpt_broken(&record));
    if (record.code == FAIL_NONE)
        assert_reprints(&record);
    assert_null(findings_broken(&record.findings, 1, rr.len));
    return record;
}

/* All addresses are checked; only so many are kept. */
static void addresses_have_a_ceiling(void **state)
{
    struct arena arena;
    struct buf buf;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&buf, 65536);
    assert_true(buf_text(&buf, "v=TLSRPTv1; rua=mailto:a@b"));
    for (int i = 0; i < TLSRPT_RUA_KEPT + 10; i++)
        assert_true(buf_text(&buf, ",https://c"));
    struct tlsrpt_record record = parse_one(buf_bytes(&buf), &arena);
    assert_int_equal(record.code, FAIL_NONE);
    assert_int_equal(record.rua_count, TLSRPT_RUA_KEPT);
    assert_true(buf_text(&buf, ",x"));
    assert_int_equal(parse_one(buf_bytes(&buf), &arena).code, FAIL_TLSRPT_RUA_BAD);
    buf_dispose(&buf);
    arena_dispose(&arena);
}

static const char *const pieces[] = {";",
                                     " ",
                                     ",",
                                     "\t",
                                     "rua=",
                                     "rua=mailto:a@b",
                                     "; rua=https://c/d?e",
                                     "mailto:",
                                     "https://",
                                     "a@",
                                     "b.c",
                                     "%2C",
                                     "!",
                                     ", mailto:e.f@g",
                                     "x=y",
                                     ";z=1;",
                                     "=",
                                     "/",
                                     "\x7f"};

#define WSP    "[ \t]*"
#define NAME   "[A-Za-z0-9_%]([A-Za-z0-9_%-]*[A-Za-z0-9_%])?"
#define HOST   NAME "([.]" NAME ")*"
#define LOCAL  "[A-Za-z0-9$'*+_~%-]+([.][A-Za-z0-9$'*+_~%-]+)*"
#define MAILTO "mailto:" LOCAL "@" HOST "([?][]A-Za-z0-9$&'()*+=:@/?._~%-]*)?"
#define HTTPS                                                                                                \
    "https://([A-Za-z0-9$&'()*+=:._~%-]*@)?" HOST "[.]?(:[0-9]*)?(/[A-Za-z0-9$&'()*+=:@/._~%-]*)?"           \
    "([?][A-Za-z0-9$&'()*+=:@/?._~%-]*)?"
#define URI "(" MAILTO "|" HTTPS ")"
#define RUA "rua=" URI "(" WSP "," WSP URI ")*"
#define EXT "[A-Za-qs-z0-9][A-Za-z0-9_.-]{0,31}=[!-:<>-~]+"

/* The grammar once more, as a regular expression, against random texts made of its pieces. */
static void agrees_with_the_abnf(void **state)
{
    regex_t shape = compiled("^v=TLSRPTv1(" WSP ";" WSP EXT ")*" WSP ";" WSP RUA "(" WSP ";" WSP "(" EXT
                             "|" RUA "))*(" WSP ";" WSP ")?$");
    uint64_t random = 3;
    size_t valid = 0;
    struct buf buf;
    struct arena arena;
    (void)state;
    buf_init(&buf, 4096);
    arena_init(&arena, ARENA_BYTES);
    for (int i = 0; i < LOOPS; i++) {
        buf_reset(&buf);
        assert_true(buf_text(&buf, "v=TLSRPTv1;"));
        put_pieces(&buf, &random, pieces, COUNT(pieces), 1 + next_random(&random, 7));
        const char *text = buf_string(&buf);
        bool want = regexec(&shape, text, 0, NULL, 0) == 0;
        bool is_valid = parse_one(bytes_of(text), &arena).code == FAIL_NONE;
        if (is_valid != want)
            fail_msg("RPT-1: %s is %s", text, want ? "valid" : "not valid");
        valid += is_valid;
        arena_dispose(&arena);
    }
    assert_true(valid > LOOPS / 100);
    regfree(&shape);
    buf_dispose(&buf);
}

static void any_bytes_get_an_answer(void **state)
{
    uint64_t random = 4;
    struct buf buf;
    struct arena arena;
    (void)state;
    buf_init(&buf, 4096);
    arena_init(&arena, ARENA_BYTES);
    for (int i = 0; i < LOOPS; i++) {
        buf_reset(&buf);
        assert_true(buf_text(&buf, i % 2 == 0 ? "v=TLSRPTv1; rua=mailto:" : "v=TLSRPTv1;rua=https://["));
        put_noise(&buf, &random, next_random(&random, 80));
        put_pieces(&buf, &random, pieces, COUNT(pieces), next_random(&random, 4));
        (void)parse_one(buf_bytes(&buf), &arena);
        arena_dispose(&arena);
    }
    buf_dispose(&buf);
}

static void every_row_is_another(void **state)
{
    (void)state;
    size_t rows = different_rows(tlsrpt_cases, COUNT(tlsrpt_cases), sizeof tlsrpt_cases[0]);
    assert_int_equal(rows, COUNT(tlsrpt_cases));
    assert_true(rows >= 40);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(every_row_is_another),     cmocka_unit_test(full_arena_never_changes_the_code),
        cmocka_unit_test(addresses_have_a_ceiling), cmocka_unit_test(agrees_with_the_abnf),
        cmocka_unit_test(any_bytes_get_an_answer),
    };
    struct CMUnitTest tests[COUNT(tlsrpt_cases) + COUNT(others)];
    add_cases(tests, tlsrpt_cases, COUNT(tlsrpt_cases), sizeof tlsrpt_cases[0], row_is_judged);
    memcpy(tests + COUNT(tlsrpt_cases), others, sizeof others);
    return cmocka_run_group_tests_name("tlsrpt", tests, NULL, NULL);
}
