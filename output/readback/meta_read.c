/* Reads meta.json, and decides whether a resume may go on with what it describes. */
#include "output/readback/meta_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "output/frames/disk.h"
#include "scanner/base/shown.h"
#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"
#include "scanner/facts/record.h"

enum { META_BYTES = 16 << 20, TREE_BYTES = 64 << 20, KEYS_MOST = 1024, WHY_BYTES = 1024 };

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

/* Parses the text. NULL: *why says why. The tree lives in arena, which the caller disposes of. */
static const struct json_node *parse(struct bytes stored, struct arena *arena, struct buf *why)
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

/* Returns the string under key; NULL if there is none, or if it has a NUL in it. */
static const char *string_at(const struct json_node *object, const char *key)
{
    const struct json_node *node = json_tree_at(object, key);
    if (node == NULL || node->kind != JSON_STRING || memchr(node->text.data, 0, node->text.len) != NULL)
        return NULL;
    return (const char *)node->text.data;
}

static bool integer_at(const struct json_node *object, const char *key, int64_t *number)
{
    const struct json_node *node = json_tree_at(object, key);
    *number = 0;
    return node != NULL && node->kind == JSON_NUMBER && json_read_signed(node->text, number);
}

static size_t count_at(const struct json_node *object, const char *key)
{
    const struct json_node *node = json_tree_at(object, key);
    return node != NULL && node->kind == JSON_ARRAY ? node->count : 0;
}

/* ---- its fields ---------------------------------------------------------------------------------------- */

static bool read_seed(const struct json_node *root, uint64_t *seed)
{
    const char *text = string_at(root, "seed");
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return false;
    *seed = strtoull(text, &end, 10);
    return *end == 0;
}

/* Reads the rules; scans made before there were any have none: 0. */
static bool read_rules(const struct json_node *root, uint32_t *rules)
{
    int64_t number;
    bool is_number = integer_at(root, "rules", &number);
    *rules = (uint32_t)number;
    return json_tree_at(root, "rules") == NULL || (is_number && number >= 0 && number <= UINT32_MAX);
}

/* Copies what fits of a text, made fit for messages: whoever made the directory may have written anything
 * there. */
static void copy_printable(const char *text, char *to, size_t room)
{
    (void)snprintf(to, room, "%s", text);
    for (char *place = to; *place != 0; place++)
        if (*place < 0x20 || *place > 0x7E)
            *place = '?';
}

static void read_version(const struct json_node *root, char version[META_VERSION_BYTES])
{
    const char *text = string_at(root, "version");
    copy_printable(text == NULL || text[0] == 0 ? "?" : text, version, META_VERSION_BYTES);
}

static void read_shard(const struct json_node *root, char shard[META_SHARD_BYTES])
{
    const char *text = string_at(json_tree_at(root, "config"), "scan.shard");
    copy_printable(text == NULL ? "" : text, shard, META_SHARD_BYTES);
}

static void read_sample(const struct json_node *root, struct meta_sample *sample)
{
    const struct json_node *config = json_tree_at(root, "config");
    const char *take = string_at(config, "sample.take"), *strata = string_at(config, "sample.strata");
    copy_printable(take == NULL ? "" : take, sample->take, sizeof sample->take);
    copy_printable(strata == NULL ? "" : strata, sample->strata, sizeof sample->strata);
}

/* Reads a number from 1; 0 if none stands there. */
static uint32_t positive_at(const struct json_node *object, const char *key)
{
    int64_t number;
    bool is_one = integer_at(object, key, &number) && number > 0 && number <= UINT32_MAX;
    return is_one ? (uint32_t)number : 0;
}

/* Reads which part of a plan the directory is about; false if that stands there malformed. */
static bool read_plan(const struct json_node *root, struct meta_plan *plan)
{
    const struct json_node *object = json_tree_at(root, "plan");
    if (object == NULL)
        return true;
    const char *id = string_at(object, "id"), *vantage = string_at(object, "vantage");
    copy_printable(id == NULL ? "" : id, plan->id, sizeof plan->id);
    copy_printable(vantage == NULL ? "" : vantage, plan->vantage, sizeof plan->vantage);
    plan->round = positive_at(object, "round");
    plan->part = positive_at(object, "part");
    plan->parts = positive_at(object, "parts");
    return plan->id[0] != 0 && plan->round > 0 && plan->part > 0 && plan->part <= plan->parts;
}

/* Reads where it was probed from: of a part that, of a merged scan the one place of all that it was joined
 * from. */
static void read_vantage(const struct json_node *root, struct meta_stored *found)
{
    const struct json_node *places = json_tree_at(json_tree_at(root, "merged"), "vantages");
    bool is_one = places != NULL && places->kind == JSON_ARRAY && places->count == 1 &&
                  places->first->kind == JSON_STRING &&
                  memchr(places->first->text.data, 0, places->first->text.len) == NULL;
    copy_printable(is_one ? (const char *)places->first->text.data : found->plan.vantage, found->vantage,
                   sizeof found->vantage);
}

