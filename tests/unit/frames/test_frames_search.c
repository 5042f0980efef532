/* What looks like frames and is none: the search behind damage finds what is whole, at a bounded price. What
 * is unpacked is counted by this program's own ZSTD_decompressDCtx. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "output/frames/frames.h"
#include "output/frames/frames_scan.h"

#define FILE_NAME "domains.ndjson.zst"

enum { BLOCK_MOST = 128 << 10, BOMBS = 9000, BOMB_HEAD = 12, BOMB_BLOCKS = 1022, RECORD_FRAMES = 3 };

/* ---- what is counted ----------------------------------------------------------------------------------- */

static struct {
    uint64_t calls, bytes;
} unpacked;

size_t ZSTD_decompressDCtx(ZSTD_DCtx *context, void *to, size_t room, const void *from, size_t len)
{
    size_t (*real)(ZSTD_DCtx *, void *, size_t, const void *, size_t);
    *(void **)&real = dlsym(RTLD_NEXT, "ZSTD_decompressDCtx");
    unpacked.calls++;
    unpacked.bytes += room;
    return real(context, to, room, from, len);
}

/* ---- a file -------------------------------------------------------------------------------------------- */

struct world {
    char path[64];
    int fd;
    struct buf why, file;
    uint64_t lines;
};

static int begin(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    (void)snprintf(world->path, sizeof world->path, "/tmp/stsweep-search-XXXXXX");
    assert_non_null(mkdtemp(world->path));
    world->fd = open(world->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(world->fd >= 0);
    buf_init(&world->why, 4096);
    buf_init(&world->file, 1 << 28);
    unpacked.calls = unpacked.bytes = 0;
    *state = world;
    return 0;
}

static int end(void **state)
{
    struct world *world = *state;
    (void)unlinkat(world->fd, FILE_NAME, 0);
    (void)unlinkat(world->fd, FILE_NAME ".0.damaged", 0);
    (void)close(world->fd);
    assert_int_equal(rmdir(world->path), 0);
    buf_dispose(&world->why);
    buf_dispose(&world->file);
    free(world);
    return 0;
}

static void put(struct world *world, const void *data, size_t len)
{
    assert_true(buf_append(&world->file, data, len));
}

/* A frame of one record, spoiled in its checksum if it is not to be whole. */
static void put_frame(struct world *world, bool whole)
{
    static const char record[] = "{\"domain\":\"example.org\"}\n";
    uint8_t data[256];
    ZSTD_CCtx *context = ZSTD_createCCtx();
    assert_non_null(context);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    size_t len = ZSTD_compress2(context, data, sizeof data, record, sizeof record - 1);
    ZSTD_freeCCtx(context);
    assert_false(ZSTD_isError(len));
    data[len - 1] ^= whole ? 0 : 1;
    put(world, data, len);
}

static void put_block(struct world *world, unsigned type, bool last, size_t size)
{
    size_t block = size << 3 | type << 1 | last;
    put(world, (const uint8_t[]){block & 255, block >> 8 & 255, block >> 16 & 255}, 3);
}

/* Heads of frames, each with a block that leads over all others to the same end: a hundred megabytes, and a
 * checksum that is not theirs. Every so many heads a whole frame stands between them. */
static void put_bombs(struct world *world, unsigned every)
{
    static const uint8_t head[] = {0x28, 0xB5, 0x2F, 0xFD, 0xA4, 0x00, 0x00, 0x00, 0x08};
    struct buf frame;
    struct world other = {.fd = -1};
    buf_init(&other.file, 4096);
    put_frame(&other, true);
    frame = other.file;
    size_t left = BOMBS * BOMB_HEAD + (every > 0 ? BOMBS / every * frame.len : 0);
    assert_true(left <= BLOCK_MOST);
    for (unsigned i = 0; i < BOMBS; i++) {
        left -= BOMB_HEAD;
        put(world, head, sizeof head);
        put_block(world, 0, false, left);
        if (every > 0 && i % every == every - 1) {
            put(world, frame.data, frame.len);
            left -= frame.len;
        }
    }
    for (unsigned i = 0; i < BOMB_BLOCKS; i++) {
        put_block(world, 1, i + 1 == BOMB_BLOCKS, BLOCK_MOST);
        put(world, "x", 1);
    }
    put(world, "none", 4);
    buf_dispose(&frame);
}

static void write_file(struct world *world)
{
    int fd = openat(world->fd, FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, world->file.data, world->file.len), world->file.len);
    (void)close(fd);
}

