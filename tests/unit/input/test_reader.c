/* Lines to names and rejects: forms, encodings, headers, and what is wrong with them. No files. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input/reader.h"
#include "tests/unit/told.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Feeds data in pieces of at most `piece` bytes and compares what came of it. */
static void expect_pieces(struct bytes data, size_t piece, enum input_format format, const char *expected)
{
    struct told told;
    struct reader *reader = malloc(sizeof *reader);
    assert_non_null(reader);
    told_init(&told);
    struct input_sink sink = sink_of(&told);
    struct input_asked asked = {.format = format, .columns = ""};
    reader_init(reader, "list", &asked, NULL, &sink, 0);
    for (size_t at = 0; at < data.len; at += piece) {
        size_t len = data.len - at < piece ? data.len - at : piece;
        assert_int_equal(reader_feed(reader, bytes_make(data.data + at, len)), ERR_OK);
    }
    assert_int_equal(reader_end(reader, true), ERR_OK);
    assert_string_equal(buf_string(&told.text), expected);
    assert_int_equal(reader->inputs, told.names + told.rejects);
    reader_dispose(reader);
    free(reader);
    buf_dispose(&told.text);
}

static void expect(struct bytes data, enum input_format format, const char *expected)
{
    expect_pieces(data, SIZE_MAX / 2, format, expected);
    expect_pieces(data, 1, format, expected);
    expect_pieces(data, 7, format, expected);
}

struct list_case {
    const char *text;
    enum input_format format;
    const char *expected;
};

static void expect_all(const struct list_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect(bytes_of(cases[i].text), cases[i].format, cases[i].expected);
}

static void plain_lists(void **state)
{
    static const struct list_case cases[] = {
        {"", INPUT_AUTO, ""},
        {"\n\r\n \t\n# nothing\n  # more\n", INPUT_AUTO, ""},
        {"example.com", INPUT_AUTO, "1 example.com 0 -\n"},
        {"a.example\nB.example.\r\n\n c.example \n", INPUT_AUTO,
         "1 a.example 0 -\n2 b.example 0 -\n3 c.example 0 -\n"},
        {"a.example # a comment, with commas\n# b\nc.example\t#d\n", INPUT_AUTO,
         "1 a.example 0 -\n2 c.example 0 -\n"},
        {"a.example#b\n", INPUT_AUTO, "1! input.bad-name 1 a.example#b\n"},
        {"\xef\xbb\xbf"
         "a.example\n",
         INPUT_AUTO, "1 a.example 0 -\n"},
        {"\xef\xbb\n", INPUT_AUTO, "1! input.bad-name 1 \xef\xbb\n"},
        {"\xef", INPUT_AUTO, "1! input.bad-name 1 \xef\n"},
        {"a.example\n\nuser@b.example\nhttp://c/\n192.0.2.1\nd.example\n", INPUT_AUTO,
         "1 a.example 0 -\n2! input.is-email 3 user@b.example\n3! input.is-url 4 http://c/\n"
         "4! input.is-address 5 192.0.2.1\n5 d.example 0 -\n"},
        {"Hello, world\na.example\n", INPUT_AUTO, "1! input.bad-name 1 Hello, world\n2 a.example 0 -\n"},
        {"domain\na.example # x\n", INPUT_AUTO, "1 a.example 0 -\n"},
        {"domain\na.example\n", INPUT_PLAIN, "1 domain 0 -\n2 a.example 0 -\n"},
        {"name\na.example\n", INPUT_PLAIN, "1 name 0 -\n2 a.example 0 -\n"}, /* a top-level domain */
        {"1,a.example\n", INPUT_PLAIN, "1! input.bad-name 1 1,a.example\n"},
    };
    (void)state;
    expect_all(cases, COUNT(cases));
}

