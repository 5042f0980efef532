/* Counting, reading records back, and the two forms that a summary takes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "output/json/json.h"
#include "output/store/summary.h"

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static unsigned draw(uint64_t *state, unsigned bound)
{
    return (unsigned)(next_random(state) >> 33) % bound;
}

static void assert_same(const struct tally *a, const struct tally *b)
{
    assert_true(a->ordinal == b->ordinal);
    assert_int_equal(a->outcome, b->outcome);
    assert_int_equal(a->would_be, b->would_be);
    assert_int_equal(a->cached, b->cached);
    assert_int_equal(a->dane, b->dane);
    assert_int_equal(a->tls, b->tls);
    assert_int_equal(a->incomplete, b->incomplete);
    assert_memory_equal(&a->codes, &b->codes, sizeof a->codes);
    assert_string_equal(a->provider, b->provider);
}

static enum error read_text(const char *text, struct tally *tally)
{
    return summary_read_line(bytes_of(text), tally);
}

/* ---- a record and its tally ---------------------------------------------------------------------------- */

static void make_random(uint64_t *seed, struct domain_facts *facts, struct judgement *judgement)
{
    static const char *const providers[] = {NULL, "Microsoft 365",
                                            "a name that is longer than what a tally keeps of it, by some",
                                            "B\xC3\xBCro", "\"q\\"};
    *facts = (struct domain_facts){
        .ordinal = next_random(seed) >> draw(seed, 63), .domain = "a.example", .tld = "example"};
    *judgement = (struct judgement){.outcome = (enum outcome)(1 + draw(seed, OUTCOME_COUNT - 1)),
                                    .dane = (enum dane_outcome)draw(seed, DANE_OUTCOME_COUNT),
                                    .tls = (enum tls_outcome)draw(seed, TLS_OUTCOME_COUNT),
                                    .provider_mx = providers[draw(seed, 5)],
                                    .provider_policy = providers[draw(seed, 5)]};
    if (judgement->outcome == OUTCOME_TESTING)
        judgement->would_be = (enum outcome)(1 + draw(seed, OUTCOME_COUNT - 1));
    if (judgement->outcome == OUTCOME_TESTING || judgement->outcome == OUTCOME_PROTECTED)
        judgement->incomplete = draw(seed, 2) == 0;
    static struct cached_policy cached = {.id = "1", .mode = STS_MODE_ENFORCE, .max_age = 1};
    facts->cached = draw(seed, 2) == 0 ? NULL : &cached;
    if (facts->cached != NULL)
        judgement->cached.found = (enum cached_found)(1 + draw(seed, CACHED_FOUND_COUNT - 1));
    for (unsigned i = draw(seed, 12); i > 0; i--)
        code_set_add(&judgement->codes, (enum failure_code)(1 + draw(seed, FAIL_COUNT - 1)));
}

static void test_what_was_written_is_counted_again(void **state)
{
    (void)state;
    uint64_t seed = 1181783497276652981u;
    for (int round = 0; round < 5000; round++) {
        struct buf out;
        struct domain_facts facts;
        struct judgement judgement;
        struct tally expected, found;
        make_random(&seed, &facts, &judgement);
        summary_tally(&facts, &judgement, &expected);
        buf_init(&out, 1 << 20);
        assert_true(json_domain(&out, &facts, &judgement));
        assert_int_equal(summary_read_line(bytes_make(out.data, out.len - 1), &found), ERR_OK);
        assert_same(&found, &expected);
        buf_dispose(&out);
    }
}

