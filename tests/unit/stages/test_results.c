/*
 * What came of contacts, found again over the directories of two rounds: which of several records counts,
 * what only the contact's own record says, what stays in memory, and what is refused.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/json/json.h"
#include "output/store/store.h"
#include "scanner/stages/results.h"
#include "scanner/verdict/verdict.h"

enum { ROUNDS = 2, LINE_BYTES = 1 << 20, TIME = 1700000000 };

#define CACHE ((size_t)1 << 20)

struct fixture {
    char top[64];
    struct store *dirs[ROUNDS];
    struct buf line, why;
    struct arena arena;
    struct cert_facts cert;
    struct tlsa_rr tlsa;
    struct ip_addr ips[2]; /* of a host at which lookups were made anew */
    struct results_store *results;
    struct replay_source source;
    size_t more; /* numbers that a record has beside what is read */
};

static struct ip_addr address(uint8_t last)
{
    return ip_v4((const uint8_t[]){192, 0, 2, last});
}

static void begin(struct fixture *fixture)
{
    *fixture = (struct fixture){.cert = {.sha256 = {9}, .key_type = "RSA", .signed_by = -1}};
    (void)snprintf(fixture->top, sizeof fixture->top, "/tmp/stsweep-results-XXXXXX");
    assert_non_null(mkdtemp(fixture->top));
    buf_init(&fixture->line, LINE_BYTES);
    buf_init(&fixture->why, LINE_BYTES);
    arena_init(&fixture->arena, 4 << 20);
    fixture->tlsa = (struct tlsa_rr){3, 1, 1, bytes_make(fixture->cert.sha256, 32)};
    fixture->ips[0] = address(1);
    fixture->ips[1] = address(2);
    for (unsigned i = 0; i < ROUNDS; i++) {
        char path[96];
        (void)snprintf(path, sizeof path, "%s/%u", fixture->top, i + 1);
        const struct store_options options = {
            .dir = path, .level = 1, .frame_bytes = 1 << 16, .part_bytes = 1 << 20, .flush_ms = 60000};
        assert_int_equal(store_create(&options, &fixture->dirs[i], &fixture->why), ERR_OK);
    }
}

static void put(struct fixture *fixture, unsigned round, enum store_stream stream)
{
    assert_int_equal(
        store_append(fixture->dirs[round - 1], stream, buf_bytes(&fixture->line), NULL, 0, &fixture->why),
        ERR_OK);
    buf_reset(&fixture->line);
}

static void put_cert(struct fixture *fixture, unsigned round)
{
    assert_true(json_cert(&fixture->line, &fixture->cert));
    put(fixture, round, STORE_CERTS);
}

static struct probe_facts probe_at(struct fixture *fixture, const char *host, uint8_t last, int64_t time)
{
    struct probe_facts probe = {.host = host, .ip = address(last), .time = time, .pass = 1};
    probe.step = SMTP_QUIT;
    probe.end = SMTP_END_DONE;
    probe.tls = (struct tls_facts){.end = TLS_DONE, .version = 0x0304, .alert = -1, .certs = &fixture->cert};
    probe.tls.cert_count = 1;
    return probe;
}

static void put_host(struct fixture *fixture, unsigned round, const struct probe_facts *probe)
{
    assert_true(json_host(&fixture->line, probe, FAIL_NONE));
    put(fixture, round, STORE_HOSTS);
}

static void put_domain(struct fixture *fixture, unsigned round, const struct domain_facts *facts)
{
    struct judgement judgement;
    verdict_judge(facts, BY_OWN_TIME, &fixture->arena, &judgement);
    assert_true(json_domain(&fixture->line, facts, &judgement));
    if (fixture->more > 0) {
        fixture->line.len -= strlen("}\n");
        assert_true(buf_text(&fixture->line, ",\"more\":[0"));
        for (size_t i = 1; i < fixture->more; i++)
            assert_true(buf_text(&fixture->line, ",0"));
        assert_true(buf_text(&fixture->line, "]}\n"));
    }
    put(fixture, round, STORE_DOMAINS);
}

