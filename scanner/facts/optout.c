/* Keeps sorted names and merged ranges of addresses, so that asking costs a few comparisons however long the
 * list is, and beside them whose they are. */
#include "scanner/facts/optout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/map.h"
#include "scanner/base/seed.h"
#include "scanner/facts/optout_ranges.h"
#include "scanner/facts/optout_table.h"

enum { FIRST = 16, TEXT_BYTES = IP_TEXT_BYTES + 4 };

struct name {
    char *text; /* owned */
    uint32_t entry;
};

/* Sorted when all are added. */
struct names {
    struct name *list;
    size_t count;
    size_t capacity;
};

/* The first entry of an AS number. */
struct as_number {
    struct map_node node;
    uint32_t asn;
    uint32_t entry;
};

/* A prefix that an AS number's entry has. */
struct announced {
    struct ip_prefix prefix;
    uint32_t entry;
};

struct optout {
    struct names domains;
    struct names suffixes; /* without the leading dot */
    struct optout_ranges ranges;
    struct ip_set prefixes;
    struct optout_table table; /* by which entry an address is listed */
    struct optout_entry *entries;
    size_t entry_count, entry_capacity;
    struct map as;               /* of struct as_number */
    struct announced *announced; /* sorted by entry when all are added */
    size_t announced_count, announced_capacity;
};

/* Makes room for one more; false: out of memory. */
static bool make_room(void **list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return true;
    size_t larger = *capacity == 0 ? FIRST : *capacity * 2;
    void *grown = reallocarray(*list, larger, size);
    if (grown == NULL)
        return false;
    *list = grown;
    *capacity = larger;
    return true;
}

/* ---- entries ------------------------------------------------------------------------------------------- */

static enum error add_entry(struct optout *optout, enum optout_kind kind, const char *text, uint32_t asn)
{
    void *list = optout->entries;
    bool room = make_room(&list, optout->entry_count, &optout->entry_capacity, sizeof *optout->entries);
    optout->entries = list;
    char *copy = room ? strdup(text) : NULL;
    if (copy == NULL)
        return ERR_MEMORY;
    optout->entries[optout->entry_count++] =
        (struct optout_entry){.kind = kind, .text = copy, .comment = "", .asn = asn};
    return ERR_OK;
}

static uint32_t last_entry(const struct optout *optout)
{
    return (uint32_t)(optout->entry_count - 1);
}

static void free_text(const char *text)
{
    free((void *)(uintptr_t)text);
}

static void entries_dispose(struct optout *optout)
{
    for (size_t i = 0; i < optout->entry_count; i++) {
        free_text(optout->entries[i].text);
        if (optout->entries[i].comment[0] != 0)
            free_text(optout->entries[i].comment);
    }
    free(optout->entries);
}

enum error optout_describe(struct optout *optout, uint64_t line, const char *since, const char *comment)
{
    struct optout_entry *entry = &optout->entries[last_entry(optout)];
    entry->line = line;
    (void)snprintf(entry->since, sizeof entry->since, "%s", since);
    if (comment[0] == 0)
        return ERR_OK;
    char *copy = strdup(comment);
    if (copy == NULL)
        return ERR_MEMORY;
    entry->comment = copy;
    return ERR_OK;
}

size_t optout_count(const struct optout *optout)
{
    return optout->entry_count;
}

const struct optout_entry *optout_entry(const struct optout *optout, size_t index)
{
    return &optout->entries[index];
}

/* ---- names --------------------------------------------------------------------------------------------- */

static void names_dispose(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->list[i].text);
    free(names->list);
}

static enum error names_add(struct names *names, const char *name, uint32_t entry)
{
    void *list = names->list;
    bool room = make_room(&list, names->count, &names->capacity, sizeof *names->list);
    names->list = list;
    char *copy = room ? strdup(name) : NULL;
    if (copy == NULL)
        return ERR_MEMORY;
    names->list[names->count++] = (struct name){.text = copy, .entry = entry};
    return ERR_OK;
}

static int compare_names(const void *a, const void *b)
{
    const struct name *left = a, *right = b;
    int order = strcmp(left->text, right->text);
    return order != 0 ? order : left->entry < right->entry ? -1 : left->entry > right->entry;
}

