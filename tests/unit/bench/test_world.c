/* The synthetic internet of the benchmarks: its shares are those of figures.def, what is expected of a scan
 * adds up, the bound follows the ceilings. Only its pure parts are here; tests/world scans it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/world/answers.h"
#include "bench/world/bound.h"
#include "bench/world/expect.h"
#include "bench/world/steps.h"
#include "scanner/wire/dns_message.h"

enum { NAMES = 200000, MILLION = 1000000, ALL_DEPLOY = 600000 };

static const uint32_t mail_shares[] = {
#define MAIL(name, share, why) (share),
#define STS(name, share, why)
#define FIGURE(name, value, why)
#include "bench/world/figures.def"
#undef MAIL
#undef STS
#undef FIGURE
};

static const uint32_t sts_shares[] = {
    0,
#define MAIL(name, share, why)
#define STS(name, share, why) (share),
#define FIGURE(name, value, why)
#include "bench/world/figures.def"
#undef MAIL
#undef STS
#undef FIGURE
};

static struct internet make(bool latency, uint32_t sts_share)
{
    return (struct internet){.seed = 1, .sts_share = sts_share, .latency = latency};
}

static void site_at(const struct internet *internet, uint64_t index, char name[NAME_BYTES], struct site *site)
{
    internet_name(internet, index, name);
    internet_site(internet, name, site);
}

/* Within five standard deviations of a draw of `of` with this share per million. */
static void assert_share(const char *what, size_t kind, double found, double of, double share)
{
    double p = share / MILLION;
    double bound = 5 * sqrt(of * p * (1 - p)) + 1;
    if (fabs(found - of * p) > bound)
        fail_msg("%s %zu: %.0f of %.0f, expected %.0f within %.0f", what, kind, found, of, of * p, bound);
}

static void test_shares(void **state)
{
    (void)state;
    struct internet internet = make(false, ALL_DEPLOY);
    char name[NAME_BYTES];
    struct site site;
    double mail[MAIL_KINDS] = {0};
    double sts[STS_KINDS] = {0};
    double plain = 0;
    for (uint64_t i = 0; i < NAMES; i++) {
        site_at(&internet, i, name, &site);
        assert_true(site.exists);
        mail[site.mail]++;
        sts[site.sts]++;
        plain += site.plain;
    }
    double mail_sum = 0;
    double sts_sum = 0;
    double deployed = NAMES - sts[STS_ABSENT];
    for (size_t i = 0; i < MAIL_KINDS; i++, mail_sum += mail_shares[i - 1])
        assert_share("mail", i, mail[i], NAMES, mail_shares[i]);
    for (size_t i = STS_ABSENT + 1; i < STS_KINDS; i++, sts_sum += sts_shares[i - 1])
        assert_share("sts", i, sts[i], deployed, sts_shares[i]);
    assert_true(mail_sum == MILLION && sts_sum == MILLION);
    assert_true(deployed == mail[MAIL_OWN] + mail[MAIL_PROVIDER]); /* who takes mail deploys, at this share */
    assert_true(plain == 0);                                       /* and has its host in order */
}

static void test_deployers_are_as_many_as_the_figure_says(void **state)
{
    (void)state;
    struct internet internet = make(false, 50000);
    char name[NAME_BYTES];
    struct site site;
    double deployed = 0;
    double tlsrpt = 0;
    for (uint64_t i = 0; i < NAMES; i++) {
        site_at(&internet, i, name, &site);
        deployed += site.sts != STS_ABSENT;
        tlsrpt += site.tlsrpt;
    }
    assert_share("deployers", 0, deployed, NAMES, 50000);
    assert_share("tlsrpt", 0, tlsrpt, NAMES, FIG_TLSRPT_SHARE * 0.6);
}

/* The largest provider serves ln 2 / ln 21 of what the top ones serve, the next ln 1.5 / ln 21, … */
static void test_law_of_providers(void **state)
{
    (void)state;
    struct internet internet = make(false, 0);
    char name[NAME_BYTES];
    struct site site;
    double served[FIG_PROVIDERS] = {0};
    double all = 0;
    double top = 0;
    for (uint64_t i = 0; i < NAMES; i++) {
        site_at(&internet, i, name, &site);
        if (site.mail != MAIL_PROVIDER)
            continue;
        assert_true(site.provider < FIG_PROVIDERS);
        served[site.provider]++;
        all++;
        top += site.provider < FIG_TOP_PROVIDERS;
    }
    assert_share("top", 0, top, all, FIG_TOP_SHARE);
    for (size_t rank = 0; rank < FIG_TOP_PROVIDERS; rank++)
        assert_share("rank", rank, served[rank], top,
                     MILLION * log((double)(rank + 2) / (double)(rank + 1)) / log(FIG_TOP_PROVIDERS + 1));
    assert_true(served[FIG_TOP_PROVIDERS] > served[FIG_PROVIDERS - 1]);
}

