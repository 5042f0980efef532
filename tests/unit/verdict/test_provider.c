/* provider.def is sound, and says what it should of names; EXO-1, POL-10. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "scanner/machine/suffixes.h"
#include "scanner/sts/policy.h"
#include "scanner/verdict/provider.h"
#include "scanner/verdict/verdict.h"

enum { LINE_BYTES = 512, WORLD_HOSTS = 4, ARENA_BYTES = 1 << 20, LEAST_MX = 60, LEAST_POLICY = 15 };

/* ---- the table ----------------------------------------------------------------------------------------- */

static size_t names_of(const struct provider *rows, size_t count)
{
    size_t names = 0;
    for (size_t i = 0; i < count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i; j++)
            seen = seen || strcmp(rows[i].name, rows[j].name) == 0;
        names += !seen;
    }
    return names;
}

static void assert_sorted(const struct provider *rows, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (strcmp(rows[i - 1].suffix, rows[i].suffix) >= 0)
            fail_msg("%s does not stand before %s", rows[i - 1].suffix, rows[i].suffix);
}

static void test_table_is_sorted_and_large(void **state)
{
    (void)state;
    const struct provider *mx;
    const struct provider *policy;
    size_t policy_count;
    size_t mx_count = provider_rows(&mx, &policy, &policy_count);
    assert_sorted(mx, mx_count);
    assert_sorted(policy, policy_count);
    assert_true(names_of(mx, mx_count) >= LEAST_MX);
    assert_true(names_of(policy, policy_count) >= LEAST_POLICY);
}

/* The longest suffix wins: every row answers for its own suffix and for a host under it. */
static void test_no_row_is_shadowed(void **state)
{
    (void)state;
    const struct provider *mx;
    const struct provider *policy;
    size_t policy_count;
    size_t mx_count = provider_rows(&mx, &policy, &policy_count);
    char host[LINE_BYTES];
    for (size_t i = 0; i < mx_count; i++) {
        assert_ptr_equal(provider_find_mx(mx[i].suffix), &mx[i]);
        (void)snprintf(host, sizeof host, "in-1.%s", mx[i].suffix);
        assert_ptr_equal(provider_find_mx(host), &mx[i]);
        (void)snprintf(host, sizeof host, "x%s", mx[i].suffix);
        const struct provider *glued = provider_find_mx(host);
        assert_true(glued != &mx[i]);
    }
}

/* One spelling a provider: names that differ by case or space only would split its counts. */
static void test_names_are_spelt_once(void **state)
{
    (void)state;
    const struct provider *rows;
    const struct provider *policy;
    size_t policy_count;
    size_t count = provider_rows(&rows, &policy, &policy_count);
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].name[0] != 0 && strlen(rows[i].name) < 32);
        for (size_t j = 0; j < i; j++)
            if (strcasecmp(rows[i].name, rows[j].name) == 0)
                assert_string_equal(rows[i].name, rows[j].name);
    }
}

static void test_documented_patterns_are_valid(void **state)
{
    (void)state;
    const struct provider *rows;
    const struct provider *policy;
    size_t policy_count;
    size_t count = provider_rows(&rows, &policy, &policy_count);
    for (size_t i = 0; i < count; i++) {
        for (const char *at = rows[i].patterns; *at != 0;) {
            size_t len = strcspn(at, " ");
            uint32_t column = 0;
            assert_int_equal(sts_policy_check_pattern(bytes_make(at, len), &column), FAIL_NONE);
            at += len + (at[len] == ' ');
        }
    }
}

/* A row is one line, with its source behind it. */
static void test_every_row_has_a_source(void **state)
{
    (void)state;
    FILE *file = fopen("scanner/verdict/provider.def", "re");
    assert_non_null(file);
    char line[LINE_BYTES];
    size_t rows = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "PROVIDER_", 9) != 0)
            continue;
        const char *source = strstr(line, ") /* ");
        if (source == NULL || strlen(source) < 16 || strstr(source, " */\n") == NULL)
            fail_msg("no source: %s", line);
        rows++;
    }
    assert_int_equal(fclose(file), 0);
    const struct provider *mx;
    const struct provider *policy;
    size_t policy_count;
    assert_int_equal(rows, provider_rows(&mx, &policy, &policy_count) + policy_count);
}

/* ---- names --------------------------------------------------------------------------------------------- */

