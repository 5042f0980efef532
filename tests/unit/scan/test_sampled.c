/*
 * Samples of a world that is known: of a thousand samples, each drawn by another key in the way in which a
 * scan draws it, about 950 of the 95 % intervals hold the rate of the whole. This file says what the store
 * has done.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include <dlfcn.h>
#include <openssl/evp.h>

#include "output/store/summary.h"
#include "scanner/scan/spooled.h"

static const uint8_t *done; /* by ordinal, from 0; NULL: nothing is */

bool store_is_done(const struct store *store, uint64_t ordinal)
{
    (void)store;
    return done != NULL && done[ordinal - 1] != 0;
}

/* The library's own, unless it is to fail. */
static bool digests_fail;

int EVP_DigestFinal_ex(EVP_MD_CTX *context, unsigned char *digest, unsigned int *len)
{
    int (*own)(EVP_MD_CTX *, unsigned char *, unsigned int *);
    void *found = dlsym(RTLD_NEXT, "EVP_DigestFinal_ex");
    assert_non_null(found);
    memcpy(&own, &found, sizeof own);
    return digests_fail ? 0 : own(context, digest, len);
}

/* With a sanitizer fewer samples are drawn, as each costs seven times as much: what they show then is that
 * drawing them breaks nothing. */
#ifdef __SANITIZE_ADDRESS__
enum { KEYS = 100, HOLD_LEAST = 86, HOLD_MOST = 100 };
#define MEAN_MOST 0.015
#else
enum { KEYS = 1000, HOLD_LEAST = 930, HOLD_MOST = 970 };
#define MEAN_MOST 0.003
#endif
enum { NAMES = 1500, RATES = 3 };

static char key[32];
static char key_first[] = "key 1";

/* The world: 1,000 names of com, 400 of de, 100 of org. */
static const struct {
    const char *tld;
    unsigned names, protected, testing; /* the rest is absent; of these every second: */
} tlds[] = {{"com", 1000, 20, 450}, {"de", 400, 80, 250}, {"org", 100, 60, 10}};

static struct tally world[NAMES];
static char domains[NAMES][32];
static const size_t rates[RATES] = {SUMMARY_OUTCOMES + OUTCOME_PROTECTED, SUMMARY_OUTCOMES + OUTCOME_TESTING,
                                    SUMMARY_DANE + DANE_OUTCOME_PROTECTED};
static double truth[RATES];

static void make_world(void)
{
    size_t at = 0;
    for (size_t tld = 0; tld < sizeof tlds / sizeof tlds[0]; tld++)
        for (unsigned i = 0; i < tlds[tld].names; i++, at++) {
            struct tally *tally = &world[at];
            (void)snprintf(domains[at], sizeof domains[at], "n%u.%s", i, tlds[tld].tld);
            *tally =
                (struct tally){.ordinal = at + 1, .outcome = OUTCOME_ABSENT, .dane = DANE_OUTCOME_ABSENT};
            memcpy(tally->tld, tlds[tld].tld, strlen(tlds[tld].tld) + 1);
            if (i < tlds[tld].protected)
                tally->outcome = OUTCOME_PROTECTED;
            else if (i < tlds[tld].protected + tlds[tld].testing)
                tally->outcome = OUTCOME_TESTING;
            tally->dane = i % 3 == 0 ? DANE_OUTCOME_PROTECTED : DANE_OUTCOME_ABSENT;
            truth[0] += tally->outcome == OUTCOME_PROTECTED;
            truth[1] += tally->outcome == OUTCOME_TESTING;
            truth[2] += tally->dane == DANE_OUTCOME_PROTECTED;
        }
    assert_int_equal(at, NAMES);
    for (size_t i = 0; i < RATES; i++)
        truth[i] /= NAMES;
}

struct drawn {
    uint64_t records, population;
    struct interval intervals[RATES];
};

static struct config config_of(const char *take, enum strata_kind strata, const char *shard)
{
    return (struct config){.input_memory = 1 << 24,
                           .input_only = "",
                           .input_except = "",
                           .scan_shard = (char *)(uintptr_t)shard,
                           .sample_take = (char *)(uintptr_t)take,
                           .sample_key = key,
                           .sample_strata = strata};
}

/* Draws, scans nothing, counts what the world says of the names, and tells. Names that are handed out are set
 * in seen, if there is one. */
