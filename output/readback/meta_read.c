/* meta.json: reading it, and deciding whether a resume may go on with what it describes. */
#include "output/readback/meta_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "output/frames/disk.h"
#include "scanner/facts/record.h"

enum { META_BYTES = 16 << 20, READ_BYTES = 64 << 10 };

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

static enum error compare_options(const json_t *root, const struct meta_asked *now, struct buf *why)
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

static enum error compare_inputs(const json_t *root, const struct meta_asked *now, struct buf *why)
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

enum error meta_compare(struct bytes stored, const struct meta_asked *now, struct meta_stored *found,
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

/* ---- in a directory ------------------------------------------------------------------------------------ */

static enum error read_text(int dir_fd, struct buf *text, struct buf *why)
{
    char piece[READ_BYTES];
    int fd = disk_open(dir_fd, "meta.json", O_RDONLY);
    if (fd < 0) {
        (void)buf_printf(why, "no scan directory: meta.json: %s", strerror(errno));
        return ERR_IO;
    }
    ssize_t got;
    while ((got = read(fd, piece, sizeof piece)) > 0 && buf_append(text, piece, (size_t)got)) {
    }
    if (got != 0)
        (void)buf_text(why, "meta.json cannot be read");
    (void)close(fd);
    return got == 0 ? ERR_OK : ERR_IO;
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
