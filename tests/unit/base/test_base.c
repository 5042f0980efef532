/* The leaves: arena, buf, slots, map, list, clock, the error table. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/base/list.h"
#include "scanner/base/map.h"
#include "scanner/base/place.h"
#include "scanner/base/slots.h"
#include "scanner/base/time_text.h"
#include "scanner/facts/failure.h"
#include "scanner/facts/net.h"

static void test_arena(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 10000);
    char *text = arena_string(&arena, "abc");
    assert_string_equal(text, "abc");
    assert_null(arena_string(&arena, NULL));
    for (int i = 0; i < 100; i++) {
        unsigned char *block = arena_alloc(&arena, 33);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % 16, 0);
        for (int j = 0; j < 33; j++)
            assert_int_equal(block[j], 0);
        memset(block, 0xff, 33);
    }
    assert_string_equal(text, "abc");
    assert_null(arena_alloc(&arena, 9000));
    assert_true(arena.full);
    assert_true(arena.used_bytes <= arena.ceiling_bytes);
    assert_null(arena_array(&arena, SIZE_MAX / 2, 4));
    arena_dispose(&arena);
    assert_int_equal(arena.used_bytes, 0);
    assert_non_null(arena_alloc(&arena, 10000 / 16 * 16));
    assert_null(arena_alloc(&arena, 1));
    arena_dispose(&arena);
}

/* What is filled over and over gets zeroed memory each time, and takes no more than its fullest round. */
static void test_arena_reset(void **state)
{
    (void)state;
    struct arena arena;
    size_t held = 0;
    arena_init(&arena, 100000);
    for (int round = 0; round < 50; round++) {
        for (int i = 0; i < 20; i++) {
            unsigned char *block = arena_alloc(&arena, 200);
            assert_non_null(block);
            for (int j = 0; j < 200; j++)
                assert_int_equal(block[j], 0);
            memset(block, 0xff, 200);
        }
        if (round == 1)
            held = arena.held_bytes;
        assert_true(round < 2 || arena.held_bytes <= held);
        assert_null(arena_alloc(&arena, 100001));
        arena_reset(&arena);
        assert_false(arena.full);
        assert_int_equal(arena.used_bytes, 0);
    }
    arena_dispose(&arena);
    assert_int_equal(arena.held_bytes, 0);
    arena_reset(&arena); /* an empty one */
    arena_dispose(&arena);
}

static void test_small_arena(void **state)
{
    (void)state;
    struct arena arena;
    arena_init_small(&arena, 10000, 128);
    for (int round = 0; round < 2; round++) { /* disposing keeps the sizes */
        assert_int_equal(arena.held_bytes, 0);
        assert_non_null(arena_alloc(&arena, 100));
        assert_in_range(arena.held_bytes, 128, 128 + 64);
        assert_non_null(arena_alloc(&arena, 5000));
        assert_true(arena.held_bytes >= arena.used_bytes);
        assert_null(arena_alloc(&arena, 5000));
        arena_dispose(&arena);
    }
}

static void test_arena_bytes(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 64);
    struct bytes copy = arena_bytes(&arena, bytes_make("a\0b", 3));
    assert_true(bytes_equal(copy, bytes_make("a\0b", 3)));
    copy = arena_bytes(&arena,
                       bytes_make("0123456789012345678901234567890123456789012345678901234567890123", 64));
    assert_null(copy.data);
    assert_int_equal(copy.len, 0);
    arena_dispose(&arena);
}

static void test_buf(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 10);
    assert_string_equal(buf_string(&buf), "");
    assert_true(buf_text(&buf, "12345"));
    assert_true(buf_printf(&buf, "%d", 678));
    assert_string_equal(buf_string(&buf), "12345678");
    assert_false(buf_text(&buf, "abc")); /* past the ceiling: nothing changes */
    assert_string_equal(buf_string(&buf), "12345678");
    assert_false(buf_byte(&buf, 'x')); /* and it stays failed */
    buf_reset(&buf);
    assert_true(buf_text(&buf, "0123456789"));
    assert_true(buf.capacity <= 11); /* the ceiling and a NUL, no power of two */
    buf_consume(&buf, 7);
    assert_string_equal(buf_string(&buf), "789");
    buf_dispose(&buf);
}

