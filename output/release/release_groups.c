/* Keeps groups in a map; sorts them once. */
#include "output/release/release_groups.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/csv.h"
#include "scanner/base/map.h"
#include "scanner/base/seed.h"

struct group {
    struct map_node node;
    uint64_t domains, outcomes[OUTCOME_COUNT];
    size_t len;
    char name[];
};

struct release_groups {
    struct map map;
    struct release_row past; /* what was counted past the most groups */
    uint64_t past_names;
};

static bool is_group(const struct map_node *node, struct bytes key)
{
    const struct group *group = (const struct group *)node;
    return group->len == key.len && memcmp(group->name, key.data, key.len) == 0;
}

struct release_groups *release_groups_new(void)
{
    struct release_groups *groups = calloc(1, sizeof *groups);
    if (groups != NULL)
        map_init(&groups->map, hash_seed(), is_group);
    return groups;
}

static void drop(struct map_node *node, void *arg)
{
    map_remove(arg, node);
    free(node);
}

void release_groups_free(struct release_groups *groups)
{
    if (groups == NULL)
        return;
    map_each(&groups->map, drop, &groups->map);
    map_dispose(&groups->map);
    free(groups);
}

static struct group *add(struct release_groups *groups, struct bytes key)
{
    if (groups->map.count >= RELEASE_GROUPS_MOST)
        return NULL;
    struct group *group = calloc(1, sizeof *group + key.len + 1);
    if (group == NULL)
        return NULL;
    group->len = key.len;
    memcpy(group->name, key.data, key.len);
    if (map_add(&groups->map, &group->node, key))
        return group;
    free(group);
    return NULL;
}

void release_groups_count(struct release_groups *groups, struct bytes name, enum outcome outcome)
{
    if (name.len > RELEASE_NAME_BYTES)
        name.len = RELEASE_NAME_BYTES;
    struct group *group = (struct group *)map_find(&groups->map, name);
    if (group == NULL)
        group = add(groups, name);
    if (group != NULL) {
        group->domains++;
        group->outcomes[outcome]++;
        return;
    }
    groups->past.domains++;
    groups->past.outcomes[outcome]++;
    groups->past_names++;
}

/* ---- the table ----------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    const struct release_row *one = a, *other = b;
    if (one->domains != other->domains)
        return one->domains < other->domains ? 1 : -1;
    return strcmp(one->name, other->name);
}

static void fill(struct map_node *node, void *arg)
{
    const struct group *group = (const struct group *)node;
    struct release_table *table = arg;
    struct release_row *row = &table->rows[table->count++];
    *row = (struct release_row){.name = group->name, .domains = group->domains};
    memcpy(row->outcomes, group->outcomes, sizeof row->outcomes);
}

static void join(struct release_row *sum, const struct release_row *row)
{
    sum->domains += row->domains;
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        sum->outcomes[i] += row->outcomes[i];
}

enum error release_groups_table(const struct release_groups *groups, uint64_t least,
                                struct release_table *table)
{
    *table = (struct release_table){.other = groups->past, .joined = groups->past_names};
    table->rows = calloc(groups->map.count + 1, sizeof *table->rows);
    if (table->rows == NULL)
        return ERR_MEMORY;
    map_each((struct map *)(uintptr_t)&groups->map, fill, table);
    qsort(table->rows, table->count, sizeof *table->rows, by_size);
    table->all = groups->past;
    for (size_t i = 0; i < table->count; i++)
        join(&table->all, &table->rows[i]);
    while (table->count > 0) {
        const struct release_row *smallest = &table->rows[table->count - 1];
        bool reveals = table->other.domains > 0 && table->other.domains < least;
        if (smallest->domains >= least && !reveals)
            break;
        join(&table->other, smallest);
        table->joined++;
        table->count--;
    }
    if (table->all.domains < least) {
        table->other = table->all = (struct release_row){0};
        table->joined = 0;
    }
    table->other.name = "(other)";
    table->all.name = "(all)";
    return ERR_OK;
}

void release_table_dispose(struct release_table *table)
{
    free(table->rows);
    table->rows = NULL;
}

static void put_row(struct buf *out, const struct release_row *row)
{
    if (row->domains == 0)
        return;
    (void)csv_put(out, bytes_of(row->name));
    (void)buf_printf(out, ",%" PRIu64, row->domains);
    for (unsigned outcome = OUTCOME_NONE + 1; outcome < OUTCOME_COUNT; outcome++)
        (void)buf_printf(out, ",%" PRIu64, row->outcomes[outcome]);
    (void)buf_text(out, "\r\n");
}

bool release_table_csv(const struct release_table *table, struct buf *out)
{
    (void)buf_text(out, "group,domains");
    for (unsigned outcome = OUTCOME_NONE + 1; outcome < OUTCOME_COUNT; outcome++)
        (void)buf_printf(out, ",%s", outcome_name((enum outcome)outcome));
    (void)buf_text(out, "\r\n");
    put_row(out, &table->all);
    for (size_t i = 0; i < table->count; i++)
        put_row(out, &table->rows[i]);
    put_row(out, &table->other);
    return !out->failed;
}
