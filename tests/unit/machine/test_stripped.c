/* TLS-1: when the lack of STARTTLS at hosts that offer it is a suspicion, and what settles it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/machine/stripped.h"

enum { SECOND = 1000 };

/* Sessions as they come, a second apart. */
static int64_t feed(struct stripped *stripped, struct outage_counts *counts, uint64_t sessions,
                    uint64_t lacking, int64_t now)
{
    counts->ended += sessions;
    counts->failed += lacking;
    (void)stripped_count(stripped, counts, now);
    return now + SECOND;
}

static void test_few_that_lack_it_are_no_suspicion(void **state)
{
    struct stripped stripped;
    struct outage_counts counts = {0, 0};
    int64_t now = 1;
    (void)state;
    stripped_init(&stripped, false);
    for (int i = 0; i < 100; i++)
        now = feed(&stripped, &counts, 10, 2, now); /* a fifth, and no more */
    assert_int_equal(stripped.state, STRIPPED_NOT);
    stripped_init(&stripped, false);
    counts = (struct outage_counts){0, 0};
    now = feed(&stripped, &counts, 0, 0, now);
    now = feed(&stripped, &counts, STRIPPED_LEAST - 1, STRIPPED_LEAST - 1, now);
    assert_int_equal(stripped.state, STRIPPED_NOT); /* of so few nothing is concluded */
    assert_false(stripped_wants_look(&stripped, now));
    now = feed(&stripped, &counts, 1, 1, now);
    assert_int_equal(stripped.state, STRIPPED_SUSPECTED);
    assert_true(stripped_wants_look(&stripped, now));
}

static void suspect(struct stripped *stripped, int64_t *now)
{
    struct outage_counts counts = {0, 0};
    stripped_init(stripped, false);
    *now = feed(stripped, &counts, 0, 0, *now);
    *now = feed(stripped, &counts, 40, 40, *now);
    assert_int_equal(stripped->state, STRIPPED_SUSPECTED);
}

static void test_known_hosts_that_offer_it_clear_us(void **state)
{
    struct stripped stripped;
    struct outage_counts counts = {1000, 0};
    int64_t now = 1;
    (void)state;
    suspect(&stripped, &now);
    assert_int_equal(stripped_looked(&stripped, STRIPPED_OFFERED, now), STRIPPED_NOT);
    int64_t until = now + STRIPPED_QUIET_MS;
    while (now < until) {
        now = feed(&stripped, &counts, 10, 10, now);
        assert_int_equal(stripped.state, STRIPPED_NOT); /* for ten minutes nothing is suspected */
    }
    now = feed(&stripped, &counts, 10, 10, now);
    assert_int_equal(stripped.state, STRIPPED_SUSPECTED);
}

static void test_known_hosts_that_lack_it_convict_us(void **state)
{
    struct stripped stripped;
    int64_t now = 1;
    (void)state;
    suspect(&stripped, &now);
    assert_int_equal(stripped_looked(&stripped, STRIPPED_NOBODY, now), STRIPPED_SUSPECTED);
    assert_false(stripped_wants_look(&stripped, now + STRIPPED_ASK_MS - 1)); /* a connection a minute */
    now += STRIPPED_ASK_MS;
    assert_true(stripped_wants_look(&stripped, now));
    assert_int_equal(stripped_looked(&stripped, STRIPPED_LACKING, now), STRIPPED_ON);
    assert_int_equal(stripped_looked(&stripped, STRIPPED_NOBODY, now), STRIPPED_ON);
    assert_int_equal(stripped_looked(&stripped, STRIPPED_OFFERED, now), STRIPPED_NOT);
}

static void test_so_before_the_scan(void **state)
{
    struct stripped stripped;
    (void)state;
    stripped_init(&stripped, true);
    assert_int_equal(stripped.state, STRIPPED_ON);
    assert_int_equal(stripped_looked(&stripped, STRIPPED_OFFERED, 1), STRIPPED_NOT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_few_that_lack_it_are_no_suspicion),
        cmocka_unit_test(test_known_hosts_that_offer_it_clear_us),
        cmocka_unit_test(test_known_hosts_that_lack_it_convict_us),
        cmocka_unit_test(test_so_before_the_scan),
    };
    return cmocka_run_group_tests_name("stripped", tests, NULL, NULL);
}
