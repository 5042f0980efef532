/* summary.csv: every number of summary.json has its row, with what a sample says of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "output/store/summary.h"
#include "output/store/summary_csv.h"
#include "output/store/summary_groups.h"

enum { TEXT_BYTES = 1 << 20 };

static void a_row_for_each_number(void **state)
{
    static const char json[] =
        "{\"schema\": 1, \"records\": 3, \"balanced\": true,\n"
        " \"outcomes\": {\"refused\": 2, \"absent\": 1}, \"codes\": {},\n"
        " \"sample\": {\"take\": \"1%\", \"population\": 300, \"outcomes\": {\"refused\": {\"share\": "
        "0.66666667, "
        "\"low\": 0.10000000, \"high\": 0.90000000}, \"absent\": {\"share\": 0.33333333, \"low\": "
        "0.00000000, "
        "\"high\": 0.80000000}}, \"codes\": {\"mx.none\": {\"share\": 0.5, \"low\": 0, \"high\": 1}},\n"
        "  \"strata\": [{\"stratum\": \"de\", \"population\": 9, \"outcomes\": {\"refused\": {\"share\": 1, "
        "\"low\": 0.2, \"high\": 1}}}]},\n"
        " \"key_exchange\": {\"mx_sessions\": {\"X25519\": 7}},\n"
        " \"groups\": {\"label\": {\"groups\": 2, \"top\": [{\"group\": \"=1+1\", \"gain\": 5, \"outcomes\": "
        "{\"refused\": 4}, \"failure\": \"mx.none\"}, {\"group\": {\"base64\": \"/w==\"}, \"gain\": 0}]}}}\n";
    struct buf out;
    (void)state;
    buf_init(&out, TEXT_BYTES);
    assert_int_equal(summary_csv(&out, bytes_of(json)), ERR_OK);
    assert_string_equal(buf_string(&out), "section,group,name,count,share,low,high\r\n"
                                          "summary,,schema,1,,,\r\n"
                                          "summary,,records,3,,,\r\n"
                                          "outcomes,,refused,2,0.66666667,0.10000000,0.90000000\r\n"
                                          "outcomes,,absent,1,0.33333333,0.00000000,0.80000000\r\n"
                                          "sample,,population,300,,,\r\n"
                                          "sample.codes,,mx.none,,0.5,0,1\r\n"
                                          "sample.strata,de,population,9,,,\r\n"
                                          "sample.strata.outcomes,de,refused,,1,0.2,1\r\n"
                                          "key_exchange.mx_sessions,,X25519,7,,,\r\n"
                                          "groups.label,,groups,2,,,\r\n"
                                          "groups.label.top,\"'=1+1\",gain,5,,,\r\n"
                                          "groups.label.top.outcomes,\"'=1+1\",refused,4,,,\r\n"
                                          "groups.label.top,/w==,gain,0,,,\r\n");
    buf_dispose(&out);
}

/* No scan writes such, but nothing is to break off at it. */
static void numbers_of_a_list_have_no_name(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, TEXT_BYTES);
    assert_int_equal(summary_csv(&out, bytes_of("{\"a\": [1, {\"share\": 0.5}, [2]], \"sample\": {\"b\": "
                                                "[{\"share\": 1}]}}")),
                     ERR_OK);
    assert_string_equal(buf_string(&out), "section,group,name,count,share,low,high\r\n"
                                          "a,,,1,,,\r\n"
                                          "a,,,,0.5,,\r\n"
                                          "a,,,2,,,\r\n"
                                          "sample.b,,,,1,,\r\n");
    buf_dispose(&out);
}

static void what_is_no_summary(void **state)
{
    static const struct {
        const char *json;
        enum error error;
    } cases[] = {{"", ERR_SYNTAX}, {"[1]", ERR_SYNTAX}, {"{\"a\": 1", ERR_SYNTAX}, {"{\"a\": 1}", ERR_LIMIT}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;
        buf_init(&out, 50); /* the head, and no row */
        assert_int_equal(summary_csv(&out, bytes_of(cases[i].json)), cases[i].error);
        buf_dispose(&out);
    }
}

