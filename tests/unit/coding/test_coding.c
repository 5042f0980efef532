/* Content codings undone: what an encoder made comes back, and what a stranger made costs no more than the
 * ceiling (POL-9). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "scanner/coding/coding.h"

enum { CEILING = 64 * 1024, ROOM = 4 * 1024 * 1024, GZIP = 15 + 16, ZLIB = 15, RAW = -15 };

#define POLICY "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.test\r\nmax_age: 604800\r\n"

/* POLICY by the reference encoder, which is no dependency of ours: brotli -q 11. */
static const uint8_t policy_br[] = {
    0x8b, 0x22, 0x80, 0x76, 0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x3a, 0x20, 0x53, 0x54, 0x53,
    0x76, 0x31, 0x0d, 0x0a, 0x6d, 0x6f, 0x64, 0x65, 0x3a, 0x20, 0x65, 0x6e, 0x66, 0x6f, 0x72,
    0x63, 0x65, 0x0d, 0x0a, 0x6d, 0x78, 0x3a, 0x20, 0x6d, 0x78, 0x31, 0x2e, 0x65, 0x78, 0x61,
    0x6d, 0x70, 0x6c, 0x65, 0x2e, 0x74, 0x65, 0x73, 0x74, 0x0d, 0x0a, 0x6d, 0x61, 0x78, 0x5f,
    0x61, 0x67, 0x65, 0x3a, 0x20, 0x36, 0x30, 0x34, 0x38, 0x30, 0x30, 0x0d, 0x0a, 0x03,
};

/* Zeros by the same: 64 KiB, one byte more, and 4 MiB with a window of 16 MiB. */
static const uint8_t full_br[] = {
    0x1b, 0xff, 0xff, 0xf8, 0x27, 0x00, 0xe2, 0xb1, 0x40, 0x20, 0xf7, 0x1e, 0x00,
};
static const uint8_t over_br[] = {
    0x5b, 0x00, 0x00, 0x81, 0x7f, 0x02, 0x20, 0x1e, 0x0b, 0x04, 0x74, 0xef, 0x01, 0x00,
};
static const uint8_t bomb_br[] = {
    0x9f, 0xff, 0xff, 0x3f, 0xf8, 0x27, 0x00, 0xe2, 0xb1, 0x40, 0x20, 0xf7, 0xfe, 0x07,
};

static uint8_t space[2][ROOM];

/* Compresses to space[at]. */
static struct bytes deflated(struct bytes plain, int window, int at)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)plain.data,
                       .avail_in = (uInt)plain.len,
                       .next_out = space[at],
                       .avail_out = ROOM};
    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    size_t len = ROOM - stream.avail_out;
    assert_int_equal(deflateEnd(&stream), Z_OK);
    return bytes_make(space[at], len);
}

static struct bytes by_zstd(struct bytes plain, int at)
{
    size_t len = ZSTD_compress(space[at], ROOM, plain.data, plain.len, 3);
    assert_false(ZSTD_isError(len));
    return bytes_make(space[at], len);
}

static struct bytes joined(struct bytes a, struct bytes b, uint8_t *to)
{
    memcpy(to, a.data, a.len);
    memcpy(to + a.len, b.data, b.len);
    return bytes_make(to, a.len + b.len);
}

static void expect(const char *list, struct bytes coded, enum coding_end end, struct bytes plain)
{
    struct buf out;
    buf_init(&out, CEILING);
    enum coding_end got = coding_undo(list, coded, &out);
    bool same = bytes_equal(buf_bytes(&out), plain);
    if (got != end || !same)
        print_error("\"%s\": ended with %d, not %d; %zu bytes\n", list, (int)got, (int)end, out.len);
    buf_dispose(&out);
    assert_true(got == end && same);
}

