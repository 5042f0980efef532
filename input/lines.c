/* Splits a stream into lines. No I/O, no allocation. */
#include "input/lines.h"

void lines_init(struct lines *lines, lines_sink sink, void *arg)
{
    *lines = (struct lines){.sink = sink, .arg = arg};
}

/* Delivers a piece of a line behind which another comes. */
static enum error emit_piece(struct lines *lines, const uint8_t *data)
{
    struct line line = {.text = bytes_make(data, LINE_BYTES), .too_long = true, .goes_on = lines->in_pieces};
    lines->number += !lines->in_pieces;
    line.number = lines->number;
    lines->in_pieces = true;
    return lines->sink(lines->arg, &line);
}

/* Delivers a line, or its last piece. */
static enum error emit(struct lines *lines, struct bytes text)
{
    if (text.len > 0 && text.data[text.len - 1] == '\r')
        text.len--;
    if (text.len > LINE_BYTES) {
        enum error error = emit_piece(lines, text.data);
        if (error != ERR_OK)
            return error;
        text = bytes_make(text.data + LINE_BYTES, text.len - LINE_BYTES);
    }
    lines->number += !lines->in_pieces;
    struct line line = {.text = text, .number = lines->number, .goes_on = lines->in_pieces};
    lines->in_pieces = false;
    return lines->sink(lines->arg, &line);
}

/* Keeps a part of a line, and delivers what is a piece of it. */
static enum error keep(struct lines *lines, const uint8_t *data, size_t len)
{
    while (len > 0) {
        if (lines->len == sizeof lines->text) {
            enum error error = emit_piece(lines, lines->text);
            if (error != ERR_OK)
                return error;
            lines->len -= LINE_BYTES;
            memmove(lines->text, lines->text + LINE_BYTES, lines->len);
        }
        size_t room = sizeof lines->text - lines->len, part = len < room ? len : room;
        memcpy(lines->text + lines->len, data, part);
        lines->len += part;
        data += part;
        len -= part;
    }
    return ERR_OK;
}

static enum error end_line(struct lines *lines)
{
    size_t len = lines->len;
    lines->len = 0;
    return emit(lines, bytes_make(lines->text, len));
}

static enum error take(struct lines *lines, const uint8_t *data, size_t len)
{
    while (len > 0) {
        const uint8_t *end = memchr(data, '\n', len);
        if (end == NULL)
            return keep(lines, data, len);
        size_t part = (size_t)(end - data);
        enum error error;
        if (lines->len == 0 && !lines->in_pieces && part <= sizeof lines->text) {
            error = emit(lines, bytes_make(data, part)); /* the common case, without a copy */
        } else {
            error = keep(lines, data, part);
            if (error == ERR_OK)
                error = end_line(lines);
        }
        if (error != ERR_OK)
            return error;
        data = end + 1;
        len -= part + 1;
    }
    return ERR_OK;
}

static enum error take_code_point(struct lines *lines, uint32_t code)
{
    uint8_t out[4];
    size_t len;
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        len = 1;
    } else if (code < 0x800) {
        out[0] = (uint8_t)(0xc0 | code >> 6);
        len = 2;
    } else if (code < 0x10000) {
        out[0] = (uint8_t)(0xe0 | code >> 12);
        len = 3;
    } else {
        out[0] = (uint8_t)(0xf0 | code >> 18);
        len = 4;
    }
    for (size_t i = 1; i < len; i++)
        out[i] = (uint8_t)(0x80 | (code >> (6 * (len - 1 - i)) & 0x3f));
    return take(lines, out, len);
}

enum { REPLACEMENT = 0xfffd }; /* for a surrogate without its other half: no name holds it */

