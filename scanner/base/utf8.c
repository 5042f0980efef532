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

/* Returns how many bytes are ASCII at the beginning, in steps of eight: most text is nothing else. */
static size_t utf8_ascii_len(const uint8_t *data, size_t left)
{
    size_t at = 0;
    uint64_t eight;
    for (; left - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, data + at, sizeof eight);
        if ((eight & UINT64_C(0x8080808080808080)) != 0)
            break;
    }
    return at;
}

size_t utf8_find_fault(struct bytes text)
{
    size_t at = 0;
    while (at < text.len) {
        at += utf8_ascii_len(text.data + at, text.len - at);
        if (at == text.len)
            break;
        size_t len = utf8_character_len(text.data + at, text.len - at);
        if (len == 0)
            return at;
        at += len;
    }
    return at;
}

static uint32_t utf8_code_point(const uint8_t *data, size_t len)
{
    uint32_t code = len == 1 ? data[0] : data[0] & (0xFFU >> (len + 1));
    for (size_t i = 1; i < len; i++)
        code = code << 6 | (data[i] & 0x3F);
    return code;
}

static bool is_hidden(uint32_t code)
{
    static const struct {
        uint32_t from, to;
    } hidden[] = {{0x00, 0x1F},       {0x7F, 0x9F},       {0xAD, 0xAD},      {0x34F, 0x34F},
                  {0x61C, 0x61C},     {0x115F, 0x1160},   {0x17B4, 0x17B5},  {0x180B, 0x180F},
                  {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},  {0x3164, 0x3164},
                  {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},  {0xFFF0, 0xFFFB},
                  {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}};
    /* U+FFFE, U+FFFF and their like in each plane, and U+FDD0 and the like, are no characters. */
    if ((code & 0xFFFE) == 0xFFFE || (code >= 0xFDD0 && code <= 0xFDEF))
        return true;
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (code >= hidden[i].from && code <= hidden[i].to)
            return true;
    return false;
}

size_t utf8_shown_len(struct bytes text)
{
    size_t len = text.len == 0 ? 0 : utf8_character_len(text.data, text.len);
    return len == 0 || is_hidden(utf8_code_point(text.data, len)) ? 0 : len;
}

size_t utf8_hidden_len(struct bytes text, uint32_t *code)
{
    size_t len = text.len == 0 ? 0 : utf8_character_len(text.data, text.len);
    if (len == 0)
        return 0;
    *code = utf8_code_point(text.data, len);
    return is_hidden(*code) ? len : 0;
}

size_t utf8_cut(struct bytes text, size_t most)
{
    if (text.len <= most)
        return text.len;
    /* A character has four bytes at most: one that is cut begins at one of the last three. */
    for (size_t at = most < 3 ? 0 : most - 3; at < most; at++)
        if (utf8_character_len(text.data + at, text.len - at) > most - at)
            return at;
    return most;
}

void utf8_show(struct bytes text, char instead, char *out)
{
    for (size_t at = 0; at < text.len;) {
        size_t len = utf8_shown_len(bytes_behind(text, at));
        if (len == 0)
            out[at++] = instead;
        for (; len > 0; len--, at++)
            out[at] = (char)text.data[at];
    }
    out[text.len] = '\0';
}
