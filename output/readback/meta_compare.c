/* Compares meta.json with what a resume is asked to do, and those of the shards of one scan with each other.
 */
#include <string.h>

#include "output/readback/meta_read.h"
#include "output/readback/meta_tree.h"
#include "scanner/base/shown.h"

static bool is_off(const char *value)
{
    return value[0] == '\0' || strcmp(value, "0") == 0;
}

static bool may_go_on_with(const struct meta_option *option, const char *then)
{
    return option->may_change || strcmp(then, option->value) == 0 ||
           (option->is_switch && is_off(then) == is_off(option->value));
}

enum error meta_compare_options(const struct json_node *root, const struct meta_asked *now, struct buf *why)
{
    const struct json_node *config = json_tree_at(root, "config");
    const char *between = "";
    for (size_t i = 0; i < now->option_count; i++) {
        const struct meta_option *option = &now->options[i];
        bool stands = json_tree_at(config, option->name) != NULL;
        const char *then = stands ? json_tree_text(config, option->name) : option->initial;
        if (then == NULL || may_go_on_with(option, then))
            continue;
        buf_printf(why, "%s%s is \"%s\", the scan was started with \"%s\"", between, option->name,
                   shown(option->value), shown(then));
        between = "; ";
    }
    return between[0] == '\0' ? ERR_OK : ERR_MISMATCH;
}

static bool is_same_previous(const struct json_node *then, const struct meta_previous *now)
{
    int64_t started_ms;
    uint64_t seed;
    return meta_integer(then, "started_ms", &started_ms) && meta_seed(then, &seed) &&
           started_ms == now->started_ms && seed == now->seed;
}

enum { DIR_SHOWN = 256, STARTED_SHOWN = 32, VALUE_SHOWN = 128 };

/* Returns what is told of a text of theirs. */
static const char *told_at(const struct json_node *object, const char *key, size_t most)
{
    const char *text = json_tree_text(object, key);
    return text == NULL ? "?" : shown_within(text, most);
}

/* Tells whether it is the earlier scan that this one was begun with; its directory may have been moved. */
static enum error compare_previous(const struct json_node *root, const struct meta_previous *now,
                                   struct buf *why)
{
    const struct json_node *then = json_tree_at(root, "previous");
    const char *dir = told_at(then, "dir", DIR_SHOWN);
    if (then == NULL && now == NULL)
        return ERR_OK;
    if (then == NULL)
        buf_text(why, "the scan was begun without --previous: leave it out, or begin a new directory");
    else if (now == NULL)
        buf_printf(why, "the scan was begun with --previous %s: give it again, or begin a new directory",
                   dir);
    else if (is_same_previous(then, now))
        return ERR_OK;
    else
        buf_printf(why,
                   "--previous %s is another scan than the one that this one was begun with (%s, begun %s): "
                   "give that one, or begin a new directory",
                   shown(now->dir), dir, told_at(then, "started", STARTED_SHOWN));
    return ERR_MISMATCH;
}

/* Tells whether it is the part of a plan that the directory was begun for. */
static enum error compare_plan(const struct json_node *root, const struct meta_plan *now, struct buf *why)
{
    struct meta_plan then = {.round = 0};
    (void)meta_plan_of(root, &then);
    bool is_same = now == NULL ? then.id[0] == 0
                               : strcmp(then.id, now->id) == 0 && then.part == now->part &&
                                     strcmp(then.vantage, now->vantage) == 0;
    if (is_same)
        return ERR_OK;
    if (then.id[0] == 0)
        buf_text(why, "what stands there is of no plan: give a directory of its own");
    else
        buf_printf(why, "it is of part %u of %u in round %u of the plan %.12s%s%s: give another directory",
                   then.part, then.parts, then.round, then.id, then.vantage[0] == 0 ? "" : ", from ",
                   then.vantage);
    return ERR_MISMATCH;
}

/* Returns whether the input is the scan's; if not, *why has it, behind what it has already. */
static bool is_same_input(const struct json_node *then, const struct meta_input *now, struct buf *why)
{
    int64_t bytes;
    const char *sha256 = json_tree_text(then, "sha256"), *between = why->len > 0 ? "; " : "";
    (void)meta_integer(then, "bytes", &bytes);
    if (bytes < 0 || (uint64_t)bytes != now->bytes) {
        buf_printf(why, "%s%s has %llu bytes, the input of the scan had %lld", between, shown(now->path),
                   (unsigned long long)now->bytes, (long long)bytes);
        return false;
    }
    if (sha256 != NULL && now->sha256 != NULL && strcmp(sha256, now->sha256) == 0)
        return true;
    buf_printf(why, "%s%s has another SHA-256 than the input of the scan had", between, shown(now->path));
    return false;
}

static enum error compare_inputs(const struct json_node *root, const struct meta_asked *now, struct buf *why)
{
    size_t count = meta_count(root, "inputs");
    enum error error = ERR_OK;
    if (count != now->input_count) {
        buf_printf(why, "%zu input files are given, the scan had %zu", now->input_count, count);
        return ERR_MISMATCH;
    }
    const struct json_node *then = json_tree_at(root, "inputs")->first;
    for (size_t i = 0; i < now->input_count; i++, then = then->next)
        if (!is_same_input(then, &now->inputs[i], why))
            error = ERR_MISMATCH;
    return error;
}