static void test_fields_in_any_order(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"provider\":{\"policy\":\"x\",\"mx\":\"P\"},\"codes\":[\"tlsrpt.absent\",\"txt.absent\"],\"tls\":"
        "\"all\","
        "\"dane\":\"refused\",\"would_be\":\"partial\",\"outcome\":\"testing\",\"ordinal\":7}",
        "{\"ordinal\":7,\"codes\":[\"txt.absent\",\"of.a-later-version\",\"tlsrpt.absent\"],\"outcome\":"
        "\"testing\","
        "\"tls\":\"all\",\"dane\":\"refused\",\"provider\":{\"mx\":\"P\"},\"would_be\":\"partial\"}",
        " {\"mx\":{\"hosts\":[{\"outcome\":\"off\",\"codes\":[\"mx.null\"]}],\"outcome\":\"off\",\"mx\":"
        "\"Q\"},\n"
        "\"outcome\":\"testing\",\"tls\":\"all\",\"x\":[[{\"provider\":{\"mx\":\"R\"}}]],\"dane\":"
        "\"refused\","
        "\"codes\":[\"txt.absent\",\"tlsrpt.absent\"],\"would_be\":\"partial\",\"ordinal\":7,"
        "\"a key that is longer than any of ours\":\"absent\",\"provider\":{\"mx\":\"P\",\"more\":null}}",
    };
    struct tally expected = {.ordinal = 7,
                             .outcome = OUTCOME_TESTING,
                             .would_be = OUTCOME_PARTIAL,
                             .dane = DANE_OUTCOME_REFUSED,
                             .tls = TLS_OUTCOME_ALL,
                             .provider = "P"};
    code_set_add(&expected.codes, FAIL_TXT_ABSENT);
    code_set_add(&expected.codes, FAIL_TLSRPT_ABSENT);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct tally found;
        assert_int_equal(read_text(texts[i], &found), ERR_OK);
        assert_same(&found, &expected);
    }
}

/* TLS-7: incomplete counts with every outcome that may rest on one look, wherever it stands. */
static void test_incomplete_is_read(void **state)
{
    static const char *const outcomes[] = {"protected", "partial", "refused", "broken"};
    char text[256];
    (void)state;
    for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++) {
        struct tally found;
        (void)snprintf(text, sizeof text,
                       "{\"ordinal\":1,\"outcome\":\"%s\",\"dane\":\"absent\",\"tls\":\"none\",\"codes\":[],"
                       "\"provider\":{\"mx\":null},\"incomplete\":true}",
                       outcomes[i]);
        assert_int_equal(read_text(text, &found), ERR_OK);
        assert_true(found.incomplete);
    }
}

/* Nothing else is: neither another truth nor one of that name inside another member. */
static void test_incomplete_alone_makes_incomplete(void **state)
{
    static const char *const others[] = {"\"one_look\":true", "\"policy\":{\"incomplete\":true}",
                                         "\"mx\":{\"hosts\":[{\"incomplete\":true}]}", "\"incomplete\":false",
                                         "\"incomplete\":\"true\""};
    char text[512];
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct tally found;
        (void)snprintf(text, sizeof text,
                       "{\"ordinal\":1,\"outcome\":\"partial\",%s,\"dane\":\"absent\",\"tls\":\"none\","
                       "\"codes\":[],\"provider\":{\"mx\":null}}",
                       others[i]);
        assert_int_equal(read_text(text, &found), ERR_OK);
        if (found.incomplete)
            fail_msg("%s makes it incomplete", others[i]);
    }
}

#define GOOD "\"ordinal\":1,\"outcome\":\"absent\",\"dane\":\"absent\",\"tls\":\"all\",\"codes\":[]"

static void test_what_is_no_record(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum error error;
    } cases[] = {
        {"{" GOOD "}", ERR_OK},
        {"{" GOOD ",\"provider\":{\"mx\":null}}", ERR_OK},
        {"{" GOOD ",\"provider\":{\"mx\":null}}x", ERR_SYNTAX},
        {"{" GOOD ",\"provider\":{\"mx\":null", ERR_SYNTAX},
        {"{" GOOD, ERR_SYNTAX},
        {"{" GOOD "}}", ERR_SYNTAX},
        {"[" GOOD "]", ERR_SYNTAX},
        {"[{" GOOD "}]", ERR_SYNTAX},
        {"", ERR_SYNTAX},
        {"{}", ERR_SYNTAX},
        {"7", ERR_SYNTAX},
        {"\"text\"", ERR_SYNTAX},
        {"null", ERR_SYNTAX},
        {"\xFF\xFE", ERR_SYNTAX},
        {"{\"outcome\":\"absent\",\"dane\":\"absent\",\"tls\":\"all\",\"codes\":[]}", ERR_SYNTAX},
        {"{\"ordinal\":-1,\"outcome\":\"absent\",\"dane\":\"absent\",\"tls\":\"all\",\"codes\":[]}",
         ERR_SYNTAX},
        {"{\"ordinal\":1.5,\"outcome\":\"absent\",\"dane\":\"absent\",\"tls\":\"all\",\"codes\":[]}",
         ERR_SYNTAX},
        {"{\"ordinal\":18446744073709551615,\"outcome\":\"off\",\"dane\":\"absent\",\"tls\":\"all\","
         "\"codes\":[]}",
         ERR_OK},
        {"{\"ordinal\":18446744073709551616,\"outcome\":\"off\",\"dane\":\"absent\",\"tls\":\"all\","
         "\"codes\":[]}",
         ERR_SYNTAX},
        {"{\"ordinal\":1,\"outcome\":\"none\",\"dane\":\"absent\",\"tls\":\"all\",\"codes\":[]}", ERR_SYNTAX},
        {"{\"ordinal\":1,\"outcome\":\"abs\",\"dane\":\"absent\",\"tls\":\"all\",\"codes\":[]}", ERR_SYNTAX},
        {"{\"ordinal\":1,\"outcome\":\"absent\",\"dane\":\"all\",\"tls\":\"all\",\"codes\":[]}", ERR_SYNTAX},
        {"{\"ordinal\":1,\"outcome\":\"absent\",\"dane\":\"absent\",\"tls\":\"absent\",\"codes\":[]}",
         ERR_SYNTAX},
        {"{\"ordinal\":1,\"outcome\":\"absent\",\"dane\":\"absent\",\"tls\":\"all\"}", ERR_SYNTAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tally tally;
        if (read_text(cases[i].text, &tally) != cases[i].error)
            fail_msg("case %zu: %s", i, cases[i].text);
    }
}

