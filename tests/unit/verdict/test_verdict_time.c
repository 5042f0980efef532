/* What the verdict makes of facts that are older than the domain's end (TLS-7). Dates are judged by the time
 * of the handshake that showed them, whenever the domain ends; the domain's end where facts have none; the
 * time given where one is given. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "scanner/verdict/verdict.h"

#define NOON_S      INT64_C(1800000000) /* when the domain began */
#define HOUR        INT64_C(3600)
#define UNSET       INT64_MIN
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

enum { STAYS_HOURS = 6, CERTS = 2 };

/* Hours from the domain's beginning; it ended STAYS_HOURS after it. UNSET: facts without a time. */
struct time_case {
    const char *name;
    int64_t policy_shown, policy_begins, policy_ends;
    int64_t host_shown, host_begins, host_ends;
    int64_t given; /* --now; UNSET: none */
    enum outcome outcome;
    enum failure_code policy, host;
};

static const struct time_case time_cases[] = {
    {"TLS-7 both hold all the while", 0, -9, 9999, 0, -9, 9999, UNSET, OUTCOME_PROTECTED, FAIL_NONE,
     FAIL_NONE},
    {"TLS-7 renewed while the domain waited", 0, -9, 9999, 1, -9, 2, UNSET, OUTCOME_PROTECTED, FAIL_NONE,
     FAIL_NONE},
    {"TLS-7 probed for another domain, a day before", 0, -9, 9999, -24, -99, -1, UNSET, OUTCOME_PROTECTED,
     FAIL_NONE, FAIL_NONE},
    {"TLS-7 expired when it was shown", 0, -9, 9999, 3, -9, 2, UNSET, OUTCOME_REFUSED, FAIL_NONE,
     FAIL_SMTP_TLS_EXPIRED},
    {"TLS-7 not yet valid when it was shown", 0, -9, 9999, 1, 2, 9999, UNSET, OUTCOME_REFUSED, FAIL_NONE,
     FAIL_SMTP_TLS_NOT_YET_VALID},
    {"TLS-7 made after the domain began", 0, -9, 9999, 3, 2, 9999, UNSET, OUTCOME_PROTECTED, FAIL_NONE,
     FAIL_NONE},
    {"TLS-7 the policy's leaf, renewed while the domain waited", 1, -9, 2, 0, -9, 9999, UNSET,
     OUTCOME_PROTECTED, FAIL_NONE, FAIL_NONE},
    {"TLS-7 the policy's leaf, expired when it was shown", 3, -9, 2, 0, -9, 9999, UNSET, OUTCOME_BROKEN,
     FAIL_POLICY_TLS_EXPIRED, FAIL_NONE},
    {"TLS-7 the policy's leaf, not yet valid when it was shown", 1, 2, 9999, 0, -9, 9999, UNSET,
     OUTCOME_BROKEN, FAIL_POLICY_TLS_NOT_YET_VALID, FAIL_NONE},
    {"TLS-7 a host without a time, by the domain's end", 0, -9, 9999, UNSET, -9, 5, UNSET, OUTCOME_REFUSED,
     FAIL_NONE, FAIL_SMTP_TLS_EXPIRED},
    {"TLS-7 a host without a time, good at the domain's end", 0, -9, 9999, UNSET, 5, 7, UNSET,
     OUTCOME_PROTECTED, FAIL_NONE, FAIL_NONE},
    {"TLS-7 a policy without a time, by the domain's end", UNSET, -9, 5, 0, -9, 9999, UNSET, OUTCOME_BROKEN,
     FAIL_POLICY_TLS_EXPIRED, FAIL_NONE},
    {"TLS-7 by the time given: expired since", 0, -9, 9999, 1, -9, 50, 51, OUTCOME_REFUSED, FAIL_NONE,
     FAIL_SMTP_TLS_EXPIRED},
    {"TLS-7 by the time given: valid since", 0, -9, 9999, 1, 2, 9999, 51, OUTCOME_PROTECTED, FAIL_NONE,
     FAIL_NONE},
    {"TLS-7 by the time given: the policy's leaf", 0, -9, 50, 1, -9, 9999, 51, OUTCOME_BROKEN,
     FAIL_POLICY_TLS_EXPIRED, FAIL_NONE},
};

