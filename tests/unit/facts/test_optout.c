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
    enum error error = optout_read(path, "", optout, why);
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
    assert_int_equal(optout_read("", "", &optout, &why), ERR_OK);
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
    assert_int_equal(optout_read("/nowhere/at/all", "", &optout, &why), ERR_IO);
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

/* ---- entries ------------------------------------------------------------------------------------------- */

static void notes_stand_behind_entries(void **state)
{
    static const struct {
        const char *line, *entry, *since, *comment;
    } cases[] = {
        {"example.org", "example.org", "", ""},
        {"example.org # 2026-11-30 asked by mail", "example.org", "2026-11-30", "asked by mail"},
        {"example.org\t#2026-11-30: asked by mail  ", "example.org", "2026-11-30", "asked by mail"},
        {".example.org # asked by mail, 2026-11-30", ".example.org", "", "asked by mail, 2026-11-30"},
        {"example.org # 2026-02-30 no such day", "example.org", "", "2026-02-30 no such day"},
        {"192.0.2.0/24, 2026-11-30, asked, twice", "192.0.2.0/24", "2026-11-30", "asked, twice"},
        {"192.0.2.0/24;2026-11-30;asked", "192.0.2.0/24", "2026-11-30", "asked"},
        {"2001:db8::/32\t2024-02-29\tasked # by mail", "2001:db8::/32", "2024-02-29", "asked # by mail"},
        {"AS64500 2026-11-30", "AS64500", "2026-11-30", ""},
        {"AS64500,2099-01-01,in the future", "AS64500", "2099-01-01", "in the future"},
        {"example.org #", "example.org", "", ""},
        {"example.org # 2026-11-30 M\xfcller, by mail", "example.org", "2026-11-30",
         "M\xc3\xbcller, by mail"},
        {"example.org;2026-11-30;M\xc3\xbcller", "example.org", "2026-11-30", "M\xc3\xbcller"},
        {"a.example#b", "a.example#b", "", ""},
    };
    struct optout_note note;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_null(optout_note_parse(bytes_of(cases[i].line), &note));
        if (!bytes_equal(note.entry, bytes_of(cases[i].entry)) || strcmp(note.since, cases[i].since) != 0 ||
            strcmp(note.comment, cases[i].comment) != 0)
            fail_msg("%s: %.*s|%s|%s", cases[i].line, (int)note.entry.len, (const char *)note.entry.data,
                     note.since, note.comment);
    }
    static const char *const bad[] = {"a.example,2026-13-01", "a.example 2026-00-10 x",
                                      "a.example;2025-02-29", "a.example\t2026-11-31\tx",
                                      "a.example,0001-01-01"};
    for (size_t i = 0; i < COUNT(bad); i++)
        if (optout_note_parse(bytes_of(bad[i]), &note) == NULL)
            fail_msg("%s", bad[i]);
}

/* A comment is cut between two characters. */
static void long_comments_are_cut(void **state)
{
    char line[1024] = "a.example # x";
    struct optout_note note;
    (void)state;
    for (size_t i = 0; i < 400; i++)
        (void)strcat(line, "\xc3\xa4");
    assert_null(optout_note_parse(bytes_of(line), &note));
    assert_int_equal(strlen(note.comment), OPTOUT_COMMENT_BYTES - 1);
    memmove(line + 13, line + 12, strlen(line + 12) + 1);
    assert_null(optout_note_parse(bytes_of(line), &note));
    assert_int_equal(strlen(note.comment), OPTOUT_COMMENT_BYTES - 2);
}

