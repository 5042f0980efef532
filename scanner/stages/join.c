/* Reads what the directories say of options and rounds, and walks them. */
#include "scanner/stages/join.h"

#include <stdio.h>
#include <stdlib.h>

#include "output/readback/facts_read.h"
#include "output/readback/refused.h"
#include "scanner/base/shown.h"
#include "scanner/json/json_tree.h"

enum {
    ARENA_BYTES = 256 << 20,
    META_BYTES = 16 << 20,
    TREE_BYTES = 64 << 20,
    REASON_BYTES = 8192,
    OPTION_BYTES = 64
};

#define CACHE_BYTES ((size_t)64 << 20)

struct join {
    const struct stagedirs *dirs;
    struct config config;
    bool has_config;
    uint32_t *parts; /* of each round */
    struct replay_rules rules;
    struct results_store *results;
    struct replay_source source;
    struct arena arena; /* of the domain at hand */
    const struct join_take *take;
    struct buf *why; /* of the walk */
};

/* ---- options ------------------------------------------------------------------------------------------- */

/* Takes the options of this program that stand there; those of another decide nothing here. */
struct taking {
    const struct json_node *options;
    struct config *config;
    struct buf *why;
    enum error error;
};

static void take_option(void *arg, const char *section, const char *key, const char *value)
{
    struct taking *taking = arg;
    char name[OPTION_BYTES];
    (void)value;
    (void)snprintf(name, sizeof name, "%s.%s", section, key);
    if (json_tree_at(taking->options, name) == NULL || taking->error != ERR_OK)
        return;
    const char *text = json_tree_text(taking->options, name);
    if (text == NULL || config_set(taking->config, name, text, "meta.json", taking->why) != ERR_OK)
        taking->error = ERR_CORRUPT;
}

static enum error take_options(const struct json_node *options, struct config *config, struct buf *why)
{
    struct config defaults;
    struct taking taking = {.options = options, .config = config, .why = why};
    if (options == NULL || options->kind != JSON_OBJECT)
        return ERR_CORRUPT;
    enum error error = config_init(&defaults);
    if (error != ERR_OK)
        return error;
    config_each(&defaults, take_option, &taking);
    config_dispose(&defaults);
    return taking.error;
}

enum error join_read_options(struct bytes meta, struct config *config, struct buf *why)
{
    struct arena arena;
    const struct json_node *root;
    enum error error = config_init(config);
    if (error != ERR_OK)
        return error;
    arena_init(&arena, TREE_BYTES);
    error = json_tree_parse(meta, &arena, &root) == ERR_OK ? ERR_OK : ERR_CORRUPT;
    if (error == ERR_OK)
        error = take_options(json_tree_at(root, "config"), config, why);
    arena_dispose(&arena);
    if (error != ERR_OK)
        config_dispose(config);
    return error;
}

static enum error read_options(struct join *join, struct buf *why)
{
    struct buf meta;
    buf_init(&meta, META_BYTES);
    enum error error = scanview_file(join->dirs->names[0].view, "meta.json", &meta, why);
    if (error == ERR_OK)
        error = join_read_options(buf_bytes(&meta), &join->config, why);
    join->has_config = error == ERR_OK;
    buf_dispose(&meta);
    return error;
}

/* ---- opening ------------------------------------------------------------------------------------------- */

static enum error read_rounds(struct join *join)
{
    const struct stagedirs *dirs = join->dirs;
    join->parts = calloc((size_t)dirs->rounds + 1, sizeof *join->parts);
    if (join->parts == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < dirs->probe_count; i++)
        join->parts[stagedir_plan(&dirs->probes[i])->round - 1] = stagedir_plan(&dirs->probes[i])->parts;
    join->rules = (struct replay_rules){.retry_passes = join->config.scan_retry_passes,
                                        .max_addresses = (size_t)join->config.smtp_max_addresses,
                                        .seed = scanview_meta(dirs->names[0].view)->seed,
                                        .parts = join->parts,
                                        .rounds = dirs->rounds};
    return ERR_OK;
}