/* A domain with a policy and one MX host of one address; certificates as a test wants them. */
struct world {
    struct arena arena;
    struct cert_facts policy_leaf, certs[CERTS];
    struct bytes txt;
    struct ip_addr ip;
    struct probe_facts probe;
    struct tls_facts legacy;
    struct tlsa_rr tlsa;
    struct mx_rr rr;
    struct mx_host host;
    struct host_facts host_facts;
    struct domain_facts facts;
    struct judgement judgement;
};

static const char body[] = "version: STSv1\nmode: enforce\nmx: mx.a.example\nmax_age: 604800\n";

static int64_t ms_of(int64_t hours)
{
    return hours == UNSET ? 0 : (NOON_S + hours * HOUR) * 1000;
}

static void set_dates(struct cert_facts *cert, int64_t begins, int64_t ends)
{
    cert->not_before = NOON_S + begins * HOUR;
    cert->not_after = NOON_S + ends * HOUR;
}

static struct tls_facts shown(struct cert_facts *certs, size_t count, int64_t hours)
{
    return (struct tls_facts){.end = TLS_DONE,
                              .version = 0x0303,
                              .alert = -1,
                              .time = ms_of(hours),
                              .certs = certs,
                              .cert_count = count,
                              .name_match = true};
}

static void make_world(struct world *world)
{
    *world = (struct world){.txt = bytes_of("v=STSv1; id=1;")};
    arena_init(&world->arena, 1 << 20);
    world->ip = ip_v4((const uint8_t[]){192, 0, 2, 1});
    set_dates(&world->policy_leaf, -9, 9999);
    for (size_t i = 0; i < CERTS; i++) {
        world->certs[i].signed_by = i + 1 < CERTS ? (int)i + 1 : -1;
        world->certs[i].is_ca = i > 0;
        memset(world->certs[i].sha256, (int)i + 1, sizeof world->certs[i].sha256);
        set_dates(&world->certs[i], -9, 9999);
    }
    const struct lookup_facts found = {.status = DNS_ANSWERED, .security = DNSSEC_SECURE, .ttl = 300};
    const struct lookup_facts none = {.status = DNS_NODATA, .security = DNSSEC_SECURE};
    world->probe = (struct probe_facts){.host = "mx.a.example",
                                        .ip = world->ip,
                                        .time = ms_of(0),
                                        .step = SMTP_QUIT,
                                        .end = SMTP_END_DONE,
                                        .starttls_offered = true,
                                        .tls = shown(world->certs, CERTS, 0)};
    world->host_facts = (struct host_facts){.host = "mx.a.example",
                                            .address = {found, none, &world->ip, 1},
                                            .probes = &world->probe,
                                            .probe_count = 1};
    world->rr = (struct mx_rr){10, "mx.a.example"};
    world->host = (struct mx_host){.host = "mx.a.example", .preference = 10, .facts = &world->host_facts};
    world->facts = (struct domain_facts){.domain = "a.example",
                                         .tld = "example",
                                         .time = ms_of(0),
                                         .ms = STAYS_HOURS * 3600 * 1000,
                                         .txt = {found, &world->txt, 1},
                                         .tlsrpt = {.lookup = none},
                                         .mx = {found, &world->rr, 1},
                                         .hosts = &world->host,
                                         .host_count = 1};
    world->facts.policy = (struct policy_facts){.host = "mta-sts.a.example",
                                                .address = {found, none, &world->ip, 1},
                                                .fetch = {.step = FETCH_DONE,
                                                          .ip = world->ip,
                                                          .tls = shown(&world->policy_leaf, 1, 0),
                                                          .http_status = 200,
                                                          .media_type = "text/plain",
                                                          .body = bytes_of(body)}};
}

static void judge(struct world *world, int64_t now)
{
    verdict_judge(&world->facts, now, &world->arena, &world->judgement);
}

static bool has(const struct world *world, enum failure_code code)
{
    return code_set_has(&world->judgement.codes, code);
}

static void test_dates_by_the_time_of_their_handshake(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(time_cases); i++) {
        const struct time_case *c = &time_cases[i];
        struct world world;
        make_world(&world);
        set_dates(&world.policy_leaf, c->policy_begins, c->policy_ends);
        set_dates(&world.certs[0], c->host_begins, c->host_ends);
        world.facts.policy.fetch.tls.time = ms_of(c->policy_shown);
        world.probe.tls.time = ms_of(c->host_shown);
        judge(&world, c->given == UNSET ? BY_OWN_TIME : ms_of(c->given));
        if (world.judgement.outcome != c->outcome)
            fail_msg("%s: outcome %s", c->name, outcome_name(world.judgement.outcome));
        if (world.judgement.policy_code != c->policy)
            fail_msg("%s: policy %s", c->name, failure_name(world.judgement.policy_code));
        if (world.judgement.hosts[0].ips[0].code != c->host ||
            !has(&world, c->host) != (c->host == FAIL_NONE))
            fail_msg("%s: host %s", c->name, failure_name(world.judgement.hosts[0].ips[0].code));
        arena_dispose(&world.arena);
    }
}