/* The most specific entry counts, in whatever order they stand. */
static void the_most_specific_entry_counts(void **state)
{
    static const char text[] = ".example\n"            /* 0 */
                               ".b.example\n"          /* 1 */
                               "a.b.example\n"         /* 2 */
                               ".a.b.example\n"        /* 3 */
                               "10.0.0.0/8\n"          /* 4 */
                               "10.1.0.0/16\n"         /* 5 */
                               "10.1.2.3\n"            /* 6 */
                               "10.1.0.0/16 # again\n" /* 7 */
                               "2001:db8::/32\n"       /* 8 */
                               "2001:db8:1::/48\n"     /* 9 */
                               "0.0.0.0/0\n";          /* 10 */
    static const struct {
        const char *name;
        int64_t entry;
    } names[] = {{"c.example", 0}, {"b.example", 1},     {"x.b.example", 1}, {"a.b.example", 2},
                 {"example", 0},   {"x.a.b.example", 3}, {"example.org", -1}},
      ips[] = {{"10.2.0.0", 4},          {"10.1.9.9", 5},      {"10.1.2.3", 6},    {"11.0.0.0", 10},
               {"2001:db8:2::", 8},      {"2001:db8:1::1", 9}, {"2001:db9::", -1}, {"::ffff:10.1.2.3", 6},
               {"64:ff9b::10.1.9.9", 5}, {"2002:a02::1", 4}};
    struct optout *optout = read_good(text);
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        if (optout_find_domain(optout, names[i].name) != names[i].entry)
            fail_msg("%s: %d", names[i].name, (int)optout_find_domain(optout, names[i].name));
    for (size_t i = 0; i < COUNT(ips); i++) {
        struct ip_addr ip;
        assert_true(ip_parse(ips[i].name, &ip));
        if (optout_find_ip(optout, &ip) != ips[i].entry ||
            optout_has_ip(optout, &ip) != (ips[i].entry != OPTOUT_NONE))
            fail_msg("%s: %d", ips[i].name, (int)optout_find_ip(optout, &ip));
    }
    assert_int_equal(optout_find_ip(optout, &(struct ip_addr){0}), OPTOUT_NONE);
    assert_int_equal(optout_count(optout), 11);
    assert_string_equal(optout_entry(optout, 3)->text, ".a.b.example");
    assert_string_equal(optout_entry(optout, 6)->text, "10.1.2.3/32");
    assert_string_equal(optout_entry(optout, 7)->comment, "again");
    assert_int_equal(optout_entry(optout, 7)->line, 8);
    optout_destroy(optout);
}

static enum error read_two(const char *list_text, const char *as_text, struct optout **optout,
                           struct buf *why)
{
    char list_path[] = "/tmp/stsweep-optout-XXXXXX", as_path[] = "/tmp/stsweep-prefixes-XXXXXX";
    int fds[] = {mkstemp(list_path), mkstemp(as_path)};
    assert_true(fds[0] >= 0 && fds[1] >= 0);
    assert_int_equal(write(fds[0], list_text, strlen(list_text)), (ssize_t)strlen(list_text));
    assert_int_equal(write(fds[1], as_text, strlen(as_text)), (ssize_t)strlen(as_text));
    enum error error = optout_read(list_path, as_path, optout, why);
    char said[512] = "";
    FILE *out = fmemopen(said, sizeof said, "w");
    assert_non_null(out);
    if (error == ERR_OK)
        optout_say(*optout, "list", "table", out);
    assert_int_equal(fclose(out), 0);
    buf_text(why, said);
    for (size_t i = 0; i < 2; i++)
        (void)close(fds[i]);
    (void)unlink(list_path);
    (void)unlink(as_path);
    return error;
}

