/* output/release: which groups may be told, what of meta.json and of a record is published, which counts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "output/release/release_card.h"
#include "output/store/summary_stored.h"
#include "output/release/release_kit.h"
#include "output/release/release_line.h"
#include "output/release/release_meta.h"
#include "output/release/release_summary.h"

enum { TEXT_BYTES = 1 << 20 };

/* ---- groups -------------------------------------------------------------------------------------------- */

/* Makes a table of words "name:domains", and puts it as text: (all), the rows, (other), and how many joined.
 */
static const char *table_of(const char *words, uint64_t least)
{
    static char text[512];
    struct release_groups *groups = release_groups_new();
    struct release_table table;
    assert_non_null(groups);
    for (const char *at = words; *at != 0; at += strspn(at, " ")) {
        size_t len = strcspn(at, ":");
        unsigned domains;
        assert_int_equal(sscanf(at + len, ":%u", &domains), 1);
        for (unsigned i = 0; i < domains; i++)
            release_groups_count(groups, bytes_make(at, len), i == 0 ? OUTCOME_REFUSED : OUTCOME_ABSENT);
        at += strcspn(at, " ");
    }
    assert_int_equal(release_groups_table(groups, least, &table), ERR_OK);
    uint64_t sum = table.other.domains, refused = table.other.outcomes[OUTCOME_REFUSED];
    size_t used = (size_t)snprintf(text, sizeof text, "all:%u", (unsigned)table.all.domains);
    for (size_t i = 0; i < table.count; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, " %s:%u", table.rows[i].name,
                                 (unsigned)table.rows[i].domains);
        sum += table.rows[i].domains;
        refused += table.rows[i].outcomes[OUTCOME_REFUSED];
        assert_true(table.rows[i].domains >= least);
    }
    (void)snprintf(text + used, sizeof text - used, " other:%u of %u", (unsigned)table.other.domains,
                   (unsigned)table.joined);
    /* What is shown adds up to the total, so that nothing can be reckoned but what is told; and what is told
     * of those that are hidden is of enough of them. */
    assert_int_equal(sum, table.all.domains);
    assert_int_equal(refused, table.all.outcomes[OUTCOME_REFUSED]);
    assert_true(table.other.domains == 0 || table.other.domains >= least);
    release_table_dispose(&table);
    release_groups_free(groups);
    return text;
}

