/* The CSV of commands: its separators and its byte order mark, cells that stay text, codes in words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/commands/csv_out.h"
#include "scanner/facts/failure.h"

/* Writes one row of the cells, which end with NULL, and returns it; to be freed. */
static char *row_of(const struct csv_style *style, const char *const *cells)
{
    char *text = NULL;
    size_t len = 0;
    struct csv_out csv;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    csv_out_begin(&csv, out, style);
    for (size_t i = 0; cells[i] != NULL; i++)
        csv_out_text(&csv, cells[i]);
    csv_out_end_row(&csv);
    csv_out_dispose(&csv);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void rows_in_each_style(void **state)
{
    static const char *const cells[] = {"a", "b,c", "d;e", "f\tg", "=1", "say \"h\"", "\xff", NULL};
    static const struct {
        struct csv_style style;
        const char *row;
    } cases[] = {
        {{0, false}, "a,\"b,c\",\"d;e\",\"f\tg\",\"'=1\",\"say \"\"h\"\"\",/w==\r\n"},
        {{',', true},
         "\xEF\xBB\xBF"
         "a,\"b,c\",\"d;e\",\"f\tg\",\"'=1\",\"say \"\"h\"\"\",/w==\r\n"},
        {{';', false}, "a;\"b,c\";\"d;e\";\"f\tg\";\"'=1\";\"say \"\"h\"\"\";/w==\r\n"},
        {{'\t', true},
         "\xEF\xBB\xBF"
         "a\t\"b,c\"\t\"d;e\"\t\"f\tg\"\t\"'=1\"\t\"say \"\"h\"\"\"\t/w==\r\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *row = row_of(&cases[i].style, cells);
        assert_string_equal(row, cases[i].row);
        free(row);
    }
}

/* A row begins anew, and an empty first cell is a cell. */
static void rows_follow_each_other(void **state)
{
    char *text = NULL;
    size_t len = 0;
    struct csv_out csv;
    FILE *out = open_memstream(&text, &len);
    (void)state;
    assert_non_null(out);
    csv_out_begin(&csv, out, &(struct csv_style){.separator = 0});
    csv_out_text(&csv, "");
    csv_out_number(&csv, UINT64_MAX);
    csv_out_end_row(&csv);
    csv_out_cell(&csv, bytes_of("b"));
    csv_out_number(&csv, 0);
    csv_out_end_row(&csv);
    csv_out_dispose(&csv);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, ",18446744073709551615\r\nb,0\r\n");
    free(text);
}

static void codes_in_words(void **state)
{
    const struct failure *mx = failure_get(FAIL_MX_NULL), *tls = failure_get(FAIL_SMTP_TLS_EXPIRED);
    char expected[4096], codes[256], *text = NULL;
    size_t len = 0;
    struct csv_out csv;
    FILE *out = open_memstream(&text, &len);
    (void)state;
    assert_non_null(out);
    (void)snprintf(codes, sizeof codes, "%s no.such-code %s", mx->code, tls->code);
    csv_out_begin(&csv, out, &(struct csv_style){.separator = '\t'});
    csv_out_words_head(&csv);
    csv_out_end_row(&csv);
    csv_out_words(&csv, bytes_of(codes));
    csv_out_end_row(&csv);
    csv_out_words(&csv, bytes_of(""));
    csv_out_end_row(&csv);
    csv_out_words(&csv, bytes_of("ok"));
    csv_out_end_row(&csv);
    csv_out_dispose(&csv);
    assert_int_equal(fclose(out), 0);
    (void)snprintf(expected, sizeof expected, "why\twho\tmend\r\n%s |  | %s\t%s |  | %s\t", mx->why, tls->why,
                   failure_who_name(mx->who), failure_who_name(tls->who));
    assert_memory_equal(text, expected, strlen(expected));
    assert_non_null(strstr(text, tls->mend));
    assert_string_equal(text + len - strlen("\r\n\t\t\r\n\t\t\r\n"), "\r\n\t\t\r\n\t\t\r\n");
    free(text);
}

/* A part of a cell is found again by what stands between. */
static void no_text_holds_what_stands_between(void **state)
{
    (void)state;
    for (enum failure_code code = FAIL_NONE; code < FAIL_COUNT; code++) {
        assert_null(strstr(failure_get(code)->why, CSV_OUT_BETWEEN));
        assert_null(strstr(failure_get(code)->mend, CSV_OUT_BETWEEN));
    }
}

/* ---- flags --------------------------------------------------------------------------------------------- */

/* Reads words of show's; true if all were taken and fit. */
static bool reads(struct csv_style *style, struct flags *flags, int argc, const char *const *words,
                  bool is_csv)
{
    enum flag flag;
    bool taken = true;
    *style = (struct csv_style){.separator = 0};
    flags_begin(flags, "show", argc, (char **)(uintptr_t)words);
    while (taken && (flag = flags_next(flags)) != FLAG_END)
        taken = flag != FLAG_FAULT && csv_style_take(style, flag, flags);
    return taken && csv_style_fits(style, is_csv, flags);
}

static void flags_of_the_style(void **state)
{
    static const struct {
        const char *words[3];
        int count;
        char separator; /* 1: it is refused */
        bool bom;
    } cases[] = {
        {{"--bom"}, 1, 0, true},
        {{"--separator", ";"}, 2, ';', false},
        {{"--separator=semicolon", "--bom"}, 2, ';', true},
        {{"--separator", "\t"}, 2, '\t', false},
        {{"--separator=tab"}, 1, '\t', false},
        {{"--separator=,"}, 1, ',', false},
        {{"--separator=comma"}, 1, ',', false},
        {{"--csv"}, 1, 0, false},
        {{"--separator=|"}, 1, 1, false},
        {{"--separator=;;"}, 1, 1, false},
        {{"--separator="}, 1, 1, false},
        {{"--separator"}, 1, 1, false},
        {{"--bom=yes"}, 1, 1, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct csv_style style;
        struct flags flags;
        bool read = reads(&style, &flags, cases[i].count, cases[i].words, true);
        assert_int_equal(read, cases[i].separator != 1);
        if (!read)
            continue;
        assert_int_equal(style.separator, cases[i].separator);
        assert_int_equal(style.bom, cases[i].bom);
        assert_int_equal(reads(&style, &flags, cases[i].count, cases[i].words, false),
                         cases[i].separator == 0 && !cases[i].bom);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_in_each_style), cmocka_unit_test(rows_follow_each_other),
        cmocka_unit_test(codes_in_words),     cmocka_unit_test(no_text_holds_what_stands_between),
        cmocka_unit_test(flags_of_the_style),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
