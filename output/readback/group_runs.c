/* Writes sums as numbers of seven bits a byte, and reads them back in step. */
#include "output/readback/group_runs.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "output/readback/facts_spill.h"
#include "scanner/base/errno_said.h"

enum { VARINT_BITS = 7, VARINT_MORE = 0x80, KEY_BYTES = GROUP_NAME_BYTES + 1 };

/* One run; while it is read, its next sum's hash and key. */
struct run {
    int fd;
    unsigned level;    /* 0: of memory; a merge's is one more than the highest that went into it */
    uint64_t size, at; /* bytes of the file; how many of them have been read into the buffer */
    uint8_t *buffer;
    size_t begin, end; /* what of the buffer is not taken yet */
    bool ended, damaged;
    uint64_t hash;
    size_t key_len;
    uint8_t key[KEY_BYTES];
};

struct group_runs {
    int dir_fd;
    struct run list[RUNS_MOST + 1]; /* one more while all of them are merged into it */
    size_t count;
    struct run *open; /* that is written */
    struct group_sum sum;
};

void group_sum_begin(struct group_sum *sum, uint64_t hash, struct bytes key)
{
    if (sum->has_codes) {
        memset(sum->fails, 0, sizeof sum->fails);
        memset(sum->opens, 0, sizeof sum->opens);
    }
    memset(sum->outcomes, 0, sizeof sum->outcomes);
    sum->has_codes = false;
    sum->gain = 0;
    sum->hash = hash;
    sum->key = key;
}

struct group_runs *group_runs_new(int dir_fd)
{
    struct group_runs *runs = calloc(1, sizeof *runs);
    if (runs != NULL)
        runs->dir_fd = dir_fd;
    return runs;
}

static void dispose(struct run *run)
{
    if (run->buffer != NULL)
        (void)close(run->fd);
    free(run->buffer);
    *run = (struct run){.buffer = NULL};
}

void group_runs_free(struct group_runs *runs)
{
    if (runs == NULL)
        return;
    for (size_t i = 0; i <= RUNS_MOST; i++)
        dispose(&runs->list[i]);
    free(runs);
}

size_t group_runs_count(const struct group_runs *runs)
{
    return runs->count;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

enum error group_runs_begin(struct group_runs *runs, struct buf *why)
{
    struct run *run = &runs->list[runs->count];
    uint8_t *buffer = malloc(RUN_BUFFER_BYTES);
    if (buffer == NULL)
        return ERR_MEMORY;
    int fd = spill_open_file(runs->dir_fd, why);
    if (fd < 0) {
        free(buffer);
        return ERR_IO;
    }
    *run = (struct run){.fd = fd, .buffer = buffer};
    runs->open = run;
    return ERR_OK;
}

static enum error flush(struct run *run, struct buf *why)
{
    while (run->begin < run->end) {
        ssize_t written = write(run->fd, run->buffer + run->begin, run->end - run->begin);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            buf_printf(why, "cannot write a temporary file: %s", errno_said(errno));
            return errno == ENOSPC || errno == EDQUOT ? ERR_FULL : ERR_IO;
        }
        run->begin += (size_t)written;
        run->size += (uint64_t)written;
    }
    run->begin = run->end = 0;
    return ERR_OK;
}

static void put_number(struct run *run, uint64_t number)
{
    for (; number >= VARINT_MORE; number >>= VARINT_BITS)
        run->buffer[run->end++] = (uint8_t)(number | VARINT_MORE);
    run->buffer[run->end++] = (uint8_t)number;
}

/* Writes the counts that are not zero, each behind its number from 1, and a 0 behind them. */
static void put_counts(struct run *run, const uint64_t *counts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (counts[i] == 0)
            continue;
        put_number(run, i + 1);
        put_number(run, counts[i]);
    }
    put_number(run, 0);
}

enum error group_runs_put(struct group_runs *runs, const struct group_sum *sum, struct buf *why)
{
    const size_t number_most = 10, counts_most = 6 + 4 * (size_t)FAIL_COUNT + 2 * (size_t)OUTCOME_COUNT;
    const size_t sum_most = KEY_BYTES + number_most * counts_most; /* a quarter of the buffer, or less */
    struct run *run = runs->open;
    enum error error = run->end + sum_most > RUN_BUFFER_BYTES ? flush(run, why) : ERR_OK;
    if (error != ERR_OK)
        return error;
    put_number(run, sum->hash);
    put_number(run, sum->key.len);
    memcpy(run->buffer + run->end, sum->key.data, sum->key.len);
    run->end += sum->key.len;
    put_number(run, sum->gain);
    put_counts(run, sum->outcomes, OUTCOME_COUNT);
    put_counts(run, sum->fails, sum->has_codes ? FAIL_COUNT : 0);
    put_counts(run, sum->opens, sum->has_codes ? FAIL_COUNT : 0);
    return ERR_OK;
}

static enum error merge_from(struct group_runs *runs, size_t from, group_sum_take take, void *arg,
                             struct buf *why);

struct merging {
    struct group_runs *runs;
    struct buf *why;
};

static enum error put_again(void *arg, const struct group_sum *sum)
{
    const struct merging *merging = arg;
    return group_runs_put(merging->runs, sum, merging->why);
}

/* Finds where the last runs begin that are to be merged: those of the lowest level, and of those above it
 * until there are several. Levels fall along the list. */
static size_t find_lowest(const struct group_runs *runs)
{
    size_t first = runs->count - 1;
    for (unsigned level = runs->list[first].level; first > 0; first--) {
        if (runs->list[first - 1].level != level && runs->count - first > 1)
            break;
        level = runs->list[first - 1].level;
    }
    return first;
}

