/* Walks the tree of meta.json by a table of its keys. */
#include "output/release/release_meta.h"

#include <string.h>

#include "output/store/json_again.h"

enum { TREE_BYTES = 64 << 20 };

static bool is_among(const char *word, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

/* Numbers, durations, sizes and choices have no / in them: of these nothing is ever cut. The SHA-256 of the
 * file of input.except would confirm a guess of what a short list holds. */
enum release_option release_option(const char *name)
{
    static const char *const told[] = {"scan.shard",       "dns.resolvers",
                                       "smtp.ehlo",        "smtp.contact",
                                       "input.columns",    "safety.allow",
                                       "preflight.port25", "preflight.port443",
                                       "tls.groups",       "input.only",
                                       "sample.take",      "sample.key",
                                       "input.field",      NULL};
    static const char *const emptied[] = {"safety.user", "limits.own", "metrics.listen",
                                          "input.except.sha256", NULL};
    if (is_among(name, emptied))
        return RELEASE_EMPTIED;
    return is_among(name, told) ? RELEASE_TOLD : RELEASE_CUT;
}

static struct bytes last_part(struct bytes path)
{
    size_t from = path.len;
    while (from > 0 && path.data[from - 1] != '/')
        from--;
    return bytes_behind(path, from);
}

static void put_config(struct json *json, const struct json_node *config)
{
    if (config->kind != JSON_OBJECT)
        return;
    json_open(json, "config");
    for (const struct json_node *option = config->first; option != NULL; option = option->next) {
        if (option->kind != JSON_STRING)
            continue; /* no version writes such */
        json->failed = json->failed || !json_key_is_plain(option->key);
        enum release_option how = release_option(option->key);
        if (how == RELEASE_EMPTIED)
            json_put_string(json, option->key, "");
        else
            json_put_text(json, option->key, how == RELEASE_TOLD ? option->text : last_part(option->text));
    }
    json_close(json);
}

/* Writes an object, and of its member `path` the last part. */
static void put_named(struct json *json, const struct json_node *object, const char *path)
{
    if (object->kind != JSON_OBJECT)
        return;
    json_open(json, object->key);
    for (const struct json_node *node = object->first; node != NULL; node = node->next)
        if (strcmp(node->key, path) == 0)
            json_put_text(json, path, last_part(node->text));
        else
            json_put_again(json, node);
    json_close(json);
}

static void put_inputs(struct json *json, const struct json_node *inputs)
{
    json_open_array(json, "inputs");
    for (const struct json_node *input = inputs->first; input != NULL; input = input->next)
        put_named(json, input, "path");
    json_close_array(json);
}

/* Keeps what was said of the network; the rest has paths and sizes of the machine. */
static void put_preflight(struct json *json, const struct json_node *checks)
{
    static const char *const of_the_network[] = {"resolvers", "dnssec",   "port 25", "port 443", "starttls",
                                                 "addresses", "our name", "clock",   NULL};
    json_open_array(json, "preflight");
    for (const struct json_node *check = checks->first; check != NULL; check = check->next) {
        const struct json_node *name = json_tree_at(check, "name");
        if (name != NULL && name->kind == JSON_STRING &&
            is_among((const char *)name->text.data, of_the_network))
            json_put_again(json, check);
    }
    json_close_array(json);
}

static void put_key(struct json *json, const struct json_node *node);

static void put_run(struct json *json, const struct json_node *run)
{
    json_open(json, NULL);
    for (const struct json_node *node = run->first; node != NULL; node = node->next)
        if (strcmp(node->key, "host") != 0 && strcmp(node->key, "command") != 0)
            put_key(json, node);
    json_close(json);
}

static void put_key(struct json *json, const struct json_node *node)
{
    static const char *const whole[] = {
        "schema", "rules",    "tool",   "version",  "state", "started",   "ended", "started_ms", "runs",
        "seed",   "resolver", "events", "counters", "tail",  "libraries", "run",   "until",      NULL};
    static const char *const empty[] = {"host", "command", NULL};
    if (is_among(node->key, whole))
        json_put_again(json, node);
    else if (is_among(node->key, empty))
        json_put_string(json, strcmp(node->key, "host") == 0 ? "host" : "command", "");
    else if (strcmp(node->key, "config") == 0)
        put_config(json, node);
    else if (strcmp(node->key, "inputs") == 0)
        put_inputs(json, node);
    else if (strcmp(node->key, "previous") == 0)
        put_named(json, node, "dir");
    else if (strcmp(node->key, "preflight") == 0)
        put_preflight(json, node);
    else if (strcmp(node->key, "earlier_runs") == 0) {
        json_open_array(json, "earlier_runs");
        for (const struct json_node *run = node->first; run != NULL; run = run->next)
            if (run->kind == JSON_OBJECT)
                put_run(json, run);
        json_close_array(json);
    }
}

enum error release_meta(struct bytes stored, struct buf *out)
{
    struct arena arena;
    struct json json;
    const struct json_node *root;
    arena_init(&arena, TREE_BYTES);
    enum error error = json_tree_parse(stored, &arena, &root);
    if (error == ERR_OK) {
        json_start(&json, out);
        json_indent(&json);
        json_open(&json, NULL);
        for (const struct json_node *node = root->first; node != NULL; node = node->next)
            put_key(&json, node);
        json_close(&json);
        error = json_finish(&json) ? ERR_OK : ERR_CORRUPT;
    }
    arena_dispose(&arena);
    return error == ERR_SYNTAX ? ERR_CORRUPT : error;
}
