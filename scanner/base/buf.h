/*
 * A buf is a byte buffer that grows up to a ceiling given at birth. A write that would pass the ceiling (or
 * that finds no memory) changes nothing, marks the buffer as failed and returns false; later writes fail too,
 * so a run of writes may be checked once at its end. The result of each single write may be ignored.
 */
#ifndef STSWEEP_BASE_BUF_H
#define STSWEEP_BASE_BUF_H

#include "scanner/base/bytes.h"

struct buf {
    uint8_t *data;
    size_t len;
    size_t capacity;
    size_t ceiling_bytes;
    bool failed;
};

void buf_init(struct buf *buf, size_t ceiling_bytes);
void buf_dispose(struct buf *buf);

/* Empties it and clears `failed`; keeps the memory. */
void buf_reset(struct buf *buf);

/* Makes room for len bytes at the end and a NUL behind them, and returns where they go; NULL if there is no
 * room. The caller adds to buf->len what it wrote. */
static inline uint8_t *buf_reserve(struct buf *buf, size_t len);

bool buf_append(struct buf *buf, const void *data, size_t len);
bool buf_text(struct buf *buf, const char *text);
bool buf_byte(struct buf *buf, uint8_t byte);
bool buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Drops the first len bytes (len ≤ buf->len). */
void buf_consume(struct buf *buf, size_t len);

/* Returns the contents as a C string (a NUL is kept behind the data, not counted); "" if nothing was
 * written. */
const char *buf_string(struct buf *buf);

/* Does the slow part of buf_reserve. */
bool buf_grow(struct buf *buf, size_t len);

static inline uint8_t *buf_reserve(struct buf *buf, size_t len)
{
    bool fits = !buf->failed && len <= buf->ceiling_bytes - buf->len && len < buf->capacity - buf->len;
    return fits || buf_grow(buf, len) ? buf->data + buf->len : NULL;
}

static inline struct bytes buf_bytes(const struct buf *buf)
{
    return bytes_make(buf->data, buf->len);
}

#endif
