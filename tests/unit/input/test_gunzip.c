/* gzip members as they come from files: whole, in slices, one after another, cut off, damaged. zlib is the
 * second judge. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <zlib.h>

#include "input/gunzip.h"

enum { PACKED_BYTES = 64 * 1024, PLAIN_BYTES = 40000, ROOM = 128 * 1024, GZIP_WINDOW = 15 + 16 };

struct packed {
    uint8_t bytes[PACKED_BYTES];
    size_t len;
};

static uint8_t plain[PLAIN_BYTES];

/* Lines of a list, of which deflate makes matches at every distance, and some bytes that do not pack. */
static void make_plain(void)
{
    uint32_t state = 1;
    for (size_t i = 0; i < sizeof plain; i++) {
        state = state * 1103515245 + 12345;
        bool noise = i % 5000 < 700;
        plain[i] = noise ? (uint8_t)(state >> 16)
                         : (uint8_t)("example.org\nexample.net\nns1."[(i + (state >> 30)) % 28]);
    }
}

/* Adds a member with `len` bytes of the plain text; header may be NULL. */
static void add_member(struct packed *packed, size_t len, int level, int strategy, gz_header *header)
{
    z_stream stream = {0};
    assert_int_equal(deflateInit2(&stream, level, Z_DEFLATED, GZIP_WINDOW, 8, strategy), Z_OK);
    if (header != NULL)
        assert_int_equal(deflateSetHeader(&stream, header), Z_OK);
    stream.next_in = plain;
    stream.avail_in = (uInt)len;
    stream.next_out = packed->bytes + packed->len;
    stream.avail_out = (uInt)(PACKED_BYTES - packed->len);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    packed->len = PACKED_BYTES - stream.avail_out;
    assert_int_equal(deflateEnd(&stream), Z_OK);
}

struct unpacked {
    uint8_t bytes[ROOM];
    size_t len;
    size_t members;
    bool corrupt;
    bool open; /* the last member is not at its end */
};

/* Unpacks members until the input ends or is found to be wrong: `slice` bytes go in at a time, `room` come
 * out. */
static void unpack(struct bytes in, size_t slice, size_t room, struct unpacked *out)
{
    struct gunzip *gunzip = gunzip_new();
    assert_non_null(gunzip);
    *out = (struct unpacked){.open = false};
    enum gunzip_result result = GUNZIP_END;
    size_t got = room;
    struct bytes part = {in.data, 0};
    while (result != GUNZIP_CORRUPT &&
           (in.len > 0 || part.len > 0 || (result == GUNZIP_MORE && got == room))) {
        if (part.len == 0) {
            size_t len = in.len < slice ? in.len : slice;
            part = bytes_make(in.data, len);
            in = bytes_behind(in, len);
        }
        if (result == GUNZIP_END)
            gunzip_reset(gunzip);
        const char *reason = NULL;
        assert_true(out->len + room <= ROOM);
        result = gunzip_step(gunzip, &part, out->bytes + out->len, room, &got, &reason);
        assert_int_not_equal(result, GUNZIP_MEMORY);
        assert_true(result != GUNZIP_CORRUPT || reason != NULL);
        out->len += got;
        out->members += result == GUNZIP_END;
    }
    out->corrupt = result == GUNZIP_CORRUPT;
    out->open = result == GUNZIP_MORE;
    gunzip_free(gunzip);
}

/* Whether zlib takes the bytes for one whole member, and what it makes of them. */
static bool zlib_takes(struct bytes in, struct unpacked *out)
{
    z_stream stream = {
        .next_in = (Bytef *)in.data, .avail_in = (uInt)in.len, .next_out = out->bytes, .avail_out = ROOM};
    assert_int_equal(inflateInit2(&stream, GZIP_WINDOW), Z_OK);
    int result = inflate(&stream, Z_FINISH);
    out->len = ROOM - stream.avail_out;
    bool whole = result == Z_STREAM_END && stream.avail_in == 0;
    (void)inflateEnd(&stream);
    return whole;
}

