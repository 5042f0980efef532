/* The three readers of one line: the same line is one to all of them, and none goes deeper than the tree. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "scanner/base/buf.h"
#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"

enum { LINE_BYTES = 4096, ID_A = 1, ID_B, ID_C };

/* What was handed over, in words. */
struct heard {
    struct buf text;
    unsigned most; /* after so many values it is known enough */
    unsigned seen;
};

static bool on_value(void *arg, const struct json_value *value)
{
    struct heard *heard = arg;
    (void)buf_printf(&heard->text, "%s%s%s=%d:%.*s ", value->key, value->sub[0] != 0 ? "." : "", value->sub,
                     (int)value->kind, (int)value->text.len, (const char *)value->text.data);
    return ++heard->seen < heard->most;
}

static bool on_pick(void *arg, const struct json_pick *pick)
{
    struct heard *heard = arg;
    (void)buf_printf(&heard->text, "%u=%d:%.*s ", pick->id, (int)pick->kind, (int)pick->text.len,
                     (const char *)pick->text.data);
    return ++heard->seen < heard->most;
}

static enum error read_line(const char *line, struct heard *heard)
{
    return json_read_line(bytes_of(line), on_value, heard);
}

static enum error pick_line(const char *line, struct heard *heard)
{
    static const struct json_want wants[] = {{0, ID_A, "a"}, {ID_A, ID_B, "b"}, {0, ID_C, "c"}};
    return json_pick_line(bytes_of(line), wants, sizeof wants / sizeof wants[0], on_pick, heard);
}

static enum error prove_line(const char *line, struct heard *heard)
{
    size_t keys = 0;
    enum error error = json_prove_line(bytes_of(line), "b", &keys);
    (void)buf_printf(&heard->text, "%zu", keys);
    return error;
}

static const struct reader {
    const char *name;
    enum error (*read)(const char *line, struct heard *heard);
} readers[] = {{"read", read_line}, {"pick", pick_line}, {"prove", prove_line}};

static enum error result_of(const struct reader *reader, const char *line, unsigned most, const char *text)
{
    struct heard heard = {.most = most};
    buf_init(&heard.text, LINE_BYTES);
    enum error error = reader->read(line, &heard);
    if (text != NULL)
        assert_string_equal(buf_string(&heard.text), text);
    buf_dispose(&heard.text);
    return error;
}

static void test_what_is_handed_over(void **state)
{
    (void)state;
    static const char line[] = "{\"a\":{\"b\":\"x\",\"n\":[1]},\"c\":[2,{\"d\":3},-4],\"e\":null,\"b\":true}";
    char told[LINE_BYTES];
    (void)snprintf(told, sizeof told, "a.b=%d:x a=%d: c=%d:2 c=%d:-4 c=%d: e=%d: b=%d: ", FIELD_STRING,
                   FIELD_END, FIELD_NUMBER, FIELD_NUMBER, FIELD_END, FIELD_NULL, FIELD_BOOL);
    assert_int_equal(result_of(&readers[0], line, 99, told), ERR_OK);
    (void)snprintf(told, sizeof told, "1=%d: 2=%d:x 1=%d: 3=%d:2 3=%d: 3=%d: 3=%d:-4 ", FIELD_BEGIN,
                   FIELD_STRING, FIELD_END, FIELD_NUMBER, FIELD_BEGIN, FIELD_END, FIELD_NUMBER);
    assert_int_equal(result_of(&readers[1], line, 99, told), ERR_OK);
    assert_int_equal(result_of(&readers[2], line, 99, "2"), ERR_OK);
}

static void test_what_is_no_object(void **state)
{
    (void)state;
    static const char *const lines[] = {"",      "[]",     "[{}]",       "1",       "\"a\"",   "null",
                                        "{",     "{}}",    "{\"a\":1}1", "{\"a\"}", "{\"a\":", "{\"a\":1,}",
                                        "{a:1}", "{}{}",   "{\"a\":01}", "true",    "\xff",    "{\"a\":[1}",
                                        " ",     "{\"a\"", "{\"a\":\"b"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        for (size_t r = 0; r < sizeof readers / sizeof readers[0]; r++)
            if (result_of(&readers[r], lines[i], 99, NULL) != ERR_SYNTAX)
                fail_msg("%s took %s", readers[r].name, lines[i]);
}

/* Writes an object whose value lies so deep, in arrays or in objects, under a key that nobody wants. */
static void nest(char *line, size_t depth, bool in_arrays)
{
    char *at = line + sprintf(line, "{\"z\":");
    for (size_t i = 1; i < depth; i++)
        at += sprintf(at, "%s", in_arrays ? "[" : "{\"z\":");
    at += sprintf(at, "1");
    for (size_t i = 1; i < depth; i++)
        *at++ = in_arrays ? ']' : '}';
    (void)strcpy(at, "}");
}

static void test_how_deep(void **state)
{
    (void)state;
    char line[LINE_BYTES];
    for (int in_arrays = 0; in_arrays < 2; in_arrays++)
        for (size_t depth = 1; depth < 4 * (size_t)JSON_TREE_DEPTH; depth++) {
            nest(line, depth, in_arrays != 0);
            for (size_t r = 0; r < sizeof readers / sizeof readers[0]; r++)
                if (result_of(&readers[r], line, 99, NULL) !=
                    (depth <= JSON_TREE_DEPTH ? ERR_OK : ERR_SYNTAX))
                    fail_msg("%s: %zu deep", readers[r].name, depth);
            struct heard heard = {.most = 99};
            buf_init(&heard.text, LINE_BYTES);
            assert_int_equal(json_read_row(bytes_of(line), on_value, &heard), ERR_OK);
            buf_dispose(&heard.text);
        }
}

/* What stands behind that is not looked at, and is proved by json_prove_line alone. */
static void test_enough_is_known(void **state)
{
    (void)state;
    char told[LINE_BYTES];
    (void)snprintf(told, sizeof told, "c=%d:1 ", FIELD_NUMBER);
    assert_int_equal(result_of(&readers[0], "{\"c\":1,\"a\":", 1, told), ERR_OK);
    (void)snprintf(told, sizeof told, "%d=%d:1 ", ID_C, FIELD_NUMBER);
    assert_int_equal(result_of(&readers[1], "{\"c\":1,\"a\":", 1, told), ERR_OK);
    assert_int_equal(result_of(&readers[2], "{\"c\":1,\"a\":", 1, NULL), ERR_SYNTAX);
}

static void test_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool is_number, is_signed;
        int64_t value;
    } rows[] = {
        {"0", true, true, 0},
        {"42", true, true, 42},
        {"-42", false, true, -42},
        {"9223372036854775807", true, true, INT64_MAX},
        {"-9223372036854775807", false, true, -INT64_MAX},
        {"9223372036854775808", true, false, 0},
        {"18446744073709551616", false, false, 0},
        {"99999999999999999999999", false, false, 0},
        {"", false, false, 0},
        {"-", false, false, 0},
        {"1.5", false, false, 0},
        {"1e3", false, false, 0},
        {"+1", false, false, 0},
        {" 1", false, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t whole = 0;
        int64_t with_sign = 0;
        assert_int_equal(json_read_number(bytes_of(rows[i].text), &whole), rows[i].is_number);
        assert_int_equal(json_read_signed(bytes_of(rows[i].text), &with_sign), rows[i].is_signed);
        if (rows[i].is_signed)
            assert_int_equal(with_sign, rows[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_handed_over),
        cmocka_unit_test(test_what_is_no_object),
        cmocka_unit_test(test_how_deep),
        cmocka_unit_test(test_enough_is_known),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