static void test_a_seed_is_a_world(void **state)
{
    (void)state;
    struct internet one = make(false, ALL_DEPLOY);
    struct internet two = {.seed = 2, .sts_share = ALL_DEPLOY};
    char name[NAME_BYTES];
    char other[NAME_BYTES];
    struct site site;
    struct site again;
    unsigned differ = 0;
    for (uint64_t i = 0; i < 1000; i++) {
        site_at(&one, i, name, &site);
        site_at(&one, i, other, &again);
        assert_string_equal(name, other);
        assert_true(site.hash == again.hash && site.mail == again.mail && site.sts == again.sts);
        internet_site(&two, name, &again);
        differ += again.mail != site.mail;
    }
    assert_true(differ > 300);
    internet_site(&one, "example.com", &site);
    assert_false(site.exists);
}

static void test_addresses_tell_the_manner(void **state)
{
    (void)state;
    struct internet internet = make(false, 0);
    char name[NAME_BYTES];
    struct site site;
    for (uint64_t i = 0; i < 20000; i++) {
        site_at(&internet, i, name, &site);
        uint32_t address = internet_mail_address(&site);
        enum mail_manner manner = internet_manner(address);
        assert_true(address >> 22 == (site.mail == MAIL_DEAD ? 0x64400000u >> 22 : address >> 22));
        if (site.mail == MAIL_OWN)
            assert_int_equal(manner, site.plain ? MANNER_PLAIN : MANNER_USUAL);
        if (site.mail == MAIL_PARKED)
            assert_int_equal(manner, MANNER_REFUSES);
        if (site.mail == MAIL_TARPIT)
            assert_int_equal(manner, MANNER_TARPIT);
        if (site.mail == MAIL_SHARED)
            assert_int_equal(manner, MANNER_USUAL);
        assert_int_equal(internet_policy_address(&site) >> 24, 127);
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a;
    uint32_t two = *(const uint32_t *)b;
    return one < two ? -1 : one > two;
}

static void assert_latency(uint32_t (*draw)(const struct internet *, uint64_t), double median, double sigma,
                           uint32_t cap)
{
    static uint32_t drawn[NAMES];
    struct internet internet = make(true, 0);
    struct internet still = make(false, 0);
    for (uint64_t i = 0; i < NAMES; i++)
        drawn[i] = draw(&internet, internet_hash(&internet, (const char *)&i, sizeof i, 7));
    qsort(drawn, NAMES, sizeof drawn[0], by_size);
    assert_true(fabs(drawn[NAMES / 2] - median) <= median * 0.05 + 1);
    double p84 = median * exp(sigma);
    assert_true(fabs(drawn[NAMES * 8413L / 10000] - p84) <= p84 * 0.05 + 1);
    assert_true(drawn[NAMES - 1] <= cap);
    assert_int_equal(draw(&still, 12345), 0);
}

static void test_latencies(void **state)
{
    (void)state;
    assert_latency(internet_dns_ms, FIG_DNS_MEDIAN_MS, FIG_DNS_SIGMA_PCT / 100.0, FIG_DNS_CAP_MS);
    assert_latency(internet_tcp_ms, FIG_TCP_MEDIAN_MS, FIG_TCP_SIGMA_PCT / 100.0, FIG_TCP_CAP_MS);
}

/* ---- what is expected ---------------------------------------------------------------------------------- */

static json_t *expect(const struct internet *internet, uint64_t names, struct expect_scan scan)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    assert_non_null(out);
    expect_print(internet, names, &scan, out);
    assert_int_equal(fclose(out), 0);
    json_t *json = json_loadb(text, len, 0, NULL);
    free(text);
    assert_non_null(json);
    return json;
}

static json_int_t number(const json_t *json, const char *map, const char *key)
{
    return json_integer_value(json_object_get(json_object_get(json, map), key));
}

