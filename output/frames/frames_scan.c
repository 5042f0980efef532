/*
 * Reads the frames of one file through a sliding window. Trusts nothing in the file: sizes are bounded before
 * memory is asked for, and a frame counts only if its checksum is right. Never writes.
 */
#include "output/frames/frames_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd_errors.h>

/* A frame without its checksum cannot tell whether it is whole. Bit 2 of the descriptor, RFC 8878
 * section 3.1.1.1.1. */
enum { DESCRIPTOR_PLACE = 4, DESCRIPTOR_CHECKSUM = 4, HEADER_LEAST_BYTES = 5, MAGIC_FIRST = 0x28 };

enum { WINDOW_FIRST_BYTES = 1 << 20 };

/* So many offsets behind damage are tried for a whole frame, one after another. More than a few do not look
 * like a frame by chance. */
enum { TRIES_CEILING = 256 };

struct frame_scan {
    int fd;
    uint64_t offset; /* in the file, of window[0] */
    uint64_t count;
    uint8_t *window;
    size_t begin, end; /* bytes that were read and not yet taken */
    size_t window_capacity;
    bool at_end; /* window[end] is the end of the file */
    uint8_t *raw;
    size_t raw_capacity;
    ZSTD_DCtx *context;
    const char *reason; /* of the last FRAME_BAD */
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

/* Moves the window past the bytes that were taken. */
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

/* Tells whether a plain frame begins here: its magic number, and a checksum announced. */
static bool is_plain(struct bytes frame)
{
    static const uint8_t magic[] = {MAGIC_FIRST, 0xB5, 0x2F, 0xFD};
    return frame.len >= HEADER_LEAST_BYTES && memcmp(frame.data, magic, sizeof magic) == 0 &&
           (frame.data[DESCRIPTOR_PLACE] & DESCRIPTOR_CHECKSUM) != 0;
}

/* Decompresses one frame of known extent into scan->raw; *whole says whether everything about it is right. */
static enum error check(struct frame_scan *scan, struct bytes frame, bool *whole, size_t *raw_len)
{
    unsigned long long size = ZSTD_getFrameContentSize(frame.data, frame.len);
    *whole = false;
    scan->reason = "it does not say how much it holds, or too much";
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > FRAME_RAW_CEILING_BYTES)
        return ERR_OK;
    if (!reserve(&scan->raw, &scan->raw_capacity, (size_t)size + 1))
        return ERR_MEMORY;
    size_t got = ZSTD_decompressDCtx(scan->context, scan->raw, (size_t)size, frame.data, frame.len);
    *whole = !ZSTD_isError(got) && got == size;
    scan->reason = ZSTD_isError(got) ? ZSTD_getErrorName(got) : "it does not hold as much as it says";
    *raw_len = (size_t)size;
    return ERR_OK;
}

/* Returns the extent of the frame that the bytes begin with, or 0; *more if further bytes could change
 * that. */
static size_t extent_of(struct bytes bytes, bool *more)
{
    *more = bytes.len < HEADER_LEAST_BYTES;
    if (!is_plain(bytes))
        return 0;
    size_t size = ZSTD_findFrameCompressedSize(bytes.data, bytes.len);
    *more = ZSTD_getErrorCode(size) == ZSTD_error_srcSize_wrong;
    return ZSTD_isError(size) ? 0 : size;
}

/* Finds the extent of the frame ahead, reading on as far as needed; 0 if there is none. */
static enum error measure(struct frame_scan *scan, size_t *extent)
{
    for (;;) {
        bool more;
        size_t len = scan->end - scan->begin;
        *extent = extent_of(ahead(scan), &more);
        scan->reason = more ? "it is cut short" : "no frame with a checksum begins here";
        if (*extent > 0 || !more || scan->at_end || len >= FRAME_STORED_CEILING_BYTES)
            return ERR_OK;
        size_t want = len * 2 < WINDOW_FIRST_BYTES ? WINDOW_FIRST_BYTES : len * 2;
        enum error error = fill(scan, want < FRAME_STORED_CEILING_BYTES ? want : FRAME_STORED_CEILING_BYTES);
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

/* ---- past damage --------------------------------------------------------------------------------------- */

const char *frame_scan_reason(const struct frame_scan *scan)
{
    return scan->reason;
}

/* Goes on to the next offset behind this one where a frame may begin, or to the end of the file if there is
 * none. */
static enum error next_candidate(struct frame_scan *scan, bool *found)
{
    *found = false;
    scan->begin++;
    for (;;) {
        const uint8_t *magic = memchr(scan->window + scan->begin, MAGIC_FIRST, scan->end - scan->begin);
        scan->begin = magic == NULL ? scan->end : (size_t)(magic - scan->window);
        size_t left = scan->end - scan->begin;
        if (left >= HEADER_LEAST_BYTES && is_plain(ahead(scan))) {
            *found = true;
            return ERR_OK;
        }
        if (left >= HEADER_LEAST_BYTES) {
            scan->begin++;
        } else if (scan->at_end) {
            scan->begin = scan->end;
            return ERR_OK;
        } else {
            enum error error = fill(scan, WINDOW_FIRST_BYTES);
            if (error != ERR_OK)
                return error;
        }
    }
}

static enum error go_to_end(struct frame_scan *scan)
{
    struct stat status;
    if (fstat(scan->fd, &status) != 0)
        return ERR_IO;
    scan->offset = (uint64_t)status.st_size;
    scan->begin = scan->end = 0;
    scan->at_end = true;
    return ERR_OK;
}

enum error frame_scan_skip(struct frame_scan *scan, bool *found)
{
    *found = false;
    for (unsigned tries = 0; tries < TRIES_CEILING; tries++) {
        size_t extent = 0, raw_len;
        bool candidate;
        enum error error = next_candidate(scan, &candidate);
        if (error != ERR_OK || !candidate)
            return error;
        error = measure(scan, &extent);
        if (error == ERR_OK && extent > 0)
            error = check(scan, bytes_make(scan->window + scan->begin, extent), found, &raw_len);
        if (error != ERR_OK || *found)
            return error;
    }
    return go_to_end(scan);
}
