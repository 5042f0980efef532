/*
 * An mx pattern of the policy: ["*."] Domain, where Domain is RFC 5321's without address literals (POL-8).
 * Says what is wrong and where; whether a host matches is match.c's.
 */
#include "scanner/policy/policy.h"

#include "scanner/base/ip.h"
#include "scanner/policy/text.h"

enum { LABEL_BYTES = 63, NAME_BYTES = 253 };

/* Four runs of digits: meant as an address even where a number is past 255. */
static bool is_dotted_quad(struct bytes name)
{
    size_t dots = 0, digits = 0;
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

/* Also in the form of an address literal, and with the tag that RFC 5321 puts there. */
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

/* The fault of one byte for itself, in a label that has label_len bytes before it. */
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

/* *at gets the offset of the fault. */
static enum failure_code check_name(struct bytes name, size_t *at)
{
    size_t label_len = 0;
    for (*at = 0; *at < name.len; ++*at) {
        enum failure_code code = check_byte(name, *at, label_len);
        if (code != FAIL_NONE)
            return code;
        label_len = name.data[*at] == '.' ? 0 : label_len + 1;
        if (label_len > LABEL_BYTES)
            return FAIL_POLICY_SYNTAX_MX_BAD;
    }
    return name.len == 0 ? FAIL_POLICY_SYNTAX_MX_BAD : FAIL_NONE;
}

enum failure_code sts_policy_check_pattern(struct bytes pattern, uint32_t *column)
{
    size_t start = pattern.len > 2 && text_begins(pattern, bytes_of("*.")) ? 2 : 0;
    struct bytes name = text_slice(pattern, start, pattern.len);
    size_t at = 0;
    enum failure_code code = FAIL_POLICY_SYNTAX_MX_ADDRESS;
    if (!is_address(name))
        code = check_name(name, &at);
    size_t len = pattern.len - (code == FAIL_POLICY_SYNTAX_MX_TRAILING_DOT);
    if (len > NAME_BYTES && (code == FAIL_NONE || start + at >= NAME_BYTES)) {
        code = FAIL_POLICY_SYNTAX_MX_BAD;
        at = NAME_BYTES - start;
    }
    *column = start + at < UINT32_MAX ? (uint32_t)(start + at + 1) : UINT32_MAX;
    return code;
}
