/* What an opt-out list has kept out, by entry, as records say it; and the list that a scan directory keeps.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "output/readback/optout_counts.h"
#include "output/readback/optout_kept.h"

enum { EXACT, SUFFIX, PREFIX, AS, NARROW, ENTRIES };

static const char kept_text[] =
    "{\"entry\":\"mx.left.example\",\"kind\":\"domain\",\"line\":1,\"since\":\"2026-11-30\",\"comment\":\"by "
    "mail\",\"domains\":2}\n"
    "{\"entry\":\".alone.example\",\"kind\":\"suffix\",\"line\":2,\"domains\":3}\n"
    "{\"entry\":\"192.0.2.0/24\",\"kind\":\"prefix\",\"line\":4,\"domains\":0,\"removed\":true}\n"
    "{\"entry\":\"AS64500\",\"kind\":\"as\",\"line\":5,\"domains\":0,\"prefixes\":[\"198.51.100.0/"
    "24\",\"2001:db8::/"
    "32\"]}\n"
    "{\"entry\":\"198.51.100.128/25\",\"kind\":\"prefix\",\"line\":6,\"domains\":0}\n";

static void test_kept(void **state)
{
    struct optout_kept kept;
    struct buf why;
    (void)state;
    buf_init(&why, 512);
    assert_int_equal(optout_kept_read(bytes_of(kept_text), &kept, &why), ERR_OK);
    assert_int_equal(optout_count(kept.optout), ENTRIES);
    assert_string_equal(optout_entry(kept.optout, EXACT)->since, "2026-11-30");
    assert_string_equal(optout_entry(kept.optout, EXACT)->comment, "by mail");
    assert_int_equal(kept.domains[SUFFIX], 3);
    assert_true(kept.removed[PREFIX]);
    assert_false(kept.removed[AS]);
    assert_int_equal(optout_entry(kept.optout, AS)->prefixes, 2);
    optout_kept_dispose(&kept);
    optout_kept_dispose(&kept);
    buf_dispose(&why);
}

/* Comments that earlier versions kept as they stood are read; what is no text is none. */
static void test_comments(void **state)
{
    static const struct {
        const char *comment, *found;
    } rows[] = {
        {"\"by mail\"", "by mail"},
        {"{\"base64\":\"TfxsbGVy\"}", "M\xfcller"},
        {"{\"base64\":\"YRtbMm0=\"}", "a\x1b[2m"},
        {"{\"base64\":\"?\"}", ""},
        {"{\"base64\":\"YQBi\"}", ""}, /* a NUL */
        {"{\"base64\":1}", ""},
        {"{}", ""},
        {"[]", ""},
        {"null", ""},
        {"7", ""},
    };
    struct buf why;
    (void)state;
    buf_init(&why, 512);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct optout_kept kept;
        char line[256];
        (void)snprintf(line, sizeof line, "{\"entry\":\"a.example\",\"kind\":\"domain\",\"comment\":%s}\n",
                       rows[i].comment);
        assert_int_equal(optout_kept_read(bytes_of(line), &kept, &why), ERR_OK);
        if (strcmp(optout_entry(kept.optout, 0)->comment, rows[i].found) != 0)
            fail_msg("%s: %s", line, optout_entry(kept.optout, 0)->comment);
        optout_kept_dispose(&kept);
    }
    buf_dispose(&why);
}