/* ---- sums ---------------------------------------------------------------------------------------------- */

static void test_every_count(void **state)
{
    (void)state;
    struct summary *summary = calloc(1, sizeof *summary);
    assert_non_null(summary);
    struct tally tally = {.outcome = OUTCOME_TESTING,
                          .would_be = OUTCOME_REFUSED,
                          .dane = DANE_OUTCOME_PARTIAL,
                          .tls = TLS_OUTCOME_SOME,
                          .incomplete = true,
                          .provider = "P"};
    code_set_add(&tally.codes, FAIL_TXT_ABSENT);
    code_set_add(&tally.codes, FAIL_COUNT - 1);
    summary_add(summary, &tally);
    summary_add(summary, &tally);
    tally = (struct tally){.outcome = OUTCOME_ABSENT};
    summary_add(summary, &tally);
    assert_int_equal(summary->records, 3);
    assert_int_equal(summary->incomplete, 2);
    assert_int_equal(summary->outcomes[OUTCOME_TESTING], 2);
    assert_int_equal(summary->outcomes[OUTCOME_ABSENT], 1);
    assert_int_equal(summary->would_be[OUTCOME_REFUSED], 2);
    assert_int_equal(summary->would_be[OUTCOME_NONE], 0);
    assert_int_equal(summary->dane[DANE_OUTCOME_PARTIAL], 2);
    assert_int_equal(summary->tls[TLS_OUTCOME_SOME], 2);
    assert_int_equal(summary->tls[TLS_OUTCOME_UNKNOWN], 1);
    assert_int_equal(summary->codes[FAIL_TXT_ABSENT], 2);
    assert_int_equal(summary->codes[FAIL_COUNT - 1], 2);
    assert_int_equal(summary->codes[FAIL_MX_NULL], 0);
    assert_int_equal(summary->provider_count, 1);
    assert_int_equal(summary->providers[0].count, 2);
    free(summary);
}

static void test_others_stand_where_there_are_any(void **state)
{
    (void)state;
    struct summary *summary = calloc(1, sizeof *summary);
    assert_non_null(summary);
    for (unsigned others = 0; others < 3; others++) {
        struct buf out;
        char expected[32];
        summary->provider_other = others;
        buf_init(&out, 1 << 20);
        assert_true(summary_json(&out, summary));
        (void)snprintf(expected, sizeof expected, "\"other\": %u\n", others);
        assert_int_equal(strstr(buf_string(&out), expected) != NULL, others > 0);
        assert_int_equal(strstr(buf_string(&out), "\"other\"") != NULL, others > 0);
        buf_dispose(&out);
    }
    free(summary);
}

