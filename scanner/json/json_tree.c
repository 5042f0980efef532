/* Builds a tree of nodes by yajl's callbacks; nothing is allocated but in the arena and inside of yajl. */
#include "scanner/json/json_tree.h"

#include <yajl/yajl_parse.h>

struct builder {
    struct arena *arena;
    struct json_node *root;
    struct json_node *open[JSON_TREE_DEPTH]; /* the objects and arrays that are not yet closed */
    size_t depth;
    const char *key;
    bool limit;
};

static int refuse(struct builder *builder)
{
    builder->limit = true;
    return 0;
}

/* Adds a node to the object or array that is open; NULL if there is no room. */
static struct json_node *add(struct builder *builder, enum json_kind kind)
{
    struct json_node *node = arena_alloc(builder->arena, sizeof *node);
    if (node == NULL) {
        builder->limit = true;
        return NULL;
    }
    node->kind = kind;
    node->key = builder->key;
    builder->key = NULL;
    if (builder->depth == 0) {
        builder->root = node;
        return node;
    }
    struct json_node *parent = builder->open[builder->depth - 1];
    if (parent->last == NULL)
        parent->first = node;
    else
        parent->last->next = node;
    parent->last = node;
    parent->count++;
    return node;
}

static int add_text(struct builder *builder, enum json_kind kind, const void *text, size_t len)
{
    struct json_node *node = builder->depth == 0 ? NULL : add(builder, kind);
    if (node == NULL)
        return 0;
    node->text = bytes_make(arena_copy(builder->arena, text, len), len);
    return node->text.data == NULL ? refuse(builder) : 1;
}

static int on_null(void *arg)
{
    struct builder *builder = arg;
    return builder->depth > 0 && add(builder, JSON_NULL) != NULL;
}

static int on_bool(void *arg, int truth)
{
    struct builder *builder = arg;
    struct json_node *node = builder->depth == 0 ? NULL : add(builder, JSON_BOOL);
    if (node != NULL)
        node->truth = truth != 0;
    return node != NULL;
}

static int on_number(void *arg, const char *text, size_t len)
{
    return add_text(arg, JSON_NUMBER, text, len);
}

static int on_string(void *arg, const unsigned char *text, size_t len)
{
    return add_text(arg, JSON_STRING, text, len);
}

static int on_key(void *arg, const unsigned char *text, size_t len)
{
    struct builder *builder = arg;
    builder->key = arena_copy(builder->arena, text, len);
    return builder->key != NULL ? 1 : refuse(builder);
}

static int open_node(struct builder *builder, enum json_kind kind)
{
    if (builder->depth == JSON_TREE_DEPTH)
        return refuse(builder);
    struct json_node *node = add(builder, kind);
    if (node == NULL)
        return 0;
    builder->open[builder->depth++] = node;
    return 1;
}

static int on_object(void *arg)
{
    return open_node(arg, JSON_OBJECT);
}

static int on_array(void *arg)
{
    struct builder *builder = arg;
    return builder->depth > 0 && open_node(builder, JSON_ARRAY);
}

static int on_close(void *arg)
{
    struct builder *builder = arg;
    builder->depth--;
    return 1;
}

enum error json_tree_parse(struct bytes line, struct arena *arena, const struct json_node **root)
{
    static const yajl_callbacks callbacks = {
        .yajl_null = on_null,
        .yajl_boolean = on_bool,
        .yajl_number = on_number,
        .yajl_string = on_string,
        .yajl_start_map = on_object,
        .yajl_map_key = on_key,
        .yajl_end_map = on_close,
        .yajl_start_array = on_array,
        .yajl_end_array = on_close,
    };
    struct builder builder = {.arena = arena};
    *root = NULL;
    if (line.len == 0)
        return ERR_SYNTAX;
    yajl_handle parser = yajl_alloc(&callbacks, NULL, &builder);
    if (parser == NULL)
        return ERR_MEMORY;
    yajl_status status = yajl_parse(parser, line.data, line.len);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(parser);
    yajl_free(parser);
    if (status != yajl_status_ok || builder.root == NULL)
        return builder.limit ? ERR_LIMIT : ERR_SYNTAX;
    *root = builder.root;
    return ERR_OK;
}

const struct json_node *json_tree_at(const struct json_node *object, const char *key)
{
    if (object == NULL || object->kind != JSON_OBJECT)
        return NULL;
    for (const struct json_node *node = object->first; node != NULL; node = node->next)
        if (node->key[0] == key[0] && strcmp(node->key, key) == 0)
            return node;
    return NULL;
}

const char *json_tree_text(const struct json_node *object, const char *key)
{
    const struct json_node *node = json_tree_at(object, key);
    if (node == NULL || node->kind != JSON_STRING || memchr(node->text.data, 0, node->text.len) != NULL)
        return NULL;
    return (const char *)node->text.data;
}
