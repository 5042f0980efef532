/* The MTA-STS record: TXT-1 to TXT-6, and near misses. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/sts/record.h"
#include "tests/unit/sts/cases.h"

enum { RRS = 3, ARENA_BYTES = 65536, LOOPS = 20000 };

struct record_case {
    const char *name;
    const char *rrs[RRS]; /* up to the first NULL */
    const char *code;
    const char *id;
    const char *places;
};

#include "tests/unit/sts/cases_record.h"

static size_t rrs_of(const struct record_case *row, struct bytes rrs[RRS])
{
    size_t count = 0;
    while (count < RRS && row->rrs[count] != NULL) {
        rrs[count] = bytes_of(row->rrs[count]);
        count++;
    }
    return count;
}

/* What is valid, written anew in the plainest form, is the same record, and nothing is found in it. */
static void assert_reprints(const struct sts_record *record)
{
    struct arena arena;
    struct sts_record again;
    char text[64];
    struct bytes rr = bytes_make(text, (size_t)snprintf(text, sizeof text, "v=STSv1; id=%s;", record->id));
    arena_init(&arena, ARENA_BYTES);
    sts_record_parse(&rr, 1, &arena, &again);
    assert_int_equal(again.code, FAIL_NONE);
    assert_int_equal(again.findings.count, 0);
    assert_string_equal(again.id, record->id);
    arena_dispose(&arena);
}

static void row_is_judged(void **state)
{
    const struct record_case *row = *state;
    struct bytes rrs[RRS];
    size_t count = rrs_of(row, rrs);
    struct arena arena;
    struct sts_record record;
    struct buf buf;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&buf, 4096);
    sts_record_parse(rrs, count, &arena, &record);
    assert_string_equal(failure_name(record.code), row->code);
    assert_string_equal(record.id, row->id);
    assert_string_equal(places(&record.findings, "", &buf), row->places);
    assert_null(record_broken(&record));
    if (record.code == FAIL_NONE)
        assert_reprints(&record);
    assert_int_equal(sts_record_wants_policy(rrs, count), record.candidates > 0);
    buf_dispose(&buf);
    arena_dispose(&arena);
}

static void full_arena_costs_details_only(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(record_cases); i++) {
        struct bytes rrs[RRS];
        struct sts_record record;
        struct arena arena;
        size_t count = rrs_of(&record_cases[i], rrs);
        arena_init(&arena, 0);
        sts_record_parse(rrs, count, &arena, &record);
        assert_string_equal(failure_name(record.code), record_cases[i].code);
        assert_string_equal(record.id, record_cases[i].id);
        arena_dispose(&arena);
    }
}

static void candidates_begin_exactly(void **state)
{
    (void)state;
    assert_true(sts_record_is_candidate(bytes_of("v=STSv1;")));
    assert_false(sts_record_is_candidate(bytes_of("v=STSv1 ;")));
    assert_false(sts_record_is_candidate(bytes_of("v=STSv1")));
    assert_false(sts_record_is_candidate(bytes_of("")));
    assert_false(sts_record_is_candidate(bytes_make("v=STSv1\0;", 9)));
}

static struct sts_record parse_one(struct bytes rr, struct arena *arena)
{
    struct sts_record record;
    sts_record_parse(&rr, 1, arena, &record);
    assert_null(record_broken(&record));
    if (record.code == FAIL_NONE)
        assert_reprints(&record);
    assert_null(findings_broken(&record.findings, 1, rr.len));
    return record;
}

static void nul_is_a_byte_like_any_other(void **state)
{
    static const char in_id[] = "v=STSv1; id=1\0002;", at_end[] = "v=STSv1; id=1;\0",
                      in_value[] = "v=STSv1; id=1; a=\0";
    struct arena arena;
    (void)state;
    arena_init(&arena, ARENA_BYTES);
    struct sts_record record = parse_one(bytes_make(in_id, sizeof in_id - 1), &arena);
    assert_int_equal(record.code, FAIL_TXT_ID_BAD);
    assert_string_equal(record.findings.list[0].detail, "id=1\\0002");
    assert_int_equal(parse_one(bytes_make(at_end, sizeof at_end - 1), &arena).code, FAIL_TXT_SYNTAX);
    assert_int_equal(parse_one(bytes_make(in_value, sizeof in_value - 1), &arena).code, FAIL_TXT_SYNTAX);
    arena_dispose(&arena);
}

