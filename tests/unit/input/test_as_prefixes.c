/* Files of prefixes with AS numbers, in the forms that operators have; large ones keep only what is listed.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "input/as_prefixes.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void test_numbers(void **state)
{
    static const struct {
        const char *text;
        uint32_t asn; /* 0: it is none */
    } cases[] = {{"64500", 64500},  {"AS64500", 64500},
                 {"as1", 1},        {"4294967295", UINT32_MAX},
                 {"AS1.10", 65546}, {"65535.65535", UINT32_MAX},
                 {"0", 0},          {"4294967296", 0},
                 {"AS", 0},         {"", 0},
                 {"1.65536", 0},    {"1.", 0},
                 {".1", 0},         {"-1", 0},
                 {"64500x", 0},     {"99999999999999999999", 0}};
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t asn = 0;
        bool read = as_number_parse(bytes_of(cases[i].text), &asn);
        if (read != (cases[i].asn != 0) || (read && asn != cases[i].asn))
            fail_msg("%s", cases[i].text);
    }
}

static void write_found(const struct as_prefix *found, char text[256])
{
    char base[IP_TEXT_BYTES];
    int len =
        snprintf(text, 256, "%s/%u", ip_format(&found->prefix.base, base), (unsigned)found->prefix.bits);
    for (size_t i = 0; i < found->origin_count; i++)
        len += snprintf(text + len, 256 - (size_t)len, " %lu", (unsigned long)found->origins[i]);
}

static void test_lines(void **state)
{
    static const struct {
        const char *line, *found; /* NULL: it cannot be read */
    } cases[] = {
        {"192.0.2.0/24 64500", "192.0.2.0/24 64500"},
        {"192.0.2.0/24,AS64500", "192.0.2.0/24 64500"},
        {"192.0.2.0/24 ,  64500 , a name, DE", "192.0.2.0/24 64500"},
        {"2001:db8::/32;64500", "2001:db8::/32 64500"},
        {"\"192.0.2.0/24\",\"64500\"", "192.0.2.0/24 64500"},
        {"192.0.2.0/24|64500", "192.0.2.0/24 64500"},
        {"AS64500 2001:db8::/32", "2001:db8::/32 64500"},
        {"64500,192.0.2.0/24", "192.0.2.0/24 64500"},
        {"192.0.2.1 64500", "192.0.2.1/32 64500"},
        {"192.0.2.1 AS24", "192.0.2.1/32 24"},
        /* CAIDA's pfx2as */
        {"192.0.2.0\t24\t64500", "192.0.2.0/24 64500"},
        {"2001:db8::\t32\t64500_64501", "2001:db8::/32 64500 64501"},
        {"192.0.2.0\t24\t64500,64501_64502", "192.0.2.0/24 64500 64501 64502"},
        {"192.0.2.0\t24\t{64500,64501}", "192.0.2.0/24 64500 64501"},
        /* RIPE's riswhoisdump */
        {"64500\t192.0.2.0/24\t250", "192.0.2.0/24 64500"},
        {"{64500,64501}\t2001:db8::/32\t3", "2001:db8::/32 64500 64501"},
        {"0.0.0.0/0 64500", "0.0.0.0/0 64500"},
        {"192.0.2.1/24 64500", NULL},
        {"192.0.2.0/33 64500", NULL},
        {"192.0.2.0/24 none", NULL},
        {"192.0.2.0/24 0", NULL},
        {"192.0.2.0/24", NULL},
        {"192.0.2.0 24", NULL},
        {"192.0.2.0 24 x", NULL},
        {"192.0.2.0 129 64500", "192.0.2.0/32 129"}, /* no length is so long: the rest is another column */
        {"192.0.2.0 33 64500", NULL},
        {"64500", NULL},
        {"a b c", NULL},
        {"{64500 192.0.2.0/24", NULL},
        {"/ /", NULL},
        {",,", NULL},
    };
    struct as_prefix found;
    char text[256];
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *fault = as_prefix_parse(bytes_of(cases[i].line), &found);
        if ((fault == NULL) != (cases[i].found != NULL))
            fail_msg("%s: %s", cases[i].line, fault == NULL ? "read" : fault);
        if (fault == NULL)
            write_found(&found, text);
        if (fault == NULL && strcmp(text, cases[i].found) != 0)
            fail_msg("%s: %s", cases[i].line, text);
    }
}

/* A line may name many origins, but not without end. */
static void test_too_many_origins(void **state)
{
    char line[4096] = "192.0.2.0\t24\t1";
    struct as_prefix found;
    (void)state;
    for (unsigned i = 2; i <= AS_ORIGINS_MOST; i++)
        (void)snprintf(line + strlen(line), 16, "_%u", i);
    assert_null(as_prefix_parse(bytes_of(line), &found));
    assert_int_equal(found.origin_count, AS_ORIGINS_MOST);
    (void)strcat(line, "_99");
    assert_non_null(as_prefix_parse(bytes_of(line), &found));
}

