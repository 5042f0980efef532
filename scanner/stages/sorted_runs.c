/* Writes blocks one behind the other; each begins with its two lengths. */
#include "scanner/stages/sorted_runs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <zstd.h>

#include "output/frames/disk.h"
#include "output/readback/facts_spill.h"
#include "scanner/base/errno_said.h"
#include "scanner/stages/sorted.h"

enum { LEVEL = 1, PAIR_HEAD_BYTES = 2 * sizeof(uint32_t) };
enum { BLOCK_CEILING_BYTES = SORTED_BLOCK_BYTES + SORTED_PAIR_BYTES + PAIR_HEAD_BYTES };

struct block_head {
    uint32_t stored_bytes, raw_bytes;
};

struct sorted_file {
    int fd;
    uint64_t end, run; /* of the file; where the run began that is being written */
    struct buf block;  /* of it, not written yet */
    struct buf stored; /* of a block: its head, and it compressed */
    ZSTD_CCtx *compress;
};

static enum error failed(const char *what, struct buf *why)
{
    int number = errno;
    enum error error = error_of_file(number);
    (void)buf_printf(why, "temporary file: %s: %s", what, errno_said(number));
    return error == ERR_FULL ? ERR_FULL : ERR_IO;
}

static enum error damaged(struct buf *why)
{
    (void)buf_text(why, "a temporary file does not hold what was written");
    return ERR_CORRUPT;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

enum error sorted_file_open(int dir_fd, struct sorted_file **made, struct buf *why)
{
    struct sorted_file *file = calloc(1, sizeof *file);
    *made = file;
    if (file == NULL)
        return ERR_MEMORY;
    buf_init(&file->block, BLOCK_CEILING_BYTES);
    buf_init(&file->stored, sizeof(struct block_head) + ZSTD_COMPRESSBOUND(BLOCK_CEILING_BYTES));
    file->compress = ZSTD_createCCtx();
    file->fd = spill_open_file(dir_fd, why);
    if (file->compress == NULL)
        return ERR_MEMORY;
    (void)ZSTD_CCtx_setParameter(file->compress, ZSTD_c_compressionLevel, LEVEL);
    (void)ZSTD_CCtx_setParameter(file->compress, ZSTD_c_checksumFlag, 1);
    return file->fd < 0 ? ERR_IO : ERR_OK;
}

void sorted_file_close(struct sorted_file *file)
{
    if (file == NULL)
        return;
    if (file->fd >= 0)
        (void)close(file->fd);
    ZSTD_freeCCtx(file->compress);
    buf_dispose(&file->block);
    buf_dispose(&file->stored);
    free(file);
}

uint64_t sorted_file_bytes(const struct sorted_file *file)
{
    return file->end;
}

static enum error flush(struct sorted_file *file, struct buf *why)
{
    const struct bytes raw = buf_bytes(&file->block);
    const size_t most = ZSTD_compressBound(raw.len);
    struct block_head head = {.raw_bytes = (uint32_t)raw.len};
    buf_reset(&file->stored);
    uint8_t *room = buf_reserve(&file->stored, sizeof head + most);
    if (room == NULL)
        return ERR_MEMORY;
    size_t len = ZSTD_compress2(file->compress, room + sizeof head, most, raw.data, raw.len);
    if (ZSTD_isError(len))
        return ERR_MEMORY;
    head.stored_bytes = (uint32_t)len;
    memcpy(room, &head, sizeof head);
    if (!disk_write_at(file->fd, bytes_make(room, sizeof head + len), file->end))
        return failed("cannot write", why);
    file->end += sizeof head + len;
    buf_reset(&file->block);
    return ERR_OK;
}

enum error sorted_file_put(struct sorted_file *file, struct bytes key, struct bytes value, struct buf *why)
{
    const uint32_t lengths[] = {(uint32_t)key.len, (uint32_t)value.len};
    if (!buf_append(&file->block, lengths, sizeof lengths) || !buf_append(&file->block, key.data, key.len) ||
        !buf_append(&file->block, value.data, value.len))
        return ERR_MEMORY;
    return file->block.len >= SORTED_BLOCK_BYTES ? flush(file, why) : ERR_OK;
}

enum error sorted_file_end_run(struct sorted_file *file, struct sorted_run *run, struct buf *why)
{
    enum error error = file->block.len > 0 ? flush(file, why) : ERR_OK;
    *run = (struct sorted_run){file->run, file->end};
    file->run = file->end;
    return error;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

void sorted_cursor_begin(struct sorted_cursor *cursor, const struct sorted_file *file, struct sorted_run run)
{
    *cursor = (struct sorted_cursor){.file = file, .at = run.begin, .end = run.end};
    buf_init(&cursor->block, BLOCK_CEILING_BYTES);
}

void sorted_cursor_dispose(struct sorted_cursor *cursor)
{
    buf_dispose(&cursor->block);
}

static enum error read_at(const struct sorted_cursor *cursor, void *out, size_t len, uint64_t at,
                          struct buf *why)
{
    uint8_t *to = out;
    while (len > 0) {
        ssize_t got = pread(cursor->file->fd, to, len, (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? failed("cannot read", why) : damaged(why);
        to += got;
        len -= (size_t)got;
        at += (uint64_t)got;
    }
    return ERR_OK;
}

/* Reads a block's compressed bytes and decompresses them; the checksum is in them. */
static enum error load(struct sorted_cursor *cursor, struct block_head head, struct buf *why)
{
    uint8_t *stored = malloc(head.stored_bytes);
    buf_reset(&cursor->block);
    uint8_t *raw = buf_reserve(&cursor->block, head.raw_bytes);
    enum error error = stored == NULL || raw == NULL ? ERR_MEMORY : ERR_OK;
    if (error == ERR_OK)
        error = read_at(cursor, stored, head.stored_bytes, cursor->at + sizeof head, why);
    if (error == ERR_OK && ZSTD_decompress(raw, head.raw_bytes, stored, head.stored_bytes) != head.raw_bytes)
        error = damaged(why);
    free(stored);
    if (error != ERR_OK)
        return error;
    cursor->block.len = head.raw_bytes;
    cursor->place = 0;
    cursor->at += sizeof head + head.stored_bytes;
    return ERR_OK;
}

static enum error next_block(struct sorted_cursor *cursor, struct buf *why)
{
    struct block_head head;
    uint64_t left = cursor->end - cursor->at;
    if (left < sizeof head)
        return damaged(why);
    enum error error = read_at(cursor, &head, sizeof head, cursor->at, why);
    if (error != ERR_OK)
        return error;
    if (head.stored_bytes > left - sizeof head || head.raw_bytes == 0 || head.raw_bytes > BLOCK_CEILING_BYTES)
        return damaged(why);
    return load(cursor, head, why);
}

enum error sorted_cursor_next(struct sorted_cursor *cursor, struct buf *why)
{
    uint32_t lengths[2];
    cursor->ended = cursor->place == cursor->block.len && cursor->at == cursor->end;
    if (cursor->ended)
        return ERR_OK;
    enum error error = cursor->place == cursor->block.len ? next_block(cursor, why) : ERR_OK;
    if (error != ERR_OK)
        return error;
    struct bytes rest = bytes_behind(buf_bytes(&cursor->block), cursor->place);
    if (rest.len < sizeof lengths)
        return damaged(why);
    memcpy(lengths, rest.data, sizeof lengths);
    rest = bytes_behind(rest, sizeof lengths);
    if (lengths[0] > rest.len || lengths[1] > rest.len - lengths[0])
        return damaged(why);
    cursor->key = bytes_make(rest.data, lengths[0]);
    cursor->value = bytes_make(rest.data + lengths[0], lengths[1]);
    cursor->place += sizeof lengths + lengths[0] + (size_t)lengths[1];
    return ERR_OK;
}
