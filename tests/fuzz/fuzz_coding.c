/*
 * A coded policy: the first byte chooses the codings, the rest is the body. What comes out never passes the
 * ceiling, and a larger ceiling changes nothing of what fits the smaller one. One coding alone is judged a
 * second time, by the library's own way to decode all at once.
 */
#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include "scanner/base/buf.h"
#include "scanner/coding/coding.h"
#include "tests/fuzz/target.h"

enum { SMALL_BYTES = 4096, LARGE_BYTES = 65536, GZIP_WINDOW = 15 + 16 };

static const char *const lists[] = {
    "gzip",     "deflate",    "br",       "zstd",          "gzip, gzip",
    "br, gzip", "zstd, gzip", "gzip, br", "gzip, deflate", "br, br, zstd, deflate, gzip"};

static enum coding_end undo(const char *list, struct bytes coded, struct buf *out, size_t ceiling)
{
    buf_init(out, ceiling);
    enum coding_end end = coding_undo(list, coded, out);
    expect(out->len <= ceiling ? NULL : "past the ceiling");
    expect(end != CODING_NONE && end != CODING_UNKNOWN ? NULL : "a list that is known");
    return end;
}

/* ---- the second judge: true if it takes all, and it fits --------------------------------------------------- */

static bool gunzip(struct bytes coded, uint8_t *out, size_t *len)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)coded.data, .avail_in = (uInt)coded.len};
    int result = inflateInit2(&stream, GZIP_WINDOW);
    stream.next_out = out;
    stream.avail_out = LARGE_BYTES;
    do
        result = result == Z_OK ? inflate(&stream, Z_FINISH) : result;
    while (result == Z_STREAM_END && stream.avail_in > 0 && (result = inflateReset(&stream)) == Z_OK);
    *len = LARGE_BYTES - stream.avail_out;
    (void)inflateEnd(&stream);
    return result == Z_STREAM_END;
}

/* What stands behind the end would be no fault to BrotliDecoderDecompress. */
static bool unbrotli(struct bytes coded, uint8_t *out, size_t *len)
{
    BrotliDecoderState *state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    size_t room = LARGE_BYTES;
    if (state == NULL)
        abort();
    BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state, &coded.len, &coded.data, &room, &out, NULL);
    BrotliDecoderDestroyInstance(state);
    *len = LARGE_BYTES - room;
    return result == BROTLI_DECODER_RESULT_SUCCESS && coded.len == 0;
}

/* Streams pass over a compressed block of no bytes, which ZSTD_decompress (1.5.4) refuses; so then a stream
 * judges that has all of the room at once. */
static bool unzstd(struct bytes coded, uint8_t *out, size_t *len)
{
    *len = ZSTD_decompress(out, LARGE_BYTES, coded.data, coded.len);
    if (!ZSTD_isError(*len))
        return true;
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_inBuffer in = {.src = coded.data, .size = coded.len};
    ZSTD_outBuffer made = {.dst = out, .size = LARGE_BYTES};
    size_t left = 0, before;
    do {
        before = in.pos + made.pos;
        left = ZSTD_decompressStream(stream, &made, &in);
    } while (!ZSTD_isError(left) && in.pos + made.pos > before && in.pos < in.size);
    (void)ZSTD_freeDStream(stream);
    *len = made.pos;
    return left == 0 && in.pos == in.size;
}

static bool judge(const char *list, struct bytes coded, uint8_t *out, size_t *len)
{
    if (strcmp(list, "gzip") == 0)
        return gunzip(coded, out, len);
    if (strcmp(list, "br") == 0)
        return unbrotli(coded, out, len);
    return unzstd(coded, out, len);
}

static void compare(const char *list, struct bytes coded, enum coding_end end, const struct buf *made)
{
    static uint8_t out[LARGE_BYTES];
    size_t len;
    if (coded.len == 0 || strchr(list, ',') != NULL || strcmp(list, "deflate") == 0)
        return;
    bool takes = judge(list, coded, out, &len);
    expect(end != CODING_WHOLE || (takes && bytes_equal(buf_bytes(made), bytes_make(out, len)))
               ? NULL
               : "other bytes than the library's");
    /* What the library takes is whole here, but for ceilings of ours; zstd's on the window is told as damage.
     */
    expect(!takes || end == CODING_WHOLE || end == CODING_TOO_LARGE || end == CODING_LIMIT ||
                   (end == CODING_CORRUPT && strcmp(list, "zstd") == 0)
               ? NULL
               : "refused, and the library takes it");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf small, large;
    if (size == 0)
        return 0;
    const char *list = lists[data[0] % (sizeof lists / sizeof *lists)];
    struct bytes coded = bytes_make(data + 1, size - 1);
    enum coding_end cut = undo(list, coded, &small, SMALL_BYTES);
    enum coding_end end = undo(list, coded, &large, LARGE_BYTES);
    expect(end != CODING_LIMIT || cut == CODING_LIMIT ? NULL : "the ceiling changes a limit");
    if (cut != CODING_TOO_LARGE)
        expect(cut == end && bytes_equal(buf_bytes(&small), buf_bytes(&large)) ? NULL
                                                                               : "the ceiling changes it");
    compare(list, coded, end, &large);
    buf_dispose(&small);
    buf_dispose(&large);
    return 0;
}