/* Writes the contact's record of a host with these probes. asked: its lookups were made anew then. */
static void put_contact(struct fixture *fixture, unsigned round, struct probe_facts *probes, size_t count,
                        int64_t asked)
{
    struct host_facts host = {.host = probes[0].host, .probes = probes, .probe_count = count, .asked = asked};
    struct mx_host mx = {.host = host.host, .implicit = true, .facts = &host};
    struct domain_facts facts = {
        .ordinal = 1, .domain = host.host, .label = "tlsa", .tld = "example", .time = TIME};
    host.address.a.status = DNS_ANSWERED;
    host.address.aaaa.status = DNS_NODATA;
    host.address.ips = count == 2 ? fixture->ips : &probes[0].ip;
    host.address.ip_count = count;
    host.tlsa = (struct tlsa_facts){
        .lookup = {.status = DNS_ANSWERED, .security = DNSSEC_SECURE}, .rrs = &fixture->tlsa, .rr_count = 1};
    facts.mx.lookup.status = DNS_NODATA;
    facts.hosts = &mx;
    facts.host_count = 1;
    facts.policy.fetch.tls.alert = -1;
    put_domain(fixture, round, &facts);
}

static void put_policy(struct fixture *fixture, unsigned round, const char *domain, int status)
{
    struct domain_facts facts = {
        .ordinal = 2, .domain = domain, .label = "policy", .tld = "example", .time = TIME};
    facts.policy.host = "mta-sts.p.example";
    facts.policy.address =
        (struct address_facts){.a.status = DNS_ANSWERED, .ips = fixture->ips, .ip_count = 1};
    facts.policy.address.aaaa.status = DNS_NODATA;
    facts.policy.fetch = (struct fetch_facts){.step = FETCH_DONE, .http_status = status, .ip = address(1)};
    facts.policy.fetch.tls =
        (struct tls_facts){.end = TLS_DONE, .alert = -1, .certs = &fixture->cert, .cert_count = 1};
    put_domain(fixture, round, &facts);
}

