/* output/report/report_count: what is counted of records of each kind, and of lines that are none. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "output/report/report_count.h"

enum { WHY_BYTES = 4096 };
static const int64_t day = 24 * 3600 * 1000;

static const char *no_provider(const char *host)
{
    (void)host;
    return NULL;
}

static void add_as(struct report_counts *counts, const char *line, enum error expected)
{
    struct buf why;
    buf_init(&why, WHY_BYTES);
    assert_int_equal(report_count_domain(counts, bytes_of(line), no_provider, &why), expected);
    buf_dispose(&why);
}

static void add(struct report_counts *counts, const char *line)
{
    add_as(counts, line, ERR_OK);
}

static void finish(struct report_counts *counts)
{
    struct buf why;
    buf_init(&why, WHY_BYTES);
    assert_int_equal(report_count_end(counts, &why), ERR_OK);
    buf_dispose(&why);
}

#define RECORD(outcome, rest)                                                                                \
    "{\"schema\":1,\"ordinal\":1,\"domain\":\"a.example\",\"tld\":\"example\",\"outcome\":\"" outcome        \
    "\"" rest "}"

static void test_domains(void **state)
{
    struct report_counts counts;
    (void)state;
    assert_int_equal(report_count_init(&counts, 0), ERR_OK);
    add(&counts, RECORD("refused", ",\"dane\":\"protected\",\"tls\":\"all\",\"rank\":1000,"
                                   "\"codes\":[\"cached.refused\",\"smtp.tls.expired\"],"
                                   "\"tlsrpt\":{\"lookup\":\"answered\",\"code\":\"ok\"}"));
    add(&counts,
        RECORD("absent", ",\"rank\":1001,\"tlsrpt\":{\"lookup\":\"nxdomain\",\"code\":\"tlsrpt.absent\"}"));
    add(&counts, RECORD("testing", ",\"would_be\":\"partial\",\"rank\":4294967295,"
                                   "\"tlsrpt\":{\"code\":\"tlsrpt.syntax\"}"));
    add(&counts, RECORD("unknown", ",\"tlsrpt\":{\"lookup\":\"timeout\",\"code\":\"dns.timeout\"}"));
    add_as(&counts, "{\"outcome\":\"no such\"}", ERR_SYNTAX);
    add_as(&counts, "not JSON", ERR_SYNTAX);
    finish(&counts);
    assert_int_equal(counts.summary.records, 4);
    assert_int_equal(counts.summary.outcomes[OUTCOME_REFUSED], 1);
    assert_int_equal(counts.summary.would_be[OUTCOME_PARTIAL], 1);
    assert_int_equal(counts.summary.codes[FAIL_CACHED_REFUSED], 1);
    assert_int_equal(counts.summary.dane[DANE_OUTCOME_PROTECTED], 1);
    assert_int_equal(counts.summary.dane[DANE_OUTCOME_UNKNOWN], 3);
    assert_int_equal(counts.summary.tls[TLS_OUTCOME_ALL], 1);
    assert_int_equal(counts.ranks[RANK_1K][OUTCOME_REFUSED], 1);
    assert_int_equal(counts.ranks[RANK_10K][OUTCOME_ABSENT], 1);
    assert_int_equal(counts.ranks[RANK_MORE][OUTCOME_TESTING], 1);
    assert_int_equal(counts.ranks[RANK_NONE][OUTCOME_UNKNOWN], 1);
    assert_int_equal(counts.tlsrpt[TLSRPT_GOOD], 1);
    assert_int_equal(counts.tlsrpt[TLSRPT_ABSENT], 1);
    assert_int_equal(counts.tlsrpt[TLSRPT_BROKEN], 1);
    assert_int_equal(counts.tlsrpt[TLSRPT_UNKNOWN], 1);
    assert_int_equal(counts.tops[BY_TLD].count, 1);
    assert_int_equal(counts.tops[BY_TLD].rows[0].domains, 4);
    report_count_dispose(&counts);
}

/* Who is refused or partial anyway is not told of again. */
static void test_trouble_by_an_earlier_policy_beside(void **state)
{
    static const struct {
        const char *line;
        uint64_t beside;
    } rows[] = {
        {RECORD("refused", ",\"codes\":[\"cached.refused\"]"), 0},
        {RECORD("partial", ",\"codes\":[\"cached.refused\",\"cached.partial\"]"), 0},
        {RECORD("absent", ",\"codes\":[\"cached.refused\",\"cached.partial\"]"), 1},
        {RECORD("protected", ",\"codes\":[\"cached.partial\"]"), 1},
        {RECORD("absent", ",\"codes\":[\"cached.protected\"]"), 0},
        {RECORD("absent", ""), 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct report_counts counts;
        assert_int_equal(report_count_init(&counts, 0), ERR_OK);
        add(&counts, rows[i].line);
        assert_int_equal(counts.summary.records, 1);
        if (counts.cached_beside != rows[i].beside)
            fail_msg("row %zu: %" PRIu64, i, counts.cached_beside);
        report_count_dispose(&counts);
    }
}

/* A record counts in its stratum of the sample: by rank, and by top-level domain. */
static void test_sample(void **state)
{
    static const enum strata_kind kinds[] = {STRATA_NONE, STRATA_RANK, STRATA_TLD};
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct report_counts counts;
        struct summary_sample *sample = summary_sample_create("2", "key", kinds[i]);
        size_t at = 0;
        assert_non_null(sample);
        assert_int_equal(report_count_init(&counts, 0), ERR_OK);
        counts.summary.sample = sample;
        add(&counts, RECORD("protected", ",\"rank\":5000"));
        add(&counts, RECORD("absent", ",\"rank\":5001"));
        assert_int_equal(strata_of(sample->strata, "example", 5000, &at), ERR_OK);
        assert_non_null(sample->parts[at]);
        assert_int_equal(sample->parts[at]->records, 2);
        assert_int_equal(sample->parts[at]->counts[SUMMARY_OUTCOMES + OUTCOME_PROTECTED], 1);
        report_count_dispose(&counts);
        summary_sample_destroy(sample);
    }
}