static struct drawn draw(const struct config *config, uint64_t seed, uint8_t *seen)
{
    struct choice *choice;
    struct buf why;
    struct input_name name;
    struct drawn drawn = {0};
    char sha256[FILTER_SHA256_BYTES];
    buf_init(&why, 4096);
    assert_int_equal(choice_create(config, &choice, sha256, &why), ERR_OK);
    struct spooled *names =
        spooled_create(&(struct spooled_options){.config = config, .seed = seed, .choice = choice});
    struct summary_sample *sample = summary_sample_create(config->sample_take, config->sample_key,
                                                          (enum strata_kind)config->sample_strata);
    for (size_t i = 0; i < NAMES; i++) {
        bool taken;
        name = (struct input_name){.ordinal = i + 1, .domain = domains[i]};
        assert_int_equal(choice_read(choice, &name, &taken), ERR_OK);
        if (taken)
            assert_int_equal(spooled_add(names, &name), ERR_OK);
    }
    assert_int_equal(spooled_filled(names), ERR_OK);
    struct source source = spooled_source(names);
    while (source.next(source.arg, &name) == ERR_OK) {
        summary_sample_add(sample, &world[name.ordinal - 1]);
        drawn.records++;
        if (seen != NULL)
            seen[name.ordinal - 1]++;
    }
    assert_int_equal(choice_tell(choice, drawn.records, 0, sample), ERR_OK);
    drawn.population = sample->population;
    for (size_t i = 0; i < RATES; i++)
        drawn.intervals[i] = summary_sample_interval(sample, rates[i]);
    struct choice_counts counts = choice_counts_of(choice);
    struct spool_counts spool = spooled_counts(names);
    assert_int_equal(drawn.records + counts.not_sampled + counts.not_in_shard + spool.not_in_shard, NAMES);
    summary_sample_destroy(sample);
    spooled_destroy(names);
    choice_destroy(choice);
    buf_dispose(&why);
    return drawn;
}

/* Do 95 of a hundred intervals hold the rate? */
static void assert_covers(const char *take, enum strata_kind strata)
{
    struct config config = config_of(take, strata, "");
    unsigned holds[RATES] = {0};
    double sum[RATES] = {0};
    for (unsigned i = 1; i <= KEYS; i++) {
        (void)snprintf(key, sizeof key, "key %u", i);
        struct drawn drawn = draw(&config, 1, NULL);
        assert_int_equal(drawn.population, NAMES);
        for (size_t rate = 0; rate < RATES; rate++) {
            struct interval interval = drawn.intervals[rate];
            holds[rate] += interval.low <= truth[rate] && truth[rate] <= interval.high;
            sum[rate] += interval.share;
        }
    }
    for (size_t rate = 0; rate < RATES; rate++) {
        print_message("%s by %d: %u of %d intervals hold %.4f; mean of the estimates %.4f\n", take,
                      (int)strata, holds[rate], KEYS, truth[rate], sum[rate] / KEYS);
        assert_in_range(holds[rate], HOLD_LEAST, HOLD_MOST);
        assert_true(sum[rate] / KEYS > truth[rate] - MEAN_MOST && sum[rate] / KEYS < truth[rate] + MEAN_MOST);
    }
}

static void test_a_share(void **state)
{
    (void)state;
    assert_covers("10%", STRATA_NONE);
}

/* Of every second name: without the correction nearly all intervals would hold the rate. */
static void test_a_number(void **state)
{
    (void)state;
    assert_covers("750", STRATA_NONE);
}

/* Fifty of each: org is half taken, com a twentieth. */
static void test_strata(void **state)
{
    (void)state;
    assert_covers("50", STRATA_TLD);
}

/* ---- what a sample does not depend on ------------------------------------------------------------------ */

/* The shards hold their parts of the sample that the whole list has, whatever their seeds. */
static void test_shards_hold_their_parts(void **state)
{
    (void)state;
    static const struct {
        const char *take;
        enum strata_kind strata;
    } rows[] = {{"10%", STRATA_NONE}, {"300", STRATA_NONE}, {"75", STRATA_TLD}, {"10%", STRATA_TLD}};
    static const char *const shards[] = {"1/3", "2/3", "3/3"};
    memcpy(key, key_first, sizeof key_first);
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        uint8_t whole[NAMES] = {0}, parts[NAMES] = {0};
        uint64_t records = 0, population = 0;
        struct config config = config_of(rows[row].take, rows[row].strata, "");
        struct drawn drawn = draw(&config, 1, whole);
        for (size_t i = 0; i < 3; i++) {
            config = config_of(rows[row].take, rows[row].strata, shards[i]);
            struct drawn part = draw(&config, 17 + i, parts);
            records += part.records;
            population += part.population;
        }
        assert_int_equal(records, drawn.records);
        assert_int_equal(population, drawn.population);
        assert_memory_equal(whole, parts, NAMES);
    }
}

