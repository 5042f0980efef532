/* The streams of suggest: what changes, its risk, and how zone, nsupdate, nginx and JSON write it, also of
 * names, records and policies that mean harm. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/commands/suggest_format.h"
#include "scanner/verdict/verdict.h"
#include "tests/unit/has.h"

enum { ARENA_BYTES = 8 << 20, TEXT_BYTES = 1 << 20, RRS = 24, HOST_MOST = 400 };

static const int64_t now = INT64_C(1795490100000); /* 2026-11-24T03:15:00Z */

/* A domain whose one MX host passes, unless the tests say otherwise. */
struct world {
    struct arena arena;
    struct bytes txt[RRS], tlsrpt[RRS];
    struct ip_addr ip;
    struct cert_facts cert;
    struct probe_facts probe;
    struct host_facts host_facts;
    struct mx_rr rr;
    struct mx_host host;
    struct domain_facts facts;
    struct judgement judgement;
    struct suggestion suggestion;
    struct suggest_changes changes;
    struct suggest_options options;
    struct buf out;
};

static void begin(struct world *world)
{
    memset(world, 0, sizeof *world);
    arena_init(&world->arena, ARENA_BYTES);
    buf_init(&world->out, TEXT_BYTES);
    assert_true(ip_parse("192.0.2.25", &world->ip));
    world->cert = (struct cert_facts){.not_after = now / 1000 + 90 * 86400,
                                      .key_type = "EC P-256",
                                      .key_bits = 256,
                                      .signature = "ecdsa-with-SHA256",
                                      .signed_by = -1};
    world->probe = (struct probe_facts){.host = "mx.example",
                                        .ip = world->ip,
                                        .step = SMTP_QUIT,
                                        .end = SMTP_END_DONE,
                                        .reply_code = 221,
                                        .starttls_offered = true,
                                        .tls = {.end = TLS_DONE,
                                                .version = 0x0304,
                                                .alert = -1,
                                                .certs = &world->cert,
                                                .cert_count = 1,
                                                .name_match = true}};
    world->host_facts = (struct host_facts){.host = "mx.example", .probes = &world->probe, .probe_count = 1};
    world->host_facts.address = (struct address_facts){
        .a.status = DNS_ANSWERED, .aaaa.status = DNS_NODATA, .ips = &world->ip, .ip_count = 1};
    world->host_facts.tlsa.lookup.status = DNS_NODATA;
    world->rr = (struct mx_rr){10, "mx.example"};
    world->host = (struct mx_host){.host = "mx.example", .preference = 10, .facts = &world->host_facts};
    world->facts = (struct domain_facts){
        .domain = "one.example",
        .txt = {.lookup.status = DNS_NXDOMAIN, .rrs = world->txt},
        .tlsrpt = {.lookup.status = DNS_NXDOMAIN, .rrs = world->tlsrpt},
        .mx = {.lookup.status = DNS_ANSWERED, .rrs = &world->rr, .rr_count = 1},
        .hosts = &world->host,
        .host_count = 1,
        .policy.host = "mta-sts.one.example",
    };
    world->options.rua = "mailto:tls@reports.example";
}

static void end(struct world *world)
{
    arena_dispose(&world->arena);
    buf_dispose(&world->out);
}

static void add_txt(struct txt_facts *facts, const char *text)
{
    facts->lookup.status = DNS_ANSWERED;
    facts->rrs[facts->rr_count++] = bytes_of(text);
}

static void publish(struct world *world, const char *policy)
{
    add_txt(&world->facts.txt, "v=STSv1; id=1;");
    world->facts.policy.address = (struct address_facts){
        .a.status = DNS_ANSWERED, .aaaa.status = DNS_NODATA, .ips = &world->ip, .ip_count = 1};
    world->facts.policy.fetch = (struct fetch_facts){.step = FETCH_DONE,
                                                     .http_status = 200,
                                                     .media_type = "text/plain",
                                                     .tls = world->probe.tls,
                                                     .body = bytes_of(policy)};
}