static void members_come_out_whole_in_any_slices(void **state)
{
    (void)state;
    static struct packed packed;
    static struct unpacked out;
    static const size_t lens[] = {0, 1, 5000, 20000, 12000};
    gz_header header = {.name = (Bytef *)"zone",
                        .name_max = 5,
                        .extra = (Bytef *)"ab\2\0xy",
                        .extra_len = 6,
                        .comment = (Bytef *)"c",
                        .hcrc = 1};
    packed.len = 0;
    add_member(&packed, lens[0], 6, Z_DEFAULT_STRATEGY, NULL);
    add_member(&packed, lens[1], 9, Z_FIXED, &header);
    add_member(&packed, lens[2], 0, Z_DEFAULT_STRATEGY, NULL);
    add_member(&packed, lens[3], 6, Z_DEFAULT_STRATEGY, &header);
    add_member(&packed, lens[4], 1, Z_HUFFMAN_ONLY, NULL);
    static const size_t slices[] = {1, 2, 3, 5, 7, 8, 9, 13, 64, 1000, 4096, PACKED_BYTES},
                        rooms[] = {1, 9, 300, 32768};
    for (size_t i = 0; i < sizeof slices / sizeof *slices; i++)
        for (size_t j = 0; j < sizeof rooms / sizeof *rooms; j++) {
            unpack(bytes_make(packed.bytes, packed.len), slices[i], rooms[j], &out);
            assert_false(out.corrupt);
            assert_false(out.open);
            assert_int_equal(out.members, 5);
            size_t at = 0;
            for (size_t k = 0; k < 5; k++) {
                assert_true(at + lens[k] <= out.len);
                assert_memory_equal(out.bytes + at, plain, lens[k]);
                at += lens[k];
            }
            assert_int_equal(out.len, at);
        }
}

static void a_member_that_is_cut_off_is_never_at_its_end(void **state)
{
    (void)state;
    static struct packed packed;
    static struct unpacked out;
    packed.len = 0;
    add_member(&packed, 3000, 6, Z_DEFAULT_STRATEGY, NULL);
    for (size_t len = 1; len < packed.len; len++) {
        unpack(bytes_make(packed.bytes, len), PACKED_BYTES, 4096, &out);
        assert_true(out.open);
        assert_int_equal(out.members, 0);
        assert_memory_equal(out.bytes, plain, out.len);
    }
}

static void a_wrong_bit_is_found_as_zlib_finds_it(void **state)
{
    (void)state;
    static struct packed packed;
    static struct unpacked out, theirs;
    packed.len = 0;
    add_member(&packed, 2000, 6, Z_DEFAULT_STRATEGY, NULL);
    for (size_t bit = 0; bit < packed.len * 8; bit++) {
        packed.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        bool whole = zlib_takes(bytes_make(packed.bytes, packed.len), &theirs);
        unpack(bytes_make(packed.bytes, packed.len), PACKED_BYTES, 4096, &out);
        bool taken = !out.corrupt && !out.open && out.members == 1;
        assert_int_equal(taken, whole);
        if (taken)
            assert_memory_equal(out.bytes, plain, 2000);
        packed.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void what_is_no_gzip_is_refused(void **state)
{
    (void)state;
    static struct unpacked out;
    static const char *const texts[] = {"example.org\nexample.net\n",
                                        "\x1f\x8b\x07\0\0\0\0\0\0\3xxxxxxxxxxxx",
                                        "\x1f\x8b\x08\0\0\0\0\0\0\3\xff\xff\xff\xff\xff\xff"};
    static const size_t lens[] = {24, 22, 16};
    for (size_t i = 0; i < 3; i++) {
        unpack(bytes_make(texts[i], lens[i]), PACKED_BYTES, 4096, &out);
        assert_true(out.corrupt);
        assert_int_equal(out.members, 0);
    }
}

int main(void)
{
    make_plain();
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_out_whole_in_any_slices),
        cmocka_unit_test(a_member_that_is_cut_off_is_never_at_its_end),
        cmocka_unit_test(a_wrong_bit_is_found_as_zlib_finds_it),
        cmocka_unit_test(what_is_no_gzip_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