/* Merges the last runs, which are about as large as each other, into one that takes their place: so each sum
 * is written once a level, whatever the number of runs. */
static enum error merge_lowest(struct group_runs *runs, struct buf *why)
{
    struct merging merging = {runs, why};
    size_t first = find_lowest(runs);
    enum error error = group_runs_begin(runs, why);
    if (error == ERR_OK)
        error = merge_from(runs, first, put_again, &merging, why);
    if (error == ERR_OK)
        error = flush(runs->open, why);
    if (error != ERR_OK)
        return error;
    struct run merged = *runs->open;
    merged.level = runs->list[first].level + 1;
    *runs->open = (struct run){.buffer = NULL};
    for (size_t i = first; i < runs->count; i++)
        dispose(&runs->list[i]);
    runs->list[first] = merged;
    runs->count = first + 1;
    return ERR_OK;
}

enum error group_runs_end(struct group_runs *runs, struct buf *why)
{
    enum error error = flush(runs->open, why);
    runs->count += error == ERR_OK;
    return error == ERR_OK && runs->count == RUNS_MOST ? merge_lowest(runs, why) : error;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* Fills the buffer anew. Returns whether there is another byte. */
static bool fill(struct run *run)
{
    if (run->begin < run->end)
        return true;
    ssize_t got;
    do
        got = pread(run->fd, run->buffer, RUN_BUFFER_BYTES, (off_t)run->at);
    while (got < 0 && errno == EINTR);
    run->damaged = run->damaged || got < 0 || (got == 0 && run->at < run->size);
    run->begin = 0;
    run->end = got > 0 ? (size_t)got : 0;
    run->at += run->end;
    return run->end > 0;
}

static uint8_t take_byte(struct run *run)
{
    if (fill(run))
        return run->buffer[run->begin++];
    run->damaged = true; /* nothing ends within a sum */
    return 0;
}

static uint64_t take_number(struct run *run)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += VARINT_BITS) {
        uint8_t byte = take_byte(run);
        number |= (uint64_t)(byte & (VARINT_MORE - 1)) << shift;
        if (byte < VARINT_MORE)
            return number;
    }
    run->damaged = true;
    return 0;
}

/* Adds counts. Returns whether there were any. */
static bool take_counts(struct run *run, uint64_t *counts, size_t count)
{
    for (bool any = false;; any = true) {
        uint64_t place = take_number(run);
        if (place == 0 || place > count)
            run->damaged = run->damaged || place > count;
        if (place == 0 || run->damaged)
            return any;
        counts[place - 1] += take_number(run);
    }
}

/* Goes to the next sum's hash and key. */
static void next(struct run *run)
{
    run->ended = !fill(run);
    if (run->ended)
        return;
    run->hash = take_number(run);
    run->key_len = (size_t)take_number(run);
    if (run->key_len > KEY_BYTES)
        run->damaged = true;
    for (size_t i = 0; !run->damaged && i < run->key_len; i++)
        run->key[i] = take_byte(run);
}

static int compare(const struct run *a, const struct run *b)
{
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    size_t len = a->key_len < b->key_len ? a->key_len : b->key_len;
    int order = memcmp(a->key, b->key, len);
    return order != 0 ? order : (a->key_len > b->key_len) - (a->key_len < b->key_len);
}

static struct run *first_of(struct group_runs *runs, size_t from)
{
    struct run *first = NULL;
    for (struct run *run = runs->list + from; run < runs->list + runs->count; run++)
        if (!run->ended && (first == NULL || compare(run, first) < 0))
            first = run;
    return first;
}

static bool is_damaged(const struct group_runs *runs, size_t from)
{
    for (size_t i = from; i < runs->count; i++)
        if (runs->list[i].damaged)
            return true;
    return false;
}

static void add(struct group_sum *sum, struct run *run)
{
    sum->gain += take_number(run);
    (void)take_counts(run, sum->outcomes, OUTCOME_COUNT);
    bool fails = take_counts(run, sum->fails, FAIL_COUNT);
    bool opens = take_counts(run, sum->opens, FAIL_COUNT);
    sum->has_codes = sum->has_codes || fails || opens;
    next(run);
}

/* Gives the sums of the runs from that one on, as group_runs_merge does those of all. */
static enum error merge_from(struct group_runs *runs, size_t from, group_sum_take take, void *arg,
                             struct buf *why)
{
    enum error error = ERR_OK;
    uint8_t key[KEY_BYTES];
    for (size_t i = from; i < runs->count; i++) {
        runs->list[i].at = runs->list[i].begin = runs->list[i].end = 0;
        next(&runs->list[i]);
    }
    for (struct run *run = first_of(runs, from); run != NULL && error == ERR_OK && !is_damaged(runs, from);
         run = first_of(runs, from)) {
        struct run same = {.hash = run->hash, .key_len = run->key_len};
        memcpy(key, run->key, run->key_len);
        memcpy(same.key, run->key, run->key_len);
        group_sum_begin(&runs->sum, run->hash, bytes_make(key, run->key_len));
        for (struct run *each = run; each < runs->list + runs->count && !each->damaged; each++)
            while (!each->ended && !each->damaged && compare(each, &same) == 0)
                add(&runs->sum, each);
        error = is_damaged(runs, from) ? ERR_OK : take(arg, &runs->sum);
    }
    if (error == ERR_OK && is_damaged(runs, from)) {
        buf_text(why, "a temporary file does not hold what was written");
        return ERR_CORRUPT;
    }
    return error;
}

enum error group_runs_merge(struct group_runs *runs, group_sum_take take, void *arg, struct buf *why)
{
    return merge_from(runs, 0, take, arg, why);
}
