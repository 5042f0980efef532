/* Writes JSON into a buffer. Never trusts that text is UTF-8, and never writes half a value. */
#include "output/json/json_write.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "scanner/base/time_text.h"
#include "scanner/base/utf8.h"

enum { DEPTH_MOST = 63, INDENT_BYTES = 2 };

void json_start(struct json *json, struct buf *out)
{
    *json = (struct json){.out = out, .start = out->len, .was_failed = out->failed, .failed = out->failed};
}

void json_indent(struct json *json)
{
    json->indented = true;
}

bool json_finish(struct json *json)
{
    bool whole = json->depth == 0 && json->follows;
    json->failed = json->failed || !whole || !buf_byte(json->out, '\n');
    if (json->failed) {
        json->out->len = json->start;
        json->out->failed = json->was_failed;
    }
    return !json->failed;
}

/* ---- elements ------------------------------------------------------------------------------------------ */

static size_t indent_bytes(const struct json *json)
{
    return json->indented ? json->depth * INDENT_BYTES : 0;
}

/* Tells whether a value may stand here: members of an object have keys, elements of an array have none, and
 * outside of all there is one value. */
static bool has_place(const struct json *json, const char *key)
{
    bool in_object = json->depth > 0 && (json->objects >> json->depth & 1) != 0;
    return (key != NULL) == in_object && (json->depth > 0 || !json->follows);
}

static uint8_t *put(uint8_t *place, const void *text, size_t len)
{
    memcpy(place, text, len);
    return place + len;
}

/* Writes what stands before a value of so many bytes: separator, indentation, key. Returns where the value
 * goes, with room for it; NULL if nothing can be written. It checks the buffer once for each element. */
static uint8_t *begin(struct json *json, const char *key, size_t value_bytes)
{
    size_t key_len = key == NULL ? 0 : strlen(key);
    size_t before = json->follows + (key == NULL ? 0 : key_len + 3);
    if (json->indented)
        before += json->follows + indent_bytes(json) + (key != NULL);
    uint8_t *place = NULL;
    if (!json->failed && has_place(json, key) && value_bytes <= SIZE_MAX - before)
        place = buf_reserve(json->out, before + value_bytes);
    if (place == NULL) {
        json->failed = true;
        return NULL;
    }
    if (json->follows)
        *place++ = ',';
    if (json->indented) {
        if (json->follows)
            *place++ = '\n';
        memset(place, ' ', indent_bytes(json));
        place += indent_bytes(json);
    }
    if (key == NULL)
        return place;
    *place++ = '"';
    place = put(place, key, key_len);
    *place++ = '"';
    *place++ = ':';
    if (json->indented)
        *place++ = ' ';
    return place;
}

/* Ends the value at `place`. */
static void end(struct json *json, const uint8_t *place)
{
    json->out->len = (size_t)(place - json->out->data);
    json->follows = true;
}

static void put_literal(struct json *json, const char *key, const char *text, size_t len)
{
    uint8_t *place = begin(json, key, len);
    if (place != NULL)
        end(json, put(place, text, len));
}

static void open_one(struct json *json, const char *key, char bracket, bool is_object)
{
    uint8_t *place = json->depth == DEPTH_MOST ? NULL : begin(json, key, json->indented ? 2 : 1);
    if (place == NULL) {
        json->failed = true;
        return;
    }
    *place++ = (uint8_t)bracket;
    if (json->indented)
        *place++ = '\n';
    end(json, place);
    json->depth++;
    json->objects &= ~(UINT64_C(1) << json->depth);
    json->objects |= (uint64_t)is_object << json->depth;
    json->follows = false;
}

static void close_one(struct json *json, char bracket, bool is_object)
{
    if (json->depth == 0 || (json->objects >> json->depth & 1) != is_object)
        json->failed = true;
    if (json->failed)
        return;
    json->depth--;
    size_t indent = indent_bytes(json);
    uint8_t *place = buf_reserve(json->out, indent + 2);
    if (place == NULL) {
        json->failed = true;
        return;
    }
    if (json->indented)
        *place++ = '\n';
    memset(place, ' ', indent);
    place += indent;
    *place++ = (uint8_t)bracket;
    end(json, place);
}

void json_open(struct json *json, const char *key)
{
    open_one(json, key, '{', true);
}

void json_close(struct json *json)
{
    close_one(json, '}', true);
}

void json_open_array(struct json *json, const char *key)
{
    open_one(json, key, '[', false);
}

void json_close_array(struct json *json)
{
    close_one(json, ']', false);
}

/* ---- numbers and the like ------------------------------------------------------------------------------ */

enum { NUMBER_BYTES = 20 };