static enum error read_all(struct fixture *fixture, size_t cache_bytes)
{
    enum error error = results_open(cache_bytes, &fixture->results, &fixture->why);
    fixture->source = results_source(fixture->results);
    for (unsigned i = 0; i < ROUNDS && error == ERR_OK; i++) {
        assert_int_equal(store_commit(fixture->dirs[i], &fixture->why), ERR_OK);
        error =
            results_add(fixture->results, store_dir_fd(fixture->dirs[i]), i + 1, NULL, NULL, &fixture->why);
    }
    results_next(fixture->results);
    return error;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

static void end(struct fixture *fixture)
{
    results_close(fixture->results);
    for (unsigned i = 0; i < ROUNDS; i++)
        store_destroy(fixture->dirs[i]);
    buf_dispose(&fixture->line);
    buf_dispose(&fixture->why);
    arena_dispose(&fixture->arena);
    assert_int_equal(nftw(fixture->top, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static enum error find(struct fixture *fixture, const char *host, uint8_t last, uint32_t round,
                       struct replay_look *look)
{
    struct ip_addr ip = address(last);
    return fixture->source.host(fixture->source.arg, host, &ip, round, look);
}

static struct replay_look found(struct fixture *fixture, const char *host, uint8_t last, uint32_t round)
{
    struct replay_look look;
    assert_int_equal(find(fixture, host, last, round, &look), ERR_OK);
    return look;
}

/* ---- which record counts ------------------------------------------------------------------------------- */

static void test_rounds_are_told_apart(void **state)
{
    struct fixture fixture;
    struct replay_look look;
    (void)state;
    begin(&fixture);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        struct probe_facts both = probe_at(&fixture, "both.example", 1, TIME + round);
        put_cert(&fixture, round);
        put_host(&fixture, round, &both);
    }
    struct probe_facts one = probe_at(&fixture, "one.example", 1, TIME + 5);
    put_host(&fixture, 1, &one);
    assert_int_equal(read_all(&fixture, CACHE), ERR_OK);
    look = found(&fixture, "both.example", 1, 1);
    assert_int_equal(look.probe->time, TIME + 1);
    assert_true(look.probe->again);
    assert_null(look.lookups);
    assert_int_equal(look.probe->tls.cert_count, 1);
    assert_int_equal(look.probe->tls.certs[0].sha256[0], 9);
    assert_int_equal(found(&fixture, "both.example", 1, 2).probe->time, TIME + 2);
    assert_false(found(&fixture, "one.example", 1, 1).probe->again);
    assert_int_equal(find(&fixture, "one.example", 1, 2, &look), ERR_NOT_FOUND);
    assert_int_equal(find(&fixture, "one.example", 2, 1, &look), ERR_NOT_FOUND);
    assert_int_equal(find(&fixture, "other.example", 1, 1, &look), ERR_NOT_FOUND);
    end(&fixture);
}

static void test_after_a_crash_the_last_one_counts(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture);
    put_cert(&fixture, 1);
    for (int64_t i = 1; i <= 3; i++) {
        struct probe_facts probe = probe_at(&fixture, "a.example", 1, TIME + i % 3); /* the clock was set */
        put_host(&fixture, 1, &probe);
    }
    assert_int_equal(read_all(&fixture, CACHE), ERR_OK);
    assert_int_equal(found(&fixture, "a.example", 1, 1).probe->time, TIME);
    end(&fixture);
}

/* An outage of our own came after the first try: that nobody could be reached then is what the round says. */
static void test_the_contact_says_why_it_was_not_tried(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture);
    struct probe_facts probe = probe_at(&fixture, "a.example", 1, TIME);
    put_cert(&fixture, 1);
    put_host(&fixture, 1, &probe);
    probe.not_tried = NOT_TRIED_NO_ROUTE;
    put_contact(&fixture, 1, &probe, 1, 0);
    assert_int_equal(read_all(&fixture, CACHE), ERR_OK);
    assert_int_equal(found(&fixture, "a.example", 1, 1).probe->not_tried, NOT_TRIED_NO_ROUTE);
    end(&fixture);
}

static void test_past_the_budget_a_host_shares(void **state)
{
    struct fixture fixture;
    (void)state;
    begin(&fixture);
    struct probe_facts probe = {
        .host = "over.example", .ip = address(1), .not_tried = NOT_TRIED_BUDGET, .shared = true};
    probe.greeting = bytes_of("mx.example ESMTP");
    probe.tls.alert = -1;
    put_host(&fixture, 1, &probe);
    put_contact(&fixture, 1, &probe, 1, 0);
    assert_int_equal(read_all(&fixture, CACHE), ERR_OK);
    const struct replay_look look = found(&fixture, "over.example", 1, 1);
    assert_int_equal(look.probe->not_tried, NOT_TRIED_BUDGET);
    assert_true(look.probe->shared);
    end(&fixture);
}

static void test_lookups_made_anew(void **state)
{
    struct fixture fixture;
    struct replay_look look;
    (void)state;
    begin(&fixture);
    struct probe_facts probes[] = {probe_at(&fixture, "a.example", 1, TIME),
                                   probe_at(&fixture, "a.example", 2, 0)};
    put_cert(&fixture, 1);
    put_host(&fixture, 1, &probes[0]);
    probes[1].not_tried = NOT_TRIED_ELSEWHERE;
    put_contact(&fixture, 1, probes, 2, TIME + 7);
    assert_int_equal(read_all(&fixture, CACHE), ERR_OK);
    look = found(&fixture, "a.example", 1, 1);
    assert_int_equal(look.probe->time, TIME);
    assert_non_null(look.lookups);
    assert_int_equal(look.lookups->asked, TIME + 7);
    assert_int_equal(look.lookups->address.ip_count, 2);
    assert_int_equal(look.lookups->tlsa.rr_count, 1);
    assert_int_equal(find(&fixture, "a.example", 2, 1, &look), ERR_NOT_FOUND); /* it is another contact's */
    end(&fixture);
}

static void test_an_address_that_is_gone(void **state)
{
    struct fixture fixture;
    struct replay_look look;
    (void)state;
    begin(&fixture);
    struct probe_facts probes[] = {probe_at(&fixture, "a.example", 1, 0),
                                   probe_at(&fixture, "a.example", 2, 0)};
    probes[0].not_tried = probes[1].not_tried = NOT_TRIED_ELSEWHERE;
    put_contact(&fixture, 1, probes, 2, TIME + 7);
    assert_int_equal(read_all(&fixture, CACHE), ERR_OK);
    look = found(&fixture, "a.example", 3, 1);
    assert_null(look.probe);
    assert_int_equal(look.lookups->asked, TIME + 7);
    assert_int_equal(find(&fixture, "a.example", 1, 1, &look), ERR_NOT_FOUND);
    end(&fixture);
}

/* Records that take nearly all of the memory for one do not add up, as many as there are. */
static void test_large_records(void **state)
{
    enum { MANY = 5 };
    struct fixture fixture;
    struct replay_look look;
    struct policy_facts policy;
    (void)state;
    begin(&fixture);
    fixture.more = 250000;
    put_cert(&fixture, 1);
    for (unsigned i = 0; i < MANY; i++) {
        struct probe_facts probes[] = {probe_at(&fixture, "a.example", 1, 0),
                                       probe_at(&fixture, "a.example", 2, 0)};
        probes[0].not_tried = probes[1].not_tried = NOT_TRIED_ELSEWHERE;
        put_contact(&fixture, 1, probes, 2, TIME + i);
        put_policy(&fixture, 1, "p.example", 200 + (int)i);
    }
    assert_int_equal(read_all(&fixture, CACHE), ERR_OK);
    look = found(&fixture, "a.example", 3, 1);
    assert_int_equal(look.lookups->asked, TIME + MANY - 1);
    assert_int_equal(find(&fixture, "a.example", 1, 1, &look), ERR_NOT_FOUND);
    const struct replay_source *source = &fixture.source;
    assert_int_equal(source->policy(source->arg, "p.example", 1, &policy), ERR_OK);
    assert_int_equal(policy.fetch.http_status, 200 + MANY - 1);
    end(&fixture);
}

static void test_policies(void **state)
{
    struct fixture fixture;
    struct policy_facts policy;
    (void)state;
    begin(&fixture);
    put_cert(&fixture, 1);
    put_policy(&fixture, 1, "p.example", 404);
    put_policy(&fixture, 1, "p.example", 200); /* done again after a crash */
    put_policy(&fixture, 1, "q.example", 500);
    assert_int_equal(read_all(&fixture, CACHE), ERR_OK);
    const struct replay_source *source = &fixture.source;
    assert_int_equal(source->policy(source->arg, "p.example", 1, &policy), ERR_OK);
    assert_int_equal(policy.fetch.http_status, 200);
    assert_string_equal(policy.fetch.tls.certs[0].key_type, "RSA");
    assert_int_equal(source->policy(source->arg, "p.example", 2, &policy), ERR_NOT_FOUND);
    assert_int_equal(source->policy(source->arg, "r.example", 1, &policy), ERR_NOT_FOUND);
    end(&fixture);
}

/* ---- memory -------------------------------------------------------------------------------------------- */

static uint64_t count_cached(size_t cache_bytes)
{
    struct fixture fixture;
    char host[64];
    begin(&fixture);
    put_cert(&fixture, 1);
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(host, sizeof host, "h%u.example", i);
        struct probe_facts probe = probe_at(&fixture, host, 1, TIME + i);
        put_host(&fixture, 1, &probe);
    }
    assert_int_equal(read_all(&fixture, cache_bytes), ERR_OK);
    for (unsigned i = 0; i < 400; i++) {
        (void)snprintf(host, sizeof host, "h%u.example", i % 100);
        assert_int_equal(found(&fixture, host, 1, 1).probe->time, TIME + i % 100);
        results_next(fixture.results);
    }
    uint64_t cached = results_counts(fixture.results).cached;
    assert_int_equal(results_counts(fixture.results).found, 400);
    end(&fixture);
    return cached;
}

