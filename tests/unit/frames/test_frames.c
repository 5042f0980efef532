/* Record files: whole or not there, whatever stops the writer. Faults are put in by this program's own
 * pwrite. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zstd.h>

#include "output/frames/disk.h"
#include "output/frames/frames.h"
#include "output/frames/frames_extent.h"
#include "output/frames/stream.h"
#include "scanner/base/clock.h"
#include "tests/unit/open_files.h"

/* ---- faults -------------------------------------------------------------------------------------------- */

static struct {
    size_t chunk;    /* the most bytes that one call takes; 0 for any */
    bool interrupts; /* every second call is interrupted first */
    bool nothing;    /* a call takes nothing, and says no more */
    bool limited;    /* the disk has so much room left: */
    size_t room;
    int number;           /* and then says so */
    int sync_number;      /* what fdatasync says, once */
    int directory_number; /* what fsync of a directory says, once */
    unsigned calls;
    bool keeps; /* nothing can be removed */
    bool ended; /* a file that is read is at its end */
} fault;

int unlinkat(int dir_fd, const char *name, int flags)
{
    errno = EROFS;
    return fault.keeps ? -1 : (int)syscall(SYS_unlinkat, dir_fd, name, flags);
}

ssize_t pread(int fd, void *data, size_t len, off_t offset)
{
    return fault.ended ? 0 : (ssize_t)syscall(SYS_pread64, fd, data, len, offset);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
    if (fault.interrupts && fault.calls++ % 2 == 0) {
        errno = EINTR;
        return -1;
    }
    if (fault.nothing)
        return 0;
    if (fault.chunk > 0 && len > fault.chunk)
        len = fault.chunk;
    if (fault.limited && fault.room == 0) {
        errno = fault.number;
        return -1;
    }
    if (fault.limited && len > fault.room)
        len = fault.room;
    fault.room -= fault.limited ? len : 0;
    return (ssize_t)syscall(SYS_pwrite64, fd, data, len, offset);
}

