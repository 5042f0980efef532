/* Files to names: compression, hashes, what cannot be read, and how a reading ends early. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "input/input.h"
#include "tests/unit/told.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct input_asked anything = {.columns = ""}, plain = {.format = INPUT_PLAIN, .columns = ""};

static char directory[] = "/tmp/stsweep-input-XXXXXX";

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) == NULL;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

/* A file that is gone again after file_remove. */
static const char *file_make(char path[64], const char *name, struct bytes data)
{
    (void)snprintf(path, 64, "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data.data, 1, data.len, file), data.len);
    assert_int_equal(fclose(file), 0);
    return path;
}

static enum error read_one(const char *path, struct told *told, struct input_file *file, char why[256])
{
    struct buf reason;
    buf_init(&reason, 255);
    told_init(told);
    *file = (struct input_file){.path = path};
    struct input_sink sink = sink_of(told);
    enum error error = input_read(file, 1, &anything, &sink, NULL, NULL, &reason);
    (void)snprintf(why, 256, "%s", buf_string(&reason));
    buf_dispose(&reason);
    return error;
}

/* Reads data as a file; leaves what was told in `told` for the caller to dispose of. */
static enum error read_bytes(struct bytes data, struct told *told, struct input_file *file, char why[256])
{
    char path[64];
    enum error error = read_one(file_make(path, "list", data), told, file, why);
    assert_int_equal(unlink(path), 0);
    return error;
}

static size_t gzip(const char *text, uint8_t *out, size_t size)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_in = (z_const Bytef *)text;
    stream.avail_in = (uInt)strlen(text);
    stream.next_out = out;
    stream.avail_out = (uInt)size;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t len = stream.total_out;
    assert_int_equal(deflateEnd(&stream), Z_OK);
    return len;
}

static size_t zstd(const char *text, uint8_t *out, size_t size)
{
    size_t len = ZSTD_compress(out, size, text, strlen(text), 3);
    assert_false(ZSTD_isError(len));
    return len;
}

typedef size_t (*packer)(const char *text, uint8_t *out, size_t size);
static const packer packers[] = {gzip, zstd};

static void a_file_is_told_with_its_hash(void **state)
{
    struct told told;
    struct input_file file;
    char why[256];
    (void)state;
    assert_int_equal(read_bytes(bytes_of("a.b"), &told, &file, why), ERR_OK);
    assert_string_equal(file.sha256, "2e7336dc8eba87ef472df568c35482abf2575dc3e5eac0c5c62b8ffaeac2c934");
    assert_int_equal(file.bytes, 3);
    assert_int_equal(file.lines, 1);
    assert_int_equal(file.inputs, 1);
    assert_int_equal(file.form.format, INPUT_PLAIN);
    assert_string_equal(why, "");
    buf_dispose(&told.text);
    assert_int_equal(read_bytes(bytes_of("# x\n1,a.b\n2,@\n"), &told, &file, why), ERR_OK);
    assert_int_equal(file.lines, 3);
    assert_int_equal(file.inputs, 2);
    assert_int_equal(file.form.format, INPUT_CSV);
    buf_dispose(&told.text);
    assert_int_equal(read_bytes(bytes_of(""), &told, &file, why), ERR_OK);
    assert_string_equal(file.sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    buf_dispose(&told.text);
}

static void compression_is_told_by_content(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(packers); i++) {
        struct told told;
        struct input_file file;
        char why[256];
        uint8_t packed[512];
        /* Two members or frames, a name across their border. */
        size_t len = packers[i]("a.example\nb.exa", packed, sizeof packed);
        len += packers[i]("mple\nc.example", packed + len, sizeof packed - len);
        assert_int_equal(read_bytes(bytes_make(packed, len), &told, &file, why), ERR_OK);
        assert_string_equal(buf_string(&told.text), "1 a.example 0 -\n2 b.example 0 -\n3 c.example 0 -\n");
        assert_int_equal(file.bytes, len);
        buf_dispose(&told.text);
    }
}

