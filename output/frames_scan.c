/*
 * Frames of one file through a sliding window. Trusts nothing in the file: sizes are bounded before memory is
 * asked for, and a frame counts only when its checksum does. Never writes.
 */
#include "output/frames_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "output/frames.h"

/* A frame without its checksum cannot tell whether it is whole. Bit 2 of the descriptor, RFC 8878
 * section 3.1.1.1.1. */
enum { DESCRIPTOR_PLACE = 4, DESCRIPTOR_CHECKSUM = 4, HEADER_LEAST_BYTES = 5, MAGIC_FIRST = 0x28 };

enum { WINDOW_FIRST_BYTES = 1 << 20 };
#define WINDOW_CEILING_BYTES (ZSTD_COMPRESSBOUND((size_t)FRAME_RAW_CEILING_BYTES) + 64)

/* Places behind a damaged one that are tried for a whole frame. A torn frame holds no more than chance ones.
 */
enum { TRIES_CEILING = 256 };

struct frame_scan {
    int fd;
    uint64_t offset; /* in the file, of window[0] */
    uint64_t count;
    uint8_t *window;
    size_t begin, end; /* what was read and not yet taken */
    size_t window_capacity;
    bool at_end; /* window[end] is the end of the file */
    uint8_t *raw;
    size_t raw_capacity;
    ZSTD_DCtx *context;
};

void frame_scan_destroy(struct frame_scan *scan)
{
    if (scan == NULL)
        return;
    ZSTD_freeDCtx(scan->context);
    free(scan->window);
    free(scan->raw);
    free(scan);
}

uint64_t frame_scan_offset(const struct frame_scan *scan)
{
    return scan->offset + scan->begin;
}

uint64_t frame_scan_count(const struct frame_scan *scan)
{
    return scan->count;
}

static bool reserve(uint8_t **data, size_t *capacity, size_t need)
{
    if (need <= *capacity)
        return true;
    uint8_t *grown = realloc(*data, need);
    if (grown == NULL)
        return false;
    *data = grown;
    *capacity = need;
    return true;
}

enum error frame_scan_create(int fd, struct frame_scan **scan)
{
    struct frame_scan *made = calloc(1, sizeof *made);
    if (made == NULL)
        return ERR_MEMORY;
    made->fd = fd;
    made->context = ZSTD_createDCtx();
    if (made->context == NULL || !reserve(&made->window, &made->window_capacity, WINDOW_FIRST_BYTES)) {
        frame_scan_destroy(made);
        return ERR_MEMORY;
    }
    *scan = made;
    return ERR_OK;
}

static struct bytes ahead(const struct frame_scan *scan)
{
    return bytes_make(scan->window + scan->begin, scan->end - scan->begin);
}

/* Lets go of what was taken. */
static void slide(struct frame_scan *scan)
{
    if (scan->begin == 0)
        return;
    memmove(scan->window, scan->window + scan->begin, scan->end - scan->begin);
    scan->offset += scan->begin;
    scan->end -= scan->begin;
    scan->begin = 0;
}

/* Reads until `want` bytes are ahead or the file ends. */
static enum error fill(struct frame_scan *scan, size_t want)
{
    slide(scan);
    if (!reserve(&scan->window, &scan->window_capacity, want))
        return ERR_MEMORY;
    while (!scan->at_end && scan->end < want) {
        ssize_t got =
            pread(scan->fd, scan->window + scan->end, want - scan->end, (off_t)(scan->offset + scan->end));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ERR_IO;
        scan->at_end = got == 0;
        scan->end += (size_t)got;
    }
    return ERR_OK;
}

/* A plain frame's magic number and a checksum announced. */
static bool is_plain(struct bytes frame)
{
    static const uint8_t magic[] = {MAGIC_FIRST, 0xB5, 0x2F, 0xFD};
    return frame.len >= HEADER_LEAST_BYTES && memcmp(frame.data, magic, sizeof magic) == 0 &&
           (frame.data[DESCRIPTOR_PLACE] & DESCRIPTOR_CHECKSUM) != 0;
}

/* Decompresses one frame of known extent into scan->raw; *whole tells whether everything about it is right.
 */
