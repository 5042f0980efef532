/*
 * Holds what IANA's IPv4 and IPv6 Special-Purpose Address Registries say about reachability, and judges by
 * it. An entry that is "globally reachable: false" or "N/A" is refused; what the registries call reachable is
 * either not listed or an exception inside a refused block. Of IPv6 only 2000::/3 is assigned as global
 * unicast (RFC 4291 section 2.4, IANA's address space registry): all else is refused, whatever form of an
 * address of this machine or its network it may be, but for NAT64. Pure; never looks at what this machine can
 * reach.
 */
#include "scanner/base/ip_special.h"

#define V4(text, bits, ...)                                                                                  \
    {                                                                                                        \
        text,                                                                                                \
        {                                                                                                    \
            {4, {__VA_ARGS__}}, bits                                                                         \
        }                                                                                                    \
    }
#define V6(text, bits, ...)                                                                                  \
    {                                                                                                        \
        text,                                                                                                \
        {                                                                                                    \
            {6, {__VA_ARGS__}}, bits                                                                         \
        }                                                                                                    \
    }

const struct ip_special ip_specials[] = {
    V4("0.0.0.0/8", 8, 0),                   /* this network, RFC 791 */
    V4("10.0.0.0/8", 8, 10),                 /* private use, RFC 1918 */
    V4("100.64.0.0/10", 10, 100, 64),        /* shared address space, RFC 6598 */
    V4("127.0.0.0/8", 8, 127),               /* loopback, RFC 1122 */
    V4("169.254.0.0/16", 16, 169, 254),      /* link local, RFC 3927 */
    V4("172.16.0.0/12", 12, 172, 16),        /* private use, RFC 1918 */
    V4("192.0.0.0/24", 24, 192, 0, 0),       /* IETF protocol assignments, RFC 6890 */
    V4("192.0.2.0/24", 24, 192, 0, 2),       /* TEST-NET-1, RFC 5737 */
    V4("192.88.99.0/24", 24, 192, 88, 99),   /* deprecated 6to4 relay anycast, RFC 7526 */
    V4("192.168.0.0/16", 16, 192, 168),      /* private use, RFC 1918 */
    V4("198.18.0.0/15", 15, 198, 18),        /* benchmarking, RFC 2544 */
    V4("198.51.100.0/24", 24, 198, 51, 100), /* TEST-NET-2, RFC 5737 */
    V4("203.0.113.0/24", 24, 203, 0, 113),   /* TEST-NET-3, RFC 5737 */
    V4("224.0.0.0/4", 4, 224),               /* multicast, RFC 5771 */
    V4("240.0.0.0/4", 4, 240),               /* reserved, and limited broadcast */
    V6("::/3", 3, 0),             /* no global unicast: ::1, mapped, translated, 64:ff9b:1::, 100:: */
    V6("2001::/23", 23, 0x20, 1), /* IETF assignments, Teredo among them */
    V6("2001:db8::/32", 32, 0x20, 1, 0x0d, 0xb8), /* documentation, RFC 3849 */
    V6("3fff::/20", 20, 0x3f, 0xff),              /* documentation, RFC 9637 */
    V6("4000::/2", 2, 0x40),                      /* no global unicast: 5f00:: */
    V6("8000::/1", 1, 0x80),                      /* no global unicast: fc00::, fe80::, fec0::, ff00:: */
};
const size_t ip_special_count = sizeof ip_specials / sizeof ip_specials[0];

const struct ip_special ip_exceptions[] = {
    V4("192.0.0.9/32", 32, 192, 0, 0, 9),        /* PCP anycast, RFC 7723 */
    V4("192.0.0.10/32", 32, 192, 0, 0, 10),      /* TURN anycast, RFC 8155 */
    V6("64:ff9b::/96", 96, 0, 0x64, 0xff, 0x9b), /* as the IPv4 address in it */
    V6("2001:1::1/128", 128, 0x20, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1), /* PCP anycast */
    V6("2001:1::2/128", 128, 0x20, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2), /* TURN anycast */
    V6("2001:1::3/128", 128, 0x20, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3), /* DNS-SD SRP, RFC 9665 */
    V6("2001:3::/32", 32, 0x20, 1, 0, 3),                                        /* AMT, RFC 7450 */
    V6("2001:4:112::/48", 48, 0x20, 1, 0, 4, 1, 0x12),                           /* AS112-v6, RFC 7535 */
    V6("2001:20::/28", 28, 0x20, 1, 0, 0x20),                                    /* ORCHIDv2, RFC 7343 */
    V6("2001:30::/28", 28, 0x20, 1, 0, 0x30), /* drone remote ID, RFC 9374 */
};
const size_t ip_exception_count = sizeof ip_exceptions / sizeof ip_exceptions[0];

