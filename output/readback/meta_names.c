/* Hashes the options that choose names, and compares them. */
#include "output/readback/meta_names.h"

#include "scanner/json/json_tree.h"

#include <string.h>
#include <xxhash.h>

#include "scanner/facts/draw_size.h"
#include "scanner/json/json_tree.h"

enum { TAKE, KEY, STRATA, SHARD, LIMIT, ONLY, EXCEPT };

static const struct {
    const char *name, *initial;
} options[META_CHOICES] = {
    [TAKE] = {"sample.take", ""},    [KEY] = {"sample.key", "stsweep"}, [STRATA] = {"sample.strata", "none"},
    [SHARD] = {"scan.shard", ""},    [LIMIT] = {"input.limit", "0"},    [ONLY] = {"input.only", ""},
    [EXCEPT] = {"input.except", ""},
};

static const char *text_at(const struct json_node *object, const char *key, const char *initial)
{
    const char *text = json_tree_text(object, key);
    return text == NULL ? initial : text;
}

/* Returns the value of an option in one of the ways of writing it: 1/1 is no shard, a sample alone has a key,
 * and a scan that was published keeps of a path the last part. */
static const char *value_of(const struct json_node *config, unsigned option, bool is_sampled)
{
    const char *value = text_at(config, options[option].name, options[option].initial);
    if ((option == SHARD && strcmp(value, "1/1") == 0) || (option == KEY && !is_sampled))
        return options[option].initial;
    const char *slash = option == EXCEPT ? strrchr(value, '/') : NULL;
    return slash == NULL ? value : slash + 1;
}

struct meta_names meta_names_read(const struct json_node *root)
{
    const struct json_node *config = json_tree_at(root, "config"), *inputs = json_tree_at(root, "inputs");
    const char *take = text_at(config, options[TAKE].name, ""), *limit = text_at(config, "input.limit", "0");
    const char *sha256 = text_at(config, "input.except.sha256", "");
    struct draw_size size;
    struct meta_names names = {.except_sha256 = sha256[0] == 0 ? 0 : XXH3_64bits(sha256, strlen(sha256))};
    names.so_many = (draw_size_parse(take, &size) && size.names > 0) || strcmp(limit, "0") != 0;
    for (unsigned i = 0; i < META_CHOICES; i++) {
        const char *value = value_of(config, i, take[0] != 0);
        names.by[i] = XXH3_64bits(value, strlen(value));
    }
    if (inputs == NULL || inputs->kind != JSON_ARRAY)
        return names;
    for (const struct json_node *input = inputs->first; input != NULL; input = input->next) {
        const char *list = text_at(input, "sha256", "");
        names.lists = XXH3_64bits_withSeed(list, strlen(list), names.lists);
    }
    return names;
}

/* The file of input.except may have moved, or changed under its name. */
static bool is_same(const struct meta_names *a, const struct meta_names *b, unsigned option)
{
    if (option == EXCEPT && a->except_sha256 != 0 && b->except_sha256 != 0)
        return a->except_sha256 == b->except_sha256;
    return a->by[option] == b->by[option];
}

bool meta_names_are_same(const struct meta_names *a, const struct meta_names *b, struct buf *how)
{
    const char *between = "the scans differ in ";
    bool same = true;
    for (unsigned i = 0; i < META_CHOICES; i++) {
        if (is_same(a, b, i))
            continue;
        (void)buf_printf(how, "%s%s", between, options[i].name);
        between = ", ";
        same = false;
    }
    if (!same || !a->so_many || a->lists == b->lists)
        return same;
    (void)buf_text(
        how, "the scans took so many names (sample.take, input.limit) of lists that are not the same, so "
             "that new names push others out");
    return false;
}
