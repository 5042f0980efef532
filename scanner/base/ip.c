/*
 * Reads, prints and compares IP addresses, and keeps sets of prefixes. Pure; opens no socket and asks no name
 * service. ip_special.c says which addresses may be reached.
 */
#include "scanner/base/ip.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/ip_special.h"

enum { FIRST_PREFIXES = 8, PREFIX_TEXT_BYTES = IP_TEXT_BYTES + 4, PORT_TEXT_BYTES = IP_TEXT_BYTES + 9 };

static uint8_t width_bytes(uint8_t family)
{
    return family == 4 ? 4 : family == 6 ? 16 : 0;
}

struct ip_addr ip_v4(const uint8_t bytes[4])
{
    struct ip_addr ip = {.family = 4};
    memcpy(ip.bytes, bytes, 4);
    return ip;
}

struct ip_addr ip_v6(const uint8_t bytes[16])
{
    struct ip_addr ip = {.family = 6};
    memcpy(ip.bytes, bytes, 16);
    return ip;
}

bool ip_parse(const char *text, struct ip_addr *ip)
{
    uint8_t bytes[16];
    if (inet_pton(AF_INET, text, bytes) == 1)
        *ip = ip_v4(bytes);
    else if (inet_pton(AF_INET6, text, bytes) == 1)
        *ip = ip_v6(bytes);
    else
        return false;
    return true;
}

bool ip_parse_bytes(struct bytes text, struct ip_addr *ip)
{
    char copy[IP_TEXT_BYTES];
    if (text.len >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.len);
    copy[text.len] = 0;
    return ip_parse(copy, ip);
}

/* Reads a decimal number from 0 to max, without sign or leading zeros. */
static bool parse_decimal(const char *text, uint32_t max, uint32_t *value)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] != '\0' || (digits > 1 && text[0] == '0'))
        return false;
    *value = (uint32_t)strtoul(text, NULL, 10);
    return *value <= max;
}

static bool parse_port(const char *text, uint16_t *port)
{
    uint32_t value;
    if (!parse_decimal(text, UINT16_MAX, &value) || value == 0)
        return false;
    *port = (uint16_t)value;
    return true;
}

/* Reads "[ADDR]" or "[ADDR]:PORT"; text is writable. */
static bool parse_bracketed(char *text, struct ip_addr *ip, uint16_t *port)
{
    char *end = strchr(text, ']');
    if (end == NULL)
        return false;
    *end = '\0';
    struct ip_addr found;
    if (!ip_parse(text + 1, &found) || (end[1] != '\0' && (end[1] != ':' || !parse_port(end + 2, port))))
        return false;
    *ip = found;
    return true;
}

bool ip_parse_port(const char *text, struct ip_addr *ip, uint16_t *port)
{
    char copy[PORT_TEXT_BYTES];
    if (ip_parse(text, ip))
        return true;
    size_t len = strlen(text);
    if (len >= sizeof copy)
        return false;
    memcpy(copy, text, len + 1);
    if (copy[0] == '[')
        return parse_bracketed(copy, ip, port);
    /* An IPv6 address without brackets can have no port, and it is refused here without one too. */
    char *colon = strchr(copy, ':');
    if (colon == NULL || strchr(colon + 1, ':') != NULL)
        return false;
    *colon = '\0';
    struct ip_addr found;
    if (!ip_parse(copy, &found) || !parse_port(colon + 1, port))
        return false;
    *ip = found;
    return true;
}

/* Prints what inet_ntop prints, without its snprintf, which shows in a survey's profile: every record has
 * addresses. */
static void format_ipv4(const uint8_t bytes[4], char *text)
{
    for (size_t i = 0; i < 4; i++) {
        if (bytes[i] >= 100)
            *text++ = (char)('0' + bytes[i] / 100);
        if (bytes[i] >= 10)
            *text++ = (char)('0' + bytes[i] / 10 % 10);
        *text++ = (char)('0' + bytes[i] % 10);
        *text++ = i < 3 ? '.' : '\0';
    }
}

char *ip_format(const struct ip_addr *ip, char text[IP_TEXT_BYTES])
{
    text[0] = '\0';
    if (ip->family == 4)
        format_ipv4(ip->bytes, text);
    else if (ip->family == 6)
        (void)inet_ntop(AF_INET6, ip->bytes, text, IP_TEXT_BYTES);
    return text;
}

