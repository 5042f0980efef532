/* Keeps pairs in memory until there is no room, writes them as a run then, and merges runs by a heap. */
#include "scanner/stages/sorted.h"

#include <stdlib.h>

#include "scanner/stages/sorted_runs.h"

enum { MEMORY_LEAST = 4096 };

/* Pairs stand from the front of the room, and behind it, from its end to the front, where each begins. */
struct sorted {
    int dir_fd;
    size_t memory_bytes;
    uint8_t *room; /* owned; NULL: not yet, or no more */
    size_t capacity, used, pairs;
    struct sorted_file *file; /* NULL: everything is in memory */
    struct sorted_run runs[SORTED_RUNS_MOST];
    size_t run_count;
    uint64_t count;
};

struct sorted_reader {
    const struct sorted *sorted;
    size_t next; /* of those in memory */
    struct sorted_cursor *cursors;
    size_t *heap; /* of cursors that have a pair, by key; the least first */
    size_t heap_count;
    bool begun; /* the pair of the first cursor was given, and it is to go on */
};

struct sorted *sorted_create(const struct sorted_options *options)
{
    struct sorted *sorted = calloc(1, sizeof *sorted);
    if (sorted == NULL)
        return NULL;
    size_t bytes = options->memory_bytes < MEMORY_LEAST ? MEMORY_LEAST : options->memory_bytes;
    sorted->memory_bytes = bytes & ~(sizeof(size_t) - 1);
    sorted->dir_fd = options->dir_fd;
    return sorted;
}

void sorted_free(struct sorted *sorted)
{
    if (sorted == NULL)
        return;
    free(sorted->room);
    sorted_file_close(sorted->file);
    free(sorted);
}

uint64_t sorted_count(const struct sorted *sorted)
{
    return sorted->count;
}

uint64_t sorted_stored(const struct sorted *sorted)
{
    return sorted->file == NULL ? 0 : sorted_file_bytes(sorted->file);
}

/* ---- in memory ----------------------------------------------------------------------------------------- */

/* Returns where the pairs begin: the last that was added is the first of them. */
static size_t *places(const struct sorted *sorted)
{
    return (size_t *)(void *)(sorted->room + sorted->capacity) - sorted->pairs;
}

static struct bytes key_at(const struct sorted *sorted, size_t place, struct bytes *value)
{
    uint32_t lengths[2];
    memcpy(lengths, sorted->room + place, sizeof lengths);
    const uint8_t *key = sorted->room + place + sizeof lengths;
    *value = bytes_make(key + lengths[0], lengths[1]);
    return bytes_make(key, lengths[0]);
}