static bool is_of_names(const struct json_node *root)
{
    const char *stage = string_at(json_tree_at(root, "config"), "scan.stage");
    return stage != NULL && strcmp(stage, "names") == 0;
}

/* Reads the fields that a resume needs; ERR_CORRUPT if one of them is not as this program writes it. */
static enum error read_stored(const struct json_node *root, struct meta_stored *found, struct buf *why)
{
    int64_t schema, runs, started;
    const char *state = string_at(root, "state");
    *found = (struct meta_stored){0};
    (void)integer_at(root, "schema", &schema);
    (void)integer_at(root, "runs", &runs);
    if (schema != RECORD_SCHEMA_VERSION) {
        buf_printf(why, "meta.json: its schema is %lld, this version writes %d", (long long)schema,
                   RECORD_SCHEMA_VERSION);
        return ERR_CORRUPT;
    }
    if (state == NULL || strlen(state) >= sizeof found->state || runs < 1 || runs > UINT32_MAX ||
        !integer_at(root, "started_ms", &started) || !read_seed(root, &found->seed) ||
        !read_rules(root, &found->rules)) {
        buf_text(why, "meta.json: state, runs, started_ms, seed or rules is missing or malformed");
        return ERR_CORRUPT;
    }
    if (!read_plan(root, &found->plan)) {
        buf_text(why, "meta.json: plan is malformed");
        return ERR_CORRUPT;
    }
    memcpy(found->state, state, strlen(state) + 1);
    read_vantage(root, found);
    read_version(root, found->version);
    read_shard(root, found->shard);
    read_sample(root, &found->sample);
    found->names = meta_names_read(root);
    found->runs = (uint32_t)runs;
    found->input_count = count_at(root, "inputs");
    found->started_ms = started;
    found->is_names = is_of_names(root);
    found->has_previous = json_tree_at(root, "previous") != NULL;
    return ERR_OK;
}

enum error meta_read(struct bytes stored, struct meta_stored *found, struct buf *why)
{
    struct arena arena;
    const struct json_node *root = parse(stored, &arena, why);
    enum error error = root == NULL ? ERR_CORRUPT : read_stored(root, found, why);
    arena_dispose(&arena);
    return error;
}

static enum error check_rules(const struct json_node *root, struct buf *why)
{
    char version[META_VERSION_BYTES];
    int64_t schema;
    uint32_t rules;
    if (!integer_at(root, "schema", &schema) || !read_rules(root, &rules)) {
        buf_text(why, "meta.json: schema or rules is missing or malformed");
        return ERR_CORRUPT;
    }
    if (schema == RECORD_SCHEMA_VERSION && rules == RECORD_RULES)
        return ERR_OK;
    read_version(root, version);
    buf_printf(why,
               "stsweep %s with schema %lld and rules %u started this scan, this is stsweep " STSWEEP_VERSION
               " with schema %d and rules %d, and two ways of judging do not mix: go on with that program, "
               "or give a new directory",
               version, (long long)schema, rules, RECORD_SCHEMA_VERSION, RECORD_RULES);
    return ERR_RULES;
}

enum error meta_may_go_on(struct bytes stored, struct buf *why)
{
    struct arena arena;
    const struct json_node *root = parse(stored, &arena, why);
    enum error error = root == NULL ? ERR_CORRUPT : check_rules(root, why);
    arena_dispose(&arena);
    return error;
}

bool meta_input_was_read(const struct meta_stored *stored)
{
    return stored->input_count > 0 && strcmp(stored->state, "reading") != 0;
}

/* ---- comparing ----------------------------------------------------------------------------------------- */

static bool is_off(const char *value)
{
    return value[0] == '\0' || strcmp(value, "0") == 0;
}

static bool may_go_on_with(const struct meta_option *option, const char *then)
{
    return option->may_change || strcmp(then, option->value) == 0 ||
           (option->is_switch && is_off(then) == is_off(option->value));
}

