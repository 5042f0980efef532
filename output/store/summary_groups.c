/* Walks the domain records once, and counts all kinds of groups together; then the host records. */
#include "output/store/summary_groups.h"

#include "output/frames/frames.h"
#include "output/readback/facts_read.h"

enum { ASKED_EVERY = 1024 }; /* records */

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

struct walk {
    const struct summary_groups_reading *reading;
    struct group_counts *counts;
    struct summary_exchange *exchange;
    struct arena arena; /* of the record at hand */
    struct buf *why;
    uint64_t records;
};

static enum error count_kind(struct walk *walk, const struct group_record *record,
                             const struct troubles *troubles, enum group_kind kind)
{
    struct group_members members;
    enum error error = ERR_OK;
    if (!groups_of(record, troubles, kind, walk->reading->provider, &walk->arena, &members))
        return ERR_MEMORY;
    for (size_t i = 0; error == ERR_OK && i < members.count; i++)
        error = group_counts_add(walk->counts, kind, record->outcome, &members.list[i], walk->why);
    return error;
}

static enum error on_line(void *arg, struct bytes line)
{
    struct walk *walk = arg;
    struct group_record record;
    struct troubles troubles;
    arena_reset(&walk->arena);
    if (walk->records++ % ASKED_EVERY == 0 && walk->reading->stopped())
        return ERR_STOPPED;
    enum error error = group_record_read(line, &walk->arena, &record);
    if (error == ERR_SYNTAX) {
        buf_text(walk->why, "a domain record cannot be read back");
        return ERR_CORRUPT;
    }
    if (error != ERR_OK || !troubles_find(&record, &walk->arena, &troubles))
        return ERR_MEMORY;
    if (record.policy_handshake)
        exchange_count(&walk->exchange->policy_fetches, record.policy_exchange);
    for (enum group_kind kind = 0; error == ERR_OK && kind < GROUP_KIND_COUNT; kind++)
        error = count_kind(walk, &record, &troubles, kind);
    return error;
}

static enum error on_host(void *arg, struct bytes line)
{
    struct walk *walk = arg;
    if (walk->records++ % ASKED_EVERY == 0 && walk->reading->stopped())
        return ERR_STOPPED;
    enum error error = exchange_count_host(walk->exchange, line);
    if (error != ERR_SYNTAX)
        return error;
    buf_text(walk->why, "a host record cannot be read back");
    return ERR_CORRUPT;
}

static enum error take_row(void *arg, const struct group_row *row)
{
    struct summary_groups *groups = arg;
    return group_top_take(&groups->kinds[row->kind], row) ? ERR_OK : ERR_MEMORY;
}

enum error summary_groups_count(struct summary_groups *groups, const struct summary_groups_reading *reading,
                                struct buf *why)
{
    struct walk walk = {.reading = reading, .exchange = &groups->exchange, .why = why};
    arena_init(&walk.arena, READ_ARENA_BYTES);
    walk.counts = group_counts_new(SUMMARY_GROUPS_BYTES, reading->dir_fd);
    enum error error = walk.counts == NULL ? ERR_MEMORY : ERR_OK;
    if (error == ERR_OK)
        error = frames_read(reading->dir_fd, "domains", on_line, &walk, why);
    if (error == ERR_OK)
        error = group_counts_end(walk.counts, take_row, groups, why);
    if (error == ERR_OK)
        error = frames_read(reading->dir_fd, "hosts", on_host, &walk, why);
    for (enum group_kind kind = 0; kind < GROUP_KIND_COUNT; kind++)
        group_top_sort(&groups->kinds[kind]);
    group_counts_free(walk.counts);
    arena_dispose(&walk.arena);
    return error;
}
