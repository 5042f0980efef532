/* Table tests of MX sets that name nobody, or placeholders among hosts; MX-1, MX-6. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/facts/placeholder.h"
#include "scanner/verdict/verdict.h"

#define NOW_MS INT64_C(1800000000000)

enum { HOSTS = 6, NAME_BYTES = 80, ARENA_BYTES = 1 << 20 };

struct mx_case {
    const char *name;
    const char *set;   /* "PREFERENCE HOST" between ", "; what begins with "bad" lacks STARTTLS */
    const char *gone;  /* the host that has no address, or "" */
    const char *codes; /* between ","; "!CODE" must not be there */
    enum outcome outcome;
};

static const struct mx_case cases[] = {
    {"MX-1 one null MX", "0 .", "", "mx.null,!mx.null-repeated,!mx.null-preference", OUTCOME_NO_MAIL},
    {"MX-1 a null MX twice", "0 ., 0 .", "",
     "mx.null,mx.null-repeated,!mx.null-preference,!mx.null-among-others", OUTCOME_NO_MAIL},
    {"MX-1 twice, with two preferences", "0 ., 10 .", "", "mx.null,mx.null-repeated,mx.null-preference",
     OUTCOME_NO_MAIL},
    {"MX-1 beside a host", "0 ., 10 good.net", "", "!mx.null,!mx.null-repeated,mx.null-among-others",
     OUTCOME_PROTECTED},
    {"MX-6 behind a host that passes", "0 good.net, 32767 ms1.msv1.invalid", "",
     "mx.placeholder,!mx.no-address,!mx.not-in-policy,!mx.none", OUTCOME_PROTECTED},
    {"MX-6 before it", "1 x.mx-verification.google.com, 5 good.net", "", "mx.placeholder,!mx.not-in-policy",
     OUTCOME_PROTECTED},
    {"MX-6 behind a host that fails", "0 bad.net, 32767 ms1.msv1.invalid", "",
     "mx.placeholder,smtp.starttls.not-offered", OUTCOME_REFUSED},
    {"MX-6 between two hosts", "0 good.net, 5 any.invalid, 10 bad.net", "", "mx.placeholder",
     OUTCOME_PARTIAL},
    {"MX-6 alone", "32767 ms1.msv1.invalid", "", "mx.placeholder,!mx.null,!mx.none,!mx.implicit",
     OUTCOME_NO_MAIL},
    {"MX-6 two of two services", "10 ms1.msv1.invalid, 20 x.mx-verification.google.com", "", "mx.placeholder",
     OUTCOME_NO_MAIL},
    {"MX-6 with a null MX", "0 ., 32767 ms1.msv1.invalid", "", "mx.placeholder,mx.null-among-others,!mx.null",
     OUTCOME_NO_MAIL},
    {"MX-6 .test without an address", "0 good.net, 10 mx.test", "mx.test",
     "mx.placeholder,!mx.no-address,!dns.nxdomain,!mx.not-in-policy", OUTCOME_PROTECTED},
    {"MX-6 .test before a host", "0 mx.test, 10 good.net", "mx.test", "mx.placeholder", OUTCOME_PROTECTED},
    {"MX-6 .example alone", "0 mx.example", "mx.example", "mx.placeholder,!mx.no-address", OUTCOME_NO_MAIL},
    {"MX-6 .example with an address", "0 mx.example", "", "!mx.placeholder,mx.not-in-policy",
     OUTCOME_REFUSED},
    {"MX-6 a host without an address is none", "0 good.net, 10 gone.net", "gone.net",
     "!mx.placeholder,mx.no-address", OUTCOME_PARTIAL},
};

struct world {
    struct arena arena;
    struct bytes txt;
    struct ip_addr ip;
    struct cert_facts cert;
    char names[HOSTS][NAME_BYTES];
    struct mx_rr rrs[HOSTS];
    struct mx_host hosts[HOSTS];
    struct probe_facts probes[HOSTS];
    struct host_facts host_facts[HOSTS];
    struct domain_facts facts;
};

