/* Reads heads of frames and blocks. */
#include "output/frames/frames_tally.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/frames/disk.h"
#include "output/frames/frames_part.h"
#include "output/frames/frames_scan.h"
#include "output/frames/frames_walk.h"
#include "scanner/base/errno_said.h"

enum { HEAD_MOST = 18, MAGIC_BYTES = 4, BLOCK_HEAD_BYTES = 3, CHECKSUM_BYTES = 4 };

/* A frame of ours has no more blocks than these: one that has is made to be slow. */
enum { BLOCKS_BESIDE = 1024, BLOCK_RAW_LEAST = 1024 };

/* Of the descriptor of a frame's head, and of a block's. */
enum {
    SIZE_SHIFT = 6,
    SINGLE_SEGMENT = 1 << 5,
    HAS_CHECKSUM = 1 << 2,
    DICTIONARY = 3,
    BLOCK_LAST = 1,
    BLOCK_RLE = 1,
    BLOCK_RESERVED = 3
};

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

/* Reads up to len bytes; *got is less at the end of the file. */
static enum error read_at(const struct tallier *tallier, void *data, size_t len, uint64_t offset, size_t *got)
{
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

/* ---- heads --------------------------------------------------------------------------------------------- */

static uint64_t little_endian(const uint8_t *data, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = bytes; i-- > 0;)
        number = number << 8 | data[i];
    return number;
}

enum head_state { HEAD_WHOLE, HEAD_SHORT, HEAD_NONE };

/* Reads a frame's head: its length, and how much the frame holds. A frame of ours says that, and has a
 * checksum. */
static enum head_state read_head(const uint8_t *head, size_t got, size_t *length, uint64_t *raw)
{
    static const uint8_t magic[MAGIC_BYTES] = {0x28, 0xB5, 0x2F, 0xFD};
    static const size_t dictionary_bytes[] = {0, 1, 2, 4}, size_bytes[] = {0, 2, 4, 8};
    if (memcmp(head, magic, got < MAGIC_BYTES ? got : MAGIC_BYTES) != 0)
        return HEAD_NONE;
    if (got <= MAGIC_BYTES)
        return HEAD_SHORT;
    uint8_t descriptor = head[MAGIC_BYTES];
    bool single = (descriptor & SINGLE_SEGMENT) != 0;
    size_t size = size_bytes[descriptor >> SIZE_SHIFT];
    if (size == 0 && single)
        size = 1;
    size_t before = MAGIC_BYTES + 1 + (single ? 0u : 1u) + dictionary_bytes[descriptor & DICTIONARY];
    *length = before + size;
    if (size == 0 || (descriptor & HAS_CHECKSUM) == 0)
        return HEAD_NONE;
    if (got < *length)
        return HEAD_SHORT;
    *raw = little_endian(head + before, size) + (size == 2 ? 256 : 0);
    return *raw <= FRAME_RAW_CEILING_BYTES ? HEAD_WHOLE : HEAD_NONE;
}

/* Goes over the blocks from *at to behind the frame, which holds so much. HEAD_SHORT if the file ends
 * before. */
static enum error pass_blocks(const struct tallier *tallier, uint64_t raw, uint64_t *at,
                              enum head_state *state)
{
    uint8_t head[BLOCK_HEAD_BYTES];
    size_t got;
    bool last = false;
    uint64_t ceiling = *at + FRAME_STORED_CEILING_BYTES, left = BLOCKS_BESIDE + raw / BLOCK_RAW_LEAST;
    *state = HEAD_SHORT;
    while (!last) {
        enum error error = read_at(tallier, head, sizeof head, *at, &got);
        if (error != ERR_OK || got < sizeof head)
            return error;
        uint64_t block = little_endian(head, sizeof head);
        unsigned type = (unsigned)(block >> 1) & 3;
        last = (block & BLOCK_LAST) != 0;
        *at += sizeof head + (type == BLOCK_RLE ? 1 : block >> 3);
        if (type == BLOCK_RESERVED || *at > ceiling || left-- == 0)
            *state = HEAD_NONE;
        if (*state == HEAD_NONE || *at > tallier->size)
            return ERR_OK;
    }
    *at += CHECKSUM_BYTES;
    if (*at <= tallier->size)
        *state = HEAD_WHOLE;
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

static enum error pass_frame(struct tallier *tallier, uint64_t *offset, enum head_state *state)
{
    uint8_t head[HEAD_MOST];
    size_t got, length = 0;
    struct place place = {.part = tallier->part, .offset = *offset};
    enum error error = read_at(tallier, head, sizeof head, *offset, &got);
    if (error != ERR_OK)
        return error;
    uint64_t at = *offset;
    *state = read_head(head, got, &length, &place.raw);
    if (*state != HEAD_WHOLE)
        return ERR_OK;
    at += length;
    error = pass_blocks(tallier, place.raw, &at, state);
    if (error != ERR_OK || *state != HEAD_WHOLE)
        return error;
    place.stored = at - *offset;
    sample(tallier, &place);
    tallier->tally->frames++;
    tallier->tally->raw_bytes += place.raw;
    tallier->tally->stored_bytes += place.stored;
    *offset = at;
    return ERR_OK;
}

static enum error pass_part(struct tallier *tallier, bool is_last)
{
    struct stat status;
    enum head_state state = HEAD_WHOLE;
    uint64_t offset = 0;
    if (fstat(tallier->fd, &status) != 0)
        return ERR_IO;
    tallier->size = (uint64_t)status.st_size;
    while (offset < tallier->size) {
        enum error error = pass_frame(tallier, &offset, &state);
        if (error != ERR_OK)
            return error;
        if (state == HEAD_NONE)
            return damaged(tallier, offset, "no frame begins here");
        if (state == HEAD_SHORT && !is_last)
            return damaged(tallier, offset, "the frame is cut short, and another part follows");
        if (state == HEAD_SHORT)
            break;
    }
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
    buf_printf(tallier->why, "%s: cannot open: %s", tallier->file, errno_said(errno));
    return ERR_IO;
}

/* ---- records ------------------------------------------------------------------------------------------- */

static enum error unpack(const struct tallier *tallier, const struct place *place, uint64_t *lines)
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