/* Of a name that stands twice the first entry counts. */
static void names_sort(struct names *names)
{
    size_t kept = 0;
    if (names->count > 0)
        qsort(names->list, names->count, sizeof names->list[0], compare_names);
    for (size_t i = 0; i < names->count; i++)
        if (kept > 0 && strcmp(names->list[kept - 1].text, names->list[i].text) == 0)
            free(names->list[i].text);
        else
            names->list[kept++] = names->list[i];
    names->count = kept;
}

static int compare_key(const void *key, const void *element)
{
    return strcmp(key, ((const struct name *)element)->text);
}

static const struct name *names_find(const struct names *names, const char *name)
{
    return names->count == 0 ? NULL
                             : bsearch(name, names->list, names->count, sizeof names->list[0], compare_key);
}

/* ---- filling in ---------------------------------------------------------------------------------------- */

static bool is_asn(const struct map_node *node, struct bytes key)
{
    return memcmp(&((const struct as_number *)node)->asn, key.data, key.len) == 0;
}

struct optout *optout_create(void)
{
    struct optout *optout = calloc(1, sizeof *optout);
    if (optout != NULL)
        map_init(&optout->as, hash_seed(), is_asn);
    return optout;
}

enum error optout_add_domain(struct optout *optout, const char *domain)
{
    enum error error = add_entry(optout, OPTOUT_DOMAIN, domain, 0);
    return error == ERR_OK ? names_add(&optout->domains, domain, last_entry(optout)) : error;
}

enum error optout_add_suffix(struct optout *optout, const char *suffix)
{
    enum error error = ERR_MEMORY;
    char *text = malloc(strlen(suffix) + 2);
    if (text != NULL) {
        text[0] = '.';
        memcpy(text + 1, suffix, strlen(suffix) + 1);
        error = add_entry(optout, OPTOUT_SUFFIX, text, 0);
    }
    free(text);
    return error == ERR_OK ? names_add(&optout->suffixes, suffix, last_entry(optout)) : error;
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

static enum error keep_prefix(struct optout *optout, const struct optout_prefix *of)
{
    static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b}, six_to_four[2] = {0x20, 0x02};
    const struct ip_prefix *prefix = &of->prefix;
    enum error error = optout_ranges_add(&optout->ranges, prefix);
    if (error == ERR_OK)
        error = optout_table_add(&optout->table, of);
    if (error == ERR_OK)
        error = ip_set_add(&optout->prefixes, *prefix);
    if (error == ERR_OK && prefix->base.family == 4)
        error = add_form(optout, nat64, 96, prefix);
    if (error == ERR_OK && prefix->base.family == 4)
        error = add_form(optout, six_to_four, 16, prefix);
    return error;
}

enum error optout_add_prefix(struct optout *optout, const struct ip_prefix *prefix)
{
    char text[TEXT_BYTES], base[IP_TEXT_BYTES];
    (void)snprintf(text, sizeof text, "%s/%u", ip_format(&prefix->base, base), (unsigned)prefix->bits);
    enum error error = add_entry(optout, OPTOUT_PREFIX, text, 0);
    if (error != ERR_OK)
        return error;
    const struct optout_prefix kept = {.prefix = *prefix, .entry = last_entry(optout)};
    return keep_prefix(optout, &kept);
}

/* ---- AS numbers ---------------------------------------------------------------------------------------- */

/* Returns the first entry of the number, or NULL. */
static const struct as_number *find_as(const struct optout *optout, uint32_t asn)
{
    return (const struct as_number *)map_find(&optout->as, bytes_make(&asn, sizeof asn));
}

static enum error keep_as(struct optout *optout, uint32_t asn)
{
    struct as_number *as = malloc(sizeof *as);
    if (as == NULL)
        return ERR_MEMORY;
    *as = (struct as_number){.asn = asn, .entry = last_entry(optout)};
    if (map_add(&optout->as, &as->node, bytes_make(&as->asn, sizeof as->asn)))
        return ERR_OK;
    free(as);
    return ERR_MEMORY;
}

enum error optout_add_as(struct optout *optout, uint32_t asn)
{
    char text[TEXT_BYTES];
    (void)snprintf(text, sizeof text, "AS%lu", (unsigned long)asn);
    enum error error = add_entry(optout, OPTOUT_AS, text, asn);
    return error == ERR_OK && find_as(optout, asn) == NULL ? keep_as(optout, asn) : error;
}

