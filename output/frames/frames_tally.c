/* Goes from frame to frame by their heads, and unpacks a few. */
#include "output/frames/frames_tally.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/frames/disk.h"
#include "output/frames/frames_extent.h"
#include "output/frames/frames_part.h"
#include "output/frames/frames_walk.h"
#include "scanner/base/errno_said.h"

/* A whole frame. */
struct place {
    uint32_t part;
    uint64_t offset, stored, raw;
};

struct tallier {
    int dir_fd;
    const char *name;
    char file[PART_NAME_BYTES];
    int fd; /* of the part */
    uint64_t size;
    uint32_t part;
    struct frames_tally *tally;
    struct place samples[TALLY_SAMPLES_MOST]; /* every stride-th frame */
    size_t sample_count;
    uint64_t stride;
    struct buf *why;
};

static enum error damaged(const struct tallier *tallier, uint64_t offset, const char *reason)
{
    buf_printf(tallier->why, "%s: at offset %" PRIu64 ": %s", tallier->file, offset, reason);
    return ERR_CORRUPT;
}

/* Reads up to len bytes; *got is less at the end of the file. An extent_read. */
static enum error read_at(void *arg, void *data, size_t len, uint64_t offset, size_t *got)
{
    const struct tallier *tallier = arg;
    uint8_t *place = data;
    *got = 0;
    while (*got < len) {
        ssize_t count = pread(tallier->fd, place + *got, len - *got, (off_t)(offset + *got));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0) {
            buf_printf(tallier->why, "%s: cannot read: %s", tallier->file, errno_said(errno));
            return ERR_IO;
        }
        if (count == 0)
            break;
        *got += (size_t)count;
    }
    return ERR_OK;
}

/* ---- frames -------------------------------------------------------------------------------------------- */

/* Keeps every stride-th frame; if there is no more room, every other of those is let go. */
static void sample(struct tallier *tallier, const struct place *place)
{
    if (tallier->tally->frames % tallier->stride != 0)
        return;
    if (tallier->sample_count == TALLY_SAMPLES_MOST) {
        for (size_t i = 0; i < TALLY_SAMPLES_MOST / 2; i++)
            tallier->samples[i] = tallier->samples[2 * i];
        tallier->sample_count = TALLY_SAMPLES_MOST / 2;
        tallier->stride *= 2;
    }
    tallier->samples[tallier->sample_count++] = *place;
}

static enum error pass_frame(struct tallier *tallier, uint64_t *offset, enum extent_state *state)
{
    struct frame_extent extent;
    enum error error = frame_extent(read_at, tallier, *offset, tallier->size, &extent);
    if (error != ERR_OK)
        return error;
    *state = extent.state;
    if (extent.state != EXTENT_WHOLE)
        return ERR_OK;
    sample(tallier, &(struct place){tallier->part, *offset, extent.stored, extent.raw});
    tallier->tally->frames++;
    tallier->tally->raw_bytes += extent.raw;
    tallier->tally->stored_bytes += extent.stored;
    *offset += extent.stored;
    return ERR_OK;
}

static enum error pass_part(struct tallier *tallier, bool is_last)
{
    struct stat status;
    enum extent_state state = EXTENT_WHOLE;
    uint64_t offset = 0;
    if (fstat(tallier->fd, &status) != 0)
        return ERR_IO;
    tallier->size = (uint64_t)status.st_size;
    while (offset < tallier->size && state == EXTENT_WHOLE) {
        enum error error = pass_frame(tallier, &offset, &state);
        if (error != ERR_OK)
            return error;
    }
    if (state == EXTENT_NONE)
        return damaged(tallier, offset, "no frame begins here");
    if (state == EXTENT_SHORT && !is_last)
        return damaged(tallier, offset, "the frame is cut short, and another part follows");
    if (is_last)
        tallier->tally->torn_bytes = tallier->size - offset;
    return ERR_OK;
}

static enum error open_part(struct tallier *tallier, uint32_t part)
{
    tallier->part = part;
    tallier->fd = disk_open(tallier->dir_fd, part_name(tallier->name, part, tallier->file), O_RDONLY);
    if (tallier->fd >= 0)
        return ERR_OK;
    buf_printf(tallier->why, "%s: cannot open: %s", tallier->file, disk_said(errno));
    return ERR_IO;
}

/* ---- records ------------------------------------------------------------------------------------------- */

static enum error unpack(struct tallier *tallier, const struct place *place, uint64_t *lines)
{
    size_t got = 0, stored = (size_t)place->stored, raw = (size_t)place->raw;
    uint8_t *from = malloc(stored + 1), *to = malloc(raw + 1);
    enum error error = from == NULL || to == NULL ? ERR_MEMORY : ERR_OK;
    if (error == ERR_OK)
        error = read_at(tallier, from, stored, place->offset, &got);
    if (error == ERR_OK && (got < stored || ZSTD_decompress(to, raw, from, stored) != raw))
        error = damaged(tallier, place->offset, "the frame is damaged");
    if (error == ERR_OK)
        *lines += frames_count_lines(bytes_make(to, raw));
    free(from);
    free(to);
    return error;
}

static enum error count_records(struct tallier *tallier)
{
    struct frames_tally *tally = tallier->tally;
    uint64_t lines = 0, raw = 0;
    enum error error = ERR_OK;
    for (size_t i = 0; error == ERR_OK && i < tallier->sample_count; i++) {
        error = open_part(tallier, tallier->samples[i].part);
        if (error == ERR_OK)
            error = unpack(tallier, &tallier->samples[i], &lines);
        if (tallier->fd >= 0)
            (void)close(tallier->fd);
        raw += tallier->samples[i].raw;
    }
    tally->exact = tallier->stride == 1;
    tally->records = tally->exact || raw == 0
                         ? lines
                         : (uint64_t)((double)lines * (double)tally->raw_bytes / (double)raw + 0.5);
    return error;
}

enum error frames_tally(int dir_fd, const char *name, bool records, struct frames_tally *tally,
                        struct buf *why)
{
    struct tallier tallier = {.dir_fd = dir_fd, .name = name, .tally = tally, .stride = 1, .why = why};
    *tally = (struct frames_tally){.parts = 0};
    enum error error = part_count(dir_fd, name, &tally->parts, why);
    for (uint32_t part = 0; error == ERR_OK && part < tally->parts; part++) {
        error = open_part(&tallier, part);
        if (error == ERR_OK)
            error = pass_part(&tallier, part + 1 == tally->parts);
        if (tallier.fd >= 0)
            (void)close(tallier.fd);
    }
    if (error != ERR_OK && error != ERR_CORRUPT)
        return error;
    enum error counted = records ? count_records(&tallier) : ERR_OK;
    return error != ERR_OK ? error : counted;
}
