/* The denominators of shards, added up and proved; what meta.json of a merged scan keeps of the names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "scanner/stages/merge_meta.h"
#include "scanner/stages/merge_sums.h"

enum { SHARDS = 3, TEXT_BYTES = 1 << 20 };

/* What a shard counts: of a list of 20 lines. */
struct shard {
    uint64_t inputs, records, rejects, duplicates, opted_out, not_in_shard;
};

struct table {
    const char *name;
    struct shard shards[SHARDS];
    const char *fault; /* NULL: they add up */
};

static const struct table tables[] = {
    {"each line is counted by one shard",
     {{20, 5, 1, 1, 0, 13}, {20, 6, 0, 0, 1, 13}, {20, 4, 1, 1, 0, 14}},
     NULL},
    {"a shard does not add up by itself",
     {{20, 5, 1, 1, 0, 13}, {20, 6, 0, 0, 1, 12}, {20, 4, 1, 1, 0, 14}},
     "= 19"},
    {"another list", {{20, 5, 1, 1, 0, 13}, {21, 6, 0, 0, 1, 14}, {20, 4, 1, 1, 0, 14}}, "21 inputs"},
    {"a line is counted twice", {{20, 6, 1, 1, 0, 12}, {20, 6, 0, 0, 1, 13}, {20, 4, 1, 1, 0, 14}}, "= 21"},
    {"a line is counted by none", {{20, 4, 1, 1, 0, 14}, {20, 6, 0, 0, 1, 13}, {20, 4, 1, 1, 0, 14}}, "= 19"},
};

static enum error add_all(struct merge_sums *sums, const struct shard *shards, struct buf *why)
{
    enum error error = ERR_OK;
    for (size_t i = 0; i < SHARDS && error == ERR_OK; i++) {
        struct summary summary = {.inputs = shards[i].inputs,
                                  .records = shards[i].records,
                                  .rejects = shards[i].rejects,
                                  .duplicates = shards[i].duplicates,
                                  .opted_out = shards[i].opted_out,
                                  .not_in_shard = shards[i].not_in_shard};
        struct buf text;
        summary.left_out[FAIL_INPUT_DUPLICATE] = shards[i].duplicates;
        buf_init(&text, TEXT_BYTES);
        assert_true(summary_json(&text, &summary, NULL));
        error = merge_sums_add(sums, buf_bytes(&text), why);
        buf_dispose(&text);
    }
    return error == ERR_OK ? merge_sums_prove(sums, why) : error;
}

static void check_table(const struct table *table)
{
    struct merge_sums sums;
    struct buf why;
    buf_init(&why, TEXT_BYTES);
    merge_sums_init(&sums);
    enum error error = add_all(&sums, table->shards, &why);
    if (error != (table->fault == NULL ? ERR_OK : ERR_CORRUPT) ||
        (table->fault != NULL && strstr(buf_string(&why), table->fault) == NULL))
        fail_msg("%s: %s: %s", table->name, error_text(error), buf_string(&why));
    merge_sums_dispose(&sums);
    buf_dispose(&why);
}

static void test_denominators_are_proved(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        check_table(&tables[i]);
}

static void test_what_was_written_is_held_to_them(void **state)
{
    struct merge_sums sums;
    struct buf why;
    struct summary written = {.records = 15, .rejects = 2};
    (void)state;
    buf_init(&why, TEXT_BYTES);
    merge_sums_init(&sums);
    assert_int_equal(add_all(&sums, tables[0].shards, &why), ERR_OK);
    assert_int_equal(merge_sums_close(&sums, &written, &why), ERR_OK);
    assert_int_equal(written.inputs, 20);
    assert_int_equal(written.not_in_shard, 0);
    assert_int_equal(written.duplicates, 2);
    assert_int_equal(written.left_out[FAIL_INPUT_DUPLICATE], 2);
    written.records = 14;
    assert_int_equal(merge_sums_close(&sums, &written, &why), ERR_CORRUPT);
    merge_sums_dispose(&sums);
    buf_dispose(&why);
}

static void test_samples_are_added_up(void **state)
{
    struct merge_sums sums;
    struct buf why, text;
    (void)state;
    buf_init(&why, TEXT_BYTES);
    buf_init(&text, TEXT_BYTES);
    merge_sums_init(&sums);
    for (uint64_t i = 1; i <= 2; i++) {
        struct summary summary = {.inputs = 20, .not_in_shard = 20};
        summary.sample = summary_sample_create("10", "1", STRATA_TLD);
        assert_int_equal(summary_sample_population(summary.sample, i == 1 ? "de" : "com", 5), ERR_OK);
        assert_int_equal(summary_sample_population(summary.sample, "net", i), ERR_OK);
        buf_reset(&text);
        assert_true(summary_json(&text, &summary, NULL));
        assert_int_equal(merge_sums_add(&sums, buf_bytes(&text), &why), ERR_OK);
        summary_sample_destroy(summary.sample);
    }
    assert_int_equal(sums.summary.sample->population, 5 + 5 + 1 + 2);
    size_t net;
    assert_int_equal(strata_find(sums.summary.sample->strata, "net", &net), ERR_OK);
    assert_int_equal(sums.summary.sample->parts[net]->population, 3);
    merge_sums_dispose(&sums);
    buf_dispose(&why);
    buf_dispose(&text);
}

