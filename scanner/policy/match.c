/* MX host against policy pattern. It converts no U-labels and checks no certificate. */
#include "scanner/policy/match.h"

#include "scanner/base/ip.h"
#include "scanner/policy/policy.h"
#include "scanner/policy/text.h"

enum { LABEL_BYTES = 63, NAME_BYTES = 253 };

static struct bytes without_root_dot(const char *name)
{
    struct bytes text = bytes_of(name);
    if (text.len > 0 && text.data[text.len - 1] == '.')
        text.len--;
    return text;
}

static bool equal_folded(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (text_fold(a.data[i]) != text_fold(b.data[i]))
            return false;
    return true;
}

static bool is_address(struct bytes host)
{
    char text[IP_TEXT_BYTES];
    struct ip_addr ip;
    if (host.len >= sizeof text)
        return false;
    memcpy(text, host.data, host.len);
    text[host.len] = '\0';
    return ip_parse(text, &ip);
}

/* Something that a pattern may match: no label empty or too long, not an address, no white space, and no
 * star, which is a pattern's. */
static bool is_host(struct bytes host)
{
    if (host.len == 0 || host.len > NAME_BYTES || is_address(host))
        return false;
    size_t label_len = 0;
    for (size_t i = 0; i < host.len; i++) {
        uint8_t byte = host.data[i];
        if (byte <= ' ' || byte == '*' || (byte == '.' && label_len == 0))
            return false;
        label_len = byte == '.' ? 0 : label_len + 1;
        if (label_len > LABEL_BYTES)
            return false;
    }
    return label_len > 0;
}

/* Behind the first label, its dot included; empty where there is only one. */
static struct bytes parent(struct bytes host)
{
    size_t dot = 0;
    while (dot < host.len && host.data[dot] != '.')
        dot++;
    return text_slice(host, dot, host.len);
}

bool mx_pattern_match(const char *host, const char *pattern)
{
    struct bytes name = without_root_dot(host), wanted = without_root_dot(pattern);
    uint32_t column;
    if (!is_host(name) || sts_policy_check_pattern(wanted, &column) != FAIL_NONE)
        return false;
    if (wanted.data[0] == '*')
        return equal_folded(parent(name), text_slice(wanted, 1, wanted.len));
    return equal_folded(name, wanted);
}

bool mx_pattern_match_any(const char *host, const char *const *patterns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (mx_pattern_match(host, patterns[i]))
            return true;
    return false;
}
