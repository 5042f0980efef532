/*
 * Turns text into a domain name. ASCII names are only checked and folded: libidn2 would refuse names that
 * exist (r3---sn…, odd xn--). It gets the labels that are not ASCII, one at a time. Text that is no name gets
 * a code by its kind (e-mail, URL, address), so that the list's author can mend it.
 */
#include "scanner/facts/hostname.h"

#include <idn2.h>

#include "scanner/base/ip.h"
#include "scanner/base/trim.h"

enum {
    NAME_MAX_BYTES = HOSTNAME_BYTES - 1,
    LABEL_MAX_BYTES = 63,
    U_LABEL_MAX_BYTES = 1024, /* before normalisation; a longer label never gets down to 63 in earnest */
    ADDRESS_MAX_BYTES = 63,
};

/* Returns letters in lower case; digits, hyphen, underscore and the dot between labels as they are; 0 for all
 * else. */
static char fold(uint8_t byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return (char)(byte - 'A' + 'a');
    bool plain = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' ||
                 byte == '.';
    return plain ? (char)byte : '\0';
}

static bool is_plain(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (fold(text.data[i]) == '\0')
            return false;
    return true;
}

static bool is_digits(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

/* Checks that every label has 1 to 63 bytes and that the last is no number: such a name would be read as an
 * address (RFC 3696). */
static enum failure_code check_labels(const char *name)
{
    for (const char *label = name;; label++) {
        size_t len = strcspn(label, ".");
        if (len == 0)
            return FAIL_INPUT_BAD_NAME;
        if (len > LABEL_MAX_BYTES)
            return FAIL_INPUT_LABEL_TOO_LONG;
        label += len;
        if (*label == '\0')
            break;
    }
    if (!is_digits(hostname_tld(name)))
        return FAIL_NONE;
    struct ip_addr ip;
    return ip_parse(name, &ip) ? FAIL_INPUT_IS_ADDRESS : FAIL_INPUT_BAD_NAME;
}

/* Writes a name of plain bytes to out, without its trailing dot. */
static enum failure_code take_plain(struct bytes text, char out[HOSTNAME_BYTES])
{
    if (text.len > 0 && text.data[text.len - 1] == '.')
        text.len--;
    if (text.len > NAME_MAX_BYTES)
        return FAIL_INPUT_TOO_LONG;
    for (size_t i = 0; i < text.len; i++)
        out[i] = fold(text.data[i]);
    out[text.len] = '\0';
    return check_labels(out);
}

/* Returns the length of the label separator at the start of text (RFC 3490 section 3.1: the full stop and its
 * three ideographic forms). 0: none is there. */
static size_t separator_len(struct bytes text)
{
    static const char *const wide[] = {"\xe3\x80\x82", "\xef\xbc\x8e", "\xef\xbd\xa1"};
    if (text.data[0] == '.')
        return 1;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (text.len >= 3 && memcmp(text.data, wide[i], 3) == 0)
            return 3;
    return 0;
}

static size_t u_label_len(struct bytes text)
{
    size_t len = 0;
    while (len < text.len && separator_len(bytes_behind(text, len)) == 0)
        len++;
    return len;
}

static enum failure_code idn_failure(int result)
{
    switch (result) {
    case IDN2_ENCODING_ERROR: /* not UTF-8 */
        return FAIL_INPUT_BAD_NAME;
    case IDN2_TOO_BIG_LABEL:
    case IDN2_PUNYCODE_BIG_OUTPUT:
        return FAIL_INPUT_LABEL_TOO_LONG;
    case IDN2_TOO_BIG_DOMAIN:
        return FAIL_INPUT_TOO_LONG;
    default:
        return FAIL_INPUT_IDN_INVALID;
    }
}

/* Appends a converted label to the name. U+2024 and the like may have become bytes that no name holds. */
static enum failure_code put_label(struct bytes label, char *name, size_t *used)
{
    if (!is_plain(label))
        return FAIL_INPUT_IDN_INVALID;
    if (label.len > NAME_MAX_BYTES + 1 - *used)
        return FAIL_INPUT_TOO_LONG;
    if (label.len > 0)
        memcpy(name + *used, label.data, label.len);
    *used += label.len;
    return FAIL_NONE;
}

static enum failure_code put_u_label(struct bytes label, char *name, size_t *used)
{
    if (is_plain(label))
        return put_label(label, name, used);
    if (label.len > U_LABEL_MAX_BYTES)
        return FAIL_INPUT_LABEL_TOO_LONG;
    uint8_t text[U_LABEL_MAX_BYTES + 1];
    memcpy(text, label.data, label.len);
    text[label.len] = '\0';
    uint8_t *ascii = NULL;
    int result = idn2_lookup_u8(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (result != IDN2_OK)
        return idn_failure(result);
    struct bytes made = bytes_of((const char *)ascii);
    /* A label of nothing but ignored characters must not pass as the empty one at the end. */
    enum failure_code code = made.len == 0 ? FAIL_INPUT_IDN_INVALID : put_label(made, name, used);
    idn2_free(ascii);
    return code;
}

static enum failure_code take_idn(struct bytes text, char out[HOSTNAME_BYTES])
{
    char name[NAME_MAX_BYTES + 1]; /* not a C string: the last byte is for a trailing dot */
    size_t used = 0;
    for (;;) {
        struct bytes label = bytes_make(text.data, u_label_len(text));
        enum failure_code code = put_u_label(label, name, &used);
        if (code != FAIL_NONE)
            return code;
        text = bytes_behind(text, label.len);
        if (text.len == 0)
            return take_plain(bytes_make(name, used), out);
        code = put_label(bytes_of("."), name, &used);
        if (code != FAIL_NONE)
            return code;
        size_t separator = separator_len(text);
        text = bytes_behind(text, separator);
    }
}

/* Says whether text is an IP address, perhaps with a port, prefix length, zone or brackets. */
static bool is_address(struct bytes text)
{
    char copy[ADDRESS_MAX_BYTES + 1];
    if (text.len > ADDRESS_MAX_BYTES || bytes_have(text, '\0'))
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    if (copy[0] == '[' && strchr(copy, ']') != NULL)
        return true;
    copy[strcspn(copy, "/%")] = '\0';
    struct ip_addr ip;
    uint16_t port = 0;
    return ip_parse_port(copy, &ip, &port);
}

/* Says whether text is something with a path or a port behind it. */
static bool is_url(struct bytes text)
{
    if (bytes_have(text, '/'))
        return text.data[0] != '/' || (text.len > 1 && text.data[1] == '/');
    const uint8_t *colon = bytes_have(text, ':') ? memchr(text.data, ':', text.len) : NULL;
    if (colon == NULL || colon == text.data || colon + 1 == text.data + text.len)
        return false;
    for (const uint8_t *byte = colon + 1; byte < text.data + text.len; byte++)
        if (*byte < '0' || *byte > '9')
            return false;
    return true;
}

static bool has_high_byte(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] >= 0x80)
            return true;
    return false;
}