static void test_mx_names(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        const char *name;
    } cases[] = {
        {"contoso-com.mail.protection.outlook.com", "Microsoft 365"},
        {"contoso-com.o-v1.mx.microsoft", "Microsoft 365"},
        {"aspmx.l.google.com", "Google"},
        {"route1.mx.cloudflare.net", "Cloudflare"},
        {"mx.cloudflare.net", "Cloudflare"},
        {"cloudflare.net", NULL},
        {"notgoogle.com", NULL},
        {"google.com.example", NULL},
        {"inbound-smtp.eu-west-1.amazonaws.com", "Amazon SES"},
        {"ec2-192-0-2-1.compute.amazonaws.com", NULL},
        {"mx0a-00112233.pphosted.com", "Proofpoint"},
        {"mxb-00112233.gslb.pphosted.com", "Proofpoint"},
        {"mta5.am0.yahoodns.net", "Yahoo"},
        {"esa1.example.iphmx.com", "Cisco"},
        {"mx00.kundenserver.de", "IONOS"},
        {"aspmx1.migadu.com", "Migadu"},
        {"mx1.hostinger.com", "Hostinger"},
        {"mxbiz1.qq.com", "Tencent"},
        {"mx01.hornetsecurity.com", "Hornetsecurity"},
        {"in.tmes.trendmicro.eu", "Trend Micro"},
        {"lastmx.spamexperts.net", "SpamExperts"},
        {"filter10.antispamcloud.com", "SpamExperts"},
        {"mx00.ionos.de", "IONOS"},
        {"mxa.mailgun.org", "Mailgun"},
        {"mx1.someone.com", NULL},
        {"aspmx2.googlemail.com", "Google"},
        {"mx.example.org", NULL},
        {"com", NULL},
        {".", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *name = provider_of_mx(cases[i].host);
        if (cases[i].name == NULL ? name != NULL : name == NULL || strcmp(name, cases[i].name) != 0)
            fail_msg("%s: %s", cases[i].host, name == NULL ? "unknown" : name);
    }
}

static void test_policy_names(void **state)
{
    (void)state;
    const char *chain[] = {"example_org_mta_sts.easydmarc.pro", "edge.example.net"};
    const char *record[] = {"_mta-sts.mx.cloudflare.net"};
    struct domain_facts facts = {.domain = "example.org"};
    assert_null(provider_of_policy(&facts));
    facts.policy.host = "mta-sts.example.org";
    assert_null(provider_of_policy(&facts));
    facts.txt.lookup = (struct lookup_facts){.cnames = record, .cname_count = 1};
    assert_string_equal(provider_of_policy(&facts), "Cloudflare");
    facts.policy.address.aaaa = (struct lookup_facts){.cnames = chain, .cname_count = 2};
    assert_string_equal(provider_of_policy(&facts), "EasyDMARC");
    facts.policy.address.a = (struct lookup_facts){.cnames = chain + 1, .cname_count = 1};
    assert_string_equal(provider_of_policy(&facts), "EasyDMARC");
}

/* It runs for every domain: printed, and bounded so loosely that only a blunder fails. */
static void test_speed(void **state)
{
    (void)state;
    enum { TIMES = 200000, MOST_NS = 20000 };
    static const char *const hosts[] = {"contoso-com.mail.protection.outlook.com", "mx1.a.b.example.org"};
    struct timespec start, end;
    size_t known = 0;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start), 0);
    for (size_t i = 0; i < TIMES; i++)
        known += provider_find_mx(hosts[i % 2]) != NULL;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end), 0);
    assert_int_equal(known, TIMES / 2);
    double ns = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
    print_message("provider_find_mx: %.0f ns\n", ns / TIMES);
    assert_true(ns / TIMES < MOST_NS);
}

/* ---- the judgement ------------------------------------------------------------------------------------- */

struct world {
    struct arena arena;
    struct bytes txt;
    struct mx_rr rrs[WORLD_HOSTS];
    struct mx_host hosts[WORLD_HOSTS];
    struct ip_addr ip;
    struct host_facts host; /* of every host: it has an address, and nothing was asked there */
    struct domain_facts facts;
    struct judgement judgement;
};