static void test_providers_past_the_ceiling_are_others(void **state)
{
    (void)state;
    struct summary *summary = calloc(1, sizeof *summary);
    assert_non_null(summary);
    struct tally tally = {.outcome = OUTCOME_ABSENT};
    for (unsigned i = 0; i < SUMMARY_PROVIDERS + 10; i++) {
        (void)snprintf(tally.provider, sizeof tally.provider, "provider %u", i);
        summary_add(summary, &tally);
    }
    strcpy(tally.provider, "provider 0");
    summary_add(summary, &tally);
    strcpy(tally.provider, "other");
    summary_add(summary, &tally);
    assert_int_equal(summary->provider_count, SUMMARY_PROVIDERS);
    assert_int_equal(summary->provider_other, 11);
    assert_int_equal(summary->providers[0].count, 2);
    free(summary);
}

/* Each term alone puts the equation right; one too many or too few is seen and said. */
static void test_denominators(void **state)
{
    (void)state;
    static const size_t terms[] = {
        offsetof(struct summary, records),      offsetof(struct summary, rejects),
        offsetof(struct summary, duplicates),   offsetof(struct summary, opted_out),
        offsetof(struct summary, not_in_shard), offsetof(struct summary, not_sampled),
        offsetof(struct summary, filtered),     offsetof(struct summary, over_limit),
    };
    struct summary *summary = calloc(1, sizeof *summary);
    struct buf why;
    assert_non_null(summary);
    buf_init(&why, 1024);
    assert_true(summary_balanced(summary, &why));
    for (size_t i = 0; i < sizeof terms / sizeof terms[0]; i++) {
        uint64_t *term = (uint64_t *)(void *)((char *)summary + terms[i]);
        *term = 5 + i;
        assert_false(summary_balanced(summary, &why));
        summary->inputs += 5 + i;
        buf_reset(&why);
        assert_true(summary_balanced(summary, &why));
        assert_int_equal(why.len, 0);
    }
    summary->inputs++;
    assert_false(summary_balanced(summary, &why));
    assert_non_null(strstr(buf_string(&why), "inputs 69, but records 5 + rejects 6"));
    assert_non_null(strstr(buf_string(&why), "over_limit 12 = 68"));
    buf_dispose(&why);
    free(summary);
}

/* ---- forms --------------------------------------------------------------------------------------------- */

static struct summary *example(void)
{
    struct summary *summary = calloc(1, sizeof *summary);
    assert_non_null(summary);
    uint64_t seed = 362436069362436069u;
    for (int i = 0; i < 1000; i++) {
        struct domain_facts facts;
        struct judgement judgement;
        struct tally tally;
        make_random(&seed, &facts, &judgement);
        summary_tally(&facts, &judgement, &tally);
        summary_add(summary, &tally);
    }
    summary->inputs = 1010;
    summary->rejects = 3;
    summary->duplicates = 7;
    summary->left_out[FAIL_INPUT_IS_EMAIL] = 2;
    summary->left_out[FAIL_INPUT_IS_URL] = 1;
    summary->left_out[FAIL_INPUT_DUPLICATE] = 7;
    return summary;
}