static enum error take_unit(struct lines *lines, uint16_t unit)
{
    uint16_t high = lines->high;
    bool is_low = unit >= 0xdc00 && unit <= 0xdfff;
    lines->high = 0;
    if (high != 0 && is_low)
        return take_code_point(lines, 0x10000 + ((uint32_t)(high - 0xd800) << 10) + (unit - 0xdc00u));
    enum error error = high != 0 ? take_code_point(lines, REPLACEMENT) : ERR_OK;
    if (error != ERR_OK)
        return error;
    if (unit >= 0xd800 && unit <= 0xdbff) {
        lines->high = unit;
        return ERR_OK;
    }
    return take_code_point(lines, is_low ? REPLACEMENT : unit);
}

static enum error take_utf16(struct lines *lines, struct bytes data)
{
    for (size_t i = 0; i < data.len; i++) {
        if (!lines->half_set) {
            lines->half = data.data[i];
            lines->half_set = true;
            continue;
        }
        unsigned first = lines->half, second = data.data[i];
        lines->half_set = false;
        bool little = lines->encoding == LINES_UTF16_LE;
        enum error error = take_unit(lines, (uint16_t)(little ? second << 8 | first : first << 8 | second));
        if (error != ERR_OK)
            return error;
    }
    return ERR_OK;
}

static enum error take_encoded(struct lines *lines, struct bytes data)
{
    return lines->encoding == LINES_UTF8 ? take(lines, data.data, data.len) : take_utf16(lines, data);
}

/* Returns what UTF-16 the bytes are of that have no mark, if they are; LINES_UNKNOWN if more must come. A
 * list begins with ASCII, of which every other byte is zero then. */
static enum lines_encoding unmarked(const uint8_t *head, size_t len)
{
    if (len < 2 || (len < LINES_HEAD_BYTES && (head[0] == 0) != (head[1] == 0)))
        return LINES_UNKNOWN;
    if (len < LINES_HEAD_BYTES || (head[0] == 0) == (head[1] == 0) || (head[0] == 0) != (head[2] == 0) ||
        (head[1] == 0) != (head[3] == 0))
        return LINES_UTF8;
    return head[1] == 0 ? LINES_UTF16_LE : LINES_UTF16_BE;
}

/* Sets the encoding as soon as head tells it; a byte order mark is dropped from head. */
static void sniff(struct lines *lines)
{
    static const uint8_t utf8[] = {0xef, 0xbb, 0xbf}, little[] = {0xff, 0xfe}, big[] = {0xfe, 0xff};
    size_t len = lines->head_len;
    if (len < sizeof utf8 && memcmp(lines->head, utf8, len) == 0)
        return;
    if (len < sizeof little && (lines->head[0] == little[0] || lines->head[0] == big[0]))
        return;
    bool is_little = len >= 2 && memcmp(lines->head, little, 2) == 0;
    bool is_big = len >= 2 && memcmp(lines->head, big, 2) == 0;
    bool is_marked = is_little || is_big || (len == sizeof utf8 && memcmp(lines->head, utf8, len) == 0);
    lines->encoding = is_little   ? LINES_UTF16_LE
                      : is_big    ? LINES_UTF16_BE
                      : is_marked ? LINES_UTF8
                                  : unmarked(lines->head, len);
    if (is_marked)
        lines->head_len = 0;
}

enum error lines_feed(struct lines *lines, struct bytes data)
{
    size_t at = 0;
    while (lines->encoding == LINES_UNKNOWN && at < data.len) {
        lines->head[lines->head_len++] = data.data[at++];
        sniff(lines);
        enum error error = ERR_OK;
        if (lines->encoding != LINES_UNKNOWN)
            error = take_encoded(lines, bytes_make(lines->head, lines->head_len));
        if (error != ERR_OK)
            return error;
    }
    return at < data.len ? take_encoded(lines, bytes_behind(data, at)) : ERR_OK;
}

enum error lines_end(struct lines *lines)
{
    enum error error = ERR_OK;
    if (lines->encoding == LINES_UNKNOWN) /* too short a file to tell */
        error = take(lines, lines->head, lines->head_len);
    if (error == ERR_OK && (lines->high != 0 || lines->half_set))
        error = take_code_point(lines, REPLACEMENT);
    if (error == ERR_OK && lines->len > 0)
        error = end_line(lines);
    return error;
}
