/* The temporary file of lines: all come back, in whatever order, also when they are more than are kept in
 * memory; what does not hold what was written is told. And the table over it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "output/readback/facts_spill.h"
#include "output/readback/facts_table.h"
#include "tests/unit/no_tmpfile.h"
#include "tests/unit/open_files.h"

enum { LINES = 3000, LINE_BYTES = 4000, WHY_BYTES = 1024, LARGE_LINES = 12, LARGE_KEPT = 7 };

int openat(int dir_fd, const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    int fd = open_or_refuse(dir_fd, path, flags, more);
    va_end(more);
    return fd;
}

struct world {
    struct spill *spill;
    struct buf why;
    int fds; /* before it was made */
    uint64_t places[LINES];
    char text[SPILL_LINE_BYTES + 2];
};

static int begin(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    buf_init(&world->why, WHY_BYTES);
    world->fds = open_files();
    assert_int_equal(spill_create(&world->spill, &world->why), ERR_OK);
    *state = world;
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;
    spill_destroy(world->spill);
    assert_int_equal(open_files(), world->fds);
    buf_dispose(&world->why);
    free(world);
    return 0;
}

/* Of some length, and of text that does not compress to nothing. */
static struct bytes line_of(struct world *world, uint32_t number, size_t len)
{
    uint32_t random = number * 2654435761u + 1;
    for (size_t i = 0; i < len; i++) {
        random = random * 1664525u + 1013904223u;
        world->text[i] = (char)('0' + (random >> 24) % 64);
    }
    return bytes_make(world->text, len);
}

static void add(struct world *world, uint32_t number, size_t len)
{
    assert_int_equal(
        spill_add(world->spill, line_of(world, number, len), &world->places[number], &world->why), ERR_OK);
}

static void assert_found(struct world *world, uint32_t number, size_t len)
{
    struct bytes line;
    assert_int_equal(spill_get(world->spill, world->places[number], &line), ERR_OK);
    if (!bytes_equal(line, line_of(world, number, len)))
        fail_msg("line %u is another", number);
}

static size_t len_of(uint32_t number)
{
    return number * 7919 % LINE_BYTES;
}

static void test_all_lines_come_back(void **state)
{
    struct world *world = *state;
    for (uint32_t i = 0; i < LINES; i++)
        add(world, i, len_of(i));
    errno = EINTR; /* of an earlier call */
    assert_int_equal(spill_flush(world->spill, &world->why), ERR_OK);
    for (uint32_t i = 0; i < LINES; i++)
        assert_found(world, i, len_of(i));
    errno = EINTR;
    for (uint32_t i = 0; i < LINES; i++) {
        uint32_t number = i * 1237 % LINES;
        assert_found(world, number, len_of(number));
    }
    assert_int_equal(world->why.len, 0);
}

/* Puts together what a walk gives. */
static enum error gather(void *arg, struct bytes lines)
{
    return buf_append(arg, lines.data, lines.len) ? ERR_OK : ERR_LIMIT;
}

static void test_a_walk_gives_all_in_order(void **state)
{
    struct world *world = *state;
    struct buf given, expected, none;
    buf_init(&given, 64 << 20);
    buf_init(&expected, 64 << 20);
    buf_init(&none, 0);
    assert_int_equal(spill_walk(world->spill, gather, &given), ERR_OK);
    assert_int_equal(given.len, 0);
    for (uint32_t i = 0; i < LINES; i++) {
        struct bytes line = line_of(world, i, len_of(i));
        assert_true(buf_append(&expected, line.data, line.len) && buf_byte(&expected, '\n'));
        add(world, i, len_of(i));
    }
    assert_int_equal(spill_flush(world->spill, &world->why), ERR_OK);
    assert_found(world, LINES / 2, len_of(LINES / 2)); /* what is cached does not matter */
    assert_int_equal(spill_walk(world->spill, gather, &given), ERR_OK);
    assert_true(bytes_equal(buf_bytes(&given), buf_bytes(&expected)));
    assert_int_equal(spill_walk(world->spill, gather, &none), ERR_LIMIT);
    buf_dispose(&given);
    buf_dispose(&expected);
    buf_dispose(&none);
}

