/* What a line holds, as a domain name. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "scanner/facts/hostname.h"
#include "scanner/facts/suffix.h"
#include "scanner/machine/suffixes.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define L63          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L55          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define N189                                                                                                 \
    L63 "." L63 "."                                                                                          \
        "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void good_names_are_folded_and_trimmed(void **state)
{
    static const struct {
        const char *text, *name;
    } cases[] = {
        {"example.com", "example.com"},
        {"  Example.COM. \t\r", "example.com"},
        {"com", "com"},
        {"_mta-sts.example.com", "_mta-sts.example.com"},
        {"r3---sn-4g5e6nzz.example.com", "r3---sn-4g5e6nzz.example.com"},
        {"-a-.example", "-a-.example"},
        {"xn--a", "xn--a"},
        {"xn--0000.example", "xn--0000.example"},
        {"1.2.3.4.example", "1.2.3.4.example"},
        {"3com.com", "3com.com"},
        {"a.b1", "a.b1"},
        {L63 ".example", L63 ".example"},
        {N189 "." L63, N189 "." L63}, /* 253 */
        {N189 "." L63 ".", N189 "." L63},
        /* U-labels: NFC, mapped, not transitional, with any of the four full stops. */
        {"例え.jp", "xn--r8jz45g.jp"},
        {"例え。jp", "xn--r8jz45g.jp"},
        {"例え．jp｡", "xn--r8jz45g.jp"},
        {"Straße.de", "xn--strae-oqa.de"},
        {"a\xcc\x88.example", "xn--4ca.example"},
        {"Ä.example", "xn--4ca.example"},
        {"ｅｘａｍｐｌｅ.com", "example.com"},
        {"ä." N189 "." L55, "xn--4ca." N189 "." L55}, /* 253 */
        {"ä." N189 "." L55 ".", "xn--4ca." N189 "." L55},
        {"_dmarc.例え.jp", "_dmarc.xn--r8jz45g.jp"},
        {"r3---sn.例え.jp", "r3---sn.xn--r8jz45g.jp"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char name[HOSTNAME_BYTES];
        enum failure_code code = hostname_normalize(bytes_of(cases[i].text), name);
        if (code != FAIL_NONE)
            fail_msg("%s: %s", cases[i].text, failure_name(code));
        assert_string_equal(name, cases[i].name);
        char again[HOSTNAME_BYTES];
        assert_int_equal(hostname_normalize(bytes_of(name), again), FAIL_NONE);
        assert_string_equal(again, name);
    }
}