enum error meta_compare(struct bytes stored, const struct meta_asked *now, struct meta_stored *found,
                        struct buf *why)
{
    struct arena arena;
    const struct json_node *root = meta_parse(stored, &arena, why);
    enum error error = root == NULL ? ERR_CORRUPT : meta_check_rules(root, why);
    if (error == ERR_OK)
        error = meta_stored_of(root, found, why);
    if (error == ERR_OK)
        error = compare_previous(root, now->previous, why);
    if (error == ERR_OK)
        error = compare_plan(root, now->plan, why);
    if (error == ERR_OK)
        error = meta_compare_options(root, now, why);
    if (error == ERR_OK && now->input_count > 0 && found->input_count > 0)
        error = compare_inputs(root, now, why);
    arena_dispose(&arena);
    return error;
}

/* ---- shards of one scan -------------------------------------------------------------------------------- */

/* What is said of the second of two directories, and whether anything was. */
struct telling {
    struct buf *why;
    const char *between; /* "" until something differs */
};

static void tell(struct telling *telling, const char *what, const char *here, const char *there)
{
    (void)buf_printf(telling->why, "%s%s is \"%s\", there \"%s\"", telling->between, what,
                     shown_within(here, VALUE_SHOWN), shown_within(there, VALUE_SHOWN));
    telling->between = "; ";
}

/* Returns the value of an option; its default if it does not stand there, "?" if that is no text. */
static const char *value_at(const struct json_node *root, const struct meta_option *option)
{
    const struct json_node *config = json_tree_at(root, "config");
    if (json_tree_at(config, option->name) == NULL)
        return option->initial;
    const char *value = json_tree_text(config, option->name);
    return value == NULL ? "?" : value;
}

static void tell_options(const struct json_node *here, const struct json_node *there,
                         const struct meta_option *options, size_t count, struct telling *telling)
{
    for (size_t i = 0; i < count; i++) {
        struct meta_option option = options[i];
        option.value = value_at(here, &option);
        const char *then = value_at(there, &option);
        if (strcmp(option.name, "scan.shard") != 0 && !may_go_on_with(&option, then))
            tell(telling, option.name, option.value, then);
    }
}

static void tell_inputs(const struct json_node *here, const struct json_node *there, struct telling *telling)
{
    if (meta_count(here, "inputs") != meta_count(there, "inputs")) {
        (void)buf_printf(telling->why, "%sit has %zu input files, there are %zu", telling->between,
                         meta_count(here, "inputs"), meta_count(there, "inputs"));
        telling->between = "; ";
        return;
    }
    const struct json_node *inputs = json_tree_at(here, "inputs"), *others = json_tree_at(there, "inputs");
    const struct json_node *input = inputs == NULL ? NULL : inputs->first,
                           *other = others == NULL ? NULL : others->first;
    for (; input != NULL && other != NULL; input = input->next, other = other->next) {
        const char *sum = told_at(input, "sha256", VALUE_SHOWN);
        const char *others_sum = json_tree_text(other, "sha256");
        if (others_sum != NULL && strcmp(sum, others_sum) == 0)
            continue;
        (void)buf_printf(telling->why, "%sthe input %s has another SHA-256", telling->between,
                         told_at(input, "path", DIR_SHOWN));
        telling->between = "; ";
    }
}

static void tell_previous(const struct json_node *here, const struct json_node *there,
                          struct telling *telling)
{
    const struct json_node *earlier = json_tree_at(here, "previous"),
                           *other = json_tree_at(there, "previous");
    int64_t started_ms, others_ms;
    uint64_t seed, others_seed;
    bool is_same = earlier == NULL || other == NULL
                       ? earlier == other
                       : meta_integer(earlier, "started_ms", &started_ms) && meta_seed(earlier, &seed) &&
                             meta_integer(other, "started_ms", &others_ms) &&
                             meta_seed(other, &others_seed) && started_ms == others_ms && seed == others_seed;
    if (!is_same)
        tell(telling, "the earlier scan (--previous)",
             earlier == NULL ? "none" : told_at(earlier, "dir", DIR_SHOWN),
             other == NULL ? "none" : told_at(other, "dir", DIR_SHOWN));
}

static void tell_seed(const struct json_node *here, const struct json_node *there, struct telling *telling)
{
    const char *seed = json_tree_text(here, "seed"), *other = json_tree_text(there, "seed");
    if (seed == NULL || other == NULL || strcmp(seed, other) != 0)
        tell(telling, "the seed (--scan.seed)", seed == NULL ? "?" : seed, other == NULL ? "?" : other);
}

enum error meta_compare_shards(struct bytes here, struct bytes there, const struct meta_option *options,
                               size_t count, struct buf *why)
{
    struct arena arenas[2];
    struct telling telling = {why, ""};
    const struct json_node *root = meta_parse(here, &arenas[0], why), *other = NULL;
    enum error error = root == NULL ? ERR_CORRUPT : meta_check_rules(root, why);
    arena_init(&arenas[1], 0);
    if (error == ERR_OK)
        other = meta_parse(there, &arenas[1], why);
    if (error == ERR_OK)
        error = other == NULL ? ERR_CORRUPT : meta_check_rules(other, why);
    if (error == ERR_OK) {
        tell_seed(root, other, &telling);
        tell_inputs(root, other, &telling);
        tell_previous(root, other, &telling);
        tell_options(root, other, options, count, &telling);
        error = telling.between[0] == 0 ? ERR_OK : ERR_MISMATCH;
    }
    arena_dispose(&arenas[0]);
    arena_dispose(&arenas[1]);
    return error;
}