static void csv_lists(void **state)
{
    static const struct list_case cases[] = {
        {"1,a.example\n2,b.example\r\n", INPUT_AUTO, "1 a.example 1 -\n2 b.example 2 -\n"},
        {"1,a.example,acme\n2,b.example,\n", INPUT_AUTO, "1 a.example 1 acme\n2 b.example 2 -\n"},
        {"a.example,acme\nb.example,beta corp\n", INPUT_AUTO,
         "1 a.example 0 acme\n2 b.example 0 beta corp\n"},
        {"a.example,17\nb.example,18\n", INPUT_AUTO, "1 a.example 0 17\n2 b.example 0 18\n"},
        {"acme,a.example\nbeta,b.example\n", INPUT_AUTO, "1 a.example 0 acme\n2 b.example 0 beta\n"},
        {"a.example\nb.example,x\nc.example\n", INPUT_AUTO,
         "1 a.example 0 -\n2 b.example 0 x\n3 c.example 0 -\n"},
        {"1,a.example\nb.example\n", INPUT_AUTO, "1 a.example 1 -\n2 b.example 0 -\n"},
        {"\"a.example\"\n", INPUT_AUTO, "1 a.example 0 -\n"},
        {"a.example\n", INPUT_CSV, "1 a.example 0 -\n"},
        {"# list\n\n1,a.example\n", INPUT_AUTO, "1 a.example 1 -\n"},
        /* The first row may be a bad one. */
        {"1,user@a.example\n2,b.example\n", INPUT_AUTO,
         "1! input.is-email 1 1,user@a.example\n2 b.example 2 -\n"},
        {"1,user@a.example\n", INPUT_AUTO, "1! input.is-email 1 1,user@a.example\n"},
        {"192.0.2.1,a.example,x\n192.0.2.2,b.example,y\n", INPUT_AUTO, "1 a.example 0 x\n2 b.example 0 y\n"},
        /* A bad rank does not lose the name. */
        {"1,a.example\nx,b.example\n-3,c.example\n4294967295,d.example\n4294967296,e.example\n", INPUT_AUTO,
         "1 a.example 1 -\n2 b.example 0 -\n3 c.example 0 -\n4 d.example 4294967295 -\n5 e.example 0 -\n"},
        /* A quote amid a cell opens nothing, and does not hide that one before a comment does: told or found,
           the form reads so. */
        {"a.example,x \"y\n\"b@x.example\n\n# c\"\nc.example,z\n", INPUT_AUTO,
         "1 a.example 0 x \"y\n2! input.is-email 2 \"b@x.example\n3 c.example 0 z\n"},
        {"a.example,x \"y\n\"b@x.example\n\n# c\"\nc.example,z\n", INPUT_CSV,
         "1 a.example 0 x \"y\n2! input.is-email 2 \"b@x.example\n3 c.example 0 z\n"},
        /* A row that ends before the domain's column has no name, not even an empty one. */
        {"id,tld,domain\n1,com,a.example\n2,com\n3,com,b.example\n", INPUT_AUTO,
         "1 a.example 1 com\n2! input.bad-name 3 2,com\n3 b.example 3 com\n"},
        {"1,a.example\n2,\n,\n", INPUT_AUTO,
         "1 a.example 1 -\n2! input.bad-name 2 2,\n3! input.bad-name 3 ,\n"},
        /* Quotes. */
        {"1,\"a.example\",\"a \"\"big\"\", one\"\n", INPUT_AUTO, "1 a.example 1 a \"big\", one\n"},
        {" \"1\" , \"a.example\" ,x\n", INPUT_AUTO, "1 a.example 1 x\n"},
        {"1,a.example,\"two\nlines\"\n2,b.example,x\n", INPUT_AUTO,
         "1 a.example 1 two lines\n2 b.example 2 x\n"},
        {"1,\"a.example\"x,y\n2,b.example,y\n", INPUT_AUTO,
         "1! input.bad-name 1 1,\"a.example\"x,y\n2 b.example 2 y\n"},
        {"1,a.example\n\"\n", INPUT_AUTO, "1 a.example 1 -\n2! input.bad-name 2 \"\n"},
    };
    (void)state;
    expect_all(cases, COUNT(cases));
}

static void csv_headers(void **state)
{
    static const struct list_case cases[] = {
        {"rank,domain,label\n1,a.example,x\n", INPUT_AUTO, "1 a.example 1 x\n"},
        {"\"Rank\",\"Domain\",\"Open Page Rank\"\n\"1\",\"a.example\",\"10\"\n", INPUT_AUTO,
         "1 a.example 1 10\n"},
        {"GlobalRank,TldRank,Domain,TLD,RefSubNets\n1,1,a.example,example,99\n", INPUT_AUTO,
         "1 a.example 1 -\n"},
        {"Domain,Rank\na.example,5\n", INPUT_AUTO, "1 a.example 5 -\n"},
        {"customer_id,domain\nC1,a.example\n", INPUT_AUTO, "1 a.example 0 C1\n"},
        {"Customer ID,Host name,since,by\nC1,a.example,2020,me\n", INPUT_AUTO, "1 a.example 0 C1\n"},
        {"rank,where\n7,a.example\n", INPUT_AUTO, "1 a.example 7 -\n"},
        {"domain\n\"a.example\"\n", INPUT_AUTO, "1 a.example 0 -\n"},
        {"domain\na.example\n", INPUT_CSV, "1 a.example 0 -\n"},
        /* Only the first line may be one. */
        {"1,a.example\nrank,domain\n", INPUT_AUTO, "1 a.example 1 -\n2 domain 0 -\n"},
        {"domain,label\n", INPUT_AUTO, ""},
    };
    (void)state;
    expect_all(cases, COUNT(cases));
}

