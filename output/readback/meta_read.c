/* Reads meta.json, and decides whether a resume may go on with what it describes. */
#include "output/readback/meta_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/frames/disk.h"
#include "output/readback/meta_tree.h"
#include "scanner/base/shown.h"
#include "scanner/base/time_text.h"
#include "scanner/json/json_tree.h"
#include "scanner/facts/record.h"

enum { META_BYTES = 16 << 20, WHY_BYTES = 1024 };

/* ---- its fields ---------------------------------------------------------------------------------------- */

static void read_shard(const struct json_node *root, char shard[META_SHARD_BYTES])
{
    const char *text = json_tree_text(json_tree_at(root, "config"), "scan.shard");
    meta_copy(text == NULL ? "" : text, shard, META_SHARD_BYTES);
}

static void read_sample(const struct json_node *root, struct meta_sample *sample)
{
    const struct json_node *config = json_tree_at(root, "config");
    const char *take = json_tree_text(config, "sample.take");
    const char *strata = json_tree_text(config, "sample.strata");
    meta_copy(take == NULL ? "" : take, sample->take, sizeof sample->take);
    meta_copy(strata == NULL ? "" : strata, sample->strata, sizeof sample->strata);
}

/* Reads where it was probed from: of a part that; of a merged scan the place of all its rounds, if it is one.
 */
static void read_vantage(const struct json_node *root, struct meta_stored *found)
{
    const struct json_node *rounds = json_tree_at(json_tree_at(root, "merged"), "rounds");
    const struct json_node *round = rounds != NULL && rounds->kind == JSON_ARRAY ? rounds->first : NULL;
    const char *vantage = round == NULL ? found->plan.vantage : json_tree_text(round, "vantage");
    for (; round != NULL && vantage != NULL; round = round->next) {
        const char *its = json_tree_text(round, "vantage");
        if (its == NULL || strcmp(its, vantage) != 0)
            vantage = NULL;
    }
    meta_copy(vantage == NULL ? "" : vantage, found->vantage, sizeof found->vantage);
}

static bool is_of_names(const struct json_node *root)
{
    const char *stage = json_tree_text(json_tree_at(root, "config"), "scan.stage");
    return stage != NULL && strcmp(stage, "names") == 0;
}

enum error meta_stored_of(const struct json_node *root, struct meta_stored *found, struct buf *why)
{
    int64_t schema, runs, started;
    const char *state = json_tree_text(root, "state");
    *found = (struct meta_stored){0};
    (void)meta_integer(root, "schema", &schema);
    (void)meta_integer(root, "runs", &runs);
    if (schema != RECORD_SCHEMA_VERSION) {
        buf_printf(why, "meta.json: its schema is %lld, this version writes %d", (long long)schema,
                   RECORD_SCHEMA_VERSION);
        return ERR_CORRUPT;
    }
    if (state == NULL || strlen(state) >= sizeof found->state || runs < 1 || runs > UINT32_MAX ||
        !meta_integer(root, "started_ms", &started) || !time_is_one(started) ||
        !meta_seed(root, &found->seed) || !meta_rules(root, &found->rules)) {
        buf_text(why, "meta.json: state, runs, started_ms, seed or rules is missing or malformed");
        return ERR_CORRUPT;
    }
    if (!meta_plan_of(root, &found->plan)) {
        buf_text(why, "meta.json: plan is malformed");
        return ERR_CORRUPT;
    }
    if (!amounts_of(root, found->amounts)) {
        buf_text(why, "meta.json: stored is malformed");
        return ERR_CORRUPT;
    }
    memcpy(found->state, state, strlen(state) + 1);
    read_vantage(root, found);
    meta_version(root, found->version);
    read_shard(root, found->shard);
    read_sample(root, &found->sample);
    found->names = meta_names_read(root);
    found->runs = (uint32_t)runs;
    found->input_count = meta_count(root, "inputs");
    found->started_ms = started;
    found->is_names = is_of_names(root);
    found->has_previous = json_tree_at(root, "previous") != NULL;
    return ERR_OK;
}

enum error meta_read(struct bytes stored, struct meta_stored *found, struct buf *why)
{
    struct arena arena;
    const struct json_node *root = meta_parse(stored, &arena, why);
    enum error error = root == NULL ? ERR_CORRUPT : meta_stored_of(root, found, why);
    arena_dispose(&arena);
    return error;
}