bool ip_equal(const struct ip_addr *a, const struct ip_addr *b)
{
    return a->family == b->family && memcmp(a->bytes, b->bytes, width_bytes(a->family)) == 0;
}

socklen_t ip_sockaddr(const struct ip_addr *ip, uint16_t port, struct sockaddr_storage *address)
{
    memset(address, 0, sizeof *address);
    if (ip->family == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)address;
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        memcpy(&in->sin_addr, ip->bytes, 4);
        return sizeof *in;
    }
    if (ip->family == 6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)address;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(port);
        memcpy(&in6->sin6_addr, ip->bytes, 16);
        return sizeof *in6;
    }
    return 0;
}

static bool host_bits_clear(const struct ip_prefix *prefix)
{
    for (unsigned bit = prefix->bits; bit < width_bytes(prefix->base.family) * 8u; bit++)
        if ((prefix->base.bytes[bit / 8] & (0x80u >> (bit % 8))) != 0)
            return false;
    return true;
}

bool ip_prefix_parse(const char *text, struct ip_prefix *prefix)
{
    char copy[PREFIX_TEXT_BYTES];
    size_t len = strlen(text);
    if (len >= sizeof copy)
        return false;
    memcpy(copy, text, len + 1);
    char *slash = strchr(copy, '/');
    if (slash != NULL)
        *slash = '\0';
    struct ip_prefix found;
    if (!ip_parse(copy, &found.base))
        return false;
    uint32_t bits = width_bytes(found.base.family) * 8u;
    if (slash != NULL && !parse_decimal(slash + 1, bits, &bits))
        return false;
    found.bits = (uint8_t)bits;
    if (!host_bits_clear(&found))
        return false;
    *prefix = found;
    return true;
}

bool ip_prefix_is_too_wide(const struct ip_prefix *prefix)
{
    return prefix->bits < (prefix->base.family == 6 ? IP_OWN_BITS_LEAST_V6 : IP_OWN_BITS_LEAST_V4);
}

bool ip_prefix_contains(const struct ip_prefix *prefix, const struct ip_addr *ip)
{
    size_t whole = prefix->bits / 8;
    if (prefix->base.family != ip->family || memcmp(prefix->base.bytes, ip->bytes, whole) != 0)
        return false;
    unsigned rest = prefix->bits % 8;
    return rest == 0 || ((prefix->base.bytes[whole] ^ ip->bytes[whole]) >> (8 - rest)) == 0;
}

enum error ip_set_add(struct ip_set *set, struct ip_prefix prefix)
{
    /* The capacity is the power of two at or above count, so that no third member is needed. */
    bool at_capacity =
        set->count == 0 || (set->count >= FIRST_PREFIXES && (set->count & (set->count - 1)) == 0);
    if (at_capacity) {
        size_t capacity = set->count == 0 ? FIRST_PREFIXES : set->count * 2;
        struct ip_prefix *prefixes = reallocarray(set->prefixes, capacity, sizeof *prefixes);
        if (prefixes == NULL)
            return ERR_MEMORY;
        set->prefixes = prefixes;
    }
    set->prefixes[set->count++] = prefix;
    return ERR_OK;
}

/* Takes the len bytes at item as a prefix into set. */
static enum error add_item(struct ip_set *set, const char *item, size_t len)
{
    char text[PREFIX_TEXT_BYTES];
    struct ip_prefix prefix;
    if (len >= sizeof text)
        return ERR_SYNTAX;
    memcpy(text, item, len);
    text[len] = '\0';
    return ip_prefix_parse(text, &prefix) ? ip_set_add(set, prefix) : ERR_SYNTAX;
}

enum error ip_set_parse(const char *list, struct ip_set *set, const char **bad)
{
    static const char separators[] = ", \t\r\n";
    *set = (struct ip_set){0};
    for (const char *item = list + strspn(list, separators); *item != '\0';) {
        size_t len = strcspn(item, separators);
        enum error error = add_item(set, item, len);
        if (error != ERR_OK) {
            ip_set_dispose(set);
            if (bad != NULL)
                *bad = item;
            return error;
        }
        item += len;
        item += strspn(item, separators);
    }
    return ERR_OK;
}

void ip_set_dispose(struct ip_set *set)
{
    free(set->prefixes);
    *set = (struct ip_set){0};
}

bool ip_set_contains(const struct ip_set *set, const struct ip_addr *ip)
{
    for (size_t i = 0; i < set->count; i++)
        if (ip_prefix_contains(&set->prefixes[i], ip))
            return true;
    return false;
}
