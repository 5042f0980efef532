/* Compresses blocks of lines with zstd, and keeps a small cache of those read last. Never keeps a file's
 * name. */
#include "output/readback/facts_spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <zstd.h>

#include "output/frames/disk.h"
#include "scanner/base/errno_said.h"

/* A place, as the names here have it, is the block's offset in the file and the line's in the block. */
enum { BLOCK_BYTES = 16 << 10, LINE_BITS = 24, BLOCK_CEILING_BYTES = BLOCK_BYTES + SPILL_LINE_BYTES + 1 };
enum { CACHE_BLOCKS = 256, CACHE_CEILING_BYTES = 64 << 20, LEVEL = 1 };
#define FILE_CEILING_BYTES (UINT64_C(1) << (64 - LINE_BITS))

_Static_assert(BLOCK_CEILING_BYTES < 1 << LINE_BITS, "a line's offset fits");

struct block_head {
    uint32_t stored_bytes;
    uint32_t raw_bytes;
};

struct cached {
    uint64_t offset;
    uint64_t used; /* when it was asked for last; 0: empty */
    uint8_t *raw;
    size_t len;
};

struct spill {
    int fd;
    uint64_t end; /* of the file */
    struct buf block;
    uint8_t *stored; /* room for a block, compressed */
    ZSTD_CCtx *compress;
    ZSTD_DCtx *decompress;
    struct cached cache[CACHE_BLOCKS];
    size_t cache_bytes;
    uint64_t turn;
};

int spill_open_file(int dir_fd, struct buf *why)
{
    const char *folder = getenv("TMPDIR");
    int fd = dir_fd < 0 ? -1 : disk_open_nameless(dir_fd, ".");
    if (fd < 0)
        fd = disk_open_nameless(AT_FDCWD, folder == NULL || folder[0] == 0 ? "/tmp" : folder);
    if (fd < 0)
        buf_printf(why, "no temporary file in TMPDIR: %s", errno_said(errno));
    return fd;
}

void spill_destroy(struct spill *spill)
{
    if (spill == NULL)
        return;
    for (size_t i = 0; i < CACHE_BLOCKS; i++)
        free(spill->cache[i].raw);
    if (spill->fd >= 0)
        (void)close(spill->fd);
    ZSTD_freeCCtx(spill->compress);
    ZSTD_freeDCtx(spill->decompress);
    buf_dispose(&spill->block);
    free(spill->stored);
    free(spill);
}

enum error spill_create(struct spill **made, struct buf *why)
{
    struct spill *spill = calloc(1, sizeof *spill);
    *made = NULL;
    if (spill == NULL)
        return ERR_MEMORY;
    buf_init(&spill->block, BLOCK_CEILING_BYTES);
    spill->fd = spill_open_file(-1, why);
    spill->stored = malloc(ZSTD_COMPRESSBOUND(BLOCK_CEILING_BYTES));
    spill->compress = ZSTD_createCCtx();
    spill->decompress = ZSTD_createDCtx();
    bool whole = spill->stored != NULL && spill->compress != NULL && spill->decompress != NULL;
    if (spill->fd < 0 || !whole) {
        enum error error = spill->fd < 0 ? ERR_IO : ERR_MEMORY;
        spill_destroy(spill);
        return error;
    }
    *made = spill;
    return ERR_OK;
}

static enum error write_all(struct spill *spill, const void *data, size_t len, struct buf *why)
{
    const uint8_t *place = data;
    while (len > 0) {
        ssize_t written = pwrite(spill->fd, place, len, (off_t)spill->end);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            buf_printf(why, "cannot write a temporary file: %s", errno_said(errno));
            return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_IO;
        }
        place += written;
        len -= (size_t)written;
        spill->end += (uint64_t)written;
    }
    return ERR_OK;
}

enum error spill_flush(struct spill *spill, struct buf *why)
{
    if (spill->block.len == 0)
        return ERR_OK;
    size_t stored = ZSTD_compressCCtx(spill->compress, spill->stored, ZSTD_COMPRESSBOUND(BLOCK_CEILING_BYTES),
                                      spill->block.data, spill->block.len, LEVEL);
    if (ZSTD_isError(stored)) {
        buf_text(why, ZSTD_getErrorName(stored));
        return ERR_LIBRARY;
    }
    struct block_head head = {(uint32_t)stored, (uint32_t)spill->block.len};
    enum error error = write_all(spill, &head, sizeof head, why);
    if (error == ERR_OK)
        error = write_all(spill, spill->stored, stored, why);
    buf_reset(&spill->block);
    return error;
}