/* Path validation noted what it met at the leaf; its dates are judged all the same. */
static void test_a_leaf_date_error_is_judged_by_its_date(void **state)
{
    struct world world;
    (void)state;
    make_world(&world);
    set_dates(&world.certs[0], 2, 9999);
    world.probe.tls.time = ms_of(1);
    world.probe.tls.errors[world.probe.tls.error_count++] = (struct chain_error){.x509 = 9, .depth = 0};
    judge(&world, BY_OWN_TIME);
    assert_int_equal(world.judgement.hosts[0].ips[0].code, FAIL_SMTP_TLS_NOT_YET_VALID);
    judge(&world, ms_of(3));
    assert_int_equal(world.judgement.hosts[0].ips[0].code, FAIL_NONE);
    arena_dispose(&world.arena);
}

/* POL-10: how long the certificate has left is counted from the same time. */
static void test_expires_soon_is_counted_from_the_handshake(void **state)
{
    struct world world;
    (void)state;
    make_world(&world);
    set_dates(&world.policy_leaf, -9, 14 * 24 + 1);
    world.facts.policy.fetch.tls.time = ms_of(0);
    judge(&world, BY_OWN_TIME);
    assert_false(has(&world, FAIL_POLICY_WEAK_CERT_EXPIRES_SOON));
    world.facts.policy.fetch.tls.time = ms_of(2);
    judge(&world, BY_OWN_TIME);
    assert_true(has(&world, FAIL_POLICY_WEAK_CERT_EXPIRES_SOON));
    set_dates(&world.policy_leaf, -9, 9999);
    set_dates(&world.certs[0], -9, 2); /* renewed before the domain ended */
    world.probe.tls.time = ms_of(1);
    judge(&world, BY_OWN_TIME);
    assert_true(has(&world, FAIL_SMTP_WEAK_CERT_EXPIRES_SOON));
    assert_false(has(&world, FAIL_POLICY_WEAK_CERT_EXPIRES_SOON));
    arena_dispose(&world.arena);
}

/* The second handshake of an address comes after a turn of its own, and so has a time of its own. */
static void test_the_second_handshake_has_its_own_time(void **state)
{
    struct cert_facts leaf = {.signed_by = -1};
    struct world world;
    (void)state;
    make_world(&world);
    set_dates(&leaf, 2, 9999);
    world.legacy = shown(&leaf, 1, 3);
    world.legacy.version = 0x0301;
    world.legacy.cipher = "TLS_RSA_WITH_AES_128_CBC_SHA";
    world.probe.end = SMTP_END_TLS;
    world.probe.tls = (struct tls_facts){.end = TLS_FAILED, .alert = 70, .time = ms_of(0)};
    world.probe.legacy = &world.legacy;
    judge(&world, BY_OWN_TIME);
    assert_true(has(&world, FAIL_SMTP_TLS_VERSION));
    assert_false(has(&world, FAIL_SMTP_TLS_NOT_YET_VALID));
    world.legacy.time = ms_of(1);
    judge(&world, BY_OWN_TIME);
    assert_true(has(&world, FAIL_SMTP_TLS_NOT_YET_VALID));
    arena_dispose(&world.arena);
}

/* DANE-3, TLS-7: usage 2 asks for the dates of the whole path. */
static void test_dane_judges_the_path_by_the_same_time(void **state)
{
    struct world world;
    (void)state;
    for (int late = 0; late < CERTS; late++) {
        make_world(&world);
        world.tlsa = (struct tlsa_rr){2, 0, 1, bytes_make(world.certs[1].sha256, 32)};
        world.certs[1].self_issued = true;
        world.host_facts.tlsa =
            (struct tlsa_facts){.lookup = {.status = DNS_ANSWERED, .security = DNSSEC_SECURE},
                                .base = "mx.a.example",
                                .rrs = &world.tlsa,
                                .rr_count = 1};
        set_dates(&world.certs[late], -9, 2);
        world.probe.tls.time = ms_of(1);
        judge(&world, BY_OWN_TIME);
        assert_int_equal(world.judgement.dane, DANE_OUTCOME_PROTECTED);
        world.probe.tls.time = ms_of(3);
        judge(&world, BY_OWN_TIME);
        assert_int_equal(world.judgement.dane, DANE_OUTCOME_REFUSED);
        assert_true(has(&world, FAIL_DANE_EXPIRED));
        arena_dispose(&world.arena);
    }
}

