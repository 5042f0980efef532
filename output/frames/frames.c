/*
 * Writes and recovers record files. One thread. Never returns from a call with a file that ends in half a
 * frame, and never rewrites what is durable.
 */
#include "output/frames/frames.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zstd.h>

#include "output/frames/disk.h"
#include "output/frames/frames_mend.h"
#include "output/frames/frames_part.h"
#include "output/frames/frames_walk.h"
#include "scanner/base/errno_said.h"

enum { PLACES_BYTES = 8192 };

struct frames {
    struct frames_options options; /* name is owned */
    int fd;                        /* the part being written, or -1 if it is not there yet */
    uint32_t part;
    uint64_t offset; /* durable bytes of the part */
    struct buf raw;
    uint64_t raw_lines;
    uint8_t *packed;
    size_t packed_capacity;
    ZSTD_CCtx *context;
    struct frames_counters counters;
};

static ZSTD_CCtx *make_context(int level)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    if (context == NULL)
        return NULL;
    if (ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))) {
        ZSTD_freeCCtx(context);
        return NULL;
    }
    return context;
}

static struct frames *make(const struct frames_options *options)
{
    struct frames *frames = calloc(1, sizeof *frames);
    if (frames == NULL)
        return NULL;
    char *name = strdup(options->name);
    frames->options = *options;
    frames->options.name = name;
    frames->fd = -1;
    buf_init(&frames->raw, FRAME_RAW_CEILING_BYTES);
    frames->context = make_context(options->level);
    if (name == NULL || frames->context == NULL) {
        frames_destroy(frames);
        return NULL;
    }
    return frames;
}

void frames_destroy(struct frames *frames)
{
    if (frames == NULL)
        return;
    if (frames->fd >= 0)
        (void)close(frames->fd);
    ZSTD_freeCCtx(frames->context);
    buf_dispose(&frames->raw);
    free(frames->packed);
    free((void *)(uintptr_t)frames->options.name);
    free(frames);
}

enum error frames_create(const struct frames_options *options, struct frames **frames, struct buf *why)
{
    uint32_t parts;
    enum error error = part_count(options->dir_fd, options->name, &parts, why);
    if (error != ERR_OK)
        return error;
    if (parts > 0) {
        buf_printf(why, "%s.ndjson.zst is there already", options->name);
        return ERR_EXISTS;
    }
    *frames = make(options);
    return *frames == NULL ? ERR_MEMORY : ERR_OK;
}

/* Says in *why what errno means for a write, with the file's name. */
static enum error write_failed(const struct frames *frames, const char *what, struct buf *why)
{
    int number = errno;
    char file[PART_NAME_BYTES];
    buf_printf(why, "%s%s: %s: %s", why->len > 0 ? "; " : "",
               part_name(frames->options.name, frames->part, file), what, errno_said(number));
    bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;
    return full ? ERR_FULL : number == EEXIST ? ERR_EXISTS : ERR_IO;
}

/* Opens the last part for appending behind its last whole frame, and cuts a torn tail. A part without a whole
 * frame goes away. */
static enum error reopen(struct frames *frames, const struct walk_end *end, uint64_t *cut_bytes,
                         struct buf *why)
{
    char file[PART_NAME_BYTES];
    struct stat status;
    if (end->parts == 0)
        return ERR_OK;
    frames->part = end->parts - 1;
    part_name(frames->options.name, frames->part, file);
    frames->fd = disk_open(frames->options.dir_fd, file, O_RDWR);
    if (frames->fd < 0 || fstat(frames->fd, &status) != 0)
        return write_failed(frames, "cannot open", why);
    *cut_bytes = (uint64_t)status.st_size - end->offset + end->mended_cut;
    frames->offset = end->offset;
    if (end->offset == 0) {
        (void)close(frames->fd);
        frames->fd = -1;
        frames->counters.parts--;
        if (unlinkat(frames->options.dir_fd, file, 0) != 0 || !disk_sync(frames->options.dir_fd))
            return write_failed(frames, "cannot remove", why);
        return ERR_OK;
    }
    if ((uint64_t)status.st_size > end->offset && !disk_cut(frames->fd, end->offset))
        return write_failed(frames, "cannot cut the torn tail", why);
    /* Frames of a killed process may be whole and yet not on the disk; from now on they count as durable. */
    if (!disk_sync(frames->fd) || !disk_sync(frames->options.dir_fd))
        return write_failed(frames, "cannot sync", why);
    return ERR_OK;
}