static void test_which_groups_are_told(void **state)
{
    static const struct {
        const char *groups;
        uint64_t least;
        const char *table;
    } rows[] = {
        {"de:10 at:10", 5, "all:20 at:10 de:10 other:0 of 0"},
        {"de:10 at:5", 5, "all:15 de:10 at:5 other:0 of 0"},
        {"de:10 ch:3 li:3", 5, "all:16 de:10 other:6 of 2"},
        /* li alone would be the total less the others: the smallest that is told joins it. */
        {"de:10 at:6 li:1", 5, "all:17 de:10 other:7 of 2"},
        {"de:10 at:6 ch:5 li:4", 5, "all:25 de:10 at:6 other:9 of 2"},
        {"de:10 li:1", 5, "all:11 other:11 of 2"},
        {"de:10", 5, "all:10 de:10 other:0 of 0"},
        {"a:1 b:1 c:1 d:1 e:1", 5, "all:5 other:5 of 5"},
        {"a:1 b:1 c:1 d:1", 5, "all:0 other:0 of 0"},
        {"", 5, "all:0 other:0 of 0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *table = table_of(rows[i].groups, rows[i].least);
        if (strcmp(table, rows[i].table) != 0)
            fail_msg("%s: %s, not %s", rows[i].groups, table, rows[i].table);
    }
}

static void test_csv(void **state)
{
    struct release_groups *groups = release_groups_new();
    struct release_table table;
    struct buf out;
    (void)state;
    buf_init(&out, TEXT_BYTES);
    for (unsigned i = 0; i < 3; i++)
        release_groups_count(groups, bytes_of("=cmd(\"x\");"), OUTCOME_PROTECTED);
    for (unsigned i = 0; i < 2; i++)
        release_groups_count(groups, bytes_of("plain"), OUTCOME_UNKNOWN);
    assert_int_equal(release_groups_table(groups, 2, &table), ERR_OK);
    assert_true(release_table_csv(&table, &out));
    assert_string_equal(
        buf_string(&out),
        "group,domains,no-mail,absent,unknown,broken,off,testing,protected,partial,refused\r\n"
        "(all),5,0,0,2,0,0,0,3,0,0\r\n"
        "\"'=cmd(\"\"x\"\");\",3,0,0,0,0,0,0,3,0,0\r\n"
        "plain,2,0,0,2,0,0,0,0,0,0\r\n");
    release_table_dispose(&table);
    release_groups_free(groups);
    buf_dispose(&out);
}

/* ---- a record ------------------------------------------------------------------------------------------ */

static void test_labels(void **state)
{
    static const struct {
        const char *line, *published; /* NULL: it stays as it is */
        enum release_label label;
    } rows[] = {
        {"{\"ordinal\":1,\"label\":\"K 17\",\"tld\":\"de\"}", "{\"ordinal\":1,\"tld\":\"de\"}",
         RELEASE_LABEL_CUT},
        {"{\"label\":\"K 17\",\"tld\":\"de\"}", "{\"tld\":\"de\"}", RELEASE_LABEL_CUT},
        {"{\"tld\":\"de\",\"label\":\"K 17\"}", "{\"tld\":\"de\"}", RELEASE_LABEL_CUT},
        {"{\"label\":\"K 17\"}", "{}", RELEASE_LABEL_CUT},
        {"{\"a\":1,\"label\":{\"base64\":\"//8=\"},\"b\":[\"}\",{\"c\":2}]}",
         "{\"a\":1,\"b\":[\"}\",{\"c\":2}]}", RELEASE_LABEL_CUT},
        {"{\"a\":\"\\\"label\\\":\",\"label\":\"x\\\",\\\"y\",\"b\":2}", "{\"a\":\"\\\"label\\\":\",\"b\":2}",
         RELEASE_LABEL_CUT},
        {"{ \"a\" : 1, \"label\" : \"x\", \"b\": 2 }", "{ \"a\" : 1,  \"b\": 2 }", RELEASE_LABEL_CUT},
        {"{ \"a\" : 1 , \"label\" : \"x\" }", "{ \"a\" : 1 }", RELEASE_LABEL_CUT},
        {"{ \"label\": \"x\" }", "{}", RELEASE_LABEL_CUT},
        {"{\"labels\":\"x\"}", NULL, RELEASE_NO_LABEL},
        {"{\"Label\":\"x\",\"a\":\"label\"}", NULL, RELEASE_NO_LABEL},
        {"{}", NULL, RELEASE_NO_LABEL},
        {"{\"a\":{\"label\":\"deep\"},\"b\":\"label\"}", NULL, RELEASE_LABEL_STAYS},
        {"{\"a\":[[{\"label\":\"deep\"}]]}", NULL, RELEASE_LABEL_STAYS},
        {"{\"l\\u0061bel\":\"x\"}", NULL, RELEASE_LABEL_STAYS},
        {"{\"label\\u0000s\":\"x\"}", NULL, RELEASE_LABEL_STAYS},
        {"{\"label\":\"one\",\"label\":\"two\"}", "{\"label\":\"two\"}", RELEASE_LABEL_STAYS},
        {"{\"label\":{\"a\":1},\"b\":{\"\\u006cabel\":2}}", "{\"b\":{\"\\u006cabel\":2}}",
         RELEASE_LABEL_STAYS},
        {"", NULL, RELEASE_NO_RECORD},
        {"{\"label", NULL, RELEASE_NO_RECORD},
        {"{\"a\":\"\\", NULL, RELEASE_NO_RECORD},
        {"{\"a\":1}}", NULL, RELEASE_NO_RECORD},
        {"{\"a\":1} {}", NULL, RELEASE_NO_RECORD},
        {"{\"a\":1", NULL, RELEASE_NO_RECORD},
        {"[{\"a\":1}]", NULL, RELEASE_NO_RECORD},
        {"7", NULL, RELEASE_NO_RECORD},
        {"{\"a\":\"\xff\"}", NULL, RELEASE_NO_RECORD},
        {"{\"a\":[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]}", NULL, RELEASE_NO_LABEL},
        {"{\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}", NULL, RELEASE_NO_RECORD},
    };
    struct buf out;
    (void)state;
    buf_init(&out, TEXT_BYTES);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum release_label label;
        const char *wanted = rows[i].published == NULL ? rows[i].line : rows[i].published;
        buf_reset(&out);
        assert_int_equal(release_line(bytes_of(rows[i].line), false, &out, &label), ERR_OK);
        if (label != rows[i].label || strcmp(buf_string(&out), wanted) != 0)
            fail_msg("%s: %d %s", rows[i].line, (int)label, buf_string(&out));
        buf_reset(&out);
        assert_int_equal(release_line(bytes_of(rows[i].line), true, &out, &label), ERR_OK);
        assert_string_equal(buf_string(&out), rows[i].line);
        assert_int_equal(label, rows[i].label == RELEASE_NO_RECORD ? RELEASE_NO_RECORD : RELEASE_LABEL_KEPT);
    }
    buf_dispose(&out);
}

