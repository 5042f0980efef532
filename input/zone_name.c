/* Names of zone files to labels, and back. No I/O, no allocation. */
#include "input/zone_name.h"

enum { LABEL_MAX_BYTES = 63 };

static uint8_t lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

/* Takes what stands behind a backslash: three digits, or one byte that is meant as itself. Returns its
 * length, 0 if it is neither. */
static size_t unescape(struct bytes text, uint8_t *byte)
{
    if (text.len == 0)
        return 0;
    *byte = text.data[0];
    if (!is_digit(text.data[0]))
        return 1;
    if (text.len < 3 || !is_digit(text.data[1]) || !is_digit(text.data[2]))
        return 0;
    unsigned value =
        (text.data[0] - '0') * 100u + (text.data[1] - '0') * 10u + (unsigned)(text.data[2] - '0');
    *byte = (uint8_t)value;
    return value <= UINT8_MAX ? 3 : 0;
}

/* Takes one label and the dot behind it, if there is one. */
static enum failure_code take_label(struct bytes *text, struct zone_name *name, bool *has_dot)
{
    size_t at = 0, begin = name->len + 1, end = begin;
    *has_dot = false;
    while (at < text->len && !*has_dot) {
        uint8_t byte = text->data[at++];
        if (byte == '.') {
            *has_dot = true;
            break;
        }
        if (byte == '\\') {
            size_t taken = unescape(bytes_make(text->data + at, text->len - at), &byte);
            if (taken == 0)
                return FAIL_INPUT_BAD_NAME;
            at += taken;
        }
        if (end - begin == LABEL_MAX_BYTES)
            return FAIL_INPUT_LABEL_TOO_LONG;
        if (end >= ZONE_NAME_BYTES - 1) /* the last byte is the root's */
            return FAIL_INPUT_TOO_LONG;
        name->wire[end++] = lower(byte);
    }
    *text = bytes_make(text->data + at, text->len - at);
    name->wire[begin - 1] = (uint8_t)(end - begin);
    name->len = end;
    return end == begin ? FAIL_INPUT_BAD_NAME : FAIL_NONE;
}

/* Takes the labels that are written. */
static enum failure_code take_labels(struct bytes text, struct zone_name *name, bool *is_absolute)
{
    name->len = 0;
    *is_absolute = text.len == 1 && text.data[0] == '.';
    if (text.len == 0)
        return FAIL_INPUT_BAD_NAME;
    while (text.len > 0 && !(*is_absolute && name->len == 0)) {
        if (name->len >= ZONE_NAME_BYTES - 1)
            return FAIL_INPUT_TOO_LONG;
        enum failure_code code = take_label(&text, name, is_absolute);
        if (code != FAIL_NONE)
            return code;
    }
    return FAIL_NONE;
}

enum failure_code zone_name_read(struct bytes text, const struct zone_name *origin, struct zone_name *name,
                                 bool *is_relative)
{
    bool is_absolute = false, is_origin = text.len == 1 && text.data[0] == '@';
    enum failure_code code = is_origin ? FAIL_NONE : take_labels(text, name, &is_absolute);
    *is_relative = false;
    if (is_origin)
        name->len = 0;
    if (code == FAIL_NONE && is_absolute)
        name->wire[name->len++] = 0;
    if (code != FAIL_NONE || is_absolute)
        return code;
    *is_relative = origin == NULL;
    if (origin == NULL)
        return FAIL_INPUT_BAD_NAME;
    if (origin->len > sizeof name->wire - name->len)
        return FAIL_INPUT_TOO_LONG;
    memcpy(name->wire + name->len, origin->wire, origin->len);
    name->len += origin->len;
    return FAIL_NONE;
}

bool zone_name_equal(const struct zone_name *a, const struct zone_name *b)
{
    return a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0;
}

bool zone_name_is_below(const struct zone_name *name, const struct zone_name *above)
{
    size_t at = 0;
    if (above->len == 0)
        return false;
    while (at < name->len && name->len - at > above->len)
        at += name->wire[at] + 1u;
    return at > 0 && name->len - at == above->len && memcmp(name->wire + at, above->wire, above->len) == 0;
}

/* The bytes of host names, as hostname.h has them. */
static bool is_plain(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || is_digit(byte) || byte == '-' || byte == '_';
}

enum failure_code zone_name_write(const struct zone_name *name, char out[HOSTNAME_BYTES])
{
    size_t len = 0;
    bool is_number = true; /* a last label of digits is an address */
    for (size_t at = 0; at < name->len && name->wire[at] > 0; at += name->wire[at] + 1u) {
        is_number = true;
        for (size_t i = 1; i <= name->wire[at]; i++) {
            uint8_t byte = name->wire[at + i];
            if (!is_plain(byte))
                return FAIL_INPUT_BAD_NAME;
            is_number = is_number && is_digit(byte);
            out[len++] = (char)byte;
        }
        out[len++] = '.';
    }
    if (len == 0 || is_number)
        return FAIL_INPUT_BAD_NAME;
    out[len - 1] = '\0';
    return FAIL_NONE;
}
