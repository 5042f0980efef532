/* Addresses, prefixes, sets, and which addresses may be reached. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/ip.h"
#include "scanner/base/ip_special.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct ip_addr address(const char *text)
{
    struct ip_addr ip = {0};
    if (!ip_parse(text, &ip))
        fail_msg("not an address: %s", text);
    return ip;
}

static struct ip_set set_of(const char *list)
{
    struct ip_set set;
    if (ip_set_parse(list, &set, NULL) != ERR_OK)
        fail_msg("not a list of prefixes: %s", list);
    return set;
}

static void addresses_are_written_canonically(void **state)
{
    static const struct {
        const char *text, *canonical;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1"},
        {"0.0.0.0", "0.0.0.0"},
        {"2001:DB8::1", "2001:db8::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"0:0:0:0:0:0:0:0", "::"},
        {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
        {"64:ff9b::c000:201", "64:ff9b::c000:201"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[IP_TEXT_BYTES];
        struct ip_addr ip = address(cases[i].text);
        assert_string_equal(ip_format(&ip, text), cases[i].canonical);
        struct ip_addr again = address(text);
        assert_true(ip_equal(&ip, &again));
    }
}

/* Every value of a byte at every place: as inet_ntop writes it. */
static void ipv4_is_written_as_the_library_writes_it(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4 * 256; i++) {
        char text[IP_TEXT_BYTES];
        char expected[IP_TEXT_BYTES];
        struct ip_addr ip = {.family = 4, .bytes = {9, 10, 99, 100}};
        ip.bytes[i % 4] = (uint8_t)(i / 4);
        assert_non_null(inet_ntop(AF_INET, ip.bytes, expected, sizeof expected));
        assert_string_equal(ip_format(&ip, text), expected);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const cases[] = {
        "",    "1.2.3", "1.2.3.4.5",  "256.1.1.1", "1.2.3.04x", "1.2.3.4 ", " 1.2.3.4",  "0x7f.0.0.1",
        "::g", ":::",   "fe80::1%lo", "[::1]",     "1::2::3",   "127.1",    "1.2.3.4/32"};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ip_addr ip = {.family = 9};
        if (ip_parse(cases[i], &ip))
            fail_msg("taken as an address: %s", cases[i]);
        assert_int_equal(ip.family, 9);
    }
}

