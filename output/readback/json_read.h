/*
 * Reads a few fields of one line of JSON, quickly: no tree is built, and fields deeper than two levels are
 * passed over. Pure.
 */
#ifndef STSWEEP_READBACK_JSON_READ_H
#define STSWEEP_READBACK_JSON_READ_H

#include "scanner/base/bytes.h"
#include "scanner/base/error.h"

enum { JSON_KEY_BYTES = 24 };

enum field_kind { FIELD_STRING, FIELD_NUMBER, FIELD_BOOL, FIELD_NULL, FIELD_END };

struct json_value {
    const char *key;      /* of the top level; "" for one longer than any that is read */
    const char *sub;      /* within the object that stands there; "" at the top level and in arrays */
    enum field_kind kind; /* FIELD_END: the object or array under key ends here */
    struct bytes text;    /* a string's contents, or a number's digits */
    bool truth;
};

/* Takes a field. false: enough is known, read no further. */
typedef bool (*json_visit)(void *arg, const struct json_value *value);

/* Calls visit for each field. ERR_SYNTAX if the line is no JSON object, as far as it was read. */
enum error json_read_line(struct bytes line, json_visit visit, void *arg);

/* Read a whole number that fits; the second may be negative. */
bool json_read_number(struct bytes text, uint64_t *number);
bool json_read_signed(struct bytes text, int64_t *number);

#endif