static void details_are_escaped_and_cut(void **state)
{
    char long_value[400] = "v=STSv1; id=\\\"\x1b\xff";
    struct arena arena;
    (void)state;
    memset(long_value + strlen(long_value), 'x', 300);
    arena_init(&arena, ARENA_BYTES);
    struct sts_record record = parse_one(bytes_of(long_value), &arena);
    const char *detail = record.findings.list[0].detail;
    static const char start[] = "id=\\\\\"\\027\\255xxx";
    assert_memory_equal(detail, start, sizeof start - 1);
    assert_true(strlen(detail) < 200);
    assert_string_equal(detail + strlen(detail) - 4, "x...");
    arena_dispose(&arena);
}

/* More faults than findings are kept: the first stays the code, and overflow says so. */
static void findings_overflow(void **state)
{
    char text[200] = "v=STSv1; id=1";
    struct arena arena;
    (void)state;
    memset(text + strlen(text), ';', 100);
    arena_init(&arena, ARENA_BYTES);
    struct sts_record record = parse_one(bytes_of(text), &arena);
    assert_int_equal(record.code, FAIL_TXT_SYNTAX);
    assert_int_equal(record.findings.count, FINDINGS_KEPT);
    assert_true(record.findings.overflow);
    arena_dispose(&arena);
}

static const char *const pieces[] = {"v=STSv1",      ";",     " ",       "\t",   "id=",     "id=1",
                                     "id=20260131Z", "a=b",   "=",       "abc",  "_",       "a.",
                                     "; id=9; ",     "; x=y", ";id=0 ;", "\x01", "\xc3\xa9"};

#define WSP   "[ \t]*"
#define FIELD "[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[!-:<>-~]+"

/* The grammar once more, as regular expressions, against random texts made of its pieces. */
static void agrees_with_the_abnf(void **state)
{
    regex_t shape = compiled("^v=STSv1(" WSP ";" WSP FIELD ")+(" WSP ";" WSP ")?$");
    regex_t id = compiled(";" WSP "id=[A-Za-z0-9]{1,32}" WSP "(;|$)");
    uint64_t random = 1;
    size_t valid = 0;
    struct buf buf;
    struct arena arena;
    (void)state;
    buf_init(&buf, 4096);
    arena_init(&arena, ARENA_BYTES);
    for (int i = 0; i < LOOPS; i++) {
        buf_reset(&buf);
        assert_true(buf_text(&buf, "v=STSv1"));
        put_pieces(&buf, &random, pieces, COUNT(pieces), next_random(&random, 7));
        const char *text = buf_string(&buf);
        bool want = regexec(&shape, text, 0, NULL, 0) == 0 && regexec(&id, text, 0, NULL, 0) == 0;
        bool is_valid = parse_one(bytes_of(text), &arena).code == FAIL_NONE;
        if (occurrences(text, "id=") == 1 && is_valid != want)
            fail_msg("TXT-4 to TXT-6: %s is %s", text, want ? "valid" : "not valid");
        valid += is_valid;
        arena_dispose(&arena);
    }
    assert_true(valid > LOOPS / 100);
    regfree(&shape);
    regfree(&id);
    buf_dispose(&buf);
}

static void any_bytes_get_an_answer(void **state)
{
    uint64_t random = 2;
    struct buf buf;
    struct arena arena;
    (void)state;
    buf_init(&buf, 4096);
    arena_init(&arena, ARENA_BYTES);
    for (int i = 0; i < LOOPS; i++) {
        buf_reset(&buf);
        put_pieces(&buf, &random, pieces, COUNT(pieces), next_random(&random, 4));
        put_noise(&buf, &random, next_random(&random, 80));
        (void)parse_one(buf_bytes(&buf), &arena);
        arena_dispose(&arena);
    }
    buf_dispose(&buf);
}

static void every_row_is_another(void **state)
{
    (void)state;
    size_t rows = different_rows(record_cases, COUNT(record_cases), sizeof record_cases[0]);
    assert_int_equal(rows, COUNT(record_cases));
    assert_true(rows >= 100);
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(every_row_is_another),        cmocka_unit_test(full_arena_costs_details_only),
        cmocka_unit_test(candidates_begin_exactly),    cmocka_unit_test(nul_is_a_byte_like_any_other),
        cmocka_unit_test(details_are_escaped_and_cut), cmocka_unit_test(findings_overflow),
        cmocka_unit_test(agrees_with_the_abnf),        cmocka_unit_test(any_bytes_get_an_answer),
    };
    struct CMUnitTest tests[COUNT(record_cases) + COUNT(others)];
    add_cases(tests, record_cases, COUNT(record_cases), sizeof record_cases[0], row_is_judged);
    memcpy(tests + COUNT(record_cases), others, sizeof others);
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