/* A domain with these MX hosts, "preference host" each, and this policy. */
static void judge(struct world *world, const char *const *hosts, const char *policy)
{
    memset(world, 0, sizeof *world);
    arena_init(&world->arena, ARENA_BYTES);
    world->txt = bytes_of("v=STSv1; id=1;");
    assert_true(ip_parse("192.0.2.25", &world->ip));
    world->host.address = (struct address_facts){.a.status = DNS_ANSWERED, .ips = &world->ip, .ip_count = 1};
    struct domain_facts *facts = &world->facts;
    facts->domain = "contoso.com";
    facts->psl_suffix = "com";
    facts->txt = (struct txt_facts){.lookup.status = DNS_ANSWERED, .rrs = &world->txt, .rr_count = 1};
    facts->mx = (struct mx_facts){.lookup.status = DNS_ANSWERED, .rrs = world->rrs};
    for (size_t i = 0; hosts[i] != NULL; i++) {
        uint16_t preference = (uint16_t)(hosts[i][0] - '0');
        world->rrs[i] = (struct mx_rr){preference, hosts[i] + 2};
        world->hosts[i] =
            (struct mx_host){.host = hosts[i] + 2, .preference = preference, .facts = &world->host};
        facts->mx.rr_count = facts->host_count = i + 1;
    }
    facts->hosts = world->hosts;
    facts->policy.host = "mta-sts.contoso.com";
    facts->policy.address.a.status = DNS_ANSWERED;
    facts->policy.address.ip_count = 1;
    struct fetch_facts *fetch = &facts->policy.fetch;
    *fetch = (struct fetch_facts){.step = FETCH_DONE, .http_status = 200, .media_type = "text/plain"};
    static struct cert_facts cert = {.not_after = INT64_MAX / 2, .key_type = "EC P-256", .key_bits = 256};
    fetch->tls = (struct tls_facts){
        .end = TLS_DONE, .version = 0x0304, .alert = -1, .name_match = true, .certs = &cert, .cert_count = 1};
    fetch->body = bytes_of(policy);
    verdict_judge(facts, 1000, &world->arena, &world->judgement);
    assert_int_equal(world->judgement.policy_code, FAIL_NONE);
}

#define POLICY(lines) "version: STSv1\nmode: enforce\nmax_age: 604800\n" lines

/* EXO-1: direct, through somebody in front, beside somebody, or not at all. */
static void test_exchange_online(void **state)
{
    (void)state;
    static const struct {
        const char *hosts[WORLD_HOSTS];
        enum exo_inbound exo;
        const char *intermediary;
        bool in_front;
    } cases[] = {
        {{"0 contoso-com.mail.protection.outlook.com"}, EXO_DIRECT, NULL, false},
        {{"0 contoso-com.o-v1.mx.microsoft"}, EXO_DIRECT, NULL, false},
        {{"1 us-smtp-inbound-1.mimecast.com", "5 contoso-com.o-v1.mx.microsoft"},
         EXO_MIXED,
         "Mimecast",
         true},
        {{"1 mx.example.net", "5 contoso-com.mail.protection.outlook.com"},
         EXO_MIXED,
         "mx.example.net",
         true},
        {{"1 contoso-com.mail.protection.outlook.com", "5 mx.example.net"},
         EXO_MIXED,
         "mx.example.net",
         false},
        {{"1 contoso-com.mail.protection.outlook.com", "1 mx.example.net"},
         EXO_MIXED,
         "mx.example.net",
         false},
        {{"1 us-smtp-inbound-1.mimecast.com"}, EXO_NOT, NULL, false},
        {{"1 evilmail.protection.outlook.com.example"}, EXO_NOT, NULL, false},
    };
    struct world world;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        judge(&world, cases[i].hosts, POLICY("mx: mx.example.net\n"));
        const struct judgement *judgement = &world.judgement;
        assert_int_equal(judgement->exo, cases[i].exo);
        assert_int_equal(judgement->exo_in_front, cases[i].in_front);
        if (cases[i].intermediary == NULL)
            assert_null(judgement->exo_intermediary);
        else
            assert_string_equal(judgement->exo_intermediary, cases[i].intermediary);
        arena_dispose(&world.arena);
    }
}