int fdatasync(int fd)
{
    if (fault.sync_number != 0) {
        errno = fault.sync_number;
        fault.sync_number = 0;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
    struct stat status;
    if (fault.directory_number != 0 && fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) {
        errno = fault.directory_number;
        fault.directory_number = 0;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

/* ---- a directory of its own for each test -------------------------------------------------------------- */

struct place {
    char path[64];
    int fd;
    struct buf why;
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    if (place == NULL)
        return -1;
    strcpy(place->path, "/tmp/stsweep-frames-XXXXXX");
    if (mkdtemp(place->path) == NULL)
        return -1;
    place->fd = open(place->path, O_RDONLY | O_DIRECTORY);
    buf_init(&place->why, 4096);
    memset(&fault, 0, sizeof fault);
    *state = place;
    return place->fd < 0 ? -1 : 0;
}

static void empty(const struct place *place)
{
    DIR *listing = opendir(place->path);
    assert_non_null(listing);
    for (struct dirent *entry = readdir(listing); entry != NULL; entry = readdir(listing))
        if (entry->d_name[0] != '.')
            assert_int_equal(unlinkat(place->fd, entry->d_name, 0), 0);
    closedir(listing);
}

static int tear_down(void **state)
{
    struct place *place = *state;
    empty(place);
    close(place->fd);
    rmdir(place->path);
    buf_dispose(&place->why);
    free(place);
    return 0;
}

static struct frames_options options_of(const struct place *place)
{
    return (struct frames_options){
        .dir_fd = place->fd, .name = "domains", .level = 3, .frame_bytes = 4096, .part_bytes = 1 << 30};
}

static size_t size_of(const struct place *place, const char *file)
{
    struct stat status;
    return fstatat(place->fd, file, &status, 0) == 0 ? (size_t)status.st_size : SIZE_MAX;
}

static void write_file(const struct place *place, const char *file, const void *data, size_t len)
{
    int fd = openat(place->fd, file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    close(fd);
}

static size_t read_file(const struct place *place, const char *file, uint8_t *data, size_t room)
{
    int fd = openat(place->fd, file, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t got = read(fd, data, room);
    assert_true(got >= 0 && (size_t)got < room);
    close(fd);
    return (size_t)got;
}

/* Records are numbered from 0: {"n":17,…}. The reader checks that they come in order and whole. */
static size_t make_record(char text[128], unsigned number)
{
    return (size_t)snprintf(text, 128, "{\"n\":%u,\"filler\":\"%08x%08x\"}\n", number, number * 2654435761u,
                            number * 40503u);
}

static enum error count_record(void *arg, struct bytes line)
{
    unsigned *count = arg;
    char expected[128];
    size_t len = make_record(expected, *count);
    assert_int_equal(line.len, len - 1);
    assert_memory_equal(line.data, expected, line.len);
    ++*count;
    return ERR_OK;
}

static enum error count_any(void *arg, struct bytes line)
{
    assert_true(line.len > 0);
    ++*(unsigned *)arg;
    return ERR_OK;
}

static void append_one(struct frames *frames, unsigned number)
{
    bool full;
    char text[128];
    assert_int_equal(frames_append(frames, bytes_make(text, make_record(text, number)), &full), ERR_OK);
}

/* `frames` frames of `each` records, from number `first`. */
static void append_frames(struct place *place, struct frames *frames, unsigned first, unsigned count,
                          unsigned each)
{
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < each; k++)
            append_one(frames, first + i * each + k);
        assert_int_equal(frames_commit(frames, &place->why), ERR_OK);
    }
}

static void write_scan(struct place *place, unsigned count, unsigned each, uint64_t part_bytes)
{
    struct frames *frames;
    struct frames_options options = options_of(place);
    options.part_bytes = part_bytes;
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_OK);
    append_frames(place, frames, 0, count, each);
    frames_destroy(frames);
}

/* Recovers, checks the records and the cut, appends one more frame and reads all again. */
static void recover_and_go_on(struct place *place, unsigned expected, uint64_t expected_cut)
{
    struct frames *frames;
    struct frames_options options = options_of(place);
    unsigned count = 0;
    uint64_t cut = 99;
    assert_int_equal(frames_recover(&options, count_record, &count, &frames, &cut, &place->why), ERR_OK);
    assert_int_equal(count, expected);
    assert_int_equal(cut, expected_cut);
    assert_int_equal(frames_counters(frames)->lines, expected);
    append_frames(place, frames, expected, 1, 5);
    assert_int_equal(frames_counters(frames)->lines, expected + 5);
    frames_destroy(frames);
    count = 0;
    assert_int_equal(frames_read(place->fd, "domains", count_record, &count, &place->why), ERR_OK);
    assert_int_equal(count, expected + 5);
}

static void assert_corrupt(struct place *place, const char *words)
{
    struct frames *frames;
    struct frames_options options = options_of(place);
    uint64_t cut;
    unsigned count = 0;
    buf_reset(&place->why);
    assert_int_equal(frames_recover(&options, NULL, NULL, &frames, &cut, &place->why), ERR_CORRUPT);
    if (strstr(buf_string(&place->why), words) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", buf_string(&place->why), words);
    buf_reset(&place->why);
    assert_int_equal(frames_read(place->fd, "domains", count_any, &count, &place->why), ERR_CORRUPT);
    if (strstr(buf_string(&place->why), words) == NULL)
        fail_msg("reading: \"%s\" lacks \"%s\"", buf_string(&place->why), words);
    buf_reset(&place->why);
}

/* ---- writing and reading ------------------------------------------------------------------------------- */

static void test_round_trip(void **state)
{
    struct place *place = *state;
    struct frames *frames;
    struct frames_options options = options_of(place);
    unsigned count = 0;
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_OK);
    assert_int_equal(frames_commit(frames, &place->why), ERR_OK);
    assert_int_equal(size_of(place, "domains.ndjson.zst"), SIZE_MAX); /* nothing waits: nothing is made */
    append_one(frames, 0);
    assert_true(frames_waiting(frames) > 0);
    assert_int_equal(frames_counters(frames)->lines, 0);
    append_frames(place, frames, 1, 3, 20);
    assert_int_equal(frames_waiting(frames), 0);
    assert_int_equal(frames_counters(frames)->lines, 61);
    assert_int_equal(frames_counters(frames)->frames, 3);
    assert_int_equal(frames_counters(frames)->parts, 1);
    assert_int_equal(frames_counters(frames)->stored_bytes, size_of(place, "domains.ndjson.zst"));
    frames_destroy(frames);
    assert_int_equal(frames_read(place->fd, "domains", count_record, &count, &place->why), ERR_OK);
    assert_int_equal(count, 61);
}

/* Other tools rely on it: magic number, content size, checksum, no dictionary, frames end to end. */
static void test_frames_are_plain(void **state)
{
    struct place *place = *state;
    static uint8_t data[65536];
    write_scan(place, 4, 30, 1 << 30);
    size_t len = read_file(place, "domains.ndjson.zst", data, sizeof data), offset = 0, frames = 0;
    while (offset < len) {
        size_t size = ZSTD_findFrameCompressedSize(data + offset, len - offset);
        assert_false(ZSTD_isError(size));
        assert_memory_equal(data + offset, "\x28\xB5\x2F\xFD", 4);
        assert_true((data[offset + 4] & 4) != 0);
        assert_int_equal(data[offset + 4] & 3, 0);
        assert_in_range(ZSTD_getFrameContentSize(data + offset, len - offset), 1000, 4000);
        offset += size;
        frames++;
    }
    assert_int_equal(frames, 4);
}

static void test_full_tells_when_to_commit(void **state)
{
    struct place *place = *state;
    struct frames *frames;
    struct frames_options options = options_of(place);
    bool full = false;
    char text[128];
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_OK);
    for (unsigned i = 0; !full; i++) {
        assert_true(frames_waiting(frames) < 4096);
        assert_int_equal(frames_append(frames, bytes_make(text, make_record(text, i)), &full), ERR_OK);
    }
    assert_true(frames_waiting(frames) >= 4096);
    assert_int_equal(frames_append(frames, bytes_of("no newline"), &full), ERR_SYNTAX);
    size_t before = frames_waiting(frames);
    uint8_t *large = calloc(1, FRAME_RAW_CEILING_BYTES);
    assert_non_null(large);
    large[FRAME_RAW_CEILING_BYTES - 1] = '\n';
    assert_int_equal(frames_append(frames, bytes_make(large, FRAME_RAW_CEILING_BYTES), &full), ERR_LIMIT);
    assert_int_equal(frames_waiting(frames), before);
    free(large);
    assert_int_equal(frames_commit(frames, &place->why), ERR_OK);
    frames_destroy(frames);
}

static void test_create_refuses_what_is_there(void **state)
{
    struct place *place = *state;
    struct frames *frames;
    struct frames_options options = options_of(place);
    write_scan(place, 1, 1, 1 << 30);
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_EXISTS);
    assert_non_null(strstr(buf_string(&place->why), "domains.ndjson.zst"));
}

static void test_no_file_is_an_empty_stream(void **state)
{
    struct place *place = *state;
    unsigned count = 0;
    write_file(place, "domains.x.ndjson.zst", "x", 1); /* not a part */
    write_file(place, "domains.1.ndjson.zst", "x", 1);
    assert_int_equal(frames_read(place->fd, "domains", count_record, &count, &place->why), ERR_OK);
    recover_and_go_on(place, 0, 0);
}

/* A stream that never has a record gets its file, once, and goes on like any other. */
static void test_complete(void **state)
{
    struct place *place = *state;
    struct frames *frames;
    struct frames_options options = options_of(place);
    unsigned count = 0;
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_OK);
    assert_int_equal(frames_commit(frames, &place->why), ERR_OK);
    assert_int_equal(size_of(place, "domains.ndjson.zst"), SIZE_MAX);
    assert_int_equal(frames_complete(frames, &place->why), ERR_OK);
    size_t size = size_of(place, "domains.ndjson.zst");
    assert_in_range(size, 1, 32);
    assert_int_equal(frames_complete(frames, &place->why), ERR_OK);
    assert_int_equal(size_of(place, "domains.ndjson.zst"), size);
    assert_int_equal(frames_counters(frames)->lines, 0);
    assert_int_equal(frames_counters(frames)->parts, 1);
    frames_destroy(frames);
    write_file(place, "summary.json", "{}", 2); /* a scan that is whole */
    assert_int_equal(frames_read(place->fd, "domains", count_record, &count, &place->why), ERR_OK);
    assert_int_equal(count, 0);
    recover_and_go_on(place, 0, 0);
    assert_int_equal(frames_read(place->fd, "domains", count_record, &count, &place->why), ERR_OK);
    assert_true(count > 0);
}