static void what_is_no_name_is_told_apart(void **state)
{
    static const struct {
        const char *text;
        enum failure_code code;
    } cases[] = {
        {"", FAIL_INPUT_BAD_NAME},
        {" \t ", FAIL_INPUT_BAD_NAME},
        {".", FAIL_INPUT_BAD_NAME},
        {"..", FAIL_INPUT_BAD_NAME},
        {"example.com..", FAIL_INPUT_BAD_NAME},
        {".example.com", FAIL_INPUT_BAD_NAME},
        {"a..b", FAIL_INPUT_BAD_NAME},
        {"*.example.com", FAIL_INPUT_BAD_NAME},
        {"exa mple.com", FAIL_INPUT_BAD_NAME},
        {"example,com", FAIL_INPUT_BAD_NAME},
        {"example.com:", FAIL_INPUT_BAD_NAME},
        {":25", FAIL_INPUT_BAD_NAME},
        {"/etc/passwd", FAIL_INPUT_BAD_NAME},
        {"example.com:smtp", FAIL_INPUT_BAD_NAME},
        {"example.com:2.5", FAIL_INPUT_BAD_NAME},
        {"example.com:2:5", FAIL_INPUT_BAD_NAME},
        {"example.com:25;", FAIL_INPUT_BAD_NAME},
        {"/", FAIL_INPUT_BAD_NAME},
        {"fe80::1%" L55 "a", FAIL_INPUT_BAD_NAME}, /* longer than any address is written */
        {"example.123", FAIL_INPUT_BAD_NAME},
        {"123", FAIL_INPUT_BAD_NAME},
        {"1.2.3.4.5", FAIL_INPUT_BAD_NAME},
        {"256.1.1.1", FAIL_INPUT_BAD_NAME},
        {"a\x01.example", FAIL_INPUT_BAD_NAME},
        {"\xff\xfe.example", FAIL_INPUT_BAD_NAME},
        {"例え..jp", FAIL_INPUT_BAD_NAME},
        {"例え.。", FAIL_INPUT_BAD_NAME},
        {"user@example.com", FAIL_INPUT_IS_EMAIL},
        {"mailto:user@example.com", FAIL_INPUT_IS_EMAIL},
        {"user@例え.jp", FAIL_INPUT_IS_EMAIL},
        {"https://example.com", FAIL_INPUT_IS_URL},
        {"https://user@example.com/", FAIL_INPUT_IS_URL},
        {"//example.com", FAIL_INPUT_IS_URL},
        {"example.com/", FAIL_INPUT_IS_URL},
        {"example.com/path?x", FAIL_INPUT_IS_URL},
        {"example.com:25", FAIL_INPUT_IS_URL},
        {"example.com:0", FAIL_INPUT_IS_URL},
        {"example.com:9", FAIL_INPUT_IS_URL},
        {"//", FAIL_INPUT_IS_URL},
        {"fe80::1%" L55, FAIL_INPUT_IS_ADDRESS}, /* 63 */
        {"例え.jp/", FAIL_INPUT_IS_URL},
        {"192.0.2.1", FAIL_INPUT_IS_ADDRESS},
        {"192.0.2.1.", FAIL_INPUT_IS_ADDRESS},
        {"192.0.2.1:25", FAIL_INPUT_IS_ADDRESS},
        {"192.0.2.0/24", FAIL_INPUT_IS_ADDRESS},
        {"１９２.0.2.1", FAIL_INPUT_IS_ADDRESS},
        {"2001:db8::1", FAIL_INPUT_IS_ADDRESS},
        {"[2001:db8::1]", FAIL_INPUT_IS_ADDRESS},
        {"[2001:db8::1]:25", FAIL_INPUT_IS_ADDRESS},
        {"fe80::1%eth0", FAIL_INPUT_IS_ADDRESS},
        {"[a.example]", FAIL_INPUT_IS_ADDRESS},
        {"[a.example", FAIL_INPUT_BAD_NAME},
        {"[2001:db8::1", FAIL_INPUT_BAD_NAME},
        {L63 "a.example", FAIL_INPUT_LABEL_TOO_LONG},
        {"ä" L63 ".example", FAIL_INPUT_LABEL_TOO_LONG},
        {N189 "." L63 ".aa", FAIL_INPUT_TOO_LONG},
        {"ä." N189 "." L63, FAIL_INPUT_TOO_LONG},
        {"ä." N189 "." L55 "a", FAIL_INPUT_TOO_LONG},
        {"ä." N189 "." L55 "a.", FAIL_INPUT_TOO_LONG},
        {"ä." N189 "." L55 "aa", FAIL_INPUT_TOO_LONG},
        {"☃.example", FAIL_INPUT_IDN_INVALID},
        {"-ä.example", FAIL_INPUT_IDN_INVALID},
        {"\xc2\xad", FAIL_INPUT_IDN_INVALID},
        {"a.\xc2\xad", FAIL_INPUT_IDN_INVALID},
        {"\xc2\xa0x.example", FAIL_INPUT_IDN_INVALID},
        {"a／b.example", FAIL_INPUT_IDN_INVALID},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char name[HOSTNAME_BYTES] = "unset";
        enum failure_code code = hostname_normalize(bytes_of(cases[i].text), name);
        if (code != cases[i].code)
            fail_msg("%s: %s, not %s", cases[i].text, failure_name(code), failure_name(cases[i].code));
        assert_string_equal(name, "unset");
    }
}

static void bytes_that_no_text_holds_are_refused(void **state)
{
    char name[HOSTNAME_BYTES], huge[4096];
    (void)state;
    assert_int_equal(hostname_normalize(bytes_make("a\0b.example", 11), name), FAIL_INPUT_BAD_NAME);
    assert_int_equal(hostname_normalize(bytes_make("\xc3\xa4\0.example", 11), name), FAIL_INPUT_BAD_NAME);
    assert_int_equal(hostname_normalize(bytes_make("fe80::1\0", 8), name), FAIL_INPUT_BAD_NAME);
    assert_int_equal(hostname_normalize(bytes_make(NULL, 0), name), FAIL_INPUT_BAD_NAME);
    memset(huge, 'a', sizeof huge);
    assert_int_equal(hostname_normalize(bytes_make(huge, sizeof huge), name), FAIL_INPUT_TOO_LONG);
    memset(huge, 0xc3, sizeof huge);
    assert_int_equal(hostname_normalize(bytes_make(huge, sizeof huge), name), FAIL_INPUT_LABEL_TOO_LONG);
    memset(huge, 'a', sizeof huge);
    huge[0] = (char)0x80; /* the one byte that is of no ASCII name */
    assert_int_equal(hostname_normalize(bytes_make(huge, sizeof huge), name), FAIL_INPUT_LABEL_TOO_LONG);
}