/* A host record on its own: by its handshake, and without a time of that by the probe's beginning. */
static void test_one_probe_and_one_fetch_alone(void **state)
{
    struct world world;
    (void)state;
    make_world(&world);
    set_dates(&world.certs[0], 1, 3);
    world.probe.tls.time = ms_of(2);
    assert_int_equal(verdict_probe(&world.probe, BY_OWN_TIME), FAIL_NONE);
    assert_int_equal(verdict_probe(&world.probe, ms_of(4)), FAIL_SMTP_TLS_EXPIRED);
    world.probe.tls.time = 0;
    assert_int_equal(verdict_probe(&world.probe, BY_OWN_TIME), FAIL_SMTP_TLS_NOT_YET_VALID);
    set_dates(&world.policy_leaf, 1, 3);
    world.facts.policy.fetch.time = ms_of(0);
    world.facts.policy.fetch.tls.time = ms_of(2);
    assert_int_equal(verdict_fetch(&world.facts.policy, BY_OWN_TIME), FAIL_NONE);
    world.facts.policy.fetch.tls.time = 0;
    assert_int_equal(verdict_fetch(&world.facts.policy, BY_OWN_TIME), FAIL_POLICY_TLS_NOT_YET_VALID);
    arena_dispose(&world.arena);
}

/* TXT-8, DANE-1: the lookup of the host's addresses failed and an earlier answer serves: what the addresses
 * show is judged, and DANE is open, as it is where the lookup fails. */
static void test_stale_addresses_are_judged_by_their_probe(void **state)
{
    const struct lookup_facts failed = {.status = DNS_SERVFAIL, .stale = true};
    struct world world;
    (void)state;
    make_world(&world);
    world.host_facts.address.a = failed;
    world.host_facts.address.aaaa = failed;
    judge(&world, BY_OWN_TIME);
    assert_int_equal(world.judgement.outcome, OUTCOME_PROTECTED);
    assert_false(world.judgement.incomplete);
    assert_int_equal(world.judgement.hosts[0].code, FAIL_NONE);
    assert_true(has(&world, FAIL_DNS_SERVFAIL));
    assert_int_equal(world.judgement.dane, DANE_OUTCOME_UNKNOWN);
    assert_int_equal(world.judgement.hosts[0].dane_code, FAIL_MX_DNS_FAILED);
    assert_true(verdict_host_may_pass(&world.host_facts));
    world.probe.tls.name_match = false;
    judge(&world, BY_OWN_TIME);
    assert_int_equal(world.judgement.outcome, OUTCOME_REFUSED);
    world.host_facts.address.aaaa.stale = false; /* nobody knows what its other addresses would say */
    judge(&world, BY_OWN_TIME);
    assert_int_equal(world.judgement.outcome, OUTCOME_UNKNOWN);
    arena_dispose(&world.arena);
}

/*
 * The clock was set amid the scan: at one reading it is hour 1, at the other hour 5. Of a date between them
 * nobody can tell; all others are judged as ever.
 */
struct clock_case {
    const char *name;
    int64_t leaf_begins, leaf_ends, other_begins, other_ends;
    bool path_error; /* validation found a date of the second certificate wrong */
    enum failure_code host;
    enum outcome outcome;
};

static const struct clock_case clock_cases[] = {
    {"TLS-7 good at both readings", -9, 99, -9, 99, false, FAIL_NONE, OUTCOME_PROTECTED},
    {"TLS-7 expired at both", -9, 0, -9, 99, false, FAIL_SMTP_TLS_EXPIRED, OUTCOME_REFUSED},
    {"TLS-7 not yet valid at both", 6, 99, -9, 99, false, FAIL_SMTP_TLS_NOT_YET_VALID, OUTCOME_REFUSED},
    {"TLS-7 begins between them", 3, 99, -9, 99, false, FAIL_SMTP_TLS_CLOCK, OUTCOME_UNKNOWN},
    {"TLS-7 ends between them", -9, 3, -9, 99, false, FAIL_SMTP_TLS_CLOCK, OUTCOME_UNKNOWN},
    {"TLS-7 the issuer's begins between them", -9, 99, 3, 99, true, FAIL_SMTP_TLS_CLOCK, OUTCOME_UNKNOWN},
    {"TLS-7 the issuer's ends between them", -9, 99, -9, 3, false, FAIL_SMTP_TLS_CLOCK, OUTCOME_UNKNOWN},
    {"TLS-7 the issuer's is over at both", -9, 99, -9, 0, true, FAIL_SMTP_TLS_EXPIRED, OUTCOME_REFUSED},
    {"TLS-7 the leaf is over, the issuer's in doubt", -9, 0, -9, 3, false, FAIL_SMTP_TLS_EXPIRED,
     OUTCOME_REFUSED},
};