static void test_no_room_for_a_record(void **state)
{
    enum release_label label;
    struct buf out;
    (void)state;
    buf_init(&out, 4);
    assert_int_equal(release_line(bytes_of("{\"a\":1}"), false, &out, &label), ERR_LIMIT);
    buf_dispose(&out);
}

/* ---- meta.json ----------------------------------------------------------------------------------------- */

static const char stored_meta[] =
    "{\"schema\":1,\"rules\":8,\"tool\":\"stsweep\",\"version\":\"0.1.0\",\"state\":\"done\",\"started\":"
    "\"2026-11-"
    "30T01:00:00.000Z\",\"started_ms\":1796000400000,\"runs\":2,\"host\":\"secret-host\",\"command\":"
    "\"stsweep scan "
    "/home/secret/"
    "list\",\"seed\":\"7\",\"resolver\":\"192.0.2.53\",\"notes\":\"secret\",\"preflight\":[{\"name\":"
    "\"dnssec\",\"ok\":true,\"text\":\"validates\"},{\"name\":\"roots\",\"ok\":true,\"text\":\"140 in "
    "/secret/ca\"},{"
    "\"name\":\"disk\",\"ok\":true,\"text\":\"9 MiB for "
    "/secret\"}],\"inputs\":[{\"path\":\"/home/secret/a|list "
    "<b>.csv\",\"bytes\":12,\"lines\":3,\"inputs\":3,\"sha256\":\"ab\"}],\"config\":{\"tls.ca_file\":\"/"
    "secret/ca."
    "pem\",\"safety.optout\":\"secret/../"
    "optout\",\"smtp.ehlo\":\"scan.example\",\"safety.user\":\"secret\",\"limits.own\":\"secret\",\"input."
    "except.sha256\":\"secret\",\"safety."
    "allow\":\"192.0.2.0/"
    "24\",\"tls.of|another<b>\":\"/secret/key.pem\",\"tls.list\":[\"/secret\"]},\"previous\":{\"dir\":\"/"
    "home/secret/"
    "before\",\"matched\":4},\"libraries\":{\"zstd\":\"1.5.4\"},\"earlier_runs\":[{\"run\":1,\"until\":"
    "\"2026-11-30T02:00:00."
    "000Z\","
    "\"host\":\"secret-host\",\"command\":\"secret\",\"config\":{\"output.dir\":\"/secret/"
    "out\",\"limits.parked\":"
    "\"7\"}}]}";

static void test_what_stays_private(void **state)
{
    struct buf out;
    (void)state;
    buf_init(&out, TEXT_BYTES);
    assert_int_equal(release_meta(bytes_of(stored_meta), &out), ERR_OK);
    const char *text = buf_string(&out);
    if (strstr(text, "secret") != NULL)
        fail_msg("%s", text);
    static const char *const kept[] = {"\"a|list <b>.csv\"",
                                       "\"ca.pem\"",
                                       "\"optout\"",
                                       "\"192.0.2.0/24\"",
                                       "\"key.pem\"",
                                       "\"validates\"",
                                       "\"out\"",
                                       "\"limits.parked\"",
                                       "\"host\": \"\"",
                                       "\"seed\": \"7\"",
                                       "\"until\"",
                                       "\"before\"",
                                       "\"matched\": 4",
                                       "\"input.except.sha256\": \"\""};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        if (strstr(text, kept[i]) == NULL)
            fail_msg("%s is not in %s", kept[i], text);
    assert_null(strstr(text, "roots"));
    buf_reset(&out);
    assert_int_equal(release_meta(bytes_of("no JSON"), &out), ERR_CORRUPT);
    assert_int_equal(release_meta(bytes_of("{\"schema\":1,\"config\":{\"a\\\"b\":\"c\"}}"), &out),
                     ERR_CORRUPT);
    buf_dispose(&out);
}

