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
    struct ip_set prefixes;
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

/* Adds the prefix as it is written in IPv6 behind `bits` bits of a form that carries IPv4 addresses. */
static enum error add_form(struct optout *optout, const uint8_t *form, uint8_t bits,
                           const struct ip_prefix *prefix)
{
    struct ip_prefix carried = {.base = {.family = 6}, .bits = (uint8_t)(bits + prefix->bits)};
    memcpy(carried.base.bytes, form, bits / 8);
    memcpy(carried.base.bytes + bits / 8, prefix->base.bytes, 4);
    return ip_set_add(&optout->prefixes, carried);
}

enum error optout_add_prefix(struct optout *optout, const struct ip_prefix *prefix)
{
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b}, six_to_four[2] = {0x20, 0x02};
    enum error error = optout_ranges_add(&optout->ranges, prefix);
    if (error == ERR_OK)
        error = ip_set_add(&optout->prefixes, *prefix);
    if (error == ERR_OK && prefix->base.family == 4)
        error = add_form(optout, nat64, 96, prefix);
    if (error == ERR_OK && prefix->base.family == 4)
        error = add_form(optout, six_to_four, 16, prefix);
    return error;
}

const struct ip_set *optout_prefixes(const struct optout *optout)
{
    return &optout->prefixes;
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
    ip_set_dispose(&optout->prefixes);
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