static void judge_clock_case(const struct clock_case *c, int64_t shown_at, int64_t other)
{
    struct world world;
    make_world(&world);
    set_dates(&world.certs[0], c->leaf_begins, c->leaf_ends);
    set_dates(&world.certs[1], c->other_begins, c->other_ends);
    world.probe.tls.time = ms_of(shown_at);
    world.probe.tls.other_time = ms_of(other);
    if (c->path_error)
        world.probe.tls.errors[world.probe.tls.error_count++] = (struct chain_error){.x509 = 10, .depth = 1};
    judge(&world, BY_OWN_TIME);
    if (world.judgement.hosts[0].ips[0].code != c->host || world.judgement.outcome != c->outcome)
        fail_msg("%s: %s, %s", c->name, failure_name(world.judgement.hosts[0].ips[0].code),
                 outcome_name(world.judgement.outcome));
    assert_int_equal(verdict_may_pass(&world.judgement), c->outcome == OUTCOME_UNKNOWN);
    judge(&world, ms_of(other)); /* by a time that is given there is one reading only */
    assert_false(has(&world, FAIL_SMTP_TLS_CLOCK));
    arena_dispose(&world.arena);
}

static void test_a_date_between_two_readings_tells_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(clock_cases); i++) {
        judge_clock_case(&clock_cases[i], 1, 5);
        judge_clock_case(&clock_cases[i], 5, 1);
    }
}

static void test_nor_of_the_policy_host_nor_for_dane(void **state)
{
    struct world world;
    (void)state;
    make_world(&world);
    set_dates(&world.policy_leaf, 3, 99);
    world.facts.policy.fetch.tls.time = ms_of(1);
    world.facts.policy.fetch.tls.other_time = ms_of(5);
    judge(&world, BY_OWN_TIME);
    assert_int_equal(world.judgement.policy_code, FAIL_POLICY_TLS_CLOCK);
    assert_int_equal(world.judgement.outcome, OUTCOME_UNKNOWN);
    assert_true(verdict_may_pass(&world.judgement));
    arena_dispose(&world.arena);
    for (int usage = 2; usage <= 3; usage++) { /* DANE-3: dates count with usage 2 only */
        make_world(&world);
        world.tlsa = (struct tlsa_rr){(uint8_t)usage, 0, 1, bytes_make(world.certs[3 - usage].sha256, 32)};
        world.host_facts.tlsa =
            (struct tlsa_facts){.lookup = {.status = DNS_ANSWERED, .security = DNSSEC_SECURE},
                                .base = "mx.a.example",
                                .rrs = &world.tlsa,
                                .rr_count = 1};
        set_dates(&world.certs[0], 3, 99);
        world.probe.tls.time = ms_of(1);
        world.probe.tls.other_time = ms_of(5);
        judge(&world, BY_OWN_TIME);
        assert_int_equal(world.judgement.dane, usage == 2 ? DANE_OUTCOME_UNKNOWN : DANE_OUTCOME_PROTECTED);
        arena_dispose(&world.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates_by_the_time_of_their_handshake),
        cmocka_unit_test(test_a_leaf_date_error_is_judged_by_its_date),
        cmocka_unit_test(test_expires_soon_is_counted_from_the_handshake),
        cmocka_unit_test(test_the_second_handshake_has_its_own_time),
        cmocka_unit_test(test_dane_judges_the_path_by_the_same_time),
        cmocka_unit_test(test_one_probe_and_one_fetch_alone),
        cmocka_unit_test(test_stale_addresses_are_judged_by_their_probe),
        cmocka_unit_test(test_a_date_between_two_readings_tells_nothing),
        cmocka_unit_test(test_nor_of_the_policy_host_nor_for_dane),
    };
    return cmocka_run_group_tests_name("verdict_time", tests, NULL, NULL);
}
