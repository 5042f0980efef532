/* Writes the names' members again, but for those that are the merge's own. */
#include "scanner/stages/merge_meta.h"

#include <inttypes.h>
#include <stdio.h>

#include "output/json/json_write.h"
#include "output/readback/facts_fields.h"
#include "output/readback/meta_read.h"
#include "output/store/json_again.h"
#include "output/store/meta.h"
#include "scanner/facts/record.h"
#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"

enum { TREE_BYTES = 64 << 20 };

/* ---- times --------------------------------------------------------------------------------------------- */

static const char *text_at(const struct json_node *object, const char *key)
{
    const char *text = json_tree_text(object, key);
    return text == NULL ? "" : text;
}

/* Times are written all alike, so that their order is that of their texts. */
static void take_time(char *time, const char *found, bool earlier)
{
    int64_t wall_ms;
    if (read_time_text(bytes_of(found), &wall_ms) && (time[0] == 0 || (strcmp(found, time) < 0) == earlier))
        (void)snprintf(time, MERGE_TIME_BYTES, "%s", found);
}

bool merge_span_add(struct merge_span *span, struct bytes meta)
{
    struct arena arena;
    const struct json_node *root;
    arena_init(&arena, TREE_BYTES);
    bool parsed = json_tree_parse(meta, &arena, &root) == ERR_OK;
    if (parsed) {
        take_time(span->started, text_at(root, "started"), true);
        take_time(span->ended, text_at(root, "ended"), false);
    }
    arena_dispose(&arena);
    return parsed;
}

/* ---- the text ------------------------------------------------------------------------------------------ */

static void write_span(struct json *json, const struct merge_span *span)
{
    json_put_optional(json, "started", span->started[0] == 0 ? NULL : span->started);
    json_put_optional(json, "ended", span->ended[0] == 0 ? NULL : span->ended);
}

static void write_round(struct json *json, const struct merge_round *round)
{
    json_open(json, NULL);
    json_put_string(json, "plan", round->plan);
    json_put_unsigned(json, "parts", round->parts);
    json_put_optional(json, "vantage", round->vantage[0] == 0 ? NULL : round->vantage);
    write_span(json, &round->span);
    json_close(json);
}

static void write_merged(struct json *json, const struct merge_origin *origin)
{
    json_open(json, "merged");
    json_put_string(json, "names", origin->names);
    json_put_unsigned(json, "shards", origin->shards);
    write_span(json, &origin->span);
    json_open_array(json, "rounds");
    for (uint32_t i = 0; i < origin->round_count; i++)
        write_round(json, &origin->rounds[i]);
    json_close_array(json);
    json_close(json);
}

/* Writes the options of the names; what made them names of one shard is that of a whole scan again. */
static void write_config(struct json *json, const struct json_node *config)
{
    json_open(json, "config");
    bool is_object = config != NULL && config->kind == JSON_OBJECT;
    for (const struct json_node *node = is_object ? config->first : NULL; node != NULL; node = node->next)
        if (strcmp(node->key, "scan.shard") == 0)
            json_put_string(json, "scan.shard", "");
        else if (strcmp(node->key, "scan.stage") == 0)
            json_put_string(json, "scan.stage", "all");
        else
            json_put_again(json, node);
    json_close(json);
}

static void write_libraries(struct json *json, const struct merge_state *state)
{
    json_open(json, "libraries");
    for (size_t i = 0; i < state->library_count; i++)
        json_put_string(json, state->libraries[i].name, state->libraries[i].version);
    json_close(json);
}

static void write_previous(struct json *json, const struct json_node *previous, uint64_t matched)
{
    json_open(json, "previous");
    for (const struct json_node *node = previous->first; node != NULL; node = node->next)
        if (strcmp(node->key, "matched") == 0)
            json_put_unsigned(json, "matched", matched);
        else
            json_put_again(json, node);
    json_close(json);
}

