/* The leaves: arena, buf, slots, map, list, clock, the error table. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include "scanner/base/utf8.h"
#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/base/clock.h"
#include "scanner/base/error.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/list.h"
#include "scanner/base/map.h"
#include "scanner/base/place.h"
#include "scanner/base/places.h"
#include "scanner/base/slots.h"
#include "scanner/base/time_text.h"
#include "scanner/facts/failure.h"

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

static void test_bytes_behind(void **state)
{
    const struct bytes text = bytes_of("abc"), nothing = {NULL, 0};
    (void)state;
    assert_true(bytes_equal(bytes_behind(text, 0), text));
    assert_true(bytes_equal(bytes_behind(text, 2), bytes_of("c")));
    assert_int_equal(bytes_behind(text, 3).len, 0);
    assert_null(bytes_behind(nothing, 0).data);
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
    assert_string_equal(time_text(-86400000, text), "1969-12-31T00:00:00.000Z");
    assert_string_equal(time_text(INT64_C(-62167219200000), text), "0000-01-01T00:00:00.000Z");
    assert_string_equal(time_text(INT64_C(253402300799999), text), "9999-12-31T23:59:59.999Z");
    assert_string_equal(time_text(INT64_C(951782400000), text), "2000-02-29T00:00:00.000Z");
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
    assert_true(time_is_one(0) && time_is_one(TIME_FIRST_MS) && time_is_one(TIME_LAST_MS));
    assert_false(time_is_one(TIME_FIRST_MS - 1) || time_is_one(TIME_LAST_MS + 1));
    assert_string_equal(time_text(INT64_C(-62167219200001), text), "0000-00-00T00:00:00.000Z");
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

/* What another name would mend is told from what the machine lacks, and decides the exit code. */
static void test_errors_of_files(void **state)
{
    static const struct {
        int number;
        enum error error;
        int code;
    } rows[] = {
        {ENOENT, ERR_NOT_FOUND, 2}, {ENOTDIR, ERR_NOT_FOUND, 2}, {EISDIR, ERR_NOT_FOUND, 2},
        {EACCES, ERR_NOT_FOUND, 2}, {EPERM, ERR_NOT_FOUND, 2},   {ELOOP, ERR_NOT_FOUND, 2},
        {ENOSPC, ERR_FULL, 4},      {EDQUOT, ERR_FULL, 4},       {EFBIG, ERR_FULL, 4},
        {EIO, ERR_IO, 4},           {EROFS, ERR_IO, 4},          {ENAMETOOLONG, ERR_NOT_FOUND, 2},
    };
    static const enum error usage[] = {ERR_CONFIG, ERR_MISMATCH, ERR_RULES, ERR_EXISTS, ERR_NOT_FOUND};
    static const enum error failed[] = {ERR_MEMORY, ERR_LIMIT,   ERR_SYNTAX, ERR_IO,
                                        ERR_FULL,   ERR_CORRUPT, ERR_LIBRARY};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(error_of_file(rows[i].number), rows[i].error);
        assert_int_equal(exit_code_of(rows[i].error), rows[i].code);
    }
    for (size_t i = 0; i < sizeof usage / sizeof *usage; i++)
        assert_int_equal(exit_code_of(usage[i]), EXIT_USAGE);
    for (size_t i = 0; i < sizeof failed / sizeof *failed; i++)
        assert_int_equal(exit_code_of(failed[i]), EXIT_FAILED);
    assert_int_equal(exit_code_of(ERR_OK), EXIT_DONE);
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
    assert_int_equal(place_read(&place).ip.family, 0);
    assert_string_equal(place_kind_name(PLACE_NONE), "none");
    assert_string_equal(place_kind_name(PLACE_SMTP), "smtp");
    assert_string_equal(place_kind_name(PLACE_POLICY), "policy");
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

static int64_t now_of(clockid_t id, int64_t part_ns)
{
    struct timespec now;
    assert_int_equal(clock_gettime(id, &now), 0);
    return ((int64_t)now.tv_sec * 1000000000 + now.tv_nsec) / part_ns;
}

/* Each clock says what the kernel's does, in its own unit. */
static void test_clocks(void **state)
{
    static const struct {
        int64_t (*read)(void);
        clockid_t id;
        int64_t part_ns;
    } rows[] = {{clock_monotonic_ms, CLOCK_MONOTONIC, 1000000},
                {clock_monotonic_us, CLOCK_MONOTONIC, 1000},
                {clock_boot_ms, CLOCK_BOOTTIME, 1000000},
                {clock_wall_ms, CLOCK_REALTIME, 1000000}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t before = now_of(rows[i].id, rows[i].part_ns);
        int64_t said = rows[i].read();
        assert_true(before <= said && said <= now_of(rows[i].id, rows[i].part_ns));
    }
}