/* What spreadsheets write where the comma is the decimal point, and what is pasted out of them. */
static void csv_separators(void **state)
{
    static const struct list_case cases[] = {
        {"1;a.example;x\n2;b.example;y, z\n", INPUT_AUTO, "1 a.example 1 x\n2 b.example 2 y, z\n"},
        {"Domain;Customer\na.example;\"S; 1\"\n", INPUT_AUTO, "1 a.example 0 S; 1\n"},
        {"domain\tlabel\na.example\tx, y\nb.example\t z \n", INPUT_AUTO,
         "1 a.example 0 x, y\n2 b.example 0 z\n"},
        {"1\ta.example\n\tb.example\n3\tc.example\n", INPUT_AUTO,
         "1 a.example 1 -\n2 b.example 0 -\n3 c.example 3 -\n"},
        {"1\ta.example\n", INPUT_CSV, "1 a.example 1 -\n"},
        /* A comma is taken where both are as likely, and what stands in a few lines only is no separator. */
        {"a.example,x;y\nb.example,z\n", INPUT_AUTO, "1 a.example 0 x;y\n2 b.example 0 z\n"},
        {"1,a.example\n2,b.example\n3;c.example\n", INPUT_AUTO,
         "1 a.example 1 -\n2 b.example 2 -\n3! input.bad-name 3 3;c.example\n"},
        {"a.example;b.example\n", INPUT_PLAIN, "1! input.bad-name 1 a.example;b.example\n"},
    };
    (void)state;
    expect_all(cases, COUNT(cases));
}

static void a_header_does_not_move_line_numbers(void **state)
{
    (void)state;
    expect(bytes_of("\nrank,domain\n\n1,@\n"), INPUT_AUTO, "1! input.is-email 4 1,@\n");
}

static void utf16_is_converted(void **state)
{
    static const char little[] =
        "\xff\xfe"
        "a\0.\0b\0\r\0\n\0\xe4\0.\0b\0\n\0\x3d\xd8\x00\xde.\0b\0\n\0\x3d\xd8.\0b\0\n";
    static const char big[] = "\xfe\xff"
                              "\0a\0.\0b\0\n\0x";
    (void)state;
    /* The last unit of the first has lost its second byte, a surrogate its other half. */
    expect(bytes_make(little, sizeof little - 1), INPUT_AUTO,
           "1 a.b 0 -\n2 xn--4ca.b 0 -\n3! input.idn-invalid 3 \xf0\x9f\x98\x80.b\n"
           "4! input.idn-invalid 4 \xef\xbf\xbd.b\xef\xbf\xbd\n");
    expect(bytes_make(big, sizeof big - 1), INPUT_AUTO, "1 a.b 0 -\n2 x 0 -\n");
    /* The first and the last of the units that have another half, and of those that are one. */
    static const char ends[] =
        "\xff\xfe"
        "\x00\xd8\x00\xdc.\0b\0\n\0\xff\xdb\xff\xdf.\0b\0\n\0\xff\xd7.\0b\0\n\0\x00\xe0.\0b\0\n\0";
    expect(bytes_make(ends, sizeof ends - 1), INPUT_AUTO,
           "1 xn--2n7c.b 0 -\n2! input.idn-invalid 2 \xf4\x8f\xbf\xbf.b\n"
           "3! input.idn-invalid 3 \xed\x9f\xbf.b\n4! input.idn-invalid 4 \xee\x80\x80.b\n");
    /* Without a mark, the first characters tell. */
    expect(bytes_make("\0a\0.\0b\0\n\0c\0.\0d", 14), INPUT_AUTO, "1 a.b 0 -\n2 c.d 0 -\n");
    expect(bytes_make("a\0.\0b\0\n\0c\0.\0d\0", 14), INPUT_AUTO, "1 a.b 0 -\n2 c.d 0 -\n");
    expect(bytes_make("a\0.b\nc.d", 8), INPUT_AUTO, "1! input.bad-name 1 a\n2 c.d 0 -\n");
    expect(bytes_make("a\0\nb", 4), INPUT_AUTO, "1! input.bad-name 1 a\n2 b 0 -\n");
    expect(bytes_make("a\0", 2), INPUT_AUTO, "1! input.bad-name 1 a\n");
    expect(bytes_make("\n", 1), INPUT_AUTO, "");
}