/* ---- what the program writes --------------------------------------------------------------------------- */

static size_t numbers_in(const json_t *value)
{
    size_t count = 0, index;
    const char *key;
    json_t *child;
    if (json_is_number(value))
        return 1;
    json_object_foreach((json_t *)(uintptr_t)value, key, child) count += numbers_in(child);
    json_array_foreach(value, index, child) count += numbers_in(child);
    return count;
}

/* Counts the cells that hold a number, behind the three that say which it is. */
static size_t numbers_of_rows(const char *text)
{
    size_t count = 0;
    for (const char *row = strchr(text, '\n') + 1; *row != 0; row = strchr(row, '\n') + 1) {
        size_t column = 0;
        for (const char *at = row; *at != '\n'; at++) {
            column += *at == ',';
            count += *at == ',' && column >= 3 && at[1] >= '0' && at[1] <= '9';
        }
    }
    return count;
}

static void fill(struct summary *summary, struct summary_groups *groups)
{
    const struct group_row row = {.kind = BY_MX_HOST,
                                  .name = bytes_of("mx.example"),
                                  .domains = 3,
                                  .gain = 1,
                                  .outcomes[OUTCOME_REFUSED] = 3,
                                  .failure = FAIL_SMTP_TLS_EXPIRED,
                                  .failing = 2};
    summary->sample = summary_sample_create("10%", "a key", STRATA_TLD);
    assert_non_null(summary->sample);
    for (unsigned i = 0; i < 100; i++) {
        struct tally tally = {.outcome = i % 2 ? OUTCOME_REFUSED : OUTCOME_TESTING,
                              .would_be = i % 2 ? OUTCOME_NONE : OUTCOME_PARTIAL,
                              .cached = i % 3 ? CACHED_NONE : CACHED_NONE + 1,
                              .tld = "de",
                              .provider = "Some"};
        code_set_add(&tally.codes, FAIL_MX_NULL);
        summary_add(summary, &tally);
    }
    assert_int_equal(summary_sample_population(summary->sample, "de", 1000), ERR_OK);
    exchange_count(&groups->exchange.mx_sessions, bytes_of("X25519"));
    assert_true(group_top_take(&groups->kinds[BY_MX_HOST], &row));
}

static void all_that_the_program_writes(void **state)
{
    struct summary *summary = calloc(1, sizeof *summary);
    struct summary_groups groups;
    struct buf json, out;
    (void)state;
    assert_non_null(summary);
    buf_init(&json, TEXT_BYTES);
    buf_init(&out, TEXT_BYTES);
    summary_groups_init(&groups);
    fill(summary, &groups);
    assert_true(summary_json(&json, summary, &groups));
    assert_int_equal(summary_csv(&out, buf_bytes(&json)), ERR_OK);
    json_t *root = json_loadb((const char *)json.data, json.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_int_equal(numbers_of_rows(buf_string(&out)), numbers_in(root));
    assert_non_null(strstr(buf_string(&out), "\r\noutcomes,,refused,50,0.50000000,0."));
    assert_non_null(strstr(buf_string(&out), "\r\nwould_be,,partial,50,0.50000000,0."));
    assert_non_null(strstr(buf_string(&out), "\r\ngroups.mx-host.top,mx.example,gain,1,,,\r\n"));
    assert_non_null(strstr(buf_string(&out), "\r\nsample.strata.outcomes,de,testing,,0.50000000,0."));
    assert_null(strstr(buf_string(&out), "\r\nsample.outcomes,"));
    json_decref(root);
    summary_groups_dispose(&groups);
    summary_sample_destroy(summary->sample);
    buf_dispose(&out);
    buf_dispose(&json);
    free(summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_for_each_number),
        cmocka_unit_test(numbers_of_a_list_have_no_name),
        cmocka_unit_test(what_is_no_summary),
        cmocka_unit_test(all_that_the_program_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