static void as_numbers_are_their_prefixes(void **state)
{
    struct optout *optout;
    struct buf why;
    (void)state;
    buf_init(&why, 1024);
    assert_int_equal(read_two("a.example\nAS64500 # 2026-11-30\nas1.10\n198.51.100.0/24\nAS64999\n",
                              "prefix,asn\n192.0.2.0/24,64500\n198.51.100.0/24,AS64500\n"
                              "2001:db8::/32,65546\n203.0.113.0/24,64501\n",
                              &optout, &why),
                     ERR_OK);
    assert_string_equal(
        buf_string(&why),
        "stsweep: WARNING: list:5: AS64999 has no prefix in table, so that it keeps nobody out: is "
        "the file up to date, and of all address families?\n");
    assert_true(has_ip(optout, "192.0.2.7") && has_ip(optout, "64:ff9b::192.0.2.7"));
    assert_true(has_ip(optout, "2001:db8::1"));
    assert_false(has_ip(optout, "203.0.113.1"));
    struct ip_addr ip;
    assert_true(ip_parse("198.51.100.1", &ip)); /* a prefix comes before an AS number */
    assert_int_equal(optout_find_ip(optout, &ip), 3);
    assert_true(ip_parse("192.0.2.1", &ip));
    assert_int_equal(optout_find_ip(optout, &ip), 1);
    assert_string_equal(optout_entry(optout, 1)->text, "AS64500");
    assert_string_equal(optout_entry(optout, 1)->since, "2026-11-30");
    assert_int_equal(optout_entry(optout, 1)->prefixes, 2);
    assert_string_equal(optout_entry(optout, 2)->text, "AS65546");
    assert_int_equal(optout_entry(optout, 4)->prefixes, 0);
    assert_false(optout_has_domain(optout, "as64500"));
    optout_destroy(optout);
    buf_reset(&why);
    assert_int_equal(read_two("AS64500\n", "192.0.2.0/24 64500\n192.0.2.1/24 64500\n", &optout, &why),
                     ERR_SYNTAX);
    assert_null(optout);
    assert_non_null(strstr(buf_string(&why), ":2: no prefix: its host bits"));
    buf_reset(&why);
    assert_int_equal(read_text("a.example\nAS64500\n", &optout, &why), ERR_SYNTAX);
    assert_non_null(strstr(buf_string(&why), ":2: an AS number needs a file that says which prefixes it "
                                             "announces: safety.as_prefixes=FILE"));
    buf_reset(&why);
    assert_int_equal(read_two("AS0\n", "", &optout, &why), ERR_SYNTAX);
    assert_non_null(strstr(buf_string(&why), ":1: an AS number is one from AS1"));
    buf_dispose(&why);
}

static void assert_announced(const char *entries, const char *text)
{
    struct optout *optout;
    struct buf why;
    char said[512] = "";
    FILE *out = fmemopen(said, sizeof said, "w");
    buf_init(&why, 1024);
    assert_non_null(out);
    assert_int_equal(read_two(entries,
                              "192.0.2.0/24 64500\n198.51.100.0/24 64500\n203.0.113.0/24 64501\n"
                              "2001:db8::/32 64504\n2001:db8:1::/48 64505\n",
                              &optout, &why),
                     ERR_OK);
    optout_say_announced(optout, out);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(said, text);
    optout_destroy(optout);
    buf_dispose(&why);
}

/* How much an AS number keeps out is seen before anybody is, and a long list is no flood. */
static void what_as_numbers_have_is_said(void **state)
{
    (void)state;
    assert_announced("a.example\n192.0.2.0/24\n", "");
    assert_announced("AS64501\na.example\nAS64500\nAS64502\n",
                     "stsweep: safety.optout: AS64501: 1 prefix, AS64500: 2 prefixes, AS64502: 0 prefixes\n");
    assert_announced("AS64500\nAS64501\nAS64502\nAS64503\nAS64504\nAS64505\n",
                     "stsweep: safety.optout: AS64500: 2 prefixes, AS64501: 1 prefix, AS64502: 0 prefixes, "
                     "AS64503: 0 prefixes, and 2 more: 2 prefixes\n");
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
        cmocka_unit_test(notes_stand_behind_entries),
        cmocka_unit_test(long_comments_are_cut),
        cmocka_unit_test(the_most_specific_entry_counts),
        cmocka_unit_test(as_numbers_are_their_prefixes),
        cmocka_unit_test(what_as_numbers_have_is_said),
    };
    return cmocka_run_group_tests_name("optout", tests, NULL, NULL);
}