static json_int_t sum(const json_t *json, const char *map)
{
    json_int_t all = 0;
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(json, map), key, value) all += json_integer_value(value);
    return all;
}

static void test_expectation_adds_up(void **state)
{
    (void)state;
    struct internet internet = make(false, 50000);
    json_t *all = expect(&internet, 20000, (struct expect_scan){.intent = false});
    json_t *intent = expect(&internet, 20000, (struct expect_scan){.intent = true});
    double mail[MAIL_KINDS] = {0};
    double deployed = 0;
    char name[NAME_BYTES];
    struct site site;
    for (uint64_t i = 0; i < 20000; i++) {
        site_at(&internet, i, name, &site);
        mail[site.mail]++;
        deployed += site.sts != STS_ABSENT;
    }
    assert_int_equal(sum(all, "outcomes"), 20000);
    assert_int_equal(sum(all, "tls"), 20000);
    assert_true((double)number(all, "outcomes", "no-mail") ==
                mail[MAIL_NXDOMAIN] + mail[MAIL_NULL_MX] + mail[MAIL_NO_MAIL]);
    assert_true((double)number(all, "outcomes", "unknown") == mail[MAIL_LOST] + mail[MAIL_SERVFAIL]);
    assert_true((double)(number(all, "tls", "all") + number(all, "tls", "none")) ==
                mail[MAIL_OWN] + mail[MAIL_SHARED] + mail[MAIL_PROVIDER]);
    assert_true((double)number(intent, "tls", "all") == deployed);
    assert_true(json_equal(json_object_get(all, "outcomes"), json_object_get(intent, "outcomes")));
    json_decref(all);
    json_decref(intent);
}

/* ---- the bound ----------------------------------------------------------------------------------------- */

static uint32_t crowd;

static struct bound bound_with(bool latency, const struct bound_scan *scan)
{
    struct internet internet = make(latency, FIG_STS_SHARE);
    struct bound bound;
    bound_of(&internet, 20000, scan, &bound, &crowd);
    return bound;
}

static void test_bound(void **state)
{
    (void)state;
    struct bound_scan scan = bound_defaults;
    struct bound base = bound_with(true, &scan);
    assert_int_equal(base.binds, BOUND_PACE);
    assert_int_equal(crowd, scan.names_per_ip);
    assert_true(fabs(base.seconds[BOUND_PACE] - (crowd - 1) * 3.0) < 0.01); /* 20 a minute */
    for (unsigned term = 0; term < BOUND_TERMS; term++)
        assert_true(base.seconds[term] <= base.seconds[base.binds]);
    scan.dns_outstanding /= 4;
    scan.in_flight /= 2;
    scan.smtp_live /= 2;
    scan.ip_per_minute = 1000000;
    struct bound less = bound_with(true, &scan);
    assert_true(fabs(less.seconds[BOUND_DNS] / base.seconds[BOUND_DNS] - 4) < 0.01);
    assert_true(fabs(less.seconds[BOUND_FLIGHT] / base.seconds[BOUND_FLIGHT] - 2) < 0.01);
    assert_true(fabs(less.seconds[BOUND_SMTP] / base.seconds[BOUND_SMTP] - 2) < 0.01);
    assert_int_equal(less.binds, BOUND_SLOWEST); /* a tarpit */
    scan.intent = true;
    assert_true(bound_with(true, &scan).seconds[BOUND_SMTP] < less.seconds[BOUND_SMTP] / 100);
    scan.no_near_miss = true; /* a question less of nearly each, of five */
    double fewer = bound_with(true, &scan).seconds[BOUND_DNS] / less.seconds[BOUND_DNS];
    assert_true(fewer > 0.75 && fewer < 0.85);
    scan = bound_defaults;
    scan.wait = 1000;
    scan.smtp_session_timeout = 2000;
    scan.smtp_connect_timeout = 2000;
    struct bound refused = bound_with(false, &scan); /* past limits.wait nobody queues */
    assert_true(refused.seconds[BOUND_PACE] < 15);
}

