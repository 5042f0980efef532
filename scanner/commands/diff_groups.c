/* Keeps groups in a map and an array beside it; a search over all finds the largest. */
#include "scanner/commands/diff_groups.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/base/map.h"

struct group {
    struct map_node node;
    uint64_t domains;
    size_t len;
    char name[];
};

struct diff_groups {
    struct map map;
    uint64_t others;
};

static bool is_group(const struct map_node *node, struct bytes key)
{
    const struct group *group = (const struct group *)node;
    return group->len == key.len && memcmp(group->name, key.data, key.len) == 0;
}

struct diff_groups *diff_groups_new(void)
{
    struct diff_groups *groups = calloc(1, sizeof *groups);
    if (groups != NULL)
        map_init(&groups->map, 0, is_group);
    return groups;
}

static void drop(struct map_node *node, void *arg)
{
    map_remove(arg, node);
    free(node);
}

void diff_groups_free(struct diff_groups *groups)
{
    if (groups == NULL)
        return;
    map_each(&groups->map, drop, &groups->map);
    map_dispose(&groups->map);
    free(groups);
}

static struct group *add(struct diff_groups *groups, struct bytes key)
{
    struct group *group = groups->map.count < DIFF_GROUPS_MOST ? malloc(sizeof *group + key.len + 1) : NULL;
    if (group == NULL)
        return NULL;
    *group = (struct group){.len = key.len};
    memcpy(group->name, key.data, key.len);
    group->name[key.len] = 0;
    if (map_add(&groups->map, &group->node, key))
        return group;
    free(group);
    return NULL;
}

void diff_groups_count(struct diff_groups *groups, const char *name)
{
    struct bytes key = bytes_of(name);
    struct group *group = (struct group *)map_find(&groups->map, key);
    if (group == NULL)
        group = add(groups, key);
    if (group == NULL)
        groups->others++;
    else
        group->domains++;
}

struct search {
    struct diff_group *top;
    size_t count;
};

static bool is_larger(const struct diff_group *a, const struct diff_group *b)
{
    return a->domains != b->domains ? a->domains > b->domains : strcmp(a->name, b->name) < 0;
}

/* Puts a group among the largest. */
static void consider(struct map_node *node, void *arg)
{
    const struct group *group = (const struct group *)node;
    struct search *search = arg;
    struct diff_group one = {group->name, group->domains};
    if (one.domains < 2)
        return;
    size_t at = search->count;
    while (at > 0 && is_larger(&one, &search->top[at - 1]))
        at--;
    if (at == DIFF_GROUPS_SAID)
        return;
    size_t moved = search->count < DIFF_GROUPS_SAID ? search->count : DIFF_GROUPS_SAID - 1;
    memmove(&search->top[at + 1], &search->top[at], (moved - at) * sizeof *search->top);
    search->top[at] = one;
    search->count = moved + 1;
}

size_t diff_groups_top(const struct diff_groups *groups, struct diff_group top[DIFF_GROUPS_SAID])
{
    struct search search = {top, 0};
    map_each((struct map *)(uintptr_t)&groups->map, consider, &search);
    return search.count;
}

uint64_t diff_groups_others(const struct diff_groups *groups)
{
    return groups->others;
}
