/* Walks the tree. It knows three things of it: what an interval is, that those of a sample belong to the
 * counts of the same name, and what names a row of a list. */
#include "output/store/summary_csv.h"

#include <stdio.h>
#include <string.h>

#include "scanner/base/csv.h"
#include "scanner/json/json_tree.h"

enum { TREE_BYTES = 64 << 20, SECTION_BYTES = 256 };

static const char head[] = "section,group,name,count,share,low,high\r\n";

struct table {
    struct buf *out;
    const struct json_node *root, *sample; /* sample: NULL if there is none */
};

/* Where a number stands. */
struct place {
    char section[SECTION_BYTES];
    struct bytes group;
};

/* ---- a row --------------------------------------------------------------------------------------------- */

static struct bytes number_of(const struct json_node *interval, const char *key)
{
    const struct json_node *number = json_tree_at(interval, key);
    return number != NULL && number->kind == JSON_NUMBER ? number->text : bytes_of("");
}

static bool is_interval(const struct json_node *node)
{
    return number_of(node, "share").len > 0;
}

static void put_row(struct table *table, const struct place *place, const char *name, struct bytes count,
                    const struct json_node *interval)
{
    const struct bytes cells[] = {bytes_of(place->section[0] == 0 ? "summary" : place->section),
                                  place->group,
                                  bytes_of(name),
                                  count,
                                  number_of(interval, "share"),
                                  number_of(interval, "low"),
                                  number_of(interval, "high")};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        (void)buf_text(table->out, i == 0 ? "" : ",");
        (void)csv_put(table->out, cells[i]);
    }
    (void)buf_text(table->out, "\r\n");
}

/* Returns the interval of a count of all records, or NULL. */
static const struct json_node *interval_of_count(const struct table *table, const struct place *place,
                                                 const char *name)
{
    return json_tree_at(json_tree_at(table->sample, place->section), name);
}

/* Is it an interval that stands in the row of its count? */
static bool has_count(const struct table *table, const struct place *place, const char *name)
{
    static const char of_sample[] = "sample.";
    bool sampled = strncmp(place->section, of_sample, sizeof of_sample - 1) == 0;
    const char *section = place->section + (sampled ? sizeof of_sample - 1 : 0);
    return sampled && place->group.len == 0 && json_tree_at(json_tree_at(table->root, section), name) != NULL;
}

/* ---- the tree ------------------------------------------------------------------------------------------ */

/* Returns what names a row of a list: a text, or one that is none as its base64. */
static struct bytes name_of_row(const struct json_node *row)
{
    static const char *const keys[] = {"group", "stratum"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct json_node *name = json_tree_at(row, keys[i]);
        if (json_tree_at(name, "base64") != NULL)
            name = json_tree_at(name, "base64");
        if (name != NULL && name->kind == JSON_STRING)
            return name->text;
    }
    return bytes_of("");
}

static void walk(struct table *table, const struct json_node *node, const struct place *place);

static void walk_within(struct table *table, const struct json_node *node, const struct place *place)
{
    struct place within = *place;
    size_t len = strlen(within.section);
    if (node->key != NULL) /* one of a list has none */
        (void)snprintf(within.section + len, sizeof within.section - len, "%s%s", len == 0 ? "" : ".",
                       node->key);
    else
        within.group = name_of_row(node);
    walk(table, node, &within);
}

static void walk(struct table *table, const struct json_node *node, const struct place *place)
{
    for (const struct json_node *child = node->first; child != NULL; child = child->next) {
        const char *name = child->key == NULL ? "" : child->key; /* one of a list has none */
        if (child->kind == JSON_NUMBER)
            put_row(table, place, name, child->text, interval_of_count(table, place, name));
        else if (is_interval(child) && !has_count(table, place, name))
            put_row(table, place, name, bytes_of(""), child);
        else if (!is_interval(child) && (child->kind == JSON_OBJECT || child->kind == JSON_ARRAY))
            walk_within(table, child, place);
    }
}

enum error summary_csv(struct buf *out, struct bytes json)
{
    struct arena arena;
    struct table table = {.out = out};
    const struct place top = {.section = ""};
    arena_init(&arena, TREE_BYTES);
    enum error error = json_tree_parse(json, &arena, &table.root);
    if (error == ERR_OK) {
        table.sample = json_tree_at(table.root, "sample");
        (void)buf_text(out, head);
        walk(&table, table.root, &top);
        error = out->failed ? ERR_LIMIT : ERR_OK;
    }
    arena_dispose(&arena);
    return error;
}