/* The descriptor of the only file without a name. */
static int file_of(const struct world *world)
{
    (void)world;
    for (int fd = 3; fd < 1024; fd++) {
        char link[64], target[256] = "";
        (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        if (readlink(link, target, sizeof target - 1) > 0 && strncmp(target, "/tmp/", 5) == 0 &&
            strstr(target, "(deleted)") != NULL)
            return fd;
    }
    fail_msg("there is none");
    return -1;
}

/* What is kept of them in memory stays below 64 MiB, however long they are; the longest is taken, and none
 * longer. */
static void test_lines_of_every_length(void **state)
{
    struct world *world = *state;
    struct bytes longest = {(const uint8_t *)world->text, SPILL_LINE_BYTES}, line;
    for (uint32_t i = 0; i < LARGE_LINES; i++)
        add(world, i, SPILL_LINE_BYTES);
    longest.len++;
    assert_int_equal(spill_add(world->spill, longest, &world->places[LARGE_LINES], &world->why), ERR_LIMIT);
    add(world, LARGE_LINES, 0);
    assert_int_equal(spill_flush(world->spill, &world->why), ERR_OK);
    assert_found(world, LARGE_LINES, 0);
    for (uint32_t i = 0; i < LARGE_LINES; i++)
        assert_found(world, i, SPILL_LINE_BYTES);
    assert_int_equal(ftruncate(file_of(world), 0), 0);
    for (uint32_t i = LARGE_LINES - LARGE_KEPT; i < LARGE_LINES; i++)
        assert_found(world, i, SPILL_LINE_BYTES);
    assert_int_equal(spill_get(world->spill, world->places[LARGE_LINES - LARGE_KEPT - 1], &line),
                     ERR_CORRUPT);
}

/* Lines may be added after some were read; what is not flushed cannot be read yet. */
static void test_added_after_reading(void **state)
{
    struct world *world = *state;
    struct bytes line;
    assert_int_equal(spill_bytes(world->spill), 0);
    assert_int_equal(spill_flush(world->spill, &world->why), ERR_OK);
    assert_int_equal(spill_bytes(world->spill), 0);
    add(world, 0, 100);
    assert_int_equal(spill_bytes(world->spill), 101);
    assert_int_equal(spill_get(world->spill, world->places[0], &line), ERR_CORRUPT);
    assert_int_equal(spill_flush(world->spill, &world->why), ERR_OK);
    assert_found(world, 0, 100);
    uint64_t bytes = spill_bytes(world->spill);
    add(world, 1, 200);
    assert_int_equal(spill_bytes(world->spill), bytes + 201);
    add(world, 2, 300);
    assert_int_equal(spill_bytes(world->spill), bytes + 201 + 301);
    assert_int_equal(spill_flush(world->spill, &world->why), ERR_OK);
    assert_found(world, 2, 300);
    assert_found(world, 1, 200);
    assert_found(world, 0, 100);
}

static void test_places_that_were_never_given(void **state)
{
    struct world *world = *state;
    struct bytes line;
    add(world, 0, 100);
    add(world, 1, 100);
    assert_int_equal(spill_flush(world->spill, &world->why), ERR_OK);
    assert_found(world, 1, 100);
    uint64_t bytes = spill_bytes(world->spill);
    assert_int_equal(spill_get(world->spill, world->places[1] + 101, &line), ERR_CORRUPT); /* the end */
    assert_int_equal(spill_get(world->spill, world->places[1] + 102, &line), ERR_CORRUPT);
    assert_int_equal(spill_get(world->spill, bytes << 24, &line), ERR_CORRUPT);
    assert_int_equal(spill_get(world->spill, UINT64_MAX, &line), ERR_CORRUPT);
    assert_int_equal(spill_get(world->spill, UINT64_C(1) << 24, &line), ERR_CORRUPT);
    assert_found(world, 0, 100);
}

/* Each byte of a block's head and of what is in it: never a line that was not written as it is. */
static void test_a_file_that_was_changed(void **state)
{
    struct world *world = *state;
    add(world, 0, 1000);
    add(world, 1, 1000);
    assert_int_equal(spill_flush(world->spill, &world->why), ERR_OK);
    int fd = file_of(world);
    for (uint64_t at = 0; at < 8; at++) {
        struct bytes line;
        uint8_t was, other;
        assert_int_equal(pread(fd, &was, 1, (off_t)at), 1);
        other = was ^ 0x10;
        assert_int_equal(pwrite(fd, &other, 1, (off_t)at), 1);
        assert_int_equal(spill_get(world->spill, world->places[1], &line), ERR_CORRUPT);
        assert_int_equal(pwrite(fd, &was, 1, (off_t)at), 1);
    }
    assert_int_equal(ftruncate(fd, (off_t)spill_bytes(world->spill) - 1), 0);
    struct bytes line;
    assert_int_equal(spill_get(world->spill, world->places[1], &line), ERR_CORRUPT);
}

/* A block that was read stays in memory for a while: 256 of them, the one that was asked for longest ago goes
 * first. */
static void test_what_was_asked_for_last_is_kept(void **state)
{
    enum { BLOCKS = 256 };
    struct world *world = *state;
    struct bytes line;
    for (uint32_t i = 0; i <= BLOCKS; i++)
        add(world, i, 16 << 10);
    assert_int_equal(spill_flush(world->spill, &world->why), ERR_OK);
    for (uint32_t i = 0; i < BLOCKS; i++)
        assert_found(world, i, 16 << 10);
    assert_found(world, 0, 16 << 10);      /* now the second is the oldest */
    assert_found(world, BLOCKS, 16 << 10); /* in its place */
    assert_int_equal(ftruncate(file_of(world), 0), 0);
    for (uint32_t i = 0; i <= BLOCKS; i++) {
        if (i == 1)
            assert_int_equal(spill_get(world->spill, world->places[i], &line), ERR_CORRUPT);
        else
            assert_found(world, i, 16 << 10);
    }
}

static void test_a_disk_that_is_full(void **state)
{
    struct world *world = *state;
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 100, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    add(world, 0, 1000);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum error error = spill_flush(world->spill, &world->why);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(error, ERR_IO);
    assert_non_null(strstr(buf_string(&world->why), "cannot write a temporary file: File too large"));
}

/* ---- where the file is --------------------------------------------------------------------------------- */

static void assert_folder(int dir_fd, const char *folder, const char *expected)
{
    char link[64], target[256] = "";
    struct buf why;
    buf_init(&why, WHY_BYTES);
    if (folder == NULL)
        assert_int_equal(unsetenv("TMPDIR"), 0);
    else
        assert_int_equal(setenv("TMPDIR", folder, 1), 0);
    int fd = spill_open_file(dir_fd, &why);
    assert_true(fd >= 0);
    assert_int_equal(why.len, 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    assert_true(readlink(link, target, sizeof target - 1) > 0);
    if (strncmp(target, expected, strlen(expected)) != 0 || strstr(target, " (deleted)") == NULL)
        fail_msg("%s", target);
    (void)close(fd);
    assert_int_equal(unsetenv("TMPDIR"), 0);
    buf_dispose(&why);
}

static void test_where_the_file_is(void **state)
{
    char folder[] = "/tmp/stsweep-tmpdir-XXXXXX", path[64];
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/", folder);
    int dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(dir_fd >= 0);
    /* A file system that makes no file without a name says one of these. */
    static const int says[] = {0, EOPNOTSUPP, EISDIR, ENOENT};
    for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
        refuses_tmpfile = says[i];
        assert_folder(-1, folder, path);
        assert_folder(dir_fd, "/nowhere", path);
        assert_folder(-1, NULL, "/tmp/");
        assert_folder(-1, "", "/tmp/");
    }
    refuses_tmpfile = 0;
    assert_int_equal(rmdir(folder), 0);   /* nothing has stayed in it */
    assert_folder(dir_fd, NULL, "/tmp/"); /* as none can be made there */
    assert_int_equal(close(dir_fd), 0);
}

static void test_no_file_can_be_made(void **state)
{
    struct buf why;
    (void)state;
    buf_init(&why, WHY_BYTES);
    assert_int_equal(setenv("TMPDIR", "/nowhere", 1), 0);
    assert_int_equal(spill_open_file(-1, &why), -1);
    assert_int_equal(unsetenv("TMPDIR"), 0);
    assert_string_equal(buf_string(&why),
                        "no temporary file in TMPDIR: No such file or directory; check its path");
    buf_dispose(&why);
}

/* ---- the table ----------------------------------------------------------------------------------------- */

static bool has_place(const uint64_t *places, size_t count, uint64_t place)
{
    for (size_t i = 0; i < count; i++)
        if (places[i] == place)
            return true;
    return false;
}

/* Hashes that collide in every table of this size. */
static void test_places_of_a_hash(void **state)
{
    enum { HASHES = 200 };
    struct facts_table table;
    struct buf why;
    uint64_t places[TABLE_PLACES_A_KEY];
    bool kept;
    (void)state;
    buf_init(&why, WHY_BYTES);
    table_init(&table);
    assert_int_equal(table_find(&table, 7, places), 0);
    assert_int_equal(table_bytes(&table), 0);
    for (uint64_t i = 0; i < HASHES; i++)
        assert_int_equal(table_add(&table, i << 32 | 4095, i, &kept, &why), ERR_OK);
    for (uint64_t i = 0; i < HASHES; i++) {
        assert_int_equal(table_find(&table, i << 32 | 4095, places), 1);
        assert_int_equal(places[0], i);
    }
    assert_int_equal(table_find(&table, UINT64_C(1) << 60 | 4095, places), 0);
    table_dispose(&table);
    assert_int_equal(table_bytes(&table), 0);
    buf_dispose(&why);
}

static void test_a_hash_many_times(void **state)
{
    struct facts_table table;
    struct buf why;
    uint64_t places[TABLE_PLACES_A_KEY];
    bool kept;
    (void)state;
    buf_init(&why, WHY_BYTES);
    table_init(&table);
    for (uint64_t i = 0; i < TABLE_PLACES_A_KEY; i++) {
        assert_int_equal(table_add(&table, 5, i, &kept, &why), ERR_OK);
        assert_true(kept);
    }
    assert_int_equal(table_add(&table, 5, 99, &kept, &why), ERR_OK);
    assert_false(kept);
    assert_int_equal(table_find(&table, 5, places), TABLE_PLACES_A_KEY);
    for (uint64_t i = 0; i < TABLE_PLACES_A_KEY; i++)
        assert_true(has_place(places, TABLE_PLACES_A_KEY, i));
    table_dispose(&table);
    buf_dispose(&why);
}

/* Twice as large whenever it would be more than two thirds full; nothing is lost on the way. */
static void test_the_table_grows(void **state)
{
    enum { HASHES = 30000, FIRST = 4096 };
    struct facts_table table;
    struct buf why;
    uint64_t places[TABLE_PLACES_A_KEY];
    size_t capacity = FIRST;
    bool kept;
    (void)state;
    buf_init(&why, WHY_BYTES);
    table_init(&table);
    for (uint64_t i = 0; i < HASHES; i++) {
        assert_int_equal(table_add(&table, i * UINT64_C(0x9E3779B97F4A7C15), i, &kept, &why), ERR_OK);
        while (3 * (i + 1) > 2 * capacity)
            capacity *= 2;
        assert_int_equal(table.capacity, capacity);
        assert_int_equal(table.count, i + 1);
        assert_int_equal(table_bytes(&table), capacity * sizeof(struct table_slot));
    }
    for (uint64_t i = 0; i < HASHES; i++) {
        size_t count = table_find(&table, i * UINT64_C(0x9E3779B97F4A7C15), places);
        assert_true(count == 1 && places[0] == i);
    }
    assert_int_equal(table_find(&table, 1, places), 1); /* 0 stands as 1 */
    assert_int_equal(table_find(&table, 2, places), 0);
    table_dispose(&table);
    buf_dispose(&why);
}

static void test_no_room_for_a_table(void **state)
{
    struct facts_table table;
    struct buf why;
    struct rlimit before;
    bool kept;
    (void)state;
    buf_init(&why, WHY_BYTES);
    table_init(&table);
    assert_int_equal(setenv("TMPDIR", "/nowhere/at/all", 1), 0);
    assert_int_equal(table_add(&table, 7, 1, &kept, &why), ERR_IO);
    assert_int_equal(unsetenv("TMPDIR"), 0);
    assert_non_null(strstr(buf_string(&why), "no temporary file in TMPDIR: No such file"));
    buf_reset(&why);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = 100, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    int fds = open_files();
    enum error error = table_add(&table, 7, 1, &kept, &why);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(error, ERR_IO);
    assert_int_equal(open_files(), fds);
    assert_non_null(
        strstr(buf_string(&why), "no room for an index of 65536 bytes in TMPDIR: File too large"));
    assert_int_equal(table.count, 0);
    table_dispose(&table);
    buf_dispose(&why);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_all_lines_come_back),
        CASE(test_lines_of_every_length),
        CASE(test_a_walk_gives_all_in_order),
        CASE(test_added_after_reading),
        CASE(test_places_that_were_never_given),
        CASE(test_a_file_that_was_changed),
        CASE(test_what_was_asked_for_last_is_kept),
        CASE(test_a_disk_that_is_full),
        cmocka_unit_test(test_where_the_file_is),
        cmocka_unit_test(test_no_file_can_be_made),
        cmocka_unit_test(test_places_of_a_hash),
        cmocka_unit_test(test_a_hash_many_times),
        cmocka_unit_test(test_the_table_grows),
        cmocka_unit_test(test_no_room_for_a_table),
    };
    return cmocka_run_group_tests_name("facts spill", tests, NULL, NULL);
}