static void test_complete_leaves_records_alone(void **state)
{
    struct place *place = *state;
    struct frames *frames;
    struct frames_options options = options_of(place);
    uint64_t cut_bytes;
    write_scan(place, 2, 3, 1 << 30);
    size_t size = size_of(place, "domains.ndjson.zst");
    assert_int_equal(frames_recover(&options, NULL, NULL, &frames, &cut_bytes, &place->why), ERR_OK);
    assert_int_equal(frames_complete(frames, &place->why), ERR_OK);
    assert_int_equal(size_of(place, "domains.ndjson.zst"), size);
    frames_destroy(frames);
}

static void test_complete_on_a_full_disk(void **state)
{
    struct place *place = *state;
    struct frames *frames;
    struct frames_options options = options_of(place);
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_OK);
    fault.limited = true;
    fault.number = ENOSPC;
    assert_int_equal(frames_complete(frames, &place->why), ERR_FULL);
    fault.limited = false;
    assert_int_equal(size_of(place, "domains.ndjson.zst"), SIZE_MAX);
    assert_int_equal(frames_complete(frames, &place->why), ERR_OK);
    frames_destroy(frames);
}

static void test_parts(void **state)
{
    struct place *place = *state;
    unsigned count = 0;
    write_scan(place, 12, 40, 2000);
    assert_in_range(size_of(place, "domains.ndjson.zst"), 400, 2000);
    assert_in_range(size_of(place, "domains.0001.ndjson.zst"), 400, 2000);
    assert_int_not_equal(size_of(place, "domains.0002.ndjson.zst"), SIZE_MAX);
    assert_int_equal(frames_read(place->fd, "domains", count_record, &count, &place->why), ERR_OK);
    assert_int_equal(count, 480);
    recover_and_go_on(place, 480, 0);
}

/* A frame larger than a part has a part to itself. */
static void test_frame_larger_than_a_part(void **state)
{
    struct place *place = *state;
    unsigned count = 0;
    write_scan(place, 3, 40, 1);
    assert_true(size_of(place, "domains.0002.ndjson.zst") != SIZE_MAX);
    assert_int_equal(size_of(place, "domains.0003.ndjson.zst"), SIZE_MAX);
    assert_int_equal(frames_read(place->fd, "domains", count_record, &count, &place->why), ERR_OK);
    assert_int_equal(count, 120);
}

static void test_missing_part(void **state)
{
    struct place *place = *state;
    write_scan(place, 12, 40, 2000);
    assert_int_equal(unlinkat(place->fd, "domains.0001.ndjson.zst", 0), 0);
    assert_corrupt(place, "parts");
}

static void test_frame_of_many_windows(void **state)
{
    enum { RECORDS = 160000 };
    struct place *place = *state;
    struct frames *frames;
    struct frames_options options = options_of(place);
    unsigned count = 0;
    options.level = 1;
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_OK);
    append_frames(place, frames, 0, 1, 1);
    append_frames(place, frames, 1, 1, RECORDS);
    append_frames(place, frames, 1 + RECORDS, 1, 1);
    assert_true(frames_counters(frames)->stored_bytes > 1200000);
    frames_destroy(frames);
    assert_int_equal(frames_read(place->fd, "domains", count_record, &count, &place->why), ERR_OK);
    assert_int_equal(count, RECORDS + 2);
}

/* More of them than are read at once: what was taken makes room for what comes. */
static void test_many_frames(void **state)
{
    enum { FRAMES = 60, EACH = 4000 };
    struct place *place = *state;
    struct frames *frames;
    struct frames_options options = options_of(place);
    unsigned count = 0;
    options.level = 1;
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_OK);
    append_frames(place, frames, 0, FRAMES, EACH);
    assert_true(frames_counters(frames)->stored_bytes > 1500000);
    assert_true(frames_counters(frames)->stored_bytes / FRAMES < 65536);
    frames_destroy(frames);
    assert_int_equal(frames_read(place->fd, "domains", count_record, &count, &place->why), ERR_OK);
    assert_int_equal(count, FRAMES * EACH);
}

/* The first file that is opened then has the number 0. */
static void test_without_standard_input(void **state)
{
    struct place *place = *state;
    static uint8_t data[65536];
    struct frames *frames;
    struct frames_options options = options_of(place);
    unsigned count = 0;
    int kept = dup(STDIN_FILENO);
    close(STDIN_FILENO);
    write_scan(place, 3, 6, 1 << 30);
    size_t len = read_file(place, "domains.ndjson.zst", data, sizeof data);
    write_file(place, "domains.ndjson.zst", data, len - 1);
    size_t two = ZSTD_findFrameCompressedSize(data, len);
    two += ZSTD_findFrameCompressedSize(data + two, len - two);
    recover_and_go_on(place, 12, len - 1 - two);
    assert_int_equal(frames_read(place->fd, "domains", count_any, &count, &place->why), ERR_OK);
    empty(place);
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_OK);
    append_frames(place, frames, 0, 1, 1);
    assert_int_not_equal(fcntl(STDIN_FILENO, F_GETFD), -1); /* the part's */
    frames_destroy(frames);
    assert_int_equal(fcntl(STDIN_FILENO, F_GETFD), -1);
    if (kept >= 0) {
        assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
        close(kept);
    }
}

/* What cannot be listed is no scan without records. */
static void test_no_directory(void **state)
{
    struct place *place = *state;
    struct frames *frames = NULL;
    struct frames_options options = options_of(place);
    unsigned count = 0;
    uint64_t cut;
    options.dir_fd = -1;
    assert_int_equal(frames_read(-1, "domains", count_any, &count, &place->why), ERR_IO);
    assert_string_equal(buf_string(&place->why), "cannot list the scan directory: Bad file descriptor");
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_IO);
    assert_int_equal(frames_recover(&options, NULL, NULL, &frames, &cut, &place->why), ERR_IO);
    assert_null(frames);
}

/* ---- torn tails and damage ----------------------------------------------------------------------------- */

static void test_tail_torn_at_every_byte(void **state)
{
    struct place *place = *state;
    static uint8_t data[65536];
    write_scan(place, 2, 6, 1 << 30);
    size_t two = size_of(place, "domains.ndjson.zst");
    empty(place);
    write_scan(place, 3, 6, 1 << 30);
    size_t three = read_file(place, "domains.ndjson.zst", data, sizeof data);
    for (size_t len = two + 1; len < three; len++) {
        write_file(place, "domains.ndjson.zst", data, len);
        recover_and_go_on(place, 12, len - two);
    }
}