static void test_json(void **state)
{
    (void)state;
    struct buf out;
    struct summary *summary = example();
    uint64_t sum = 0;
    const char *key;
    json_t *value;
    buf_init(&out, 1 << 20);
    assert_true(summary_json(&out, summary));
    json_t *root = json_loadb((const char *)out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    static const char *const top[] = {"schema",     "inputs",     "records",      "rejects",
                                      "duplicates", "opted_out",  "not_in_shard", "not_sampled",
                                      "filtered",   "over_limit", "incomplete"};
    for (size_t i = 0; i < sizeof top / sizeof top[0]; i++)
        assert_true(json_is_integer(json_object_get(root, top[i])));
    assert_int_equal(json_integer_value(json_object_get(root, "inputs")), 1010);
    assert_true(json_is_true(json_object_get(root, "balanced")));
    assert_int_equal(json_object_size(json_object_get(root, "outcomes")), OUTCOME_COUNT - 1);
    json_object_foreach(json_object_get(root, "outcomes"), key, value) sum +=
        (uint64_t)json_integer_value(value);
    assert_int_equal(sum, 1000);
    assert_int_equal(json_object_size(json_object_get(root, "dane")), DANE_OUTCOME_COUNT);
    assert_int_equal(json_object_size(json_object_get(root, "tls")), TLS_OUTCOME_COUNT);
    json_object_foreach(json_object_get(root, "codes"), key, value)
    {
        assert_int_equal(json_integer_value(value), summary->codes[failure_find(key, strlen(key))]);
        assert_true(json_integer_value(value) > 0);
    }
    const json_t *left_out = json_object_get(root, "left_out");
    assert_int_equal(json_object_size(left_out), 3);
    assert_int_equal(json_integer_value(json_object_get(left_out, "input.is-email")), 2);
    assert_int_equal(json_integer_value(json_object_get(left_out, "input.is-url")), 1);
    assert_int_equal(json_integer_value(json_object_get(left_out, "input.duplicate")), 7);
    assert_true(json_integer_value(json_object_get(json_object_get(root, "providers"), "Microsoft 365")) >
                100);
    assert_non_null(json_object_get(json_object_get(root, "providers"), "B??ro"));
    summary->inputs++;
    buf_reset(&out);
    assert_true(summary_json(&out, summary));
    assert_non_null(strstr(buf_string(&out), "\"balanced\": false"));
    json_decref(root);
    buf_dispose(&out);
    free(summary);
}

/* The most frequent first, equal ones by name. */
static void test_order_of_providers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned count;
    } seen[] = {{"d", 2}, {"a", 1}, {"c", 2}, {"b", 3}, {"e", 1}};
    struct buf out;
    struct summary *summary = calloc(1, sizeof *summary);
    assert_non_null(summary);
    for (size_t i = 0; i < sizeof seen / sizeof seen[0]; i++)
        for (unsigned k = 0; k < seen[i].count; k++) {
            struct tally tally = {.outcome = OUTCOME_ABSENT};
            (void)snprintf(tally.provider, sizeof tally.provider, "%s", seen[i].name);
            summary_add(summary, &tally);
        }
    buf_init(&out, 1 << 20);
    assert_true(summary_json(&out, summary));
    assert_non_null(strstr(buf_string(&out), "\"b\": 3,\n    \"c\": 2,\n    \"d\": 2,\n    \"a\": 1,\n"
                                             "    \"e\": 1\n"));
    buf_dispose(&out);
    free(summary);
}

static void test_outcomes_without_records(void **state)
{
    (void)state;
    struct buf out;
    struct summary *summary = calloc(1, sizeof *summary);
    assert_non_null(summary);
    buf_init(&out, 1 << 20);
    assert_true(summary_json(&out, summary));
    json_t *root = json_loadb((const char *)out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_is_integer(json_object_get(json_object_get(root, "outcomes"), "protected")));
    assert_int_equal(json_object_size(json_object_get(root, "codes")), 0);
    assert_int_equal(json_object_size(json_object_get(root, "providers")), 0);
    json_decref(root);
    buf_dispose(&out);
    free(summary);
}

