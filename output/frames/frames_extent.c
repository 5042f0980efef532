/* Reads heads of frames and of blocks. */
#include "output/frames/frames_extent.h"

#include <string.h>

enum { HEAD_MOST = 18, MAGIC_BYTES = 4, BLOCK_HEAD_BYTES = 3, CHECKSUM_BYTES = 4 };

/* A frame of ours has no more blocks than these: one that has is made to be slow. */
enum { BLOCKS_BESIDE = 1024, BLOCK_RAW_LEAST = 512 };

/* Of the descriptor of a frame's head, and of a block's. */
enum {
    SIZE_SHIFT = 6,
    SINGLE_SEGMENT = 1 << 5,
    HAS_CHECKSUM = 1 << 2, /* a frame without one cannot tell whether it is whole */
    DICTIONARY = 3,
    BLOCK_LAST = 1,
    BLOCK_RLE = 1,
    BLOCK_RESERVED = 3
};

/* What is measured, and how it is read. */
struct measuring {
    extent_read read;
    void *arg;
    uint64_t size; /* of the file */
    struct frame_extent *extent;
};

static uint64_t little_endian(const uint8_t *data, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = bytes; i-- > 0;)
        number = number << 8 | data[i];
    return number;
}

static void none(struct frame_extent *extent, const char *reason)
{
    extent->state = EXTENT_NONE;
    extent->reason = reason;
}

static void cut_short(struct frame_extent *extent)
{
    extent->state = EXTENT_SHORT;
    extent->reason = "it is cut short";
}

/* Reads a frame's head: its length, and how much the frame holds. A frame of ours says that, and has a
 * checksum. */
static void read_head(const uint8_t *head, size_t got, struct frame_extent *extent)
{
    static const uint8_t magic[MAGIC_BYTES] = {0x28, 0xB5, 0x2F, 0xFD};
    static const size_t dictionary_bytes[] = {0, 1, 2, 4}, size_bytes[] = {0, 2, 4, 8};
    uint8_t descriptor = head[MAGIC_BYTES];
    if (memcmp(head, magic, got < MAGIC_BYTES ? got : MAGIC_BYTES) != 0 ||
        (got > MAGIC_BYTES && (descriptor & HAS_CHECKSUM) == 0)) {
        none(extent, "no frame with a checksum begins here");
        return;
    }
    bool single = (descriptor & SINGLE_SEGMENT) != 0;
    size_t size = size_bytes[descriptor >> SIZE_SHIFT];
    if (size == 0 && single)
        size = 1;
    size_t before = MAGIC_BYTES + 1 + (single ? 0u : 1u) + dictionary_bytes[descriptor & DICTIONARY];
    extent->stored = before + size;
    extent->raw = little_endian(head + before, size) + (size == 2 ? 256 : 0);
    if (got <= MAGIC_BYTES || (size > 0 && got < extent->stored))
        cut_short(extent);
    else if (size == 0 || extent->raw > FRAME_RAW_CEILING_BYTES)
        none(extent, "it does not say how much it holds, or too much");
}

/* Goes over one block, which begins behind what was measured; *last if no other follows. */
static enum error pass_block(const struct measuring *measuring, uint64_t offset, bool *last)
{
    struct frame_extent *extent = measuring->extent;
    uint8_t head[BLOCK_HEAD_BYTES];
    size_t got;
    enum error error = measuring->read(measuring->arg, head, sizeof head, offset + extent->stored, &got);
    if (error != ERR_OK)
        return error;
    if (got < sizeof head) {
        cut_short(extent);
        return ERR_OK;
    }
    uint64_t block = little_endian(head, sizeof head);
    unsigned type = (unsigned)(block >> 1) & 3;
    *last = (block & BLOCK_LAST) != 0;
    extent->stored += sizeof head + (type == BLOCK_RLE ? 1 : block >> 3) + (*last ? CHECKSUM_BYTES : 0);
    extent->blocks++;
    if (type == BLOCK_RESERVED)
        none(extent, "no frame with a checksum begins here");
    else if (extent->stored > FRAME_STORED_CEILING_BYTES ||
             extent->blocks > BLOCKS_BESIDE + extent->raw / BLOCK_RAW_LEAST)
        none(extent, "it goes on for longer than a frame of ours");
    else if (offset + extent->stored > measuring->size)
        cut_short(extent);
    return ERR_OK;
}

enum error frame_extent(extent_read read, void *arg, uint64_t offset, uint64_t size,
                        struct frame_extent *extent)
{
    const struct measuring measuring = {read, arg, size, extent};
    uint8_t head[HEAD_MOST] = {0};
    size_t got;
    bool last = false;
    *extent = (struct frame_extent){.state = EXTENT_WHOLE};
    enum error error = read(arg, head, sizeof head, offset, &got);
    if (error == ERR_OK)
        read_head(head, got, extent);
    while (error == ERR_OK && extent->state == EXTENT_WHOLE && !last)
        error = pass_block(&measuring, offset, &last);
    return error;
}