/* What a power cut may leave: the file's new size, but not its bytes. */
static void test_tail_of_other_bytes(void **state)
{
    struct place *place = *state;
    static uint8_t data[65536];
    static const uint8_t fills[] = {0x00, 0xFF, 0x28, 0x50 /* of a skippable frame */};
    write_scan(place, 2, 6, 1 << 30);
    size_t two = read_file(place, "domains.ndjson.zst", data, sizeof data);
    for (size_t i = 0; i < sizeof fills; i++) {
        memset(data + two, fills[i], 5000);
        write_file(place, "domains.ndjson.zst", data, two + 5000);
        recover_and_go_on(place, 12, 5000);
    }
    memcpy(data + two, "\x50\x2A\x4D\x18\x02\x00\x00\x00xy",
           10); /* a whole skippable frame is no frame of ours */
    write_file(place, "domains.ndjson.zst", data, two + 10);
    recover_and_go_on(place, 12, 10);
}

static void test_first_frame_torn_leaves_no_file(void **state)
{
    struct place *place = *state;
    struct frames *frames;
    struct frames_options options = options_of(place);
    uint64_t cut;
    static uint8_t data[65536];
    write_scan(place, 1, 6, 1 << 30);
    size_t len = read_file(place, "domains.ndjson.zst", data, sizeof data);
    for (size_t kept = 0; kept < len; kept += len - 1) {
        write_file(place, "domains.ndjson.zst", data, kept);
        assert_int_equal(frames_recover(&options, NULL, NULL, &frames, &cut, &place->why), ERR_OK);
        assert_int_equal(cut, kept);
        assert_int_equal(frames_counters(frames)->parts, 0);
        assert_int_equal(size_of(place, "domains.ndjson.zst"), SIZE_MAX);
        append_frames(place, frames, 0, 1, 3);
        frames_destroy(frames);
    }
    unsigned count = 0;
    assert_int_equal(frames_read(place->fd, "domains", count_record, &count, &place->why), ERR_OK);
    assert_int_equal(count, 3);
}

static void test_reading_passes_over_a_torn_tail(void **state)
{
    struct place *place = *state;
    static uint8_t data[65536];
    unsigned count = 0;
    write_scan(place, 3, 6, 1 << 30);
    size_t len = read_file(place, "domains.ndjson.zst", data, sizeof data);
    write_file(place, "domains.ndjson.zst", data, len - 1);
    assert_int_equal(frames_read(place->fd, "domains", count_record, &count, &place->why), ERR_OK);
    assert_int_equal(count, 12);
    assert_int_equal(size_of(place, "domains.ndjson.zst"), len - 1);
}

/* ---- damage mended ------------------------------------------------------------------------------------- */

struct agreed {
    enum error answer;
    unsigned calls;
    char places[256];
};

static enum error agree(void *arg, const char *name, const char *places, struct buf *why)
{
    struct agreed *agreed = arg;
    assert_string_equal(name, "domains");
    assert_int_equal(why->len, 0);
    agreed->calls++;
    (void)snprintf(agreed->places, sizeof agreed->places, "%s", places);
    return agreed->answer;
}

/* What is counted is what stands there, also a frame that mending has put in. */
static void assert_stored(const struct place *place, const struct frames_counters *counters)
{
    uint64_t bytes = 0;
    DIR *listing = opendir(place->path);
    assert_non_null(listing);
    for (struct dirent *entry; (entry = readdir(listing)) != NULL;)
        if (entry->d_name[0] == 'd' && strstr(entry->d_name, ".damaged") == NULL)
            bytes += size_of(place, entry->d_name);
    closedir(listing);
    assert_int_equal(counters->stored_bytes, bytes);
}

/* Readers get what is whole, recovery sets aside what is not; afterwards the files are whole. */
static void mend_and_check(struct place *place, const char *side, const uint8_t *bad, size_t bad_len,
                           unsigned whole)
{
    static uint8_t data[65536];
    struct frames *frames;
    struct frames_options options = options_of(place);
    struct agreed agreed = {.answer = ERR_OK};
    unsigned count = 0;
    uint64_t cut;
    assert_int_equal(frames_read(place->fd, "domains", count_any, &count, &place->why), ERR_CORRUPT);
    assert_int_equal(count, whole);
    count = 0;
    buf_reset(&place->why);
    options.damaged = agree;
    options.damaged_arg = &agreed;
    options.whole = frames_scan_is_whole(place->fd);
    assert_int_equal(frames_recover(&options, count_any, &count, &frames, &cut, &place->why), ERR_OK);
    assert_int_equal(agreed.calls, 1);
    assert_int_equal(count, whole);
    assert_int_equal(cut, 0);
    assert_int_equal(frames_counters(frames)->lines, whole);
    append_frames(place, frames, 1000, 1, 5);
    assert_stored(place, frames_counters(frames));
    frames_destroy(frames);
    assert_int_equal(read_file(place, side, data, sizeof data), bad_len);
    assert_memory_equal(data, bad, bad_len);
    count = 0;
    assert_int_equal(frames_read(place->fd, "domains", count_any, &count, &place->why), ERR_OK);
    assert_int_equal(count, whole + 5);
    assert_int_equal(unlinkat(place->fd, side, 0), 0);
}

/* Each byte of the second of three frames changed (header, content size, blocks, checksum) is damage, named
 * and mended; of the last, a torn tail. */
static void test_every_changed_byte_is_seen(void **state)
{
    struct place *place = *state;
    static uint8_t data[65536];
    write_scan(place, 1, 6, 1 << 30);
    size_t one = size_of(place, "domains.ndjson.zst");
    empty(place);
    write_scan(place, 3, 6, 1 << 30);
    size_t three = read_file(place, "domains.ndjson.zst", data, sizeof data);
    size_t two = one + ZSTD_findFrameCompressedSize(data + one, three - one);
    char words[128], side[96];
    (void)snprintf(words, sizeof words,
                   "domains.ndjson.zst: frame 2 at offset %zu is damaged (%zu bytes): ", one, two - one);
    (void)snprintf(side, sizeof side, "domains.ndjson.zst.%zu.damaged", one);
    for (size_t i = one; i < three; i++) {
        data[i] ^= 0x41;
        write_file(place, "domains.ndjson.zst", data, three);
        if (i < two) {
            assert_corrupt(place, words);
            mend_and_check(place, side, data + one, two - one, 12);
        } else {
            recover_and_go_on(place, 12, three - two);
        }
        data[i] ^= 0x41;
    }
}

