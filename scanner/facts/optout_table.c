/* Sorts prefixes by family, length, address and whose they are, and bisects among those of one length. */
#include "scanner/facts/optout_table.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_PREFIXES = 16, V4_BITS = 32, V6_BITS = 128 };

enum error optout_table_add(struct optout_table *table, const struct optout_prefix *prefix)
{
    if (table->count == table->capacity) {
        size_t capacity = table->capacity == 0 ? FIRST_PREFIXES : table->capacity * 2;
        struct optout_prefix *larger = reallocarray(table->list, capacity, sizeof *larger);
        if (larger == NULL)
            return ERR_MEMORY;
        table->list = larger;
        table->capacity = capacity;
    }
    table->list[table->count++] = *prefix;
    table->has_bits[prefix->prefix.base.family == 6][prefix->prefix.bits] = true;
    return ERR_OK;
}

/* Compares what is looked for: family, length and address. */
static int compare_prefix(const struct ip_prefix *a, const struct ip_prefix *b)
{
    if (a->base.family != b->base.family)
        return a->base.family < b->base.family ? -1 : 1;
    if (a->bits != b->bits)
        return a->bits < b->bits ? -1 : 1;
    return memcmp(a->base.bytes, b->base.bytes, sizeof a->base.bytes);
}

static int compare(const void *left, const void *right)
{
    const struct optout_prefix *a = left, *b = right;
    int order = compare_prefix(&a->prefix, &b->prefix);
    if (order != 0)
        return order;
    if (a->announced != b->announced)
        return a->announced ? 1 : -1;
    return a->entry < b->entry ? -1 : a->entry > b->entry;
}

void optout_table_finish(struct optout_table *table)
{
    if (table->count > 0)
        qsort(table->list, table->count, sizeof *table->list, compare);
}

void optout_table_dispose(struct optout_table *table)
{
    free(table->list);
    *table = (struct optout_table){0};
}

/* Returns the first of the equal ones, or NULL. */
static const struct optout_prefix *find_prefix(const struct optout_table *table,
                                               const struct ip_prefix *prefix)
{
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_prefix(&table->list[middle].prefix, prefix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < table->count && compare_prefix(&table->list[low].prefix, prefix) == 0;
    return found ? &table->list[low] : NULL;
}

static void clear_behind(struct ip_addr *ip, unsigned bits)
{
    for (unsigned bit = bits; bit < V6_BITS; bit++)
        ip->bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
}

const struct optout_prefix *optout_table_find(const struct optout_table *table, const struct ip_addr *ip)
{
    bool six = ip->family == 6;
    for (int bits = six ? V6_BITS : V4_BITS; bits >= 0; bits--) {
        if (!table->has_bits[six][bits])
            continue;
        struct ip_prefix prefix = {.base = *ip, .bits = (uint8_t)bits};
        clear_behind(&prefix.base, (unsigned)bits);
        const struct optout_prefix *found = find_prefix(table, &prefix);
        if (found != NULL)
            return found;
    }
    return NULL;
}