/* The table into memory. */
static char *print(const struct summary *summary, int64_t elapsed_ms, const char *dir)
{
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    summary_print(out, summary, elapsed_ms, dir);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void assert_78_columns(char *text)
{
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (strlen(line) > 78)
            fail_msg("wider than 78 columns: %s", line);
}

static void test_table(void **state)
{
    (void)state;
    struct summary *summary = example();
    char *text = print(summary, 3725000, "out");
    static const char *const words[] = {"1000 records in 1h 02m 05s",
                                        "protected",
                                        "mail is lost",
                                        "Microsoft 365",
                                        "1010 inputs = 1000 records + 3 rejects + 7 duplicates",
                                        "input.is-email 2, input.is-url 1\n",
                                        "summary.json are in out\n"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(text, words[i]) == NULL)
            fail_msg("\"%s\" is missing in\n%s", words[i], text);
    assert_null(strstr(text, "DO NOT ADD UP"));
    assert_78_columns(text);
    free(text);
    free(summary);
}

/* TLS-8: who refuses this machine says nothing of himself, and the table says so however rare it is. */
static void test_refusals_of_this_machine(void **state)
{
    (void)state;
    struct summary *summary = example();
    summary->codes[FAIL_SMTP_BLOCK_LISTED] = summary->codes[FAIL_SMTP_EHLO_NAME] = 0;
    char *text = print(summary, 1000, "out");
    assert_null(strstr(text, "because of this machine"));
    free(text);
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        summary->codes[code] = 5;
    summary->codes[FAIL_SMTP_BLOCK_LISTED] = 2;
    summary->codes[FAIL_SMTP_EHLO_NAME] = 1;
    text = print(summary, 1000, "out");
    assert_non_null(strstr(text, "Refused because of this machine"));
    assert_non_null(strstr(text, "this machine: smtp.block-listed 2, smtp.ehlo.our-name 1\n"));
    assert_78_columns(text);
    free(text);
    free(summary);
}

/* MX-7: one line says how many names are hosts', and none does if there are none. */
static void test_host_names(void **state)
{
    (void)state;
    struct summary *summary = example();
    summary->codes[FAIL_INPUT_HOST_NAME] = 0;
    char *text = print(summary, 1000, "out");
    assert_null(strstr(text, "of hosts"));
    free(text);
    summary->codes[FAIL_INPUT_HOST_NAME] = 1;
    text = print(summary, 1000, "out");
    assert_non_null(strstr(text, "\n1 name of hosts (www., or no MX): scan the registrable domain\n"));
    free(text);
    summary->codes[FAIL_INPUT_HOST_NAME] = UINT64_C(999999999999);
    text = print(summary, 1000, "out");
    assert_non_null(strstr(text, "\n999999999999 names of hosts (www., or no MX): scan the registrable "
                                 "domains\n"));
    assert_78_columns(text);
    free(text);
    free(summary);
}

/* Where nothing was scanned, why; and no empty tables. */
static void test_table_of_nothing(void **state)
{
    (void)state;
    struct summary empty = {0};
    struct summary rejected = {.inputs = 1, .rejects = 1};
    rejected.left_out[FAIL_INPUT_IS_ADDRESS] = 1;
    char *text = print(&empty, 61500, NULL);
    assert_string_equal(text, "0 records in 1m 01s (0 a second)\n"
                              "0 inputs = 0 records\n\n"
                              "Nothing was scanned: the input holds no lines that count.\n");
    free(text);
    text = print(&rejected, 1250, NULL);
    assert_non_null(strstr(text, "0 records in 1.2s (0 a second)\n"));
    assert_non_null(strstr(text, "Nothing was scanned: no line of the input gave a domain"));
    assert_non_null(strstr(text, "Rejected lines: input.is-address 1\n"));
    assert_non_null(strstr(text, "1 input = 0 records + 1 rejects"));
    assert_null(strstr(text, "DANE"));
    assert_78_columns(text);
    free(text);
}

/* All of it as it stands: the order, what is left out, and how many of each. */
static void test_whole_table(void **state)
{
    (void)state;
    struct summary *summary = calloc(1, sizeof *summary);
    assert_non_null(summary);
    *summary = (struct summary){.inputs = 1234567,
                                .records = 1000000,
                                .rejects = 234000,
                                .duplicates = 500,
                                .opted_out = 60,
                                .not_in_shard = 7,
                                .incomplete = 1,
                                .provider_other = 3,
                                .provider_count = 12};
    summary->outcomes[OUTCOME_PROTECTED] = 250000;
    summary->outcomes[OUTCOME_TESTING] = 8;
    summary->outcomes[OUTCOME_UNKNOWN] = 749992;
    summary->would_be[OUTCOME_PROTECTED] = 6;
    summary->would_be[OUTCOME_REFUSED] = 2;
    summary->dane[DANE_OUTCOME_PROTECTED] = 1;
    summary->dane[DANE_OUTCOME_UNKNOWN] = 999999;
    summary->tls[TLS_OUTCOME_ALL] = 999998;
    summary->tls[TLS_OUTCOME_NONE] = 2;
    for (unsigned i = 0; i < 12; i++) {
        (void)snprintf(summary->providers[i].name, SUMMARY_PROVIDER_BYTES, "provider %u", i);
        summary->providers[i].count = i < 2 ? 5 : 100 + i;
    }
    const enum failure_code first = FAIL_INPUT_BAD_NAME;
    for (enum failure_code code = first; code < first + 12; code++)
        summary->codes[code] = code == first + 6 ? 900000 : 10;
    summary->codes[FAIL_INPUT_HOST_NAME] = 0; /* it has a line of its own */
    summary->left_out[FAIL_INPUT_IS_URL] = 233999;
    summary->left_out[FAIL_INPUT_IS_EMAIL] = 1;
    summary->left_out[FAIL_INPUT_DUPLICATE] = 500;
    summary->left_out[FAIL_INPUT_OPTED_OUT] = 60;
    char *text = print(summary, 3599999, "out");
    struct buf expected;
    buf_init(&expected, 1 << 16);
    assert_true(buf_printf(&expected,
                           "1000000 records in 59m 59s (278 a second)\n"
                           "Records and summary.json are in out\n"
                           "1234567 inputs = 1000000 records + 234000 rejects + 500 duplicates + 60 opted\n"
                           "  out + 7 not in shard\n"
                           "Rejected lines (rejects.ndjson.zst): input.is-url 233999, input.is-email 1\n"
                           "Codes: %s 900000, %s 10, %s 10,\n"
                           "  %s 10, %s 10, %s 10, and 5 more\n"
                           "DANE: unknown 999999, protected 1\n"
                           "STARTTLS at the MX hosts: all 999998, none 2\n"
                           "MX providers: provider 11 111, provider 10 110, provider 9 109, and 9 more\n"
                           "\n"
                           "Outcome for a sender that honours MTA-STS\n"
                           "  protected        250000  25.00 %%  enforced, and the MX hosts pass\n"
                           "  partial               0   0.00 %%  enforced, and some MX hosts fail\n"
                           "  refused               0   0.00 %%  enforced, and all fail: mail is lost\n"
                           "  testing               8   0.00 %%  mode testing: nothing is enforced\n"
                           "    were they to enforce: protected 6, refused 2\n"
                           "  off                   0   0.00 %%  mode none: switched off\n"
                           "  broken                0   0.00 %%  a record, but no usable policy\n"
                           "  absent                0   0.00 %%  no MTA-STS record\n"
                           "  no-mail               0   0.00 %%  receives no mail\n"
                           "  unknown          749992  75.00 %%  could not be determined this time\n"
                           "  incomplete            1   0.00 %%  some MX unknown, or seen once only\n",
                           failure_name(first + 6), failure_name(first), failure_name(first + 1),
                           failure_name(first + 2), failure_name(first + 3), failure_name(first + 4)));
    assert_string_equal(text, buf_string(&expected));
    buf_dispose(&expected);
    free(text);
    free(summary);
}

/* A word that ends in column 78 stands there; one that would end behind it begins the next line. */
static void test_last_column(void **state)
{
    (void)state;
    static const struct {
        uint64_t opted_out;
        const char *words;
    } cases[] = {
        {67890, "\n1302390 inputs = 1000000 records + 234000 rejects + 500 duplicates + 67890\n"
                "  opted out\n"},
        {678901234, "\n680135734 inputs = 1000000 records + 234000 rejects + 500 duplicates +\n"
                    "  678901234 opted out\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct summary summary = {
            .records = 1000000, .rejects = 234000, .duplicates = 500, .opted_out = cases[i].opted_out};
        summary.inputs = 1234500 + cases[i].opted_out;
        char *text = print(&summary, 3600000, "out");
        if (strstr(text, cases[i].words) == NULL || strstr(text, " in 1h 00m 00s (") == NULL)
            fail_msg("case %zu: %s", i, text);
        free(text);
    }
}

/* The columns of numbers end at one place in each part of the table. */
static void test_table_is_aligned(void **state)
{
    (void)state;
    struct summary *summary = example();
    summary->incomplete = 7;
    char *text = print(summary, 1, "out");
    long column = -1, parts = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        const char *percent = strchr(line, '%');
        if (line[0] != ' ') {
            column = -1; /* a heading */
        } else if (percent != NULL) {
            parts += column < 0;
            if (column >= 0)
                assert_int_equal(percent - line, column);
            column = percent - line;
        }
    }
    assert_int_equal(parts, 1);
    free(text);
    free(summary);
}

