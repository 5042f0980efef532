/* Who asked not to be scanned. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input/optout_list.h"
#include "scanner/facts/optout.h"
#include "scanner/facts/optout_ranges.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static enum error read_text(const char *text, struct optout **optout, struct buf *why)
{
    char path[] = "/tmp/stsweep-optout-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(close(fd), 0);
    buf_reset(why);
    enum error error = optout_read(path, optout, why);
    assert_int_equal(unlink(path), 0);
    return error;
}

static struct optout *read_good(const char *text)
{
    struct optout *optout;
    struct buf why;
    buf_init(&why, 512);
    if (read_text(text, &optout, &why) != ERR_OK)
        fail_msg("%s", buf_string(&why));
    buf_dispose(&why);
    return optout;
}

static bool has_ip(const struct optout *optout, const char *text)
{
    struct ip_addr ip;
    assert_true(ip_parse(text, &ip));
    return optout_has_ip(optout, &ip);
}

static const char list[] = "\xef\xbb\xbf# asked by mail, 2026\n"
                           "example.com\n"
                           "Example.ORG. # and its trailing dot\r\n"
                           "\n"
                           ".example.net\n"
                           "例え.jp\n"
                           ".тест\n"
                           "192.0.2.7\n"
                           "198.51.100.0/24\t# a network\n"
                           "2001:db8::/32\n"
                           "2001:4860::1\n"
                           "203.0.113.128/25\n"
                           "203.0.113.0/25\n"
                           "203.0.113.16/28\n";

static void domains_are_exact_and_suffixes_are_not(void **state)
{
    static const struct {
        const char *domain;
        bool out;
    } cases[] = {
        {"example.com", true},
        {"www.example.com", false},
        {"example.org", true},
        {"com", false},
        {"example.net", true},
        {"a.example.net", true},
        {"b.a.example.net", true},
        {"badexample.net", false},
        {"net", false},
        {"xn--r8jz45g.jp", true},
        {"a.xn--r8jz45g.jp", false},
        {"a.xn--e1aybc", true},
        {"example.com.example", false},
        {"example.net.example", false},
    };
    struct optout *optout = read_good(list);
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (optout_has_domain(optout, cases[i].domain) != cases[i].out)
            fail_msg("%s", cases[i].domain);
    optout_destroy(optout);
}

static void prefixes_hold_their_addresses(void **state)
{
    static const struct {
        const char *ip;
        bool out;
    } cases[] = {
        {"192.0.2.7", true},
        {"192.0.2.6", false},
        {"192.0.2.8", false},
        {"198.51.99.255", false},
        {"198.51.100.0", true},
        {"198.51.100.255", true},
        {"198.51.101.0", false},
        {"203.0.112.255", false},
        {"203.0.113.0", true},
        {"203.0.113.40", true},
        {"203.0.113.255", true},
        {"203.0.114.0", false},
        {"2001:db7:ffff::", false},
        {"2001:db8::", true},
        {"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true},
        {"2001:db9::", false},
        {"2001:4860::1", true},
        {"2001:4860::2", false},
        /* The same hosts by way of IPv6. */
        {"::ffff:192.0.2.7", true},
        {"::ffff:192.0.2.8", false},
        {"::ffff:0:192.0.2.7", true},
        {"::ffff:0:192.0.2.8", false},
        {"64:ff9b::192.0.2.7", true},
        {"64:ff9b::192.0.2.8", false},
        {"2002:c633:6401::1", true},
        {"2002:c633:6501::1", false},
    };
    struct optout *optout = read_good(list);
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (has_ip(optout, cases[i].ip) != cases[i].out)
            fail_msg("%s", cases[i].ip);
    struct ip_addr none = {0};
    assert_false(optout_has_ip(optout, &none));
    optout_destroy(optout);
}

static void families_are_apart(void **state)
{
    struct optout *optout = read_good("::/0\n");
    (void)state;
    assert_true(has_ip(optout, "2001:db8::1"));
    assert_true(has_ip(optout, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
    assert_false(has_ip(optout, "192.0.2.1"));
    optout_destroy(optout);
    optout = read_good("0.0.0.0/0\n");
    assert_true(has_ip(optout, "0.0.0.0"));
    assert_true(has_ip(optout, "255.255.255.255"));
    assert_false(has_ip(optout, "2001:db8::1"));
    optout_destroy(optout);
}

/* Disposed of, they hold nothing, and may be filled again. */
static void ranges_end(void **state)
{
    struct optout_ranges ranges = {0};
    struct ip_prefix prefix = {.bits = 32};
    (void)state;
    assert_true(ip_parse("192.0.2.7", &prefix.base));
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(optout_ranges_add(&ranges, &prefix), ERR_OK);
        optout_ranges_finish(&ranges);
        assert_true(optout_ranges_have(&ranges, &prefix.base));
        optout_ranges_dispose(&ranges);
        assert_false(optout_ranges_have(&ranges, &prefix.base));
    }
    optout_ranges_dispose(&ranges);
}

static void an_empty_list_holds_nothing(void **state)
{
    struct optout *optout;
    struct buf why;
    (void)state;
    buf_init(&why, 512);
    assert_int_equal(optout_read("", &optout, &why), ERR_OK);
    assert_false(optout_has_domain(optout, "example.com"));
    assert_false(has_ip(optout, "192.0.2.1"));
    assert_false(has_ip(optout, "2001:db8::1"));
    optout_destroy(optout);
    optout_destroy(NULL);
    buf_dispose(&why);
}

static void a_bad_line_fails_the_list(void **state)
{
    static const struct {
        const char *text, *reason;
    } cases[] = {
        {"a.example\nuser@b.example\n", ":2: The line is an e-mail address"},
        {"a.example\n\n*.b.example", ":3: The line is not a domain name"},
        {"NULL\n", ":1: it is no value, as an export that failed leaves it"},
        {"<html>\n", ":1: The line is not a domain name"},
        {"[\"a.example\"]\n", ":1: "},
        {"a.example, b.example\n", ":1: The line is not a domain name"},
        {"https://a.example/\n", ":1: The line is a URL"},
        {".\n", ":1: The line is not a domain name"},
        {"..a.example\n", ":1: The line is not a domain name"},
        {"192.0.2.1/24\n", ":1: not a prefix"},
        {"192.0.2.0/33\n", ":1: not a prefix"},
        {"2001:db8::1/32\n", ":1: not a prefix"},
        {"[2001:db8::1]\n", ":1: not a prefix"},
        {"a.example b.example\n", ":1: The line is not a domain name"},
    };
    struct buf why;
    (void)state;
    buf_init(&why, 512);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct optout *optout;
        assert_int_equal(read_text(cases[i].text, &optout, &why), ERR_SYNTAX);
        assert_null(optout);
        if (strstr(buf_string(&why), cases[i].reason) == NULL)
            fail_msg("%s", buf_string(&why));
    }
    buf_dispose(&why);
}