/* EXO-1: the MX moved to the other form of name, the policy did not. */
static void test_exchange_online_renamed(void **state)
{
    (void)state;
    static const char *const moved[] = {"0 contoso-com.o-v1.mx.microsoft", NULL};
    static const char *const old[] = {"0 contoso-com.mail.protection.outlook.com", NULL};
    struct world world;
    judge(&world, moved, POLICY("mx: *.mail.protection.outlook.com\n"));
    assert_true(code_set_has(&world.judgement.codes, FAIL_MX_NOT_IN_POLICY));
    assert_string_equal(world.judgement.exo_renamed, "contoso-com.o-v1.mx.microsoft");
    arena_dispose(&world.arena);
    /* "*" stands for one label only */
    judge(&world, moved, POLICY("mx: *.mx.microsoft\n"));
    assert_string_equal(world.judgement.exo_renamed, "contoso-com.o-v1.mx.microsoft");
    arena_dispose(&world.arena);
    judge(&world, moved, POLICY("mx: mx.example.net\n"));
    assert_null(world.judgement.exo_renamed);
    arena_dispose(&world.arena);
    judge(&world, old, POLICY("mx: *.mail.protection.outlook.com\n"));
    assert_null(world.judgement.exo_renamed);
    arena_dispose(&world.arena);
    judge(&world, old, POLICY("mx: contoso-com.o-v1.mx.microsoft\n"));
    assert_string_equal(world.judgement.exo_renamed, "contoso-com.mail.protection.outlook.com");
    arena_dispose(&world.arena);
}

static void test_all_providers(void **state)
{
    (void)state;
    static const char *const hosts[] = {"1 mx.example.net", "2 mail.protonmail.ch", "3 mailsec.protonmail.ch",
                                        "4 aspmx.l.google.com"};
    const char *same[] = {hosts[1], hosts[2], NULL};
    const char *mixed[] = {hosts[0], hosts[1], hosts[3], NULL};
    struct world world;
    judge(&world, mixed, POLICY("mx: mx.example.net\n"));
    assert_null(world.judgement.provider_mx);
    assert_int_equal(world.judgement.provider_mx_count, 2);
    assert_string_equal(world.judgement.providers_mx[0], "Proton");
    assert_string_equal(world.judgement.providers_mx[1], "Google");
    arena_dispose(&world.arena);
    judge(&world, same, POLICY("mx: mail.protonmail.ch\n"));
    assert_string_equal(world.judgement.provider_mx, "Proton");
    assert_int_equal(world.judgement.provider_mx_count, 1);
    arena_dispose(&world.arena);
}

/* POL-10, EXO-2: strangers' names under the pattern, unless the provider documents it. */
static void test_too_wide(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        bool wide;
    } cases[] = {
        {POLICY("mx: *.google.com\n"), true},
        {POLICY("mx: *.mimecast.com\n"), true},
        {POLICY("mx: *.outlook.com\n"), true},
        {POLICY("mx: *.protection.outlook.com\n"), true},
        {POLICY("mx: *.mx.microsoft\n"), true},
        {POLICY("mx: *.microsoft\n"), true},
        {POLICY("mx: *.com\n"), true},
        {POLICY("mx: *.co.uk\n"), true},
        {POLICY("mx: mx.example.net\nmx: *.net\n"), true},
        {POLICY("mx: *.mail.protection.outlook.com\n"), false},
        {POLICY("mx: *.mx.cloudflare.net\n"), false},
        {POLICY("mx: *.l.google.com\n"), false},
        {POLICY("mx: mx.example.net\n"), false},
        {POLICY("mx: *.contoso.com\n"), false},
        {POLICY("mx: *.example.co.uk\n"), false},
        {POLICY("mx: contoso-com.mail.protection.outlook.com\n"), false},
    };
    static const char *const hosts[] = {"0 mx.example.net", NULL};
    struct world world;
    suffixes_load();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        judge(&world, hosts, cases[i].policy);
        if (code_set_has(&world.judgement.codes, FAIL_POLICY_WEAK_MX_TOO_WIDE) != cases[i].wide)
            fail_msg("%s", cases[i].policy);
        arena_dispose(&world.arena);
    }
    /* A provider's own domain names its own hosts. */
    assert_null(provider_covered("mailbox.org", "mailbox.org"));
    assert_non_null(provider_covered("mailbox.org", "example.org"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_is_sorted_and_large),
        cmocka_unit_test(test_no_row_is_shadowed),
        cmocka_unit_test(test_names_are_spelt_once),
        cmocka_unit_test(test_documented_patterns_are_valid),
        cmocka_unit_test(test_every_row_has_a_source),
        cmocka_unit_test(test_mx_names),
        cmocka_unit_test(test_policy_names),
        cmocka_unit_test(test_speed),
        cmocka_unit_test(test_exchange_online),
        cmocka_unit_test(test_exchange_online_renamed),
        cmocka_unit_test(test_all_providers),
        cmocka_unit_test(test_too_wide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