static void padding_and_skippable_frames_are_read_over(void **state)
{
    static const uint8_t skippable[] = {0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 'x', '\n'};
    struct told told;
    struct input_file file;
    char why[256];
    uint8_t packed[512] = {0};
    (void)state;
    size_t len = gzip("a.example\n", packed, sizeof packed);
    assert_int_equal(read_bytes(bytes_make(packed, len + 100), &told, &file, why), ERR_OK);
    assert_string_equal(buf_string(&told.text), "1 a.example 0 -\n");
    buf_dispose(&told.text);
    memcpy(packed, skippable, sizeof skippable);
    len = sizeof skippable + zstd("a.example\n", packed + sizeof skippable, sizeof packed - sizeof skippable);
    assert_int_equal(read_bytes(bytes_make(packed, len), &told, &file, why), ERR_OK);
    assert_string_equal(buf_string(&told.text), "1 a.example 0 -\n");
    buf_dispose(&told.text);
}

/* A list of names that does not compress to nothing. */
static char *many_names(size_t count)
{
    char *text = malloc(count * 32 + 1);
    size_t len = 0;
    assert_non_null(text);
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(text + len, 32, "n%zx.example\n", i * 2654435761u % 4294967291u);
    return text;
}

static void a_cut_stream_is_corrupt_after_what_it_held(void **state)
{
    enum { NAMES = 20000, PACKED = 1 << 20 };
    char *text = many_names(NAMES);
    uint8_t *packed = malloc(PACKED);
    (void)state;
    assert_non_null(packed);
    for (size_t i = 0; i < COUNT(packers); i++) {
        struct told told;
        struct input_file file;
        char why[256];
        size_t len = packers[i](text, packed, PACKED);
        assert_int_equal(read_bytes(bytes_make(packed, len), &told, &file, why), ERR_OK);
        assert_int_equal(told.names, NAMES);
        buf_dispose(&told.text);
        assert_int_equal(read_bytes(bytes_make(packed, len - 1), &told, &file, why), ERR_LIST);
        assert_non_null(strstr(why, "/list:"));
        assert_non_null(strstr(why, "cut off"));
        assert_string_equal(file.sha256, "");
        buf_dispose(&told.text);
        assert_int_equal(read_bytes(bytes_make(packed, len * 3 / 4), &told, &file, why), ERR_LIST);
        assert_in_range(told.names, 1, NAMES - 1);
        assert_int_equal(told.rejects, 0);
        buf_dispose(&told.text);
        assert_int_equal(read_bytes(bytes_make(packed, 2 + 2 * i), &told, &file, why), ERR_LIST);
        assert_int_equal(told.names + told.rejects, 0);
        buf_dispose(&told.text);
    }
    free(packed);
    free(text);
}

static void half_a_name_is_not_taken_for_one(void **state)
{
    struct told told;
    struct input_file file;
    char why[256];
    uint8_t packed[512];
    (void)state;
    /* Without its trailer the text is all there, but nothing says so. */
    size_t len = gzip("a.example\nb.example.co", packed, sizeof packed);
    assert_int_equal(read_bytes(bytes_make(packed, len - 8), &told, &file, why), ERR_LIST);
    assert_string_equal(buf_string(&told.text), "1 a.example 0 -\n");
    buf_dispose(&told.text);
}

static void damaged_streams_are_corrupt(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(packers); i++) {
        struct told told;
        struct input_file file;
        char why[256];
        uint8_t packed[512];
        size_t len = packers[i]("a.example\nb.example\n", packed, sizeof packed);
        memcpy(packed + len, "garbage", 7);
        assert_int_equal(read_bytes(bytes_make(packed, len + 7), &told, &file, why), ERR_LIST);
        assert_int_equal(told.names, 2);
        buf_dispose(&told.text);
        packed[i == 0 ? 3 : 4] = 0xff; /* reserved flags of the header */
        assert_int_equal(read_bytes(bytes_make(packed, len), &told, &file, why), ERR_LIST);
        assert_int_equal(told.names, 0);
        buf_dispose(&told.text);
    }
}

