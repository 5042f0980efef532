/*
 * Checks an mx pattern of the policy and says what is wrong at which column. A pattern is ["*."] Domain, with
 * the Domain of RFC 5321 without address literals (POL-8). match.c tells whether a host matches.
 */
#include "scanner/sts/policy.h"

#include "scanner/base/ip.h"
#include "scanner/sts/text.h"

enum { LABEL_BYTES = 63, NAME_BYTES = 253 };

/* Says whether the name is four runs of digits: meant as an address even if a number is past 255 or a dot
 * ends it. */
static bool is_dotted_quad(struct bytes name)
{
    size_t dots = 0, digits = 0;
    if (name.len > 0 && name.data[name.len - 1] == '.')
        name.len--;
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '.' && digits > 0) {
            dots++;
            digits = 0;
        } else if (text_is_digit(name.data[i])) {
            digits++;
        } else {
            return false;
        }
    }
    return dots == 3 && digits > 0;
}

static bool is_ipv6(struct bytes name)
{
    char text[IP_TEXT_BYTES];
    struct ip_addr ip;
    if (name.len >= sizeof text)
        return false;
    memcpy(text, name.data, name.len);
    text[name.len] = '\0';
    return strlen(text) == name.len && ip_parse(text, &ip) && ip.family == 6;
}

/* Says whether the name is an address, also in the form of an address literal with RFC 5321's tag. */
static bool is_address(struct bytes name)
{
    static const char tag[] = "ipv6:";
    size_t len = 0;
    if (name.len == 0)
        return false;
    while (len < name.len && tag[len] != '\0' && text_fold(name.data[len]) == (uint8_t)tag[len])
        len++;
    return name.data[0] == '[' || tag[len] == '\0' || is_dotted_quad(name) || is_ipv6(name);
}

/* Checks one byte of a label that has label_len bytes before it. */
static enum failure_code check_byte(struct bytes name, size_t at, size_t label_len)
{
    uint8_t byte = name.data[at];
    bool ends_label = at + 1 == name.len || name.data[at + 1] == '.';
    if (byte >= 0x80)
        return FAIL_POLICY_SYNTAX_MX_ULABEL;
    if (byte == '*')
        return FAIL_POLICY_SYNTAX_MX_WILDCARD;
    if (byte == '.' && label_len > 0)
        return at + 1 == name.len ? FAIL_POLICY_SYNTAX_MX_TRAILING_DOT : FAIL_NONE;
    if (byte == '-' && label_len > 0 && !ends_label)
        return FAIL_NONE;
    return text_is_alnum(byte) ? FAIL_NONE : FAIL_POLICY_SYNTAX_MX_BAD;
}

struct checked {
    struct pattern_fault *faults;
    size_t count;
};

static uint32_t column_of(size_t at)
{
    return at < UINT32_MAX ? (uint32_t)at + 1 : UINT32_MAX;
}

/* Notes a fault, each code once. */
static void note(struct checked *checked, enum failure_code code, size_t at)
{
    for (size_t i = 0; i < checked->count; i++)
        if (checked->faults[i].code == code)
            return;
    if (code != FAIL_NONE)
        checked->faults[checked->count++] = (struct pattern_fault){code, column_of(at)};
}

/* Checks the name, which begins at offset start of the pattern. A dot at the end is a fault of its own, and
 * makes no name too long. */
static void check_name(struct checked *checked, struct bytes name, size_t start)
{
    bool is_dotted = name.len > 0 && name.data[name.len - 1] == '.';
    bool is_long = start + name.len - is_dotted > NAME_BYTES;
    size_t label_len = 0;
    for (size_t at = 0; at < name.len; at++) {
        if (is_long && start + at == NAME_BYTES)
            note(checked, FAIL_POLICY_SYNTAX_MX_BAD, start + at);
        note(checked, check_byte(name, at, label_len), start + at);
        label_len = name.data[at] == '.' ? 0 : label_len + 1;
        if (label_len > LABEL_BYTES)
            note(checked, FAIL_POLICY_SYNTAX_MX_BAD, start + at);
    }
    if (name.len == 0)
        note(checked, FAIL_POLICY_SYNTAX_MX_BAD, start);
}

size_t sts_policy_pattern_faults(struct bytes pattern, struct pattern_fault faults[PATTERN_FAULTS])
{
    size_t start = pattern.len > 2 && text_begins(pattern, bytes_of("*.")) ? 2 : 0;
    struct bytes name = text_slice(pattern, start, pattern.len);
    struct checked checked = {.faults = faults};
    if (is_address(name))
        note(&checked, FAIL_POLICY_SYNTAX_MX_ADDRESS, start);
    else
        check_name(&checked, name, start);
    return checked.count;
}

enum failure_code sts_policy_check_pattern(struct bytes pattern, uint32_t *column)
{
    struct pattern_fault faults[PATTERN_FAULTS];
    bool is_good = sts_policy_pattern_faults(pattern, faults) == 0;
    *column = is_good ? column_of(pattern.len) : faults[0].column;
    return is_good ? FAIL_NONE : faults[0].code;
}
