/*
 * Reads the frames of one file through a sliding window. Trusts nothing in the file: sizes are bounded before
 * memory is asked for, a frame counts only if its checksum is right, and what is none costs no more than a
 * budget. Never writes.
 */
#include "output/frames/frames_scan.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "output/frames/frames_extent.h"

enum { MAGIC_FIRST = 0x28, CANDIDATE_BYTES = 5, DESCRIPTOR_PLACE = 4, DESCRIPTOR_CHECKSUM = 4 };

enum { WINDOW_FIRST_BYTES = 1 << 20, BLOCK_RAW_MOST = 128 << 10, HEAD_WORK = 64 };

struct frame_scan {
    int fd;
    uint64_t size;   /* of the file, when it was opened */
    uint64_t offset; /* in the file, of window[0] */
    uint64_t count;
    uint8_t *window;
    size_t begin, end; /* bytes that were read and not yet taken */
    size_t window_capacity;
    uint8_t *raw;
    size_t raw_capacity;
    ZSTD_DCtx *context;
    const char *reason; /* of the last FRAME_BAD */
    uint64_t wasted;    /* bytes of work on what was no whole frame: FRAME_SEARCH_BYTES */
    bool gave_up;
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
    struct stat status;
    if (fstat(fd, &status) != 0) {
        frame_scan_destroy(made);
        return ERR_IO;
    }
    made->fd = fd;
    made->size = (uint64_t)status.st_size;
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
    scan->wasted += scan->end;
}

static bool at_end(const struct frame_scan *scan)
{
    return scan->offset + scan->end >= scan->size;
}

/* Reads until `want` bytes are ahead or the file ends. A file that has become shorter ends there. */
static enum error fill(struct frame_scan *scan, size_t want)
{
    if (scan->end - scan->begin >= want || at_end(scan))
        return ERR_OK;
    slide(scan);
    want = want < WINDOW_FIRST_BYTES ? WINDOW_FIRST_BYTES : want;
    if (!reserve(&scan->window, &scan->window_capacity, want))
        return ERR_MEMORY;
    while (!at_end(scan) && scan->end < want) {
        uint64_t left = scan->size - scan->offset - scan->end;
        size_t room = want - scan->end;
        ssize_t got = pread(scan->fd, scan->window + scan->end, left < room ? (size_t)left : room,
                            (off_t)(scan->offset + scan->end));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return ERR_IO;
        if (got == 0)
            scan->size = scan->offset + scan->end;
        scan->end += (size_t)got;
        scan->wasted += (size_t)got;
    }
    return ERR_OK;
}

/* Reads a head, from the window if it stands there; an extent_read. */
static enum error read_head(void *arg, void *data, size_t len, uint64_t offset, size_t *got)
{
    const struct frame_scan *scan = arg;
    uint64_t left = offset < scan->size ? scan->size - offset : 0;
    *got = left < len ? (size_t)left : len;
    if (offset >= scan->offset && offset + *got <= scan->offset + scan->end) {
        memcpy(data, scan->window + (offset - scan->offset), *got);
        return ERR_OK;
    }
    ssize_t count;
    do
        count = pread(scan->fd, data, *got, (off_t)offset);
    while (count < 0 && errno == EINTR);
    *got = count < 0 ? 0 : (size_t)count;
    return count < 0 ? ERR_IO : ERR_OK;
}

/* Tells whether a plain frame may begin here: its magic number, and a checksum announced. */
static bool is_plain(struct bytes frame)
{
    static const uint8_t magic[] = {MAGIC_FIRST, 0xB5, 0x2F, 0xFD};
    return frame.len >= CANDIDATE_BYTES && memcmp(frame.data, magic, sizeof magic) == 0 &&
           (frame.data[DESCRIPTOR_PLACE] & DESCRIPTOR_CHECKSUM) != 0;
}

/* Decompresses the frame ahead, of known extent, into scan->raw; *whole says whether everything about it is
 * right. */