static void test_no_such_list(void **state)
{
    static const char *const lines[] = {
        "x",
        "{}",
        "{\"entry\":\"a.example\",\"kind\":\"other\"}",
        "{\"entry\":\"\",\"kind\":\"domain\"}",
        "{\"entry\":\"a.example\",\"kind\":\"suffix\"}",
        "{\"entry\":\"192.0.2.1/24\",\"kind\":\"prefix\"}",
        "{\"entry\":\"AS0\",\"kind\":\"as\"}",
        "{\"entry\":\"AS4294967296\",\"kind\":\"as\"}",
        "{\"entry\":\"AS1\",\"kind\":\"as\",\"prefixes\":[1]}",
        "{\"entry\":\"AS1\",\"kind\":\"as\",\"prefixes\":[\"192.0.2.1/24\"]}",
        "\n",
    };
    struct buf why;
    (void)state;
    buf_init(&why, 512);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct optout_kept kept;
        buf_reset(&why);
        if (optout_kept_read(bytes_of(lines[i]), &kept, &why) != ERR_CORRUPT)
            fail_msg("%s", lines[i]);
        assert_string_equal(buf_string(&why), "optout.ndjson: line 1 is no entry of an opt-out list");
        optout_kept_dispose(&kept);
    }
    /* A date that could not be shown is none. */
    struct optout_kept kept;
    assert_int_equal(
        optout_kept_read(bytes_of("{\"entry\":\"a.example\",\"kind\":\"domain\",\"since\":\"\\u001b[2J\"}"),
                         &kept, &why),
        ERR_OK);
    assert_string_equal(optout_entry(kept.optout, 0)->since, "");
    optout_kept_dispose(&kept);
    buf_dispose(&why);
}

struct counting {
    struct optout_kept kept;
    struct optout_counts counts;
};

static void begin(struct counting *counting)
{
    struct buf why;
    buf_init(&why, 512);
    assert_int_equal(optout_kept_read(bytes_of(kept_text), &counting->kept, &why), ERR_OK);
    assert_int_equal(optout_counts_init(&counting->counts, counting->kept.optout, 7), ERR_OK);
    buf_dispose(&why);
}

static void end(struct counting *counting)
{
    optout_counts_dispose(&counting->counts);
    optout_kept_dispose(&counting->kept);
}

static void assert_tally(const struct counting *counting, size_t entry, struct optout_tally expected)
{
    const struct optout_tally *tally = &counting->counts.tallies[entry];
    if (memcmp(tally, &expected, sizeof expected) != 0)
        fail_msg("entry %zu: %d policies, %d mx, %d hosts, %d addresses", entry, (int)tally->policies,
                 (int)tally->mx, (int)tally->hosts, (int)tally->addresses);
}