/* Where summary.json stands everything was durable: the last frame cannot have been torn by a crash. */
static void test_last_frame_of_a_whole_scan(void **state)
{
    struct place *place = *state;
    static uint8_t data[65536];
    write_scan(place, 2, 6, 1 << 30);
    size_t two = read_file(place, "domains.ndjson.zst", data, sizeof data);
    size_t one = ZSTD_findFrameCompressedSize(data, two);
    char side[96];
    (void)snprintf(side, sizeof side, "domains.ndjson.zst.%zu.damaged", one);
    write_file(place, "summary.json", "{}", 2);
    for (size_t i = one; i < two; i++) {
        data[i] ^= 0x41;
        write_file(place, "domains.ndjson.zst", data, two);
        mend_and_check(place, side, data + one, two - one, 6);
        data[i] ^= 0x41;
    }
}

/* A second damage at a place where there was one: what was set aside of the first stays. */
static void test_what_was_set_aside_stays(void **state)
{
    struct place *place = *state;
    static uint8_t data[65536], kept[65536];
    write_scan(place, 3, 6, 1 << 30);
    size_t len = read_file(place, "domains.ndjson.zst", data, sizeof data);
    size_t one = ZSTD_findFrameCompressedSize(data, len);
    data[20] ^= 1;
    write_file(place, "domains.ndjson.zst.0.damaged", "first", 5);
    write_file(place, "domains.ndjson.zst", data, len);
    mend_and_check(place, "domains.ndjson.zst.0.2.damaged", data, one, 12);
    assert_int_equal(read_file(place, "domains.ndjson.zst.0.damaged", kept, sizeof kept), 5);
    assert_memory_equal(kept, "first", 5);
}

static void test_refused_mending_changes_nothing(void **state)
{
    struct place *place = *state;
    static uint8_t data[65536], after[65536];
    struct frames *frames;
    struct frames_options options = options_of(place);
    struct agreed agreed = {.answer = ERR_FULL};
    uint64_t cut;
    write_scan(place, 3, 6, 1 << 30);
    size_t len = read_file(place, "domains.ndjson.zst", data, sizeof data);
    data[20] ^= 1;
    write_file(place, "domains.ndjson.zst", data, len);
    options.damaged = agree;
    options.damaged_arg = &agreed;
    assert_int_equal(frames_recover(&options, NULL, NULL, &frames, &cut, &place->why), ERR_FULL);
    assert_non_null(strstr(agreed.places, "domains.ndjson.zst: frame 1 at offset 0 is damaged"));
    assert_int_equal(read_file(place, "domains.ndjson.zst", after, sizeof after), len);
    assert_memory_equal(data, after, len);
}

/* A part in the middle of which nothing is left stays, so that no part is missing. */
static void test_damage_in_a_part_before_the_last(void **state)
{
    struct place *place = *state;
    static uint8_t data[65536];
    write_scan(place, 12, 40, 600);
    size_t len = read_file(place, "domains.0001.ndjson.zst", data, sizeof data);
    assert_int_equal(ZSTD_findFrameCompressedSize(data, len), len);
    write_file(place, "domains.0001.ndjson.zst", data, len - 1);
    assert_corrupt(place, "domains.0001.ndjson.zst: frame 1 at offset 0 is damaged");
    mend_and_check(place, "domains.0001.ndjson.zst.0.damaged", data, len - 1, 11 * 40);
    assert_true(size_of(place, "domains.0001.ndjson.zst") > 0);
}

static void test_several_damaged_frames(void **state)
{
    struct place *place = *state;
    static uint8_t data[65536];
    struct frames *frames;
    struct frames_options options = options_of(place);
    struct agreed agreed = {.answer = ERR_OK};
    unsigned count = 0;
    uint64_t cut;
    write_scan(place, 8, 6, 1 << 30);
    size_t len = read_file(place, "domains.ndjson.zst", data, sizeof data), at = 0;
    for (unsigned i = 0; i < 8; i++) {
        size_t size = ZSTD_findFrameCompressedSize(data + at, len - at);
        at += size;
        if (i == 0 || i == 3 || i == 4) /* spoiled in its checksum, of which its extent is no part */
            data[at - 1] ^= 1;
    }
    write_file(place, "domains.ndjson.zst", data, len);
    options.damaged = agree;
    options.damaged_arg = &agreed;
    assert_int_equal(frames_recover(&options, count_any, &count, &frames, &cut, &place->why), ERR_OK);
    assert_int_equal(count, 30);
    append_frames(place, frames, 0, 1, 6);
    frames_destroy(frames);
    count = 0;
    assert_int_equal(frames_read(place->fd, "domains", count_any, &count, &place->why), ERR_OK);
    assert_int_equal(count, 36);
}

static size_t compress(uint8_t *target, size_t room, const char *text, bool checksum, bool size)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    assert_non_null(context);
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, size);
    size_t len = ZSTD_compress2(context, target, room, text, strlen(text));
    assert_false(ZSTD_isError(len));
    ZSTD_freeCCtx(context);
    return len;
}

static void test_frames_that_are_not_ours(void **state)
{
    struct place *place = *state;
    static const struct {
        const char *text;
        bool checksum, size;
        const char *words;
    } cases[] = {
        {"{\"half\":", true, true, "frame 1 at offset 0 ends in the middle of a line"},
        {"{\"n\":1}\n", false, true, "no frame with a checksum begins here"},
        {"{\"n\":1}\n", true, false, "it does not say how much it holds, or too much"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t data[1024];
        size_t len = compress(data, sizeof data, cases[i].text, cases[i].checksum, cases[i].size);
        len += compress(data + len, sizeof data - len, "{\"n\":2}\n", true, true);
        write_file(place, "domains.ndjson.zst", data, len);
        assert_corrupt(place, cases[i].words);
    }
}

/* A header that claims more than any frame of ours may hold costs no memory. */
static void test_claimed_size_is_bounded(void **state)
{
    struct place *place = *state;
    static const uint8_t claim[] = {0x28, 0xB5, 0x2F, 0xFD, 0xE4, 0, 0, 0, 0, 0,
                                    0x10, 0,    0,    1,    0,    0, 9, 9, 9, 9};
    struct frames *frames;
    struct frames_options options = options_of(place);
    uint64_t cut;
    write_file(place, "domains.ndjson.zst", claim, sizeof claim);
    assert_int_equal(frames_recover(&options, NULL, NULL, &frames, &cut, &place->why), ERR_OK);
    assert_int_equal(cut, sizeof claim);
    frames_destroy(frames);
}

/* More bytes than one torn frame can have are not cut away. */
static void test_tail_too_long_to_be_torn(void **state)
{
    struct place *place = *state;
    struct frames *frames;
    struct frames_options options = options_of(place);
    uint64_t cut;
    write_scan(place, 2, 6, 1 << 30);
    size_t len = size_of(place, "domains.ndjson.zst");
    int fd = openat(place->fd, "domains.ndjson.zst", O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)(len + FRAME_STORED_CEILING_BYTES + 1)), 0);
    assert_corrupt(place, "frame 3 at offset");
    assert_int_equal(ftruncate(fd, (off_t)(len + FRAME_STORED_CEILING_BYTES)), 0);
    close(fd);
    assert_int_equal(frames_recover(&options, NULL, NULL, &frames, &cut, &place->why), ERR_OK);
    assert_int_equal(cut, FRAME_STORED_CEILING_BYTES);
    frames_destroy(frames);
    assert_int_equal(size_of(place, "domains.ndjson.zst"), len);
}

