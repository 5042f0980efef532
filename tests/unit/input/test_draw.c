/* The sample of a list: which names are drawn, and what that does not depend on. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input/draw.h"
#include "input/first.h"
#include "input/spool.h"

enum { NAMES = 20000 };

static struct draw *make(const char *text, const char *key)
{
    struct draw_size size;
    assert_true(draw_size_parse(text, &size));
    struct draw *draw = draw_create(&size, key);
    assert_non_null(draw);
    return draw;
}

static const char *name_at(unsigned i, char name[32])
{
    (void)snprintf(name, 32, "n%u.example", i);
    return name;
}

/* The first eight bytes of SHA-256 over key, zero byte and name, as python3 -c 'import hashlib; …' has them:
 * a sample of next month, or one that somebody else draws, has the same names. */
static void test_numbers_are_for_good(void **state)
{
    (void)state;
    static const struct {
        const char *key, *name;
        uint64_t number;
    } rows[] = {
        {"stsweep", "example.org", 0x57952b1f31689252},
        {"stsweep", "xn--mnchen-3ya.de", 0x6a7885c465b3c5b1},
        {"stsweep", "a.example", 0x91966043d314bfc5},
        {"other key", "example.org", 0x4c91867fa91cbf93},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct draw *draw = make("1%", rows[i].key);
        for (int twice = 0; twice < 2; twice++)
            assert_true(draw_number(draw, rows[i].name) == rows[i].number);
        assert_false(draw_failed(draw));
        draw_destroy(draw);
    }
    draw_destroy(NULL);
}