static enum error mend(const struct frames_options *options, struct walk_end *end, struct buf *why)
{
    struct buf places;
    buf_init(&places, PLACES_BYTES);
    walk_describe(end, options->name, &places);
    enum error error = ERR_CORRUPT;
    if (options->damaged == NULL)
        buf_text(why, buf_string(&places));
    else
        error = options->damaged(options->damaged_arg, options->name, buf_string(&places), why);
    buf_dispose(&places);
    return error == ERR_OK ? frames_mend(options, end, why) : error;
}

enum error frames_recover(const struct frames_options *options, frames_line line, void *arg,
                          struct frames **frames, uint64_t *cut_bytes, struct buf *why)
{
    struct walk_end end = {0};
    *cut_bytes = 0;
    struct frames *made = make(options);
    if (made == NULL)
        return ERR_MEMORY;
    enum error error = frames_walk(options->dir_fd, options->name, options->whole, line, arg, &end, why);
    if (error == ERR_OK && end.damage_count > 0)
        error = mend(options, &end, why);
    made->counters = end.counters;
    if (error == ERR_OK)
        error = reopen(made, &end, cut_bytes, why);
    walk_end_dispose(&end);
    if (error != ERR_OK) {
        frames_destroy(made);
        return error;
    }
    *frames = made;
    return ERR_OK;
}

bool frames_scan_is_whole(int dir_fd)
{
    return faccessat(dir_fd, "summary.json", F_OK, 0) == 0;
}

/* Says what was damaged on a walk that came to its end, which is over then. */
static enum error judge_walk(struct walk_end *end, const char *name, enum error error, struct buf *why)
{
    bool damaged = error == ERR_OK && end->damage_count > 0;
    if (damaged)
        walk_describe(end, name, why);
    walk_end_dispose(end);
    return damaged ? ERR_CORRUPT : error;
}

enum error frames_read(int dir_fd, const char *name, frames_line line, void *arg, struct buf *why)
{
    struct walk_end end = {0};
    enum error error = frames_walk(dir_fd, name, frames_scan_is_whole(dir_fd), line, arg, &end, why);
    return judge_walk(&end, name, error, why);
}

struct first {
    frames_line line;
    void *arg;
    uint64_t left;
    bool over; /* the next one is none of them */
};

static enum error on_first(void *arg, struct bytes line)
{
    struct first *first = arg;
    first->over = first->left == 0;
    if (first->over)
        return ERR_STOPPED;
    first->left--;
    return first->line(first->arg, line);
}

enum error frames_read_first(int dir_fd, const char *name, uint64_t most, frames_line line, void *arg,
                             struct buf *why)
{
    struct walk_end end = {0};
    struct first first = {line, arg, most, false};
    size_t said = why->len;
    enum error error = ERR_OK;
    if (most > 0)
        error = frames_walk(dir_fd, name, frames_scan_is_whole(dir_fd), on_first, &first, &end, why);
    if (first.over) {
        why->len = said;
        error = ERR_OK;
    }
    error = judge_walk(&end, name, error, why);
    if (error != ERR_OK || first.left == 0)
        return error;
    buf_printf(why, "%s: %llu records are missing", name, (unsigned long long)first.left);
    return ERR_CORRUPT;
}

enum error frames_append(struct frames *frames, struct bytes lines, bool *full)
{
    *full = frames->raw.len >= frames->options.frame_bytes;
    if (lines.len == 0)
        return ERR_OK;
    if (lines.data[lines.len - 1] != '\n')
        return ERR_SYNTAX;
    if (lines.len > FRAME_RAW_CEILING_BYTES - frames->raw.len)
        return ERR_LIMIT;
    if (!buf_append(&frames->raw, lines.data, lines.len)) {
        frames->raw.failed = false;
        return ERR_MEMORY;
    }
    frames->raw_lines += frames_count_lines(lines);
    *full = frames->raw.len >= frames->options.frame_bytes;
    return ERR_OK;
}