/* Returns the part of the format, of what the facts say. */
static const char *written(struct world *world, enum suggest_format format, enum suggest_written *how)
{
    const struct suggest_part part = {&world->facts, &world->judgement, &world->suggestion, &world->changes};
    enum suggest_written written;
    verdict_judge(&world->facts, now, &world->arena, &world->judgement);
    assert_int_equal(suggest_make(&world->facts, &world->judgement, &world->options, now, &world->arena,
                                  &world->suggestion),
                     ERR_OK);
    assert_int_equal(suggest_changes_make(&world->facts, &world->judgement, &world->options,
                                          &world->suggestion, &world->arena, &world->changes),
                     ERR_OK);
    buf_reset(&world->out);
    assert_true(suggest_format_part(&world->out, format, &part, how != NULL ? how : &written));
    return buf_string(&world->out);
}

#define POLICY(mode, mx) "version: STSv1\nmode: " mode "\n" mx "max_age: 604800\n"
#define GOOD             POLICY("enforce", "mx: mx.example\n")

/* ---- what changes, and its risk ------------------------------------------------------------------------ */

static void test_risks(void **state)
{
    (void)state;
    static const struct {
        const char *policy; /* NULL: none */
        bool fails, remove;
        enum suggest_risk risk;
        size_t changes; /* without that of TLSRPT */
    } cases[] = {
        {NULL, false, false, RISK_NONE, 2},
        {NULL, true, false, RISK_NONE, 2},
        {NULL, false, true, RISK_NONE, 0}, /* nothing is there to take down */
        {GOOD, false, false, RISK_NONE, 0},
        {POLICY("testing", "mx: mx.example\n"), false, false, RISK_NONE, 0},
        {POLICY("testing", "mx: mx.example\n"), true, false, RISK_NONE, 0},
        {POLICY("testing", "mx: old.example\n"), true, false, RISK_NONE, 2},
        {POLICY("none", ""), false, false, RISK_NONE, 2},
        {POLICY("enforce", "mx: mx.example\nmx: old.example\n"), false, false, RISK_LOW, 2},
        {"version: STSv1\nmode: enforce\nmx: mx.example\nmax_age: 3600\n", false, false, RISK_LOW, 2},
        {GOOD, true, false, RISK_MAIL_LOSS, 2},
        {POLICY("enforce", "mx: old.example\n"), false, false, RISK_MAIL_LOSS, 2},
        {GOOD, false, true, RISK_PROTECTION_LOSS, 2},
        {GOOD, true, true, RISK_MAIL_LOSS, 2},
        {POLICY("testing", "mx: mx.example\n"), false, true, RISK_NONE, 2},
        {"version: STSv1\nmode: enforce\nmx: mx.example\n", false, false, RISK_NONE, 2}, /* not in force */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        begin(&world);
        add_txt(&world.facts.tlsrpt, "v=TLSRPTv1; rua=mailto:tls@reports.example");
        if (cases[i].policy != NULL)
            publish(&world, cases[i].policy);
        world.probe.tls.name_match = !cases[i].fails;
        world.options.remove = cases[i].remove;
        (void)written(&world, FORMAT_JSON, NULL);
        if (world.changes.risk != cases[i].risk || world.changes.count != cases[i].changes)
            fail_msg("case %zu: risk %s, %zu changes", i, suggest_risk_name(world.changes.risk),
                     world.changes.count);
        end(&world);
    }
}

