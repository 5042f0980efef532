/* Numbers the strata of a list. */
#include "scanner/facts/strata.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/base/map.h"
#include "scanner/base/seed.h"

enum { FIRST_STRATA = 16 };

struct stratum {
    struct map_node node;
    size_t index;
    char name[STRATA_NAME_BYTES];
};

struct strata {
    enum strata_kind kind;
    struct map by_name;
    struct stratum **all; /* owned, with what they point to */
    size_t count, capacity;
};

/* Where each rank's stratum ends; what is behind the last has no end, and no rank is a stratum of its own. */
static const struct {
    uint32_t last;
    const char *name;
} ranks[] = {
    {1000, "1-1000"},         {10000, "1001-10000"}, {100000, "10001-100000"}, {1000000, "100001-1000000"},
    {UINT32_MAX, "1000001-"}, {0, "none"},
};

enum { RANKS = sizeof ranks / sizeof ranks[0] };

static const char *const kinds[] = {[STRATA_NONE] = "none", [STRATA_TLD] = "tld", [STRATA_RANK] = "rank"};

const char *strata_kind_name(enum strata_kind kind)
{
    return kinds[kind];
}

bool strata_kind_find(const char *name, enum strata_kind *kind)
{
    for (*kind = STRATA_NONE; *kind <= STRATA_RANK; ++*kind)
        if (strcmp(kinds[*kind], name) == 0)
            return true;
    return false;
}

static struct stratum *stratum_of(const struct map_node *node)
{
    return (struct stratum *)(uintptr_t)((const char *)node - offsetof(struct stratum, node));
}

static bool is_key(const struct map_node *node, struct bytes key)
{
    const struct stratum *stratum = stratum_of(node);
    return strlen(stratum->name) == key.len && memcmp(stratum->name, key.data, key.len) == 0;
}

static bool make_room(struct strata *strata)
{
    if (strata->count < strata->capacity)
        return true;
    size_t capacity = strata->capacity == 0 ? FIRST_STRATA : strata->capacity * 2;
    struct stratum **larger = realloc(strata->all, capacity * sizeof *larger);
    if (larger == NULL)
        return false;
    strata->all = larger;
    strata->capacity = capacity;
    return true;
}

static enum error add(struct strata *strata, struct bytes name, size_t *index)
{
    if (strata->count == STRATA_MOST || name.len >= STRATA_NAME_BYTES)
        return ERR_LIMIT;
    struct stratum *stratum = make_room(strata) ? calloc(1, sizeof *stratum) : NULL;
    if (stratum == NULL)
        return ERR_MEMORY;
    if (name.len > 0)
        memcpy(stratum->name, name.data, name.len);
    if (!map_add(&strata->by_name, &stratum->node, name)) {
        free(stratum);
        return ERR_MEMORY;
    }
    *index = stratum->index = strata->count;
    strata->all[strata->count++] = stratum;
    return ERR_OK;
}

struct strata *strata_create(enum strata_kind kind)
{
    struct strata *strata = calloc(1, sizeof *strata);
    enum error error = ERR_OK;
    size_t index;
    if (strata == NULL)
        return NULL;
    strata->kind = kind;
    map_init(&strata->by_name, hash_seed(), is_key);
    if (kind == STRATA_NONE)
        error = add(strata, bytes_of(""), &index);
    for (size_t i = 0; kind == STRATA_RANK && i < RANKS && error == ERR_OK; i++)
        error = add(strata, bytes_of(ranks[i].name), &index);
    if (error == ERR_OK)
        return strata;
    strata_destroy(strata);
    return NULL;
}

void strata_destroy(struct strata *strata)
{
    if (strata == NULL)
        return;
    for (size_t i = 0; i < strata->count; i++)
        free(strata->all[i]);
    free(strata->all);
    map_dispose(&strata->by_name);
    free(strata);
}

static size_t index_of_rank(uint32_t rank)
{
    size_t i = 0;
    while (rank > 0 && rank > ranks[i].last)
        i++;
    return rank == 0 ? RANKS - 1 : i;
}

enum error strata_of(struct strata *strata, const char *domain, uint32_t rank, size_t *index)
{
    *index = 0;
    if (strata->kind == STRATA_NONE)
        return ERR_OK;
    if (strata->kind == STRATA_RANK) {
        *index = index_of_rank(rank);
        return ERR_OK;
    }
    const char *dot = strrchr(domain, '.');
    struct bytes label = bytes_of(dot == NULL ? domain : dot + 1);
    const struct map_node *node = map_find(&strata->by_name, label);
    if (node == NULL)
        return add(strata, label, index);
    *index = stratum_of(node)->index;
    return ERR_OK;
}

enum error strata_find(const struct strata *strata, const char *name, size_t *index)
{
    const struct map_node *node = map_find(&strata->by_name, bytes_of(name));
    if (node == NULL)
        return ERR_NOT_FOUND;
    *index = stratum_of(node)->index;
    return ERR_OK;
}

size_t strata_count(const struct strata *strata)
{
    return strata->count;
}

const char *strata_name(const struct strata *strata, size_t index)
{
    return strata->all[index]->name;
}

enum strata_kind strata_kind_of(const struct strata *strata)
{
    return strata->kind;
}
