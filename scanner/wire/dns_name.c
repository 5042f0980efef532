/*
 * Converts names between text, message and plain wire form. Length bytes are below 64, so folding case over a
 * whole name in wire form never changes one of them. Only dns_name_text allocates.
 */
#include "scanner/wire/dns_name.h"

#include "scanner/wire/dns_message.h"

enum { POINTERS_FOLLOWED = 127, POINTER_BITS = 0xc0, HEADER_BYTES = 12 };

/* ---- from text ----------------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads the byte that is escaped at the text's backslash (RFC 1035 section 5.1). Returns how much text it
 * took, 0 if it is bad. */
static size_t text_escape(const char *text, uint8_t *byte)
{
    if (!is_digit(text[1])) {
        *byte = (uint8_t)text[1];
        return text[1] == '\0' ? 0 : 2;
    }
    if (!is_digit(text[2]) || !is_digit(text[3]))
        return 0;
    int value = (text[1] - '0') * 100 + (text[2] - '0') * 10 + (text[3] - '0');
    *byte = (uint8_t)value;
    return value > 255 ? 0 : 4;
}

/* Writes one label with its length byte to wire[at]. Returns the place in the text behind it (the dot or the
 * end), NULL if it is bad. */
static const char *text_label(const char *text, uint8_t *wire, size_t *at)
{
    size_t start = *at;
    size_t pos = start + 1;
    while (*text != '\0' && *text != '.') {
        uint8_t byte = (uint8_t)*text;
        size_t took = byte == '\\' ? text_escape(text, &byte) : 1;
        if (took == 0 || pos - start > DNS_LABEL_BYTES || pos >= DNS_NAME_BYTES - 1)
            return NULL;
        wire[pos++] = byte;
        text += took;
    }
    if (pos == start + 1)
        return NULL;
    wire[start] = (uint8_t)(pos - start - 1);
    *at = pos;
    return text;
}

size_t dns_name_from_text(uint8_t *wire, const char *text)
{
    size_t at = 0;
    if (text[0] == '.' && text[1] == '\0')
        text++;
    else if (text[0] == '\0')
        return 0;
    while (*text != '\0') {
        text = text_label(text, wire, &at);
        if (text == NULL)
            return 0;
        if (*text == '.')
            text++;
    }
    wire[at] = 0;
    return at + 1;
}

/* ---- out of a message ---------------------------------------------------------------------------------- */

size_t dns_name_skip(struct bytes message, size_t pos)
{
    while (pos < message.len) {
        uint8_t length = message.data[pos];
        if ((length & POINTER_BITS) == POINTER_BITS)
            return pos + 2 <= message.len ? pos + 2 : 0;
        if (length > DNS_LABEL_BYTES)
            return 0;
        pos += (size_t)length + 1;
        if (length == 0)
            return pos;
    }
    return 0;
}

/* Follows the pointer at pos. It must lead before `start`, where the labels that it ends began, and not into
 * the header. */
static bool follow(struct bytes message, size_t *pos, size_t *start)
{
    if (*pos + 2 > message.len)
        return false;
    size_t target = (size_t)(message.data[*pos] & ~POINTER_BITS) << 8 | message.data[*pos + 1];
    if (target >= *start || target < HEADER_BYTES)
        return false;
    *pos = target;
    *start = target;
    return true;
}

size_t dns_name_read(struct bytes message, size_t pos, uint8_t *wire)
{
    size_t used = 0;
    size_t start = pos;
    unsigned pointers = 0;
    while (pos < message.len) {
        uint8_t length = message.data[pos];
        if ((length & POINTER_BITS) == POINTER_BITS) {
            if (++pointers > POINTERS_FOLLOWED || !follow(message, &pos, &start))
                return 0;
            continue;
        }
        size_t take = (size_t)length + 1;
        if (length > DNS_LABEL_BYTES || take > message.len - pos || take > DNS_NAME_BYTES - used)
            return 0;
        memcpy(wire + used, message.data + pos, take);
        used += take;
        pos += take;
        if (length == 0)
            return used;
    }
    return 0;
}

/* ---- plain wire form ----------------------------------------------------------------------------------- */

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte + ('a' - 'A')) : byte;
}

bool dns_name_equal(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    if (a.len == 0 || memcmp(a.data, b.data, a.len) == 0)
        return true;
    for (size_t i = 0; i < a.len; i++)
        if (a.data[i] != b.data[i] && lower(a.data[i]) != lower(b.data[i]))
            return false;
    return true;
}

bool dns_name_valid(struct bytes wire)
{
    size_t pos = 0;
    if (wire.len > DNS_NAME_BYTES)
        return false;
    while (pos < wire.len) {
        uint8_t length = wire.data[pos];
        if (length > DNS_LABEL_BYTES)
            return false;
        pos += (size_t)length + 1;
        if (length == 0)
            return pos == wire.len;
    }
    return false;
}

static size_t put_byte(char *text, uint8_t byte)
{
    if (byte >= 'a' && byte <= 'z') {
        text[0] = (char)byte;
        return 1;
    }
    if (byte > ' ' && byte < 0x7f && byte != '.' && byte != '\\') {
        text[0] = (char)lower(byte);
        return 1;
    }
    text[0] = '\\';
    text[1] = (char)('0' + byte / 100);
    text[2] = (char)('0' + byte / 10 % 10);
    text[3] = (char)('0' + byte % 10);
    return 4;
}

const char *dns_name_text(struct bytes wire, struct arena *arena)
{
    char text[DNS_NAME_BYTES * 4];
    if (!dns_name_valid(wire))
        return NULL;
    if (wire.len == 1)
        return arena_copy(arena, ".", 1);
    size_t used = 0;
    for (size_t pos = 0; wire.data[pos] != 0; pos += (size_t)wire.data[pos] + 1) {
        if (pos > 0)
            text[used++] = '.';
        for (size_t i = 1; i <= wire.data[pos]; i++)
            used += put_byte(text + used, wire.data[pos + i]);
    }
    return arena_copy(arena, text, used);
}
