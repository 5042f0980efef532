/* Parses the text of a meta.json, and reads the fields that more than one reader wants. */
#include "output/readback/meta_tree.h"

#include <stdio.h>
#include <stdlib.h>

#include "scanner/facts/record.h"
#include "scanner/json/json_read.h"

enum { TREE_BYTES = 64 << 20, KEYS_MOST = 1024 };

/* ---- the text ------------------------------------------------------------------------------------------ */

/* Tells whether a key stands twice, which would be read as one or the other (so somebody else wrote it), or
 * whether there are more keys than anybody writes. */
static bool has_doubtful_keys(const struct json_node *object)
{
    if (object->count > KEYS_MOST)
        return true;
    for (const struct json_node *node = object->first; node != NULL; node = node->next)
        if (json_tree_at(object, node->key) != node)
            return true;
    return false;
}

const struct json_node *meta_parse(struct bytes stored, struct arena *arena, struct buf *why)
{
    const struct json_node *root;
    arena_init(arena, TREE_BYTES);
    enum error error = json_tree_parse(stored, arena, &root);
    if (error != ERR_OK) {
        buf_printf(why, "meta.json: %s", error == ERR_SYNTAX ? "no JSON object" : error_text(error));
        return NULL;
    }
    const struct json_node *config = json_tree_at(root, "config");
    if (has_doubtful_keys(root) || (config != NULL && has_doubtful_keys(config))) {
        buf_text(why, "meta.json: a key stands twice, or there are too many");
        return NULL;
    }
    return root;
}

bool meta_integer(const struct json_node *object, const char *key, int64_t *number)
{
    const struct json_node *node = json_tree_at(object, key);
    *number = 0;
    return node != NULL && node->kind == JSON_NUMBER && json_read_signed(node->text, number);
}

size_t meta_count(const struct json_node *object, const char *key)
{
    const struct json_node *node = json_tree_at(object, key);
    return node != NULL && node->kind == JSON_ARRAY ? node->count : 0;
}

/* ---- its fields ---------------------------------------------------------------------------------------- */

bool meta_seed(const struct json_node *root, uint64_t *seed)
{
    const char *text = json_tree_text(root, "seed");
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return false;
    *seed = strtoull(text, &end, 10);
    return *end == 0;
}

bool meta_rules(const struct json_node *root, uint32_t *rules)
{
    int64_t number;
    bool is_number = meta_integer(root, "rules", &number);
    *rules = (uint32_t)number;
    return json_tree_at(root, "rules") == NULL || (is_number && number >= 0 && number <= UINT32_MAX);
}

void meta_copy(const char *text, char *to, size_t room)
{
    (void)snprintf(to, room, "%s", text);
    for (char *place = to; *place != 0; place++)
        if (*place < 0x20 || *place > 0x7E)
            *place = '?';
}

void meta_version(const struct json_node *root, char version[META_VERSION_BYTES])
{
    const char *text = json_tree_text(root, "version");
    meta_copy(text == NULL || text[0] == 0 ? "?" : text, version, META_VERSION_BYTES);
}

/* Reads a number from 1; 0 if none stands there. */
static uint32_t positive_at(const struct json_node *object, const char *key)
{
    int64_t number;
    bool is_one = meta_integer(object, key, &number) && number > 0 && number <= UINT32_MAX;
    return is_one ? (uint32_t)number : 0;
}

bool meta_plan_of(const struct json_node *root, struct meta_plan *plan)
{
    const struct json_node *object = json_tree_at(root, "plan");
    if (object == NULL)
        return true;
    const char *id = json_tree_text(object, "id"), *vantage = json_tree_text(object, "vantage");
    meta_copy(id == NULL ? "" : id, plan->id, sizeof plan->id);
    const char *before = json_tree_text(object, "before"), *names = json_tree_text(object, "names");
    meta_copy(before == NULL ? "" : before, plan->before, sizeof plan->before);
    meta_copy(names == NULL ? "" : names, plan->names, sizeof plan->names);
    meta_copy(vantage == NULL ? "" : vantage, plan->vantage, sizeof plan->vantage);
    plan->round = positive_at(object, "round");
    plan->part = positive_at(object, "part");
    plan->parts = positive_at(object, "parts");
    return plan->id[0] != 0 && plan->round > 0 && plan->part > 0 && plan->part <= plan->parts;
}

enum error meta_check_rules(const struct json_node *root, struct buf *why)
{
    char version[META_VERSION_BYTES];
    int64_t schema;
    uint32_t rules;
    if (!meta_integer(root, "schema", &schema) || !meta_rules(root, &rules)) {
        buf_text(why, "meta.json: schema or rules is missing or malformed");
        return ERR_CORRUPT;
    }
    if (schema == RECORD_SCHEMA_VERSION && rules == RECORD_RULES)
        return ERR_OK;
    meta_version(root, version);
    buf_printf(why,
               "stsweep %s with schema %lld and rules %u started this scan, this is stsweep " STSWEEP_VERSION
               " with schema %d and rules %d, and two ways of judging do not mix: go on with that program, "
               "or give a new directory",
               version, (long long)schema, rules, RECORD_SCHEMA_VERSION, RECORD_RULES);
    return ERR_RULES;
}
