/*
 * Parses one line of JSON into a tree in an arena. Pure. It is safe for lines of strangers: the arena's
 * ceiling bounds what a line may ask for, nesting is bounded, text must be UTF-8. If a key stands twice, the
 * first counts.
 */
#ifndef STSWEEP_JSON_TREE_H
#define STSWEEP_JSON_TREE_H

#include "scanner/base/arena.h"
#include "scanner/base/error.h"

enum { JSON_TREE_DEPTH = 16 };

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_OBJECT, JSON_ARRAY };

struct json_node {
    enum json_kind kind;
    bool truth;
    const char *key;         /* within an object; else NULL */
    struct bytes text;       /* a string's contents with a NUL behind them, or a number's digits */
    struct json_node *first; /* of an object's or array's values */
    struct json_node *last;
    struct json_node *next; /* of the object or array that it stands in */
    size_t count;
};

/* Parses a line. ERR_SYNTAX if it is no JSON object, ERR_LIMIT if it is too large or too deep, ERR_MEMORY. */
enum error json_tree_parse(struct bytes line, struct arena *arena, const struct json_node **root);

/* Returns the value under key; NULL if there is none or if object (may be NULL) is no object. */
const struct json_node *json_tree_at(const struct json_node *object, const char *key);

/* Returns the string under key; NULL likewise, or if no string stands there, or one with a NUL in it. */
const char *json_tree_text(const struct json_node *object, const char *key);

#endif
