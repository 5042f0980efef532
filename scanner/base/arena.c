/*
 * Allocates by moving a pointer through blocks that double up to 64 KiB. A block with its header is a power
 * of two, which is what allocators give without waste.
 */
#include "scanner/base/arena.h"

#include <stdalign.h>
#include <stdlib.h>

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) uint8_t data[];
};

enum { FIRST_BLOCK_BYTES = 1024, LARGEST_BLOCK_BYTES = 65536 };

void arena_init(struct arena *arena, size_t ceiling_bytes)
{
    arena_init_small(arena, ceiling_bytes, FIRST_BLOCK_BYTES);
}

void arena_init_small(struct arena *arena, size_t ceiling_bytes, size_t first_bytes)
{
    *arena = (struct arena){.ceiling_bytes = ceiling_bytes, .first_bytes = first_bytes};
}

void arena_dispose(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    while (block != NULL) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    arena_init_small(arena, arena->ceiling_bytes, arena->first_bytes);
}

/* With a sanitizer every block is freed, so that it sees a use of memory after the reset. */
void arena_reset(struct arena *arena)
{
    struct arena_block *kept = arena->blocks;
#ifdef __SANITIZE_ADDRESS__
    kept = NULL;
#endif
    if (kept != NULL)
        arena->blocks = kept->next;
    arena_dispose(arena);
    if (kept == NULL)
        return;
    kept->next = NULL;
    kept->used = 0;
    arena->blocks = kept;
    arena->held_bytes = sizeof *kept + kept->size;
}

static size_t next_block_size(const struct arena *arena, size_t need)
{
    const size_t header = sizeof(struct arena_block);
    size_t whole = arena->first_bytes;
    if (arena->blocks != NULL)
        whole = (arena->blocks->size + header) * 2;
    if (whole > LARGEST_BLOCK_BYTES)
        whole = LARGEST_BLOCK_BYTES;
    return need > whole - header ? need : whole - header;
}

static struct arena_block *add_block(struct arena *arena, size_t need)
{
    size_t size = next_block_size(arena, need);
    struct arena_block *block = malloc(sizeof *block + size);
    if (block == NULL)
        return NULL;
    *block = (struct arena_block){.next = arena->blocks, .size = size};
    arena->blocks = block;
    arena->held_bytes += sizeof *block + size;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > arena->ceiling_bytes) {
        arena->full = true;
        return NULL;
    }
    size_t need = (size + align - 1) / align * align;
    if (need > arena->ceiling_bytes - arena->used_bytes) {
        arena->full = true;
        return NULL;
    }
    struct arena_block *block = arena->blocks;
    if (block == NULL || block->size - block->used < need)
        block = add_block(arena, need);
    if (block == NULL) {
        arena->full = true;
        return NULL;
    }
    void *result = block->data + block->used;
    block->used += need;
    arena->used_bytes += need;
    memset(result, 0, need);
    return result;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        arena->full = true;
        return NULL;
    }
    return arena_alloc(arena, total);
}

char *arena_copy(struct arena *arena, const void *data, size_t len)
{
    if (len == SIZE_MAX)
        return NULL;
    char *copy = arena_alloc(arena, len + 1);
    if (copy != NULL && len > 0)
        memcpy(copy, data, len);
    return copy;
}

char *arena_string(struct arena *arena, const char *text)
{
    return text == NULL ? NULL : arena_copy(arena, text, strlen(text));
}

struct bytes arena_bytes(struct arena *arena, struct bytes source)
{
    char *copy = arena_copy(arena, source.data, source.len);
    return copy == NULL ? (struct bytes){NULL, 0} : bytes_make(copy, source.len);
}