/* Handles text with a byte that no ASCII name has. */
static enum failure_code take_odd(struct bytes text, char out[HOSTNAME_BYTES])
{
    if (memmem(text.data, text.len, "://", 3) != NULL)
        return FAIL_INPUT_IS_URL;
    if (bytes_have(text, '@'))
        return FAIL_INPUT_IS_EMAIL;
    if (is_address(text))
        return FAIL_INPUT_IS_ADDRESS;
    if (is_url(text))
        return FAIL_INPUT_IS_URL;
    return has_high_byte(text) && !bytes_have(text, '\0') ? take_idn(text, out) : FAIL_INPUT_BAD_NAME;
}

enum failure_code hostname_normalize(struct bytes text, char out[HOSTNAME_BYTES])
{
    char name[HOSTNAME_BYTES];
    text = trim(text);
    enum failure_code code = is_plain(text) ? take_plain(text, name) : take_odd(text, name);
    if (code == FAIL_NONE)
        memcpy(out, name, strlen(name) + 1);
    return code;
}

static bool has_ace_prefix(const char *domain)
{
    for (const char *label = domain; label != NULL; label = strchr(label, '.')) {
        label += *label == '.';
        if (strncmp(label, "xn--", 4) == 0)
            return true;
    }
    return false;
}

bool hostname_unicode(const char *domain, char *out, size_t size)
{
    char *text = NULL;
    if (!has_ace_prefix(domain) || idn2_to_unicode_8z8z(domain, &text, 0) != IDN2_OK)
        return false;
    /* Only a form that leads back to the same name may be shown in its place. */
    char again[HOSTNAME_BYTES];
    size_t len = strlen(text);
    bool ok = len < size && strcmp(text, domain) != 0 &&
              hostname_normalize(bytes_make(text, len), again) == FAIL_NONE && strcmp(again, domain) == 0;
    if (ok)
        memcpy(out, text, len + 1);
    idn2_free(text);
    return ok;
}

bool hostname_below(char *name, size_t size, const char *prefix, const char *domain)
{
    size_t prefix_len = strlen(prefix), domain_bytes = strlen(domain) + 1;
    if (prefix_len > size || domain_bytes > size - prefix_len)
        return false;
    memcpy(name, prefix, prefix_len);
    memcpy(name + prefix_len, domain, domain_bytes);
    return true;
}

const char *hostname_tld(const char *domain)
{
    const char *dot = strrchr(domain, '.');
    return dot == NULL ? domain : dot + 1;
}
