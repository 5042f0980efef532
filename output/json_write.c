/* JSON by yajl_gen into a buffer. Never trusts that text is UTF-8, and never writes half a value. */
#include "output/json_write.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <yajl/yajl_gen.h>

#include "scanner/base/clock.h"

static void print(void *arg, const char *text, size_t len)
{
    struct json *json = arg;
    if (!buf_append(json->out, text, len))
        json->failed = true;
}

void json_start(struct json *json, struct buf *out)
{
    *json =
        (struct json){.gen = yajl_gen_alloc(NULL), .out = out, .start = out->len, .was_failed = out->failed};
    json->failed = out->failed || json->gen == NULL ||
                   yajl_gen_config(json->gen, yajl_gen_print_callback, print, json) == 0;
}

void json_indent(struct json *json)
{
    if (json->failed || yajl_gen_config(json->gen, yajl_gen_beautify, 1) == 0 ||
        yajl_gen_config(json->gen, yajl_gen_indent_string, "  ") == 0)
        json->failed = true;
}

bool json_finish(struct json *json)
{
    if (!json->failed) {
        size_t len = json->out->len;
        bool ends_line = len > json->start && json->out->data[len - 1] == '\n';
        json->failed = !ends_line && !buf_byte(json->out, '\n');
    }
    if (json->gen != NULL)
        yajl_gen_free(json->gen);
    json->gen = NULL;
    if (json->failed) {
        json->out->len = json->start;
        json->out->failed = json->was_failed;
    }
    return !json->failed;
}

/* Keeps the first failure. */
static void note(struct json *json, yajl_gen_status status)
{
    if (status != yajl_gen_status_ok)
        json->failed = true;
}

static void put_string(struct json *json, const void *text, size_t len)
{
    if (!json->failed)
        note(json, yajl_gen_string(json->gen, text, len));
}

/* Writes the key; false where nothing more can be written. */
static bool put_key(struct json *json, const char *key)
{
    if (key != NULL)
        put_string(json, key, strlen(key));
    return !json->failed;
}

void json_open(struct json *json, const char *key)
{
    if (put_key(json, key))
        note(json, yajl_gen_map_open(json->gen));
}

void json_close(struct json *json)
{
    if (!json->failed)
        note(json, yajl_gen_map_close(json->gen));
}

void json_open_array(struct json *json, const char *key)
{
    if (put_key(json, key))
        note(json, yajl_gen_array_open(json->gen));
}

void json_close_array(struct json *json)
{
    if (!json->failed)
        note(json, yajl_gen_array_close(json->gen));
}

/* Decimal digits into the end of text[21]; returns where they begin. printf is several times dearer. */
static char *digits(char text[21], uint64_t number)
{
    char *place = text + 20;
    *place = 0;
    do {
        *--place = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    return place;
}

void json_put_unsigned(struct json *json, const char *key, uint64_t number)
{
    char text[21];
    char *first = digits(text, number);
    if (put_key(json, key))
        note(json, yajl_gen_number(json->gen, first, (size_t)(text + 20 - first)));
}

void json_put_signed(struct json *json, const char *key, int64_t number)
{
    if (put_key(json, key))
        note(json, yajl_gen_integer(json->gen, number));
}

void json_put_bool(struct json *json, const char *key, bool value)
{
    if (put_key(json, key))
        note(json, yajl_gen_bool(json->gen, value));
}

void json_put_null(struct json *json, const char *key)
{
    if (put_key(json, key))
        note(json, yajl_gen_null(json->gen));
}

void json_put_flag(struct json *json, const char *key, bool value)
{
    if (value)
        json_put_bool(json, key, true);
}

void json_put_text(struct json *json, const char *key, struct bytes text)
{
    if (!json_is_text(text)) {
        json_open(json, key);
        json_put_base64(json, "base64", text);
        json_close(json);
    } else if (put_key(json, key)) {
        put_string(json, text.len == 0 ? "" : (const void *)text.data, text.len);
    }
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

void json_put_hex(struct json *json, const char *key, struct bytes bytes)
{
    static const char hex_digits[] = "0123456789abcdef";
    char small[128];
    char *text = bytes.len * 2 <= sizeof small ? small : malloc(bytes.len * 2);
    if (text == NULL) {
        json->failed = true;
        return;
    }
    for (size_t i = 0; i < bytes.len; i++) {
        text[2 * i] = hex_digits[bytes.data[i] >> 4];
        text[2 * i + 1] = hex_digits[bytes.data[i] & 15];
    }
    if (put_key(json, key))
        put_string(json, text, bytes.len * 2);
    if (text != small)
        free(text);
}

/* EVP_EncodeBlock counts in int; nothing that a record holds comes near. */
enum { BASE64_INPUT_CEILING = 1 << 29 };

void json_put_base64(struct json *json, const char *key, struct bytes bytes)
{
    unsigned char *text = bytes.len > BASE64_INPUT_CEILING ? NULL : malloc((bytes.len + 2) / 3 * 4 + 1);
    if (text == NULL) {
        json->failed = true;
        return;
    }
    int len = bytes.len == 0 ? 0 : EVP_EncodeBlock(text, bytes.data, (int)bytes.len);
    if (put_key(json, key))
        put_string(json, text, (size_t)len);
    free(text);
}

void json_put_time(struct json *json, const char *key, int64_t wall_ms)
{
    const int64_t first = INT64_C(-30610224000000);
    const int64_t last = INT64_C(253402300799999);
    char text[CLOCK_TEXT_BYTES];
    clock_format(wall_ms < first ? first : wall_ms > last ? last : wall_ms, text);
    json_put_string(json, key, text);
}

/* How many bytes follow this first byte of a character, or -1 where it cannot begin one. */
static int followers(uint8_t first)
{
    if (first >= 0xC2 && first <= 0xDF)
        return 1;
    if (first >= 0xE0 && first <= 0xEF)
        return 2;
    if (first >= 0xF0 && first <= 0xF4)
        return 3;
    return -1;
}

/* The bounds that RFC 3629 section 4 sets to the second byte: no overlong form, no surrogate, none past
 * U+10FFFF, and none of the control characters U+0080 to U+009F. */
static bool second_fits(uint8_t first, uint8_t second)
{
    uint8_t low = first == 0xE0 || first == 0xC2 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    uint8_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    return second >= low && second <= high;
}

static bool is_plain(uint8_t byte)
{
    return (byte >= 0x20 && byte < 0x7F) || byte == '\t' || byte == '\n' || byte == '\r';
}

/* How many bytes at the start are printable ASCII, told eight at a time and so no more than a multiple of
 * eight. */
static size_t plain_words(struct bytes text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t word;
    size_t len = 0;
    for (; text.len - len >= sizeof word; len += sizeof word) {
        memcpy(&word, text.data + len, sizeof word);
        uint64_t below_space = word - ones * 0x20, is_delete = (word ^ ones * 0x7F) - ones;
        if (((word | below_space | is_delete) & high) != 0)
            break; /* a borrow may stop too early, never too late */
    }
    return len;
}

bool json_is_text(struct bytes text)
{
    const uint8_t *data = text.data;
    for (size_t i = plain_words(text); i < text.len; i++) {
        if (is_plain(data[i]))
            continue;
        int more = followers(data[i]);
        if (more < 0 || (size_t)more > text.len - i - 1 || !second_fits(data[i], data[i + 1]))
            return false;
        for (int k = 2; k <= more; k++)
            if ((data[i + (size_t)k] & 0xC0) != 0x80)
                return false;
        i += (size_t)more;
    }
    return true;
}
