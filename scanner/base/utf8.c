/* Tells UTF-8 from other bytes. */
#include "scanner/base/utf8.h"

/* Returns how many bytes the character takes that begins with this byte; 0 if none does. *low and *high bound
 * its second byte, which rules out overlong forms, surrogates and characters past U+10FFFF. */
static size_t utf8_shape(uint8_t first, uint8_t *low, uint8_t *high)
{
    *low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    *high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return 2;
    if (first >= 0xE0 && first <= 0xEF)
        return 3;
    return first >= 0xF0 && first <= 0xF4 ? 4 : 0;
}

static size_t utf8_character_len(const uint8_t *data, size_t left)
{
    uint8_t low, high;
    size_t len = utf8_shape(data[0], &low, &high);
    if (len < 2)
        return len;
    if (len > left || data[1] < low || data[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((data[i] & 0xC0) != 0x80)
            return 0;
    return len;
}

size_t utf8_find_fault(struct bytes text)
{
    size_t at = 0;
    while (at < text.len) {
        size_t len = utf8_character_len(text.data + at, text.len - at);
        if (len == 0)
            return at;
        at += len;
    }
    return at;
}
