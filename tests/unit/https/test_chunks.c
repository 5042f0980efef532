/* A body in chunks, in pieces of every size; no network. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "scanner/https/chunks.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What comes, the data in it, and where its reading ends. */
static const struct {
    const char *name, *wire, *data;
    enum chunks_state end;
} rows[] = {
    {"POL-1 nothing", "", "", CHUNKS_SIZE},
    {"POL-1 a whole one", "3\r\nabc\r\n0\r\n\r\n", "abc", CHUNKS_WHOLE},
    {"POL-1 whole with the last chunk", "3\r\nabc\r\n0\r\n", "abc", CHUNKS_WHOLE},
    {"POL-1 the last chunk's line is cut", "3\r\nabc\r\n0\r", "abc", CHUNKS_SIZED},
    {"POL-1 the last chunk has no line end", "3\r\nabc\r\n0", "abc", CHUNKS_DIGITS},
    {"POL-1 empty", "0\r\n\r\n", "", CHUNKS_WHOLE},
    {"POL-1 zeros", "000\r\n", "", CHUNKS_WHOLE},
    {"POL-1 two", "1\r\na\r\n2\r\nbc\r\n0\r\n", "abc", CHUNKS_WHOLE},
    {"POL-1 hexadecimal digits", "A\r\n0123456789\r\n0b\r\nabcdefghijk\r\n0\r\n", "0123456789abcdefghijk",
     CHUNKS_WHOLE},
    {"POL-1 LF alone", "3\nabc\n0\n", "abc", CHUNKS_WHOLE},
    {"POL-1 CR twice", "3\r\r\nabc\r\r\n0\r\n", "abc", CHUNKS_WHOLE},
    {"POL-1 an extension", "3;x=y\r\nabc\r\n0;z\r\n", "abc", CHUNKS_WHOLE},
    {"POL-1 blanks behind a size", "3  \r\nabc\r\n0 \r\n", "abc", CHUNKS_WHOLE},
    {"POL-1 a tab behind a size", "3\t\r\nabc\r\n0\t\n", "abc", CHUNKS_WHOLE},
    {"POL-1 blanks before an extension", "3 \t;x\r\nabc\r\n0 ;\r\n", "abc", CHUNKS_WHOLE},
    {"POL-1 anything in an extension", "3;g \t\r;0x\r\nabc\r\n0;g\r\n", "abc", CHUNKS_WHOLE},
    {"POL-9 cut in an extension", "3\r\nabc\r\n0;x", "abc", CHUNKS_EXTENSION},
    {"POL-1 a letter behind a size", "5g\r\nhello\r\n0\r\n", "", CHUNKS_BAD},
    {"POL-1 a size with the mark of hexadecimals", "0x40\r\nabc", "", CHUNKS_BAD},
    {"POL-1 a letter behind the last size", "3\r\nabc\r\n0g\r\n", "abc", CHUNKS_BAD},
    {"POL-1 a comma behind a size", "3,\r\nabc\r\n", "", CHUNKS_BAD},
    {"POL-1 a size behind a size", "3 3\r\nabc\r\n", "", CHUNKS_BAD},
    {"POL-1 a letter behind blanks", "3 g\r\nabc\r\n", "", CHUNKS_BAD},
    {"POL-1 a letter behind a CR", "3\rx\nabc\r\n", "", CHUNKS_BAD},
    {"POL-1 other white space behind a size", "3\v\r\nabc\r\n", "", CHUNKS_BAD},
    {"POL-1 trailers are not read", "0\r\nX: y\r\n", "", CHUNKS_WHOLE},
    {"POL-1 data with line ends", "5\r\na\r\nb\n\r\n0\r\n", "a\r\nb\n", CHUNKS_WHOLE},
    {"POL-9 cut in the data", "5\r\nabc", "abc", CHUNKS_DATA},
    {"POL-9 cut behind the data", "3\r\nabc", "abc", CHUNKS_DATA_END},
    {"POL-9 cut between chunks", "3\r\nabc\r\n", "abc", CHUNKS_SIZE},
    {"POL-1 no size", "zz\r\nhello", "", CHUNKS_BAD},
    {"POL-1 an empty line for a size", "\r\nhello", "", CHUNKS_BAD},
    {"POL-1 a blank before the size", " 3\r\nabc\r\n", "", CHUNKS_BAD},
    {"POL-1 a sign before the size", "-3\r\nabc\r\n", "", CHUNKS_BAD},
    {"POL-1 the byte below a", "`\r\n", "", CHUNKS_BAD},
    {"POL-1 the letter behind f", "g\r\n", "", CHUNKS_BAD},
    {"POL-1 more data than the size says", "3\r\nabcd\r\n", "abc", CHUNKS_BAD},
    {"POL-1 no line end behind the data", "3\r\nabc3\r\nabc", "abc", CHUNKS_BAD},
    {"POL-1 a second chunk without a size", "1\r\na\r\n;\r\n", "a", CHUNKS_BAD},
    {"POL-1 the largest size", "7fffffffffffffff\r\nabc", "abc", CHUNKS_DATA},
    {"POL-1 a size past 63 bits", "8000000000000000\r\nabc", "", CHUNKS_BAD},
    {"POL-1 16 digits", "0000000000000003\r\nabc", "abc", CHUNKS_DATA_END},
    {"POL-1 17 digits", "00000000000000003\r\nabc", "", CHUNKS_BAD},
    {"POL-1 digits are counted anew", "000000003\r\nabc\r\n000000003\r\nabc", "abcabc", CHUNKS_DATA_END},
};

static void take(const char *name, struct bytes wire, size_t piece, const char *expected,
                 enum chunks_state end)
{
    struct chunks chunks = {0};
    char data[64];
    size_t len = 0;
    for (size_t at = 0; at < wire.len; at += piece) {
        struct bytes rest = bytes_make(wire.data + at, wire.len - at < piece ? wire.len - at : piece);
        for (struct bytes run = chunks_take(&chunks, &rest); run.len > 0; run = chunks_take(&chunks, &rest)) {
            assert_in_range(len + run.len, 1, sizeof data);
            memcpy(data + len, run.data, run.len);
            len += run.len;
        }
        assert_true(rest.len == 0 || chunks.state >= CHUNKS_WHOLE);
    }
    if (chunks.state != end || !bytes_equal(bytes_make(data, len), bytes_of(expected)))
        fail_msg("%s, in pieces of %zu: state %d, \"%.*s\"", name, piece, (int)chunks.state, (int)len, data);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct bytes wire = bytes_of(rows[i].wire);
        for (size_t piece = 1; piece <= wire.len + 1; piece++)
            take(rows[i].name, wire, piece, rows[i].data, rows[i].end);
    }
}

/* What has ended takes nothing more. */
static void test_the_end_stays(void **state)
{
    (void)state;
    static const enum chunks_state ends[] = {CHUNKS_WHOLE, CHUNKS_BAD};
    for (size_t i = 0; i < COUNT(ends); i++) {
        struct chunks chunks = {.state = ends[i]};
        struct bytes rest = bytes_of("3\r\nabc\r\n");
        assert_int_equal(chunks_take(&chunks, &rest).len, 0);
        assert_int_equal(rest.len, 8);
        assert_int_equal(chunks.state, ends[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_the_end_stays),
    };
    return cmocka_run_group_tests_name("chunks", tests, NULL, NULL);
}