static void ports_are_read_beside_addresses(void **state)
{
    static const struct {
        const char *text, *ip; /* ip NULL: refused */
        uint16_t port;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", 53},
        {"192.0.2.1:5353", "192.0.2.1", 5353},
        {"192.0.2.1:65535", "192.0.2.1", 65535},
        {"::1", "::1", 53},
        {"[::1]", "::1", 53},
        {"[::1]:5353", "::1", 5353},
        {"[192.0.2.1]:5353", "192.0.2.1", 5353},
        {"2001:db8::1:5353", "2001:db8::1:5353", 53},
        {"192.0.2.1:", NULL, 0},
        {"192.0.2.1:0", NULL, 0},
        {"192.0.2.1:65536", NULL, 0},
        {"192.0.2.1:053", NULL, 0},
        {"192.0.2.1:+53", NULL, 0},
        {"192.0.2.1:53x", NULL, 0},
        {"192.0.2.1:99999999999999999999", NULL, 0},
        {"[::1", NULL, 0},
        {"[::1]x", NULL, 0},
        {"[::1]:", NULL, 0},
        {"[]:53", NULL, 0},
        {":53", NULL, 0},
        {"", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ip_addr ip = {0};
        uint16_t port = 53;
        bool taken = ip_parse_port(cases[i].text, &ip, &port);
        if (taken != (cases[i].ip != NULL))
            fail_msg("%s: %s", cases[i].text, taken ? "taken" : "refused");
        if (!taken)
            continue;
        struct ip_addr expected = address(cases[i].ip);
        assert_true(ip_equal(&ip, &expected));
        assert_int_equal(port, cases[i].port);
    }
}

static void socket_addresses_carry_address_and_port(void **state)
{
    (void)state;
    struct sockaddr_storage storage;
    struct ip_addr ip = address("192.0.2.1");
    assert_int_equal(ip_sockaddr(&ip, 25, &storage), sizeof(struct sockaddr_in));
    const struct sockaddr_in *in = (const struct sockaddr_in *)&storage;
    assert_int_equal(in->sin_family, AF_INET);
    assert_int_equal(ntohs(in->sin_port), 25);
    assert_int_equal(ntohl(in->sin_addr.s_addr), 0xc0000201);
    ip = address("2001:db8::1");
    assert_int_equal(ip_sockaddr(&ip, 443, &storage), sizeof(struct sockaddr_in6));
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&storage;
    assert_int_equal(in6->sin6_family, AF_INET6);
    assert_int_equal(ntohs(in6->sin6_port), 443);
    assert_memory_equal(&in6->sin6_addr, ip.bytes, 16);
    ip = (struct ip_addr){0};
    assert_int_equal(ip_sockaddr(&ip, 1, &storage), 0);
}

static void prefixes_with_host_bits_are_refused(void **state)
{
    static const char *const good[] = {"10.0.0.0/8", "0.0.0.0/0", "192.0.2.1", "192.0.2.1/32", "::/0",
                                       "2001:db8::", "fc00::/7",  "::1/128",   "128.0.0.0/1"};
    static const char *const bad[] = {"10.0.0.1/8",  "10.0.0.0/33",  "10.0.0.0/",   "10.0.0.0/08",
                                      "10.0.0.0/-1", "::1/127",      "::/129",      "/8",
                                      "ten/8",       "10.0.0.0/8/8", "10.0.0.0/ 8", ""};
    (void)state;
    struct ip_prefix prefix;
    for (size_t i = 0; i < COUNT(good); i++)
        if (!ip_prefix_parse(good[i], &prefix))
            fail_msg("refused: %s", good[i]);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (ip_prefix_parse(bad[i], &prefix))
            fail_msg("taken: %s", bad[i]);
    assert_true(ip_prefix_parse("192.0.2.1", &prefix));
    assert_int_equal(prefix.bits, 32);
    assert_true(ip_prefix_parse("2001:db8::", &prefix));
    assert_int_equal(prefix.bits, 128);
}

static void prefixes_contain_what_shares_their_bits(void **state)
{
    static const struct {
        const char *prefix, *ip;
        bool inside;
    } cases[] = {
        {"10.0.0.0/8", "10.255.255.255", true},
        {"10.0.0.0/8", "11.0.0.0", false},
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"192.0.2.4/31", "192.0.2.5", true},
        {"192.0.2.4/31", "192.0.2.6", false},
        {"0.0.0.0/0", "255.1.2.3", true},
        {"0.0.0.0/0", "::", false},
        {"::/0", "0.0.0.0", false},
        {"::/0", "ffff::", true},
        {"2001:db8::/33", "2001:db8:7fff::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"::1/128", "::1", true},
        {"::1/128", "::2", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ip_set set = set_of(cases[i].prefix);
        struct ip_addr ip = address(cases[i].ip);
        if (ip_set_contains(&set, &ip) != cases[i].inside)
            fail_msg("%s in %s", cases[i].ip, cases[i].prefix);
        ip_set_dispose(&set);
    }
}

static void lists_take_commas_and_spaces(void **state)
{
    static const char *const bad_lists[] = {"10.0.0.0/8,127.0.0.1/8", "10.0.0.0/8 ,127.0.0.1/8, ::1",
                                            "127.0.0.1/8"};
    (void)state;
    struct ip_set set = set_of(" 10.0.0.0/8,192.0.2.1\t::1/128 , fc00::/7 ");
    assert_int_equal(set.count, 4);
    ip_set_dispose(&set);
    set = set_of("");
    assert_int_equal(set.count, 0);
    for (size_t i = 0; i < COUNT(bad_lists); i++) {
        const char *bad = NULL;
        assert_int_equal(ip_set_parse(bad_lists[i], &set, &bad), ERR_SYNTAX);
        assert_ptr_equal(bad, strstr(bad_lists[i], "127.0.0.1/8"));
        assert_int_equal(set.count, 0);
    }
    const char *bad = NULL;
    char longest[200] = {0};
    memset(longest, '1', sizeof longest - 1);
    assert_int_equal(ip_set_parse(longest, &set, &bad), ERR_SYNTAX);
    assert_ptr_equal(bad, longest);
}

static void sets_grow_past_every_capacity(void **state)
{
    (void)state;
    struct ip_set set = {0};
    for (uint32_t i = 0; i < 1000; i++) {
        struct ip_prefix prefix = {{4, {20, 1, (uint8_t)(i >> 8), (uint8_t)i}}, 32};
        assert_int_equal(ip_set_add(&set, prefix), ERR_OK);
    }
    for (uint32_t i = 0; i < 1001; i++) {
        struct ip_addr ip = {4, {20, 1, (uint8_t)(i >> 8), (uint8_t)i}};
        assert_int_equal(ip_set_contains(&set, &ip), i < 1000);
    }
    ip_set_dispose(&set);
}

/* Anything that is no global unicast, whatever it may be a form of (RFC 4291 section 2.4). */
static void of_ipv6_only_global_unicast_is_reached(void **state)
{
    (void)state;
    srandom(4291);
    struct ip_set refused;
    assert_int_equal(ip_refused_set(NULL, &refused), ERR_OK);
    for (size_t round = 0; round < 20000; round++) {
        struct ip_addr ip = {.family = 6};
        for (size_t i = 0; i < 16; i++)
            ip.bytes[i] = (uint8_t)(random() % 4 == 0 ? random() : 0);
        ip.bytes[0] = (uint8_t)random();
        if (ip.bytes[0] >> 5 == 1)
            ip.bytes[0] ^= (uint8_t)(0x20u << (random() % 3));
        assert_false(ip_may_reach(&ip, NULL));
        assert_true(ip_set_contains(&refused, &ip));
    }
    ip_set_dispose(&refused);
}

/* First and last address of each block, and its neighbours outside. */
static void special_addresses_are_not_reached(void **state)
{
    static const char *const refused[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.8",
        "192.0.0.11",
        "192.0.0.170",
        "192.0.0.171",
        "192.0.0.255",
        "192.0.2.0",
        "192.0.2.255",
        "192.88.99.1",
        "192.88.99.2",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "64:ff9b:1::1",
        "100::",
        "100::ffff:0:0:1",
        "100:0:0:1::",
        "2001::",
        "2001::1",
        "2001:1::4",
        "2001:1::",
        "2001:2::1",
        "2001:4:111::",
        "2001:4:113::",
        "2001:10::1",
        "2001:1f:ffff::",
        "2001:40::",
        "2001:1ff:ffff::",
        "2001:db8::1",
        "2001:db8:ffff::",
        "3fff::",
        "3fff:fff::",
        "5f00::1",
        "fc00::",
        "fdff:ffff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "feff::1",
        "ff02::1",
        "ffff::",
        "::ffff:0:7f00:1",
        "::ffff:0:808:808",
        "::ffff:8.8.8.8",
        "::ffff:127.0.0.1",
        "::1:0:0:0",
        "64:ff9a::1",
        "64:ff9b::1:808:808",
        "64:ff9b:2::1",
        "200::1",
        "1fff:ffff::1",
        "4000::",
        "4000::1",
        "7fff:ffff::",
        "8000::1",
        "a000::1",
        "c000::1",
        "e000::1",
        "f000::1",
        "f800::1",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct ip_addr ip = address(refused[i]);
        if (ip_may_reach(&ip, NULL))
            fail_msg("would be reached: %s", refused[i]);
    }
    struct ip_addr none = {0};
    assert_false(ip_may_reach(&none, NULL));
}

static void public_addresses_are_reached(void **state)
{
    static const char *const reached[] = {
        "1.0.0.0",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "191.255.255.255",
        "192.0.0.9",
        "192.0.0.10",
        "192.0.1.0",
        "192.0.3.0",
        "192.31.196.1",
        "192.52.193.1",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "192.175.48.1",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2001:1::1",
        "2001:1::2",
        "2001:1::3",
        "2001:3::1",
        "2001:3:ffff::",
        "2001:4:112::",
        "2001:4:112:ffff::",
        "2001:20::",
        "2001:2f:ffff::",
        "2001:30::",
        "2001:3f:ffff::",
        "2001:200::",
        "2001:4860:4860::8888",
        "2001:db7:ffff::",
        "2001:db9::",
        "2606:4700::1",
        "2620:4f:8000::1",
        "3ffe:ffff::",
        "3fff:1000::",
    };
    (void)state;
    for (size_t i = 0; i < COUNT(reached); i++) {
        struct ip_addr ip = address(reached[i]);
        if (!ip_may_reach(&ip, NULL))
            fail_msg("would be refused: %s", reached[i]);
    }
}

static void embedded_addresses_are_looked_through(void **state)
{
    static const struct {
        const char *ip, *allow;
        bool reached;
    } cases[] = {
        {"::ffff:127.0.0.1", "", false},
        {"::ffff:8.8.8.8", "", false},
        {"::ffff:0:127.0.0.1", "", false},
        {"::ffff:0:8.8.8.8", "", false},
        {"64:ff9b::192.0.0.9", "", true},
        {"64:ff9b::192.0.0.8", "", false},
        {"64:ff9b::10.0.0.1", "", false},
        {"64:ff9b::8.8.8.8", "", true},
        {"2002:7f00:1::", "", false},
        {"2002:c0a8:101::1", "", false},
        {"2002:808:808::1", "", true},
        {"::ffff:127.0.0.1", "127.0.0.0/8", false},
        {"::ffff:127.0.0.1", "::ffff:127.0.0.0/104", true},
        {"::ffff:0:127.0.0.1", "127.0.0.0/8", false},
        {"::ffff:0:127.0.0.1", "::ffff:0:0:0/96", true},
        {"64:ff9b::10.0.0.1", "10.0.0.1", true},
        {"64:ff9b::10.0.0.2", "10.0.0.1", false},
        {"2002:c0a8:101::1", "192.168.1.1/32", true},
        {"2002:c0a8:101::1", "2002:c0a8:101::/48", true},
        {"127.0.0.1", "::ffff:127.0.0.1", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ip_set allow = set_of(cases[i].allow);
        struct ip_addr ip = address(cases[i].ip);
        if (ip_may_reach(&ip, &allow) != cases[i].reached)
            fail_msg("%s with allow=%s", cases[i].ip, cases[i].allow);
        ip_set_dispose(&allow);
    }
}

static void prefixes_are_special_as_a_whole(void **state)
{
    static const struct {
        const char *prefix, *allow;
        bool special;
    } cases[] = {
        {"10.0.0.0/8", "", true},
        {"10.3.0.0/16", "", true},
        {"192.0.0.0/24", "", true},
        {"192.0.0.0/9", "", false},
        {"192.0.0.9", "", false},
        {"8.0.0.0/8", "", false},
        {"10.0.0.0/8", "10.1.0.0/16", false},
        {"10.1.0.0/16", "10.0.0.0/8", false},
        {"10.1.0.0/16", "10.2.0.0/16", true},
        {"fc00::/16", "", true},
        {"2001:db8::/32", "", true},
        {"2001::/16", "", false},
        {"2001:20::/28", "", false},
        {"64:ff9b::/96", "", false},
        {"64:ff9b::10.0.0.0/104", "", true},
        {"64:ff9b::8.0.0.0/104", "", false},
        {"2002::/16", "", false},
        {"2002:a00::/24", "", true},
        {"2002:a01:203::/48", "", true},
        {"2002:a01:203:4::/64", "", true},
        {"2002:a01:203:4::/64", "10.1.2.3", false},
        {"2002:808::/32", "", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ip_set allow = set_of(cases[i].allow);
        struct ip_prefix prefix;
        assert_true(ip_prefix_parse(cases[i].prefix, &prefix));
        if (ip_prefix_is_special(&prefix, &allow) != cases[i].special)
            fail_msg("%s with allow=%s", cases[i].prefix, cases[i].allow);
        ip_set_dispose(&allow);
    }
}

static void what_is_allowed_is_reached(void **state)
{
    (void)state;
    struct ip_set allow = set_of("127.0.0.1/32, fd00:1::/32");
    struct ip_addr ip = address("127.0.0.1");
    assert_true(ip_may_reach(&ip, &allow));
    ip = address("127.0.0.2");
    assert_false(ip_may_reach(&ip, &allow));
    ip = address("fd00:1::5");
    assert_true(ip_may_reach(&ip, &allow));
    ip = address("fd00:2::5");
    assert_false(ip_may_reach(&ip, &allow));
    ip = address("8.8.8.8");
    assert_true(ip_may_reach(&ip, &allow));
    ip_set_dispose(&allow);
}

static void table_rows_say_the_same_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < ip_special_count + ip_exception_count; i++) {
        const struct ip_special *row =
            i < ip_special_count ? &ip_specials[i] : &ip_exceptions[i - ip_special_count];
        struct ip_prefix prefix;
        if (!ip_prefix_parse(row->text, &prefix) || prefix.bits != row->prefix.bits ||
            !ip_equal(&prefix.base, &row->prefix.base))
            fail_msg("row of %s", row->text);
    }
    for (size_t i = 0; i < ip_special_count; i++)
        assert_ptr_equal(ip_special_prefix(i), ip_specials[i].text);
    assert_null(ip_special_prefix(ip_special_count));
}

/* An address near the edge of a block: a random one shares all but a few of its bits. */
static struct ip_addr near_edge(const struct ip_prefix *prefix)
{
    struct ip_addr ip = prefix->base;
    size_t width = ip.family == 4 ? 4 : 16;
    for (size_t i = 0; i < width; i++)
        if (i >= prefix->bits / 8u)
            ip.bytes[i] = (uint8_t)(random() % 3 == 0 ? random() : random() % 2 == 0 ? 0 : 255);
    if (random() % 2 == 0) {
        size_t bit = (size_t)random() % (width * 8);
        ip.bytes[bit / 8] ^= (uint8_t)(0x80u >> (bit % 8));
    }
    return ip;
}

static void compare_set_with_judgement(const struct ip_set *refused, const struct ip_set *allow,
                                       const struct ip_addr *ip)
{
    char text[IP_TEXT_BYTES];
    if (ip_set_contains(refused, ip) == ip_may_reach(ip, allow))
        fail_msg("the set of refused prefixes and ip_may_reach differ on %s", ip_format(ip, text));
}

static void refused_prefixes_agree_with_the_judgement(void **state)
{
    static const char *const allows[] = {
        "",
        "127.0.0.0/8",
        "127.0.0.53",
        "10.1.2.0/24, 10.1.3.4, 192.168.0.0/15, fd00:1::/32, ::1",
        "0.0.0.0/0",
        "::/0",
        "2002:7f00::/24, ::ffff:10.0.0.0/104, 2001::/16",
        "128.0.0.0/1, 2000::/3",
    };
    (void)state;
    srandom(8461);
    for (size_t i = 0; i < COUNT(allows); i++) {
        struct ip_set allow = set_of(allows[i]);
        struct ip_set refused;
        assert_int_equal(ip_refused_set(&allow, &refused), ERR_OK);
        for (size_t round = 0; round < 200; round++) {
            for (size_t row = 0; row < ip_special_count; row++) {
                struct ip_addr ip = near_edge(&ip_specials[row].prefix);
                compare_set_with_judgement(&refused, &allow, &ip);
            }
            for (size_t row = 0; row < ip_exception_count; row++) {
                struct ip_addr ip = near_edge(&ip_exceptions[row].prefix);
                compare_set_with_judgement(&refused, &allow, &ip);
            }
            for (size_t row = 0; row < ip_embedding_count; row++) {
                struct ip_addr v4 = near_edge(&ip_specials[round % 15].prefix);
                struct ip_addr ip = ip_embeddings[row].prefix.base;
                memcpy(ip.bytes + ip_embeddings[row].offset, v4.bytes, 4);
                compare_set_with_judgement(&refused, &allow, &ip);
            }
            for (size_t row = 0; row < allow.count; row++) {
                struct ip_addr ip = near_edge(&allow.prefixes[row]);
                compare_set_with_judgement(&refused, &allow, &ip);
            }
        }
        ip_set_dispose(&refused);
        ip_set_dispose(&allow);
    }
}

static void refused_prefixes_are_bounded(void **state)
{
    (void)state;
    struct ip_set allow = {0};
    for (uint32_t i = 0; i < 3000; i++) {
        struct ip_prefix prefix = {{6, {0xfd, (uint8_t)(i >> 8), (uint8_t)i, 1}}, 128};
        assert_int_equal(ip_set_add(&allow, prefix), ERR_OK);
    }
    struct ip_set refused;
    assert_int_equal(ip_refused_set(&allow, &refused), ERR_LIMIT);
    assert_null(refused.prefixes);
    assert_int_equal(refused.count, 0);
    ip_set_dispose(&allow);
    assert_int_equal(ip_refused_set(NULL, &refused), ERR_OK);
    assert_true(refused.count > 30 && refused.count < 400);
    ip_set_dispose(&refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_written_canonically),
        cmocka_unit_test(ipv4_is_written_as_the_library_writes_it),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(ports_are_read_beside_addresses),
        cmocka_unit_test(socket_addresses_carry_address_and_port),
        cmocka_unit_test(prefixes_with_host_bits_are_refused),
        cmocka_unit_test(prefixes_contain_what_shares_their_bits),
        cmocka_unit_test(lists_take_commas_and_spaces),
        cmocka_unit_test(sets_grow_past_every_capacity),
        cmocka_unit_test(special_addresses_are_not_reached),
        cmocka_unit_test(of_ipv6_only_global_unicast_is_reached),
        cmocka_unit_test(public_addresses_are_reached),
        cmocka_unit_test(embedded_addresses_are_looked_through),
        cmocka_unit_test(prefixes_are_special_as_a_whole),
        cmocka_unit_test(what_is_allowed_is_reached),
        cmocka_unit_test(table_rows_say_the_same_twice),
        cmocka_unit_test(refused_prefixes_agree_with_the_judgement),
        cmocka_unit_test(refused_prefixes_are_bounded),
    };
    return cmocka_run_group_tests_name("ip", tests, NULL, NULL);
}