static enum error count_line(void *arg, struct bytes line)
{
    (void)line;
    ++*(uint64_t *)arg;
    return ERR_OK;
}

static enum error read_all(struct world *world)
{
    write_file(world);
    return frames_read(world->fd, "domains", count_line, &world->lines, &world->why);
}

static void assert_bounded(const struct world *world)
{
    uint64_t budget = FRAME_SEARCH_BYTES + FRAME_SEARCH_FACTOR * world->file.len;
    assert_true(unpacked.bytes > FRAME_RAW_CEILING_BYTES);
    assert_true(unpacked.bytes <= budget + 2 * FRAME_RAW_CEILING_BYTES);
}

/* ---- tests --------------------------------------------------------------------------------------------- */

static void test_bombs(void **state)
{
    struct world *world = *state;
    char words[256];
    put_frame(world, true);
    size_t from = world->file.len;
    put_bombs(world, 0);
    assert_int_equal(read_all(world), ERR_CORRUPT);
    assert_int_equal(world->lines, 1);
    assert_bounded(world);
    (void)snprintf(
        words, sizeof words,
        "frame 2 at offset %zu is damaged (%zu bytes): too much of this file looks like frames and "
        "is none: what follows was not searched",
        from, world->file.len - from);
    assert_non_null(strstr(buf_string(&world->why), words));
}

/* A whole frame between them gives no new budget. */
static void test_bombs_between_frames(void **state)
{
    struct world *world = *state;
    put_bombs(world, 300);
    assert_int_equal(read_all(world), ERR_CORRUPT);
    assert_bounded(world);
}

static enum error agree(void *arg, const char *name, const char *places, struct buf *why)
{
    (void)arg, (void)name, (void)places, (void)why;
    return ERR_OK;
}

/* What was not searched is no torn tail, which would be cut away: it is set aside. */
static void test_what_was_not_searched_is_kept(void **state)
{
    struct world *world = *state;
    struct stat status;
    struct frames *frames;
    struct frames_options options = {.dir_fd = world->fd,
                                     .name = "domains",
                                     .level = 1,
                                     .frame_bytes = 4096,
                                     .part_bytes = 1 << 30,
                                     .damaged = agree};
    uint64_t cut = 0;
    put_bombs(world, 0);
    put_frame(world, true);
    write_file(world);
    assert_int_equal(frames_recover(&options, NULL, NULL, &frames, &cut, &world->why), ERR_OK);
    frames_destroy(frames);
    assert_int_equal(cut, 0);
    assert_int_equal(fstatat(world->fd, FILE_NAME ".0.damaged", &status, 0), 0);
    assert_int_equal(status.st_size, world->file.len);
}

/* However many frames are spoiled one after another, the whole ones behind them are found. */
static void test_many_spoiled_frames(void **state)
{
    struct world *world = *state;
    for (unsigned i = 0; i < 5000; i++)
        put_frame(world, false);
    for (unsigned i = 0; i < RECORD_FRAMES; i++)
        put_frame(world, true);
    assert_int_equal(read_all(world), ERR_CORRUPT);
    assert_int_equal(world->lines, RECORD_FRAMES);
    assert_int_equal(unpacked.calls, 5000 + RECORD_FRAMES + 1); /* one is found, and then taken */
}

/* Heads alone, and frames of more blocks than any of ours has. */
static void test_heads(void **state)
{
    static const uint8_t head[] = {0x28, 0xB5, 0x2F, 0xFD, 0x24, 0x01};
    struct world *world = *state;
    for (unsigned i = 0; i < 2000; i++)
        put(world, head, sizeof head);
    for (unsigned i = 0; i < 200000; i++)
        put_block(world, 0, false, 0);
    put_frame(world, true);
    assert_int_equal(read_all(world), ERR_CORRUPT);
    assert_int_equal(world->lines, 1);
    assert_non_null(strstr(buf_string(&world->why), "frame 1 at offset 0 is damaged"));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_bombs),
        CASE(test_bombs_between_frames),
        CASE(test_what_was_not_searched_is_kept),
        CASE(test_many_spoiled_frames),
        CASE(test_heads),
    };
    return cmocka_run_group_tests_name("frames_search", tests, NULL, NULL);
}