enum error spill_add(struct spill *spill, struct bytes line, uint64_t *place, struct buf *why)
{
    if (line.len > SPILL_LINE_BYTES)
        return ERR_LIMIT;
    enum error error = spill->block.len >= BLOCK_BYTES ? spill_flush(spill, why) : ERR_OK;
    if (error != ERR_OK)
        return error;
    if (spill->end >= FILE_CEILING_BYTES) {
        buf_text(why, "the temporary file is too large");
        return ERR_FULL;
    }
    *place = spill->end << LINE_BITS | spill->block.len;
    bool added = buf_append(&spill->block, line.data, line.len) && buf_byte(&spill->block, '\n');
    return added ? ERR_OK : ERR_MEMORY;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* ERR_IO with errno if the file cannot be read, ERR_CORRUPT if it ends before. */
static enum error read_all(int fd, void *data, size_t len, uint64_t offset)
{
    uint8_t *place = data;
    while (len > 0) {
        ssize_t got = pread(fd, place, len, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? ERR_IO : ERR_CORRUPT;
        place += got;
        len -= (size_t)got;
        offset += (uint64_t)got;
    }
    return ERR_OK;
}

static void forget(struct spill *spill, struct cached *cached)
{
    spill->cache_bytes -= cached->len;
    free(cached->raw);
    *cached = (struct cached){0};
}

static struct cached *oldest(struct spill *spill, bool filled)
{
    struct cached *found = NULL;
    for (struct cached *cached = spill->cache; cached < spill->cache + CACHE_BLOCKS; cached++)
        if ((!filled || cached->used > 0) && (found == NULL || cached->used < found->used))
            found = cached;
    return found;
}

/* Makes a cell of the cache empty, with room for len bytes. */
static struct cached *make_room(struct spill *spill, size_t len)
{
    while (spill->cache_bytes > 0 && spill->cache_bytes + len > CACHE_CEILING_BYTES)
        forget(spill, oldest(spill, true));
    struct cached *cached = oldest(spill, false);
    forget(spill, cached);
    return cached;
}

/* Reads a block into memory, which is the caller's to free, and says how much of the file it takes. */
static enum error read_block(struct spill *spill, uint64_t offset, struct cached *block, uint64_t *stored)
{
    struct block_head head;
    enum error error = read_all(spill->fd, &head, sizeof head, offset);
    if (error == ERR_OK &&
        (head.raw_bytes > BLOCK_CEILING_BYTES || head.stored_bytes > ZSTD_COMPRESSBOUND(BLOCK_CEILING_BYTES)))
        error = ERR_CORRUPT;
    if (error == ERR_OK)
        error = read_all(spill->fd, spill->stored, head.stored_bytes, offset + sizeof head);
    if (error != ERR_OK)
        return error;
    uint8_t *raw = malloc(head.raw_bytes + 1);
    if (raw == NULL)
        return ERR_MEMORY;
    size_t len =
        ZSTD_decompressDCtx(spill->decompress, raw, head.raw_bytes, spill->stored, head.stored_bytes);
    if (len != head.raw_bytes) {
        free(raw);
        return ERR_CORRUPT;
    }
    *block = (struct cached){.offset = offset, .raw = raw, .len = len};
    *stored = sizeof head + head.stored_bytes;
    return ERR_OK;
}

static enum error load(struct spill *spill, uint64_t offset, struct cached **loaded)
{
    struct cached block;
    uint64_t stored;
    enum error error = read_block(spill, offset, &block, &stored);
    if (error != ERR_OK)
        return error;
    *loaded = make_room(spill, block.len);
    **loaded = block;
    spill->cache_bytes += block.len;
    return ERR_OK;
}

enum error spill_walk(struct spill *spill, spill_take take, void *arg)
{
    enum error error = ERR_OK;
    uint64_t stored = 0;
    for (uint64_t offset = 0; error == ERR_OK && offset < spill->end; offset += stored) {
        struct cached block;
        error = read_block(spill, offset, &block, &stored);
        if (error != ERR_OK)
            return error;
        error = take(arg, bytes_make(block.raw, block.len));
        free(block.raw);
    }
    return error;
}

enum error spill_get(struct spill *spill, uint64_t place, struct bytes *line)
{
    uint64_t offset = place >> LINE_BITS;
    size_t from = place & ((UINT64_C(1) << LINE_BITS) - 1);
    struct cached *found = NULL;
    for (struct cached *cached = spill->cache; found == NULL && cached < spill->cache + CACHE_BLOCKS;
         cached++)
        if (cached->used > 0 && cached->offset == offset)
            found = cached;
    if (found == NULL) {
        enum error error = load(spill, offset, &found);
        if (error != ERR_OK)
            return error;
    }
    found->used = ++spill->turn;
    const uint8_t *begin = found->raw + from;
    const uint8_t *end = from < found->len ? memchr(begin, '\n', found->len - from) : NULL;
    if (end == NULL)
        return ERR_CORRUPT;
    *line = bytes_make(begin, (size_t)(end - begin));
    return ERR_OK;
}

uint64_t spill_bytes(const struct spill *spill)
{
    return spill->end + spill->block.len;
}
