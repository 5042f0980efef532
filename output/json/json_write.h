/*
 * Writes one JSON value straight into a struct buf; it is valid whatever the bytes. Pure. Functions return
 * nothing: the first failure (the buffer's ceiling, memory, nesting deeper than 63, an element where none
 * belongs) sticks and json_finish tells it.
 *
 * A key of NULL means an element of an array. Keys are constants, written as they stand: printable ASCII
 * without quote and backslash.
 *
 * yajl_gen could do it, and the tests compare with it. It calls back for each quote and comma, which took
 * most of the time of a record (docs/performance.md).
 */
#ifndef STSWEEP_JSON_JSON_WRITE_H
#define STSWEEP_JSON_JSON_WRITE_H

#include "scanner/base/buf.h"

struct json {
    struct buf *out; /* borrowed */
    size_t start;    /* out->len before anything was written */
    bool was_failed; /* out->failed likewise */
    bool failed;
    bool indented;
    bool follows;     /* an element stands before the next one */
    unsigned depth;   /* objects and arrays that are open */
    uint64_t objects; /* a bit for each depth that is an object */
};

/* Begins one value at the end of *out. json_finish must follow. */
void json_start(struct json *json, struct buf *out);

/* Ends the value with a newline. false: *out is as it was before json_start. */
bool json_finish(struct json *json);

/* Makes the value indented, for files that persons read. Call it before anything is written. */
void json_indent(struct json *json);

void json_open(struct json *json, const char *key);
void json_close(struct json *json);
void json_open_array(struct json *json, const char *key);
void json_close_array(struct json *json);

void json_put_unsigned(struct json *json, const char *key, uint64_t number);
void json_put_signed(struct json *json, const char *key, int64_t number);
/* Writes a share from 0 to 1 with eight decimals; what is outside is drawn to the nearer of the two. */
void json_put_share(struct json *json, const char *key, double share);
/* Writes a number that is not negative, with three decimals; one that is, or is none, as 0. */
void json_put_decimal(struct json *json, const char *key, double number);
void json_put_bool(struct json *json, const char *key, bool value);
void json_put_null(struct json *json, const char *key);

/* Writes "key": true, or nothing at all. */
void json_put_flag(struct json *json, const char *key, bool value);

/*
 * Writes text as it stands if json_is_text, with \uXXXX for what nobody would see and what turns the text
 * around it (scanner/base/utf8.h), so that a terminal may show the JSON; else {"base64": "…"}. A text takes
 * JSON_TIMES_MOST times its bytes at most (U+00AD is two bytes and is written as six), beside the base64
 * object's own; the ceilings of records count with it (tests/unit/reach/test_kept.c).
 */
enum { JSON_TIMES_MOST = 3 };
void json_put_text(struct json *json, const char *key, struct bytes text);

/* Does the same for a C string; NULL is written as null. */
void json_put_string(struct json *json, const char *key, const char *text);

/* Does the same, but leaves NULL out. */
void json_put_optional(struct json *json, const char *key, const char *text);

/* A number under a key that is somebody's text: at most JSON_NAME_BYTES, and json_is_text. */
enum { JSON_NAME_BYTES = 255 };
void json_put_count(struct json *json, const char *name, uint64_t number);

void json_put_hex(struct json *json, const char *key, struct bytes bytes);
void json_put_base64(struct json *json, const char *key, struct bytes bytes);

/* Writes RFC 3339 in UTC; a time outside of the years 1000 to 9999 is drawn to their edge. */
void json_put_time(struct json *json, const char *key, int64_t wall_ms);

/*
 * Appends a line of JSON that somebody wrote, with \uXXXX for each character that nobody would see or a
 * terminal obeys: such characters stand in strings alone, and an earlier version wrote some of them as they
 * are. White space between values, which others may have written as tabs and carriage returns, is spaces. It
 * takes at most JSON_SHOW_TIMES_MOST times as many bytes as the line (of DEL).
 */
enum { JSON_SHOW_TIMES_MOST = 6 };
bool json_show(struct buf *out, struct bytes line);

/* Tells whether it is UTF-8 (RFC 3629) without control characters other than tab, CR and LF. */
bool json_is_text(struct bytes text);

#endif
