/* Reads the names of a record's groups. */
#include "output/release/release_tables.h"

#include <string.h>

#include "scanner/json/json_read.h"

static const struct release_kind kinds[RELEASE_KINDS] = {
    {"by-tld.csv", "top-level domain", "tld", "", "(none)"},
    {"by-provider.csv", "provider of the most preferred MX host", "provider", "mx", "(not known)"},
};

const struct release_kind *release_kinds(void)
{
    return kinds;
}

enum error release_tables_init(struct release_tables *tables)
{
    enum error error = ERR_OK;
    for (size_t i = 0; i < RELEASE_KINDS; i++)
        if ((tables->groups[i] = release_groups_new()) == NULL)
            error = ERR_MEMORY;
    return error;
}

void release_tables_dispose(struct release_tables *tables)
{
    for (size_t i = 0; i < RELEASE_KINDS; i++) {
        release_groups_free(tables->groups[i]);
        tables->groups[i] = NULL;
    }
}

struct counting {
    struct release_tables *tables;
    enum outcome outcome;
    bool counted[RELEASE_KINDS];
};

static bool on_field(void *arg, const struct json_value *value)
{
    struct counting *counting = arg;
    for (size_t i = 0; i < RELEASE_KINDS; i++) {
        if (counting->counted[i] || value->kind != FIELD_STRING || strcmp(value->key, kinds[i].key) != 0 ||
            strcmp(value->sub, kinds[i].sub) != 0)
            continue;
        counting->counted[i] = true;
        release_groups_count(counting->tables->groups[i], value->text, counting->outcome);
    }
    return true;
}

void release_tables_count(struct release_tables *tables, struct bytes line, enum outcome outcome)
{
    struct counting counting = {.tables = tables, .outcome = outcome};
    (void)json_read_line(line, on_field, &counting);
    for (size_t i = 0; i < RELEASE_KINDS; i++)
        if (!counting.counted[i])
            release_groups_count(tables->groups[i], bytes_of(kinds[i].none), outcome);
}