static void test_what_was_read_last_stays_in_memory(void **state)
{
    (void)state;
    assert_int_equal(count_cached(CACHE), 300);
    assert_int_equal(count_cached(1), 0);
}

/* ---- what is refused ----------------------------------------------------------------------------------- */

static void test_a_certificate_that_is_not_there(void **state)
{
    struct fixture fixture;
    struct replay_look look;
    (void)state;
    begin(&fixture);
    struct probe_facts probe = probe_at(&fixture, "a.example", 1, TIME);
    put_host(&fixture, 1, &probe);
    assert_int_equal(read_all(&fixture, CACHE), ERR_OK);
    assert_int_equal(find(&fixture, "a.example", 1, 1, &look), ERR_CORRUPT);
    assert_non_null(strstr(results_why(fixture.results), "a.example"));
    end(&fixture);
}

static void test_lines_that_are_none(void **state)
{
    static const char *const lines[] = {"{\"label\":\"policy\"}\n", "{\"schema\":1,\"not_tried\":}\n",
                                        "\"asked\":\n"};
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct fixture fixture;
        begin(&fixture);
        assert_true(buf_text(&fixture.line, lines[i]));
        put(&fixture, 1, STORE_DOMAINS);
        assert_int_equal(read_all(&fixture, CACHE), ERR_CORRUPT);
        end(&fixture);
    }
    struct fixture fixture;
    begin(&fixture);
    assert_true(buf_text(&fixture.line, "{\"schema\":1}\n"));
    put(&fixture, 2, STORE_HOSTS);
    assert_int_equal(read_all(&fixture, CACHE), ERR_CORRUPT);
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounds_are_told_apart),
        cmocka_unit_test(test_after_a_crash_the_last_one_counts),
        cmocka_unit_test(test_the_contact_says_why_it_was_not_tried),
        cmocka_unit_test(test_past_the_budget_a_host_shares),
        cmocka_unit_test(test_lookups_made_anew),
        cmocka_unit_test(test_an_address_that_is_gone),
        cmocka_unit_test(test_large_records),
        cmocka_unit_test(test_policies),
        cmocka_unit_test(test_what_was_read_last_stays_in_memory),
        cmocka_unit_test(test_a_certificate_that_is_not_there),
        cmocka_unit_test(test_lines_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
