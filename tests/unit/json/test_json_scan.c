/* JSON taken apart: which texts are JSON and which marks they have, by tables; what a line's fields are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "scanner/json/json_read.h"
#include "scanner/json/json_scan.h"

enum { MARKS_MOST = 64 };

/* Writes a letter for each mark: ! bad, . done, { [ } k s 0 t f n. */
static void marks_of(struct bytes text, char *letters)
{
    static const char signs[] = "!.{[}ks0tfn";
    struct json_scan scan;
    enum json_mark mark;
    json_scan_init(&scan, text);
    do {
        mark = json_scan_next(&scan);
        *letters++ = signs[mark];
    } while (mark != MARK_BAD && mark != MARK_DONE);
    *letters = 0;
    assert_int_equal(json_scan_next(&scan), mark);
}

/* RFC 8259, and where yajl takes more. */
static void test_marks(void **state)
{
    static const struct {
        const char *text, *marks;
    } cases[] = {
        {"{}", "{}."},
        {" \t\n\v\f\r{ } ", "{}."},
        {"{\"a\":1}", "{k0}."},
        {"{ \"a\" : [ 1 , \"b\" , true , false , null , { } , [ ] ] }", "{k[0stfn{}[}}}."},
        {"{\"a\":1,\"b\":2}", "{k0k0}."},
        {"[]", "[}."},
        {"1", "0."},
        {"", "!"},
        {" ", "!"},
        {"{", "{!"},
        {"{}}", "{}!"},
        {"{} {}", "{}!"},
        {"{\"a\"}", "{!"},
        {"{\"a\":}", "{k!"},
        {"{\"a\" 1}", "{!"},
        {"{\"a\":1,}", "{k0!"},
        {"{,}", "{!"},
        {"{\"a\":1 \"b\":2}", "{k0!"},
        {"{\"a\":1]", "{k0!"},
        {"{a:1}", "{!"},
        {"{1:1}", "{!"},
        {"[1,]", "[0!"},
        {"[,1]", "[!"},
        {"[1}", "[0!"},
        {"[1 2]", "[0!"},
        {"[tru]", "[!"},
        {"[truefalse]", "[t!"},
        {"[True]", "[!"},
        {"[nul", "[!"},
        {"/* no comments */{}", "!"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char letters[MARKS_MOST];
        marks_of(bytes_of(cases[i].text), letters);
        assert_string_equal(letters, cases[i].marks);
    }
}

/* RFC 8259 section 6. */
static void test_numbers(void **state)
{
    static const char *const good[] = {"0", "-0", "10", "-12.5", "0.0", "1e5", "1E+5", "1e-05", "1.5e10"};
    static const char *const bad[] = {"-",    "01", "-01", "+1",  ".5", "1.",
                                      "1.e5", "1e", "1e+", "0x1", "1f", "--1"};
    char text[MARKS_MOST], letters[MARKS_MOST];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct json_scan scan;
        (void)snprintf(text, sizeof text, "[%s]", good[i]);
        json_scan_init(&scan, bytes_of(text));
        assert_int_equal(json_scan_next(&scan), MARK_ARRAY);
        assert_int_equal(json_scan_next(&scan), MARK_NUMBER);
        assert_true(bytes_equal(scan.text, bytes_of(good[i])));
        assert_int_equal(json_scan_next(&scan), MARK_CLOSE);
        assert_int_equal(json_scan_next(&scan), MARK_DONE);
        marks_of(bytes_make(text, strlen(text) - 1), letters); /* cut short */
        assert_string_equal(letters, "[0!");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        (void)snprintf(text, sizeof text, "[%s]", bad[i]);
        marks_of(bytes_of(text), letters);
        assert_int_equal(letters[strlen(letters) - 1], '!');
    }
}

