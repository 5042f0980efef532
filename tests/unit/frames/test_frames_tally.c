/* What a record file holds is told from heads alone: exactly while there are few frames, nearly of many; a
 * torn tail is none of it, and what is no frame is damage. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/frames/frames.h"
#include "output/frames/frames_tally.h"

enum { MANY_FRAMES = 300, LINES_A_FRAME = 40 };

struct world {
    char path[64];
    int fd;
    struct buf why;
};

static int begin(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    (void)snprintf(world->path, sizeof world->path, "/tmp/stsweep-tally-XXXXXX");
    assert_non_null(mkdtemp(world->path));
    world->fd = open(world->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(world->fd >= 0);
    buf_init(&world->why, 4096);
    *state = world;
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

static int end(void **state)
{
    struct world *world = *state;
    (void)close(world->fd);
    assert_int_equal(nftw(world->path, remove_one, 4, FTW_DEPTH | FTW_PHYS), 0);
    buf_dispose(&world->why);
    free(world);
    return 0;
}

/* Writes frames of so many lines each, the lengths of which go up and down. */
static void write_frames(struct world *world, unsigned count, unsigned lines, uint64_t part_bytes)
{
    const struct frames_options options = {
        .dir_fd = world->fd, .name = "domains", .level = 1, .frame_bytes = 1 << 20, .part_bytes = part_bytes};
    struct frames *frames;
    bool full;
    assert_int_equal(frames_create(&options, &frames, &world->why), ERR_OK);
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < lines; k++) {
            char line[128];
            int len =
                snprintf(line, sizeof line, "{\"%u\":%u,\"x\":\"%*u\"}\n", i, k * 7919, (int)(k % 30), k);
            assert_int_equal(frames_append(frames, bytes_make(line, (size_t)len), &full), ERR_OK);
        }
        assert_int_equal(frames_commit(frames, &world->why), ERR_OK);
    }
    frames_destroy(frames);
}

static off_t size_of(const struct world *world, const char *name)
{
    struct stat status;
    assert_int_equal(fstatat(world->fd, name, &status, 0), 0);
    return status.st_size;
}

static void put_at(const struct world *world, const char *name, off_t offset, const char *text, size_t len)
{
    int fd = openat(world->fd, name, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, text, len, offset), len);
    (void)close(fd);
}

static void cut(const struct world *world, const char *name, off_t size)
{
    int fd = openat(world->fd, name, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    (void)close(fd);
}

static enum error tally(struct world *world, struct frames_tally *counts)
{
    buf_reset(&world->why);
    return frames_tally(world->fd, "domains", true, counts, &world->why);
}

static void test_nothing(void **state)
{
    struct frames_tally counts;
    assert_int_equal(tally(*state, &counts), ERR_OK);
    assert_true(counts.exact && counts.records == 0 && counts.parts == 0);
}

static void test_few(void **state)
{
    struct frames_tally counts;
    write_frames(*state, TALLY_SAMPLES_MOST, LINES_A_FRAME, UINT64_C(1) << 40);
    assert_int_equal(tally(*state, &counts), ERR_OK);
    assert_true(counts.exact);
    assert_int_equal(counts.records, TALLY_SAMPLES_MOST * LINES_A_FRAME);
    assert_int_equal(counts.frames, TALLY_SAMPLES_MOST);
    assert_int_equal(counts.stored_bytes, size_of(*state, "domains.ndjson.zst"));
    assert_int_equal(counts.torn_bytes, 0);
}

/* Sizes of frames, as their heads have them: of one byte, of two, of four. */
static void test_sizes(void **state)
{
    static const unsigned lines[] = {0, 1, 8, 20, 3000};
    struct world *world = *state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct frames_tally counts;
        write_frames(world, 1, lines[i], UINT64_C(1) << 40);
        assert_int_equal(tally(world, &counts), ERR_OK);
        assert_int_equal(counts.records, lines[i]);
        assert_int_equal(counts.torn_bytes, 0);
        if (lines[i] > 0)
            assert_int_equal(unlinkat(world->fd, "domains.ndjson.zst", 0), 0);
    }
}

static void test_many(void **state)
{
    struct frames_tally counts;
    write_frames(*state, MANY_FRAMES, LINES_A_FRAME, 4096);
    assert_int_equal(tally(*state, &counts), ERR_OK);
    assert_false(counts.exact);
    assert_int_equal(counts.frames, MANY_FRAMES);
    assert_true(counts.parts > 2);
    uint64_t all = MANY_FRAMES * LINES_A_FRAME;
    assert_true(counts.records > all - all / 50 && counts.records < all + all / 50);
}