static int compare_keys(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len == 0 ? 0 : memcmp(a.data, b.data, len);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

/* Of equal keys the one that was added first comes first: its place is the lower one. */
static int compare_places(const void *left, const void *right, void *arg)
{
    const size_t *a = left, *b = right;
    struct bytes value;
    int order = compare_keys(key_at(arg, *a, &value), key_at(arg, *b, &value));
    return order != 0 ? order : (*a > *b) - (*a < *b);
}

static void sort(struct sorted *sorted)
{
    if (sorted->pairs > 1)
        qsort_r(places(sorted), sorted->pairs, sizeof(size_t), compare_places, sorted);
}

static bool fits(const struct sorted *sorted, size_t bytes)
{
    size_t taken = sorted->used + (sorted->pairs + 1) * sizeof(size_t);
    return taken <= sorted->capacity && bytes <= sorted->capacity - taken;
}

/* Makes the room, which is larger than asked for if one pair alone needs that. */
static enum error make_room(struct sorted *sorted, size_t pair_bytes)
{
    size_t wanted = (pair_bytes + 2 * sizeof(size_t)) & ~(sizeof(size_t) - 1);
    size_t capacity = wanted > sorted->memory_bytes ? wanted : sorted->memory_bytes;
    if (sorted->room != NULL && sorted->capacity >= capacity)
        return ERR_OK;
    free(sorted->room);
    sorted->room = malloc(capacity);
    sorted->capacity = sorted->room == NULL ? 0 : capacity;
    return sorted->room == NULL ? ERR_MEMORY : ERR_OK;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

void sorted_reader_free(struct sorted_reader *reader)
{
    if (reader == NULL)
        return;
    for (size_t i = 0; reader->cursors != NULL && i < reader->sorted->run_count; i++)
        sorted_cursor_dispose(&reader->cursors[i]);
    free(reader->cursors);
    free(reader->heap);
    free(reader);
}

/* Of equal keys the one of the earlier run comes first. */
static bool is_before(const struct sorted_reader *reader, size_t a, size_t b)
{
    int order = compare_keys(reader->cursors[a].key, reader->cursors[b].key);
    return order != 0 ? order < 0 : a < b;
}

static void swap(size_t *a, size_t *b)
{
    size_t kept = *a;
    *a = *b;
    *b = kept;
}

static void sink(struct sorted_reader *reader, size_t at)
{
    for (size_t least = at;; at = least) {
        for (size_t child = 2 * at + 1; child <= 2 * at + 2; child++)
            if (child < reader->heap_count && is_before(reader, reader->heap[child], reader->heap[least]))
                least = child;
        if (least == at)
            return;
        swap(&reader->heap[at], &reader->heap[least]);
    }
}

static enum error begin_runs(struct sorted_reader *reader, struct buf *why)
{
    const struct sorted *sorted = reader->sorted;
    reader->cursors = calloc(sorted->run_count, sizeof *reader->cursors);
    reader->heap = calloc(sorted->run_count, sizeof *reader->heap);
    if (reader->cursors == NULL || reader->heap == NULL)
        return ERR_MEMORY;
    enum error error = ERR_OK;
    for (size_t i = 0; i < sorted->run_count; i++)
        sorted_cursor_begin(&reader->cursors[i], sorted->file, sorted->runs[i]);
    for (size_t i = 0; i < sorted->run_count && error == ERR_OK; i++) {
        error = sorted_cursor_next(&reader->cursors[i], why);
        if (!reader->cursors[i].ended)
            reader->heap[reader->heap_count++] = i;
    }
    for (size_t i = reader->heap_count; error == ERR_OK && i > 0; i--)
        sink(reader, i - 1);
    return error;
}

enum error sorted_begin(struct sorted *sorted, struct sorted_reader **made, struct buf *why)
{
    struct sorted_reader *reader = calloc(1, sizeof *reader);
    *made = reader;
    if (reader == NULL)
        return ERR_MEMORY;
    reader->sorted = sorted;
    enum error error = sorted->run_count > 0 ? begin_runs(reader, why) : ERR_OK;
    if (error == ERR_OK)
        return ERR_OK;
    sorted_reader_free(reader);
    *made = NULL;
    return error;
}

/* Takes the pair that was given off, and puts the run's next one in its place. */
static enum error go_on(struct sorted_reader *reader, struct buf *why)
{
    struct sorted_cursor *cursor = &reader->cursors[reader->heap[0]];
    enum error error = sorted_cursor_next(cursor, why);
    if (error != ERR_OK)
        return error;
    if (cursor->ended)
        reader->heap[0] = reader->heap[--reader->heap_count];
    sink(reader, 0);
    return ERR_OK;
}

enum error sorted_next(struct sorted_reader *reader, struct bytes *key, struct bytes *value, struct buf *why)
{
    const struct sorted *sorted = reader->sorted;
    if (sorted->run_count == 0) {
        if (reader->next == sorted->pairs)
            return ERR_NOT_FOUND;
        *key = key_at(sorted, places(sorted)[reader->next++], value);
        return ERR_OK;
    }
    enum error error = reader->begun && reader->heap_count > 0 ? go_on(reader, why) : ERR_OK;
    reader->begun = true;
    if (error != ERR_OK)
        return error;
    if (reader->heap_count == 0)
        return ERR_NOT_FOUND;
    *key = reader->cursors[reader->heap[0]].key;
    *value = reader->cursors[reader->heap[0]].value;
    return ERR_OK;
}

/* ---- runs ---------------------------------------------------------------------------------------------- */

/* Merges all runs into one, in a file of its own, so that the disk has room again. */
static enum error merge_runs(struct sorted *sorted, struct buf *why)
{
    struct sorted_file *merged = NULL;
    struct sorted_reader *reader = NULL;
    struct bytes key, value;
    struct sorted_run run;
    enum error error = sorted_file_open(sorted->dir_fd, &merged, why);
    if (error == ERR_OK)
        error = sorted_begin(sorted, &reader, why);
    while (error == ERR_OK && (error = sorted_next(reader, &key, &value, why)) == ERR_OK)
        error = sorted_file_put(merged, key, value, why);
    if (error == ERR_NOT_FOUND)
        error = sorted_file_end_run(merged, &run, why);
    sorted_reader_free(reader);
    if (error != ERR_OK) {
        sorted_file_close(merged);
        return error;
    }
    sorted_file_close(sorted->file);
    sorted->file = merged;
    sorted->runs[0] = run;
    sorted->run_count = 1;
    return ERR_OK;
}

/* Writes what is in memory as a run. */
static enum error write_run(struct sorted *sorted, struct buf *why)
{
    enum error error = ERR_OK;
    if (sorted->pairs == 0)
        return ERR_OK;
    if (sorted->file == NULL)
        error = sorted_file_open(sorted->dir_fd, &sorted->file, why);
    if (error == ERR_OK && sorted->run_count == SORTED_RUNS_MOST)
        error = merge_runs(sorted, why);
    sort(sorted);
    for (size_t i = 0; i < sorted->pairs && error == ERR_OK; i++) {
        struct bytes value, key = key_at(sorted, places(sorted)[i], &value);
        error = sorted_file_put(sorted->file, key, value, why);
    }
    if (error == ERR_OK)
        error = sorted_file_end_run(sorted->file, &sorted->runs[sorted->run_count], why);
    sorted->run_count += error == ERR_OK;
    sorted->pairs = sorted->used = 0;
    return error;
}

enum error sorted_add(struct sorted *sorted, struct bytes key, struct bytes value, struct buf *why)
{
    if (key.len > SORTED_PAIR_BYTES || value.len > SORTED_PAIR_BYTES - key.len)
        return ERR_LIMIT;
    const uint32_t lengths[] = {(uint32_t)key.len, (uint32_t)value.len};
    const size_t bytes = sizeof lengths + key.len + value.len;
    enum error error = ERR_OK;
    if (!fits(sorted, bytes)) {
        error = write_run(sorted, why);
        if (error == ERR_OK)
            error = make_room(sorted, bytes);
    }
    if (error != ERR_OK)
        return error;
    uint8_t *to = sorted->room + sorted->used;
    memcpy(to, lengths, sizeof lengths);
    if (key.len > 0)
        memcpy(to + sizeof lengths, key.data, key.len);
    if (value.len > 0)
        memcpy(to + sizeof lengths + key.len, value.data, value.len);
    sorted->pairs++;
    *places(sorted) = sorted->used;
    sorted->used += bytes;
    sorted->count++;
    return ERR_OK;
}

enum error sorted_end(struct sorted *sorted, struct buf *why)
{
    if (sorted->run_count == 0) {
        sort(sorted);
        return ERR_OK;
    }
    enum error error = write_run(sorted, why);
    free(sorted->room);
    sorted->room = NULL;
    sorted->capacity = 0;
    return error;
}