static void test_table_of_extremes(void **state)
{
    (void)state;
    struct summary *summary = example();
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        for (unsigned i = 0; i < OUTCOME_COUNT; i++) {
            summary->outcomes[i] = 999999999999;
            summary->codes[code] = 100000000 + code;
        }
    summary->records = 100000000;
    char *text = print(summary, 0, "-");
    assert_non_null(strstr(text, "THE COUNTS DO NOT ADD UP"));
    assert_null(strstr(text, "are in"));
    assert_78_columns(text);
    free(text);
    memset(summary, 0, sizeof *summary);
    text = print(summary, 0, NULL);
    assert_non_null(strstr(text, "0 inputs = 0 records"));
    assert_null(strstr(text, "nan"));
    free(text);
    free(summary);
}

/* Who loses mail by a policy that is published no more is said first, in the place of the blank row. */
static void test_cached_comes_first(void **state)
{
    static const char head[] = "BY A POLICY THAT SENDERS CACHED EARLIER: refused 7, partial 2\n";
    struct buf out;
    (void)state;
    struct summary *summary = example();
    summary->codes[FAIL_CACHED_REFUSED] = 7;
    summary->codes[FAIL_CACHED_PARTIAL] = 2;
    memset(summary->cached, 0, sizeof summary->cached);
    summary->cached[CACHED_NO_RECORD] = 9;
    summary->cached[CACHED_CURRENT] = 100;
    char *text = print(summary, 1000, "out");
    assert_memory_equal(text, head, sizeof head - 1);
    assert_null(strstr(text, "\n\n"));
    free(text);
    assert_int_equal(summary_cached(summary), 109);
    buf_init(&out, 1 << 20);
    assert_true(summary_json(&out, summary));
    assert_non_null(
        strstr(buf_string(&out), "\"cached\": {\n    \"current\": 100,\n    \"no-record\": 9\n  }"));
    summary->cached[CACHED_NO_RECORD] = summary->cached[CACHED_CURRENT] = 0;
    buf_reset(&out);
    assert_true(summary_json(&out, summary));
    assert_null(strstr(buf_string(&out), "\"cached\":"));
    buf_dispose(&out);
    free(summary);
}