static void test_slots(void **state)
{
    (void)state;
    struct slots slots;
    int objects[1000];
    struct handle handles[1000];
    slots_init(&slots);
    assert_null(slots_get(&slots, (struct handle){0, 0}));
    for (int i = 0; i < 1000; i++)
        handles[i] = slots_add(&slots, &objects[i]);
    for (int i = 0; i < 1000; i++)
        assert_ptr_equal(slots_get(&slots, handles[i]), &objects[i]);
    assert_ptr_equal(slots_remove(&slots, handles[7]), &objects[7]);
    assert_null(slots_get(&slots, handles[7]));
    assert_null(slots_remove(&slots, handles[7]));
    struct handle again = slots_add(&slots, &objects[7]);
    assert_int_equal(again.slot, handles[7].slot);
    assert_int_not_equal(again.generation, handles[7].generation);
    assert_null(slots_get(&slots, handles[7])); /* the old name stays dead */
    assert_int_equal(slots.used, 1000);
    slots_dispose(&slots);
}

struct pair {
    struct map_node node;
    char key[16];
};

static bool is_pair(const struct map_node *node, struct bytes key)
{
    const struct pair *pair = (const struct pair *)node;
    return bytes_equal(bytes_of(pair->key), key);
}

static void count_pair(struct map_node *node, void *arg)
{
    (void)node;
    (*(size_t *)arg)++;
}

static void test_map(void **state)
{
    (void)state;
    enum { PAIRS = 5000 };
    struct map map;
    struct pair *pairs = calloc(PAIRS, sizeof *pairs);
    map_init(&map, 42, is_pair);
    assert_null(map_find(&map, bytes_of("0")));
    for (int i = 0; i < PAIRS; i++) {
        (void)snprintf(pairs[i].key, sizeof pairs[i].key, "%d", i);
        assert_true(map_add(&map, &pairs[i].node, bytes_of(pairs[i].key)));
    }
    for (int i = 0; i < PAIRS; i += 2)
        map_remove(&map, &pairs[i].node);
    for (int i = 0; i < PAIRS; i++) {
        struct map_node *found = map_find(&map, bytes_of(pairs[i].key));
        assert_ptr_equal(found, i % 2 == 0 ? NULL : &pairs[i].node);
    }
    size_t count = 0;
    map_each(&map, count_pair, &count);
    assert_int_equal(count, PAIRS / 2);
    map_dispose(&map);
    free(pairs);
}

static void test_time_text(void **state)
{
    (void)state;
    char text[TIME_TEXT_BYTES];
    assert_string_equal(time_text(0, text), "1970-01-01T00:00:00.000Z");
    assert_string_equal(time_text(INT64_C(1800000000123), text), "2027-01-15T08:00:00.123Z");
    assert_string_equal(time_text(-1, text), "1969-12-31T23:59:59.999Z");
    /* Every 13 days and some from the year 0 to 9999, as the C library has them. */
    for (int64_t seconds = INT64_C(-62167219200); seconds < INT64_C(253402300800); seconds += 1131307) {
        struct tm parts;
        char expected[80];
        time_t time = (time_t)seconds;
        assert_non_null(gmtime_r(&time, &parts));
        (void)snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02d.007Z", parts.tm_year + 1900,
                       parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
        assert_string_equal(time_text(seconds * 1000 + 7, text), expected);
    }
    assert_string_equal(time_text(INT64_C(253402300800000), text), "0000-00-00T00:00:00.000Z");
    assert_string_equal(time_text(INT64_MIN, text), "0000-00-00T00:00:00.000Z");
    assert_string_equal(time_text(INT64_MAX, text), "0000-00-00T00:00:00.000Z");
}

