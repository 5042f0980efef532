/* What a summary says of a sample: counted by stratum, written, read back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "output/json/json_write.h"
#include "output/store/summary_stored.h"

enum { TEXT_BYTES = 1 << 20 };

static void add(struct summary *summary, const char *tld, uint32_t rank, enum outcome outcome, unsigned times)
{
    struct tally tally = {.outcome = outcome, .rank = rank};
    memcpy(tally.tld, tld, strlen(tld) + 1);
    if (outcome == OUTCOME_REFUSED)
        code_set_add(&tally.codes, FAIL_POLICY_TLS_EXPIRED);
    for (unsigned i = 0; i < times; i++)
        summary_add(summary, &tally);
}

/* 10 of 100 in de with a population of 9,000, 60 of 100 in org with one of 1,000. */
static void fill(struct summary *summary, const char *take, enum strata_kind kind)
{
    *summary = (struct summary){.sample = summary_sample_create(take, "a key", kind)};
    assert_non_null(summary->sample);
    add(summary, "de", 5, OUTCOME_REFUSED, 10);
    add(summary, "de", 5, OUTCOME_ABSENT, 90);
    add(summary, "org", 2000, OUTCOME_REFUSED, 60);
    add(summary, "org", 2000, OUTCOME_ABSENT, 40);
    assert_int_equal(summary->sample->failed, ERR_OK);
}

static void set(struct summary *summary, const char *stratum, uint64_t population)
{
    assert_int_equal(summary_sample_population(summary->sample, stratum, population), ERR_OK);
}

static double number(const json_t *object, const char *a, const char *b, const char *c)
{
    return json_number_value(json_object_get(json_object_get(json_object_get(object, a), b), c));
}

/* Writes the summary, reads it as JSON, and has the program read it back: it knows the same. */
static json_t *write_and_read(const struct summary *summary)
{
    struct buf text;
    struct summary again;
    uint64_t records;
    buf_init(&text, TEXT_BYTES);
    assert_true(summary_json(&text, summary, NULL));
    assert_int_equal(summary_denominators(buf_bytes(&text), &again, &records), ERR_OK);
    assert_int_equal(records, summary->records);
    assert_non_null(again.sample);
    assert_string_equal(again.sample->take, summary->sample->take);
    assert_string_equal(again.sample->key, summary->sample->key);
    assert_int_equal(again.sample->population, summary->sample->population);
    assert_int_equal(strata_kind_of(again.sample->strata), strata_kind_of(summary->sample->strata));
    summary_sample_destroy(again.sample);
    json_t *root = json_loadb((const char *)text.data, text.len, 0, NULL);
    assert_non_null(root);
    json_t *sample = json_incref(json_object_get(root, "sample"));
    json_decref(root);
    buf_dispose(&text);
    return sample;
}

static void test_by_strata(void **state)
{
    (void)state;
    struct summary summary;
    fill(&summary, "100", STRATA_TLD);
    set(&summary, "de", 9000);
    set(&summary, "org", 500);
    set(&summary, "org", 1000); /* the last word counts */
    json_t *sample = write_and_read(&summary);
    assert_int_equal(json_integer_value(json_object_get(sample, "population")), 10000);
    assert_true(json_is_true(json_object_get(sample, "counted")));
    assert_string_equal(json_string_value(json_object_get(sample, "by")), "tld");
    assert_true(fabs(number(sample, "outcomes", "refused", "share") - 0.15) < 1e-8);
    assert_true(fabs(number(sample, "outcomes", "refused", "low") - 0.1088038) < 2e-6);
    assert_true(fabs(number(sample, "codes", "policy.tls.expired", "share") - 0.15) < 1e-8);
    assert_true(number(sample, "outcomes", "protected", "high") > 0);
    json_t *strata = json_object_get(sample, "strata");
    assert_int_equal(json_array_size(strata), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(strata, 1), "stratum")), "org");
    assert_true(fabs(number(json_array_get(strata, 1), "outcomes", "refused", "share") - 0.6) < 1e-8);
    assert_null(json_object_get(json_object_get(json_array_get(strata, 1), "outcomes"), "protected"));
    json_decref(sample);
    summary_sample_destroy(summary.sample);
}

