/* Writes meta.json, and writes a stored one again. Pure. */
#include "output/store/meta.h"

#include <stdio.h>

#include "output/store/json_again.h"
#include "scanner/facts/record.h"

enum { TREE_BYTES = 64 << 20 };

static void write_form(struct json *json, const struct meta_form *form)
{
    if (form->format == NULL || form->format[0] == '\0')
        return;
    const struct {
        const char *key;
        uint64_t value;
    } counts[] = {
        {"skip", form->skip}, {"domain", form->domain}, {"rank", form->rank}, {"label", form->label}};
    json_open(json, "form");
    json_put_string(json, "format", form->format);
    if (form->separator[0] != '\0')
        json_put_string(json, "separator", form->separator);
    if (form->origins)
        json_put_bool(json, "origins", true);
    if (form->field[0] != '\0')
        json_put_string(json, "field", form->field);
    if (form->rank_field[0] != '\0')
        json_put_string(json, "rank_field", form->rank_field);
    if (form->label_field[0] != '\0')
        json_put_string(json, "label_field", form->label_field);
    if (form->header[0] != '\0')
        json_put_string(json, "header", form->header);
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (counts[i].value > 0)
            json_put_unsigned(json, counts[i].key, counts[i].value);
    json_close(json);
}

static void write_inputs(struct json *json, const struct meta *meta)
{
    json_open_array(json, "inputs");
    for (size_t i = 0; i < meta->asked.input_count; i++) {
        const struct meta_input *input = &meta->asked.inputs[i];
        json_open(json, NULL);
        json_put_string(json, "path", input->path);
        json_put_unsigned(json, "bytes", input->bytes);
        json_put_unsigned(json, "lines", input->lines);
        json_put_unsigned(json, "inputs", input->inputs);
        json_put_string(json, "sha256", input->sha256);
        write_form(json, &input->form);
        json_close(json);
    }
    json_close_array(json);
}

/* Writes options and libraries; their names are keys that need no escaping. */
static void write_maps(struct json *json, const struct meta *meta)
{
    json_open(json, "config");
    for (size_t i = 0; i < meta->asked.option_count; i++)
        json_put_string(json, meta->asked.options[i].name, meta->asked.options[i].value);
    json_close(json);
    json_open(json, "libraries");
    for (size_t i = 0; i < meta->library_count; i++)
        json_put_string(json, meta->libraries[i].name, meta->libraries[i].version);
    json_close(json);
}

static void write_checks(struct json *json, const char *key, const struct machine_line *checks, size_t count)
{
    json_open_array(json, key);
    for (size_t i = 0; i < count; i++) {
        json_open(json, NULL);
        json_put_string(json, "name", checks[i].name);
        json_put_bool(json, "ok", checks[i].ok);
        json_put_string(json, "text", checks[i].text);
        json_close(json);
    }
    json_close_array(json);
}

static void write_counter(void *arg, const char *name, const char *help, uint64_t value)
{
    (void)help;
    json_put_unsigned(arg, name, value);
}

static void write_counters(struct json *json, const struct counters *counters)
{
    if (counters == NULL)
        return;
    json_open(json, "counters");
    counters_each(counters, write_counter, json);
    json_close(json);
}

static void write_tail(struct json *json, const struct meta_tail *tail)
{
    if (!tail->known)
        return;
    json_open(json, "tail");
    json_put_signed(json, "ms", tail->ms);
    json_put_unsigned(json, "domains", tail->domains);
    for (size_t i = 0; i < META_TAIL_REASONS; i++)
        json_put_unsigned(json, tail->reasons[i].name, tail->reasons[i].domains);
    json_close(json);
}

void meta_put_amounts(struct json *json, const struct amount *amounts)
{
    bool any = false;
    for (enum amount_stream i = 0; amounts != NULL && i < AMOUNT_STREAMS; i++)
        any = any || amounts[i].known;
    if (!any)
        return;
    json_open(json, "stored");
    for (enum amount_stream i = 0; i < AMOUNT_STREAMS; i++) {
        if (!amounts[i].known)
            continue;
        json_open(json, amount_name(i));
        json_put_unsigned(json, "records", amounts[i].records);
        json_put_unsigned(json, "bytes", amounts[i].bytes);
        json_close(json);
    }
    json_close(json);
}