/* The wall clock as it was when it was kept; before that, as it is. Whatever passes between two readings. */
static void test_kept_clock(void **state)
{
    (void)state;
    int64_t before = clock_wall_ms();
    int64_t said = clock_kept_ms();
    assert_true(before <= said && said <= clock_wall_ms());
    int64_t wall = clock_wall_ms(), boot = clock_boot_ms();
    clock_keep();
    int64_t least = wall - clock_boot_ms(), most = clock_wall_ms() - boot;
    before = clock_boot_ms();
    said = clock_kept_ms();
    assert_true(before + least <= said && said <= clock_boot_ms() + most);
}

/* Blocks double up to 64 KiB, each with its header a power of two; what needs more gets a block of its own.
 */
static void test_arena_blocks(void **state)
{
    (void)state;
    enum { HEADER = 32 };
    static const struct {
        size_t size, used, held;
    } steps[] = {
        {1, 16, 1024},
        {992 - 16, 992, 1024},
        {17, 1024, 1024 + 2048},
        {2016 - 32, 3008, 3072},
        {1, 3024, 3072 + 4096},
        {4096, 7120, 7168 + 8192},
        {20000, 27120, 15360 + 20000 + HEADER},
        {1, 27136, 15360 + 20032 + 40064},
        {40032, 67168, 75456 + 65536},
        {65504, 132672, 140992 + 65536},
        {65505, 198192, 206528 + 65520 + HEADER},
    };
    struct arena arena;
    arena_init(&arena, 198192 + 16);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        uint8_t *got = arena_alloc(&arena, steps[i].size);
        assert_non_null(got);
        memset(got, 0xff, steps[i].size);
        assert_int_equal(arena.used_bytes, steps[i].used);
        assert_int_equal(arena.held_bytes, steps[i].held);
    }
    assert_false(arena.full);
    assert_null(arena_alloc(&arena, 17));
    assert_true(arena.full);
    assert_non_null(arena_alloc(&arena, 16));
    assert_null(arena_alloc(&arena, SIZE_MAX));
    arena_dispose(&arena);
    assert_false(arena.full);
    assert_null(arena_copy(&arena, "x", SIZE_MAX));
    assert_int_equal(arena.held_bytes, 0);
    char *copy = arena_copy(&arena, "abc", 2);
    assert_memory_equal(copy, "ab", 3);
    assert_non_null(arena_array(&arena, 3, 5));
    assert_int_equal(arena.used_bytes, 32);
    arena_dispose(&arena);
}

/* Room grows by doubling, and not past the ceiling and its NUL. */
static void test_buf_room(void **state)
{
    static const struct {
        size_t len, capacity;
    } steps[] = {{1, 256}, {255, 256}, {256, 512}, {511, 512}, {512, 1000}, {999, 1000}};
    static char text[1000];
    struct buf buf;
    (void)state;
    buf_init(&buf, 999);
    memset(text, 'a', sizeof text);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        assert_true(buf_append(&buf, text, steps[i].len - buf.len));
        assert_int_equal(buf.len, steps[i].len);
        assert_int_equal(buf.capacity, steps[i].capacity);
    }
    assert_true(buf_append(&buf, NULL, 0));
    assert_false(buf.failed);
    assert_false(buf_printf(&buf, "x"));
    assert_true(buf.failed);
    buf_reset(&buf);
    assert_false(buf.failed);
    assert_true(buf_printf(&buf, "%s-%d", "ab", 7));
    assert_true(buf_byte(&buf, '!'));
    buf_consume(&buf, 1);
    assert_string_equal(buf_string(&buf), "b-7!");
    buf_consume(&buf, 4);
    assert_string_equal(buf_string(&buf), "");
    buf_dispose(&buf);
}

static void mark(void *object, void *arg)
{
    (*(int *)object)++;
    (*(int *)arg)++;
}

/* Every object is visited once, freed ones are not; slots are used again, the last freed first. */
static void test_slots_each(void **state)
{
    (void)state;
    enum { OBJECTS = 130 };
    struct slots slots;
    int objects[OBJECTS] = {0}, visited = 0;
    struct handle handles[OBJECTS];
    slots_init(&slots);
    slots_each(&slots, mark, &visited);
    for (uint32_t i = 0; i < OBJECTS; i++) {
        handles[i] = slots_add(&slots, &objects[i]);
        assert_int_equal(handles[i].slot, i);
        assert_int_equal(handles[i].generation, 1);
    }
    assert_int_equal(slots.capacity, 256);
    assert_ptr_equal(slots_remove(&slots, handles[3]), &objects[3]);
    assert_ptr_equal(slots_remove(&slots, handles[129]), &objects[129]);
    assert_int_equal(slots.used, OBJECTS - 2);
    slots_each(&slots, mark, &visited);
    assert_int_equal(visited, OBJECTS - 2);
    for (int i = 0; i < OBJECTS; i++)
        assert_int_equal(objects[i], i != 3 && i != 129);
    assert_null(slots_get(&slots, (struct handle){256, 1}));
    assert_null(slots_get(&slots, (struct handle){255, 1}));
    assert_null(slots_get(&slots, (struct handle){0, 0}));
    assert_int_equal(slots_add(&slots, &objects[129]).slot, 129);
    struct handle third = slots_add(&slots, &objects[3]);
    assert_int_equal(third.slot, 3);
    assert_int_equal(third.generation, 2);
    slots_dispose(&slots);
    assert_int_equal(slots.used + slots.capacity, 0);
    slots_dispose(&slots);
}

