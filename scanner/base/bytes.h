/*
 * A struct bytes is a counted run of bytes that somebody else owns. What peers send may hold any byte, NUL
 * included, so it never travels as a C string.
 */
#ifndef STSWEEP_BASE_BYTES_H
#define STSWEEP_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *data; /* NULL only if len is 0 */
    size_t len;
};

/* Returns the bytes of a C string, without its NUL. */
static inline struct bytes bytes_of(const char *text)
{
    return (struct bytes){(const uint8_t *)text, text == NULL ? 0 : strlen(text)};
}

static inline struct bytes bytes_make(const void *data, size_t len)
{
    return (struct bytes){(const uint8_t *)data, len};
}

/* Returns what stands behind the first `count` bytes, of which there are as many. Nothing may be behind
 * nothing, which has no address to count from. */
static inline struct bytes bytes_behind(struct bytes text, size_t count)
{
    return count == 0 ? text : bytes_make(text.data + count, text.len - count);
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Does the part stand anywhere in the text? */
static inline bool bytes_hold(struct bytes text, const char *part)
{
    return text.len > 0 && memmem(text.data, text.len, part, strlen(part)) != NULL;
}

#endif