static enum error compare_options(const struct json_node *root, const struct meta_asked *now, struct buf *why)
{
    const struct json_node *config = json_tree_at(root, "config");
    const char *between = "";
    for (size_t i = 0; i < now->option_count; i++) {
        const struct meta_option *option = &now->options[i];
        bool stands = json_tree_at(config, option->name) != NULL;
        const char *then = stands ? string_at(config, option->name) : option->initial;
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
    return integer_at(then, "started_ms", &started_ms) && read_seed(then, &seed) &&
           started_ms == now->started_ms && seed == now->seed;
}

enum { DIR_SHOWN = 256, STARTED_SHOWN = 32 };

/* Returns what is told of a text of theirs. */
static const char *told_at(const struct json_node *object, const char *key, size_t most)
{
    const char *text = string_at(object, key);
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
    (void)read_plan(root, &then);
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
    const char *sha256 = string_at(then, "sha256"), *between = why->len > 0 ? "; " : "";
    (void)integer_at(then, "bytes", &bytes);
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
    size_t count = count_at(root, "inputs");
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
    const struct json_node *root = parse(stored, &arena, why);
    enum error error = root == NULL ? ERR_CORRUPT : check_rules(root, why);
    if (error == ERR_OK)
        error = read_stored(root, found, why);
    if (error == ERR_OK)
        error = compare_previous(root, now->previous, why);
    if (error == ERR_OK)
        error = compare_plan(root, now->plan, why);
    if (error == ERR_OK)
        error = compare_options(root, now, why);
    if (error == ERR_OK && now->input_count > 0 && found->input_count > 0)
        error = compare_inputs(root, now, why);
    arena_dispose(&arena);
    return error;
}

/* ---- how the inputs were read ------------------------------------------------------------------------- */

static const char *text_at(const struct json_node *object, const char *key, struct arena *arena)
{
    const char *text = string_at(object, key);
    return text == NULL ? "" : arena_string(arena, text);
}

/* Reads a count that may not stand there: 0. */
static bool small_at(const struct json_node *object, const char *key, uint64_t *value)
{
    int64_t number;
    bool is_number = integer_at(object, key, &number);
    *value = (uint64_t)number;
    return json_tree_at(object, key) == NULL || (is_number && number >= 0 && number <= INT16_MAX);
}

static bool read_form(const struct json_node *input, struct meta_form *form, struct arena *arena)
{
    const struct json_node *node = json_tree_at(input, "form");
    *form = (struct meta_form){
        .format = "", .separator = "", .header = "", .field = "", .rank_field = "", .label_field = ""};
    if (node == NULL)
        return true;
    if (node->kind != JSON_OBJECT)
        return false;
    form->format = text_at(node, "format", arena);
    form->separator = text_at(node, "separator", arena);
    form->header = text_at(node, "header", arena);
    form->field = text_at(node, "field", arena);
    form->rank_field = text_at(node, "rank_field", arena);
    form->label_field = text_at(node, "label_field", arena);
    const struct json_node *origins = json_tree_at(node, "origins");
    form->origins = origins != NULL && origins->kind == JSON_BOOL && origins->truth;
    return small_at(node, "skip", &form->skip) && small_at(node, "domain", &form->domain) &&
           small_at(node, "rank", &form->rank) && small_at(node, "label", &form->label) &&
           form->format != NULL && form->separator != NULL && form->header != NULL && form->field != NULL &&
           form->rank_field != NULL && form->label_field != NULL;
}

enum error meta_forms(struct bytes stored, struct meta_form *forms, size_t count, struct arena *arena,
                      struct buf *why)
{
    struct arena tree;
    const struct json_node *root = parse(stored, &tree, why);
    const struct json_node *input = NULL;
    if (root != NULL && count_at(root, "inputs") > 0)
        input = json_tree_at(root, "inputs")->first;
    enum error error = root == NULL ? ERR_CORRUPT : ERR_OK;
    for (size_t i = 0; i < count; i++, input = input == NULL ? NULL : input->next) {
        forms[i] = (struct meta_form){
            .format = "", .separator = "", .header = "", .field = "", .rank_field = "", .label_field = ""};
        if (input == NULL || error != ERR_OK || read_form(input, &forms[i], arena))
            continue;
        buf_text(why, "meta.json: the form of an input is malformed");
        error = ERR_CORRUPT;
    }
    arena_dispose(&tree);
    return error;
}

/* ---- in a directory ------------------------------------------------------------------------------------ */

static enum error read_text(int dir_fd, struct buf *text, struct buf *why)
{
    enum error error = disk_read(dir_fd, "meta.json", text);
    int number = errno;
    if (error == ERR_LIMIT)
        (void)buf_text(why, "meta.json is too large");
    else if (error != ERR_OK)
        (void)buf_printf(why, "no scan directory: meta.json: %s; give a directory that `stsweep scan` made",
                         strerror(number));
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
    const char *state = string_at(root, "state");
    if (state == NULL || strcmp(state, "done") == 0 || count_at(root, "inputs") != count)
        return false;
    const struct json_node *input = count == 0 ? NULL : json_tree_at(root, "inputs")->first;
    for (size_t i = 0; i < count; i++, input = input->next) {
        const char *path = string_at(input, "path");
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
        const struct json_node *root = parse(buf_bytes(&text), &arena, &why);
        found = root != NULL && awaits(root, paths, count);
        arena_dispose(&arena);
    }
    buf_dispose(&text);
    buf_dispose(&why);
    return found;
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
