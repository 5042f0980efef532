/* Reads the tree of a meta.json: what the files behind meta_read.h share. */
#ifndef STSWEEP_READBACK_META_TREE_H
#define STSWEEP_READBACK_META_TREE_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"

/* Parses the text. NULL: *why says why. The tree lives in arena, which the caller disposes of. */
const struct json_node *meta_parse(struct bytes stored, struct arena *arena, struct buf *why);

/* Returns the string under key; NULL if there is none, or if it has a NUL in it. */
static inline const char *string_at(const struct json_node *object, const char *key)
{
    const struct json_node *node = json_tree_at(object, key);
    if (node == NULL || node->kind != JSON_STRING || memchr(node->text.data, 0, node->text.len) != NULL)
        return NULL;
    return (const char *)node->text.data;
}

static inline bool integer_at(const struct json_node *object, const char *key, int64_t *number)
{
    const struct json_node *node = json_tree_at(object, key);
    *number = 0;
    return node != NULL && node->kind == JSON_NUMBER && json_read_signed(node->text, number);
}

static inline size_t count_at(const struct json_node *object, const char *key)
{
    const struct json_node *node = json_tree_at(object, key);
    return node != NULL && node->kind == JSON_ARRAY ? node->count : 0;
}

#endif
