/* Keeps names in a map: MX hosts, and certificates by their hashes in hexadecimal, which no name can be. */
#include "output/readback/except.h"

#include <stdlib.h>
#include <string.h>

#include "output/readback/refused.h"
#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"
#include "scanner/base/map.h"
#include "scanner/base/seed.h"

enum { ARENA_BYTES = 256 << 20, NAME_BYTES = 255, SHA256_DIGITS = 64 };

struct noted {
    struct map_node node;
    size_t len;
    uint8_t name[];
};

struct except {
    const struct optout *optout;
    struct map noted;
    struct arena arena; /* of the record at hand */
};

static bool is_noted(const struct map_node *node, struct bytes key)
{
    const struct noted *noted = (const struct noted *)node;
    return noted->len == key.len && memcmp(noted->name, key.data, key.len) == 0;
}

struct except *except_new(const struct optout *optout)
{
    struct except *except = calloc(1, sizeof *except);
    if (except == NULL)
        return NULL;
    except->optout = optout;
    map_init(&except->noted, hash_seed(), is_noted);
    arena_init(&except->arena, ARENA_BYTES);
    return except;
}

static void drop(struct map_node *node, void *arg)
{
    map_remove(arg, node);
    free(node);
}

void except_free(struct except *except)
{
    if (except == NULL)
        return;
    map_each(&except->noted, drop, &except->noted);
    map_dispose(&except->noted);
    arena_dispose(&except->arena);
    free(except);
}

bool except_is_empty(const struct except *except)
{
    return except->noted.count == 0;
}

/* ---- what a record is called --------------------------------------------------------------------------- */

/* A field of the top level, as a C string. */
struct wanted {
    const char *key;
    char text[NAME_BYTES + 1];
};

static bool on_field(void *arg, const struct json_value *value)
{
    struct wanted *wanted = arg;
    if (strcmp(value->key, wanted->key) != 0 || value->sub[0] != 0 || value->kind != FIELD_STRING)
        return true;
    if (value->text.len <= NAME_BYTES) {
        memcpy(wanted->text, value->text.data, value->text.len);
        wanted->text[value->text.len] = 0;
    }
    return false;
}

/* Reads the field; "" if the line has none. */
static const char *field_of(struct bytes line, struct wanted *wanted)
{
    wanted->text[0] = 0;
    (void)json_read_line(line, on_field, wanted);
    return wanted->text;
}

static bool is_listed(const struct except *except, const char *name)
{
    return name[0] != 0 && optout_has_domain(except->optout, name);
}

static bool is_name_noted(const struct except *except, const char *name)
{
    return name[0] != 0 && map_find(&except->noted, bytes_of(name)) != NULL;
}

bool except_domain(const struct except *except, struct bytes line)
{
    struct wanted domain = {.key = "domain"};
    return is_listed(except, field_of(line, &domain));
}

bool except_host(const struct except *except, struct bytes line)
{
    struct wanted host = {.key = "host"}, address = {.key = "ip"};
    struct ip_addr ip;
    const char *name = field_of(line, &host);
    if (is_listed(except, name) || is_name_noted(except, name))
        return true;
    return ip_parse(field_of(line, &address), &ip) && optout_has_ip(except->optout, &ip);
}

bool except_cert(const struct except *except, struct bytes line)
{
    struct wanted sha256 = {.key = "sha256"};
    return is_name_noted(except, field_of(line, &sha256));
}

/* ---- rejects ------------------------------------------------------------------------------------------- */

static bool is_of_name(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
           byte == '_' || byte >= 0x80;
}

/* Is a word of the text a listed name, with or without the dot at its end? */
static bool names_listed(const struct except *except, struct bytes text)
{
    char word[NAME_BYTES + 1];
    size_t len = 0;
    for (size_t i = 0; i <= text.len; i++) {
        uint8_t byte = i < text.len ? text.data[i] : 0;
        if (byte >= 'A' && byte <= 'Z')
            byte = (uint8_t)(byte - 'A' + 'a');
        if (is_of_name(byte)) {
            if (len < NAME_BYTES)
                word[len] = (char)byte;
            len++;
            continue;
        }
        if (len > 0 && len <= NAME_BYTES) {
            len -= word[len - 1] == '.';
            word[len] = 0;
            if (is_listed(except, word))
                return true;
        }
        len = 0;
    }
    return false;
}

struct texts {
    const struct except *except;
    bool listed;
};

static bool on_text(void *arg, const struct json_value *value)
{
    struct texts *texts = arg;
    if (strcmp(value->key, "text") == 0 && value->kind == FIELD_STRING)
        texts->listed = names_listed(texts->except, value->text);
    return !texts->listed;
}

bool except_reject(const struct except *except, struct bytes line)
{
    struct texts texts = {except, false};
    (void)json_read_line(line, on_text, &texts);
    return texts.listed;
}

/* ---- what records refer to ----------------------------------------------------------------------------- */

typedef enum error each_name(struct except *except, struct bytes name);

static enum error note(struct except *except, struct bytes name)
{
    if (map_find(&except->noted, name) != NULL)
        return ERR_OK;
    if (except->noted.count >= EXCEPT_NAMES_MOST)
        return ERR_LIMIT;
    struct noted *noted = malloc(sizeof *noted + name.len);
    if (noted == NULL)
        return ERR_MEMORY;
    noted->len = name.len;
    memcpy(noted->name, name.data, name.len);
    if (map_add(&except->noted, &noted->node, name))
        return ERR_OK;
    free(noted);
    return ERR_MEMORY;
}

static enum error forget(struct except *except, struct bytes name)
{
    struct map_node *node = map_find(&except->noted, name);
    if (node != NULL)
        drop(node, &except->noted);
    return ERR_OK;
}

static enum error each_host(struct except *except, const struct json_node *hosts, each_name *each)
{
    enum error error = ERR_OK;
    for (const struct json_node *host = hosts == NULL ? NULL : hosts->first; host != NULL && error == ERR_OK;
         host = host->next) {
        const struct json_node *name = json_tree_at(host, "host");
        if (name != NULL && name->kind == JSON_STRING)
            error = each(except, name->text);
    }
    return error;
}

static bool is_hash(const struct json_node *node)
{
    if (node->kind != JSON_STRING || node->text.len != SHA256_DIGITS)
        return false;
    for (size_t i = 0; i < SHA256_DIGITS; i++)
        if (strchr("0123456789abcdef", node->text.data[i]) == NULL || node->text.data[i] == 0)
            return false;
    return true;
}

/* Goes through all that may be the SHA-256 of a certificate, at any depth that records have. */
static enum error each_hash(struct except *except, const struct json_node *node, each_name *each)
{
    enum error error = is_hash(node) ? each(except, node->text) : ERR_OK;
    for (const struct json_node *child = node->first; child != NULL && error == ERR_OK; child = child->next)
        error = each_hash(except, child, each);
    return error;
}

static enum error each_reference(struct except *except, struct bytes line, each_name *each)
{
    const struct json_node *root;
    arena_reset(&except->arena);
    enum error error = json_tree_parse(line, &except->arena, &root);
    if (error != ERR_OK)
        return error == ERR_SYNTAX ? ERR_OK : error;
    error = each_host(except, json_tree_at(json_tree_at(root, "mx"), "hosts"), each);
    return error == ERR_OK ? each_hash(except, root, each) : error;
}

enum error except_gather(struct except *except, struct bytes line)
{
    return each_reference(except, line, note);
}

enum error except_keep(struct except *except, struct bytes line)
{
    enum error error = each_reference(except, line, forget);
    return refused_is_of_record(error) ? ERR_OK : error;
}
