/*
 * Reads typed fields of a record's JSON tree. Pure. The first fault sticks (read_fields.failed, its reason in
 * why); fields read after it are zero, so that a run of reads may be checked once at its end. A field that is
 * not there is zero too, unless a function says otherwise.
 */
#ifndef STSWEEP_READBACK_FACTS_FIELDS_H
#define STSWEEP_READBACK_FACTS_FIELDS_H

#include "scanner/json/json_tree.h"
#include "scanner/base/buf.h"
#include "scanner/facts/record.h"

enum { NAME_CEILING_BYTES = 1024 };

struct read_fields {
    struct arena *arena;
    struct buf *why;
    bool failed;
    bool no_room; /* the fault: the arena is full */
};

/* Notes the first fault: `key: what`. */
void read_fault(struct read_fields *read, const char *key, const char *what);

/* Allocates count elements of size bytes, zeroed; NULL is a fault, unless count is 0. */
void *read_array(struct read_fields *read, size_t count, size_t size);

/* Read an object or an array that may be missing (NULL); any other kind is a fault, and so are more elements
 * than `most`. Lists that are walked once an element of another one have a ceiling: no scan writes longer
 * ones, and judging them would take hours. */
#define READ_ALL SIZE_MAX
const struct json_node *read_object(struct read_fields *read, const struct json_node *object,
                                    const char *key);
const struct json_node *read_list(struct read_fields *read, const struct json_node *object, const char *key,
                                  size_t most);

uint64_t read_unsigned(struct read_fields *read, const struct json_node *object, const char *key,
                       uint64_t most);
/* Reads an int; `missing` is its value if it is not there. */
int read_int(struct read_fields *read, const struct json_node *object, const char *key, int missing);
int read_int_node(struct read_fields *read, const struct json_node *node, const char *key);
bool read_bool(struct read_fields *read, const struct json_node *object, const char *key);

/* Read free text, of an object's field or itself an element: a string, or {"base64": "…"}. */
struct bytes read_text(struct read_fields *read, const struct json_node *object, const char *key);
struct bytes read_text_node(struct read_fields *read, const struct json_node *node, const char *key);

/* Reads the same as a C string without NUL inside; NULL if it is not there. */
const char *read_string(struct read_fields *read, const struct json_node *object, const char *key);

/* Reads it likewise; one that is not of printable ASCII is a fault. */
const char *read_printable(struct read_fields *read, const struct json_node *object, const char *key);

/* Read a name: printable ASCII up to NAME_CEILING_BYTES. NULL if it is not there, which is a fault if
 * needed. */
const char *read_name(struct read_fields *read, const struct json_node *object, const char *key, bool needed);

const char **read_strings(struct read_fields *read, const struct json_node *object, const char *key,
                          size_t most, size_t *count);
struct bytes *read_texts(struct read_fields *read, const struct json_node *object, const char *key,
                         size_t most, size_t *count);

/* Reads exactly len bytes; a fault if they are not there. */
void read_hash(struct read_fields *read, const struct json_node *node, const char *key, uint8_t *bytes,
               size_t len);
struct bytes read_hex(struct read_fields *read, const struct json_node *object, const char *key);
struct bytes read_base64(struct read_fields *read, const struct json_node *object, const char *key);

/* Read RFC 3339 as json_put_time writes it, in ms. read_time needs it; for the other it may be missing: 0. */
int64_t read_time(struct read_fields *read, const struct json_node *object, const char *key);
int64_t read_optional_time(struct read_fields *read, const struct json_node *object, const char *key);

bool read_time_text(struct bytes text, int64_t *wall_ms);

/* Reads an address; its family is 0 if it is not there. */
struct ip_addr read_ip(struct read_fields *read, const struct json_node *object, const char *key);
struct ip_addr read_ip_node(struct read_fields *read, const struct json_node *node, const char *key);

/* Returns which of count names stands there, as `name` gives them; `missing` if none does. */
unsigned read_choice(struct read_fields *read, const struct json_node *object, const char *key,
                     const char *(*name)(unsigned value), unsigned count, unsigned missing);

#endif