/* Writes a seed as text: readers of JSON lose digits beyond 2^53. */
static void write_seed(struct json *json, uint64_t seed)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    json_put_string(json, "seed", text);
}

static void write_previous(struct json *json, const struct meta_previous *previous)
{
    if (previous == NULL)
        return;
    json_open(json, "previous");
    json_put_string(json, "dir", previous->dir);
    json_put_time(json, "started", previous->started_ms);
    json_put_signed(json, "started_ms", previous->started_ms);
    write_seed(json, previous->seed);
    json_put_string(json, "version", previous->version);
    json_put_unsigned(json, "rules", previous->rules);
    json_put_string(json, "state", previous->state);
    json_put_flag(json, "damaged", previous->damaged);
    json_put_unsigned(json, "policies", previous->policies);
    json_put_unsigned(json, "over", previous->over);
    json_put_unsigned(json, "left_out", previous->left_out);
    json_put_unsigned(json, "matched", previous->matched);
    json_close(json);
}

static void write_plan(struct json *json, const struct meta_plan *plan)
{
    if (plan == NULL)
        return;
    json_open(json, "plan");
    json_put_string(json, "id", plan->id);
    if (plan->before[0] != 0)
        json_put_string(json, "before", plan->before);
    json_put_string(json, "names", plan->names);
    json_put_unsigned(json, "round", plan->round);
    json_put_unsigned(json, "part", plan->part);
    json_put_unsigned(json, "parts", plan->parts);
    if (plan->vantage[0] != 0)
        json_put_string(json, "vantage", plan->vantage);
    json_close(json);
}

/* ---- earlier runs -------------------------------------------------------------------------------------- */

/* Returns what this run has under a name that an earlier one has. */
typedef const char *value_of(const struct meta *meta, const char *name);

static const char *option_value(const struct meta *meta, const char *name)
{
    for (size_t i = 0; i < meta->asked.option_count; i++)
        if (strcmp(meta->asked.options[i].name, name) == 0)
            return meta->asked.options[i].value;
    return NULL;
}

static const char *library_value(const struct meta *meta, const char *name)
{
    for (size_t i = 0; i < meta->library_count; i++)
        if (strcmp(meta->libraries[i].name, name) == 0)
            return meta->libraries[i].version;
    return NULL;
}

static const char *own_value(const struct meta *meta, const char *name)
{
    const char *const values[][2] = {{"version", meta->tool_version},
                                     {"host", meta->host},
                                     {"command", meta->command},
                                     {"resolver", meta->resolver}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        if (strcmp(values[i][0], name) == 0)
            return values[i][1];
    return NULL;
}

static bool is_same(const struct json_node *then, const char *now)
{
    if (then->kind == JSON_NULL || now == NULL)
        return then->kind == JSON_NULL && now == NULL;
    return then->kind == JSON_STRING && bytes_equal(then->text, bytes_of(now));
}

/* Writes the values of an object that this run has otherwise; json NULL: only tells whether there is one. */
static bool write_others(struct json *json, const struct json_node *then, const struct meta *meta,
                         value_of *now)
{
    bool any = false;
    for (const struct json_node *node = then == NULL ? NULL : then->first; node != NULL; node = node->next) {
        if (node->key == NULL || !json_can_again(node) || is_same(node, now(meta, node->key)))
            continue;
        if (json != NULL && !any)
            json_open(json, then->key);
        if (json != NULL)
            json_put_again(json, node);
        any = true;
    }
    if (json != NULL && any)
        json_close(json);
    return any;
}

/* Writes what the run before this one had otherwise; json NULL: only tells whether there is anything. */
static bool write_run_before(struct json *json, const struct json_node *root, const struct meta *meta)
{
    static const char *const own[] = {"version", "host", "command", "resolver"};
    bool any = false;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        const struct json_node *then = json_tree_at(root, own[i]);
        if (then == NULL || !json_can_again(then) || is_same(then, own_value(meta, own[i])))
            continue;
        if (json != NULL)
            json_put_again(json, then);
        any = true;
    }
    any = write_others(json, json_tree_at(root, "config"), meta, option_value) || any;
    return write_others(json, json_tree_at(root, "libraries"), meta, library_value) || any;
}

