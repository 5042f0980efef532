/* Decodes Brotli (RFC 7932), with a bound of its memory: a stream may ask for a window of 16 MiB. */
#include <brotli/decode.h>
#include <stdlib.h>

#include "scanner/coding/coding_parts.h"

/* A stream of a policy takes a window of twice its length at most, and a few tables. The decoder fills its
 * window before it gives anything, so this bounds its time as well. */
enum { MEMORY_BYTES = 1024 * 1024 };

/* A block and its size before it. */
struct block {
    size_t size;
    max_align_t data[];
};

static void *take(void *arg, size_t size)
{
    size_t *left = arg;
    if (size > *left)
        return NULL;
    struct block *block = malloc(sizeof *block + size);
    if (block == NULL)
        return NULL;
    block->size = size;
    *left -= size;
    return block->data;
}

static void give(void *arg, void *data)
{
    size_t *left = arg;
    if (data == NULL)
        return;
    struct block *block = (struct block *)(void *)((char *)data - offsetof(struct block, data));
    *left += block->size;
    free(block);
}

/* Returns what a decoder's error means. It asks for a window that all of the announced bytes fit in: if there
 * is no memory for that, more than half of MEMORY_BYTES is announced. */
static enum coding_end end_of_error(BrotliDecoderErrorCode code)
{
    switch (code) {
    case BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_1:
    case BROTLI_DECODER_ERROR_ALLOC_RING_BUFFER_2:
        return CODING_TOO_LARGE;
    case BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES:
    case BROTLI_DECODER_ERROR_ALLOC_TREE_GROUPS:
    case BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MAP:
    case BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES:
        return CODING_LIMIT;
    default:
        return CODING_CORRUPT;
    }
}

static enum coding_end end_of(BrotliDecoderState *state, BrotliDecoderResult result, size_t left)
{
    if (result == BROTLI_DECODER_RESULT_SUCCESS)
        return left == 0 ? CODING_WHOLE : CODING_CORRUPT;
    if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT)
        return CODING_CUT;
    return end_of_error(BrotliDecoderGetErrorCode(state));
}

static enum coding_end run(BrotliDecoderState *state, struct bytes coded, struct buf *out)
{
    uint8_t piece[CODING_PIECE];
    const uint8_t *in = coded.data;
    size_t left = coded.len;
    BrotliDecoderResult result = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
    while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
        uint8_t *end = piece;
        size_t room = sizeof piece;
        result = BrotliDecoderDecompressStream(state, &left, &in, &room, &end, NULL);
        if (!coding_put(out, piece, sizeof piece - room))
            return CODING_TOO_LARGE;
    }
    return end_of(state, result, left);
}

enum coding_end coding_brotli(struct bytes coded, struct buf *out)
{
    size_t memory = MEMORY_BYTES;
    BrotliDecoderState *state = BrotliDecoderCreateInstance(take, give, &memory);
    if (state == NULL)
        return CODING_LIMIT;
    enum coding_end end = run(state, coded, out);
    BrotliDecoderDestroyInstance(state);
    return end;
}
