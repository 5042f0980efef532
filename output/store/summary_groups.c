/* Keeps the counts of all kinds of groups together. */
#include "output/store/summary_groups.h"

#include <stdlib.h>

#include "output/frames/frames.h"
#include "output/readback/facts_read.h"
#include "output/readback/refused.h"
#include "output/store/groups_pack.h"

enum { ASKED_EVERY = 1024 /* records */, WHY_BYTES = 4096 };

struct groups_counter {
    int dir_fd;
    group_provider provider;
    size_t memory_bytes;
    struct groups_span before;
    struct group_counts *counts; /* NULL: it could not count any more; all is read back at the end */
    struct summary_exchange exchange;
    struct arena arena; /* of the record at hand */
    struct buf packed;  /* likewise */
};

void summary_groups_init(struct summary_groups *groups)
{
    groups->exchange = (struct summary_exchange){0};
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++)
        group_top_init(&groups->kinds[kind], SUMMARY_GROUPS_TOLD);
}

void summary_groups_dispose(struct summary_groups *groups)
{
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++)
        group_top_dispose(&groups->kinds[kind]);
}

struct groups_counter *groups_counter_new(int dir_fd, group_provider provider, size_t memory_bytes,
                                          const struct groups_span *before)
{
    struct groups_counter *counter = calloc(1, sizeof *counter);
    if (counter == NULL)
        return NULL;
    counter->dir_fd = dir_fd;
    counter->provider = provider;
    counter->memory_bytes = memory_bytes;
    counter->before = *before;
    arena_init(&counter->arena, READ_ARENA_BYTES);
    buf_init(&counter->packed, GROUPS_PACK_BYTES);
    counter->counts = group_counts_new(memory_bytes, dir_fd);
    if (counter->counts != NULL)
        return counter;
    free(counter);
    return NULL;
}

void groups_counter_free(struct groups_counter *counter)
{
    if (counter == NULL)
        return;
    group_counts_free(counter->counts);
    arena_dispose(&counter->arena);
    buf_dispose(&counter->packed);
    free(counter);
}

/* ---- a record more ------------------------------------------------------------------------------------- */

struct adding {
    struct groups_counter *counter;
    struct buf *why;
};

static enum error on_member(void *arg, enum group_kind kind, enum outcome outcome,
                            const struct group_member *member)
{
    const struct adding *adding = arg;
    return group_counts_add(adding->counter->counts, kind, outcome, member, adding->why);
}

static void on_exchange(void *arg, bool of_policy, struct bytes group)
{
    const struct adding *adding = arg;
    struct summary_exchange *exchange = &adding->counter->exchange;
    exchange_count(of_policy ? &exchange->policy_fetches : &exchange->mx_sessions, group);
}

static enum error add(struct groups_counter *counter, struct bytes packed, struct buf *why)
{
    struct adding adding = {counter, why};
    const struct groups_unpack take = {&adding, on_member, on_exchange};
    return groups_unpack(packed, &take);
}

static enum error add_domain(struct groups_counter *counter, struct bytes line, struct buf *why)
{
    struct group_record record;
    arena_reset(&counter->arena);
    enum error error = group_record_read(line, &counter->arena, &record);
    if (refused_is_of_record(error)) {
        buf_text(why, "a domain record cannot be read back");
        return ERR_CORRUPT;
    }
    if (error == ERR_OK)
        error = groups_pack_domain(&record, counter->provider, &counter->arena, &counter->packed);
    return error == ERR_OK ? add(counter, buf_bytes(&counter->packed), why) : ERR_MEMORY;
}

static enum error add_host(struct groups_counter *counter, struct bytes line, struct buf *why)
{
    enum error error = exchange_count_host(&counter->exchange, line);
    if (!refused_is_of_record(error))
        return error;
    buf_text(why, "a host record cannot be read back");
    return ERR_CORRUPT;
}

/* Counts by one of the ways above, as long as nothing has failed. */
static void count(struct groups_counter *counter, struct bytes data,
                  enum error (*way)(struct groups_counter *counter, struct bytes data, struct buf *why))
{
    struct buf unsaid;
    buf_init(&unsaid, WHY_BYTES);
    if (counter->counts != NULL && way(counter, data, &unsaid) != ERR_OK) {
        group_counts_free(counter->counts);
        counter->counts = NULL;
    }
    buf_dispose(&unsaid);
}

