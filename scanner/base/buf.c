/* Grows byte buffers, each up to its ceiling. */
#include "scanner/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BYTES = 256 };

void buf_init(struct buf *buf, size_t ceiling_bytes)
{
    *buf = (struct buf){.ceiling_bytes = ceiling_bytes};
}

void buf_dispose(struct buf *buf)
{
    free(buf->data);
    buf_init(buf, buf->ceiling_bytes);
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->failed = false;
}

bool buf_grow(struct buf *buf, size_t len)
{
    if (buf->failed || len > buf->ceiling_bytes - buf->len) {
        buf->failed = true;
        return false;
    }
    size_t need = buf->len + len + 1;
    if (need <= buf->capacity)
        return true;
    size_t capacity = buf->capacity == 0 ? FIRST_BYTES : buf->capacity;
    while (capacity < need)
        capacity *= 2;
    if (capacity - 1 > buf->ceiling_bytes)
        capacity = buf->ceiling_bytes + 1;
    uint8_t *data = realloc(buf->data, capacity);
    if (data == NULL) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

bool buf_append(struct buf *buf, const void *data, size_t len)
{
    uint8_t *place = buf_reserve(buf, len);
    if (place == NULL)
        return false;
    if (len > 0)
        memcpy(place, data, len);
    buf->len += len;
    return true;
}

bool buf_text(struct buf *buf, const char *text)
{
    return buf_append(buf, text, strlen(text));
}

bool buf_byte(struct buf *buf, uint8_t byte)
{
    return buf_append(buf, &byte, 1);
}

bool buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0 || buf_reserve(buf, (size_t)len) == NULL) {
        buf->failed = true;
        return false;
    }
    va_start(args, format);
    (void)vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, format, args);
    va_end(args);
    buf->len += (size_t)len;
    return true;
}

void buf_consume(struct buf *buf, size_t len)
{
    memmove(buf->data, buf->data + len, buf->len - len);
    buf->len -= len;
}

const char *buf_string(struct buf *buf)
{
    if (buf->data == NULL)
        return "";
    buf->data[buf->len] = 0;
    return (const char *)buf->data;
}
