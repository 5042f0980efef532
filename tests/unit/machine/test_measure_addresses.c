/* Tests what is counted at the addresses of names that are measured, of strangers and of one's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#include "scanner/machine/measure_addresses.h"

static struct ip_addr ip(const char *text)
{
    struct ip_addr ip;
    assert_true(ip_parse(text, &ip));
    return ip;
}

static void add(struct measured_addresses *addresses, const char *text, enum pace_class class, size_t times)
{
    struct ip_addr at = ip(text);
    for (size_t i = 0; i < times; i++)
        assert_true(measured_addresses_add(addresses, &at, class));
}

static void is_crowd(const struct measured_crowd *crowd, size_t largest, const char *at)
{
    struct ip_addr expected = ip(at);
    assert_int_equal(crowd->largest, largest);
    assert_true(ip_equal(&crowd->at, &expected));
}

static void test_ones_own_are_counted_apart(void **state)
{
    (void)state;
    struct measured_addresses addresses;
    struct measured_crowds crowds;
    struct ip_prefix prefix;
    assert_true(ip_prefix_parse("192.0.2.0/24", &prefix));
    const struct ip_set none = {0}, own = {.prefixes = &prefix, .count = 1};
    measured_addresses_init(&addresses, 7);
    add(&addresses, "192.0.2.1", PACE_SMTP, 5);
    add(&addresses, "192.0.2.2", PACE_HTTPS, 9);
    add(&addresses, "198.51.100.1", PACE_SMTP, 3);
    add(&addresses, "198.51.100.2", PACE_SMTP, 1); /* one alone is in no crowd */
    add(&addresses, "198.51.100.1", PACE_HTTPS, 2);
    add(&addresses, "2001:db8::1", PACE_HTTPS, 4);

    measured_addresses_count(&addresses, &none, &crowds);
    assert_int_equal(crowds.crowds, 2);
    assert_int_equal(crowds.crowded, 8);
    is_crowd(&crowds.strangers[PACE_SMTP], 5, "192.0.2.1");
    is_crowd(&crowds.strangers[PACE_HTTPS], 9, "192.0.2.2");
    assert_int_equal(crowds.own[PACE_SMTP].largest + crowds.own[PACE_HTTPS].largest, 0);

    measured_addresses_count(&addresses, &own, &crowds);
    assert_int_equal(crowds.crowds, 1);
    assert_int_equal(crowds.crowded, 3);
    is_crowd(&crowds.strangers[PACE_SMTP], 3, "198.51.100.1");
    is_crowd(&crowds.strangers[PACE_HTTPS], 4, "2001:db8::1");
    is_crowd(&crowds.own[PACE_SMTP], 5, "192.0.2.1");
    is_crowd(&crowds.own[PACE_HTTPS], 9, "192.0.2.2");
    measured_addresses_dispose(&addresses);
}

/* What is said of a list does not hang on the seed of a hash. */
static void test_of_crowds_as_large_the_lowest_address_counts(void **state)
{
    (void)state;
    const struct ip_set none = {0};
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct measured_addresses addresses;
        struct measured_crowds crowds;
        measured_addresses_init(&addresses, seed);
        add(&addresses, "198.51.100.9", PACE_HTTPS, 2);
        add(&addresses, "198.51.100.7", PACE_HTTPS, 2);
        add(&addresses, "198.51.100.8", PACE_HTTPS, 2);
        measured_addresses_count(&addresses, &none, &crowds);
        is_crowd(&crowds.strangers[PACE_HTTPS], 2, "198.51.100.7");
        measured_addresses_dispose(&addresses);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ones_own_are_counted_apart),
        cmocka_unit_test(test_of_crowds_as_large_the_lowest_address_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
