/* Scans by what may come next: one enum, and a function for each kind of value. */
#include "scanner/json/json_scan.h"

#include <endian.h>

void json_scan_init(struct json_scan *scan, struct bytes text)
{
    scan->at = text.data;
    scan->end = text.len == 0 ? text.data : text.data + text.len;
    scan->depth = 0;
    scan->awaits = AWAITS_VALUE;
}

static enum json_mark bad(struct json_scan *scan)
{
    scan->at = scan->end;
    scan->awaits = AWAITS_VALUE; /* which never comes */
    return MARK_BAD;
}

static bool is_in_array(const struct json_scan *scan)
{
    return (scan->arrays[scan->depth / 64] >> scan->depth % 64 & 1) != 0;
}

/* ---- values -------------------------------------------------------------------------------------------- */

static size_t hex_digits(const uint8_t *text, const uint8_t *end)
{
    size_t count = 0;
    while (count < 4 && text < end && strchr("0123456789abcdefABCDEF", *text) != NULL && *text != 0)
        count++, text++;
    return count;
}

/* Returns what stands behind the backslash at `at`; NULL if it escapes nothing. */
static const uint8_t *behind_escape(const uint8_t *at, const uint8_t *end)
{
    if (end - at < 2 || at[1] == 0 || strchr("\"\\/bfnrtu", at[1]) == NULL)
        return NULL;
    if (at[1] != 'u')
        return at + 2;
    return hex_digits(at + 2, end) == 4 ? at + 6 : NULL;
}

/* Returns a mask whose lowest set bit is in the first of the eight bytes that ends a run of plain text: a
 * quotation mark, a backslash, a control character; 0 if none does. The first byte is the lowest. */
static uint64_t stops_in(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
    return (((quote - ones) & ~quote) | ((backslash - ones) & ~backslash) | ((word - ones * ' ') & ~word)) &
           high;
}

/* Returns where a run of plain text ends. */
static const uint8_t *behind_plain(const uint8_t *at, const uint8_t *end)
{
    uint64_t word;
    for (; (size_t)(end - at) >= sizeof word; at += sizeof word) {
        memcpy(&word, at, sizeof word);
        uint64_t stops = stops_in(le64toh(word));
        if (stops != 0)
            return at + __builtin_ctzll(stops) / 8;
    }
    while (at < end && *at != '"' && *at != '\\' && *at >= ' ')
        at++;
    return at;
}

/* Takes a string, whose quotation mark is next. */
static enum json_mark take_string(struct json_scan *scan, enum json_mark mark)
{
    const uint8_t *begin = scan->at + 1, *at = behind_plain(begin, scan->end);
    scan->escaped = false;
    while (at < scan->end && *at == '\\') {
        scan->escaped = true;
        at = behind_escape(at, scan->end);
        if (at == NULL)
            return bad(scan);
        at = behind_plain(at, scan->end);
    }
    if (at == scan->end || *at != '"')
        return bad(scan);
    scan->text = bytes_make(begin, (size_t)(at - begin));
    scan->at = at + 1;
    return mark;
}