static void nul_bytes_are_refused(void **state)
{
    (void)state;
    expect(bytes_make("a.b\0\nc.d\n", 9), INPUT_AUTO, "1! input.bad-name 1 a.b\n2 c.d 0 -\n");
    expect(bytes_make("1,a.b,x\0y\n2,c.d,x\n", 18), INPUT_AUTO, "1! input.bad-name 1 1,a.b,x\n2 c.d 2 x\n");
}

/* count times byte, then rest. */
static struct bytes long_line(char *out, char byte, size_t count, const char *rest)
{
    memset(out, byte, count);
    memcpy(out + count, rest, strlen(rest));
    return bytes_make(out, count + strlen(rest));
}

static void long_lines_are_cut_and_skipped(void **state)
{
    static const char too_long[] = "1! input.too-long 1 aaaaaaaaaaaaaaaaaaaa\n2 b.c 0 -\n";
    size_t million = 1000 * 1000;
    char *text = malloc(million + 16);
    (void)state;
    assert_non_null(text);
    struct bytes line = long_line(text, 'a', million, "\nb.c\n");
    expect_pieces(line, SIZE_MAX / 2, INPUT_AUTO, too_long);
    expect_pieces(line, 4096, INPUT_PLAIN, too_long);
    expect(long_line(text, 'a', LINE_BYTES + 1, "\nb.c\n"), INPUT_AUTO, too_long);
    expect(long_line(text, 'a', LINE_BYTES + 1, "\r\nb.c\n"), INPUT_AUTO, too_long);
    expect(long_line(text, 'a', LINE_BYTES + 1, ""), INPUT_AUTO,
           "1! input.too-long 1 aaaaaaaaaaaaaaaaaaaa\n");
    expect(long_line(text, ' ', LINE_BYTES - 3, "b.c\n"), INPUT_AUTO, "1 b.c 0 -\n");
    expect(long_line(text, ' ', LINE_BYTES - 3, "b.c\r\n"), INPUT_AUTO, "1 b.c 0 -\n");
    expect(long_line(text, ' ', LINE_BYTES - 2, "b.c\n"), INPUT_AUTO,
           "1! input.too-long 1                     \n");
    expect(long_line(text, ' ', LINE_BYTES + 9, "\n"), INPUT_AUTO,
           "1! input.too-long 1                     \n");
    expect(long_line(text, '#', LINE_BYTES + 9, "\nb.c\n"), INPUT_AUTO, "1 b.c 0 -\n");
    free(text);
}

static void labels_are_cut_between_characters(void **state)
{
    char text[400], expected[400];
    (void)state;
    int len = snprintf(text, sizeof text, "a.b,%0254d%s\n", 0, "\xe2\x82\xac!");
    (void)snprintf(expected, sizeof expected, "1 a.b 0 %0254d\n", 0);
    expect(bytes_make(text, (size_t)len), INPUT_AUTO, expected);
    len = snprintf(text, sizeof text, "a.b,%0252d%s\n", 0, "\xe2\x82\xac!");
    (void)snprintf(expected, sizeof expected, "1 a.b 0 %0252d\xe2\x82\xac\n", 0);
    expect(bytes_make(text, (size_t)len), INPUT_AUTO, expected);
}

static void the_form_is_told_from_200_lines(void **state)
{
    struct told told;
    struct reader *reader = malloc(sizeof *reader);
    (void)state;
    assert_non_null(reader);
    told_init(&told);
    struct input_sink sink = sink_of(&told);
    struct input_asked asked = {.columns = ""};
    reader_init(reader, "list", &asked, NULL, &sink, 10);
    for (int i = 0; i < SAMPLE_LINES - 1; i++)
        assert_int_equal(reader_feed(reader, bytes_of("# c\na.example\n")), ERR_OK);
    assert_int_equal(told.names, 0);
    assert_int_equal(reader_feed(reader, bytes_of("a.example\n")), ERR_OK);
    assert_int_equal(told.names, SAMPLE_LINES);
    assert_int_equal(reader_feed(reader, bytes_of("1,b.example\n")), ERR_OK);
    assert_int_equal(told.rejects, 1);
    assert_int_equal(reader->ordinal, 10 + SAMPLE_LINES + 1);
    reader_dispose(reader);
    free(reader);
    buf_dispose(&told.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_lists),
        cmocka_unit_test(csv_lists),
        cmocka_unit_test(csv_headers),
        cmocka_unit_test(csv_separators),
        cmocka_unit_test(a_header_does_not_move_line_numbers),
        cmocka_unit_test(utf16_is_converted),
        cmocka_unit_test(nul_bytes_are_refused),
        cmocka_unit_test(long_lines_are_cut_and_skipped),
        cmocka_unit_test(labels_are_cut_between_characters),
        cmocka_unit_test(the_form_is_told_from_200_lines),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