/* Why each is no frame, for who is to judge what to do. */
static void test_reasons(void **state)
{
    struct place *place = *state;
    static uint8_t data[65536];
    write_scan(place, 2, 6, 600);
    assert_int_equal(size_of(place, "domains.0001.ndjson.zst"), SIZE_MAX);
    size_t len = read_file(place, "domains.ndjson.zst", data, sizeof data);
    size_t one = ZSTD_findFrameCompressedSize(data, len);
    char words[160];
    write_file(place, "domains.0001.ndjson.zst", data, one);
    write_file(place, "domains.ndjson.zst", data, len - 1);
    (void)snprintf(words, sizeof words, "frame 2 at offset %zu is damaged (%zu bytes): it is cut short", one,
                   len - 1 - one);
    assert_corrupt(place, words);
    data[one - 1] ^= 1;
    write_file(place, "domains.ndjson.zst", data, len);
    (void)snprintf(words, sizeof words,
                   "frame 1 at offset 0 is damaged (%zu bytes): Restored data doesn't match checksum", one);
    assert_corrupt(place, words);
    data[0] ^= 1;
    write_file(place, "domains.ndjson.zst", data, len);
    (void)snprintf(words, sizeof words,
                   "frame 1 at offset 0 is damaged (%zu bytes): no frame with a checksum begins here", one);
    assert_corrupt(place, words);
}

/* A part that becomes shorter while it is mended. */
static enum error agree_and_cut(void *arg, const char *name, const char *places, struct buf *why)
{
    fault.ended = true;
    errno = 0;
    return agree(arg, name, places, why);
}

static void test_a_part_that_shrinks_is_not_mended(void **state)
{
    struct place *place = *state;
    static uint8_t data[65536], after[65536];
    struct frames *frames;
    struct frames_options options = options_of(place);
    struct agreed agreed = {.answer = ERR_OK};
    uint64_t cut;
    write_scan(place, 3, 6, 1 << 30);
    size_t len = read_file(place, "domains.ndjson.zst", data, sizeof data);
    data[20] ^= 1;
    write_file(place, "domains.ndjson.zst", data, len);
    options.damaged = agree_and_cut;
    options.damaged_arg = &agreed;
    assert_int_equal(frames_recover(&options, NULL, NULL, &frames, &cut, &place->why), ERR_IO);
    fault.ended = false;
    assert_string_equal(buf_string(&place->why),
                        "domains.ndjson.zst: cannot read: Input/output error; look at the disk or its "
                        "connection (dmesg)");
    assert_int_equal(read_file(place, "domains.ndjson.zst", after, sizeof after), len);
    assert_memory_equal(data, after, len);
}

static enum error refuse_third(void *arg, struct bytes line)
{
    unsigned *count = arg;
    (void)line;
    return ++*count == 3 ? ERR_SYNTAX : ERR_OK;
}

static void test_reader_may_refuse(void **state)
{
    struct place *place = *state;
    unsigned count = 0;
    write_scan(place, 2, 6, 1 << 30);
    assert_int_equal(frames_read(place->fd, "domains", refuse_third, &count, &place->why), ERR_SYNTAX);
    assert_int_equal(count, 3);
    assert_string_equal(buf_string(&place->why), "domains.ndjson.zst: record 3");
}

struct lack {
    enum error error;
    const char *says; /* NULL: nothing */
    struct buf *why;
};

static enum error lacks(void *arg, struct bytes line)
{
    const struct lack *lack = arg;
    (void)line;
    if (lack->says != NULL)
        (void)buf_text(lack->why, lack->says);
    return lack->error;
}

/* What the machine lacks is said as that: not as the file's fault, and of no record if the taker said it. */
static void test_what_the_machine_lacks(void **state)
{
    static const struct {
        enum error error;
        const char *says, *why;
    } rows[] = {{ERR_MEMORY, NULL, "domains.ndjson.zst: record 1: out of memory"},
                {ERR_IO, NULL, "domains.ndjson.zst: record 1: an input or output operation failed"},
                {ERR_IO, "TMPDIR: File too large", "TMPDIR: File too large"},
                {ERR_FULL, "TMPDIR: it is full", "TMPDIR: it is full"},
                {ERR_CORRUPT, "no name", "no name: domains.ndjson.zst: record 1"},
                {ERR_STOPPED, NULL, "domains.ndjson.zst: record 1"}};
    struct place *place = *state;
    write_scan(place, 2, 6, 1 << 30);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lack lack = {rows[i].error, rows[i].says, &place->why};
        buf_reset(&place->why);
        assert_int_equal(frames_read(place->fd, "domains", lacks, &lack, &place->why), rows[i].error);
        assert_string_equal(buf_string(&place->why), rows[i].why);
    }
}

/* ---- disks --------------------------------------------------------------------------------------------- */

static void test_short_and_interrupted_writes(void **state)
{
    struct place *place = *state;
    for (fault.chunk = 1; fault.chunk <= 7; fault.chunk += 6) {
        fault.interrupts = true;
        fault.calls = 0;
        write_scan(place, 3, 40, 1 << 30);
        assert_true(fault.calls > 100);
        fault.interrupts = false;
        recover_and_go_on(place, 120, 0);
        empty(place);
    }
}