static enum error check(struct frame_scan *scan, const struct frame_extent *extent, bool *whole)
{
    size_t stored = (size_t)extent->stored, raw = (size_t)extent->raw;
    enum error error = fill(scan, stored);
    if (error != ERR_OK)
        return error;
    scan->reason = "it is cut short";
    if (scan->end - scan->begin < stored)
        return ERR_OK;
    if (!reserve(&scan->raw, &scan->raw_capacity, raw + 1))
        return ERR_MEMORY;
    uint64_t most = extent->blocks * BLOCK_RAW_MOST;
    scan->wasted += stored + (raw < most ? raw : most);
    size_t got = ZSTD_decompressDCtx(scan->context, scan->raw, raw, scan->window + scan->begin, stored);
    *whole = !ZSTD_isError(got) && got == raw;
    scan->reason = ZSTD_isError(got) ? ZSTD_getErrorName(got) : "it does not hold as much as it says";
    return ERR_OK;
}

/* Tries whether a whole frame stands ahead. What a whole one costs is not wasted. */
static enum error try(struct frame_scan *scan, struct frame_extent *extent, bool *whole)
{
    uint64_t wasted = scan->wasted;
    *whole = false;
    enum error error = frame_extent(read_head, scan, frame_scan_offset(scan), scan->size, extent);
    if (error != ERR_OK)
        return error;
    scan->wasted += (extent->blocks + 1) * HEAD_WORK;
    scan->reason = extent->reason;
    if (extent->state == EXTENT_WHOLE)
        error = check(scan, extent, whole);
    if (*whole)
        scan->wasted = wasted;
    return error;
}

enum error frame_scan_next(struct frame_scan *scan, enum frame_state *state, struct bytes *raw)
{
    struct frame_extent extent;
    bool whole;
    *state = FRAME_END;
    if (frame_scan_offset(scan) >= scan->size)
        return ERR_OK;
    enum error error = try(scan, &extent, &whole);
    if (error != ERR_OK)
        return error;
    *state = whole ? FRAME_WHOLE : FRAME_BAD;
    if (whole) {
        scan->begin += (size_t)extent.stored;
        scan->count++;
        *raw = bytes_make(scan->raw, (size_t)extent.raw);
    }
    return ERR_OK;
}

/* ---- past damage --------------------------------------------------------------------------------------- */

const char *frame_scan_reason(const struct frame_scan *scan)
{
    return scan->reason;
}

bool frame_scan_gave_up(const struct frame_scan *scan)
{
    return scan->gave_up;
}

/* Goes on to the next offset behind this one where a frame may begin, or to the end of the file if there is
 * none. */
static enum error next_candidate(struct frame_scan *scan, bool *found)
{
    *found = false;
    enum error error = fill(scan, CANDIDATE_BYTES);
    scan->begin += scan->begin < scan->end;
    while (error == ERR_OK) {
        const uint8_t *magic = memchr(scan->window + scan->begin, MAGIC_FIRST, scan->end - scan->begin);
        scan->begin = magic == NULL ? scan->end : (size_t)(magic - scan->window);
        size_t left = scan->end - scan->begin;
        *found = is_plain(ahead(scan));
        if (*found)
            break;
        if (left >= CANDIDATE_BYTES) {
            scan->begin++;
        } else if (at_end(scan)) {
            scan->begin = scan->end;
            break;
        } else {
            error = fill(scan, CANDIDATE_BYTES);
        }
    }
    return error;
}

/* Ends the search: nothing behind is looked at. */
static void give_up(struct frame_scan *scan)
{
    scan->gave_up = true;
    scan->reason = "too much of this file looks like frames and is none: what follows was not searched";
    scan->offset = scan->size;
    scan->begin = scan->end = 0;
}

enum error frame_scan_skip(struct frame_scan *scan, bool *found)
{
    enum error error = ERR_OK;
    bool candidate = true;
    *found = false;
    while (error == ERR_OK && candidate && !*found) {
        struct frame_extent extent;
        if (scan->wasted > FRAME_SEARCH_BYTES + FRAME_SEARCH_FACTOR * scan->size) {
            give_up(scan);
            break;
        }
        error = next_candidate(scan, &candidate);
        if (error == ERR_OK && candidate)
            error = try(scan, &extent, found);
    }
    return error;
}