/* An option whose value is a text is a path, may be told, or stays out: a new one is decided on here. */
static void test_each_text_option_is_decided(void **state)
{
    static const struct {
        const char *name;
        enum release_option how;
    } decided[] = {
        {"scan.shard", RELEASE_TOLD},       {"dns.resolvers", RELEASE_TOLD},
        {"smtp.ehlo", RELEASE_TOLD},        {"smtp.contact", RELEASE_TOLD},
        {"input.columns", RELEASE_TOLD},    {"safety.allow", RELEASE_TOLD},
        {"preflight.port25", RELEASE_TOLD}, {"preflight.port443", RELEASE_TOLD},
        {"dns.root_hints", RELEASE_CUT},    {"dns.trust_anchor", RELEASE_CUT},
        {"tls.ca_file", RELEASE_CUT},       {"safety.optout", RELEASE_CUT},
        {"output.dir", RELEASE_CUT},        {"scan.previous", RELEASE_CUT},
        {"safety.user", RELEASE_EMPTIED},   {"limits.own", RELEASE_EMPTIED},
        {"input.except", RELEASE_CUT},      {"safety.as_prefixes", RELEASE_CUT},
        {"tls.groups", RELEASE_TOLD},       {"input.only", RELEASE_TOLD},
        {"sample.take", RELEASE_TOLD},      {"sample.key", RELEASE_TOLD},
        {"input.field", RELEASE_TOLD},      {"metrics.listen", RELEASE_EMPTIED},
        {"output.status", RELEASE_CUT},     {"output.log", RELEASE_CUT},
    };
    static const struct {
        const char *name, *type;
    } options[] = {
#define OPTION(section, name, type, ...) {#section "." #name, #type},
#include "scanner/config/options.def"
#undef OPTION
    };
    (void)state;
    assert_int_equal(release_option("tls.of_another_version"), RELEASE_CUT);
    assert_int_equal(release_option("input.except.sha256"), RELEASE_EMPTIED);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        bool is_decided = strcmp(options[i].type, "TEXT") != 0 && strcmp(options[i].type, "FILE") != 0 &&
                          strcmp(options[i].type, "FOLDER") != 0;
        for (size_t j = 0; j < sizeof decided / sizeof *decided; j++)
            is_decided = is_decided || (strcmp(decided[j].name, options[i].name) == 0 &&
                                        decided[j].how == release_option(options[i].name));
        if (!is_decided)
            fail_msg("%s: is it a path, or may it be told?", options[i].name);
    }
}

/* ---- counts -------------------------------------------------------------------------------------------- */

#define STORED(records)                                                                                      \
    "{\"inputs\":10,\"records\":" #records                                                                   \
    ",\"rejects\":2,\"duplicates\":1,\"opted_out\":1,\"not_in_shard\":0,"                                    \
    "\"not_sampled\":0,\"filtered\":0,\"over_limit\":0,\"left_out\":{\"input.opted-out\":1,\"input.is-"      \
    "url\":2,"                                                                                               \
    "\"input.later-version\":7}}"