static void put_again(struct json *json, const struct json_node *root, const char *key)
{
    const struct json_node *node = json_tree_at(root, key);
    if (node != NULL)
        json_put_again(json, node);
}

static void write_head(struct json *json, const struct merge_origin *origin, const struct merge_state *state)
{
    json_put_unsigned(json, "schema", RECORD_SCHEMA_VERSION);
    json_put_unsigned(json, "rules", RECORD_RULES);
    json_put_string(json, "tool", "stsweep");
    json_put_string(json, "version", state->version);
    json_put_string(json, "state", state->state);
    json_put_time(json, "started", origin->started_ms);
    if (state->ended_ms != 0)
        json_put_time(json, "ended", state->ended_ms);
    json_put_signed(json, "started_ms", origin->started_ms);
    json_put_unsigned(json, "runs", 1);
    json_put_string(json, "host", state->host);
    json_put_string(json, "command", state->command);
}

static void write_all(struct json *json, const struct json_node *root, const struct merge_origin *origin,
                      const struct merge_state *state)
{
    const struct json_node *previous = json_tree_at(root, "previous");
    json_open(json, NULL);
    write_head(json, origin, state);
    put_again(json, root, "seed");
    put_again(json, root, "resolver");
    json_open_array(json, "preflight");
    json_close_array(json);
    if (previous != NULL && previous->kind == JSON_OBJECT)
        write_previous(json, previous, state->matched);
    write_merged(json, origin);
    meta_put_amounts(json, state->amounts);
    put_again(json, root, "inputs");
    write_config(json, json_tree_at(root, "config"));
    write_libraries(json, state);
    json_close(json);
}

bool merge_meta_text(struct buf *out, struct bytes names, const struct merge_origin *origin,
                     const struct merge_state *state)
{
    struct arena arena;
    struct json json;
    const struct json_node *root;
    arena_init(&arena, TREE_BYTES);
    json_start(&json, out);
    json_indent(&json);
    if (json_tree_parse(names, &arena, &root) == ERR_OK)
        write_all(&json, root, origin, state);
    else
        json.failed = true;
    bool made = json_finish(&json);
    arena_dispose(&arena);
    return made;
}

/* ---- a stored text ------------------------------------------------------------------------------------- */

static bool is_same_round(const struct json_node *node, const struct merge_round *round)
{
    return node->kind == JSON_OBJECT && strcmp(text_at(node, "plan"), round->plan) == 0;
}

static bool is_same(const struct json_node *merged, const struct merge_origin *origin)
{
    const struct json_node *rounds = merged == NULL ? NULL : json_tree_at(merged, "rounds");
    if (rounds == NULL || rounds->kind != JSON_ARRAY || strcmp(text_at(merged, "names"), origin->names) != 0)
        return false;
    const struct json_node *node = rounds->first;
    for (uint32_t i = 0; i < origin->round_count; i++, node = node->next)
        if (node == NULL || !is_same_round(node, &origin->rounds[i]))
            return false;
    return node == NULL;
}

enum error merge_meta_is_of(struct bytes text, const struct merge_origin *origin, struct buf *why)
{
    struct arena arena;
    const struct json_node *root;
    enum error error = meta_may_go_on(text, why);
    if (error != ERR_OK)
        return error;
    arena_init(&arena, TREE_BYTES);
    error = json_tree_parse(text, &arena, &root) == ERR_OK ? ERR_OK : ERR_CORRUPT;
    const struct json_node *merged = error == ERR_OK ? json_tree_at(root, "merged") : NULL;
    if (error == ERR_OK && merged == NULL) {
        buf_text(why, "it holds a scan that was not merged");
        error = ERR_MISMATCH;
    } else if (error == ERR_OK && !is_same(merged, origin)) {
        buf_text(why, "it holds a merge of other names, or of other rounds of probes");
        error = ERR_MISMATCH;
    }
    arena_dispose(&arena);
    return error;
}
