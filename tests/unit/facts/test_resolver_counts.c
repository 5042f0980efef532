/* Latencies of a resolver: their buckets, and the median that comes of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/facts/resolver_counts.h"

/* A latency is in the one bucket whose bounds it lies between. */
static void test_buckets(void **state)
{
    (void)state;
    for (uint64_t ms = 0; ms < 200000; ms++) {
        struct resolver_counts counts = {0};
        resolver_counts_answer(&counts, (int64_t)ms);
        assert_int_equal(counts.answers, 1);
        assert_int_equal(counts.ms, ms);
        size_t bucket = 0;
        while (counts.by_latency[bucket] == 0)
            bucket++;
        assert_true(bucket == 0 || ms >= resolver_counts_bound(bucket - 1));
        assert_true(bucket == RESOLVER_BUCKETS - 1 || ms < resolver_counts_bound(bucket));
    }
    struct resolver_counts counts = {0};
    resolver_counts_answer(&counts, -5); /* a clock that was read twice */
    assert_int_equal(counts.by_latency[0], 1);
    assert_int_equal(counts.ms, 0);
}

static void test_median(void **state)
{
    (void)state;
    static const struct {
        int64_t from, to;
        uint64_t least, most;
    } cases[] = {{0, 0, 0, 0},
                 {5, 5, 5, 5},
                 {0, 6, 3, 3},
                 {1, 100, 48, 56},
                 {40, 40, 32, 47},
                 {1000, 1999, 1400, 1600},
                 {70000, 70000, 65536, 65536}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct resolver_counts counts = {0};
        for (int64_t ms = cases[i].from; ms <= cases[i].to; ms++)
            resolver_counts_answer(&counts, ms);
        uint64_t median = resolver_counts_median(&counts);
        if (median < cases[i].least || median > cases[i].most)
            fail_msg("case %zu: %llu", i, (unsigned long long)median);
    }
    const struct resolver_counts none = {0};
    assert_int_equal(resolver_counts_median(&none), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_buckets), cmocka_unit_test(test_median)};
    return cmocka_run_group_tests_name("resolver_counts", tests, NULL, NULL);
}