static void test_steps(void **state)
{
    (void)state;
    struct internet internet = make(false, FIG_STS_SHARE);
    struct bound_scan scan = bound_defaults;
    struct steps all, few, intent;
    steps_of(&internet, NAMES, &scan, UINT32_MAX, &all);
    /* Three records, a near miss, two addresses of a host of its own of every second, and a little for the
     * rest. */
    assert_in_range(all.questions, 47 * NAMES / 10, 52 * NAMES / 10);
    /* OWN (a twentieth of them plain) and SHARED by their shares, the providers' once. */
    double own = (100000 * 0.95 + 124000) * NAMES / MILLION;
    assert_true((double)all.handshakes > own * 0.98 && (double)all.handshakes < own * 1.02 + 4200);
    assert_in_range(all.fetches, 100, 15 * NAMES / 10000);
    double failures = (30000.0 + 150000) * NAMES / MILLION;
    assert_true(fabs((double)all.failures - failures) < failures * 0.03);
    steps_of(&internet, NAMES, &scan, 50, &few);
    double saved = 124000.0 * NAMES / MILLION - 50 * FIG_SHARED_HOSTS;
    assert_true(fabs((double)(all.handshakes - few.handshakes) - saved) < saved * 0.03);
    assert_true(few.questions == all.questions);
    failures = 30000.0 * NAMES / MILLION;
    assert_true(fabs((double)few.failures - 50 * FIG_PARKING_HOSTS - failures) < failures * 0.05);
    scan.intent = true;
    steps_of(&internet, NAMES, &scan, UINT32_MAX, &intent);
    assert_true(intent.handshakes < all.handshakes / 50 && intent.failures < all.failures / 50 &&
                intent.questions == all.questions);
}

/* ---- answers ------------------------------------------------------------------------------------------- */

static struct answer ask(const struct internet *internet, enum server_role role, const char *name,
                         uint16_t type)
{
    struct answer answer;
    uint8_t query[DNS_QUERY_BYTES];
    size_t len = dns_query_write(query, name, type, 7, false);
    assert_true(len > 0);
    assert_true(answer_make(internet, role, query, len, &answer));
    return answer;
}

static void test_answers(void **state)
{
    (void)state;
    struct internet internet = make(false, 50000);
    char name[NAME_BYTES];
    struct site site;
    unsigned seen[MAIL_KINDS] = {0};
    for (uint64_t i = 0; i < 5000; i++) {
        site_at(&internet, i, name, &site);
        struct answer mx = ask(&internet, ROLE_RESOLVER, name, DNS_TYPE_MX);
        seen[site.mail]++;
        if (site.mail == MAIL_LOST) {
            assert_int_equal(mx.len, 0);
            continue;
        }
        unsigned rcode = mx.wire[3] & 15;
        unsigned answers = (unsigned)(mx.wire[6] << 8 | mx.wire[7]);
        bool has_mx = site.mail == MAIL_NULL_MX || site.mail == MAIL_PROVIDER || site.mail == MAIL_OWN ||
                      site.mail == MAIL_DEAD || site.mail == MAIL_TARPIT || site.mail == MAIL_SHARED;
        unsigned wanted = !has_mx                      ? 0
                          : site.mail == MAIL_PROVIDER ? internet_provider_hosts(site.provider)
                                                       : 1;
        assert_int_equal(rcode, site.mail == MAIL_NXDOMAIN ? 3 : site.mail == MAIL_SERVFAIL ? 2 : 0);
        assert_int_equal(answers, wanted);
        struct answer referral = ask(&internet, ROLE_TLD, name, DNS_TYPE_MX);
        unsigned authority = (unsigned)(referral.wire[8] << 8 | referral.wire[9]);
        assert_int_equal(authority, 1); /* a delegation, or the SOA of a name that is not there */
    }
    for (size_t kind = 0; kind < MAIL_KINDS; kind++)
        assert_true(seen[kind] > 0);
}

static void test_what_is_no_question_gets_no_answer(void **state)
{
    (void)state;
    struct internet internet = make(false, 0);
    struct answer answer;
    uint8_t query[DNS_QUERY_BYTES];
    size_t len = dns_query_write(query, "d0-0.com", DNS_TYPE_MX, 7, false);
    for (size_t cut = 0; cut < 12 + 9; cut++)
        assert_false(answer_make(&internet, ROLE_RESOLVER, query, cut, &answer));
    query[2] |= 0x80;
    assert_false(answer_make(&internet, ROLE_RESOLVER, query, len, &answer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_deployers_are_as_many_as_the_figure_says),
        cmocka_unit_test(test_law_of_providers),
        cmocka_unit_test(test_a_seed_is_a_world),
        cmocka_unit_test(test_addresses_tell_the_manner),
        cmocka_unit_test(test_latencies),
        cmocka_unit_test(test_expectation_adds_up),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_what_is_no_question_gets_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
