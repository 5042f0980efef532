/* Counters: what a loop counts, what it publishes, the sum of all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scanner/facts/counters.h"

/* Each has its own value: the rows by their place in the table, then the outcomes, then the codes. */
static struct counters numbered(uint64_t from)
{
    struct counters counters = {0};
#define COUNTER(name, help) counters.name = from++;
#include "scanner/facts/counters.def"
#undef COUNTER
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        counters.outcomes[i] = from++;
    for (size_t i = 0; i < FAIL_COUNT; i++)
        counters.codes[i] = from++;
    counters.resolvers[RESOLVERS_MOST - 1].by_latency[RESOLVER_BUCKETS - 1] = from++;
    return counters;
}

static void what_is_published_is_read(void **state)
{
    static struct counters_shared shared[2];
    struct counters sum = {0};
    struct counters straight = {0};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const struct counters counters = numbered(1 + 1000 * i);
        counters_publish(&counters, &shared[i]);
        counters_add(&shared[i], &sum);
        counters_sum(&counters, &straight);
    }
    assert_memory_equal(&sum, &straight, sizeof sum);
    assert_int_equal(sum.lookups, 1 + 1001);
    assert_int_equal(sum.lookups_failed, 2 + 1002);
    const uint64_t first = numbered(1).outcomes[0];
    for (size_t i = 0; i < OUTCOME_COUNT; i++)
        assert_int_equal(sum.outcomes[i], 2 * (first + i) + 1000);
    for (size_t i = 0; i < FAIL_COUNT; i++)
        assert_int_equal(sum.codes[i], 2 * (first + OUTCOME_COUNT + i) + 1000);
}

static void see(void *arg, const char *name, const char *help, uint64_t value)
{
    uint64_t *expected = arg;
    assert_true(name[0] != '\0' && help[0] != '\0');
    assert_int_equal(value, (*expected)++);
}

static void each_row_is_visited(void **state)
{
    const struct counters counters = numbered(1);
    uint64_t expected = 1;
    (void)state;
    counters_each(&counters, see, &expected);
    assert_int_equal(expected, counters.outcomes[0]);
}

static void a_domain_counts_by_outcome_and_codes(void **state)
{
    struct counters counters = {0};
    struct judgement judgement = {.outcome = OUTCOME_REFUSED};
    uint64_t codes = 0;
    (void)state;
    code_set_add(&judgement.codes, FAIL_NONE + 1);
    code_set_add(&judgement.codes, FAIL_SMTP_TLS_EXPIRED);
    code_set_add(&judgement.codes, FAIL_COUNT - 1);
    counters_domain(&counters, &judgement, true);
    counters_domain(&counters, &judgement, false);
    assert_int_equal(counters.outcomes[OUTCOME_REFUSED], 2);
    assert_int_equal(counters.fetches, 1);
    for (size_t i = 0; i < FAIL_COUNT; i++)
        codes += counters.codes[i];
    assert_int_equal(codes, 6);
    assert_int_equal(counters.codes[FAIL_SMTP_TLS_EXPIRED], 2);
    assert_int_equal(counters.codes[FAIL_COUNT - 1], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_published_is_read),
        cmocka_unit_test(each_row_is_visited),
        cmocka_unit_test(a_domain_counts_by_outcome_and_codes),
    };
    return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
