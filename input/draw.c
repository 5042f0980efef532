/* Keeps the lowest numbers of each stratum in a heap whose top is the highest of them. */
#include "input/draw.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_NUMBERS = 64, FIRST_HEAPS = 16, DIGEST_BYTES = 32 };

/* What is kept of a name: its number but for the lowest bit, which says whether it is ours. Two names that
 * differ in that bit alone would both be in the sample, or neither. */
static const uint64_t OURS = 1;

struct heap {
    uint64_t *numbers; /* owned */
    size_t count, capacity;
};

struct draw {
    struct draw_size size;
    EVP_MD *digest;
    EVP_MD_CTX *keyed, *context; /* the first has taken the key */
    struct heap *heaps;          /* owned: one a stratum */
    size_t heap_count;
    size_t kept; /* of all heaps */
    bool failed; /* the library has */
};

struct draw *draw_create(const struct draw_size *size, const char *key)
{
    struct draw *draw = calloc(1, sizeof *draw);
    if (draw == NULL)
        return NULL;
    draw->size = *size;
    draw->digest = EVP_MD_fetch(NULL, "SHA256", NULL);
    draw->keyed = EVP_MD_CTX_new();
    draw->context = EVP_MD_CTX_new();
    /* The end of the key's text is the zero byte. */
    if (draw->digest != NULL && draw->keyed != NULL && draw->context != NULL &&
        EVP_DigestInit_ex(draw->keyed, draw->digest, NULL) == 1 &&
        EVP_DigestUpdate(draw->keyed, key, strlen(key) + 1) == 1)
        return draw;
    draw_destroy(draw);
    return NULL;
}

void draw_destroy(struct draw *draw)
{
    if (draw == NULL)
        return;
    for (size_t i = 0; i < draw->heap_count; i++)
        free(draw->heaps[i].numbers);
    free(draw->heaps);
    EVP_MD_CTX_free(draw->keyed);
    EVP_MD_CTX_free(draw->context);
    EVP_MD_free(draw->digest);
    free(draw);
}

uint64_t draw_number(struct draw *draw, const char *name)
{
    uint8_t digest[DIGEST_BYTES];
    uint64_t number = 0;
    if (EVP_MD_CTX_copy_ex(draw->context, draw->keyed) != 1 ||
        EVP_DigestUpdate(draw->context, name, strlen(name)) != 1 ||
        EVP_DigestFinal_ex(draw->context, digest, NULL) != 1) {
        draw->failed = true;
        return UINT64_MAX;
    }
    for (size_t i = 0; i < sizeof number; i++)
        number = number << 8 | digest[i];
    return number;
}

bool draw_failed(const struct draw *draw)
{
    return draw->failed;
}

bool draw_takes(struct draw *draw, const char *name)
{
    /* A number below share / whole of 2^64, without a rounding. */
    unsigned __int128 scaled = (unsigned __int128)draw_number(draw, name) * DRAW_WHOLE;
    return scaled < (unsigned __int128)draw->size.share << 64;
}

/* ---- the lowest numbers -------------------------------------------------------------------------------- */

static void swap(uint64_t *a, uint64_t *b)
{
    uint64_t was = *a;
    *a = *b;
    *b = was;
}

static void sift_up(struct heap *heap, size_t at)
{
    while (at > 0 && heap->numbers[(at - 1) / 2] < heap->numbers[at]) {
        swap(&heap->numbers[(at - 1) / 2], &heap->numbers[at]);
        at = (at - 1) / 2;
    }
}

static void sift_down(struct heap *heap)
{
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child + 1 < heap->count && heap->numbers[child + 1] > heap->numbers[child])
            child++;
        if (child >= heap->count || heap->numbers[child] <= heap->numbers[at])
            return;
        swap(&heap->numbers[child], &heap->numbers[at]);
        at = child;
    }
}

static bool heap_room(struct heap *heap)
{
    if (heap->count < heap->capacity)
        return true;
    size_t capacity = heap->capacity == 0 ? FIRST_NUMBERS : heap->capacity * 2;
    uint64_t *larger = realloc(heap->numbers, capacity * sizeof *larger);
    if (larger == NULL)
        return false;
    heap->numbers = larger;
    heap->capacity = capacity;
    return true;
}

/* Finds the heap of a stratum, or makes it; NULL: out of memory. */
static struct heap *heap_of(struct draw *draw, size_t stratum)
{
    if (stratum < draw->heap_count)
        return &draw->heaps[stratum];
    size_t count = draw->heap_count == 0 ? FIRST_HEAPS : draw->heap_count;
    while (count <= stratum)
        count *= 2;
    struct heap *larger = realloc(draw->heaps, count * sizeof *larger);
    if (larger == NULL)
        return NULL;
    memset(larger + draw->heap_count, 0, (count - draw->heap_count) * sizeof *larger);
    draw->heaps = larger;
    draw->heap_count = count;
    return &draw->heaps[stratum];
}

enum error draw_offer(struct draw *draw, size_t stratum, const char *name, bool is_ours)
{
    struct heap *heap = heap_of(draw, stratum);
    uint64_t number = (draw_number(draw, name) & ~OURS) | (is_ours ? OURS : 0);
    if (draw->failed)
        return ERR_LIBRARY;
    if (heap == NULL)
        return ERR_MEMORY;
    if (heap->count == draw->size.names) {
        if (number > heap->numbers[0])
            return ERR_OK;
        heap->numbers[0] = number;
        sift_down(heap);
        return ERR_OK;
    }
    if (draw->kept == DRAW_NAMES_MOST)
        return ERR_LIMIT;
    if (!heap_room(heap))
        return ERR_MEMORY;
    heap->numbers[heap->count++] = number;
    draw->kept++;
    sift_up(heap, heap->count - 1);
    return ERR_OK;
}

bool draw_has(struct draw *draw, size_t stratum, const char *name)
{
    if (stratum >= draw->heap_count || draw->heaps[stratum].count == 0)
        return false;
    return (draw_number(draw, name) & ~OURS) <= (draw->heaps[stratum].numbers[0] & ~OURS);
}

size_t draw_count(const struct draw *draw, size_t stratum, size_t *ours)
{
    *ours = 0;
    if (stratum >= draw->heap_count)
        return 0;
    for (size_t i = 0; i < draw->heaps[stratum].count; i++)
        *ours += (draw->heaps[stratum].numbers[i] & OURS) != 0;
    return draw->heaps[stratum].count;
}