size_t frames_waiting(const struct frames *frames)
{
    return frames->raw.len;
}

const struct frames_counters *frames_counters(const struct frames *frames)
{
    return &frames->counters;
}

static enum error pack(struct frames *frames, size_t *len)
{
    size_t need = ZSTD_compressBound(frames->raw.len);
    if (need > frames->packed_capacity) {
        uint8_t *grown = realloc(frames->packed, need);
        if (grown == NULL)
            return ERR_MEMORY;
        frames->packed = grown;
        frames->packed_capacity = need;
    }
    *len = ZSTD_compress2(frames->context, frames->packed, frames->packed_capacity, frames->raw.data,
                          frames->raw.len);
    return ZSTD_isError(*len) ? ERR_LIBRARY : ERR_OK;
}

/* Makes sure that a part is open that len more bytes fit into; *is_new if it was made for them. */
static enum error open_part(struct frames *frames, size_t len, bool *is_new, struct buf *why)
{
    char file[PART_NAME_BYTES];
    if (frames->fd >= 0 && frames->offset + len > frames->options.part_bytes) {
        (void)close(frames->fd); /* each of its frames has been synced */
        frames->fd = -1;
        frames->part++;
        frames->offset = 0;
    }
    *is_new = frames->fd < 0;
    if (!*is_new)
        return ERR_OK;
    frames->fd = disk_open(frames->options.dir_fd, part_name(frames->options.name, frames->part, file),
                           O_RDWR | O_CREAT | O_EXCL);
    return frames->fd < 0 ? write_failed(frames, "cannot create", why) : ERR_OK;
}

static enum error put(struct frames *frames, size_t len, struct buf *why)
{
    if (!disk_write_at(frames->fd, bytes_make(frames->packed, len), frames->offset))
        return write_failed(frames, "cannot write", why);
    return disk_sync_data(frames->fd) ? ERR_OK : write_failed(frames, "cannot sync", why);
}

/* Cuts the part back to the last durable frame. If that fails, recovery cuts the torn tail. */
static void take_back(struct frames *frames, bool is_new, struct buf *why)
{
    char file[PART_NAME_BYTES];
    if (is_new) {
        (void)close(frames->fd);
        frames->fd = -1;
        if (unlinkat(frames->options.dir_fd, part_name(frames->options.name, frames->part, file), 0) != 0)
            (void)write_failed(frames, "cannot remove", why);
    } else if (!disk_cut(frames->fd, frames->offset) || !disk_sync_data(frames->fd)) {
        (void)write_failed(frames, "cannot cut what was written", why);
    }
}

static void count_frame(struct frames *frames, size_t len, bool is_new)
{
    frames->offset += len;
    frames->counters.lines += frames->raw_lines;
    frames->counters.raw_bytes += frames->raw.len;
    frames->counters.stored_bytes += len;
    frames->counters.frames++;
    frames->counters.parts += is_new;
    frames->raw_lines = 0;
    buf_reset(&frames->raw);
}

/* Writes the lines that wait, even none, as a frame. */
static enum error commit_frame(struct frames *frames, struct buf *why)
{
    size_t len;
    bool is_new;
    enum error error = pack(frames, &len);
    if (error == ERR_OK)
        error = open_part(frames, len, &is_new, why);
    if (error != ERR_OK)
        return error;
    error = put(frames, len, why);
    if (error == ERR_OK && is_new && !disk_sync(frames->options.dir_fd))
        error = write_failed(frames, "cannot sync the directory", why);
    if (error != ERR_OK) {
        take_back(frames, is_new, why);
        return error;
    }
    count_frame(frames, len, is_new);
    return ERR_OK;
}

enum error frames_commit(struct frames *frames, struct buf *why)
{
    return frames->raw.len == 0 ? ERR_OK : commit_frame(frames, why);
}

enum error frames_complete(struct frames *frames, struct buf *why)
{
    return frames->counters.parts > 0 ? ERR_OK : commit_frame(frames, why);
}