static bool is_digit(const uint8_t *at, const uint8_t *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

static const uint8_t *behind_digits(const uint8_t *at, const uint8_t *end)
{
    while (is_digit(at, end))
        at++;
    return at;
}

/* Takes a number: int [ frac ] [ exp ] (RFC 8259 section 6). */
static enum json_mark take_number(struct json_scan *scan)
{
    const uint8_t *begin = scan->at, *end = scan->end, *at = begin + (*begin == '-');
    if (!is_digit(at, end))
        return bad(scan);
    at = *at == '0' ? at + 1 : behind_digits(at, end);
    if (at < end && *at == '.') {
        if (!is_digit(++at, end))
            return bad(scan);
        at = behind_digits(at, end);
    }
    if (at < end && (*at | 0x20) == 'e') {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        if (!is_digit(at, end))
            return bad(scan);
        at = behind_digits(at, end);
    }
    scan->at = at;
    scan->text = bytes_make(begin, (size_t)(at - begin));
    return MARK_NUMBER;
}

static enum json_mark take_word(struct json_scan *scan, const char *word, enum json_mark mark)
{
    size_t len = strlen(word);
    if ((size_t)(scan->end - scan->at) < len || memcmp(scan->at, word, len) != 0)
        return bad(scan);
    scan->at += len;
    return mark;
}

static enum json_mark open_one(struct json_scan *scan, bool is_array)
{
    if (scan->depth == JSON_SCAN_DEPTH)
        return bad(scan);
    scan->depth++;
    uint64_t bit = UINT64_C(1) << scan->depth % 64, *word = &scan->arrays[scan->depth / 64];
    *word = is_array ? *word | bit : *word & ~bit;
    scan->awaits = is_array ? AWAITS_FIRST_VALUE : AWAITS_FIRST_KEY;
    scan->at++;
    return is_array ? MARK_ARRAY : MARK_OBJECT;
}

static enum json_mark close_one(struct json_scan *scan)
{
    scan->depth--;
    scan->awaits = scan->depth == 0 ? AWAITS_END : AWAITS_MORE;
    scan->at++;
    return MARK_CLOSE;
}

static enum json_mark take_value(struct json_scan *scan)
{
    uint8_t first = *scan->at;
    if (first == '{' || first == '[')
        return open_one(scan, first == '[');
    if (first == ']' && scan->awaits == AWAITS_FIRST_VALUE)
        return close_one(scan);
    scan->awaits = scan->depth == 0 ? AWAITS_END : AWAITS_MORE;
    switch (first) {
    case '"':
        return take_string(scan, MARK_STRING);
    case 't':
        return take_word(scan, "true", MARK_TRUE);
    case 'f':
        return take_word(scan, "false", MARK_FALSE);
    case 'n':
        return take_word(scan, "null", MARK_NULL);
    default:
        return take_number(scan);
    }
}

/* ---- what comes next ----------------------------------------------------------------------------------- */

static bool is_blank(uint8_t byte)
{
    return byte <= ' ' && (byte == ' ' || (byte >= '\t' && byte <= '\r'));
}

/* Goes to what stands behind blanks; false at the end. */
static bool skip_blanks(struct json_scan *scan)
{
    while (scan->at < scan->end && is_blank(*scan->at))
        scan->at++;
    return scan->at < scan->end;
}

static enum json_mark take_key(struct json_scan *scan)
{
    if (*scan->at == '}' && scan->awaits == AWAITS_FIRST_KEY)
        return close_one(scan);
    if (*scan->at != '"' || take_string(scan, MARK_KEY) == MARK_BAD || !skip_blanks(scan) || *scan->at != ':')
        return bad(scan);
    scan->at++;
    scan->awaits = AWAITS_VALUE;
    return MARK_KEY;
}

/* Takes what stands behind a value: the end of what is open, or a comma and what follows. */
static enum json_mark take_more(struct json_scan *scan)
{
    bool is_array = is_in_array(scan);
    if (*scan->at == (is_array ? ']' : '}'))
        return close_one(scan);
    if (*scan->at != ',')
        return bad(scan);
    scan->at++;
    if (!skip_blanks(scan))
        return bad(scan);
    scan->awaits = is_array ? AWAITS_VALUE : AWAITS_KEY;
    return is_array ? take_value(scan) : take_key(scan);
}

enum json_mark json_scan_next(struct json_scan *scan)
{
    if (!skip_blanks(scan))
        return scan->awaits == AWAITS_END ? MARK_DONE : bad(scan);
    switch (scan->awaits) {
    case AWAITS_MORE:
        return take_more(scan);
    case AWAITS_KEY:
    case AWAITS_FIRST_KEY:
        return take_key(scan);
    case AWAITS_END:
        return bad(scan);
    default:
        return take_value(scan);
    }
}

/* ---- escapes ------------------------------------------------------------------------------------------- */

static unsigned unit_of(const uint8_t *hex)
{
    unsigned unit = 0;
    for (size_t i = 0; i < 4; i++)
        unit = unit << 4 | (unsigned)(hex[i] <= '9' ? hex[i] - '0' : (hex[i] | 0x20) - 'a' + 10);
    return unit;
}

static bool is_high(unsigned unit)
{
    return (unit & 0xfc00) == 0xd800;
}

static bool is_low(unsigned unit)
{
    return (unit & 0xfc00) == 0xdc00;
}

/* Appends the character as UTF-8. */
static void put_character(struct buf *out, unsigned character)
{
    uint8_t tail = (uint8_t)(0x80 | (character & 0x3f));
    if (character < 0x80) {
        buf_byte(out, (uint8_t)character);
        return;
    }
    if (character < 0x800) {
        buf_byte(out, (uint8_t)(0xc0 | character >> 6));
    } else if (character < 0x10000) {
        buf_byte(out, (uint8_t)(0xe0 | character >> 12));
        buf_byte(out, (uint8_t)(0x80 | (character >> 6 & 0x3f)));
    } else {
        buf_byte(out, (uint8_t)(0xf0 | character >> 18));
        buf_byte(out, (uint8_t)(0x80 | (character >> 12 & 0x3f)));
        buf_byte(out, (uint8_t)(0x80 | (character >> 6 & 0x3f)));
    }
    buf_byte(out, tail);
}

/* Appends the character of the escape \uXXXX at `at`, or of two that are a surrogate pair; returns what
 * stands behind. */
static const uint8_t *put_unit(struct buf *out, const uint8_t *at, const uint8_t *end)
{
    unsigned unit = unit_of(at + 2);
    bool has_next = end - at >= 12 && at[6] == '\\' && at[7] == 'u';
    if (is_high(unit) && has_next && is_low(unit_of(at + 8))) {
        put_character(out, 0x10000 + ((unit & 0x3ff) << 10) + (unit_of(at + 8) & 0x3ff));
        return at + 12;
    }
    put_character(out, is_high(unit) || is_low(unit) ? '?' : unit);
    return at + 6;
}

bool json_unescape(struct bytes text, struct buf *out)
{
    static const char escapes[] = "bfnrt", characters[] = "\b\f\n\r\t";
    const uint8_t *at = text.data, *end = at + text.len;
    while (at < end) {
        const uint8_t *backslash = memchr(at, '\\', (size_t)(end - at));
        buf_append(out, at, (size_t)((backslash == NULL ? end : backslash) - at));
        if (backslash == NULL)
            break;
        const char *escape = strchr(escapes, backslash[1]);
        if (backslash[1] == 'u') {
            at = put_unit(out, backslash, end);
            continue;
        }
        buf_byte(out, escape == NULL ? backslash[1] : (uint8_t)characters[escape - escapes]);
        at = backslash + 2;
    }
    return !out->failed;
}