static struct tls_facts tls_of(struct world *world)
{
    return (struct tls_facts){.end = TLS_DONE,
                              .version = 0x0304,
                              .alert = -1,
                              .certs = &world->cert,
                              .cert_count = 1,
                              .name_match = true};
}

static void look_at(struct world *world, size_t i, const char *gone)
{
    struct probe_facts *probe = &world->probes[i];
    struct host_facts *host = &world->host_facts[i];
    const char *name = world->names[i];
    *probe = (struct probe_facts){
        .host = name, .ip = world->ip, .step = SMTP_QUIT, .end = SMTP_END_DONE, .starttls_offered = true};
    probe->tls = tls_of(world);
    if (strncmp(name, "bad", 3) == 0)
        *probe = (struct probe_facts){
            .host = name, .ip = world->ip, .step = SMTP_EHLO, .end = SMTP_END_NOT_OFFERED, .tls.alert = -1};
    *host = (struct host_facts){.host = name, .probes = probe, .probe_count = 1};
    host->address = (struct address_facts){
        .a.status = DNS_ANSWERED, .aaaa.status = DNS_NODATA, .ips = &world->ip, .ip_count = 1};
    host->tlsa.lookup.status = DNS_NODATA;
    if (strcmp(name, gone) == 0)
        *host = (struct host_facts){.host = name,
                                    .address = {.a.status = DNS_NXDOMAIN, .aaaa.status = DNS_NXDOMAIN}};
}

/* Makes the facts as a scan does, or as one did that looked at placeholders as well. */
static void make(struct world *world, const struct mx_case *c, bool all_looked_at)
{
    memset(world, 0, sizeof *world);
    arena_init(&world->arena, ARENA_BYTES);
    assert_true(ip_parse("192.0.2.25", &world->ip));
    world->cert = (struct cert_facts){.not_after = NOW_MS / 1000 + INT64_C(86400) * 90,
                                      .key_type = "EC P-256",
                                      .key_bits = 256,
                                      .signature = "ecdsa-with-SHA256",
                                      .signed_by = -1};
    struct domain_facts *facts = &world->facts;
    world->txt = bytes_of("v=STSv1; id=1;");
    facts->domain = "example.org";
    facts->txt = (struct txt_facts){.lookup.status = DNS_ANSWERED, .rrs = &world->txt, .rr_count = 1};
    facts->tlsrpt.lookup.status = DNS_NXDOMAIN;
    facts->policy.host = "mta-sts.example.org";
    facts->policy.address =
        (struct address_facts){.a.status = DNS_ANSWERED, .ips = &world->ip, .ip_count = 1};
    facts->policy.fetch = (struct fetch_facts){
        .step = FETCH_DONE,
        .http_status = 200,
        .media_type = "text/plain",
        .tls = tls_of(world),
        .body = bytes_of("version: STSv1\nmode: enforce\nmx: good.net\nmx: bad.net\nmax_age: 604800\n")};
    facts->mx =
        (struct mx_facts){.lookup = {.status = DNS_ANSWERED, .security = DNSSEC_INSECURE}, .rrs = world->rrs};
    facts->hosts = world->hosts;
    for (const char *at = c->set; *at != 0;) {
        size_t len = strcspn(at, ",");
        size_t i = facts->mx.rr_count++;
        unsigned preference = 0;
        assert_true(i < HOSTS && sscanf(at, "%u %79[^,]", &preference, world->names[i]) == 2);
        world->rrs[i] = (struct mx_rr){(uint16_t)preference, world->names[i]};
        at += len + (at[len] == ',' ? 2 : 0);
        bool left_out = placeholder_by_name(world->names[i], facts->domain) && !all_looked_at;
        if (strcmp(world->names[i], ".") == 0 || left_out)
            continue;
        look_at(world, i, placeholder_by_name(world->names[i], facts->domain) ? world->names[i] : c->gone);
        world->hosts[facts->host_count++] = (struct mx_host){
            .host = world->names[i], .preference = (uint16_t)preference, .facts = &world->host_facts[i]};
    }
}

