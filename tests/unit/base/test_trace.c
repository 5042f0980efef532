/* What a trace tells: each line whole, with nothing of a stranger's that a terminal would obey. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scanner/base/state.h"

enum { LINES = 64 };

static char told[LINES][TRACE_LINE_BYTES];
static size_t told_count;

static void keep(void *arg, const char *line)
{
    (void)arg;
    assert_true(told_count < LINES);
    assert_true(strlen(line) < TRACE_LINE_BYTES);
    (void)strcpy(told[told_count++], line);
}

static struct trace make(void)
{
    told_count = 0;
    return (struct trace){.domain = "a.example", .write = keep};
}

/* The line without its time, which stands first: "     0 ms  ". */
static const char *text_of(size_t index)
{
    const char *text = strstr(told[index], " ms  ");
    assert_non_null(text);
    return text + strlen(" ms  ");
}

static void a_line_has_time_name_and_address(void **state)
{
    struct trace trace = make();
    struct ip_addr ip;
    (void)state;
    assert_true(ip_parse("2001:db8::1", &ip));
    trace_say(&trace, "mx.example", &ip, "waited %d ms", 7);
    trace_say(&trace, "a.example", NULL, "begun");
    assert_string_equal(text_of(0), "mx.example 2001:db8::1: waited 7 ms");
    assert_string_equal(text_of(1), "a.example: begun");
    assert_true(trace.started_ms != 0);
}

static void nobody_is_told_without_a_trace(void **state)
{
    struct trace trace = make();
    const char *const list[] = {"new", "old"};
    const struct state_names names = {"thing", list};
    (void)state;
    trace_say(NULL, "a.example", NULL, "begun");
    trace_bytes(NULL, "a.example", NULL, "<", bytes_of("220 x\r\n"));
    assert_int_equal(state_enter(&names, NULL, "a.example", NULL, 0, 1), 1);
    assert_int_equal(told_count, 0);
    assert_int_equal(state_enter(&names, &trace, "a.example", NULL, 0, 1), 1);
    assert_string_equal(text_of(0), "a.example: thing new -> old");
}

static void what_a_terminal_would_obey_is_escaped(void **state)
{
    static const char hostile[] = "\x1b[31mred\x07\xe2\x80\xae\x9b\x7f\ttab";
    struct trace trace = make();
    (void)state;
    trace_say(&trace, hostile, NULL, "%s", hostile);
    trace_bytes(&trace, "mx", NULL, "<", bytes_make(hostile, sizeof hostile));
    for (size_t i = 0; i < told_count; i++)
        for (const char *at = told[i]; *at != '\0'; at++)
            assert_true(*at >= 0x20 && *at < 0x7F);
    assert_non_null(strstr(told[0], "\\x1B[31mred\\x07\\xE2\\x80\\xAE"));
}

static void a_dialogue_is_told_line_by_line(void **state)
{
    static const char text[] = "250-a\r\n250 b\r\nrest\0hidden";
    struct trace trace = make();
    (void)state;
    trace_bytes(&trace, "mx", NULL, "<", bytes_make(text, sizeof text - 1));
    assert_int_equal(told_count, 3);
    assert_string_equal(text_of(0), "mx: < 250-a");
    assert_string_equal(text_of(1), "mx: < 250 b");
    assert_string_equal(text_of(2), "mx: < rest\\x00hidden");
}

static void much_is_cut(void **state)
{
    static char flood[1 << 16];
    struct trace trace = make();
    (void)state;
    memset(flood, '\n', sizeof flood);
    trace_bytes(&trace, "mx", NULL, "<", bytes_make(flood, sizeof flood));
    assert_int_equal(told_count, 20);
    trace = make();
    memset(flood, '\x01', sizeof flood);
    trace_bytes(&trace, "mx", NULL, "<", bytes_make(flood, sizeof flood));
    assert_int_equal(told_count, 1);
    assert_non_null(strstr(told[0], "(cut)"));
    flood[sizeof flood - 1] = '\0';
    trace = make();
    trace_say(&trace, flood, NULL, "%s", flood);
    trace_say(&trace, "mx", NULL, "%s", flood);
    assert_int_equal(told_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_name_and_address),
        cmocka_unit_test(nobody_is_told_without_a_trace),
        cmocka_unit_test(what_a_terminal_would_obey_is_escaped),
        cmocka_unit_test(a_dialogue_is_told_line_by_line),
        cmocka_unit_test(much_is_cut),
    };
    return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
