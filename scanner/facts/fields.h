/*
 * Gives the rows of fields.def as data: every field of the records of a scan directory, with the member of
 * record.h that it holds. Pure. From it come the reader of records (output/readback/facts_walk),
 * docs/schema.json, docs/fields.md, the tables of docs/records.md and docs/columns.tsv (docs/make_fields.c),
 * and the copies of facts from one arena to another (fields_copy). The writer (output/json) is written by
 * hand, and tests/unit/json/test_fields.c holds it to the table.
 */
#ifndef STSWEEP_FACTS_FIELDS_H
#define STSWEEP_FACTS_FIELDS_H

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"
#include "scanner/facts/record_kept.h"

/* The kind of value under a field's key, and the member behind it. */
enum field_type {
    AS_BOOL,     /* bool */
    AS_UNSIGNED, /* a number of the member's size */
    AS_SIGNED,   /* int */
    AS_TIME,     /* int64_t, ms since 1970 */
    AS_SECONDS,  /* int64_t, seconds since 1970; a time all the same */
    AS_ENUM,     /* an enum, by its word */
    AS_CODE,     /* enum failure_code, by its name */
    AS_NAME,     /* const char *: printable ASCII */
    AS_ASCII,    /* const char *: ASCII */
    AS_STRING,   /* const char *: free text without NUL */
    AS_TEXT,     /* struct bytes: free text */
    AS_HEX,      /* struct bytes */
    AS_BASE64,   /* struct bytes */
    AS_HASH,     /* uint8_t[], in hexadecimal */
    AS_IP,       /* struct ip_addr */
    AS_STRINGS,  /* const char ** and its count */
    AS_TEXTS,    /* struct bytes * and its count */
    AS_IPS,      /* struct ip_addr * and its count */
    AS_WORDS,    /* an array of words; never a member */
    AS_CODES,    /* an array of codes; never a member */
    AS_LIST,     /* an array of a group, and its count */
    AS_GROUP,    /* a struct */
    AS_POINTER,  /* a struct *, NULL if the field is left out */
    AS_PART,     /* an object whose fields are members of the same struct */
    AS_SPREAD,   /* a struct whose fields stand in this object: there is no key */
    AS_TYPE_COUNT
};

/* When a field is left out. */
enum field_left {
    LEFT_NEVER,
    LEFT_EMPTY, /* when it is 0, false, empty or none */
    LEFT_WHEN,  /* its meaning, or the group's, says when */
    LEFT_OLD,   /* never, but older records lack it */
};

/* Bits that say in which copies a field is kept; fields_copy is given some of them. */
enum field_keep {
    NOT_KEPT = 0,
    KEPT = 1,        /* for domains: the verdict reads it */
    KEPT_LEGACY = 2, /* of the permissive handshake only */
    KEPT_SIGN = 4,   /* for domains: of a text only the fact that there is one is kept, as "" */
    KEPT_ALL = 8     /* given to fields_copy: every field that has a row, as it is */
};
enum { KEPT_FOR_DOMAINS = KEPT | KEPT_SIGN };

struct field_words {
    const char *name; /* of its definition in the schema, or NULL */
    const char *(*word)(unsigned value);
    unsigned count;
    unsigned first; /* the first value that stands in records */
    const char *meaning;
};

struct field_group;

struct field {
    const char *key; /* NULL: a member that is in no record, or AS_SPREAD */
    enum field_type type;
    bool has_member;
    bool judged;  /* not a fact: made by the verdict or from other fields; never read */
    bool by_hand; /* a fact that the reader takes with code of its own */
    bool needed;  /* a record without it is refused, though the schema does not require it */
    enum field_left left;
    unsigned keep;       /* bits of enum field_keep */
    unsigned keeps_more; /* AS_POINTER: bits that a copy of what is behind it keeps besides */
    size_t offset, size; /* of the member */
    size_t count_offset, count_size;
    size_t inside;  /* AS_LIST: how many the array within the struct holds; 0: it is a pointer */
    size_t ceiling; /* of a list of any kind: a longer one is refused; 0: the line's bytes bound it */
    int missing;    /* the member's value if the field is left out */
    const struct field_words *words;
    const struct field_group *group;
    int64_t least, most; /* bounds of a number, for the schema; most 0: none */
    const char *pattern; /* of a text, for the schema */
    const char *schema;  /* the whole schema of the field, if type does not give it; else NULL */
    const char *sql;     /* DuckDB's type, likewise */
    const char *unit, *since, *meaning;
};

struct field_group {
    const char *name;
    size_t size; /* of the struct */
    const struct field *fields;
    size_t count;
    const char *list;    /* the name of a list of them in the schema, or NULL */
    bool within;         /* the schema has it inline, not under $defs */
    const char *meaning; /* "": none of its own */
};

/* Every group; a group stands before those that are made of it. */
extern const struct field_group *const field_groups[];
extern const size_t field_group_count;

#define GROUP(name, type, meaning, ...) extern const struct field_group fields_##name;
#define FIELD(...)
#define LIST(...)
#define INSIDE(...)
#define INSIDE_LIST(...)
#define JUDGED(...)
#define BY_HAND(...)
#define END(name)
#include "scanner/facts/fields.def"
#undef GROUP
#undef FIELD
#undef LIST
#undef INSIDE
#undef INSIDE_LIST
#undef JUDGED
#undef BY_HAND
#undef END

/* The words of each enum; those of AS_CODE are words_failure. */
extern const struct field_words words_dns_status, words_dns_security, words_tls_end, words_tls_limit,
    words_net, words_not_tried, words_fetch_step, words_fetch_decoding, words_smtp_step, words_smtp_end,
    words_sts_mode, words_cached_found, words_outcome, words_dane, words_tls, words_delivery, words_exo,
    words_rpt, words_failure;

/* Returns how many elements a field with a count has. */
size_t field_count(const struct field *field, const void *facts);
void field_set_count(const struct field *field, void *facts, size_t count);

/* Finds the field with this key in a group or in a group that is spread in it. NULL: none. */
const struct field *field_find(const struct field_group *group, const char *key);

/*
 * Copies to *to the members whose rows in group have at least one bit of `kept`, or all (KEPT_ALL).
 * Everything else in *to is zero, so a member without a row is not copied, and nothing points into the memory
 * behind *from. If arena runs out of memory, a pointer is NULL and a list has no element.
 */
void fields_copy(const struct field_group *group, const void *from, struct arena *arena, unsigned kept,
                 void *to);

#endif