static void test_ranks(void **state)
{
    static const struct {
        const char *rank;
        enum report_rank bucket;
    } rows[] = {{"1", RANK_1K},      {"1000", RANK_1K},         {"1001", RANK_10K},
                {"10000", RANK_10K}, {"10001", RANK_100K},      {"100000", RANK_100K},
                {"100001", RANK_1M}, {"1000000", RANK_1M},      {"1000001", RANK_MORE},
                {"0", RANK_NONE},    {"99999999999", RANK_NONE}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[256];
        struct report_counts counts;
        assert_int_equal(report_count_init(&counts, 0), ERR_OK);
        (void)snprintf(line, sizeof line, "{\"outcome\":\"absent\",\"rank\":%s}", rows[i].rank);
        add(&counts, line);
        if (counts.ranks[rows[i].bucket][OUTCOME_ABSENT] != 1)
            fail_msg("rank %s is not in the row \"%s\"", rows[i].rank, report_rank_name(rows[i].bucket));
        report_count_dispose(&counts);
    }
}

/* Of what is told as adoption (top-level domains, providers, labels) the largest comes first, whatever is
 * gained; the others by gain. */
static void test_order(void **state)
{
    struct report_counts counts;
    (void)state;
    assert_int_equal(report_count_init(&counts, 0), ERR_OK);
    for (int i = 0; i < 3; i++)
        add(&counts, "{\"outcome\":\"absent\",\"tld\":\"big\",\"label\":\"<b>\"}");
    add(&counts, "{\"outcome\":\"absent\",\"tld\":\"small\"}");
    finish(&counts);
    assert_int_equal(counts.tops[BY_TLD].count, 2);
    assert_memory_equal(counts.tops[BY_TLD].rows[0].name.data, "big", 3);
    assert_int_equal(counts.tops[BY_LABEL].rows[0].domains, 3);
    assert_true(counts.tops[BY_TLD].by_domains && counts.tops[BY_LABEL].by_domains &&
                counts.tops[BY_PROVIDER].by_domains);
    assert_false(counts.tops[BY_MX_OPERATOR].by_domains || counts.tops[BY_WHO].by_domains ||
                 counts.tops[BY_POLICY_HOST].by_domains);
    report_count_dispose(&counts);
}

