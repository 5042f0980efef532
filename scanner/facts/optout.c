/* Keeps sorted names and merged ranges of addresses, so that asking costs a few comparisons however long the
 * list is. */
#include "scanner/facts/optout.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/facts/optout_ranges.h"

/* Owned names, sorted when all are added. */
struct names {
    char **list;
    size_t count;
    size_t capacity;
};

struct optout {
    struct names domains;
    struct names suffixes; /* without the leading dot */
    struct optout_ranges ranges;
};

static void names_dispose(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i]);
    free(names->list);
}

static enum error names_add(struct names *names, const char *name)
{
    if (names->count == names->capacity) {
        size_t capacity = names->capacity == 0 ? 16 : names->capacity * 2;
        char **larger = realloc(names->list, capacity * sizeof *larger);
        if (larger == NULL)
            return ERR_MEMORY;
        names->list = larger;
        names->capacity = capacity;
    }
    names->list[names->count] = strdup(name);
    if (names->list[names->count] == NULL)
        return ERR_MEMORY;
    names->count++;
    return ERR_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void names_sort(struct names *names)
{
    if (names->count > 0)
        qsort(names->list, names->count, sizeof names->list[0], compare_names);
}

static bool names_have(const struct names *names, const char *name)
{
    return names->count > 0 &&
           bsearch(&name, names->list, names->count, sizeof names->list[0], compare_names) != NULL;
}

struct optout *optout_create(void)
{
    return calloc(1, sizeof(struct optout));
}

enum error optout_add_domain(struct optout *optout, const char *domain)
{
    return names_add(&optout->domains, domain);
}

enum error optout_add_suffix(struct optout *optout, const char *suffix)
{
    return names_add(&optout->suffixes, suffix);
}

enum error optout_add_prefix(struct optout *optout, const struct ip_prefix *prefix)
{
    return optout_ranges_add(&optout->ranges, prefix);
}

void optout_finish(struct optout *optout)
{
    names_sort(&optout->domains);
    names_sort(&optout->suffixes);
    optout_ranges_finish(&optout->ranges);
}

void optout_destroy(struct optout *optout)
{
    if (optout == NULL)
        return;
    names_dispose(&optout->domains);
    names_dispose(&optout->suffixes);
    optout_ranges_dispose(&optout->ranges);
    free(optout);
}

bool optout_has_domain(const struct optout *optout, const char *domain)
{
    if (names_have(&optout->domains, domain))
        return true;
    for (const char *name = domain; name != NULL; name = strchr(name, '.')) {
        name += *name == '.';
        if (names_have(&optout->suffixes, name))
            return true;
    }
    return false;
}

bool optout_has_ip(const struct optout *optout, const struct ip_addr *ip)
{
    return optout_ranges_have(&optout->ranges, ip);
}
