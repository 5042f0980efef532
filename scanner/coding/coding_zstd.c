/* Decodes Zstandard (RFC 8878) with windows of up to 8 MiB, as the coding has them (RFC 9659). */
#include <zstd.h>
#include <zstd_errors.h>

#include "scanner/coding/coding_parts.h"

enum { WINDOW_LOG = 23 };

static bool is_memory(size_t result)
{
    return ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation;
}

/* Frames may follow each other (RFC 8878 section 3.1). */
static enum coding_end run(ZSTD_DStream *stream, struct bytes coded, struct buf *out)
{
    uint8_t piece[CODING_PIECE];
    ZSTD_inBuffer in = {.src = coded.data, .size = coded.len};
    for (;;) {
        ZSTD_outBuffer made = {.dst = piece, .size = sizeof piece};
        size_t result = ZSTD_decompressStream(stream, &made, &in);
        if (!coding_put(out, piece, made.pos))
            return CODING_TOO_LARGE;
        if (ZSTD_isError(result))
            return is_memory(result) ? CODING_LIMIT : CODING_CORRUPT;
        if (result == 0 && in.pos == in.size)
            return CODING_WHOLE;
        if (in.pos == in.size && made.pos < made.size)
            return CODING_CUT;
    }
}

enum coding_end coding_zstd(struct bytes coded, struct buf *out)
{
    ZSTD_DStream *stream = ZSTD_createDStream();
    if (stream == NULL)
        return CODING_LIMIT;
    enum coding_end end = CODING_LIMIT;
    if (!ZSTD_isError(ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, WINDOW_LOG)))
        end = run(stream, coded, out);
    (void)ZSTD_freeDStream(stream);
    return end;
}