/* 0x57952b1f31689252 / 2^64 is 0.34211987…: the share below it has the name not, the share above it has. */
static void test_the_edge_of_a_share(void **state)
{
    (void)state;
    static const struct {
        const char *share;
        bool taken;
    } rows[] = {{"34%", false}, {"34.211986%", false}, {"34.211988%", true}, {"35%", true}, {"100%", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct draw *draw = make(rows[i].share, "stsweep");
        assert_int_equal(draw_takes(draw, "example.org"), rows[i].taken);
        draw_destroy(draw);
    }
}

/* Each share is part of the next, and about as large as it says: within four standard deviations. */
static void test_shares_are_nested(void **state)
{
    (void)state;
    static const char *const shares[] = {"0.1%", "1%", "2%", "10%", "50%", "100%"};
    static const double parts[] = {0.001, 0.01, 0.02, 0.1, 0.5, 1};
    struct draw *draws[6];
    unsigned counts[6] = {0};
    char name[32];
    for (size_t i = 0; i < 6; i++)
        draws[i] = make(shares[i], "stsweep");
    for (unsigned n = 0; n < NAMES; n++) {
        bool before = false;
        for (size_t i = 0; i < 6; i++) {
            bool taken = draw_takes(draws[i], name_at(n, name));
            assert_true(taken || !before);
            counts[i] += taken;
            before = taken;
        }
    }
    for (size_t i = 0; i < 6; i++) {
        double wanted = NAMES * parts[i], off = 4 * sqrt(wanted * (1 - parts[i]));
        assert_true(fabs(counts[i] - wanted) <= off);
        draw_destroy(draws[i]);
    }
    assert_int_equal(counts[5], NAMES);
}

/* Chi-square over 16 shards of the spool, and over 16 parts of its order: below the quantile of 99.9 % with
 * 15 degrees of freedom, 37.7. */
static void test_apart_from_shards_and_order(void **state)
{
    (void)state;
    struct draw *draw = make("10%", "stsweep");
    unsigned in[2][16] = {{0}}, all[2][16] = {{0}}, total = 0, place = 0;
    struct spool *spool;
    struct buf why;
    struct input_name name;
    char text[32];
    buf_init(&why, 1024);
    assert_int_equal(
        spool_create(
            &(struct spool_options){.seed = 5, .memory_bytes = 1 << 24, .shard_index = 1, .shard_count = 1},
            &spool, &why),
        ERR_OK);
    for (unsigned n = 0; n < NAMES; n++)
        assert_int_equal(spool_add(spool, &(struct input_name){.ordinal = n + 1, .domain = name_at(n, text)}),
                         ERR_OK);
    assert_int_equal(spool_finish(spool), ERR_OK);
    while (spool_next(spool, &name) == ERR_OK) {
        unsigned of[2] = {0, place++ * 16 / NAMES};
        while (!spool_shard_has(of[0] + 1, 16, name.domain))
            of[0]++;
        bool taken = draw_takes(draw, name.domain);
        for (size_t i = 0; i < 2; i++) {
            all[i][of[i]]++;
            in[i][of[i]] += taken;
        }
        total += taken;
    }
    assert_int_equal(place, NAMES);
    for (size_t i = 0; i < 2; i++) {
        double sum = 0, share = (double)total / NAMES;
        for (size_t at = 0; at < 16; at++) {
            double wanted = all[i][at] * share;
            sum += (in[i][at] - wanted) * (in[i][at] - wanted) / (wanted * (1 - share));
        }
        assert_true(sum < 37.7);
    }
    spool_destroy(spool);
    draw_destroy(draw);
    buf_dispose(&why);
}

/* ---- a number of names --------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* Exactly so many, those with the lowest numbers, in whatever order they are offered. */
static void test_the_lowest_are_drawn(void **state)
{
    (void)state;
    static uint64_t numbers[NAMES];
    char name[32];
    for (unsigned step = 1; step <= 7; step += 6) {
        struct draw *draw = make("500", "stsweep");
        size_t ours, had = 0, had_ours = 0;
        for (unsigned n = 0; n < NAMES; n++) {
            unsigned i = (unsigned)((uint64_t)n * step % NAMES);
            numbers[n] = draw_number(draw, name_at(i, name));
            assert_int_equal(draw_offer(draw, 0, name, i % 4 == 0), ERR_OK);
        }
        assert_int_equal(draw_count(draw, 0, &ours), 500);
        qsort(numbers, NAMES, sizeof numbers[0], compare);
        for (unsigned i = 0; i < NAMES; i++) {
            bool has = draw_has(draw, 0, name_at(i, name));
            assert_int_equal(has, draw_number(draw, name) <= numbers[499]);
            had += has;
            had_ours += has && i % 4 == 0;
        }
        assert_int_equal(had, 500);
        assert_int_equal(had_ours, ours);
        draw_destroy(draw);
    }
}

/* Each stratum has its own, or all that it has; of a stratum that nobody named there are none. */
static void test_strata_are_drawn_apart(void **state)
{
    (void)state;
    struct draw *draw = make("30", "stsweep");
    char name[32];
    size_t ours;
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(draw_offer(draw, i < 10 ? 40 : 3, name_at(i, name), false), ERR_OK);
    assert_int_equal(draw_count(draw, 40, &ours), 10);
    assert_int_equal(ours, 0);
    assert_int_equal(draw_count(draw, 3, &ours), 30);
    assert_int_equal(draw_count(draw, 4, &ours), 0);
    assert_int_equal(draw_count(draw, 4000, &ours), 0);
    assert_true(draw_has(draw, 40, name_at(0, name)));
    assert_false(draw_has(draw, 4, name));
    assert_false(draw_has(draw, 4000, name));
    draw_destroy(draw);
}

/* ---- the limit ----------------------------------------------------------------------------------------- */

static bool take(struct first *first, const char *name)
{
    bool within = false;
    assert_int_equal(first_take(first, name, &within), ERR_OK);
    return within;
}

static void test_the_first_names(void **state)
{
    (void)state;
    struct first *first = first_create(3);
    assert_true(take(first, "a.example"));
    assert_true(take(first, "b.example"));
    assert_true(take(first, "a.example")); /* again: it is no further name */
    assert_true(take(first, "c.example"));
    assert_false(take(first, "d.example"));
    assert_false(take(first, "a.example")); /* behind the last */
    first_destroy(first);
    first_destroy(NULL);
}

static void test_many_first_names(void **state)
{
    (void)state;
    char name[32];
    struct first *first = first_create(NAMES - 1);
    for (unsigned i = 0; i < 2 * (NAMES - 1); i++) /* each twice, one after the other */
        assert_true(take(first, name_at(i / 2, name)) == (i < 2 * (NAMES - 1) - 1));
    assert_false(take(first, name_at(NAMES, name)));
    first_destroy(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_for_good), cmocka_unit_test(test_the_edge_of_a_share),
        cmocka_unit_test(test_shares_are_nested),    cmocka_unit_test(test_apart_from_shards_and_order),
        cmocka_unit_test(test_the_lowest_are_drawn), cmocka_unit_test(test_strata_are_drawn_apart),
        cmocka_unit_test(test_the_first_names),      cmocka_unit_test(test_many_first_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