enum error meta_may_go_on(struct bytes stored, struct buf *why)
{
    struct arena arena;
    const struct json_node *root = meta_parse(stored, &arena, why);
    enum error error = root == NULL ? ERR_CORRUPT : meta_check_rules(root, why);
    arena_dispose(&arena);
    return error;
}

bool meta_input_was_read(const struct meta_stored *stored)
{
    return stored->input_count > 0 && strcmp(stored->state, "reading") != 0;
}

/* ---- in a directory ------------------------------------------------------------------------------------ */

static enum error read_text(int dir_fd, struct buf *text, struct buf *why)
{
    enum error error = disk_read(dir_fd, "meta.json", text);
    int number = errno;
    if (error == ERR_LIMIT)
        (void)buf_text(why, "meta.json is too large");
    else if (error == ERR_NOT_FOUND)
        (void)buf_printf(why, "no scan directory: meta.json: %s; give a directory that `stsweep scan` made",
                         strerror(number));
    else if (error != ERR_OK)
        (void)buf_printf(why, "meta.json: cannot read: %s", disk_said(number));
    errno = number;
    return error == ERR_LIMIT ? ERR_CORRUPT : error;
}

enum error meta_read_in(int dir_fd, struct meta_stored *stored, struct buf *why)
{
    struct buf text;
    buf_init(&text, META_BYTES);
    enum error error = read_text(dir_fd, &text, why);
    if (error == ERR_OK)
        error = meta_read(buf_bytes(&text), stored, why);
    buf_dispose(&text);
    return error;
}

static bool awaits(const struct json_node *root, const char *const *paths, size_t count)
{
    const char *state = json_tree_text(root, "state");
    if (state == NULL || strcmp(state, "done") == 0 || meta_count(root, "inputs") != count)
        return false;
    const struct json_node *input = count == 0 ? NULL : json_tree_at(root, "inputs")->first;
    for (size_t i = 0; i < count; i++, input = input->next) {
        const char *path = json_tree_text(input, "path");
        if (path == NULL || strcmp(path, paths[i]) != 0)
            return false;
    }
    return true;
}

bool meta_awaits_in(int dir_fd, const char *const *paths, size_t count)
{
    struct buf text, why;
    struct arena arena;
    buf_init(&text, META_BYTES);
    buf_init(&why, WHY_BYTES);
    bool found = read_text(dir_fd, &text, &why) == ERR_OK;
    if (found) {
        const struct json_node *root = meta_parse(buf_bytes(&text), &arena, &why);
        found = root != NULL && awaits(root, paths, count);
        arena_dispose(&arena);
    }
    buf_dispose(&text);
    buf_dispose(&why);
    return found;
}

enum error meta_same_options_in(int dir_fd, const struct meta_asked *now, struct buf *why)
{
    struct buf text;
    struct arena arena;
    buf_init(&text, META_BYTES);
    enum error error = read_text(dir_fd, &text, why);
    if (error == ERR_OK) {
        const struct json_node *root = meta_parse(buf_bytes(&text), &arena, why);
        error = root == NULL ? ERR_CORRUPT : meta_check_rules(root, why);
        if (error == ERR_OK)
            error = meta_compare_options(root, now, why);
        arena_dispose(&arena);
    }
    buf_dispose(&text);
    return error;
}

enum error meta_may_go_on_in(int dir_fd, struct buf *why)
{
    struct buf text;
    buf_init(&text, META_BYTES);
    enum error error = read_text(dir_fd, &text, why);
    if (error == ERR_OK)
        error = meta_may_go_on(buf_bytes(&text), why);
    buf_dispose(&text);
    return error;
}

enum error meta_may_rejudge(const struct meta_stored *stored, struct buf *why)
{
    if (stored->rules <= RECORD_RULES)
        return ERR_OK;
    (void)buf_printf(why,
                     "stsweep %s judged it by rules %u, which this program does not know (it has rules %d): "
                     "judge it anew with that program or a later one",
                     stored->version, stored->rules, RECORD_RULES);
    return ERR_RULES;
}

void meta_tell_rules(const struct meta_stored *stored, FILE *err)
{
    if (stored->rules < RECORD_RULES)
        (void)fprintf(
            err,
            "stsweep: this scan was judged by rules %u, those of this program are rules %d: --rejudge "
            "gives what they say\n",
            stored->rules, RECORD_RULES);
    if (stored->rules > RECORD_RULES)
        (void)fprintf(
            err,
            "stsweep: this scan was judged by rules %u of stsweep %s, which this program does not know "
            "(it has rules %d)\n",
            stored->rules, stored->version, RECORD_RULES);
}