void groups_counter_add(struct groups_counter *counter, struct bytes packed)
{
    count(counter, packed, add);
}

void groups_counter_domain(struct groups_counter *counter, struct bytes line)
{
    count(counter, line, add_domain);
}

void groups_counter_host(struct groups_counter *counter, struct bytes line)
{
    count(counter, line, add_host);
}

uint64_t groups_counter_unread(const struct groups_counter *counter, uint64_t records)
{
    return counter->counts == NULL ? records : counter->before.domains;
}

/* ---- records on disk ----------------------------------------------------------------------------------- */

struct reading {
    struct groups_counter *counter;
    bool (*stopped)(void);
    struct buf *why;
    uint64_t records; /* so far */
    enum error (*count)(struct groups_counter *counter, struct bytes line, struct buf *why);
};

static enum error on_line(void *arg, struct bytes line)
{
    struct reading *reading = arg;
    if (reading->stopped != NULL && reading->records++ % ASKED_EVERY == 0 && reading->stopped())
        return ERR_STOPPED;
    return reading->count(reading->counter, line, reading->why);
}

static enum error read_stream(struct reading *reading, const char *stream, const uint64_t *most)
{
    int dir_fd = reading->counter->dir_fd;
    return most == NULL ? frames_read(dir_fd, stream, on_line, reading, reading->why)
                        : frames_read_first(dir_fd, stream, *most, on_line, reading, reading->why);
}

/* Reads so many records and counts them; span NULL: all that there are. */
static enum error read_back(struct groups_counter *counter, const struct groups_span *span,
                            bool (*stopped)(void), struct buf *why)
{
    struct reading reading = {.counter = counter, .stopped = stopped, .why = why, .count = add_domain};
    enum error error = read_stream(&reading, "domains", span == NULL ? NULL : &span->domains);
    reading.count = add_host;
    return error == ERR_OK ? read_stream(&reading, "hosts", span == NULL ? NULL : &span->hosts) : error;
}

/* ---- the end ------------------------------------------------------------------------------------------- */

static enum error take_row(void *arg, const struct group_row *row)
{
    struct summary_groups *groups = arg;
    return group_top_take(&groups->kinds[row->kind], row) ? ERR_OK : ERR_MEMORY;
}

/* Forgets what was counted before counting failed. */
static enum error begin_again(struct groups_counter *counter)
{
    counter->exchange = (struct summary_exchange){0};
    counter->counts = group_counts_new(counter->memory_bytes, counter->dir_fd);
    return counter->counts == NULL ? ERR_MEMORY : ERR_OK;
}

/* Reads back, as read_back does, and gives the first groups of all. */
static enum error finish(struct groups_counter *counter, const struct groups_span *span,
                         bool (*stopped)(void), struct summary_groups *groups, struct buf *why)
{
    enum error error = read_back(counter, span, stopped, why);
    if (error == ERR_OK)
        error = group_counts_end(counter->counts, take_row, groups, why);
    groups->exchange = counter->exchange;
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++)
        group_top_sort(&groups->kinds[kind]);
    return error;
}

enum error groups_counter_end(struct groups_counter *counter, bool (*stopped)(void),
                              struct summary_groups *groups, struct buf *why)
{
    bool all = counter->counts == NULL;
    enum error error = all ? begin_again(counter) : ERR_OK;
    return error == ERR_OK ? finish(counter, all ? NULL : &counter->before, stopped, groups, why) : error;
}

enum error summary_groups_count(struct summary_groups *groups, int dir_fd, group_provider provider,
                                struct buf *why)
{
    const struct groups_span nothing = {0, 0};
    struct groups_counter *counter = groups_counter_new(dir_fd, provider, SUMMARY_GROUPS_BYTES, &nothing);
    if (counter == NULL)
        return ERR_MEMORY;
    enum error error = finish(counter, NULL, NULL, groups, why);
    groups_counter_free(counter);
    return error;
}