/* ---- meta.json ----------------------------------------------------------------------------------------- */

#define ID "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char names_meta[] =
    "{\"schema\":1,\"version\":\"0\",\"state\":\"done\",\"started\":\"2026-01-02T00:00:00.000Z\",\"ended\":"
    "\"2026-01-03T00:00:00.000Z\",\"seed\":\"7\",\"resolver\":\"embedded\",\"previous\":{\"dir\":\"old\","
    "\"matched\":3},"
    "\"inputs\":[{\"path\":\"list\"}],\"config\":{\"scan.shard\":\"1/"
    "3\",\"scan.stage\":\"names\",\"dns.timeout\":"
    "\"3s\"}}";

static void test_meta_keeps_what_the_names_were_asked(void **state)
{
    static const char *const has[] = {
        "\"seed\": \"7\"",         "\"dns.timeout\": \"3s\"", "\"scan.shard\": \"\"",
        "\"scan.stage\": \"all\"", "\"matched\": 9",          "\"shards\": 3",
        "\"vantage\": \"fra1\"",   "\"path\": \"list\"",      "\"ended\": \"2026-01-03T00:00:00.000Z\""};
    struct merge_round round = {.plan = ID, .parts = 2, .vantage = "fra1"};
    struct merge_origin origin = {.names = ID, .shards = 3, .rounds = &round, .round_count = 1};
    const struct merge_state done = {
        .state = "done", .host = "here", .command = "stsweep", .version = "1", .matched = 9};
    struct buf text, why;
    (void)state;
    buf_init(&text, TEXT_BYTES);
    buf_init(&why, TEXT_BYTES);
    assert_true(merge_span_add(&origin.span, bytes_of(names_meta)));
    assert_true(merge_meta_text(&text, bytes_of(names_meta), &origin, &done));
    for (size_t i = 0; i < sizeof has / sizeof *has; i++)
        if (strstr(buf_string(&text), has[i]) == NULL)
            fail_msg("%s is not in %s", has[i], buf_string(&text));
    assert_int_equal(merge_meta_is_of(buf_bytes(&text), &origin, &why), ERR_OK);
    origin.round_count = 0;
    assert_int_equal(merge_meta_is_of(buf_bytes(&text), &origin, &why), ERR_MISMATCH);
    origin.round_count = 1;
    round.plan[0] = 'b';
    assert_int_equal(merge_meta_is_of(buf_bytes(&text), &origin, &why), ERR_MISMATCH);
    buf_reset(&text);
    assert_true(merge_meta_text(&text, bytes_of("{\"config\":[\"a\",1]}"), &origin, &done));
    assert_null(strstr(buf_string(&text), "\"a\""));
    assert_false(merge_meta_text(&text, bytes_of("{"), &origin, &done));
    buf_dispose(&text);
    buf_dispose(&why);
}

static void test_spans_span_all(void **state)
{
    struct merge_span span = {"", ""};
    (void)state;
    assert_true(merge_span_add(&span, bytes_of(names_meta)));
    assert_true(merge_span_add(
        &span,
        bytes_of("{\"started\":\"2026-01-01T00:00:00.000Z\",\"ended\":\"2026-01-02T00:00:00.000Z\"}")));
    assert_string_equal(span.started, "2026-01-01T00:00:00.000Z");
    assert_string_equal(span.ended, "2026-01-03T00:00:00.000Z");
    assert_true(merge_span_add(&span, bytes_of("{\"started\":\"1\",\"ended\":\"9999 <b>\"}")));
    assert_true(merge_span_add(&span, bytes_of("{\"started\":\"0999-12-31T00:00:00.000Z\"}")));
    assert_string_equal(span.started, "2026-01-01T00:00:00.000Z");
    assert_string_equal(span.ended, "2026-01-03T00:00:00.000Z");
    assert_false(merge_span_add(&span, bytes_of("no JSON")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_denominators_are_proved),
        cmocka_unit_test(test_what_was_written_is_held_to_them),
        cmocka_unit_test(test_samples_are_added_up),
        cmocka_unit_test(test_meta_keeps_what_the_names_were_asked),
        cmocka_unit_test(test_spans_span_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
