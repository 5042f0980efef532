/* Unpacks gzip and zstd in a stream, told by their first bytes. Does no I/O. */
#include "input/compressed.h"

#include <stdlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
    OUT_BYTES = 64 * 1024,
    SLICE_BYTES = 1024 * 1024, /* well inside the unpackers' counters */
    ZSTD_WINDOW_LOG = 27,      /* 128 MiB: what the zstd tool itself accepts unasked */
};

void compressed_init(struct compressed *compressed, compressed_sink sink, void *arg)
{
    *compressed = (struct compressed){.sink = sink, .arg = arg};
}

void compressed_dispose(struct compressed *compressed)
{
    gunzip_free(compressed->gunzip);
    ZSTD_freeDCtx(compressed->zstd);
    free(compressed->out);
    compressed_init(compressed, compressed->sink, compressed->arg);
}

static enum error damaged(struct compressed *compressed, const char *reason)
{
    compressed->reason = reason;
    return ERR_LIST;
}

/* A frame that asks for a larger window than is held is whole, and another program unpacks it. */
static enum error zstd_failed(struct compressed *compressed, size_t result)
{
    if (ZSTD_getErrorCode(result) != ZSTD_error_frameParameter_windowTooLarge)
        return damaged(compressed, ZSTD_getErrorName(result));
    compressed->reason = "it was packed with a window of more than 128 MiB; unpack it first (zstd -d "
                         "--long=31)";
    return ERR_LIMIT;
}

static enum error deliver(const struct compressed *compressed, size_t len)
{
    return len == 0 ? ERR_OK : compressed->sink(compressed->arg, bytes_make(compressed->out, len));
}

/* Looks behind a member: zero bytes are padding (tapes, block devices), anything else has to be the next
 * member. */
static bool next_member(struct compressed *compressed, struct bytes *data)
{
    while (data->len > 0 && *data->data == 0)
        *data = bytes_behind(*data, 1);
    if (data->len == 0)
        return false;
    compressed->between = false;
    gunzip_reset(compressed->gunzip);
    return true;
}

/* Unpacks once; *full says that there may be more output of what was read. */
static enum error gunzip_some(struct compressed *compressed, struct bytes *data, bool *full)
{
    size_t len = 0;
    const char *reason = "";
    enum gunzip_result result =
        gunzip_step(compressed->gunzip, data, compressed->out, OUT_BYTES, &len, &reason);
    enum error error = deliver(compressed, len);
    if (error != ERR_OK)
        return error;
    if (result == GUNZIP_MEMORY)
        return ERR_MEMORY;
    if (result == GUNZIP_CORRUPT)
        return damaged(compressed, reason);
    compressed->between = result == GUNZIP_END;
    *full = len == OUT_BYTES && result == GUNZIP_MORE;
    return ERR_OK;
}

static enum error feed_gzip(struct compressed *compressed, struct bytes data)
{
    bool full = false;
    while (data.len > 0 || full) {
        if (compressed->between && !next_member(compressed, &data))
            break;
        enum error error = gunzip_some(compressed, &data, &full);
        if (error != ERR_OK)
            return error;
    }
    return ERR_OK;
}

static enum error feed_zstd(struct compressed *compressed, struct bytes data)
{
    ZSTD_inBuffer in = {data.data, data.len, 0};
    bool full = false;
    while (in.pos < in.size || full) {
        ZSTD_outBuffer out = {compressed->out, OUT_BYTES, 0};
        size_t result = ZSTD_decompressStream(compressed->zstd, &out, &in);
        enum error error = deliver(compressed, out.pos);
        if (error != ERR_OK)
            return error;
        if (ZSTD_isError(result))
            return zstd_failed(compressed, result);
        compressed->between = result == 0;
        full = out.pos == out.size && result != 0;
    }
    return ERR_OK;
}

static enum compressed_kind kind_of(const uint8_t *magic, size_t len)
{
    static const uint8_t gzip[] = {0x1f, 0x8b}, zstd[] = {0x28, 0xb5, 0x2f, 0xfd},
                         skippable[] = {0x2a, 0x4d, 0x18};
    if (len >= sizeof gzip && memcmp(magic, gzip, sizeof gzip) == 0)
        return COMPRESSED_GZIP;
    if (len == sizeof zstd && memcmp(magic, zstd, sizeof zstd) == 0)
        return COMPRESSED_ZSTD;
    /* A file of zstd frames may begin with a skippable frame (pzstd writes such). */
    if (len == sizeof zstd && (magic[0] & 0xf0) == 0x50 &&
        memcmp(magic + 1, skippable, sizeof skippable) == 0)
        return COMPRESSED_ZSTD;
    return COMPRESSED_NOT;
}

static enum error begin(struct compressed *compressed)
{
    enum compressed_kind kind = kind_of(compressed->magic, compressed->magic_len);
    if (kind != COMPRESSED_NOT) {
        compressed->out = malloc(OUT_BYTES);
        if (compressed->out == NULL)
            return ERR_MEMORY;
    }
    if (kind == COMPRESSED_GZIP && (compressed->gunzip = gunzip_new()) == NULL)
        return ERR_MEMORY;
    if (kind == COMPRESSED_ZSTD) {
        compressed->zstd = ZSTD_createDCtx();
        if (compressed->zstd == NULL)
            return ERR_MEMORY;
        if (ZSTD_isError(ZSTD_DCtx_setParameter(compressed->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG)))
            return ERR_LIBRARY;
    }
    compressed->kind = kind;
    return ERR_OK;
}

static enum error feed_kind(struct compressed *compressed, struct bytes data)
{
    switch (compressed->kind) {
    case COMPRESSED_GZIP:
        return feed_gzip(compressed, data);
    case COMPRESSED_ZSTD:
        return feed_zstd(compressed, data);
    default:
        return compressed->sink(compressed->arg, data);
    }
}

/* Tells the kind and passes on the bytes that were held back for that. */
static enum error begin_and_feed(struct compressed *compressed)
{
    enum error error = begin(compressed);
    if (error != ERR_OK || compressed->magic_len == 0)
        return error;
    return feed_kind(compressed, bytes_make(compressed->magic, compressed->magic_len));
}

enum error compressed_feed(struct compressed *compressed, struct bytes data)
{
    enum error error = ERR_OK;
    size_t at = 0;
    while (compressed->kind == COMPRESSED_UNKNOWN && at < data.len) {
        compressed->magic[compressed->magic_len++] = data.data[at++];
        if (compressed->magic_len == sizeof compressed->magic)
            error = begin_and_feed(compressed);
        if (error != ERR_OK)
            return error;
    }
    while (error == ERR_OK && at < data.len) {
        size_t len = data.len - at < SLICE_BYTES ? data.len - at : SLICE_BYTES;
        error = feed_kind(compressed, bytes_make(data.data + at, len));
        at += len;
    }
    return error;
}

enum error compressed_end(struct compressed *compressed)
{
    if (compressed->kind == COMPRESSED_UNKNOWN) {
        enum error error = begin_and_feed(compressed);
        if (error != ERR_OK)
            return error;
    }
    if (compressed->kind != COMPRESSED_NOT && !compressed->between)
        return damaged(compressed, "the compressed stream is cut off");
    return ERR_OK;
}