/* Memory for a few names only: the list is on disk, and the sample the same. */
static void test_memory_decides_nothing(void **state)
{
    (void)state;
    uint8_t large[NAMES] = {0}, little[NAMES] = {0};
    memcpy(key, key_first, sizeof key_first);
    struct config config = config_of("90", STRATA_TLD, "2/3");
    (void)draw(&config, 1, large);
    config.input_memory = 65536;
    struct choice *choice;
    struct buf why;
    struct input_name name;
    char sha256[FILTER_SHA256_BYTES];
    buf_init(&why, 4096);
    assert_int_equal(choice_create(&config, &choice, sha256, &why), ERR_OK);
    struct spooled *names = spooled_create(
        &(struct spooled_options){.config = &config, .seed = 3, .choice = choice, .directory = "/tmp"});
    for (unsigned round = 0; round < 3; round++) /* and each name three times */
        for (size_t i = 0; i < NAMES; i++)
            assert_int_equal(spooled_add(names, &(struct input_name){.ordinal = round * NAMES + i + 1,
                                                                     .domain = domains[i]}),
                             ERR_OK);
    assert_int_equal(spooled_filled(names), ERR_OK);
    uint64_t total = spooled_total(names), count = 0;
    struct source source = spooled_source(names);
    for (; source.next(source.arg, &name) == ERR_OK; count++)
        little[name.ordinal - 1]++;
    assert_memory_equal(large, little, NAMES);
    assert_int_equal(count, total);
    struct spool_counts counts = spooled_counts(names);
    assert_int_equal(counts.duplicates, 2 * (3 * NAMES - counts.not_in_shard) / 3);
    assert_int_equal(count + choice_counts_of(choice).not_sampled + counts.duplicates + counts.not_in_shard,
                     3 * NAMES);
    spooled_destroy(names);
    choice_destroy(choice);
    buf_dispose(&why);
}

/* ---- what is left out ---------------------------------------------------------------------------------- */

static struct choice *chosen;

static bool reads(unsigned i)
{
    bool taken;
    assert_int_equal(choice_read(chosen, &(struct input_name){.ordinal = 1, .domain = domains[i]}, &taken),
                     ERR_OK);
    return taken;
}

/* The filter comes before the limit, which counts names that pass it, each once. */
static void test_filter_and_limit(void **state)
{
    (void)state;
    char sha256[FILTER_SHA256_BYTES];
    struct buf why;
    struct config config = config_of("", STRATA_NONE, "");
    static char only[] = ".de";
    config.input_only = only;
    config.input_limit = 2;
    buf_init(&why, 4096);
    assert_int_equal(choice_create(&config, &chosen, sha256, &why), ERR_OK);
    assert_false(choice_is_whole(chosen));
    assert_false(reads(0));
    assert_true(reads(1000));
    assert_true(reads(1000));
    assert_false(reads(1));
    assert_true(reads(1001));
    assert_false(reads(1002));
    assert_false(reads(1000));
    assert_false(reads(2));
    struct choice_counts counts = choice_counts_of(chosen);
    assert_int_equal(counts.filtered, 3);
    assert_int_equal(counts.over_limit, 2);
    assert_int_equal(counts.not_sampled + counts.opted_out + counts.not_in_shard, 0);
    choice_destroy(chosen);
    buf_dispose(&why);
}

/* Who opted out is of the sample, and takes nobody else into it. */
static void test_opted_out_of_the_sample(void **state)
{
    (void)state;
    uint8_t with[NAMES] = {0};
    struct choice *choice;
    struct buf why;
    struct input_name name;
    char sha256[FILTER_SHA256_BYTES];
    memcpy(key, key_first, sizeof key_first);
    struct config config = config_of("300", STRATA_NONE, "");
    (void)draw(&config, 1, with);
    struct optout *optout = optout_create();
    assert_int_equal(optout_add_suffix(optout, "org"), ERR_OK);
    optout_finish(optout);
    buf_init(&why, 4096);
    assert_int_equal(choice_create(&config, &choice, sha256, &why), ERR_OK);
    struct spooled *names = spooled_create(
        &(struct spooled_options){.config = &config, .seed = 1, .choice = choice, .optout = optout});
    for (size_t i = 0; i < NAMES; i++)
        assert_int_equal(spooled_add(names, &(struct input_name){.ordinal = i + 1, .domain = domains[i]}),
                         ERR_OK);
    assert_int_equal(spooled_filled(names), ERR_OK);
    struct source source = spooled_source(names);
    unsigned handed = 0;
    for (; source.next(source.arg, &name) == ERR_OK; handed++)
        assert_true(with[name.ordinal - 1] && strstr(name.domain, ".org") == NULL);
    assert_true(choice_counts_of(choice).opted_out > 0);
    assert_int_equal(handed + choice_counts_of(choice).opted_out, 300);
    assert_int_equal(choice_counts_of(choice).not_sampled, NAMES - 300);
    spooled_destroy(names);
    choice_destroy(choice);
    optout_destroy(optout);
    buf_dispose(&why);
}