enum error join_open(const struct stagedirs *dirs, struct join **made, struct buf *why)
{
    struct join *join = calloc(1, sizeof *join);
    *made = NULL;
    if (join == NULL)
        return ERR_MEMORY;
    join->dirs = dirs;
    arena_init(&join->arena, ARENA_BYTES);
    enum error error = read_options(join, why);
    if (error == ERR_OK)
        error = read_rounds(join);
    if (error == ERR_OK)
        error = results_open(CACHE_BYTES, &join->results, why);
    if (error == ERR_OK) {
        join->source = results_source(join->results);
        *made = join;
    } else {
        join_close(join);
    }
    return error;
}

enum error join_index(struct join *join, facts_index_also also, void *arg, struct buf *why)
{
    enum error error = ERR_OK;
    for (size_t i = 0; i < join->dirs->probe_count && error == ERR_OK; i++) {
        const struct stagedir *dir = &join->dirs->probes[i];
        struct buf reason;
        size_t before = why->len;
        buf_init(&reason, REASON_BYTES);
        error =
            results_add(join->results, scanview_fd(dir->view), stagedir_plan(dir)->round, also, arg, &reason);
        stagedir_blame(dir, error, &reason, why, before);
        buf_dispose(&reason);
    }
    return error;
}

void join_close(struct join *join)
{
    if (join == NULL)
        return;
    results_close(join->results);
    if (join->has_config)
        config_dispose(&join->config);
    arena_dispose(&join->arena);
    free(join->parts);
    free(join);
}

const struct config *join_config(const struct join *join)
{
    return &join->config;
}

const struct replay_rules *join_rules(const struct join *join)
{
    return &join->rules;
}

struct results_counts join_counts(const struct join *join)
{
    return results_counts(join->results);
}

/* ---- the walk ------------------------------------------------------------------------------------------ */

/* Says whether the names left something of the domain to other stages. No text in a record can hold this, as
 * quotes are escaped there. */
static bool is_final(struct bytes line)
{
    return !bytes_hold(line, "\"not_tried\":\"elsewhere\"");
}

static enum error join_domain(struct join *join, struct domain_facts *facts)
{
    struct judgement judgement;
    struct replay_end end;
    results_next(join->results);
    enum error error = replay(facts, &join->rules, &join->source, &join->arena, &judgement, &end);
    if (error != ERR_OK) {
        buf_printf(join->why, "%s: %s", shown(facts->domain), results_why(join->results));
        return refused_is_of_record(error) ? ERR_CORRUPT : error;
    }
    return join->take->replayed(join->take->arg, facts, &judgement, &end);
}

static enum error on_line(void *arg, struct bytes line)
{
    struct join *join = arg;
    const struct join_take *take = join->take;
    struct domain_facts facts;
    if (is_final(line) || (take->may_be_open != NULL && !take->may_be_open(take->arg, line)))
        return take->final(take->arg, line);
    arena_reset(&join->arena);
    enum error error = facts_read_domain(line, &join->arena, &facts, join->why);
    if (refused_is_of_record(error))
        return ERR_CORRUPT;
    if (error != ERR_OK || (take->wants != NULL && !take->wants(take->arg, facts.ordinal)))
        return error;
    return join_domain(join, &facts);
}

enum error join_walk(struct join *join, const struct join_take *take, struct buf *why)
{
    enum error error = ERR_OK;
    join->take = take;
    for (size_t i = 0; i < join->dirs->name_count && error == ERR_OK; i++) {
        const struct stagedir *dir = &join->dirs->names[i];
        struct buf reason;
        size_t before = why->len;
        buf_init(&reason, REASON_BYTES);
        join->why = &reason;
        error = scanview_lines(dir->view, VIEW_DOMAINS, on_line, join, &reason);
        stagedir_blame(dir, error, &reason, why, before);
        buf_dispose(&reason);
    }
    return error;
}
