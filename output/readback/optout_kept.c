#include "output/readback/optout_kept.h"

#include <stdlib.h>
#include <string.h>

#include "output/readback/facts_fields.h"
#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"

enum { ARENA_BYTES = 256 << 20, NAME_BYTES = 255, PREFIX_BYTES = IP_TEXT_BYTES + 4, FAULT_BYTES = 128 };

struct reading {
    struct optout_kept *kept;
    struct arena arena; /* of the line at hand */
    size_t capacity;
};

const char *optout_kind_name(enum optout_kind kind)
{
    static const char *const names[OPTOUT_KINDS] = {[OPTOUT_DOMAIN] = "domain",
                                                    [OPTOUT_SUFFIX] = "suffix",
                                                    [OPTOUT_PREFIX] = "prefix",
                                                    [OPTOUT_AS] = "as"};
    return names[kind];
}

/* ---- fields -------------------------------------------------------------------------------------------- */

static const char *text_at(const struct json_node *root, const char *key)
{
    const struct json_node *node = json_tree_at(root, key);
    return node != NULL && node->kind == JSON_STRING ? (const char *)node->text.data : "";
}

/* Returns free text, which stands there in base64 if it is no UTF-8 or has controls; "" if it is no text. */
static const char *free_text_at(struct reading *reading, const struct json_node *root, const char *key)
{
    struct buf unsaid;
    buf_init(&unsaid, FAULT_BYTES);
    struct read_fields read = {.arena = &reading->arena, .why = &unsaid};
    const char *text = read_string(&read, root, key);
    buf_dispose(&unsaid);
    return text == NULL || read.failed ? "" : text;
}

/* Returns the date, or "" if there is none that could be shown. */
static const char *since_at(const struct json_node *root)
{
    const char *since = text_at(root, "since");
    return strspn(since, "0123456789-") == strlen(since) ? since : "";
}

static uint64_t number_at(const struct json_node *root, const char *key)
{
    const struct json_node *node = json_tree_at(root, key);
    uint64_t number = 0;
    return node != NULL && node->kind == JSON_NUMBER && json_read_number(node->text, &number) ? number : 0;
}

static enum error add_announced(struct optout *optout, const struct json_node *root, uint32_t asn)
{
    const struct json_node *prefixes = json_tree_at(root, "prefixes");
    if (prefixes == NULL || prefixes->kind != JSON_ARRAY)
        return ERR_OK;
    for (const struct json_node *node = prefixes->first; node != NULL; node = node->next) {
        struct ip_prefix prefix;
        if (node->kind != JSON_STRING || !ip_prefix_parse((const char *)node->text.data, &prefix))
            return ERR_CORRUPT;
        enum error error = optout_add_announced(optout, asn, &prefix);
        if (error != ERR_OK)
            return error;
    }
    return ERR_OK;
}

static enum error add_as(struct optout *optout, const struct json_node *root, const char *text)
{
    uint64_t asn = 0;
    if (strncmp(text, "AS", 2) != 0 || !json_read_number(bytes_of(text + 2), &asn) || asn == 0 ||
        asn > UINT32_MAX)
        return ERR_CORRUPT;
    enum error error = optout_add_as(optout, (uint32_t)asn);
    return error == ERR_OK ? add_announced(optout, root, (uint32_t)asn) : error;
}

/* Adds the entry as its kind says. */
static enum error add_entry(struct optout *optout, const struct json_node *root)
{
    const char *text = text_at(root, "entry"), *kind = text_at(root, "kind");
    struct ip_prefix prefix;
    if (text[0] == 0 || strlen(text) > NAME_BYTES)
        return ERR_CORRUPT;
    if (strcmp(kind, "domain") == 0)
        return optout_add_domain(optout, text);
    if (strcmp(kind, "suffix") == 0 && text[0] == '.')
        return optout_add_suffix(optout, text + 1);
    if (strcmp(kind, "as") == 0)
        return add_as(optout, root, text);
    return strcmp(kind, "prefix") == 0 && ip_prefix_parse(text, &prefix) ? optout_add_prefix(optout, &prefix)
                                                                         : ERR_CORRUPT;
}

/* ---- lines --------------------------------------------------------------------------------------------- */

static bool make_room(struct reading *reading, size_t count)
{
    struct optout_kept *kept = reading->kept;
    if (count < reading->capacity)
        return true;
    size_t capacity = reading->capacity == 0 ? 64 : reading->capacity * 2;
    uint64_t *domains = reallocarray(kept->domains, capacity, sizeof *domains);
    if (domains != NULL)
        kept->domains = domains;
    bool *removed = reallocarray(kept->removed, capacity, sizeof *removed);
    if (removed != NULL)
        kept->removed = removed;
    if (domains == NULL || removed == NULL)
        return false;
    reading->capacity = capacity;
    return true;
}

static enum error take_line(struct reading *reading, struct bytes line)
{
    struct optout_kept *kept = reading->kept;
    const struct json_node *root;
    size_t index = optout_count(kept->optout);
    arena_reset(&reading->arena);
    enum error error = json_tree_parse(line, &reading->arena, &root);
    if (error == ERR_OK && !make_room(reading, index))
        return ERR_MEMORY;
    if (error == ERR_OK)
        error = add_entry(kept->optout, root);
    if (error != ERR_OK)
        return error == ERR_SYNTAX ? ERR_CORRUPT : error;
    const struct json_node *removed = json_tree_at(root, "removed");
    kept->domains[index] = number_at(root, "domains");
    kept->removed[index] = removed != NULL && removed->kind == JSON_BOOL && removed->truth;
    return optout_describe(kept->optout, number_at(root, "line"), since_at(root),
                           free_text_at(reading, root, "comment"));
}

static enum error take_lines(struct reading *reading, struct bytes text, struct buf *why)
{
    uint64_t number = 0;
    while (text.len > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.data);
        enum error error = take_line(reading, bytes_make(text.data, len));
        number++;
        if (error == ERR_CORRUPT)
            buf_printf(why, OPTOUT_KEPT_NAME ": line %llu is no entry of an opt-out list",
                       (unsigned long long)number);
        if (error != ERR_OK)
            return error;
        len += end != NULL;
        text = bytes_make(text.data + len, text.len - len);
    }
    return ERR_OK;
}

enum error optout_kept_read(struct bytes text, struct optout_kept *kept, struct buf *why)
{
    struct reading reading = {.kept = kept};
    *kept = (struct optout_kept){.optout = optout_create()};
    if (kept->optout == NULL)
        return ERR_MEMORY;
    arena_init(&reading.arena, ARENA_BYTES);
    enum error error = take_lines(&reading, text, why);
    arena_dispose(&reading.arena);
    optout_finish(kept->optout);
    return error;
}

void optout_kept_dispose(struct optout_kept *kept)
{
    optout_destroy(kept->optout);
    free(kept->domains);
    free(kept->removed);
    *kept = (struct optout_kept){0};
}
