/* Decodes gzip (RFC 1952) and deflate (RFC 1950, and RFC 1951 alone, as some servers send it). */
#include <zlib.h>

#include "scanner/coding/coding_parts.h"

enum { WINDOW = 15, GZIP = 16, HEADER_BYTES = 2 };

/* Says what inflate's return means; CODING_WHOLE at the end of a stream, CODING_NONE to go on. */
static enum coding_end end_of(int result, const z_stream *stream)
{
    if (result == Z_STREAM_END)
        return CODING_WHOLE;
    if (result == Z_MEM_ERROR)
        return CODING_LIMIT;
    if (result == Z_BUF_ERROR || (result == Z_OK && stream->avail_in == 0 && stream->avail_out > 0))
        return CODING_CUT;
    return result == Z_OK ? CODING_NONE : CODING_CORRUPT;
}

/* Inflates one stream. */
static enum coding_end inflate_one(z_stream *stream, struct buf *out)
{
    uint8_t piece[CODING_PIECE];
    enum coding_end end = CODING_NONE;
    while (end == CODING_NONE) {
        stream->next_out = piece;
        stream->avail_out = sizeof piece;
        end = end_of(inflate(stream, Z_NO_FLUSH), stream);
        if (!coding_put(out, piece, sizeof piece - stream->avail_out))
            return CODING_TOO_LARGE;
    }
    return end;
}

/* Members may follow each other, and nothing else may (RFC 1952 section 2.2). */
static enum coding_end inflate_all(z_stream *stream, bool members, struct buf *out)
{
    enum coding_end end = inflate_one(stream, out);
    while (end == CODING_WHOLE && stream->avail_in > 0)
        end = members && inflateReset(stream) == Z_OK ? inflate_one(stream, out) : CODING_CORRUPT;
    return end;
}

static enum coding_end undo(struct bytes coded, int window, bool members, struct buf *out)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)coded.data, .avail_in = (uInt)coded.len};
    if (coded.len > UINT32_MAX || inflateInit2(&stream, window) != Z_OK)
        return CODING_LIMIT;
    enum coding_end end = inflate_all(&stream, members, out);
    (void)inflateEnd(&stream);
    return end;
}

enum coding_end coding_gzip(struct bytes coded, struct buf *out)
{
    return undo(coded, WINDOW + GZIP, true, out);
}

/* RFC 9110 section 8.4.1.2 has zlib's format, and notes that some send the data without it. Its first bytes
 * tell: method 8, and a multiple of 31. */
static bool has_zlib_header(struct bytes coded)
{
    return coded.len >= HEADER_BYTES && (coded.data[0] & 0x0f) == Z_DEFLATED &&
           (coded.data[0] << 8 | coded.data[1]) % 31 == 0;
}

enum coding_end coding_deflate(struct bytes coded, struct buf *out)
{
    return undo(coded, has_zlib_header(coded) ? WINDOW : -WINDOW, false, out);
}
