/* Sorts and writes counts. */
#include "output/store/summary_ranked.h"

#include <stdlib.h>
#include <string.h>

/* Orders larger counts first, equal ones by name. */
static int compare_ranked(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return strcmp(a->name, b->name);
}

void ranked_json(struct json *json, const char *key, struct ranked *rows, size_t count, uint64_t other)
{
    if (count > 1)
        qsort(rows, count, sizeof *rows, compare_ranked);
    json_open(json, key);
    for (size_t i = 0; i < count; i++)
        json_put_count(json, rows[i].name, rows[i].count);
    if (other > 0)
        json_put_unsigned(json, "other", other);
    json_close(json);
}