static void test_denominators(void **state)
{
    struct summary summary;
    struct buf why;
    uint64_t records;
    struct tally tally = {.outcome = OUTCOME_REFUSED};
    (void)state;
    buf_init(&why, TEXT_BYTES);
    assert_int_equal(summary_denominators(bytes_of(STORED(6)), &summary, &records), ERR_OK);
    assert_int_equal(records, 6);
    for (size_t i = 0; i < 4; i++)
        summary_add(&summary, &tally);
    assert_int_equal(release_summary_end(&summary, records, 2, &why), ERR_OK);
    assert_int_equal(summary.records, 4);
    assert_int_equal(summary.opted_out, 3);
    assert_int_equal(summary.left_out[FAIL_INPUT_OPTED_OUT], 3);
    assert_int_equal(summary.left_out[FAIL_INPUT_IS_URL], 2);
    assert_int_equal(summary.outcomes[OUTCOME_REFUSED], 4);
    /* A file of records was lost. */
    assert_int_equal(summary_denominators(bytes_of(STORED(6)), &summary, &records), ERR_OK);
    assert_int_equal(release_summary_end(&summary, records, 2, &why), ERR_CORRUPT);
    assert_string_equal(buf_string(&why), "summary.json counts 6 records, and the files have 2");
    assert_int_equal(summary_denominators(bytes_of("{\"inputs\":1}"), &summary, &records), ERR_CORRUPT);
    assert_int_equal(summary_denominators(bytes_of("["), &summary, &records), ERR_CORRUPT);
    buf_dispose(&why);
}

/* ---- the card ------------------------------------------------------------------------------------------ */

static void test_card(void **state)
{
    struct summary summary = {.inputs = 9, .records = 7, .rejects = 2};
    struct buf meta, out;
    (void)state;
    buf_init(&meta, TEXT_BYTES);
    buf_init(&out, TEXT_BYTES);
    assert_int_equal(release_meta(bytes_of(stored_meta), &meta), ERR_OK);
    struct card card = {.meta = buf_bytes(&meta),
                        .summary = &summary,
                        .excepted = {3, 2, 1},
                        .has_except = true,
                        .labels = 5,
                        .files = bytes_of("| `x` | 1 | y |\n")};
    assert_int_equal(release_card(&card, &out), ERR_OK);
    const char *text = buf_string(&out);
    static const char *const parts[] = {
        "| a\\|list \\<b\\>.csv | 12 | 3 | ab |",
        "| domains of this data set | 7 |",
        "| **all lines** | 9 |",
        "3 domains, and with them 2 records of MX hosts and\n  1 certificates",
        "(of 5 records)",
        "- dnssec: validates",
        "| safety.allow | 192.0.2.0/24 |",
        "| tls.of\\|another\\<b\\> | key.pem |",
        "begun 2026-11-30, stsweep 0.1.0",
        "| `x` | 1 | y |",
        "duckdb -init duckdb.sql"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(text, parts[i]) == NULL)
            fail_msg("%s is not in %s", parts[i], text);
    assert_null(strstr(text, "secret"));
    buf_reset(&out);
    card.aggregate = 20;
    card.joined[1] = 4;
    assert_int_equal(release_card(&card, &out), ERR_OK);
    text = buf_string(&out);
    assert_non_null(strstr(text, "at least 20 domains"));
    assert_non_null(strstr(text, "- `by-provider.csv`: 4 groups were joined"));
    assert_null(strstr(text, "duckdb -init"));
    buf_dispose(&meta);
    buf_dispose(&out);
}

/* Each document is there, and is what its name says. */
static void test_kit(void **state)
{
    struct kit_file files[KIT_FILES_MOST];
    size_t count = release_kit(files);
    (void)state;
    assert_true(count >= 7);
    for (size_t i = 0; i < count; i++) {
        char path[128], block[4096];
        (void)snprintf(path, sizeof path, "docs/%s", files[i].name);
        FILE *file = fopen(path, "r");
        if (file == NULL)
            fail_msg("%s cannot be opened", path);
        size_t at = 0;
        for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0; at += got)
            if (at + got > files[i].text.len || memcmp(files[i].text.data + at, block, got) != 0)
                fail_msg("%s is not what was taken in: build anew", path);
        assert_int_equal(at, files[i].text.len);
        assert_int_equal(fclose(file), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_groups_are_told),
        cmocka_unit_test(test_csv),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_no_room_for_a_record),
        cmocka_unit_test(test_what_stays_private),
        cmocka_unit_test(test_each_text_option_is_decided),
        cmocka_unit_test(test_denominators),
        cmocka_unit_test(test_card),
        cmocka_unit_test(test_kit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
