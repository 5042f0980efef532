/* Trims ASCII whitespace around text, and looks for a byte in it. */
#ifndef STSWEEP_BASE_TRIM_H
#define STSWEEP_BASE_TRIM_H

#include "scanner/base/bytes.h"

static inline bool is_space(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static inline struct bytes trim(struct bytes text)
{
    while (text.len > 0 && is_space(text.data[0]))
        text = bytes_behind(text, 1);
    while (text.len > 0 && is_space(text.data[text.len - 1]))
        text.len--;
    return text;
}

static inline bool bytes_have(struct bytes text, uint8_t byte)
{
    return text.len > 0 && memchr(text.data, byte, text.len) != NULL;
}

#endif