/* What zstd --long=30 makes is whole, and is not called damaged. */
static void a_window_too_large_is_said(void **state)
{
    static const uint8_t packed[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 0x01, 0x00, 0x00};
    static const uint8_t fits[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 17 << 3, 0x01, 0x00, 0x00};
    struct told told;
    struct input_file file;
    char why[256];
    (void)state;
    assert_int_equal(read_bytes(bytes_make(packed, sizeof packed), &told, &file, why), ERR_LIMIT);
    assert_non_null(strstr(why, "/list: it was packed with a window of more than 128 MiB; unpack it first "
                                "(zstd -d --long=31)"));
    buf_dispose(&told.text);
    assert_int_equal(read_bytes(bytes_make(fits, sizeof fits), &told, &file, why), ERR_OK);
    buf_dispose(&told.text);
}

static void what_cannot_be_read_is_said(void **state)
{
    struct told told;
    struct input_file file;
    char why[256], path[64];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/missing", directory);
    assert_int_equal(read_one(path, &told, &file, why), ERR_IO);
    assert_non_null(strstr(why, "/missing: cannot open: No such file"));
    assert_int_equal(read_one(directory, &told, &file, why), ERR_IO);
    assert_non_null(strstr(why, "cannot read: Is a directory"));
}

static void ordinals_run_over_files(void **state)
{
    char first[64], second[64];
    struct told told;
    struct buf why;
    (void)state;
    told_init(&told);
    buf_init(&why, 255);
    struct input_file files[] = {{.path = file_make(first, "1", bytes_of("a.example\n@\n"))},
                                 {.path = file_make(second, "2", bytes_of("# x\n5,b.example\n@\n"))}};
    struct input_sink sink = sink_of(&told);
    assert_int_equal(input_read(files, 2, &anything, &sink, NULL, NULL, &why), ERR_OK);
    assert_string_equal(buf_string(&told.text),
                        "1 a.example 0 -\n2! input.is-email 2 @\n3 b.example 5 -\n4! input.is-email 3 @\n");
    assert_int_equal(files[0].form.format, INPUT_PLAIN);
    assert_int_equal(files[1].form.format, INPUT_CSV);
    assert_int_equal(files[0].inputs, 2);
    assert_int_equal(files[1].inputs, 2);
    assert_int_equal(unlink(first), 0);
    assert_int_equal(unlink(second), 0);
    buf_dispose(&told.text);
    buf_dispose(&why);
}

static void the_sink_can_end_it(void **state)
{
    char path[64];
    struct told told;
    struct buf why;
    (void)state;
    told_init(&told);
    told.stop_after = 2;
    buf_init(&why, 255);
    struct input_file file = {.path = file_make(path, "list", bytes_of("a.b\nc.d\ne.f\n"))};
    struct input_sink sink = sink_of(&told);
    assert_int_equal(input_read(&file, 1, &plain, &sink, NULL, NULL, &why), ERR_FULL);
    assert_int_equal(told.names, 2);
    assert_non_null(strstr(buf_string(&why), "/list:2: no space"));
    assert_int_equal(unlink(path), 0);
    buf_dispose(&told.text);
    buf_dispose(&why);
}

static bool after_some(void *arg)
{
    int *left = arg;
    return --*left < 0;
}

static void a_stop_ends_it(void **state)
{
    char path[64];
    struct told told;
    struct buf why;
    (void)state;
    told_init(&told);
    buf_init(&why, 255);
    struct input_file file = {.path = file_make(path, "list", bytes_of("a.b\nc.d\ne.f\n"))};
    struct input_sink sink = sink_of(&told);
    int left = 3; /* one for the piece, two for lines */
    assert_int_equal(input_read(&file, 1, &plain, &sink, after_some, &left, &why), ERR_STOPPED);
    assert_int_equal(told.names, 2);
    assert_int_equal(unlink(path), 0);
    buf_dispose(&told.text);
    buf_dispose(&why);
}