/* Wherever the last frame is cut, all before it counts, and nothing is called damage. */
static void test_torn(void **state)
{
    struct world *world = *state;
    struct frames_tally counts;
    write_frames(world, 1, LINES_A_FRAME, UINT64_C(1) << 40);
    off_t one = size_of(world, "domains.ndjson.zst");
    assert_int_equal(unlinkat(world->fd, "domains.ndjson.zst", 0), 0);
    write_frames(world, 2, LINES_A_FRAME, UINT64_C(1) << 40);
    for (off_t size = size_of(world, "domains.ndjson.zst") - 1; size >= one; size--) {
        cut(world, "domains.ndjson.zst", size);
        assert_int_equal(tally(world, &counts), ERR_OK);
        assert_int_equal(counts.records, LINES_A_FRAME);
        assert_int_equal(counts.torn_bytes, size - one);
    }
}

static void assert_damage(struct world *world, const char *reason)
{
    struct frames_tally counts;
    assert_int_equal(tally(world, &counts), ERR_CORRUPT);
    if (strstr(buf_string(&world->why), reason) == NULL)
        fail_msg("%s is not in %s", reason, buf_string(&world->why));
}

static void test_damage(void **state)
{
    struct world *world = *state;
    write_frames(world, 3, LINES_A_FRAME, UINT64_C(1) << 40);
    off_t size = size_of(world, "domains.ndjson.zst");
    put_at(world, "domains.ndjson.zst", size, "garbage", 7);
    assert_damage(world, "no frame begins here");
    cut(world, "domains.ndjson.zst", size);
    put_at(world, "domains.ndjson.zst", size / 2, "\x55", 1);
    assert_damage(world, "domains.ndjson.zst: at offset ");
    put_at(world, "domains.ndjson.zst", 4, "\x03", 1); /* neither size nor checksum */
    assert_damage(world, "at offset 0: no frame begins here");
}

static void test_parts(void **state)
{
    struct world *world = *state;
    write_frames(world, 40, LINES_A_FRAME, 4096);
    cut(world, "domains.ndjson.zst", size_of(world, "domains.ndjson.zst") - 1);
    assert_damage(world, "cut short, and another part follows");
    assert_int_equal(unlinkat(world->fd, "domains.0001.ndjson.zst", 0), 0);
    assert_damage(world, "the last is number");
}

/* Heads of strangers' files lead nowhere: all first bytes behind the magic number, in a file of zeros. */
static void test_hostile(void **state)
{
    struct world *world = *state;
    struct frames_tally counts;
    char head[64] = "\x28\xB5\x2F\xFD";
    write_frames(world, 1, LINES_A_FRAME, UINT64_C(1) << 40);
    for (unsigned descriptor = 0; descriptor < 256; descriptor++) {
        for (unsigned fill = 0; fill < 256; fill += 51) {
            memset(head + 4, (int)fill, sizeof head - 4);
            head[4] = (char)descriptor;
            cut(world, "domains.ndjson.zst", 0);
            put_at(world, "domains.ndjson.zst", 0, head, sizeof head);
            enum error error = tally(world, &counts);
            assert_true(error == ERR_OK || error == ERR_CORRUPT);
            assert_int_equal(counts.records, 0);
        }
    }
}

/* Millions of empty blocks are no frame, and are not gone through. */
static void test_slow(void **state)
{
    struct world *world = *state;
    static const char head[] = "\x28\xB5\x2F\xFD\x84\x00\xFF\xFF\x00\x00";
    write_frames(world, 1, LINES_A_FRAME, UINT64_C(1) << 40);
    cut(world, "domains.ndjson.zst", 0);
    cut(world, "domains.ndjson.zst", 100 << 20);
    put_at(world, "domains.ndjson.zst", 0, head, sizeof head - 1);
    assert_damage(world, "at offset 0: no frame begins here");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing, begin, end),
        cmocka_unit_test_setup_teardown(test_few, begin, end),
        cmocka_unit_test_setup_teardown(test_sizes, begin, end),
        cmocka_unit_test_setup_teardown(test_many, begin, end),
        cmocka_unit_test_setup_teardown(test_torn, begin, end),
        cmocka_unit_test_setup_teardown(test_damage, begin, end),
        cmocka_unit_test_setup_teardown(test_parts, begin, end),
        cmocka_unit_test_setup_teardown(test_hostile, begin, end),
        cmocka_unit_test_setup_teardown(test_slow, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