static void the_longest_name_fits(void **state)
{
    char text[HOSTNAME_BYTES + 2], name[HOSTNAME_BYTES];
    (void)state;
    memset(text, 'a', sizeof text);
    for (size_t i = 1; i < sizeof text; i += 2)
        text[i] = '.';
    assert_int_equal(hostname_normalize(bytes_make(text, 253), name), FAIL_NONE);
    assert_int_equal(strlen(name), 253);
    assert_int_equal(hostname_normalize(bytes_make(text, 254), name), FAIL_NONE); /* with its dot */
    assert_int_equal(strlen(name), 253);
    assert_int_equal(hostname_normalize(bytes_make(text, 255), name), FAIL_INPUT_TOO_LONG);
}

static void unicode_forms_lead_back(void **state)
{
    static const struct {
        const char *domain, *unicode;
    } cases[] = {
        {"xn--r8jz45g.jp", "例え.jp"},
        {"mail.xn--strae-oqa.de", "mail.straße.de"},
        {"xn--p1ai", "рф"},
        {"r3---sn.xn--r8jz45g.jp", "r3---sn.例え.jp"},
        {"example.com", NULL},
        {"axn--r8jz45g.jp", NULL},
        {"xn--a", NULL},
        {"xn--foo-.com", NULL},
        {"xn--example-.com", NULL},
        {"xn--n3h.example", NULL}, /* a snowman: IDNA 2008 has none */
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char unicode[1024];
        bool made = hostname_unicode(cases[i].domain, unicode, sizeof unicode);
        if (made != (cases[i].unicode != NULL))
            fail_msg("%s: %s", cases[i].domain, made ? unicode : "none");
        if (made)
            assert_string_equal(unicode, cases[i].unicode);
    }
    char small[sizeof "例え.jp" - 1];
    assert_false(hostname_unicode("xn--r8jz45g.jp", small, sizeof small));
}

static void last_labels(void **state)
{
    (void)state;
    assert_string_equal(hostname_tld("example.co.uk"), "uk");
    assert_string_equal(hostname_tld("uk"), "uk");
}

static void names_below_a_domain(void **state)
{
    char name[sizeof "_mta-sts.a.example"];
    (void)state;
    assert_true(hostname_below(name, sizeof name, "_mta-sts.", "a.example"));
    assert_string_equal(name, "_mta-sts.a.example");
    assert_false(hostname_below(name, sizeof name - 1, "_mta-sts.", "a.example"));
    assert_false(hostname_below(name, sizeof "_mta-sts." - 2, "_mta-sts.", "a.example"));
}

static void public_suffixes(void **state)
{
    static const struct {
        const char *domain, *suffix;
        bool is_suffix;
    } cases[] = {
        {"www.example.com", "com", false},
        {"example.co.uk", "co.uk", false},
        {"co.uk", "co.uk", true},
        {"com", "com", true},
        {"a.b.ck", "b.ck", false},
        {"b.ck", "b.ck", true},
        {"www.ck", "ck", false}, /* an exception to *.ck */
        {"xn--r8jz45g.xn--p1ai", "xn--p1ai", false},
        {"example.no-such-tld", NULL, false},
        {"no-such-tld", NULL, false},
    };
    (void)state;
    for (size_t asked = 0; asked < 2 * COUNT(cases);
         asked++) { /* the second time by answers that were kept */
        size_t i = asked % COUNT(cases);
        bool is_suffix = !cases[i].is_suffix;
        const char *suffix = suffix_of(cases[i].domain, &is_suffix);
        assert_int_equal(is_suffix, cases[i].is_suffix);
        if (cases[i].suffix == NULL) {
            assert_null(suffix);
            continue;
        }
        assert_non_null(suffix);
        assert_string_equal(suffix, cases[i].suffix);
        assert_ptr_equal(suffix, cases[i].domain + strlen(cases[i].domain) - strlen(suffix));
    }
}

static void *ask_suffix(void *arg)
{
    bool is_suffix;
    suffixes_load();
    const char *suffix = suffix_of("example.co.uk", &is_suffix);
    *(bool *)arg = suffix != NULL && strcmp(suffix, "co.uk") == 0;
    return NULL;
}

static void threads_share_the_suffix_list(void **state)
{
    pthread_t threads[4];
    bool found[COUNT(threads)] = {false};
    (void)state;
    for (size_t i = 0; i < COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_suffix, &found[i]), 0);
    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_true(found[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_share_the_suffix_list), /* first: the list is not loaded yet */
        cmocka_unit_test(good_names_are_folded_and_trimmed),
        cmocka_unit_test(what_is_no_name_is_told_apart),
        cmocka_unit_test(bytes_that_no_text_holds_are_refused),
        cmocka_unit_test(the_longest_name_fits),
        cmocka_unit_test(unicode_forms_lead_back),
        cmocka_unit_test(last_labels),
        cmocka_unit_test(names_below_a_domain),
        cmocka_unit_test(public_suffixes),
    };
    return cmocka_run_group_tests_name("hostname", tests, NULL, NULL);
}