const struct ip_embedding ip_embeddings[] = {
    {{{6, {0, 0x64, 0xff, 0x9b}}, 96}, 12}, /* NAT64, RFC 6052 */
    {{{6, {0x20, 2}}, 16}, 2},              /* 6to4, RFC 3056 */
};
const size_t ip_embedding_count = sizeof ip_embeddings / sizeof ip_embeddings[0];

static bool listed(const struct ip_special *table, size_t count, const struct ip_addr *ip)
{
    for (size_t i = 0; i < count; i++)
        if (ip_prefix_contains(&table[i].prefix, ip))
            return true;
    return false;
}

static bool embedded_v4(const struct ip_addr *ip, struct ip_addr *v4)
{
    for (size_t i = 0; i < ip_embedding_count; i++) {
        if (ip_prefix_contains(&ip_embeddings[i].prefix, ip)) {
            *v4 = ip_v4(ip->bytes + ip_embeddings[i].offset);
            return true;
        }
    }
    return false;
}

static bool globally_reachable(const struct ip_addr *ip)
{
    return listed(ip_exceptions, ip_exception_count, ip) || !listed(ip_specials, ip_special_count, ip);
}

bool ip_may_reach(const struct ip_addr *ip, const struct ip_set *allow)
{
    if (ip->family != 4 && ip->family != 6)
        return false;
    if (allow != NULL && ip_set_contains(allow, ip))
        return true;
    struct ip_addr v4;
    if (!embedded_v4(ip, &v4))
        return globally_reachable(ip);
    return (allow != NULL && ip_set_contains(allow, &v4)) || globally_reachable(&v4);
}

static bool lies_in(const struct ip_prefix *inner, const struct ip_prefix *outer)
{
    return inner->bits >= outer->bits && ip_prefix_contains(outer, &inner->base);
}

static bool lies_in_any(const struct ip_special *table, size_t count, const struct ip_prefix *prefix)
{
    for (size_t i = 0; i < count; i++)
        if (lies_in(prefix, &table[i].prefix))
            return true;
    return false;
}

static bool touches(const struct ip_set *allow, const struct ip_prefix *prefix)
{
    for (size_t i = 0; allow != NULL && i < allow->count; i++)
        if (lies_in(prefix, &allow->prefixes[i]) || lies_in(&allow->prefixes[i], prefix))
            return true;
    return false;
}

/* Takes the IPv4 prefix out of one of those that carry IPv4 addresses. */
static bool carried_prefix(const struct ip_prefix *prefix, struct ip_prefix *v4)
{
    for (size_t i = 0; i < ip_embedding_count; i++) {
        const struct ip_embedding *form = &ip_embeddings[i];
        unsigned before = form->offset * 8u;
        if (!lies_in(prefix, &form->prefix))
            continue;
        v4->base = ip_v4(prefix->base.bytes + form->offset);
        v4->bits = (uint8_t)(prefix->bits - before < 32 ? prefix->bits - before : 32);
        return true;
    }
    return false;
}

bool ip_prefix_is_special(const struct ip_prefix *prefix, const struct ip_set *allow)
{
    struct ip_prefix judged = *prefix;
    if (touches(allow, prefix) || (carried_prefix(prefix, &judged) && touches(allow, &judged)))
        return false;
    return lies_in_any(ip_specials, ip_special_count, &judged) &&
           !lies_in_any(ip_exceptions, ip_exception_count, &judged);
}

const char *ip_special_prefix(size_t index)
{
    return index < ip_special_count ? ip_specials[index].text : NULL;
}