static void add_host(struct report_counts *counts, const char *line)
{
    assert_int_equal(report_count_host(counts, bytes_of(line)), ERR_OK);
}

static void test_hosts(void **state)
{
    struct report_counts counts;
    (void)state;
    assert_int_equal(report_count_init(&counts, 0), ERR_OK);
    add_host(&counts, "{\"host\":\"a\",\"step\":\"quit\",\"end\":\"done\",\"tls\":{\"end\":\"done\","
                      "\"version\":\"TLSv1.3\",\"group\":\"x25519\"}}");
    add_host(&counts, "{\"host\":\"a\",\"step\":\"handshake\",\"tls\":{\"end\":\"failed\","
                      "\"version\":\"TLSv1.2\"}}");
    add_host(&counts, "{\"host\":\"a\",\"not_tried\":\"pace\"}");
    assert_int_equal(report_count_host(&counts, bytes_of("{\"host\":")), ERR_SYNTAX);
    assert_int_equal(counts.addresses, 2);
    assert_int_equal(counts.with_tls, 1);
    assert_int_equal(counts.versions.count, 1);
    assert_string_equal(counts.versions.rows[0].word, "TLSv1.3");
    assert_string_equal(counts.tls_groups.rows[0].word, "x25519");
    for (int i = 0; i < REPORT_WORDS + 5; i++) {
        char line[128];
        (void)snprintf(line, sizeof line, "{\"step\":\"quit\",\"tls\":{\"end\":\"done\",\"group\":\"g%d\"}}",
                       i);
        add_host(&counts, line);
    }
    assert_int_equal(counts.tls_groups.count, REPORT_WORDS);
    assert_int_equal(counts.tls_groups.others, 6);
    report_count_dispose(&counts);
}

static void add_cert(struct report_counts *counts, const char *time, const char *rest)
{
    char line[512];
    (void)snprintf(line, sizeof line, "{\"sha256\":\"ab\",\"subject\":\"CN=x\",\"not_after\":\"%s\"%s}", time,
                   rest);
    assert_int_equal(report_count_cert(counts, bytes_of(line)), ERR_OK);
}

static void test_certificates(void **state)
{
    struct report_counts counts;
    (void)state;
    assert_int_equal(report_count_init(&counts, 20000 * day), ERR_OK); /* 2024-10-04 */
    add_cert(&counts, "2024-10-03T23:59:59.999Z", "");                 /* over */
    add_cert(&counts, "2024-10-20T00:00:00.000Z", ",\"dns_names\":[\"b.example\",\"c.example\"]");
    add_cert(&counts, "2024-10-10T00:00:00.000Z", "");
    add_cert(&counts, "2024-11-03T00:00:00.000Z", ""); /* in 30 days: not within */
    add_cert(&counts, "2024-10-10T00:00:00.000Z", ",\"ca\":true");
    add_cert(&counts, "no time", "");
    assert_int_equal(report_count_cert(&counts, bytes_of("[")), ERR_SYNTAX);
    finish(&counts);
    assert_int_equal(counts.certs, 4);
    assert_int_equal(counts.certs_over, 1);
    assert_int_equal(counts.certs_soon, 2);
    assert_string_equal(counts.soon[0].name, "CN=x");
    assert_string_equal(counts.soon[1].name, "b.example");
    report_count_dispose(&counts);
}

static void test_the_first_certificates_to_end_are_kept(void **state)
{
    struct report_counts counts;
    (void)state;
    assert_int_equal(report_count_init(&counts, 20000 * day), ERR_OK);
    for (int i = 0; i < REPORT_CERTS + 20; i++) {
        char time[40];
        int minute = (i * 37) % (REPORT_CERTS + 20); /* in no order */
        (void)snprintf(time, sizeof time, "2024-10-10T%02d:%02d:00.000Z", minute / 60, minute % 60);
        add_cert(&counts, time, "");
    }
    finish(&counts);
    assert_int_equal(counts.soon_count, REPORT_CERTS);
    for (size_t i = 0; i < counts.soon_count; i++)
        assert_int_equal(counts.soon[i].ends, 20006 * day + (int64_t)i * 60000);
    report_count_dispose(&counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_ranks),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_trouble_by_an_earlier_policy_beside),
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_the_first_certificates_to_end_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
