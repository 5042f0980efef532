#include "scanner/sts/presentation.h"

#include <string.h>
#include <strings.h>

struct reader {
    struct bytes text;
    size_t at;
    uint8_t *out;
    size_t len;
};

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->text.len && is_blank(reader->text.data[reader->at]))
        reader->at++;
}

/* What may stand before the strings: nothing, or words of which the last is TXT. */
static bool skip_head(struct reader *reader)
{
    static const char type[] = "TXT";
    struct bytes word = {NULL, 0};
    for (skip_blanks(reader); reader->at < reader->text.len && reader->text.data[reader->at] != '"';
         skip_blanks(reader)) {
        size_t from = reader->at;
        while (reader->at < reader->text.len && !is_blank(reader->text.data[reader->at]) &&
               reader->text.data[reader->at] != '"')
            reader->at++;
        word = bytes_make(reader->text.data + from, reader->at - from);
    }
    return reader->at < reader->text.len &&
           (word.len == 0 ||
            (word.len == sizeof type - 1 && strncasecmp((const char *)word.data, type, word.len) == 0));
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Behind a backslash: three digits are an octet, anything else is itself. */
static bool read_escape(struct reader *reader)
{
    const uint8_t *data = reader->text.data;
    size_t at = reader->at;
    if (at >= reader->text.len)
        return false;
    if (at + 3 <= reader->text.len && is_digit(data[at]) && is_digit(data[at + 1]) &&
        is_digit(data[at + 2])) {
        unsigned octet = (data[at] - '0') * 100U + (data[at + 1] - '0') * 10U + (data[at + 2] - '0');
        reader->at += 3;
        reader->out[reader->len++] = (uint8_t)octet;
        return octet <= UINT8_MAX;
    }
    reader->out[reader->len++] = data[at];
    reader->at++;
    return true;
}

/* From behind the opening quote to behind the closing one. */
static bool read_string(struct reader *reader)
{
    while (reader->at < reader->text.len) {
        uint8_t c = reader->text.data[reader->at++];
        if (c == '"')
            return true;
        if (c != '\\')
            reader->out[reader->len++] = c;
        else if (!read_escape(reader))
            return false;
    }
    return false;
}

bool presentation_read(struct bytes text, struct arena *arena, struct bytes *rr)
{
    struct reader reader = {.text = text};
    if (!skip_head(&reader))
        return false;
    reader.out = arena_alloc(arena, text.len);
    if (reader.out == NULL)
        return false;
    for (; reader.at < text.len && text.data[reader.at] == '"'; skip_blanks(&reader)) {
        reader.at++;
        if (!read_string(&reader))
            return false;
    }
    *rr = bytes_make(reader.out, reader.len);
    return reader.at == text.len || text.data[reader.at] == ';'; /* a comment of the zone file */
}