/* Each line, by which entry, and what it adds there. */
static const struct {
    const char *line;
    size_t entry; /* ENTRIES: none explains it */
    struct optout_tally adds;
} lines[] = {
    {"{\"policy\":{\"host\":\"mta-sts.x.alone.example\",\"code\":\"policy.not-tried.optout\",\"not_tried\":"
     "\"optout\"},\"mx\":{\"hosts\":[]}}",
     SUFFIX,
     {.policies = 1}},
    {"{\"policy\":{\"host\":\"mta-sts.a.example\",\"cnames\":[\"b.example\",\"web.alone.example\"],\"not_"
     "tried\":"
     "\"optout\",\"ip\":\"192.0.2.1\"}}",
     SUFFIX,
     {.policies = 1}},
    {"{\"policy\":{\"host\":\"mta-sts.a.example\",\"not_tried\":\"optout\",\"ip\":\"192.0.2.1\"}}",
     PREFIX,
     {.policies = 1, .addresses = 1}},
    {"{\"policy\":{\"host\":\"mta-sts.b.example\",\"not_tried\":\"optout\",\"ip\":\"192.0.2.1\"}}",
     PREFIX,
     {.policies = 1}},
    {"{\"policy\":{\"host\":\"mta-sts.b.example\",\"not_tried\":\"optout\",\"ip\":\"198.51.100.1\"}}",
     AS,
     {.policies = 1, .addresses = 1}},
    {"{\"policy\":{\"host\":\"mta-sts.b.example\",\"not_tried\":\"optout\",\"ip\":\"198.51.100.200\"}}",
     NARROW,
     {.policies = 1, .addresses = 1}},
    {"{\"policy\":{\"host\":\"mta-sts.b.example\",\"not_tried\":\"optout\",\"ip\":\"203.0.113.1\"}}",
     ENTRIES,
     {.policies = 1, .addresses = 1}},
    {"{\"policy\":{\"host\":\"mta-sts.b.example\",\"not_tried\":\"pace\",\"ip\":\"192.0.2.1\"}}",
     PREFIX,
     {0}},
    {"{\"mx\":{\"hosts\":[{\"host\":\"mx.left.example\",\"code\":\"smtp.not-probed.optout\"}]}}",
     EXACT,
     {.mx = 1, .hosts = 1}},
    {"{\"mx\":{\"hosts\":[{\"host\":\"mx.left.example\",\"code\":\"smtp.not-probed.optout\"}]}}",
     EXACT,
     {.mx = 1}},
    /* Scanned before its owner asked: its record tells of a probe. */
    {"{\"mx\":{\"hosts\":[{\"host\":\"mx.left.example\",\"code\":\"ok\",\"ips\":[{\"ip\":\"192.0.2.9\","
     "\"code\":"
     "\"ok\"}]},{\"host\":\"mx.b.example\",\"code\":\"smtp.not-probed.optout\",\"ips\":[{\"ip\":\"192.0.2."
     "8\","
     "\"code\":\"smtp.not-probed.optout\",\"not_tried\":\"optout\"}]}]}}",
     PREFIX,
     {.mx = 1, .hosts = 1, .addresses = 1}},
    /* The domain is an alias of a listed name, and has its hosts. */
    {"{\"mx\":{\"cnames\":[\"alone.example\"],\"hosts\":[{\"host\":\"mx9.example\",\"code\":\"smtp.not-"
     "probed."
     "optout\"}]}}",
     SUFFIX,
     {.mx = 1, .hosts = 1}},
    /* An alias that leads there: all its addresses were left alone, for the name. */
    {"{\"mx\":{\"hosts\":[{\"host\":\"mx8.example\",\"cnames\":[\"mx.left.example\"],\"ips\":[{\"ip\":\"192."
     "0.2.1\","
     "\"not_tried\":\"optout\"}]}]}}",
     EXACT,
     {.mx = 1, .hosts = 1}},
    /* One address of two. */
    {"{\"mx\":{\"hosts\":[{\"host\":\"mx7.example\",\"code\":\"ok\",\"ips\":[{\"ip\":\"203.0.113.1\","
     "\"code\":\"ok\"}"
     ",{\"ip\":\"2001:db8::1\",\"not_tried\":\"optout\"},{\"ip\":\"2001:db8::2\",\"not_tried\":\"optout\"}]}]"
     "}}",
     AS,
     {.mx = 1, .hosts = 1, .addresses = 2}},
};

static void test_each_line(void **state)
{
    struct counting counting;
    struct optout_tally sums[ENTRIES + 1] = {0};
    (void)state;
    begin(&counting);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct optout_tally *sum = &sums[lines[i].entry];
        assert_int_equal(optout_counts_add(&counting.counts, bytes_of(lines[i].line)), ERR_OK);
        sum->policies += lines[i].adds.policies;
        sum->mx += lines[i].adds.mx;
        sum->hosts += lines[i].adds.hosts;
        sum->addresses += lines[i].adds.addresses;
        for (size_t entry = 0; entry <= ENTRIES; entry++)
            assert_tally(&counting, entry, sums[entry]);
    }
    end(&counting);
}

static void test_what_is_no_record(void **state)
{
    struct counting counting;
    (void)state;
    begin(&counting);
    assert_int_equal(optout_counts_add(&counting.counts, bytes_of("{\"domain\":\"a\"")),
                     ERR_OK); /* not parsed */
    assert_int_equal(optout_counts_add(&counting.counts, bytes_of("{\"not_tried\":\"optout\"")), ERR_SYNTAX);
    assert_int_equal(
        optout_counts_add(&counting.counts, bytes_of("{\"policy\":[],\"mx\":{\"hosts\":[1,{\"host\":2}],"
                                                     "\"cnames\":[3]},\"not_tried\":\"optout\"}")),
        ERR_OK);
    for (size_t entry = 0; entry <= ENTRIES; entry++)
        assert_tally(&counting, entry, (struct optout_tally){0});
    end(&counting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_comments),
        cmocka_unit_test(test_no_such_list),
        cmocka_unit_test(test_each_line),
        cmocka_unit_test(test_what_is_no_record),
    };
    return cmocka_run_group_tests_name("optout_counts", tests, NULL, NULL);
}