/* RFC 8259 section 7; half a surrogate pair is no character. */
static void test_strings(void **state)
{
    static const struct {
        const char *inside, *text; /* NULL: it is no string */
    } cases[] = {
        {"", ""},
        {"seven b", "seven b"},
        {"eight by", "eight by"},
        {"sixteen bytes ee", "sixteen bytes ee"},
        {"behind eight\\\" x", "behind eight\" x"},
        {"\\\\\\/\\b\\f\\n\\r\\t", "\\/\b\f\n\r\t"},
        {"\\u0041\\u00e9\\u20AC", "A\xc3\xa9\xe2\x82\xac"},
        {"\\ud83d\\ude00", "\xf0\x9f\x98\x80"},
        {"\\uDBFF\\uDFFF", "\xf4\x8f\xbf\xbf"},
        {"\\ud83d", "?"},
        {"\\ud83dx", "?x"},
        {"\\ud83d\\n", "?\n"},
        {"\\ud83d\\u0041", "?A"},
        {"\\ude00\\ud83d", "??"},
        {"\xff\xc3\x7f", "\xff\xc3\x7f"},
        {"tab\there", NULL},
        {"eight bytes, and a control\x1f", NULL},
        {"\\a", NULL},
        {"\\", NULL},
        {"\\u12", NULL},
        {"\\u12g4", NULL},
        {"\\U0041", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[MARKS_MOST];
        struct json_scan scan;
        struct buf out;
        (void)snprintf(text, sizeof text, "[\"%s\"]", cases[i].inside);
        json_scan_init(&scan, bytes_of(text));
        buf_init(&out, strlen(cases[i].inside));
        assert_int_equal(json_scan_next(&scan), MARK_ARRAY);
        assert_int_equal(json_scan_next(&scan), cases[i].text == NULL ? MARK_BAD : MARK_STRING);
        if (cases[i].text != NULL) {
            assert_int_equal(scan.escaped, strchr(cases[i].inside, '\\') != NULL);
            assert_true(json_unescape(scan.text, &out));
            assert_true(bytes_equal(buf_bytes(&out), bytes_of(cases[i].text)));
            assert_int_equal(json_scan_next(&scan), MARK_CLOSE);
        }
        buf_dispose(&out);
    }
}

static void test_nul(void **state)
{
    static const char text[] = "[\"\\u0000\"]", nul_within[] = "[\"a\0b\"]", nul_escape[] = "[\"\\\0\"]";
    char letters[MARKS_MOST];
    struct json_scan scan;
    struct buf out;
    (void)state;
    buf_init(&out, sizeof text);
    json_scan_init(&scan, bytes_of(text));
    (void)json_scan_next(&scan);
    assert_int_equal(json_scan_next(&scan), MARK_STRING);
    assert_true(json_unescape(scan.text, &out));
    assert_true(bytes_equal(buf_bytes(&out), bytes_make("", 1)));
    buf_dispose(&out);
    marks_of(bytes_make(nul_within, sizeof nul_within - 1), letters);
    assert_string_equal(letters, "[!");
    marks_of(bytes_make(nul_escape, sizeof nul_escape - 1), letters);
    assert_string_equal(letters, "[!");
}

static void test_depth(void **state)
{
    char text[JSON_SCAN_DEPTH + 1];
    (void)state;
    memset(text, '[', sizeof text);
    for (size_t deep = JSON_SCAN_DEPTH; deep <= sizeof text; deep++) {
        struct json_scan scan;
        size_t count = 0;
        json_scan_init(&scan, bytes_make(text, deep));
        while (json_scan_next(&scan) == MARK_ARRAY)
            count++;
        assert_int_equal(count, JSON_SCAN_DEPTH);
    }
}

/* ---- fields of a table --------------------------------------------------------------------------------- */

enum { LINE, NAME, LIST, ITEM };

static bool write_pick(void *arg, const struct json_pick *pick)
{
    static const char *const kinds[] = {"", "#", "?", "0", "{", "}"};
    struct buf *out = arg;
    buf_printf(out, "%u%s", pick->id, kinds[pick->kind]);
    buf_append(out, pick->text.data, pick->text.len);
    buf_text(out, pick->kind == FIELD_BOOL && pick->truth ? "! " : " ");
    return !bytes_equal(pick->text, bytes_of("stop"));
}

static void test_picks(void **state)
{
    static const struct json_want wants[] = {
        {LINE, NAME, "name"}, {LINE, LIST, "list"}, {LIST, ITEM, "item"}};
    static const struct {
        const char *line, *picks;
        enum error error;
    } cases[] = {
        {"{\"name\":\"a\",\"other\":\"b\",\"list\":null}", "1a 20 ", ERR_OK},
        {"{\"list\":[{\"item\":1,\"name\":2},\"b\",true]}", "2{ 3#1 2} 2b 2?! ", ERR_OK},
        {"{\"list\":{\"item\":false}}", "2{ 3? 2} ", ERR_OK},
        {"{\"item\":1,\"x\":{\"name\":1,\"list\":[1]}}", "", ERR_OK},
        {"{\"list\":{\"x\":{\"item\":1},\"item\":2}}", "2{ 3#2 2} ", ERR_OK},
        {"{\"n\\u0061me\":\"\\u0062\"}", "1b ", ERR_OK},
        {"{\"name\":\"stop\",\"name\":\"b\"", "1stop ", ERR_OK},
        {"{\"name\":\"a\",\"name\":\"b\"", "1a 1b ", ERR_SYNTAX},
        {"[\"name\"]", "", ERR_SYNTAX},
        {"", "", ERR_SYNTAX},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;
        buf_init(&out, 1024);
        enum error error = json_pick_line(bytes_of(cases[i].line), wants, 3, write_pick, &out);
        assert_int_equal(error, cases[i].error);
        assert_string_equal(buf_string(&out), cases[i].picks);
        buf_dispose(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks), cmocka_unit_test(test_numbers), cmocka_unit_test(test_strings),
        cmocka_unit_test(test_nul),   cmocka_unit_test(test_depth),   cmocka_unit_test(test_picks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
