/* Checks URIs of report addresses from left to right. */
#include "scanner/sts/uri.h"

#include "scanner/base/ip.h"
#include "scanner/sts/text.h"

/* A position in the URI. Functions that take one move it as far as their part reaches. */
struct cursor {
    struct bytes text;
    size_t at;
};

static bool is_hex(uint8_t byte)
{
    return text_is_digit(byte) || (text_fold(byte) >= 'a' && text_fold(byte) <= 'f');
}

static bool is_unreserved(uint8_t byte)
{
    return text_is_alnum(byte) || (byte != '\0' && strchr("-._~", byte) != NULL);
}

static bool at_end(const struct cursor *cursor)
{
    return cursor->at == cursor->text.len;
}

static bool at_byte(const struct cursor *cursor, uint8_t byte)
{
    return !at_end(cursor) && cursor->text.data[cursor->at] == byte;
}

static bool skip_byte(struct cursor *cursor, uint8_t byte)
{
    bool is_there = at_byte(cursor, byte);
    cursor->at += is_there;
    return is_there;
}

/* Skips one unreserved byte, one percent-encoded byte, or one byte of also. */
static bool skip_character(struct cursor *cursor, const char *also)
{
    if (at_end(cursor))
        return false;
    const uint8_t *here = cursor->text.data + cursor->at;
    size_t left = cursor->text.len - cursor->at, len = 0;
    if (is_unreserved(*here) || (*here != '\0' && strchr(also, *here) != NULL))
        len = 1;
    else if (*here == '%' && left >= 3 && is_hex(here[1]) && is_hex(here[2]))
        len = 3;
    cursor->at += len;
    return len > 0;
}

static void skip_characters(struct cursor *cursor, const char *also)
{
    while (skip_character(cursor, also))
        continue;
}

static bool skip_scheme(struct cursor *cursor, const char *scheme)
{
    size_t len = strlen(scheme);
    if (cursor->text.len < len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (text_fold(cursor->text.data[i]) != (uint8_t)scheme[i])
            return false;
    cursor->at = len;
    return true;
}

/* sub-delims of RFC 3986 without the three that RFC 8460 wants encoded. */
#define SUB_DELIMS "$&'()*+="

/* Says whether the rest is [ "?" query ] [ "#" fragment ] and nothing more. */
static bool is_tail(struct cursor *cursor)
{
    if (skip_byte(cursor, '?'))
        skip_characters(cursor, SUB_DELIMS ":@/?");
    if (skip_byte(cursor, '#'))
        skip_characters(cursor, SUB_DELIMS ":@/?");
    return at_end(cursor);
}

/* Reads words with single dots between them. */
static bool is_dotted(struct cursor *cursor, const char *also)
{
    do {
        size_t start = cursor->at;
        while (!at_byte(cursor, '.') && skip_character(cursor, also))
            continue;
        if (cursor->at == start)
            return false;
    } while (skip_byte(cursor, '.'));
    return true;
}

/* The marks of RFC 5322's atext that need no encoding (RFC 6068 section 2). */
#define LOCAL_MARKS "$'*+"

/* Reads a local part. A quoted one has its quotes percent-encoded, and its dots may be anywhere. */
static bool is_local_part(struct cursor *cursor)
{
    struct bytes rest = text_slice(cursor->text, cursor->at, cursor->text.len);
    if (!text_begins(rest, bytes_of("%22")))
        return is_dotted(cursor, LOCAL_MARKS);
    skip_characters(cursor, LOCAL_MARKS);
    return true;
}

/* Reads a label: a hyphen neither begins nor ends it. */
static bool is_label(struct cursor *cursor)
{
    size_t start = cursor->at;
    if (at_byte(cursor, '-'))
        return false;
    while (!at_byte(cursor, '.') && !at_byte(cursor, '~') && skip_character(cursor, ""))
        continue;
    if (cursor->at > start && cursor->text.data[cursor->at - 1] == '-')
        cursor->at--;
    return cursor->at > start && !at_byte(cursor, '-');
}

/* Reads a host name, which may end in the root's dot. */
static bool is_host_name(struct cursor *cursor)
{
    do {
        if (!is_label(cursor))
            return false;
    } while (skip_byte(cursor, '.') && !at_end(cursor) &&
             strchr("/:?#", cursor->text.data[cursor->at]) == NULL);
    return true;
}

static bool is_mailbox(struct cursor *cursor)
{
    if (!is_local_part(cursor) || !skip_byte(cursor, '@') || !is_host_name(cursor))
        return false;
    return cursor->text.data[cursor->at - 1] != '.' && is_tail(cursor);
}

/* Reads "[" IPv6 address "]". */
static bool is_ip_literal(struct cursor *cursor)
{
    char text[IP_TEXT_BYTES];
    size_t len = 0;
    cursor->at++;
    while (!at_end(cursor) && !at_byte(cursor, ']') && len < sizeof text - 1)
        text[len++] = (char)cursor->text.data[cursor->at++];
    text[len] = '\0';
    struct ip_addr ip;
    return strlen(text) == len && ip_parse(text, &ip) && ip.family == 6 && skip_byte(cursor, ']');
}

/* Reads [ ":" *DIGIT ], up to 65535. */
static bool is_port(struct cursor *cursor)
{
    if (!skip_byte(cursor, ':'))
        return true;
    uint32_t port = 0;
    while (!at_end(cursor) && text_is_digit(cursor->text.data[cursor->at])) {
        port = port * 10 + (uint32_t)(cursor->text.data[cursor->at] - '0');
        if (port > UINT16_MAX)
            return false;
        cursor->at++;
    }
    return true;
}

static void skip_userinfo(struct cursor *cursor)
{
    size_t start = cursor->at;
    skip_characters(cursor, SUB_DELIMS ":");
    if (!skip_byte(cursor, '@'))
        cursor->at = start;
}

static bool is_web_address(struct cursor *cursor)
{
    skip_userinfo(cursor);
    if (!(at_byte(cursor, '[') ? is_ip_literal(cursor) : is_host_name(cursor)) || !is_port(cursor))
        return false;
    if (at_byte(cursor, '/'))
        skip_characters(cursor, SUB_DELIMS ":@/");
    return is_tail(cursor);
}

bool uri_is_report_address(struct bytes uri, size_t *fault)
{
    struct cursor cursor = {uri, 0};
    bool is_good = skip_scheme(&cursor, "mailto:")    ? is_mailbox(&cursor)
                   : skip_scheme(&cursor, "https://") ? is_web_address(&cursor)
                                                      : false;
    *fault = cursor.at;
    return is_good;
}
