/*
 * Reads a few fields of one line of JSON, quickly: no tree is built. json_read_line gives every field of the
 * first two levels; json_pick_line gives those of a table, however deep they stand. Pure.
 */
#ifndef STSWEEP_JSON_READ_H
#define STSWEEP_JSON_READ_H

#include "scanner/base/bytes.h"
#include "scanner/base/error.h"

enum { JSON_KEY_BYTES = 24 };

enum field_kind { FIELD_STRING, FIELD_NUMBER, FIELD_BOOL, FIELD_NULL, FIELD_BEGIN, FIELD_END };

struct json_value {
    const char *key;      /* of the top level; "" for one longer than any that is read */
    const char *sub;      /* within the object that stands there; "" at the top level and in arrays */
    enum field_kind kind; /* FIELD_END: the object or array under key ends here */
    struct bytes text;    /* a string's contents, or a number's digits */
    bool truth;
};

/* Takes a field. false: enough is known, read no further. */
typedef bool (*json_visit)(void *arg, const struct json_value *value);

/* Calls visit for each field. ERR_SYNTAX if the line is no JSON object, or deeper than JSON_TREE_DEPTH, as
 * far as it was read. */
enum error json_read_line(struct bytes line, json_visit visit, void *arg);

/* The same of a row of somebody's list, which may be as deep as it likes. */
enum error json_read_row(struct bytes line, json_visit visit, void *arg);

/* Proves that a line is one JSON object from its first byte to its last, which the readers above may not see
 * as they stop; all of it is UTF-8, and no deeper than JSON_TREE_DEPTH. Counts in *keys how often `key`
 * stands in it, however deep and however it is spelt; as readers of C strings do, it ends a key at a NUL.
 * ERR_SYNTAX, ERR_MEMORY. */
enum error json_prove_line(struct bytes line, const char *key, size_t *keys);

/* ---- fields of a table --------------------------------------------------------------------------------- */

/* A field that is wanted: the key within the object that stands under `parent`. Parent 0 is the line's own
 * object; the elements of an array, and the objects among them, stand under the array's id. */
struct json_want {
    uint8_t parent;
    uint8_t id; /* from 1 */
    const char *key;
};

struct json_pick {
    unsigned id;
    enum field_kind kind; /* FIELD_BEGIN, FIELD_END: an object under that id */
    struct bytes text;    /* a string's contents, or a number's digits */
    bool truth;
};

typedef bool (*json_take)(void *arg, const struct json_pick *pick);

/* Calls take for each value of a wanted field. A field deeper than JSON_PICK_DEPTH is passed over. ERR_SYNTAX
 * if the line is no JSON object, or deeper than JSON_TREE_DEPTH, as far as it was read. */
enum { JSON_PICK_DEPTH = 12 };
enum error json_pick_line(struct bytes line, const struct json_want *wants, size_t count, json_take take,
                          void *arg);

/* Read a whole number that fits; the second may be negative. */
bool json_read_number(struct bytes text, uint64_t *number);
bool json_read_signed(struct bytes text, int64_t *number);

#endif