/* Writes decimal digits at the end of text, and returns where they begin. printf is several times dearer. */
static char *digits(char text[NUMBER_BYTES], uint64_t number)
{
    char *place = text + NUMBER_BYTES;
    do {
        *--place = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    return place;
}

void json_put_unsigned(struct json *json, const char *key, uint64_t number)
{
    char text[NUMBER_BYTES];
    char *first = digits(text, number);
    put_literal(json, key, first, (size_t)(text + NUMBER_BYTES - first));
}

void json_put_share(struct json *json, const char *key, double share)
{
    static const uint64_t whole = 100000000;
    char text[NUMBER_BYTES];
    uint64_t parts = share >= 1 ? whole : share > 0 ? (uint64_t)(share * (double)whole + 0.5) : 0;
    char *last = text + sizeof text, *first = digits(text, parts + whole);
    size_t len = (size_t)(last - first); /* nine digits, of which the first is one too many */
    *first = parts == whole ? '1' : '0';
    memmove(first - 1, first, 1);
    *first = '.';
    put_literal(json, key, first - 1, len + 1);
}

void json_put_decimal(struct json *json, const char *key, double number)
{
    char text[2 * NUMBER_BYTES];
    double most = 1e15;
    uint64_t parts = number > 0 ? (uint64_t)((number < most ? number : most) * 1000 + 0.5) : 0;
    int len = snprintf(text, sizeof text, "%llu.%03llu", (unsigned long long)(parts / 1000),
                       (unsigned long long)(parts % 1000));
    put_literal(json, key, text, (size_t)len);
}

void json_put_signed(struct json *json, const char *key, int64_t number)
{
    char text[NUMBER_BYTES + 1];
    char *first = digits(text + 1, number < 0 ? -(uint64_t)number : (uint64_t)number);
    if (number < 0)
        *--first = '-';
    put_literal(json, key, first, (size_t)(text + sizeof text - first));
}

void json_put_bool(struct json *json, const char *key, bool value)
{
    put_literal(json, key, value ? "true" : "false", value ? 4 : 5);
}

void json_put_null(struct json *json, const char *key)
{
    put_literal(json, key, "null", 4);
}

void json_put_flag(struct json *json, const char *key, bool value)
{
    if (value)
        json_put_bool(json, key, true);
}

/* ---- text ---------------------------------------------------------------------------------------------- */

/* Sets the top bit of each byte that is zero, and perhaps of bytes above such a one. */
static uint64_t zero_bytes(uint64_t word)
{
    return (word - UINT64_C(0x0101010101010101)) & ~word;
}

/* Tells whether any of these eight bytes is no printable ASCII, or has to be escaped. */
static bool is_odd_word(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t odd = word | zero_bytes(word ^ ones * 0x7F) | zero_bytes(word ^ ones * '"') |
                   zero_bytes(word ^ ones * '\\') | ((word - ones * 0x20) & ~word);
    return (odd & high) != 0;
}

/* Tells whether it is printable ASCII without quote and backslash. A rest shorter than a word is filled up
 * with spaces. */
static bool is_simple(struct bytes text)
{
    uint64_t word;
    size_t at = 0;
    for (; text.len - at >= sizeof word; at += sizeof word) {
        memcpy(&word, text.data + at, sizeof word);
        if (is_odd_word(word))
            return false;
    }
    if (at == text.len)
        return true;
    memset(&word, ' ', sizeof word);
    memcpy(&word, text.data + at, text.len - at);
    return !is_odd_word(word);
}

/* Returns what stands behind the backslash in place of this byte; 0 for a byte that stands as it is. Other
 * control characters are no text and never come here. */
static uint8_t escape_of(uint8_t byte)
{
    switch (byte) {
    case '"':
    case '\\':
        return byte;
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

/* Returns the length of a character that nobody would see, or that turns what stands around it; else 0.
 * ASCII is left to escape_of. */
static size_t hidden_at(struct bytes text, size_t at, uint32_t *code)
{
    return text.data[at] < 0x80 ? 0 : utf8_hidden_len(bytes_make(text.data + at, text.len - at), code);
}

/* UNIT_BYTES: of \uXXXX. */
enum { UNIT_BYTES = 6 };

static size_t escaped_bytes(struct bytes text)
{
    uint32_t code;
    size_t bytes = 0;
    for (size_t i = 0, len; i < text.len; i += len) {
        len = hidden_at(text, i, &code);
        bytes += len == 0 ? 1U + (escape_of(text.data[i]) != 0) : code > 0xFFFF ? 2 * UNIT_BYTES : UNIT_BYTES;
        len += len == 0;
    }
    return bytes;
}

static const char hex_digits[] = "0123456789abcdef";

static uint8_t *put_unit(uint8_t *place, uint32_t unit)
{
    place = put(place, "\\u", 2);
    for (int shift = 12; shift >= 0; shift -= 4)
        *place++ = (uint8_t)hex_digits[unit >> shift & 0xF];
    return place;
}

/* Writes a character as \uXXXX; one past U+FFFF as two of them (RFC 8259 section 7). */
static uint8_t *put_code(uint8_t *place, uint32_t code)
{
    if (code <= 0xFFFF)
        return put_unit(place, code);
    place = put_unit(place, 0xD800 + ((code - 0x10000) >> 10));
    return put_unit(place, 0xDC00 + ((code - 0x10000) & 0x3FF));
}

static uint8_t *put_escaped(uint8_t *place, struct bytes text)
{
    uint32_t code;
    for (size_t i = 0, len; i < text.len; i += len) {
        uint8_t escape = escape_of(text.data[i]);
        len = hidden_at(text, i, &code);
        if (len > 0) {
            place = put_code(place, code);
            continue;
        }
        len = 1;
        if (escape != 0)
            *place++ = '\\';
        *place++ = escape != 0 ? escape : text.data[i];
    }
    return place;
}

/* Returns the length of a character of a line that is not shown as it stands; else 0. */
static size_t shown_otherwise_at(struct bytes line, size_t at, uint32_t *code)
{
    bool is_printable = line.data[at] >= 0x20 && line.data[at] < 0x7F;
    return is_printable ? 0 : utf8_hidden_len(bytes_behind(line, at), code);
}

/* Writes what stands in a line in place of a character that is not to be seen. A control character of ASCII
 * is white space between values, as a string has none, but for DEL. */
static size_t put_shown(uint8_t *place, uint32_t code)
{
    if (code >= 0x20)
        return (size_t)(put_code(place, code) - place);
    *place = ' ';
    return 1;
}

bool json_show(struct buf *out, struct bytes line)
{
    uint32_t code;
    uint8_t units[2 * UNIT_BYTES];
    size_t from = 0;
    for (size_t i = 0, len; i < line.len; i += len == 0 ? 1 : len) {
        if ((len = shown_otherwise_at(line, i, &code)) == 0)
            continue;
        (void)buf_append(out, line.data + from, i - from);
        (void)buf_append(out, units, put_shown(units, code));
        from = i + len;
    }
    return buf_append(out, line.data + from, line.len - from);
}

static void put_object_of_base64(struct json *json, const char *key, struct bytes text)
{
    json_open(json, key);
    json_put_base64(json, "base64", text);
    json_close(json);
}

/* Copies text whole if it can: nearly all is printable ASCII without quotes. */
void json_put_text(struct json *json, const char *key, struct bytes text)
{
    bool plain = is_simple(text);
    if (!plain && !json_is_text(text)) {
        put_object_of_base64(json, key, text);
        return;
    }
    size_t bytes = plain ? text.len : escaped_bytes(text);
    uint8_t *place = begin(json, key, bytes + 2);
    if (place == NULL)
        return;
    *place++ = '"';
    if (bytes > text.len)
        place = put_escaped(place, text);
    else if (text.len > 0)
        place = put(place, text.data, text.len);
    *place++ = '"';
    end(json, place);
}

void json_put_count(struct json *json, const char *name, uint64_t number)
{
    char key[JSON_TIMES_MOST * JSON_NAME_BYTES + 1];
    struct bytes text = bytes_of(name);
    if (text.len > JSON_NAME_BYTES || !json_is_text(text)) {
        json->failed = true;
        return;
    }
    *put_escaped((uint8_t *)key, text) = 0;
    json_put_unsigned(json, key, number);
}

void json_put_string(struct json *json, const char *key, const char *text)
{
    if (text == NULL)
        json_put_null(json, key);
    else
        json_put_text(json, key, bytes_of(text));
}

void json_put_optional(struct json *json, const char *key, const char *text)
{
    if (text != NULL)
        json_put_text(json, key, bytes_of(text));
}

/* EVP_EncodeBlock counts in int; nothing that a record holds comes near. */
enum { BINARY_CEILING = 1 << 29 };

void json_put_hex(struct json *json, const char *key, struct bytes bytes)
{
    uint8_t *place = bytes.len > BINARY_CEILING ? NULL : begin(json, key, bytes.len * 2 + 2);
    if (place == NULL) {
        json->failed = true;
        return;
    }
    *place++ = '"';
    for (size_t i = 0; i < bytes.len; i++) {
        *place++ = (uint8_t)hex_digits[bytes.data[i] >> 4];
        *place++ = (uint8_t)hex_digits[bytes.data[i] & 15];
    }
    *place++ = '"';
    end(json, place);
}

void json_put_base64(struct json *json, const char *key, struct bytes bytes)
{
    size_t len = bytes.len > BINARY_CEILING ? 0 : (bytes.len + 2) / 3 * 4;
    uint8_t *place = bytes.len > BINARY_CEILING ? NULL : begin(json, key, len + 2);
    if (place == NULL) {
        json->failed = true;
        return;
    }
    *place++ = '"';
    if (bytes.len > 0) /* its NUL falls on the closing quote's place */
        (void)EVP_EncodeBlock(place, bytes.data, (int)bytes.len);
    place += len;
    *place++ = '"';
    end(json, place);
}

void json_put_time(struct json *json, const char *key, int64_t wall_ms)
{
    char text[TIME_TEXT_BYTES];
    time_text(wall_ms < TIME_FIRST_MS  ? TIME_FIRST_MS
              : wall_ms > TIME_LAST_MS ? TIME_LAST_MS
                                       : wall_ms,
              text);
    json_put_string(json, key, text);
}
