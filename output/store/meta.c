/* meta.json: writing it, and deciding whether a resume may go on with what it describes. Pure. */
#include "output/store/meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <jansson.h>

#include "output/json/json_write.h"
#include "scanner/facts/record.h"

/* ---- writing ------------------------------------------------------------------------------------------ */

static void write_inputs(struct json *json, const struct meta *meta)
{
    json_open_array(json, "inputs");
    for (size_t i = 0; i < meta->input_count; i++) {
        const struct meta_input *input = &meta->inputs[i];
        json_open(json, NULL);
        json_put_string(json, "path", input->path);
        json_put_unsigned(json, "bytes", input->bytes);
        json_put_unsigned(json, "lines", input->lines);
        json_put_unsigned(json, "inputs", input->inputs);
        json_put_string(json, "sha256", input->sha256);
        json_close(json);
    }
    json_close_array(json);
}

/* The names are those of the table of options, and of libraries: keys that need no escaping. */
static void write_maps(struct json *json, const struct meta *meta)
{
    json_open(json, "config");
    for (size_t i = 0; i < meta->option_count; i++)
        json_put_string(json, meta->options[i].name, meta->options[i].value);
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

/* As text: JSON's readers lose what lies beyond 2^53. */
static void write_seed(struct json *json, uint64_t seed)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    json_put_string(json, "seed", text);
}

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
    write_tail(&json, &meta->tail);
    write_inputs(&json, meta);
    write_maps(&json, meta);
    json_close(&json);
    return json_finish(&json);
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static json_t *parse(struct bytes stored, struct buf *why)
{
    json_error_t error;
    json_t *root = json_loadb((const char *)stored.data, stored.len, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        buf_printf(why, "meta.json: line %d: %s", error.line, error.text);
    return root;
}

static bool read_seed(const json_t *root, uint64_t *seed)
{
    const char *text = json_string_value(json_object_get(root, "seed"));
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return false;
    *seed = strtoull(text, &end, 10);
    return *end == 0;
}

/* Scans made before there were rules have none: 0. */
static bool read_rules(const json_t *root, uint32_t *rules)
{
    const json_t *value = json_object_get(root, "rules");
    json_int_t number = json_integer_value(value);
    *rules = (uint32_t)number;
    return value == NULL || (json_is_integer(value) && number >= 0 && number <= UINT32_MAX);
}

/* For messages: whoever made the directory may have written anything there. */
static void read_version(const json_t *root, char version[META_VERSION_BYTES])
{
    const char *text = json_string_value(json_object_get(root, "version"));
    (void)snprintf(version, META_VERSION_BYTES, "%s", text == NULL || text[0] == 0 ? "?" : text);
    for (char *place = version; *place != 0; place++)
        if (*place < 0x20 || *place > 0x7E)
            *place = '?';
}

/* The fields that a resume needs; ERR_CORRUPT where one of them is not as it is written. */
static enum error read_fields(const json_t *root, struct meta_stored *found, struct buf *why)
{
    json_int_t schema = json_integer_value(json_object_get(root, "schema"));
    json_int_t runs = json_integer_value(json_object_get(root, "runs"));
    const char *state = json_string_value(json_object_get(root, "state"));
    const json_t *started = json_object_get(root, "started_ms");
    *found = (struct meta_stored){0};
    if (schema != RECORD_SCHEMA_VERSION) {
        buf_printf(why, "meta.json: its schema is %lld, this version writes %d", (long long)schema,
                   RECORD_SCHEMA_VERSION);
        return ERR_CORRUPT;
    }
    if (state == NULL || strlen(state) >= sizeof found->state || runs < 1 || runs > UINT32_MAX ||
        !json_is_integer(started) || !read_seed(root, &found->seed) || !read_rules(root, &found->rules)) {
        buf_text(why, "meta.json: state, runs, started_ms, seed or rules is missing or malformed");
        return ERR_CORRUPT;
    }
    memcpy(found->state, state, strlen(state) + 1);
    read_version(root, found->version);
    found->runs = (uint32_t)runs;
    found->input_count = json_array_size(json_object_get(root, "inputs"));
    found->started_ms = json_integer_value(started);
    return ERR_OK;
}

enum error meta_read(struct bytes stored, struct meta_stored *found, struct buf *why)
{
    json_t *root = parse(stored, why);
    enum error error = root == NULL ? ERR_CORRUPT : read_fields(root, found, why);
    json_decref(root);
    return error;
}

static enum error check_rules(const json_t *root, struct buf *why)
{
    const json_t *schema = json_object_get(root, "schema");
    char version[META_VERSION_BYTES];
    uint32_t rules;
    if (!json_is_integer(schema) || !read_rules(root, &rules)) {
        buf_text(why, "meta.json: schema or rules is missing or malformed");
        return ERR_CORRUPT;
    }
    if (json_integer_value(schema) == RECORD_SCHEMA_VERSION && rules == RECORD_RULES)
        return ERR_OK;
    read_version(root, version);
    buf_printf(why,
               "stsweep %s with schema %lld and rules %u started this scan, this is stsweep " STSWEEP_VERSION
               " with schema %d and rules %d, and two ways of judging do not mix: go on with that program, "
               "or give a new directory",
               version, (long long)json_integer_value(schema), rules, RECORD_SCHEMA_VERSION, RECORD_RULES);
    return ERR_RULES;
}

enum error meta_may_go_on(struct bytes stored, struct buf *why)
{
    json_t *root = parse(stored, why);
    enum error error = root == NULL ? ERR_CORRUPT : check_rules(root, why);
    json_decref(root);
    return error;
}

static int append_dump(const char *text, size_t len, void *out)
{
    return buf_append(out, text, len) ? 0 : -1;
}

bool meta_with_state(struct bytes stored, const char *state, struct buf *out)
{
    json_t *root = json_loadb((const char *)stored.data, stored.len, JSON_REJECT_DUPLICATES, NULL);
    (void)json_object_del(root, "ended"); /* may not be there */
    bool made = root != NULL && json_object_set_new(root, "state", json_string(state)) == 0 &&
                json_dump_callback(root, append_dump, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER) == 0 &&
                buf_byte(out, '\n');
    json_decref(root);
    return made;
}

bool meta_input_was_read(const struct meta_stored *stored)
{
    return stored->input_count > 0 && strcmp(stored->state, "reading") != 0;
}

/* ---- comparing ---------------------------------------------------------------------------------------- */

static enum error differs(struct buf *why, const char *what, const char *then, const char *now)
{
    buf_printf(why, "%s is \"%s\", the scan was started with \"%s\"", what, now, then);
    return ERR_MISMATCH;
}

static enum error compare_options(const json_t *root, const struct meta *now, struct buf *why)
{
    const json_t *config = json_object_get(root, "config");
    for (size_t i = 0; i < now->option_count; i++) {
        const struct meta_option *option = &now->options[i];
        const json_t *value = json_object_get(config, option->name);
        const char *then = value == NULL ? option->initial : json_string_value(value);
        if (option->may_change)
            continue;
        if (then != NULL && strcmp(then, option->value) != 0)
            return differs(why, option->name, then, option->value);
    }
    return ERR_OK;
}

static enum error compare_input(const json_t *then, const struct meta_input *now, struct buf *why)
{
    json_int_t bytes = json_integer_value(json_object_get(then, "bytes"));
    const char *sha256 = json_string_value(json_object_get(then, "sha256"));
    if (bytes < 0 || (uint64_t)bytes != now->bytes) {
        buf_printf(why, "%s has %llu bytes, the input of the scan had %lld", now->path,
                   (unsigned long long)now->bytes, (long long)bytes);
        return ERR_MISMATCH;
    }
    if (sha256 == NULL || now->sha256 == NULL || strcmp(sha256, now->sha256) != 0) {
        buf_printf(why, "%s has another SHA-256 than the input of the scan had", now->path);
        return ERR_MISMATCH;
    }
    return ERR_OK;
}

static enum error compare_inputs(const json_t *root, const struct meta *now, struct buf *why)
{
    const json_t *inputs = json_object_get(root, "inputs");
    enum error error = ERR_OK;
    if (json_array_size(inputs) != now->input_count) {
        buf_printf(why, "%zu input files are given, the scan had %zu", now->input_count,
                   json_array_size(inputs));
        return ERR_MISMATCH;
    }
    for (size_t i = 0; error == ERR_OK && i < now->input_count; i++)
        error = compare_input(json_array_get(inputs, i), &now->inputs[i], why);
    return error;
}

enum error meta_compare(struct bytes stored, const struct meta *now, struct meta_stored *found,
                        struct buf *why)
{
    json_t *root = parse(stored, why);
    enum error error = root == NULL ? ERR_CORRUPT : check_rules(root, why);
    if (error == ERR_OK)
        error = read_fields(root, found, why);
    if (error == ERR_OK)
        error = compare_options(root, now, why);
    if (error == ERR_OK && now->input_count > 0 && found->input_count > 0)
        error = compare_inputs(root, now, why);
    json_decref(root);
    return error;
}