/* A share is one sample of the whole, whatever it is told by: 70 of 200. */
static void test_a_share_by_ranks(void **state)
{
    (void)state;
    struct summary summary;
    fill(&summary, "10%", STRATA_RANK);
    set(&summary, "1-1000", 1200);
    set(&summary, "1001-10000", 800);
    assert_int_equal(summary_sample_population(summary.sample, "of no rank", 1), ERR_NOT_FOUND);
    json_t *sample = write_and_read(&summary);
    assert_false(json_is_true(json_object_get(sample, "counted")));
    struct interval wanted = interval_of(&(struct interval_part){70, 200, 2000}, 1);
    assert_true(fabs(number(sample, "outcomes", "refused", "share") - 0.35) < 1e-8);
    assert_true(fabs(number(sample, "outcomes", "refused", "low") - wanted.low) < 1e-8);
    assert_true(fabs(number(sample, "outcomes", "refused", "high") - wanted.high) < 1e-8);
    assert_int_equal(json_array_size(json_object_get(sample, "strata")), 2);
    json_decref(sample);
    summary_sample_destroy(summary.sample);
}

static void test_without_strata(void **state)
{
    (void)state;
    struct summary summary;
    fill(&summary, "200", STRATA_NONE);
    set(&summary, "", 200);
    json_t *sample = write_and_read(&summary);
    assert_true(number(sample, "outcomes", "refused", "low") == 0.35);
    assert_true(number(sample, "outcomes", "refused", "high") == 0.35);
    assert_null(json_object_get(sample, "strata"));
    json_decref(sample);
    summary_sample_destroy(summary.sample);
    summary_sample_destroy(NULL);
}

static void test_stored_ones_that_are_none(void **state)
{
    (void)state;
    static const char *const samples[] = {
        "1",
        "{}",
        "{\"take\":\"\",\"key\":\"a\",\"by\":\"none\",\"population\":1}",
        "{\"take\":\"0%\",\"key\":\"a\",\"by\":\"none\",\"population\":1}",
        "{\"take\":\"1%\",\"key\":\"a\",\"by\":\"moon\",\"population\":1}",
        "{\"take\":\"1%\",\"key\":1,\"by\":\"none\",\"population\":1}",
        "{\"take\":\"1%\",\"key\":\"a\",\"by\":\"none\",\"population\":-1}",
        "{\"take\":\"1%\",\"key\":\"a\",\"by\":\"none\"}",
        "{\"take\":\"1%\",\"key\":\"a\",\"by\":\"tld\",\"population\":1}",
        "{\"take\":\"1%\",\"key\":\"a\",\"by\":\"tld\",\"strata\":[1]}",
        "{\"take\":\"1%\",\"key\":\"a\",\"by\":\"tld\",\"strata\":[{\"population\":1}]}",
        "{\"take\":\"1%\",\"key\":\"a\",\"by\":\"rank\",\"strata\":[{\"stratum\":\"de\",\"population\":1}]}",
    };
    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct buf text;
        struct summary summary;
        uint64_t records;
        buf_init(&text, TEXT_BYTES);
        buf_printf(
            &text,
            "{\"inputs\":1,\"records\":1,\"rejects\":0,\"duplicates\":0,\"opted_out\":0,\"not_in_shard\":0,"
            "\"not_sampled\":0,\"filtered\":0,\"over_limit\":0,\"sample\":%s}",
            samples[i]);
        if (summary_denominators(buf_bytes(&text), &summary, &records) != ERR_CORRUPT)
            fail_msg("%s", samples[i]);
        assert_null(summary.sample);
        buf_dispose(&text);
    }
}

static void test_shares_are_written(void **state)
{
    (void)state;
    static const struct {
        double share;
        const char *text;
    } rows[] = {{0, "0.00000000\n"},   {1, "1.00000000\n"},           {0.5, "0.50000000\n"},
                {2, "1.00000000\n"},   {-1, "0.00000000\n"},          {0.123456789, "0.12345679\n"},
                {NAN, "0.00000000\n"}, {0.999999999, "1.00000000\n"}, {0.00000001, "0.00000001\n"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct buf text;
        struct json json;
        buf_init(&text, 256);
        json_start(&json, &text);
        json_put_share(&json, NULL, rows[i].share);
        assert_true(json_finish(&json));
        assert_string_equal(buf_string(&text), rows[i].text);
        buf_dispose(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_strata),          cmocka_unit_test(test_a_share_by_ranks),
        cmocka_unit_test(test_without_strata),     cmocka_unit_test(test_stored_ones_that_are_none),
        cmocka_unit_test(test_shares_are_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