/* However much there is to say, it stands on a terminal of 80 by 24 with the prompt, the outcomes last. */
static void test_a_terminal_shows_all_of_it(void **state)
{
    (void)state;
    struct summary *summary = calloc(1, sizeof *summary);
    size_t rows = 0;
    assert_non_null(summary);
    *summary = (struct summary){.records = 12345678,
                                .rejects = 1234567,
                                .duplicates = 1234567,
                                .opted_out = 1234,
                                .not_in_shard = 12345678,
                                .incomplete = 1234567,
                                .provider_count = SUMMARY_PROVIDERS};
    summary->inputs = summary->records + summary->rejects + summary->duplicates + summary->opted_out +
                      summary->not_in_shard;
    for (unsigned i = 0; i < OUTCOME_COUNT; i++)
        summary->outcomes[i] = summary->would_be[i] = 1234567;
    for (unsigned i = 0; i < DANE_OUTCOME_COUNT; i++)
        summary->dane[i] = 12345678;
    for (unsigned i = 0; i < TLS_OUTCOME_COUNT; i++)
        summary->tls[i] = 12345678;
    for (unsigned i = 0; i < SUMMARY_PROVIDERS; i++) {
        (void)snprintf(summary->providers[i].name, SUMMARY_PROVIDER_BYTES, "A Provider Of Mail %u", i);
        summary->providers[i].count = 1234567;
    }
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        summary->codes[code] = summary->left_out[code] = 1234567;
    char *text = print(summary, 3600000, "scans/2026/scan-2026-11-29");
    for (const char *at = text; *at != 0; at++)
        rows += *at == '\n';
    if (rows > 23)
        fail_msg("%zu rows:\n%s", rows, text);
    assert_true(strstr(text, "Outcome for a sender") > strstr(text, "MX providers: "));
    assert_non_null(strstr(text, "some MX unknown, or seen once only\n"));
    assert_string_equal(strstr(text, "seen once only"), "seen once only\n");
    assert_78_columns(text);
    free(text);
    free(summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_written_is_counted_again),
        cmocka_unit_test(test_fields_in_any_order),
        cmocka_unit_test(test_cached_comes_first),
        cmocka_unit_test(test_incomplete_is_read),
        cmocka_unit_test(test_incomplete_alone_makes_incomplete),
        cmocka_unit_test(test_what_is_no_record),
        cmocka_unit_test(test_every_count),
        cmocka_unit_test(test_providers_past_the_ceiling_are_others),
        cmocka_unit_test(test_others_stand_where_there_are_any),
        cmocka_unit_test(test_denominators),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_order_of_providers),
        cmocka_unit_test(test_outcomes_without_records),
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_refusals_of_this_machine),
        cmocka_unit_test(test_host_names),
        cmocka_unit_test(test_table_of_nothing),
        cmocka_unit_test(test_whole_table),
        cmocka_unit_test(test_last_column),
        cmocka_unit_test(test_table_is_aligned),
        cmocka_unit_test(test_table_of_extremes),
        cmocka_unit_test(test_a_terminal_shows_all_of_it),
    };
    return cmocka_run_group_tests_name("summary", tests, NULL, NULL);
}
