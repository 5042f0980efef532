/* Matches MX hosts against policy patterns. It converts no U-labels and checks no certificate. */
#include "scanner/sts/match.h"

#include "scanner/base/ip.h"
#include "scanner/sts/policy.h"
#include "scanner/sts/text.h"

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

/* Says whether a pattern may match the host: no label is empty or too long, it is no address, and it holds no
 * white space and no star. */
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

/* Returns the part behind the first label, with its dot; empty if there is only one label. */
static struct bytes parent(struct bytes host)
{
    size_t dot = 0;
    while (dot < host.len && host.data[dot] != '.')
        dot++;
    return text_slice(host, dot, host.len);
}

/* A host, prepared for comparison with many patterns. */
struct prepared {
    struct bytes name, parent;
    bool is_host;
};

static struct prepared prepare(const char *host)
{
    struct prepared prepared = {.name = without_root_dot(host)};
    prepared.is_host = is_host(prepared.name);
    if (prepared.is_host)
        prepared.parent = parent(prepared.name);
    return prepared;
}

/* Compares one pattern. A policy may hold 13,000 patterns and a domain 20 hosts, so cheap tests come first.
 */
static bool matches(const struct prepared *host, const char *pattern)
{
    struct bytes wanted = without_root_dot(pattern);
    uint32_t column;
    bool is_wide = wanted.len > 0 && wanted.data[0] == '*';
    bool same = is_wide ? equal_folded(host->parent, text_slice(wanted, 1, wanted.len))
                        : equal_folded(host->name, wanted);
    return same && host->is_host && sts_policy_check_pattern(wanted, &column) == FAIL_NONE;
}

bool mx_pattern_match(const char *host, const char *pattern)
{
    return mx_pattern_match_any(host, &pattern, 1);
}

bool mx_pattern_match_any(const char *host, const char *const *patterns, size_t count)
{
    const struct prepared prepared = prepare(host);
    for (size_t i = 0; i < count; i++)
        if (matches(&prepared, patterns[i]))
            return true;
    return false;
}

void mx_pattern_mark(const char *host, const char *const *patterns, size_t count, bool *matched)
{
    const struct prepared prepared = prepare(host);
    for (size_t i = 0; i < count; i++)
        matched[i] = matched[i] || matches(&prepared, patterns[i]);
}
