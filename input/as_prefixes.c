#include "input/as_prefixes.h"

#include <stdio.h>

#include "input/lines.h"
#include "input/stored.h"
#include "scanner/base/shown.h"
#include "scanner/base/trim.h"

enum { PREFIX_BYTES = IP_TEXT_BYTES + 4, REASON_BYTES = 256 };

/* ---- numbers ------------------------------------------------------------------------------------------- */

static bool parse_digits(struct bytes text, uint64_t most, uint64_t *number)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(text.data[i] - '0');
        if (sum > most)
            return false;
    }
    *number = sum;
    return text.len > 0;
}

static bool has_as(struct bytes text)
{
    return text.len > 2 && (text.data[0] | 0x20) == 'a' && (text.data[1] | 0x20) == 's';
}

bool as_number_parse(struct bytes text, uint32_t *asn)
{
    uint64_t high = 0, low = 0;
    if (has_as(text))
        text = bytes_make(text.data + 2, text.len - 2);
    const uint8_t *dot = text.len == 0 ? NULL : memchr(text.data, '.', text.len);
    if (dot == NULL) {
        if (!parse_digits(text, UINT32_MAX, &low))
            return false;
    } else {
        size_t before = (size_t)(dot - text.data);
        if (!parse_digits(bytes_make(text.data, before), UINT16_MAX, &high) ||
            !parse_digits(bytes_make(dot + 1, text.len - before - 1), UINT16_MAX, &low))
            return false;
    }
    *asn = (uint32_t)(high << 16 | low);
    return *asn != 0;
}

/* ---- a line -------------------------------------------------------------------------------------------- */

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

static bool separates(uint8_t byte)
{
    return is_blank(byte) || byte == ',' || byte == ';' || byte == '|';
}

/* Returns the text up to a separator; a set in braces, and origins between commas in it, are one. */
static struct bytes next_token(struct bytes *rest)
{
    size_t start = 0, end;
    while (start < rest->len && is_blank(rest->data[start]))
        start++;
    bool braces = start < rest->len && rest->data[start] == '{';
    for (end = start; end < rest->len && (braces || !separates(rest->data[end])); end++)
        braces = braces && rest->data[end] != '}';
    struct bytes token = bytes_make(rest->data + start, end - start);
    while (end < rest->len && is_blank(rest->data[end]))
        end++;
    end += end < rest->len && separates(rest->data[end]);
    *rest = bytes_make(rest->data + end, rest->len - end);
    return token.len >= 2 && token.data[0] == '"' && token.data[token.len - 1] == '"'
               ? bytes_make(token.data + 1, token.len - 2)
               : token;
}

/* Reads origins: one, several between _ or commas, or a set in braces. */
static bool parse_origins(struct bytes text, struct as_prefix *found)
{
    if (text.len >= 2 && text.data[0] == '{' && text.data[text.len - 1] == '}')
        text = bytes_make(text.data + 1, text.len - 2);
    found->origin_count = 0;
    for (size_t start = 0; start <= text.len && found->origin_count < AS_ORIGINS_MOST;) {
        size_t end = start;
        while (end < text.len && text.data[end] != '_' && text.data[end] != ',' && text.data[end] != ' ')
            end++;
        if (!as_number_parse(bytes_make(text.data + start, end - start),
                             &found->origins[found->origin_count++]))
            return false;
        if (end == text.len)
            return true;
        start = end + 1;
    }
    return false;
}

/* Reads an address with its length in the text, or behind it. */
static bool parse_prefix(struct bytes text, struct bytes bits, struct ip_prefix *prefix)
{
    char copy[PREFIX_BYTES + 4];
    if (text.len + bits.len + 2 > sizeof copy || bytes_have(text, '\0') || bytes_have(bits, '\0'))
        return false;
    (void)snprintf(copy, sizeof copy, "%.*s%s%.*s", (int)text.len, (const char *)text.data,
                   bits.len > 0 ? "/" : "", (int)bits.len, (const char *)bits.data);
    return ip_prefix_parse(copy, prefix);
}

static bool is_length(struct bytes text)
{
    uint64_t bits;
    return parse_digits(text, 128, &bits);
}

static bool is_address(struct bytes text)
{
    struct ip_addr ip;
    return ip_parse_bytes(text, &ip);
}