static void standard_input_is_read_and_a_silent_one_left(void **state)
{
    struct told told;
    struct input_file file;
    char why[256];
    int ends[2], kept = dup(STDIN_FILENO);
    (void)state;
    assert_true(kept >= 0);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    assert_int_equal(write(ends[1], "a.example\nb.example", 19), 19);
    int left = 4;
    struct buf reason;
    buf_init(&reason, 255);
    told_init(&told);
    file = (struct input_file){.path = "-"};
    struct input_sink sink = sink_of(&told);
    assert_int_equal(input_read(&file, 1, &plain, &sink, after_some, &left, &reason), ERR_STOPPED);
    assert_int_equal(told.names, 1);
    buf_dispose(&told.text);
    buf_dispose(&reason);
    assert_int_equal(write(ends[1], "a.example\nb.example", 19), 19);
    assert_int_equal(close(ends[1]), 0);
    assert_int_equal(read_one("-", &told, &file, why), ERR_OK);
    assert_string_equal(buf_string(&told.text), "1 a.example 0 -\n2 b.example 0 -\n");
    assert_int_equal(file.bytes, 19);
    buf_dispose(&told.text);
    assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
    (void)close(kept);
    (void)close(ends[0]);
}

/* 300 MB of one line in 2 MB of gzip: neither memory nor an input for it. */
static void a_bomb_is_one_reject(void **state)
{
    enum { MEGABYTES = 300, PACKED = 4 << 20 };
    struct told told;
    struct input_file file;
    char why[256];
    uint8_t *packed = malloc(PACKED), *zeros = calloc(1, 1 << 20);
    z_stream stream = {0};
    struct rusage before, after;
    (void)state;
    assert_true(packed != NULL && zeros != NULL);
    assert_int_equal(deflateInit2(&stream, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    stream.next_out = packed;
    stream.avail_out = PACKED;
    for (int i = 0; i < MEGABYTES; i++) {
        stream.next_in = zeros;
        stream.avail_in = 1 << 20;
        assert_int_equal(deflate(&stream, Z_NO_FLUSH), Z_OK);
    }
    while (deflate(&stream, Z_FINISH) == Z_OK)
        assert_true(stream.avail_out > 0);
    size_t len = stream.total_out;
    assert_int_equal(deflateEnd(&stream), Z_OK);
    assert_int_equal(getrusage(RUSAGE_SELF, &before), 0);
    assert_int_equal(read_bytes(bytes_make(packed, len), &told, &file, why), ERR_OK);
    assert_int_equal(getrusage(RUSAGE_SELF, &after), 0);
    assert_int_equal(told.rejects, 1);
    assert_int_equal(told.names, 0);
    assert_true(after.ru_maxrss - before.ru_maxrss < 16 * 1024);
    buf_dispose(&told.text);
    free(zeros);
    free(packed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_told_with_its_hash),
        cmocka_unit_test(compression_is_told_by_content),
        cmocka_unit_test(padding_and_skippable_frames_are_read_over),
        cmocka_unit_test(a_cut_stream_is_corrupt_after_what_it_held),
        cmocka_unit_test(half_a_name_is_not_taken_for_one),
        cmocka_unit_test(damaged_streams_are_corrupt),
        cmocka_unit_test(a_window_too_large_is_said),
        cmocka_unit_test(what_cannot_be_read_is_said),
        cmocka_unit_test(ordinals_run_over_files),
        cmocka_unit_test(the_sink_can_end_it),
        cmocka_unit_test(a_stop_ends_it),
        cmocka_unit_test(standard_input_is_read_and_a_silent_one_left),
        cmocka_unit_test(a_bomb_is_one_reject),
    };
    return cmocka_run_group_tests_name("input", tests, make_directory, remove_directory);
}
