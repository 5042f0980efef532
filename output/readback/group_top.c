/* Keeps rows in a heap whose root is the last of them. */
#include "output/readback/group_top.h"

#include <stdlib.h>

void group_top_init(struct group_top *top, size_t most)
{
    *top = (struct group_top){.most = most};
}

void group_top_by_domains(struct group_top *top)
{
    top->by_domains = true;
}

void group_top_dispose(struct group_top *top)
{
    bool by_domains = top->by_domains;
    for (size_t i = 0; i < top->count; i++)
        free((void *)(uintptr_t)top->rows[i].name.data);
    free(top->rows);
    group_top_init(top, top->most);
    top->by_domains = by_domains;
}

static int by_domains(const void *left, const void *right)
{
    const struct group_row *a = left, *b = right;
    if (a->domains != b->domains)
        return a->domains > b->domains ? -1 : 1;
    size_t len = a->name.len < b->name.len ? a->name.len : b->name.len;
    int order = memcmp(a->name.data, b->name.data, len);
    return order != 0 ? order : (a->name.len > b->name.len) - (a->name.len < b->name.len);
}

static int by_gain(const void *left, const void *right)
{
    const struct group_row *a = left, *b = right;
    if (a->gain != b->gain)
        return a->gain > b->gain ? -1 : 1;
    return by_domains(left, right);
}

static int compare(const struct group_top *top, const struct group_row *a, const struct group_row *b)
{
    return top->by_domains ? by_domains(a, b) : by_gain(a, b);
}

static void swap(struct group_row *a, struct group_row *b)
{
    struct group_row kept = *a;
    *a = *b;
    *b = kept;
}

static void sift_up(struct group_top *top, size_t at)
{
    for (; at > 0 && compare(top, &top->rows[at], &top->rows[(at - 1) / 2]) > 0; at = (at - 1) / 2)
        swap(&top->rows[at], &top->rows[(at - 1) / 2]);
}

static void sift_down(struct group_top *top)
{
    for (size_t at = 0, child = 1; child < top->count; child = 2 * at + 1) {
        if (child + 1 < top->count && compare(top, &top->rows[child + 1], &top->rows[child]) > 0)
            child++;
        if (compare(top, &top->rows[child], &top->rows[at]) <= 0)
            return;
        swap(&top->rows[child], &top->rows[at]);
        at = child;
    }
}

static bool make_room(struct group_top *top)
{
    size_t room = top->room == 0 ? 64 : top->room * 2;
    struct group_row *rows = realloc(top->rows, room * sizeof *rows);
    if (rows == NULL)
        return false;
    top->rows = rows;
    top->room = room;
    return true;
}

static bool copy_name(struct group_row *row)
{
    uint8_t *name = malloc(row->name.len + 1);
    if (name == NULL)
        return false;
    memcpy(name, row->name.data, row->name.len);
    row->name.data = name;
    return true;
}

bool group_top_take(struct group_top *top, const struct group_row *row)
{
    struct group_row kept = *row;
    top->groups++;
    if (top->most == 0 || (top->count == top->most && compare(top, row, &top->rows[0]) > 0))
        return true;
    if (!copy_name(&kept))
        return false;
    if (top->count == top->most) {
        free((void *)(uintptr_t)top->rows[0].name.data);
        top->rows[0] = kept;
        sift_down(top);
        return true;
    }
    if (top->count == top->room && !make_room(top)) {
        free((void *)(uintptr_t)kept.name.data);
        return false;
    }
    top->rows[top->count] = kept;
    sift_up(top, top->count++);
    return true;
}

void group_top_sort(struct group_top *top)
{
    if (top->count > 1)
        qsort(top->rows, top->count, sizeof *top->rows, top->by_domains ? by_domains : by_gain);
}