const char *as_prefix_parse(struct bytes line, struct as_prefix *found)
{
    static const char no_prefix[] = "no prefix: its host bits are to be zero and its length in range";
    static const char no_number[] = "no AS number from 1 to 4294967295";
    struct bytes rest = line, none = bytes_make("", 0);
    struct bytes first = next_token(&rest), second = next_token(&rest);
    if (is_address(first) && is_length(second)) /* an AS number so small is written AS24 */
        return !parse_prefix(first, second, &found->prefix) ? no_prefix
               : !parse_origins(trim(rest), found)          ? "no AS number behind the length of the prefix"
                                                            : NULL;
    if (bytes_have(first, '/') || is_address(first))
        return !parse_prefix(first, none, &found->prefix) ? no_prefix
               : !parse_origins(second, found)            ? no_number
                                                          : NULL;
    if (bytes_have(second, '/') || is_address(second))
        return !parse_prefix(second, none, &found->prefix) ? no_prefix
               : !parse_origins(first, found)              ? no_number
                                                           : NULL;
    return "no prefix with its AS number (192.0.2.0/24 64500, or as CAIDA and RIPE write it)";
}

/* ---- the file ------------------------------------------------------------------------------------------ */

struct reading {
    struct optout *optout;
    struct lines lines;
    bool has_data; /* of a line before, which may have been a header */
    const char *reason;
    char wide[REASON_BYTES];
};

/* Refuses a prefix that is no network's, if it would count: whoever leaks a default route announces all
 * there is. */
static enum error refuse_wide(struct reading *reading, const struct as_prefix *found)
{
    char base[IP_TEXT_BYTES];
    for (size_t i = 0; ip_prefix_is_too_wide(&found->prefix) && i < found->origin_count; i++) {
        if (!optout_wants_as(reading->optout, found->origins[i]))
            continue;
        (void)snprintf(reading->wide, sizeof reading->wide,
                       "%s/%u is wider than anybody's network (/%d, IPv6: /%d), as a leaked route is, and "
                       "AS%lu is to opt out: take the line out; a prefix that is meant stands in "
                       "safety.optout itself",
                       ip_format(&found->prefix.base, base), (unsigned)found->prefix.bits,
                       IP_OWN_BITS_LEAST_V4, IP_OWN_BITS_LEAST_V6, (unsigned long)found->origins[i]);
        reading->reason = reading->wide;
        return ERR_SYNTAX;
    }
    return ERR_OK;
}

static enum error take_line(void *arg, const struct line *line)
{
    struct reading *reading = arg;
    struct bytes text = trim(line->text);
    struct as_prefix found;
    bool first = !reading->has_data;
    if (line->too_long) {
        reading->reason = "the line is too long";
        return ERR_SYNTAX;
    }
    if (text.len == 0 || text.data[0] == '#' || text.data[0] == '%')
        return ERR_OK;
    reading->has_data = true;
    const char *fault = as_prefix_parse(text, &found);
    if (fault != NULL && first && !bytes_have(text, '/') && !is_address(text))
        return ERR_OK; /* a header */
    reading->reason = fault;
    enum error error = fault == NULL ? refuse_wide(reading, &found) : ERR_SYNTAX;
    for (size_t i = 0; error == ERR_OK && i < found.origin_count; i++)
        error = optout_add_announced(reading->optout, found.origins[i], &found.prefix);
    return error;
}

static enum error take_data(void *arg, struct bytes data)
{
    struct reading *reading = arg;
    return lines_feed(&reading->lines, data);
}

enum error as_prefixes_read(const char *path, struct optout *optout, struct buf *why)
{
    struct reading reading = {.optout = optout};
    struct stored stored = {.path = path, .sink = take_data, .arg = &reading};
    lines_init(&reading.lines, take_line, &reading);
    enum error error = stored_read(&stored);
    if (error == ERR_OK)
        error = lines_end(&reading.lines);
    if (error == ERR_OK)
        return ERR_OK;
    const char *reason = reading.reason != NULL     ? reading.reason
                         : stored.reason[0] != '\0' ? stored.reason
                                                    : error_text(error);
    if (reading.lines.number > 0)
        buf_printf(why, "%s:%llu: %s", shown(path), (unsigned long long)reading.lines.number, reason);
    else
        buf_printf(why, "%s: %s", shown(path), reason);
    return error;
}