static void a_long_line_fails_the_list(void **state)
{
    struct optout *optout;
    struct buf why;
    char *text = malloc(10000);
    (void)state;
    assert_non_null(text);
    memset(text, 'a', 9999);
    text[9999] = '\0';
    buf_init(&why, 512);
    assert_int_equal(read_text(text, &optout, &why), ERR_SYNTAX);
    assert_non_null(strstr(buf_string(&why), ":1: the line is too long"));
    buf_dispose(&why);
    free(text);
}

static void a_missing_file_is_said(void **state)
{
    struct optout *optout;
    struct buf why;
    (void)state;
    buf_init(&why, 512);
    assert_int_equal(optout_read("/nowhere/at/all", &optout, &why), ERR_IO);
    assert_null(optout);
    assert_non_null(strstr(buf_string(&why), "/nowhere/at/all: cannot open: No such file"));
    buf_dispose(&why);
}

/* Ten thousand of each, asked one by one. */
static void long_lists_are_found_in(void **state)
{
    enum { ENTRIES = 10000 };
    char *text = malloc(ENTRIES * 64);
    size_t len = 0;
    (void)state;
    assert_non_null(text);
    for (unsigned i = 0; i < ENTRIES; i++)
        len +=
            (size_t)snprintf(text + len, 64, "n%u.example\n.s%u.example\n10.%u.%u.0/31\n", i * 7919 % ENTRIES,
                             i * 7919 % ENTRIES, i * 7919 % ENTRIES / 256, i * 7919 % ENTRIES % 256);
    struct optout *optout = read_good(text);
    for (unsigned i = 0; i < ENTRIES; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "n%u.example", i);
        assert_true(optout_has_domain(optout, name));
        (void)snprintf(name, sizeof name, "m%u.example", i);
        assert_false(optout_has_domain(optout, name));
        (void)snprintf(name, sizeof name, "a.b.s%u.example", i);
        assert_true(optout_has_domain(optout, name));
        (void)snprintf(name, sizeof name, "10.%u.%u.1", i / 256, i % 256);
        assert_true(has_ip(optout, name));
        (void)snprintf(name, sizeof name, "10.%u.%u.2", i / 256, i % 256);
        assert_false(has_ip(optout, name));
    }
    optout_destroy(optout);
    free(text);
}

/* For who asks name servers himself: each prefix, and the forms of IPv6 that lead there. */
static void prefixes_are_told(void **state)
{
    static const char *const inside[] = {"192.0.2.7", "64:ff9b::c000:207", "2002:c000:207::1",
                                         "2001:db8:7::1"};
    static const char *const outside[] = {"192.0.3.7", "64:ff9b::c000:307", "2002:c000:307::1",
                                          "2001:db9::1"};
    struct optout *optout = optout_create();
    struct ip_prefix v4, v6;
    (void)state;
    assert_non_null(optout);
    assert_int_equal(optout_prefixes(optout)->count, 0);
    assert_true(ip_prefix_parse("192.0.2.0/24", &v4) && ip_prefix_parse("2001:db8::/32", &v6));
    assert_int_equal(optout_add_prefix(optout, &v4), ERR_OK);
    assert_int_equal(optout_add_prefix(optout, &v6), ERR_OK);
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        struct ip_addr ip;
        assert_true(ip_parse(inside[i], &ip) && ip_set_contains(optout_prefixes(optout), &ip));
        assert_true(ip_parse(outside[i], &ip) && !ip_set_contains(optout_prefixes(optout), &ip));
    }
    optout_destroy(optout);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(domains_are_exact_and_suffixes_are_not),
        cmocka_unit_test(prefixes_hold_their_addresses),
        cmocka_unit_test(prefixes_are_told),
        cmocka_unit_test(families_are_apart),
        cmocka_unit_test(ranges_end),
        cmocka_unit_test(an_empty_list_holds_nothing),
        cmocka_unit_test(a_bad_line_fails_the_list),
        cmocka_unit_test(a_long_line_fails_the_list),
        cmocka_unit_test(a_missing_file_is_said),
        cmocka_unit_test(long_lists_are_found_in),
    };
    return cmocka_run_group_tests_name("optout", tests, NULL, NULL);
}
