/* Where loops stood still: the file's lines, and the place that another thread reads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/reach/stuck_list.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct place_at at_of(enum place_kind kind, const char *text)
{
    struct place_at at = {.kind = kind};
    assert_true(ip_parse(text, &at.ip));
    return at;
}

static void test_lines(void **state)
{
    (void)state;
    static const struct {
        const char *name, *text;
        size_t count, bad_line; /* 0: none is bad */
    } cases[] = {
        {"nothing", "", 0, 0},
        {"both kinds", "smtp 192.0.2.1\npolicy 2001:db8::1\n", 2, 0},
        {"no end of line", "smtp 192.0.2.1", 1, 0},
        {"comments and empty lines", "# who did it\n\nsmtp 192.0.2.1\n", 1, 0},
        {"twice", "smtp 192.0.2.1\nsmtp 192.0.2.1\n", 1, 0},
        {"the same address, both kinds", "smtp 192.0.2.1\npolicy 192.0.2.1\n", 2, 0},
        {"no kind", "smtp 192.0.2.1\n192.0.2.2\n", 1, 2},
        {"another kind", "none 192.0.2.2\n", 0, 1},
        {"a name", "smtp mx.example\n", 0, 1},
        {"a port", "smtp 192.0.2.1:25\n", 0, 1},
        {"more behind", "smtp 192.0.2.1 x\n", 0, 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct stuck_list stuck = {.count = 0};
        size_t line = 0;
        bool read = stuck_list_read(&stuck, bytes_of(cases[i].text), &line);
        if (read != (cases[i].bad_line == 0) || stuck.count != cases[i].count ||
            (!read && line != cases[i].bad_line))
            fail_msg("%s: read %d, %zu, line %zu", cases[i].name, read, stuck.count, line);
    }
}

static void test_way_back(void **state)
{
    (void)state;
    struct stuck_list stuck = {.count = 0};
    struct stuck_list again = {.count = 0};
    struct place_at mail = at_of(PLACE_SMTP, "192.0.2.1");
    struct place_at policy = at_of(PLACE_POLICY, "2001:db8::1");
    struct place_at other = at_of(PLACE_POLICY, "192.0.2.1");
    struct buf text;
    size_t line;
    buf_init(&text, STUCK_BYTES);
    assert_true(stuck_list_add(&stuck, &mail) && stuck_list_add(&stuck, &policy));
    assert_true(stuck_list_write(&stuck, &text));
    assert_string_equal(buf_string(&text), "smtp 192.0.2.1\npolicy 2001:db8::1\n");
    assert_true(stuck_list_read(&again, buf_bytes(&text), &line));
    assert_true(stuck_list_has(&again, &mail) && stuck_list_has(&again, &policy));
    assert_false(stuck_list_has(&again, &other));
    buf_dispose(&text);
}

/* As many as there may be fit the file's ceiling. */
static void test_full(void **state)
{
    (void)state;
    struct stuck_list stuck = {.count = 0};
    struct place_at at = at_of(PLACE_POLICY, "2001:db8:1111:2222:3333:4444:5555:6666");
    struct buf text;
    buf_init(&text, STUCK_BYTES);
    for (unsigned i = 0; i < STUCK_MOST; i++) {
        at.ip.bytes[15] = (uint8_t)i;
        assert_true(stuck_list_add(&stuck, &at));
    }
    assert_true(stuck_list_add(&stuck, &at));
    at.ip.bytes[0] = 0x2a;
    assert_false(stuck_list_add(&stuck, &at));
    assert_true(stuck_list_write(&stuck, &text));
    buf_dispose(&text);
}

static void test_place(void **state)
{
    (void)state;
    static struct place place;
    struct place_at six = at_of(PLACE_POLICY, "2001:db8::ff");
    struct place_at four = at_of(PLACE_SMTP, "192.0.2.7");
    assert_int_equal(place_read(&place).kind, PLACE_NONE);
    place_enter(&place, six.kind, &six.ip);
    struct place_at read = place_read(&place);
    assert_int_equal(read.kind, PLACE_POLICY);
    assert_true(ip_equal(&read.ip, &six.ip));
    place_enter(&place, four.kind, &four.ip);
    read = place_read(&place);
    assert_int_equal(read.kind, PLACE_SMTP);
    assert_true(ip_equal(&read.ip, &four.ip));
    place_leave(&place);
    assert_int_equal(place_read(&place).kind, PLACE_NONE);
    place_enter(NULL, four.kind, &four.ip);
    place_leave(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_way_back),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