/* What the opt-out list keeps out of a sample, and what is handed out and left out of it. */
struct kept_out {
    uint64_t by[3], opted_out, handed;
};

static void count_kept_out(const struct config *config, const struct optout *optout, struct kept_out *counted,
                           uint8_t *handed)
{
    struct choice *choice;
    struct buf why;
    struct input_name name;
    char sha256[FILTER_SHA256_BYTES];
    buf_init(&why, 4096);
    *counted = (struct kept_out){0};
    assert_int_equal(choice_create(config, &choice, sha256, &why), ERR_OK);
    struct spooled *names = spooled_create(&(struct spooled_options){.config = config,
                                                                     .seed = 1,
                                                                     .choice = choice,
                                                                     .directory = "/tmp",
                                                                     .optout = optout,
                                                                     .opted_by = counted->by});
    for (unsigned round = 0; round < 2; round++) /* a name that stands twice is one */
        for (size_t i = 0; i < NAMES; i++)
            assert_int_equal(spooled_add(names, &(struct input_name){.ordinal = round * NAMES + i + 1,
                                                                     .domain = domains[i]}),
                             ERR_OK);
    assert_int_equal(spooled_filled(names), ERR_OK);
    struct kept_out before = *counted;
    struct source source = spooled_source(names);
    for (; source.next(source.arg, &name) == ERR_OK; counted->handed++)
        handed[name.ordinal - 1] = 1;
    assert_memory_equal(counted->by, before.by, sizeof before.by); /* all was known before */
    counted->opted_out = choice_counts_of(choice).opted_out;
    spooled_destroy(names);
    choice_destroy(choice);
    buf_dispose(&why);
}

/* Of a number of names it is known by entry who is kept out, in whatever shard, memory and run. */
static void test_who_keeps_whom_out(void **state)
{
    (void)state;
    static const char *const shards[] = {"", "1/2", "2/2"};
    memcpy(key, key_first, sizeof key_first);
    struct optout *optout = optout_create();
    assert_int_equal(optout_add_suffix(optout, "org"), ERR_OK);
    assert_int_equal(optout_add_suffix(optout, "de"), ERR_OK);
    assert_int_equal(optout_add_domain(optout, "nobody.example"), ERR_OK);
    optout_finish(optout);
    struct kept_out of[3];
    for (size_t i = 0; i < 3; i++) {
        struct config config = config_of("300", STRATA_NONE, shards[i]);
        uint8_t handed[2 * NAMES] = {0};
        config.input_memory = i == 0 ? 1 << 24 : 65536;
        count_kept_out(&config, optout, &of[i], handed);
        assert_int_equal(of[i].by[0] + of[i].by[1], of[i].opted_out);
        assert_true(of[i].by[0] > 0 && of[i].by[1] > of[i].by[0]);
        assert_int_equal(of[i].by[2], 0);
        /* A run that goes on, of which half is done, and then all: what is kept out is the same. */
        for (unsigned every = 2; every >= 1; every--) {
            uint8_t over[2 * NAMES] = {0}, again[2 * NAMES] = {0};
            struct kept_out resumed;
            for (size_t at = 0; at < 2 * NAMES; at++)
                over[at] = handed[at] && at % every == 0;
            done = over;
            count_kept_out(&config, optout, &resumed, again);
            done = NULL;
            assert_memory_equal(resumed.by, of[i].by, sizeof resumed.by);
            assert_int_equal(resumed.opted_out, of[i].opted_out);
            assert_true(resumed.handed < of[i].handed);
        }
    }
    assert_int_equal(of[0].handed + of[0].opted_out, 300);
    for (size_t entry = 0; entry < 2; entry++)
        assert_int_equal(of[1].by[entry] + of[2].by[entry], of[0].by[entry]);
    optout_destroy(optout);
}