static void assert_codes(const struct mx_case *c, const struct judgement *judgement)
{
    char codes[256];
    char *rest = codes;
    (void)snprintf(codes, sizeof codes, "%s", c->codes);
    for (char *code = strsep(&rest, ","); code != NULL; code = strsep(&rest, ",")) {
        bool wanted = code[0] != '!';
        enum failure_code found = failure_find(code + !wanted, strlen(code + !wanted));
        assert_int_not_equal(found, FAIL_NONE);
        if (code_set_has(&judgement->codes, found) != wanted)
            fail_msg("%s: %s", c->name, code);
    }
}

/* Whoever delivers, delivers to a host; a placeholder is none. */
static void assert_views(const struct mx_case *c, const struct world *world,
                         const struct judgement *judgement)
{
    for (enum sender_kind kind = 0; kind < SENDER_COUNT; kind++) {
        const struct sender_view *view = &judgement->senders[kind];
        if (view->all == DELIVERY_NONE)
            continue;
        assert_int_equal(view->host_count, world->facts.host_count);
        for (size_t i = 0; i < view->host_count; i++)
            if ((view->hosts[i] == DELIVERY_NONE) != placeholder_is(&world->hosts[i], "example.org"))
                fail_msg("%s: delivery to %s", c->name, world->hosts[i].host);
        if (view->delivered_by != NULL && placeholder_by_name(view->delivered_by, "example.org"))
            fail_msg("%s: delivered by %s", c->name, view->delivered_by);
    }
}

static void test_sets(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        const struct mx_case *c = &cases[i / 2];
        struct world world;
        struct judgement judgement;
        make(&world, c, i % 2 == 1);
        verdict_judge(&world.facts, NOW_MS, &world.arena, &judgement);
        if (judgement.outcome != c->outcome)
            fail_msg("%s: expected %s, got %s", c->name, outcome_name(c->outcome),
                     outcome_name(judgement.outcome));
        assert_codes(c, &judgement);
        if (judgement.dane != DANE_OUTCOME_ABSENT)
            fail_msg("%s: DANE is %s", c->name, dane_outcome_name(judgement.dane));
        assert_int_equal(judgement.host_count, world.facts.host_count);
        assert_false(judgement.incomplete);
        assert_views(c, &world, &judgement);
        arena_dispose(&world.arena);
    }
}

/* MX-6: what was cut off an answer may be a host, so a set of placeholders decides nothing then. */
static void test_cut_set(void **state)
{
    (void)state;
    const struct mx_case c = {.name = "cut", .set = "0 ms1.msv1.invalid", .gone = ""};
    struct world world;
    struct judgement judgement;
    make(&world, &c, false);
    world.facts.mx.lookup.truncated = true;
    verdict_judge(&world.facts, NOW_MS, &world.arena, &judgement);
    assert_int_equal(judgement.outcome, OUTCOME_UNKNOWN);
    arena_dispose(&world.arena);
}

/* MX-6: the provider of a placeholder is nobody's provider, and Exchange Online stays direct (EXO-1). */
static void test_services(void **state)
{
    (void)state;
    const struct mx_case c = {.set = "0 a.mail.protection.outlook.com, 9 x.mx-verification.google.com",
                              .gone = ""};
    struct world world;
    struct judgement judgement;
    make(&world, &c, true);
    verdict_judge(&world.facts, NOW_MS, &world.arena, &judgement);
    assert_int_equal(judgement.exo, EXO_DIRECT);
    assert_int_equal(judgement.provider_mx_count, 1);
    assert_string_equal(judgement.provider_mx, "Microsoft 365");
    arena_dispose(&world.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_cut_set),
        cmocka_unit_test(test_services),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