static enum error check(struct frame_scan *scan, struct bytes frame, bool *whole, size_t *raw_len)
{
    unsigned long long size = ZSTD_getFrameContentSize(frame.data, frame.len);
    *whole = false;
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > FRAME_RAW_CEILING_BYTES)
        return ERR_OK;
    if (!reserve(&scan->raw, &scan->raw_capacity, (size_t)size + 1))
        return ERR_MEMORY;
    size_t got = ZSTD_decompressDCtx(scan->context, scan->raw, (size_t)size, frame.data, frame.len);
    *whole = !ZSTD_isError(got) && got == size;
    *raw_len = (size_t)size;
    return ERR_OK;
}

/* The extent of the frame that the bytes begin with, or 0; *more where further bytes could change that. */
static size_t extent_of(struct bytes bytes, bool *more)
{
    *more = bytes.len < HEADER_LEAST_BYTES;
    if (!is_plain(bytes))
        return 0;
    size_t size = ZSTD_findFrameCompressedSize(bytes.data, bytes.len);
    *more = ZSTD_getErrorCode(size) == ZSTD_error_srcSize_wrong;
    return ZSTD_isError(size) ? 0 : size;
}

/* The extent of the frame ahead, reading on as far as needed; 0 where there is none. */
static enum error measure(struct frame_scan *scan, size_t *extent)
{
    for (;;) {
        bool more;
        size_t len = scan->end - scan->begin;
        *extent = extent_of(ahead(scan), &more);
        if (*extent > 0 || !more || scan->at_end || len >= WINDOW_CEILING_BYTES)
            return ERR_OK;
        size_t want = len * 2 < WINDOW_FIRST_BYTES ? WINDOW_FIRST_BYTES : len * 2;
        enum error error = fill(scan, want < WINDOW_CEILING_BYTES ? want : WINDOW_CEILING_BYTES);
        if (error != ERR_OK)
            return error;
    }
}

enum error frame_scan_next(struct frame_scan *scan, enum frame_state *state, struct bytes *raw)
{
    size_t extent, raw_len = 0;
    bool whole = false;
    enum error error = measure(scan, &extent);
    if (error == ERR_OK && extent > 0)
        error = check(scan, bytes_make(scan->window + scan->begin, extent), &whole, &raw_len);
    if (error != ERR_OK)
        return error;
    *state = whole ? FRAME_WHOLE : scan->begin == scan->end ? FRAME_END : FRAME_BAD;
    if (whole) {
        scan->begin += extent;
        scan->count++;
        *raw = bytes_make(scan->raw, raw_len);
    }
    return ERR_OK;
}

/* Do the bytes begin with a whole frame? */
static enum error try_frame(struct frame_scan *scan, struct bytes bytes, bool *whole)
{
    bool more;
    size_t raw_len, extent = extent_of(bytes, &more);
    return extent == 0 ? ERR_OK : check(scan, bytes_make(bytes.data, extent), whole, &raw_len);
}

/* Reads to the end of the file, or past what one frame can have. */
static enum error fill_all(struct frame_scan *scan)
{
    enum error error = ERR_OK;
    slide(scan);
    for (size_t want = WINDOW_FIRST_BYTES;
         error == ERR_OK && !scan->at_end && scan->end <= WINDOW_CEILING_BYTES; want *= 2)
        error = fill(scan, want <= WINDOW_CEILING_BYTES ? want : WINDOW_CEILING_BYTES + 1);
    return error;
}

/*
 * Each frame is durable before the next is begun, so only the very last can be torn: a whole frame behind the
 * bad place, or more bytes than one frame can have, mean that the file was damaged.
 */
enum error frame_scan_is_damage(struct frame_scan *scan, bool *damage)
{
    enum error error = fill_all(scan);
    unsigned tries = 0;
    *damage = scan->end > WINDOW_CEILING_BYTES;
    for (size_t place = 1; error == ERR_OK && !*damage && place < scan->end; place++) {
        const uint8_t *found = memchr(scan->window + place, MAGIC_FIRST, scan->end - place);
        if (found == NULL)
            break;
        place = (size_t)(found - scan->window);
        struct bytes rest = bytes_make(found, scan->end - place);
        if (!is_plain(rest))
            continue;
        error = try_frame(scan, rest, damage);
        if (++tries == TRIES_CEILING)
            *damage = true;
    }
    return error;
}