/* Hashes in the upper bits, a mark in the lowest: each is found again, and what is not there has a place. */
static void test_places(void **state)
{
    (void)state;
    enum { FIRST = 8, HASHES = 1000, SHIFT = 8 };
    const uint64_t mask = ~UINT64_C(0xff);
    struct places places = {NULL, 0, 0};
    for (uint64_t i = 1; i <= HASHES; i++) {
        assert_true(places_make_room(&places, FIRST, mask, SHIFT));
        uint64_t hash =
            i % 3 == 0 ? i << 40 | 7 << SHIFT : i << SHIFT; /* many would stand at the same place */
        uint64_t *place = places_find(&places, hash, mask, SHIFT);
        assert_int_equal(*place, 0);
        *place = hash | (i & 0xff);
        places.count++;
        assert_true(places.count <= places.capacity / 4 * 3);
        if (i == 6)
            assert_int_equal(places.capacity, FIRST);
        if (i == 7)
            assert_int_equal(places.capacity, 2 * FIRST);
    }
    assert_int_equal(places.capacity, 2048);
    for (uint64_t i = 1; i <= HASHES; i++) {
        uint64_t hash = i % 3 == 0 ? i << 40 | 7 << SHIFT : i << SHIFT;
        assert_int_equal(*places_find(&places, hash, mask, SHIFT), hash | (i & 0xff));
    }
    assert_int_equal(*places_find(&places, UINT64_C(5000) << SHIFT, mask, SHIFT), 0);
    places_dispose(&places);
    assert_null(places.list);
    assert_int_equal(places.count + places.capacity, 0);
}

/* What may be shown of a text from outside: UTF-8 that neither steers a terminal nor hides what stands there.
 */
static void test_utf8_shown(void **state)
{
    static const struct {
        const char *text, *shown;
    } cases[] = {
        {"plain ~", "plain ~"},
        {"", ""},
        {"b\xc3\xbc"
         "cher \xe2\x82\xac \xf0\x9f\x93\xa8",
         "b\xc3\xbc"
         "cher \xe2\x82\xac \xf0\x9f\x93\xa8"},
        {"\x1b[31m\a\t\n\x7f", "?[31m????"},
        {"\xc2\x9b"
         "31m",
         "??31m"}, /* CSI as C1 */
        {"a\xe2\x80\xae"
         "b",
         "a???b"}, /* turns what follows */
        {"a\xe2\x81\xa6"
         "b\xd8\x9c",
         "a???b??"},                                           /* likewise */
        {"\xe2\x80\x8b\xef\xbb\xbf\xe2\x80\xa8", "?????????"}, /* no width; an end of a line */
        {"\xf3\xa0\x81\x81", "????"},                          /* a tag */
        {"\xf1mit\xc0\x80\xed\xa0\x80\xff", "?mit??????"},     /* no UTF-8 */
        {"\xe2\x82", "??"},                                    /* cut */
    };
    char shown[64];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        utf8_show(bytes_of(cases[i].text), '?', shown);
        assert_string_equal(shown, cases[i].shown);
    }
    assert_int_equal(utf8_shown_len(bytes_of("")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8_shown),   cmocka_unit_test(test_arena),
        cmocka_unit_test(test_arena_reset),  cmocka_unit_test(test_small_arena),
        cmocka_unit_test(test_arena_bytes),  cmocka_unit_test(test_buf),
        cmocka_unit_test(test_slots),        cmocka_unit_test(test_map),
        cmocka_unit_test(test_time_text),    cmocka_unit_test(test_failure_table),
        cmocka_unit_test(test_error_table),  cmocka_unit_test(test_errors_of_files),
        cmocka_unit_test(test_place),        cmocka_unit_test(test_buf_after_dispose),
        cmocka_unit_test(test_clocks),       cmocka_unit_test(test_kept_clock),
        cmocka_unit_test(test_arena_blocks), cmocka_unit_test(test_buf_room),
        cmocka_unit_test(test_slots_each),   cmocka_unit_test(test_places),
        cmocka_unit_test(test_bytes_behind),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