static void test_full_disk(void **state)
{
    struct place *place = *state;
    static const struct {
        int number;
        enum error error;
    } cases[] = {{ENOSPC, ERR_FULL}, {EDQUOT, ERR_FULL}, {EFBIG, ERR_FULL}, {EIO, ERR_IO}};
    struct frames *frames;
    struct frames_options options = options_of(place);
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_OK);
    append_frames(place, frames, 0, 1, 20);
    size_t durable = size_of(place, "domains.ndjson.zst");
    for (unsigned i = 20; i < 60; i++)
        append_one(frames, i);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t room = 0; room < 60; room += 10) {
            fault.limited = true;
            fault.room = room;
            fault.number = cases[i].number;
            buf_reset(&place->why);
            assert_int_equal(frames_commit(frames, &place->why), cases[i].error);
            assert_non_null(strstr(buf_string(&place->why), "domains.ndjson.zst: cannot write"));
            assert_int_equal(size_of(place, "domains.ndjson.zst"), durable);
            assert_int_equal(frames_counters(frames)->lines, 20);
            assert_true(frames_waiting(frames) > 0);
        }
    fault.limited = false;
    assert_int_equal(frames_commit(frames, &place->why), ERR_OK);
    frames_destroy(frames);
    recover_and_go_on(place, 60, 0);
}

static void test_full_disk_at_a_new_part(void **state)
{
    struct place *place = *state;
    struct frames *frames;
    struct frames_options options = options_of(place);
    options.part_bytes = 1;
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_OK);
    for (unsigned part = 0; part < 3; part++) {
        static const char *const files[] = {"domains.ndjson.zst", "domains.0001.ndjson.zst",
                                            "domains.0002.ndjson.zst"};
        append_one(frames, part);
        fault.limited = true;
        fault.room = 9;
        fault.number = ENOSPC;
        buf_reset(&place->why);
        assert_int_equal(frames_commit(frames, &place->why), ERR_FULL);
        assert_null(strstr(buf_string(&place->why), "cannot remove"));
        assert_int_equal(size_of(place, files[part]), SIZE_MAX);
        fault.limited = false;
        assert_int_equal(frames_commit(frames, &place->why), ERR_OK);
        assert_int_not_equal(size_of(place, files[part]), SIZE_MAX);
    }
    append_one(frames, 3);
    fault.limited = fault.keeps = true;
    fault.room = 9;
    assert_int_equal(frames_commit(frames, &place->why), ERR_FULL);
    assert_non_null(strstr(buf_string(&place->why), "; domains.0003.ndjson.zst: cannot remove: Read-only"));
    fault.limited = fault.keeps = false;
    frames_destroy(frames);
    recover_and_go_on(place, 3, 9); /* what could not be taken back is a torn tail */
}

static void test_failed_sync_counts_nothing(void **state)
{
    struct place *place = *state;
    struct frames *frames;
    struct frames_options options = options_of(place);
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_OK);
    append_frames(place, frames, 0, 1, 20);
    size_t durable = size_of(place, "domains.ndjson.zst");
    append_one(frames, 20);
    fault.sync_number = EIO;
    assert_int_equal(frames_commit(frames, &place->why), ERR_IO);
    assert_int_equal(size_of(place, "domains.ndjson.zst"), durable);
    frames_destroy(frames);
    recover_and_go_on(place, 20, 0);
}

/* A new part whose name may be lost is none. */
static void test_a_part_whose_name_is_not_durable(void **state)
{
    struct place *place = *state;
    struct frames *frames;
    struct frames_options options = options_of(place);
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_OK);
    append_one(frames, 0);
    fault.directory_number = EIO;
    assert_int_equal(frames_commit(frames, &place->why), ERR_IO);
    assert_non_null(strstr(buf_string(&place->why), "domains.ndjson.zst: cannot sync the directory: "));
    assert_int_equal(size_of(place, "domains.ndjson.zst"), SIZE_MAX);
    assert_int_equal(frames_counters(frames)->lines, 0);
    assert_int_equal(frames_counters(frames)->parts, 0);
    assert_int_equal(frames_commit(frames, &place->why), ERR_OK);
    assert_int_equal(frames_counters(frames)->parts, 1);
    frames_destroy(frames);
    recover_and_go_on(place, 1, 0);
}

/* It would be called again for ever. */
static void test_a_disk_that_takes_nothing(void **state)
{
    struct place *place = *state;
    struct frames *frames;
    struct frames_options options = options_of(place);
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_OK);
    append_one(frames, 0);
    fault.nothing = true;
    errno = 0;
    assert_int_equal(frames_commit(frames, &place->why), ERR_IO);
    fault.nothing = false;
    assert_non_null(strstr(buf_string(&place->why), "domains.ndjson.zst: cannot write: Input/output error"));
    assert_int_equal(frames_commit(frames, &place->why), ERR_OK);
    frames_destroy(frames);
    recover_and_go_on(place, 1, 0);
}

/* Neither what was read, nor what was refused. */
static void test_no_file_stays_open(void **state)
{
    struct place *place = *state;
    static uint8_t data[65536];
    struct frames *frames;
    struct frames_options options = options_of(place);
    struct agreed agreed = {.answer = ERR_OK};
    unsigned count = 0;
    uint64_t cut;
    int before = open_files();
    write_scan(place, 12, 40, 2000);
    assert_int_equal(open_files(), before);
    assert_int_equal(frames_read(place->fd, "domains", count_record, &count, &place->why), ERR_OK);
    assert_int_equal(frames_create(&options, &frames, &place->why), ERR_EXISTS);
    assert_int_equal(open_files(), before);
    size_t len = read_file(place, "domains.ndjson.zst", data, sizeof data);
    data[20] ^= 1;
    write_file(place, "domains.ndjson.zst", data, len);
    assert_int_equal(frames_recover(&options, NULL, NULL, &frames, &cut, &place->why), ERR_CORRUPT);
    options.damaged = agree;
    options.damaged_arg = &agreed;
    buf_reset(&place->why);
    assert_int_equal(frames_recover(&options, NULL, NULL, &frames, &cut, &place->why), ERR_OK);
    assert_int_equal(open_files(), before + 1);
    frames_destroy(frames);
    assert_int_equal(open_files(), before);
    assert_int_equal(linkat(place->fd, "domains.ndjson.zst", place->fd, "other", 0), 0);
    errno = 0;
    assert_int_equal(disk_open(place->fd, "domains.ndjson.zst", O_RDWR), -1);
    assert_int_equal(errno, EMLINK);
    assert_int_equal(open_files(), before);
}