/* POL-9: each coding, by each of its names. */
static void test_each_coding(void **state)
{
    const struct bytes plain = bytes_of(POLICY);
    static const char *const gzips[] = {"gzip",  "x-gzip",   "GZip",           " gzip ",
                                        ",gzip", "gzip,\t,", "identity, gzip", "gzip,identity"};
    (void)state;
    for (size_t i = 0; i < sizeof gzips / sizeof *gzips; i++)
        expect(gzips[i], deflated(plain, GZIP, 0), CODING_WHOLE, plain);
    expect("deflate", deflated(plain, ZLIB, 0), CODING_WHOLE, plain);
    expect("deflate", deflated(plain, RAW, 0), CODING_WHOLE, plain);
    expect("zstd", by_zstd(plain, 0), CODING_WHOLE, plain);
    expect("br", bytes_make(policy_br, sizeof policy_br), CODING_WHOLE, plain);
}

/* POL-9: one coding on the other is undone from the last to the first. */
static void test_stacked(void **state)
{
    const struct bytes plain = bytes_of(POLICY);
    (void)state;
    struct bytes twice = deflated(deflated(plain, GZIP, 0), GZIP, 1);
    expect("gzip, gzip", twice, CODING_WHOLE, plain);
    expect("gzip, identity, x-gzip", twice, CODING_WHOLE, plain);
    expect("gzip", twice, CODING_WHOLE, deflated(plain, GZIP, 0));
    expect("gzip, zstd", by_zstd(deflated(plain, GZIP, 0), 1), CODING_WHOLE, plain);
    expect("zstd, gzip", by_zstd(deflated(plain, GZIP, 0), 1), CODING_CORRUPT, bytes_of(""));
    expect("br,deflate", deflated(bytes_make(policy_br, sizeof policy_br), ZLIB, 0), CODING_WHOLE, plain);
    struct bytes layers = deflated(plain, GZIP, 0);
    for (int i = 1; i < CODINGS_MOST; i++)
        layers = deflated(layers, GZIP, i % 2);
    expect("gzip,gzip,gzip,gzip,gzip", layers, CODING_WHOLE, plain);
    expect("gzip,gzip,gzip,gzip,gzip,gzip", layers, CODING_LIMIT, bytes_of(""));
}

/* POL-9: what is no coding, and what is none that is known. */
static void test_lists(void **state)
{
    static const char *const nones[] = {"", "identity", "IDENTITY", " , identity ,", "identity,identity"};
    static const char *const unknown[] = {"compress",
                                          "utf-8",
                                          "none",
                                          "gzip;q=1",
                                          "aws-chunked",
                                          "gzi",
                                          "gzipp",
                                          "gzip, unknown",
                                          "unknown,gzip",
                                          "dcb",
                                          "gzip gzip",
                                          "\\000",
                                          "gzip,gzip,gzip,gzip,gzip,gzip,x"};
    (void)state;
    struct bytes coded = deflated(bytes_of(POLICY), GZIP, 0);
    for (size_t i = 0; i < sizeof nones / sizeof *nones; i++)
        expect(nones[i], coded, CODING_NONE, bytes_of(""));
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        expect(unknown[i], coded, CODING_UNKNOWN, bytes_of(""));
    expect("gzip", bytes_of(""), CODING_WHOLE, bytes_of(""));
}

/* Says how much of a text of 256 bytes a decoder gives when it is cut to `len` bytes, and with one bit wrong.
 */
static void expect_damage(const char *list, struct bytes coded, struct bytes plain, bool checked)
{
    static uint8_t copy[ROOM];
    for (size_t len = 1; len < coded.len; len++) {
        struct buf out;
        buf_init(&out, CEILING);
        enum coding_end end = coding_undo(list, bytes_make(coded.data, len), &out);
        assert_int_equal(end, CODING_CUT);
        assert_true(out.len <= plain.len &&
                    memcmp(out.data == NULL ? plain.data : out.data, plain.data, out.len) == 0);
        buf_dispose(&out);
    }
    for (size_t i = 0; checked && i < 8 * coded.len; i++) {
        struct buf out;
        buf_init(&out, CEILING);
        memcpy(copy, coded.data, coded.len);
        copy[i / 8] ^= (uint8_t)(1u << i % 8);
        enum coding_end end = coding_undo(list, bytes_make(copy, coded.len), &out);
        assert_true(end != CODING_WHOLE || bytes_equal(buf_bytes(&out), plain));
        buf_dispose(&out);
    }
}