static void free_as(struct map_node *node, void *arg)
{
    (void)arg;
    free(node);
}

bool optout_wants_as(const struct optout *optout, uint32_t asn)
{
    return find_as(optout, asn) != NULL;
}

int64_t optout_find_as(const struct optout *optout, uint32_t asn)
{
    const struct as_number *as = find_as(optout, asn);
    return as == NULL ? OPTOUT_NONE : (int64_t)as->entry;
}

enum error optout_add_announced(struct optout *optout, uint32_t asn, const struct ip_prefix *prefix)
{
    const struct as_number *as = find_as(optout, asn);
    if (as == NULL)
        return ERR_OK;
    void *list = optout->announced;
    bool room =
        make_room(&list, optout->announced_count, &optout->announced_capacity, sizeof *optout->announced);
    optout->announced = list;
    if (!room)
        return ERR_MEMORY;
    optout->announced[optout->announced_count++] = (struct announced){*prefix, as->entry};
    optout->entries[as->entry].prefixes++;
    const struct optout_prefix kept = {.prefix = *prefix, .entry = as->entry, .announced = true};
    return keep_prefix(optout, &kept);
}

static int compare_announced(const void *a, const void *b)
{
    const struct announced *left = a, *right = b;
    if (left->entry != right->entry)
        return left->entry < right->entry ? -1 : 1;
    return memcmp(&left->prefix, &right->prefix, sizeof left->prefix);
}

void optout_each_prefix(const struct optout *optout, size_t index,
                        bool (*visit)(void *arg, const struct ip_prefix *prefix), void *arg)
{
    size_t low = 0, high = optout->announced_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (optout->announced[middle].entry < index)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < optout->announced_count && optout->announced[low].entry == index; low++)
        if (!visit(arg, &optout->announced[low].prefix))
            return;
}

/* ---- asking -------------------------------------------------------------------------------------------- */

const struct ip_set *optout_prefixes(const struct optout *optout)
{
    return &optout->prefixes;
}

void optout_finish(struct optout *optout)
{
    names_sort(&optout->domains);
    names_sort(&optout->suffixes);
    optout_ranges_finish(&optout->ranges);
    optout_table_finish(&optout->table);
    if (optout->announced_count > 0)
        qsort(optout->announced, optout->announced_count, sizeof *optout->announced, compare_announced);
}

void optout_destroy(struct optout *optout)
{
    if (optout == NULL)
        return;
    names_dispose(&optout->domains);
    names_dispose(&optout->suffixes);
    optout_ranges_dispose(&optout->ranges);
    optout_table_dispose(&optout->table);
    ip_set_dispose(&optout->prefixes);
    entries_dispose(optout);
    map_each(&optout->as, free_as, NULL);
    map_dispose(&optout->as);
    free(optout->announced);
    free(optout);
}

static const struct name *find_name(const struct optout *optout, const char *domain)
{
    const struct name *found = names_find(&optout->domains, domain);
    if (optout->suffixes.count == 0)
        return found;
    for (const char *name = domain; found == NULL && name != NULL; name = strchr(name, '.')) {
        name += *name == '.';
        found = names_find(&optout->suffixes, name);
    }
    return found;
}

bool optout_has_domain(const struct optout *optout, const char *domain)
{
    return find_name(optout, domain) != NULL;
}

int64_t optout_find_domain(const struct optout *optout, const char *domain)
{
    const struct name *found = find_name(optout, domain);
    return found == NULL ? OPTOUT_NONE : (int64_t)found->entry;
}

bool optout_has_ip(const struct optout *optout, const struct ip_addr *ip)
{
    return optout_ranges_have(&optout->ranges, ip);
}

int64_t optout_find_ip(const struct optout *optout, const struct ip_addr *ip)
{
    struct ip_addr v4;
    if (ip->family != 4 && ip->family != 6)
        return OPTOUT_NONE;
    const struct optout_prefix *found = optout_table_find(&optout->table, ip);
    if (found == NULL && optout_carries(ip, &v4))
        found = optout_table_find(&optout->table, &v4);
    return found == NULL ? OPTOUT_NONE : (int64_t)found->entry;
}