static void test_failure_table(void **state)
{
    (void)state;
    assert_string_equal(failure_name(FAIL_NONE), "ok");
    for (enum failure_code code = FAIL_NONE; code < FAIL_COUNT; code++) {
        const struct failure *failure = failure_get(code);
        assert_int_equal(failure_find(failure->code, strlen(failure->code)), code); /* also: no name twice */
        assert_true(strlen(failure->why) > 5 && failure->why[strlen(failure->why) - 1] == '.');
        assert_true(strlen(failure->mend) > 5 && failure->mend[strlen(failure->mend) - 1] == '.');
        if (code == FAIL_NONE)
            continue;
        const char *stage = failure_stage_name(failure->stage);
        assert_memory_equal(failure->code, stage, strlen(stage));
        if (failure->transient) /* transient trouble is never a verdict */
            assert_true(failure->effect == EFFECT_UNKNOWN);
    }
    assert_int_equal(failure_find("no.such", 7), FAIL_COUNT);
}

static void test_error_table(void **state)
{
    (void)state;
    assert_string_equal(error_text(ERR_OK), "no error");
    assert_string_equal(error_text(ERR_FULL), "no space left on the device");
}

/* Every errno that a connection can end with has one meaning, whoever asks. */
static void test_net_errors(void **state)
{
    (void)state;
    static const struct {
        int number;
        enum net_error error;
    } rows[] = {{ECONNREFUSED, NET_REFUSED},
                {ETIMEDOUT, NET_TIMEOUT},
                {ECONNRESET, NET_RESET},
                {EPIPE, NET_RESET},
                {ECONNABORTED, NET_RESET},
                {ENETUNREACH, NET_UNREACHABLE},
                {EHOSTUNREACH, NET_UNREACHABLE},
                {ENETDOWN, NET_UNREACHABLE},
                {EHOSTDOWN, NET_UNREACHABLE},
                {EADDRNOTAVAIL, NET_UNREACHABLE},
                {EACCES, NET_UNREACHABLE},
                {EPERM, NET_UNREACHABLE},
                {EPROTO, NET_OTHER},
                {0, NET_OTHER}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(net_error_of(rows[i].number), rows[i].error);
}

/* What one thread wrote of its peer another reads, every byte of it. */
static void test_place(void **state)
{
    const uint8_t bytes[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    const struct ip_addr six = ip_v6(bytes), four = ip_v4(bytes);
    struct place place = {0};
    (void)state;
    assert_int_equal(place_read(&place).kind, PLACE_NONE);
    place_enter(&place, PLACE_POLICY, &six);
    assert_int_equal(place_read(&place).kind, PLACE_POLICY);
    struct place_at at = place_read(&place);
    assert_true(ip_equal(&at.ip, &six));
    place_enter(&place, PLACE_SMTP, &four);
    at = place_read(&place);
    assert_int_equal(at.kind, PLACE_SMTP);
    assert_true(ip_equal(&at.ip, &four));
    place_leave(&place);
    assert_int_equal(place_read(&place).kind, PLACE_NONE);
    place_enter(NULL, PLACE_SMTP, &four);
    place_leave(NULL);
}

/* What is disposed of may be filled again, and its ceiling holds. */
static void test_buf_after_dispose(void **state)
{
    struct buf buf;
    (void)state;
    buf_init(&buf, 16);
    assert_true(buf_text(&buf, "0123456789"));
    buf_dispose(&buf);
    assert_int_equal(buf.len, 0);
    assert_null(buf.data);
    assert_true(buf_text(&buf, "abc"));
    assert_string_equal(buf_string(&buf), "abc");
    assert_false(buf_text(&buf, "0123456789abcdef"));
    buf_dispose(&buf);
    buf_dispose(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_arena_reset),
        cmocka_unit_test(test_small_arena),
        cmocka_unit_test(test_arena_bytes),
        cmocka_unit_test(test_buf),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_map),
        cmocka_unit_test(test_time_text),
        cmocka_unit_test(test_failure_table),
        cmocka_unit_test(test_error_table),
        cmocka_unit_test(test_net_errors),
        cmocka_unit_test(test_place),
        cmocka_unit_test(test_buf_after_dispose),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
