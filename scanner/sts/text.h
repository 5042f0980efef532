/*
 * Helps the parsers of the MTA-STS record, the policy file and the TLSRPT record: character classes of RFC
 * 5234 (never the locale's), UTF-8, display of hostile bytes, findings, and the `*WSP ";" *WSP` field list of
 * both TXT records. Pure.
 */
#ifndef STSWEEP_STS_TEXT_H
#define STSWEEP_STS_TEXT_H

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"

enum {
    TEXT_DETAIL_BYTES = 160, /* bytes of the source that a detail shows at most */
    TEXT_NAME_BYTES = 32     /* longest name of a field (TXT-5) */
};

static inline bool text_is_wsp(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static inline bool text_is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static inline uint8_t text_fold(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

static inline bool text_is_alnum(uint8_t byte)
{
    return text_is_digit(byte) || (text_fold(byte) >= 'a' && text_fold(byte) <= 'z');
}

static inline struct bytes text_slice(struct bytes text, size_t from, size_t to)
{
    return bytes_make(from == to ? NULL : text.data + from, to - from);
}

static inline bool text_begins(struct bytes text, struct bytes prefix)
{
    return text.len >= prefix.len && bytes_equal(text_slice(text, 0, prefix.len), prefix);
}

static inline size_t text_skip_wsp(struct bytes text, size_t at)
{
    while (at < text.len && text_is_wsp(text.data[at]))
        at++;
    return at;
}

/* Returns the text without the white space at its end. */
struct bytes text_trim_end(struct bytes text);

/* Returns how many bytes at the start make a field's name: up to TEXT_NAME_BYTES, the first ALPHA or DIGIT
 * (TXT-5). */
size_t text_name_len(struct bytes text);

/* Folds the start of the text: lower case, without white space, quotes, backslashes and bytes that are no
 * printable ASCII. */
enum { TEXT_FOLDED_BYTES = 64 };
void text_fold_start(struct bytes text, char folded[TEXT_FOLDED_BYTES + 1]);

/*
 * Makes printable ASCII for display: a backslash doubled, every other byte \DDD; "..." if more than
 * TEXT_DETAIL_BYTES had to be cut. NULL if the arena is full.
 */
char *text_escape(struct arena *arena, struct bytes text);

/* Makes the same without a cut. */
char *text_escape_whole(struct arena *arena, struct bytes text);

/* Escapes text for a finding that is about to be added; NULL if there are FINDINGS_KEPT already, so that a
 * detail that nobody sees takes no memory. */
char *findings_text(const struct findings *findings, struct arena *arena, struct bytes text);

/* Adds a finding. detail may be NULL. line and column count from 1. */
void findings_add(struct findings *findings, enum failure_code code, size_t line, size_t column,
                  const char *detail);

/* ---- the fields of a TXT record ------------------------------------------------------------------------ */

struct text_fields {
    struct bytes rr;
    size_t at;
};

struct text_field {
    struct bytes whole; /* without the white space around it; empty between two delimiters */
    struct bytes name;  /* the part before the first "=", or the whole if there is none */
    struct bytes value; /* the part behind it */
    bool has_value;     /* there is a "=" */
    size_t offset;      /* of whole in the RR */
    size_t value_offset;
    size_t end_offset; /* of the end of whole */
    bool dangling;     /* the record ends in white space behind this field, with no ";" (TXT-6) */
};

/* Starts behind the first ";" of the RR, which is at offset semicolon. */
struct text_fields text_fields_start(struct bytes rr, size_t semicolon);

/* Gives the next field; false at the end. A delimiter at the very end makes no field. */
bool text_fields_next(struct text_fields *fields, struct text_field *field);

/*
 * Says whether the field is a well-formed extension (TXT-5). false: *fault gets the offset in the RR of the
 * first wrong byte, or of the place at which something is missing.
 */
bool text_field_is_extension(const struct text_field *field, size_t *fault);

/*
 * Says whether a ";" has been left out inside the value: a word, white space, and then another `name=`.
 * *fault gets the offset in the RR of the white space.
 */
bool text_field_lacks_delimiter(const struct text_field *field, size_t *fault);

#endif