enum { MANY = 300000 };

/* A packed file of many prefixes, of which one in a thousand is of the number that is listed. */
static void test_a_large_file(void **state)
{
    char path[] = "/tmp/stsweep-prefixes-XXXXXX";
    int fd = mkstemp(path);
    struct optout *optout = optout_create();
    struct buf why;
    (void)state;
    assert_true(fd >= 0 && optout != NULL);
    buf_init(&why, 512);
    gzFile file = gzdopen(fd, "w1");
    assert_non_null(file);
    for (unsigned i = 0; i < MANY; i++)
        assert_true(gzprintf(file, "%u.%u.%u.0\t24\t%u\n", 1 + i / 65536, i / 256 % 256, i % 256,
                             i % 1000 == 7 ? 64500U : 1 + i % 1000) > 0);
    assert_int_equal(gzclose(file), Z_OK);
    assert_int_equal(optout_add_as(optout, 64500), ERR_OK);
    assert_int_equal(as_prefixes_read(path, optout, &why), ERR_OK);
    optout_finish(optout);
    assert_int_equal(optout_entry(optout, 0)->prefixes, MANY / 1000);
    struct ip_addr ip;
    assert_true(ip_parse("1.0.7.200", &ip) && optout_has_ip(optout, &ip));
    assert_true(ip_parse("1.0.8.200", &ip) && !optout_has_ip(optout, &ip));
    optout_destroy(optout);
    buf_dispose(&why);
    assert_int_equal(unlink(path), 0);
}

/* The numbers 64500 and 64501 are listed. */
static void assert_refused(const char *text, const char *reason)
{
    char path[] = "/tmp/stsweep-prefixes-XXXXXX";
    int fd = mkstemp(path);
    struct optout *optout = optout_create();
    struct buf why;
    assert_true(fd >= 0 && optout != NULL);
    buf_init(&why, 512);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(optout_add_as(optout, 64500), ERR_OK);
    assert_int_equal(optout_add_as(optout, 64501), ERR_OK);
    enum error error = as_prefixes_read(path, optout, &why);
    assert_int_equal(error, reason == NULL ? ERR_OK : ERR_SYNTAX);
    if (reason != NULL && strstr(buf_string(&why), reason) == NULL)
        fail_msg("%s", buf_string(&why));
    optout_destroy(optout);
    buf_dispose(&why);
    (void)close(fd);
    (void)unlink(path);
}

static void test_files(void **state)
{
    (void)state;
    assert_refused("% RIS whois\n#comment\n\n64500\t192.0.2.0/24\t3\n", NULL);
    assert_refused("network length asn\n192.0.2.0 24 64500\n", NULL);
    assert_refused("192.0.2.0/24 64500\nprefix asn\n", ":2: no prefix with its AS number");
    assert_refused("192.0.2.0/24 x\n", ":1: no AS number");
    assert_refused("domain\nexample.org\n", ":2: no prefix with its AS number");
}

/* A leaked default route keeps nobody out but by whom it is announced, and is said. */
static void test_wide_prefixes(void **state)
{
    (void)state;
    assert_refused("192.0.2.0/24 64500\n0.0.0.0/0 64500\n",
                   ":2: 0.0.0.0/0 is wider than anybody's network (/8, IPv6: /16), as a leaked route is, and "
                   "AS64500 is to opt out: take the line out; a prefix that is meant stands in safety.optout "
                   "itself");
    assert_refused("0.0.0.0\t0\t64499_64501\n", ":1: 0.0.0.0/0 is wider than anybody's network");
    assert_refused("{64499,64501}\t::/0\t300\n", ":1: ::/0 is wider than anybody's network");
    assert_refused("10.0.0.0/7 64500\n", ":1: 10.0.0.0/7 is wider");
    assert_refused("2000::/15 64500\n", ":1: 2000::/15 is wider");
    assert_refused("10.0.0.0/8 64500\n2001::/16 64500\n", NULL);
    assert_refused("0.0.0.0/0 64499\n::/0 64499\n", NULL); /* as such files have them */
}

static void test_a_missing_file(void **state)
{
    struct optout *optout = optout_create();
    struct buf why;
    (void)state;
    buf_init(&why, 512);
    assert_int_equal(as_prefixes_read("/nowhere/at/all", optout, &why), ERR_IO);
    assert_non_null(strstr(buf_string(&why), "/nowhere/at/all: cannot open"));
    optout_destroy(optout);
    buf_dispose(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_too_many_origins),
        cmocka_unit_test(test_a_large_file),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_wide_prefixes),
        cmocka_unit_test(test_a_missing_file),
    };
    return cmocka_run_group_tests_name("as_prefixes", tests, NULL, NULL);
}