/* Whose record is there when he opts out keeps it, and is kept out of nothing. */
static void test_opted_out_of_what_is_done(void **state)
{
    (void)state;
    uint8_t handed[2 * NAMES] = {0}, again[2 * NAMES] = {0};
    struct config config = config_of("300", STRATA_NONE, "");
    struct optout *none = optout_create(), *org = optout_create();
    struct kept_out counted;
    memcpy(key, key_first, sizeof key_first);
    assert_int_equal(optout_add_suffix(org, "org"), ERR_OK);
    optout_finish(none);
    optout_finish(org);
    count_kept_out(&config, none, &counted, handed);
    assert_int_equal(counted.handed, 300);
    done = handed;
    count_kept_out(&config, org, &counted, again);
    done = NULL;
    assert_int_equal(counted.by[0] + counted.opted_out + counted.handed, 0);
    optout_destroy(none);
    optout_destroy(org);
}

/* A name about which nothing can be said is no name that is not in the sample: the scan ends with an error.
 */
static void test_a_library_that_fails(void **state)
{
    (void)state;
    struct buf why;
    struct input_name name;
    char sha256[FILTER_SHA256_BYTES];
    memcpy(key, key_first, sizeof key_first);
    struct config config = config_of("300", STRATA_TLD, "");
    buf_init(&why, 4096);
    assert_int_equal(choice_create(&config, &chosen, sha256, &why), ERR_OK);
    struct spooled *names =
        spooled_create(&(struct spooled_options){.config = &config, .seed = 1, .choice = chosen});
    for (size_t i = 0; i < NAMES; i++)
        assert_int_equal(spooled_add(names, &(struct input_name){.ordinal = i + 1, .domain = domains[i]}),
                         ERR_OK);
    assert_int_equal(spooled_filled(names), ERR_OK);
    struct source source = spooled_source(names);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(source.next(source.arg, &name), ERR_OK);
    uint64_t left_out = choice_counts_of(chosen).not_sampled;
    digests_fail = true;
    assert_int_equal(source.next(source.arg, &name), ERR_LIBRARY);
    digests_fail = false;
    assert_int_equal(choice_counts_of(chosen).not_sampled, left_out);
    spooled_destroy(names);
    choice_destroy(chosen);
    buf_dispose(&why);
}

static void test_a_name_of_a_stratum_too_many(void **state)
{
    (void)state;
    struct buf why;
    char sha256[FILTER_SHA256_BYTES];
    bool taken = true;
    enum error error = ERR_OK;
    uint64_t left_out = 0;
    struct config config = config_of("300", STRATA_TLD, "");
    buf_init(&why, 4096);
    assert_int_equal(choice_create(&config, &chosen, sha256, &why), ERR_OK);
    for (unsigned i = 0; i <= STRATA_MOST && error == ERR_OK; i++) {
        char domain[32];
        (void)snprintf(domain, sizeof domain, "a.x%u", i);
        left_out = choice_counts_of(chosen).not_sampled;
        error = choice_hand_out(chosen, NULL, &(struct input_name){.ordinal = 1, .domain = domain}, &taken);
        assert_false(taken);
    }
    assert_int_equal(error, ERR_CONFIG);
    assert_int_equal(choice_counts_of(chosen).not_sampled, left_out);
    choice_destroy(chosen);
    buf_dispose(&why);
}

static void test_too_many_last_labels(void **state)
{
    (void)state;
    char sha256[FILTER_SHA256_BYTES], domain[32];
    bool taken;
    struct buf why;
    struct config config = config_of("1%", STRATA_TLD, "");
    enum error error = ERR_OK;
    buf_init(&why, 4096);
    assert_int_equal(choice_create(&config, &chosen, sha256, &why), ERR_OK);
    for (unsigned i = 0; i <= STRATA_MOST && error == ERR_OK; i++) {
        (void)snprintf(domain, sizeof domain, "a.x%u", i);
        error = choice_read(chosen, &(struct input_name){.ordinal = 1, .domain = domain}, &taken);
    }
    assert_int_equal(error, ERR_CONFIG);
    assert_non_null(strstr(choice_reason(chosen), "more than 5000 different labels"));
    choice_destroy(chosen);
    choice_destroy(NULL);
    buf_dispose(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_share),
        cmocka_unit_test(test_a_number),
        cmocka_unit_test(test_strata),
        cmocka_unit_test(test_shards_hold_their_parts),
        cmocka_unit_test(test_memory_decides_nothing),
        cmocka_unit_test(test_filter_and_limit),
        cmocka_unit_test(test_opted_out_of_the_sample),
        cmocka_unit_test(test_who_keeps_whom_out),
        cmocka_unit_test(test_opted_out_of_what_is_done),

        cmocka_unit_test(test_a_library_that_fails),
        cmocka_unit_test(test_a_name_of_a_stratum_too_many),
        cmocka_unit_test(test_too_many_last_labels),
    };
    make_world();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