/* ---- streams ------------------------------------------------------------------------------------------- */

enum { FLUSH_BYTES = 65536, STREAM_BYTES = 64 << 20 };

static void test_stream_tells_when_to_flush(void **state)
{
    struct place *place = *state;
    static uint8_t text[FLUSH_BYTES];
    struct stream stream;
    bool full = true;
    int fd = openat(place->fd, "stream", O_RDWR | O_CREAT, 0644);
    assert_true(fd >= 0);
    stream_init(&stream, fd);
    assert_int_equal(stream_append(&stream, bytes_make(text, FLUSH_BYTES - 1), &full), ERR_OK);
    assert_false(full);
    assert_int_equal(size_of(place, "stream"), 0);
    assert_int_equal(stream_append(&stream, bytes_make(text, 1), &full), ERR_OK);
    assert_true(full);
    assert_int_equal(stream_flush(&stream, &place->why), ERR_OK);
    assert_int_equal(size_of(place, "stream"), FLUSH_BYTES);
    assert_int_equal(stream_flush(&stream, &place->why), ERR_OK); /* nothing waits */
    assert_int_equal(size_of(place, "stream"), FLUSH_BYTES);
    assert_int_equal(stream_append(&stream, bytes_make(text, 1), &full), ERR_OK);
    assert_false(full);
    stream_dispose(&stream);
    close(fd);
}

/* What does not fit is left out, and the next is taken as before. */
static void test_stream_that_is_full(void **state)
{
    struct place *place = *state;
    uint8_t *text = calloc(1, STREAM_BYTES + 1);
    struct stream stream;
    bool full = false;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0 && text != NULL);
    stream_init(&stream, fd);
    assert_int_equal(stream_append(&stream, bytes_make(text, STREAM_BYTES + 1), &full), ERR_LIMIT);
    assert_false(full);
    assert_int_equal(stream.waiting.len, 0);
    assert_int_equal(stream_append(&stream, bytes_make(text, FLUSH_BYTES), &full), ERR_OK);
    assert_int_equal(stream_append(&stream, bytes_make(text, STREAM_BYTES), &full), ERR_LIMIT);
    assert_true(full);
    assert_int_equal(stream_append(&stream, bytes_make(text, 1), &full), ERR_OK);
    assert_int_equal(stream_flush(&stream, &place->why), ERR_FULL);
    assert_string_equal(buf_string(&place->why),
                        "standard output: No space left on device; make room on that "
                        "disk");
    assert_int_equal(stream.waiting.len, FLUSH_BYTES + 1); /* it waits still */
    stream_dispose(&stream);
    close(fd);
    free(text);
}

/* ---- kill -9 ------------------------------------------------------------------------------------------- */

/* Writes frames until it is killed and tells through the pipe how many records are durable. */
static void write_until_killed(const struct place *place, int acknowledge)
{
    struct frames_options options = options_of(place);
    struct frames *frames;
    struct buf why;
    bool full;
    char text[128];
    buf_init(&why, 4096);
    fault.chunk = 64; /* so that a kill can come between two writes of a frame */
    options.part_bytes = 20000;
    if (frames_create(&options, &frames, &why) != ERR_OK)
        _exit(1);
    for (unsigned i = 0;; i++) {
        if (frames_append(frames, bytes_make(text, make_record(text, i)), &full) != ERR_OK)
            _exit(1);
        unsigned durable = i + 1;
        if (i % 50 == 49 && (frames_commit(frames, &why) != ERR_OK ||
                             write(acknowledge, &durable, sizeof durable) != (ssize_t)sizeof durable))
            _exit(1);
    }
}

static void test_kill_9_at_any_moment(void **state)
{
    struct place *place = *state;
    for (int round = 0; round < 12; round++) {
        int ends[2];
        unsigned durable = 0, told, count = 0;
        uint64_t cut;
        struct frames *frames;
        struct frames_options options = options_of(place);
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0)
            write_until_killed(place, ends[1]);
        close(ends[1]);
        usleep((useconds_t)(5000 + round * 7001));
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        while (read(ends[0], &told, sizeof told) == (ssize_t)sizeof told)
            durable = told;
        close(ends[0]);
        assert_int_equal(frames_recover(&options, count_record, &count, &frames, &cut, &place->why), ERR_OK);
        assert_true(count >= durable && count % 50 == 0);
        frames_destroy(frames);
        empty(place);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_round_trip),
        CASE(test_frames_are_plain),
        CASE(test_full_tells_when_to_commit),
        CASE(test_create_refuses_what_is_there),
        CASE(test_no_file_is_an_empty_stream),
        CASE(test_complete),
        CASE(test_complete_leaves_records_alone),
        CASE(test_complete_on_a_full_disk),
        CASE(test_parts),
        CASE(test_frame_larger_than_a_part),
        CASE(test_missing_part),
        CASE(test_frame_of_many_windows),
        CASE(test_tail_torn_at_every_byte),
        CASE(test_tail_of_other_bytes),
        CASE(test_first_frame_torn_leaves_no_file),
        CASE(test_reading_passes_over_a_torn_tail),
        CASE(test_every_changed_byte_is_seen),
        CASE(test_last_frame_of_a_whole_scan),
        CASE(test_refused_mending_changes_nothing),
        CASE(test_several_damaged_frames),
        CASE(test_what_was_set_aside_stays),
        CASE(test_damage_in_a_part_before_the_last),
        CASE(test_frames_that_are_not_ours),
        CASE(test_claimed_size_is_bounded),
        CASE(test_tail_too_long_to_be_torn),
        CASE(test_reader_may_refuse),
        CASE(test_what_the_machine_lacks),
        CASE(test_short_and_interrupted_writes),
        CASE(test_full_disk),
        CASE(test_full_disk_at_a_new_part),
        CASE(test_failed_sync_counts_nothing),
        CASE(test_many_frames),
        CASE(test_reasons),
        CASE(test_a_part_that_shrinks_is_not_mended),
        CASE(test_without_standard_input),
        CASE(test_no_directory),
        CASE(test_a_part_whose_name_is_not_durable),
        CASE(test_a_disk_that_takes_nothing),
        CASE(test_no_file_stays_open),
        CASE(test_stream_tells_when_to_flush),
        CASE(test_stream_that_is_full),
        CASE(test_kill_9_at_any_moment),
    };
    return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
