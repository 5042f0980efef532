/* Reads tags and lengths, and counts elements. */
#include "scanner/wire/der.h"

enum { NUMBER_BITS = 0x1f, CLASS_BITS = 0xc0, NEST = 32, STRING_NEST = 4 };

static struct bytes behind(struct bytes data, size_t at)
{
    return bytes_make(at == data.len ? NULL : data.data + at, data.len - at);
}

/* Returns the offset of the length; 0: there is none. To OpenSSL a long form of a tag below 31 is the same as
 * the short one. */
static size_t read_number(struct bytes data, uint8_t *tag)
{
    size_t at = 1;
    uint32_t number = 0;
    if (data.len < 2)
        return 0;
    *tag = data.data[0];
    if ((*tag & NUMBER_BITS) != NUMBER_BITS)
        return 1;
    while (at < data.len && (data.data[at] & 0x80) != 0) {
        number = number << 7 | (data.data[at++] & 0x7f);
        if (number > INT32_MAX >> 7)
            return 0;
    }
    if (at + 1 >= data.len)
        return 0;
    number = number << 7 | data.data[at++];
    if (number < NUMBER_BITS)
        *tag = (uint8_t)((*tag & (CLASS_BITS | DER_CONSTRUCTED)) | number);
    return at;
}

/* Does the same. OpenSSL takes a list of elements (SEQUENCE OF, SET OF) that is not said to hold any, too. */
static size_t read_tag(struct bytes data, uint8_t *tag)
{
    size_t at = read_number(data, tag);
    if (at != 0 && ((*tag | DER_CONSTRUCTED) == DER_TAG_SEQUENCE || (*tag | DER_CONSTRUCTED) == DER_TAG_SET))
        *tag |= DER_CONSTRUCTED;
    return at;
}

/* Returns the offset of the content; 0: there is none. */
static size_t read_length(struct bytes data, size_t at, size_t *length, bool *is_endless)
{
    uint8_t first = data.data[at++];
    *length = first & 0x7f;
    *is_endless = first == 0x80;
    if (first <= 0x80)
        return at;
    size_t count = *length;
    *length = 0;
    for (; count > 0; count--, at++) {
        if (at == data.len || *length > SIZE_MAX >> 8)
            return 0;
        *length = *length << 8 | data.data[at];
    }
    return at;
}

/* Says whether a tag is of a string in pieces: a constructed form of a type that has none in DER. */
static bool is_pieces(uint8_t tag)
{
    return (tag & CLASS_BITS) == 0 && (tag & DER_CONSTRUCTED) != 0 && tag != DER_TAG_SEQUENCE &&
           tag != DER_TAG_SET;
}

bool der_next(struct bytes *rest, struct der_element *element, bool *is_ber)
{
    size_t length;
    bool is_endless;
    size_t at = read_tag(*rest, &element->tag);
    at = at == 0 ? 0 : read_length(*rest, at, &length, &is_endless);
    if (at == 0)
        return false;
    if (is_endless || is_pieces(element->tag)) {
        *is_ber = true;
        return false;
    }
    if (length > rest->len - at)
        return false;
    element->content = bytes_make(length == 0 ? NULL : rest->data + at, length);
    *rest = behind(*rest, at + length);
    return true;
}

bool der_take(struct bytes *rest, uint8_t tag, struct bytes *content, bool *is_ber)
{
    struct der_element element;
    if (!der_next(rest, &element, is_ber) || element.tag != tag)
        return false;
    *content = element.content;
    return true;
}

/* ---- how many ------------------------------------------------------------------------------------------ */

/* The unread rest of each element that is open. */
struct walk {
    struct bytes open[NEST];
    size_t depth;
    size_t strings; /* how many of the open elements are octet strings */
    bool is_string[NEST];
};

static void enter(struct walk *walk, struct bytes content, bool is_string)
{
    if (walk->depth == NEST || content.len == 0 || (is_string && walk->strings == STRING_NEST))
        return;
    walk->open[walk->depth] = content;
    walk->is_string[walk->depth++] = is_string;
    walk->strings += is_string;
}

static void leave(struct walk *walk)
{
    walk->depth--;
    walk->strings -= walk->is_string[walk->depth];
}

/* Says whether the content of an octet string begins like a sequence; it need be no element at all. */
static bool begins_sequence(struct bytes content)
{
    uint8_t tag;
    return read_tag(content, &tag) != 0 && tag == DER_TAG_SEQUENCE;
}

/* Says whether elements may stand in what is not said to hold any: in an octet string that begins like a
 * sequence, and in a list within one whose tag is the context's own. */
static bool may_hold(const struct walk *walk, const struct der_element *element)
{
    if (element->tag == DER_TAG_OCTET_STRING)
        return begins_sequence(element->content);
    return walk->strings > 0 && (element->tag & CLASS_BITS) == DER_CONTEXT;
}

size_t der_count(struct bytes data, bool *is_ber)
{
    struct walk walk = {.depth = 0};
    struct der_element element;
    size_t count = 0;
    enter(&walk, data, false);
    while (walk.depth > 0) {
        bool odd = false;
        bool found = der_next(&walk.open[walk.depth - 1], &element, &odd);
        *is_ber = *is_ber || (odd && walk.strings <= 1); /* deeper they may be any bytes */
        if (!found) {
            leave(&walk);
            continue;
        }
        count++;
        if ((element.tag & DER_CONSTRUCTED) != 0)
            enter(&walk, element.content, false);
        else if (may_hold(&walk, &element))
            enter(&walk, element.content, true);
    }
    return count;
}