/* POL-9: a stream that is cut is told from a damaged one, and never passes for whole. */
static void test_damage(void **state)
{
    static uint8_t more[ROOM];
    const struct bytes plain = bytes_of(POLICY);
    (void)state;
    expect_damage("gzip", deflated(plain, GZIP, 0), plain, true);
    expect_damage("deflate", deflated(plain, ZLIB, 0), plain, false);
    expect_damage("br", bytes_make(policy_br, sizeof policy_br), plain, false);
    expect_damage("zstd", by_zstd(plain, 0), plain, false);
    static const char *const lists[] = {"gzip", "zstd"};
    for (size_t i = 0; i < 2; i++) /* a policy that lies about being coded */
        expect(lists[i], plain, CODING_CORRUPT, bytes_of(""));
    struct bytes gzip = deflated(plain, GZIP, 0);
    expect("gzip", joined(gzip, bytes_of("x"), more), CODING_CUT, plain);
    expect("gzip", joined(gzip, bytes_of("garbage"), more), CODING_CORRUPT, plain);
    expect("deflate", joined(deflated(plain, ZLIB, 0), bytes_of("x"), more), CODING_CORRUPT, plain);
    expect("br", joined(bytes_make(policy_br, sizeof policy_br), bytes_of("x"), more), CODING_CORRUPT, plain);
}

/* RFC 1952 section 2.2, RFC 8878 section 3.1: one after the other is one text. */
static void test_members(void **state)
{
    static uint8_t more[ROOM];
    (void)state;
    struct bytes gzip = deflated(bytes_of("version: "), GZIP, 0);
    expect("gzip", joined(gzip, deflated(bytes_of("STSv1"), GZIP, 1), more), CODING_WHOLE,
           bytes_of("version: STSv1"));
    struct bytes zstd = by_zstd(bytes_of("version: "), 0);
    expect("zstd", joined(zstd, by_zstd(bytes_of("STSv1"), 1), more), CODING_WHOLE,
           bytes_of("version: STSv1"));
}

/* POL-9: of what a few bytes grow to, no more than the ceiling is made; and at the ceiling it is whole. */
static void test_bombs(void **state)
{
    static uint8_t zeros[ROOM];
    (void)state;
    struct bytes bomb = bytes_make(zeros, ROOM);
    struct bytes full = bytes_make(zeros, CEILING);
    struct bytes over = bytes_make(zeros, CEILING + 1);
    expect("gzip", deflated(full, GZIP, 0), CODING_WHOLE, full);
    expect("gzip", deflated(over, GZIP, 0), CODING_TOO_LARGE, full);
    expect("gzip", deflated(bomb, GZIP, 0), CODING_TOO_LARGE, full);
    expect("deflate", deflated(bomb, RAW, 0), CODING_TOO_LARGE, full);
    expect("zstd", by_zstd(full, 0), CODING_WHOLE, full);
    expect("zstd", by_zstd(over, 0), CODING_TOO_LARGE, full);
    expect("zstd", by_zstd(bomb, 0), CODING_TOO_LARGE, full);
    expect("br", bytes_make(full_br, sizeof full_br), CODING_WHOLE, full);
    expect("br", bytes_make(over_br, sizeof over_br), CODING_TOO_LARGE, full);
    expect("br", bytes_make(bomb_br, sizeof bomb_br), CODING_TOO_LARGE, bytes_of("")); /* it announces them */
    /* A bomb whose shell is small: what stands between two codings has a ceiling as well. */
    expect("gzip, gzip", deflated(deflated(bomb, GZIP, 0), GZIP, 1), CODING_TOO_LARGE, full);
    expect("identity, gzip, gzip", deflated(bomb, GZIP, 0), CODING_LIMIT, bytes_of(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_coding), cmocka_unit_test(test_stacked), cmocka_unit_test(test_lists),
        cmocka_unit_test(test_damage),      cmocka_unit_test(test_members), cmocka_unit_test(test_bombs),
    };
    return cmocka_run_group_tests_name("coding", tests, NULL, NULL);
}