/* Runs that no version writes are left out: they would keep each resume from writing its meta.json. */
static void write_runs(struct json *json, const struct json_node *root, const struct meta *meta)
{
    const struct json_node *earlier = json_tree_at(root, "earlier_runs");
    const struct json_node *first = earlier == NULL || earlier->kind != JSON_ARRAY ? NULL : earlier->first;
    bool differs = write_run_before(NULL, root, meta);
    if (first == NULL && !differs)
        return;
    json_open_array(json, "earlier_runs");
    for (const struct json_node *run = first; run != NULL; run = run->next)
        if (run->kind == JSON_OBJECT && json_can_again(run))
            json_put_again(json, run);
    if (differs) {
        json_open(json, NULL);
        json_put_unsigned(json, "run", meta->runs - 1);
        json_put_time(json, "until", meta->resumed_ms);
        (void)write_run_before(json, root, meta);
        json_close(json);
    }
    json_close_array(json);
}

static void write_earlier(struct json *json, const struct meta *meta)
{
    struct arena arena;
    const struct json_node *root;
    if (meta->stored.len == 0)
        return;
    arena_init(&arena, TREE_BYTES);
    if (json_tree_parse(meta->stored, &arena, &root) == ERR_OK)
        write_runs(json, root, meta);
    else
        json->failed = true;
    arena_dispose(&arena);
}

/* ---- the text ------------------------------------------------------------------------------------------ */

bool meta_json(struct buf *out, const struct meta *meta)
{
    struct json json;
    json_start(&json, out);
    json_indent(&json);
    json_open(&json, NULL);
    json_put_unsigned(&json, "schema", RECORD_SCHEMA_VERSION);
    json_put_unsigned(&json, "rules", RECORD_RULES);
    json_put_string(&json, "tool", "stsweep");
    json_put_string(&json, "version", meta->tool_version);
    json_put_string(&json, "state", meta->state);
    json_put_time(&json, "started", meta->started_ms);
    if (meta->ended_ms != 0)
        json_put_time(&json, "ended", meta->ended_ms);
    json_put_signed(&json, "started_ms", meta->started_ms);
    json_put_unsigned(&json, "runs", meta->runs);
    json_put_string(&json, "host", meta->host);
    json_put_string(&json, "command", meta->command);
    write_seed(&json, meta->seed);
    json_put_string(&json, "resolver", meta->resolver);
    write_checks(&json, "preflight", meta->preflight, meta->preflight_count);
    if (meta->event_count > 0)
        write_checks(&json, "events", meta->events, meta->event_count);
    write_counters(&json, meta->counters);
    write_tail(&json, &meta->tail);
    meta_put_amounts(&json, meta->amounts);
    write_previous(&json, meta->asked.previous);
    write_plan(&json, meta->asked.plan);
    write_inputs(&json, meta);
    write_maps(&json, meta);
    write_earlier(&json, meta);
    json_close(&json);
    return json_finish(&json);
}

static bool write_again(const struct json_node *root, const char *state, struct buf *out)
{
    struct json json;
    json_start(&json, out);
    json_indent(&json);
    json_open(&json, NULL);
    for (const struct json_node *node = root->first; node != NULL; node = node->next)
        if (strcmp(node->key, "state") == 0)
            json_put_string(&json, "state", state);
        else if (strcmp(node->key, "ended") != 0 && strcmp(node->key, "stored") != 0)
            json_put_again(&json, node);
    json_close(&json);
    return json_finish(&json);
}

bool meta_with_state(struct bytes stored, const char *state, struct buf *out)
{
    struct arena arena;
    const struct json_node *root;
    arena_init(&arena, TREE_BYTES);
    bool made = json_tree_parse(stored, &arena, &root) == ERR_OK && write_again(root, state, out);
    arena_dispose(&arena);
    return made;
}