/* Senders that have an earlier policy enforce it still: to end that is a risk of its own, and can be done. */
static void test_risks_of_an_earlier_policy(void **state)
{
    (void)state;
    static const struct {
        const char *mx;
        bool remove;
        enum suggest_risk risk;
        size_t changes;
    } cases[] = {
        {"mx.example", false, RISK_PROTECTION_LOSS, 2},
        {"mx.example", true, RISK_PROTECTION_LOSS, 2},
        {"old.example", false, RISK_MAIL_LOSS, 2},
        {"old.example", true, RISK_MAIL_LOSS, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        const char *mx[] = {cases[i].mx};
        struct cached_policy cached = {.id = "0",
                                       .mode = STS_MODE_ENFORCE,
                                       .mx = mx,
                                       .mx_count = 1,
                                       .max_age = 604800,
                                       .fetched = now - 3600 * 1000};
        begin(&world);
        world.facts.time = now;
        world.facts.cached = &cached;
        add_txt(&world.facts.tlsrpt, "v=TLSRPTv1; rua=mailto:tls@reports.example");
        world.options.remove = cases[i].remove;
        (void)written(&world, FORMAT_JSON, NULL);
        if (world.changes.risk != cases[i].risk || world.changes.count != cases[i].changes)
            fail_msg("case %zu: risk %s, %zu changes", i, suggest_risk_name(world.changes.risk),
                     world.changes.count);
        end(&world);
    }
}

/* What could not be looked up is left alone, and what stands with the same words does not change. */
static void test_reports(void **state)
{
    (void)state;
    static const struct {
        const char *stands;
        enum dns_status status;
        const char *rua;
        bool changes;
    } cases[] = {
        {NULL, DNS_NXDOMAIN, NULL, true},
        {NULL, DNS_SERVFAIL, NULL, false},
        {NULL, DNS_TIMEOUT, "mailto:a@b.example", false},
        {"v=TLSRPTv1; rua=mailto:a@b.example", DNS_ANSWERED, NULL, false},
        {"v=TLSRPTv1; rua=mailto:a@b.example", DNS_ANSWERED, "mailto:a@b.example", false},
        {"v=TLSRPTv1; rua=mailto:a@b.example", DNS_ANSWERED, "mailto:c@b.example", true},
        {"v=TLSRPTv1;", DNS_ANSWERED, NULL, true},
        {"x=1|v=TLSRPTv1; rua=mailto:a@b.example", DNS_ANSWERED, "mailto:a@b.example", false},
        {"v=TLSRPTv1; rua=mailto:a@b.example|x=1", DNS_ANSWERED, "mailto:c@b.example", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        begin(&world);
        publish(&world, GOOD);
        char first[64] = "";
        const char *second = cases[i].stands == NULL ? NULL : strchr(cases[i].stands, '|');
        if (second != NULL) {
            (void)snprintf(first, sizeof first, "%.*s", (int)(second - cases[i].stands), cases[i].stands);
            add_txt(&world.facts.tlsrpt, first);
        }
        if (cases[i].stands != NULL)
            add_txt(&world.facts.tlsrpt, second != NULL ? second + 1 : cases[i].stands);
        world.facts.tlsrpt.lookup.status = cases[i].status;
        world.options.rua = cases[i].rua;
        (void)written(&world, FORMAT_JSON, NULL);
        if (world.changes.count != cases[i].changes)
            fail_msg("case %zu: %zu changes", i, world.changes.count);
        if (cases[i].changes)
            assert_int_equal(world.changes.items[0].what, CHANGE_TLSRPT);
        assert_int_equal(world.changes.is_placeholder, cases[i].changes && cases[i].rua == NULL);
        end(&world);
    }
}

static void test_policy_host(void **state)
{
    (void)state;
    static const struct {
        const char *ip, *alias, *where; /* what stands, what is to stand */
        const char *zone, *update;      /* NULL: it stays */
    } cases[] = {
        {NULL, NULL, "192.0.2.1", "mta-sts.one.example. 3600 IN A 192.0.2.1\n",
         "prereq nxrrset mta-sts.one.example. IN CNAME\n"},
        {NULL, NULL, "2001:db8::1", "mta-sts.one.example. 3600 IN AAAA 2001:db8::1\n",
         "prereq nxrrset mta-sts.one.example. IN AAAA\n"},
        {NULL, NULL, "web.example", "mta-sts.one.example. 3600 IN CNAME web.example.\n",
         "prereq nxrrset mta-sts.one.example. IN A\n"},
        {"192.0.2.1", NULL, "192.0.2.1", NULL, NULL},
        {"192.0.2.1", NULL, "mta-sts.one.example", NULL, NULL}, /* the very host that all lead to */
        {"192.0.2.1", NULL, "MTA-STS.One.example", NULL, NULL},
        {"192.0.2.1", "web.example", "web.example", NULL, NULL},
        {"192.0.2.1", "web.example", "192.0.2.1", "; was: mta-sts.one.example. IN CNAME web.example.\n",
         "prereq yxrrset mta-sts.one.example. IN CNAME web.example.\nupdate delete mta-sts.one.example. IN "
         "CNAME\n"},
        {"192.0.2.9", NULL, "web.example", "; was: mta-sts.one.example. IN A 192.0.2.9\n",
         "prereq yxrrset mta-sts.one.example. IN A 192.0.2.9\nupdate delete mta-sts.one.example. IN A\n"},
        /* a stranger's name is no command */
        {"192.0.2.9", "a;b(c", "web.example", "; was: mta-sts.one.example. IN CNAME a;b(c.\n",
         "prereq yxrrset mta-sts.one.example. IN CNAME\nupdate delete mta-sts.one.example. IN CNAME\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        struct ip_addr ip;
        const char *aliases[] = {cases[i].alias};
        begin(&world);
        struct address_facts *address = &world.facts.policy.address;
        *address = (struct address_facts){.a.status = DNS_NODATA, .aaaa.status = DNS_NODATA};
        if (cases[i].ip != NULL) {
            assert_true(ip_parse(cases[i].ip, &ip));
            address->a.status = DNS_ANSWERED;
            address->ips = &ip;
            address->ip_count = 1;
        }
        if (cases[i].alias != NULL) {
            address->a.cnames = aliases;
            address->a.cname_count = 1;
        }
        world.options.policy_host = cases[i].where;
        const char *zone = written(&world, FORMAT_ZONE, NULL);
        if (cases[i].zone == NULL)
            assert_lacks(zone, "\nmta-sts.one.example. 3600");
        else
            assert_has(zone, cases[i].zone);
        if (cases[i].update != NULL)
            assert_has(written(&world, FORMAT_NSUPDATE, NULL), cases[i].update);
        end(&world);
    }
    struct world world;
    begin(&world); /* nobody has asked whether there is one */
    world.options.policy_host = "192.0.2.1";
    assert_has(written(&world, FORMAT_NSUPDATE, NULL), "prereq nxdomain mta-sts.one.example.\nupdate add");
    world.options.policy_host = NULL;
    assert_has(written(&world, FORMAT_ZONE, NULL), "; mta-sts.one.example. needs an A, AAAA or CNAME record");
    end(&world);
    assert_null(suggest_host_type("web example"));
    assert_null(suggest_host_type("web"));
    assert_null(suggest_host_type("a;b.example"));
    assert_null(suggest_host_type(""));
}

/* ---- zone and nsupdate --------------------------------------------------------------------------------- */

/* A TXT record of somebody else's stays, also if it means harm; what was meant to be the record goes. */
static void test_other_records(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    publish(&world, POLICY("enforce", "mx: mx.example\nmx: old.example\n"));
    add_txt(&world.facts.txt, "v=spf1 \"\\\n; update delete com. NS\nsend\n\xff");
    add_txt(&world.facts.txt, "V=STSv1; id=2;");
    const char *text = written(&world, FORMAT_NSUPDATE, NULL);
    assert_has(text, "prereq yxrrset _mta-sts.one.example. IN TXT \"v=spf1 \\\"\\\\\\010; update delete com. "
                     "NS\\010send\\010\\255\"\n");
    assert_has(text,
               "update delete _mta-sts.one.example. IN TXT \"v=STSv1; id=1;\"\n"
               "update delete _mta-sts.one.example. IN TXT \"V=STSv1; id=2;\"\n"
               "update add _mta-sts.one.example. 3600 IN TXT \"v=STSv1; id=20261124T031500Z;\"\nsend\n");
    assert_lacks(text, "update delete _mta-sts.one.example. IN TXT \"v=spf1");
    assert_lacks(text, "\nsend\n\xff");
    text = written(&world, FORMAT_ZONE, NULL);
    assert_has(text, "$ORIGIN one.example.\n; one.example: publish MTA-STS, mode enforce; risk low\n");
    assert_has(text, "; was: _mta-sts.one.example. IN TXT \"v=STSv1; id=1;\"\n");
    assert_lacks(text, "spf1");
    end(&world);
}

/* A prerequisite asks for no more than was seen. */
static void test_prerequisites(void **state)
{
    (void)state;
    static char large[5000];
    memset(large, 'x', sizeof large - 1);
    struct world world;
    begin(&world);
    publish(&world, POLICY("testing", "mx: old.example\n"));
    add_txt(&world.facts.tlsrpt, "v=TLSRPTv1;");
    world.facts.tlsrpt.lookup.truncated = true;
    assert_has(written(&world, FORMAT_NSUPDATE, NULL),
               "\nprereq yxrrset _smtp._tls.one.example. IN TXT\nupdate delete _smtp._tls.one.example. IN "
               "TXT \"v=TLSRPTv1;\"\n");
    add_txt(&world.facts.txt, large);
    assert_has(written(&world, FORMAT_NSUPDATE, NULL),
               "\nprereq yxrrset _mta-sts.one.example. IN TXT\nupdate");
    world.facts.txt.rr_count = 1;
    for (size_t i = 1; i < RRS; i++)
        add_txt(&world.facts.txt, "x");
    assert_has(written(&world, FORMAT_NSUPDATE, NULL),
               "\nprereq yxrrset _mta-sts.one.example. IN TXT\nupdate");
    world.facts.txt.rr_count = 1;
    struct bytes wild = bytes_of("v=STSv1; id=1;");
    world.facts.near_miss.wildcard =
        (struct txt_facts){.lookup.status = DNS_ANSWERED, .rrs = &wild, .rr_count = 1};
    const char *text = written(&world, FORMAT_NSUPDATE, NULL);
    assert_true(code_set_has(&world.judgement.codes, FAIL_TXT_WILDCARD));
    assert_lacks(text, "prereq yxrrset _mta-sts");
    assert_has(text, "update add _mta-sts.one.example. 3600");
    end(&world);
}

static void test_aliases(void **state)
{
    (void)state;
    struct world world;
    const char *aliases[] = {"one.provider.example"};
    enum suggest_written how;
    begin(&world);
    publish(&world, POLICY("testing", "mx: old.example\n"));
    world.facts.txt.lookup.cnames = aliases;
    world.facts.txt.lookup.cname_count = 1;
    static const char said[] =
        "; _mta-sts.one.example. is an alias of one.provider.example: change the record "
        "there, to: v=STSv1; id=20261124T031500Z;\n";
    for (enum suggest_format format = FORMAT_ZONE; format <= FORMAT_NSUPDATE; format++) {
        const char *text = written(&world, format, &how);
        assert_int_equal(how, WRITTEN_ELSEWHERE);
        assert_has(text, said);
        assert_lacks(text, "_mta-sts.one.example. 3600");
    }
    assert_has(written(&world, FORMAT_JSON, &how), "\"alias\":\"one.provider.example\"");
    assert_int_equal(how, WRITTEN_ELSEWHERE);
    end(&world);
}

/* RFC 1035 section 3.3.14: a string holds 255 octets. */
static void test_long_strings(void **state)
{
    (void)state;
    static char rua[700];
    struct world world;
    begin(&world);
    (void)snprintf(rua, sizeof rua, "mailto:%0600d@b.example", 7);
    world.options.rua = rua;
    assert_true(suggest_rua_is_valid(rua));
    const char *at = strstr(written(&world, FORMAT_ZONE, NULL), "\n_smtp._tls.one.example. 3600 IN TXT \"");
    assert_non_null(at);
    size_t strings = 0;
    for (at = strchr(at, '"'); at != NULL && *at == '"'; strings++) {
        size_t len = strcspn(at + 1, "\"");
        assert_in_range(len, 1, 255);
        at += 1 + len + 1;
        at += *at == ' ';
    }
    assert_int_equal(strings, 3);
    end(&world);
}

/* ---- nginx --------------------------------------------------------------------------------------------- */

/* nginx takes no word and no comment of 4096 bytes or more. */
static void assert_fits_nginx(const char *text)
{
    for (const char *at = text; *at != 0; at += strcspn(at, "\n") + 1)
        assert_in_range(strcspn(at, "\n"), 0, 4090);
}

static void test_nginx(void **state)
{
    (void)state;
    struct world world;
    static char body[20000], domain[] = "one.example";
    begin(&world);
    publish(&world, GOOD);
    assert_string_equal(written(&world, FORMAT_NGINX, NULL),
                        "    \"mta-sts.one.example\" \"version: STSv1\\r\\nmode: enforce\\r\\nmx: "
                        "mx.example\\r\\nmax_age: 604800\\r\\n\";\n");
    world.probe.tls.name_match = false;
    assert_string_equal(written(&world, FORMAT_NGINX, NULL),
                        "    # one.example: publish MTA-STS, mode testing; risk mail-loss\n"
                        "    # was: version: STSv1\\nmode: enforce\\nmx: mx.example\\nmax_age: 604800\\n\n"
                        "    \"mta-sts.one.example\" \"version: STSv1\\r\\nmode: testing\\r\\nmx: "
                        "mx.example\\r\\nmax_age: 604800\\r\\n\";\n");
    memset(body, '$', sizeof body - 1); /* a body that means harm, and is long, in the comment */
    memcpy(body, "\n}\nserver {\r", 12);
    world.facts.policy.fetch.body = bytes_of(body);
    const char *text = written(&world, FORMAT_NGINX, NULL);
    assert_has(text, "    # was: \\n}\\nserver {\\r$$$");
    assert_has(text, "$$$...\n    \"mta-sts.one.example\" \"version: STSv1\\r\\nmode: testing");
    assert_fits_nginx(text);
    world.facts.domain = "one\".example"; /* no record can stand below it, and nothing of it is written */
    assert_string_equal(written(&world, FORMAT_NGINX, NULL), "");
    world.facts.domain = domain;
    end(&world);
}

/* What is in force of a domain that could not be determined is served on; what could not be read is named. */
static void test_nginx_of_what_is_open(void **state)
{
    (void)state;
    struct world world;
    enum suggest_written how;
    begin(&world);
    publish(&world, GOOD);
    world.probe.step = SMTP_CONNECT;
    world.probe.end = SMTP_END_NET;
    world.probe.net = NET_TIMEOUT;
    world.probe.tls = (struct tls_facts){.alert = -1};
    assert_has(written(&world, FORMAT_NGINX, &how),
               "    \"mta-sts.one.example\" \"version: STSv1\\r\\nmode: enforce");
    assert_int_equal(world.suggestion.kind, SUGGEST_STAYS);
    assert_int_equal(how, WRITTEN);
    assert_string_equal(written(&world, FORMAT_ZONE, NULL), "");
    assert_string_equal(written(&world, FORMAT_NSUPDATE, NULL), "");
    assert_string_equal(written(&world, FORMAT_JSON, NULL), "");
    world.facts.policy.fetch = (struct fetch_facts){.step = FETCH_CONNECT, .net = NET_TIMEOUT};
    assert_has(written(&world, FORMAT_NGINX, &how),
               "    # left out: mta-sts.one.example: what is published could not be");
    assert_int_equal(how, WRITTEN_NOT);
    end(&world);
    begin(&world); /* it receives no mail and has no policy */
    world.rr.host = ".";
    world.facts.host_count = 0;
    assert_string_equal(written(&world, FORMAT_NGINX, &how), "");
    assert_int_equal(how, WRITTEN);
    end(&world);
}

static void test_nginx_has_a_ceiling(void **state)
{
    (void)state;
    struct world world;
    enum suggest_written how;
    static char names[HOST_MOST][32];
    static struct mx_rr rrs[HOST_MOST];
    begin(&world);
    for (size_t i = 0; i < HOST_MOST; i++) {
        (void)snprintf(names[i], sizeof names[i], "mx%zu.example", i);
        rrs[i] = (struct mx_rr){10, names[i]};
    }
    world.facts.mx.rrs = rrs;
    world.facts.mx.rr_count = HOST_MOST;
    assert_has(written(&world, FORMAT_NGINX, &how),
               "    # left out: mta-sts.one.example: its policy is longer than");
    assert_lacks(buf_string(&world.out), "\"mta-sts.one.example\"");
    assert_fits_nginx(buf_string(&world.out));
    assert_int_equal(how, WRITTEN_NOT);
    end(&world);
}

/* ---- the stream ---------------------------------------------------------------------------------------- */

static void test_heads_and_ends(void **state)
{
    (void)state;
    static const struct {
        const char *word, *head, *end;
    } cases[] = {
        [FORMAT_ZONE] = {"zone", "; Made by stsweep", "; end: 7 domains\n"},
        [FORMAT_NSUPDATE] = {"nsupdate", "; Made by stsweep", "; end: 7 domains\n"},
        [FORMAT_NGINX] = {"nginx", "map_hash_max_size 5000000;\nmap_hash_bucket_size 1024;\n", "}\n# end\n"},
        [FORMAT_JSON] = {"json", "", ""},
    };
    for (unsigned format = FORMAT_ZONE; format < FORMAT_COUNT; format++) {
        struct buf out;
        buf_init(&out, TEXT_BYTES);
        assert_int_equal(suggest_format_find(cases[format].word), format);
        assert_true(suggest_format_head(&out, (enum suggest_format)format, 5000000));
        assert_has(buf_string(&out), cases[format].head);
        buf_reset(&out);
        assert_true(suggest_format_end(&out, (enum suggest_format)format, 7));
        assert_has(buf_string(&out), cases[format].end);
        buf_dispose(&out);
    }
    assert_int_equal(suggest_format_find("bind"), FORMAT_NONE);
    assert_int_equal(suggest_format_find(""), FORMAT_NONE);
}

static void test_json(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    publish(&world, GOOD);
    world.probe.tls.name_match = false;
    add_txt(&world.facts.txt, "\xff\n\"");
    json_t *root = json_loads(written(&world, FORMAT_JSON, NULL), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "domain")), "one.example");
    assert_string_equal(json_string_value(json_object_get(root, "risk")), "mail-loss");
    assert_int_equal(json_integer_value(json_object_get(root, "cached_s")), 604800);
    const json_t *changes = json_object_get(root, "changes");
    assert_int_equal(json_array_size(changes), 3);
    const json_t *txt = json_array_get(changes, 1), *before = json_object_get(txt, "before");
    assert_string_equal(json_string_value(json_object_get(txt, "what")), "txt");
    assert_int_equal(json_array_size(before), 2);
    assert_true(json_is_true(json_object_get(json_array_get(before, 0), "goes")));
    assert_true(json_is_false(json_object_get(json_array_get(before, 1), "goes")));
    assert_true(json_is_object(json_object_get(json_array_get(before, 1), "data"))); /* base64 */
    assert_string_equal(json_string_value(json_object_get(txt, "after")), "v=STSv1; id=20261124T031500Z;");
    json_decref(root);
    end(&world);
}

/* A ceiling that is too low is told, and no half of a part counts. */
static void test_ceilings(void **state)
{
    (void)state;
    struct world world;
    begin(&world);
    publish(&world, POLICY("testing", "mx: old.example\n"));
    (void)written(&world, FORMAT_ZONE, NULL);
    const struct suggest_part part = {&world.facts, &world.judgement, &world.suggestion, &world.changes};
    for (unsigned format = FORMAT_ZONE; format < FORMAT_COUNT; format++) {
        enum suggest_written how;
        struct buf small;
        buf_init(&small, 200);
        assert_false(suggest_format_part(&small, (enum suggest_format)format, &part, &how));
        buf_dispose(&small);
    }
    struct arena full;
    arena_init(&full, 64);
    assert_int_equal(suggest_changes_make(&world.facts, &world.judgement, &world.options, &world.suggestion,
                                          &full, &world.changes),
                     ERR_MEMORY);
    arena_dispose(&full);
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_risks),
        cmocka_unit_test(test_risks_of_an_earlier_policy),
        cmocka_unit_test(test_reports),
        cmocka_unit_test(test_policy_host),
        cmocka_unit_test(test_other_records),
        cmocka_unit_test(test_prerequisites),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_long_strings),
        cmocka_unit_test(test_nginx),
        cmocka_unit_test(test_nginx_of_what_is_open),
        cmocka_unit_test(test_nginx_has_a_ceiling),
        cmocka_unit_test(test_heads_and_ends),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_ceilings),
    };
    return cmocka_run_group_tests_name("suggest format", tests, NULL, NULL);
}
