/* What suggest writes: for thousands of random MX sets it lints clean and names every host; modes, ids,
 * Exchange Online's form (EXO-2), what it refuses to write. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/commands/suggest_run.h"
#include "scanner/sts/match.h"
#include "scanner/sts/policy.h"
#include "scanner/sts/record.h"
#include "scanner/sts/tlsrpt.h"
#include "scanner/verdict/verdict.h"

enum { HOSTS = 12, NAME = 254, ARENA_BYTES = 8 << 20, ROUNDS = 4000, TEXT_BYTES = 1 << 20 };

static const int64_t now = INT64_C(1795490100000); /* 2026-11-24T03:15:00Z */

/* A domain with MX hosts of one address each, at which nothing has failed yet. */
struct world {
    struct arena arena;
    struct bytes txt;
    struct bytes tlsrpt;
    char names[HOSTS][NAME];
    char domain[NAME];
    struct mx_rr rrs[HOSTS];
    struct mx_host hosts[HOSTS];
    struct ip_addr ip;
    struct cert_facts cert;
    struct probe_facts probes[HOSTS];
    struct host_facts host_facts[HOSTS];
    struct domain_facts facts;
    struct judgement judgement;
    struct suggestion suggestion;
};

static void begin(struct world *world, const char *domain)
{
    memset(world, 0, sizeof *world);
    arena_init(&world->arena, ARENA_BYTES);
    (void)snprintf(world->domain, sizeof world->domain, "%s", domain);
    assert_true(ip_parse("192.0.2.25", &world->ip));
    world->cert = (struct cert_facts){.not_after = now / 1000 + 90 * 86400,
                                      .key_type = "EC P-256",
                                      .key_bits = 256,
                                      .signature = "ecdsa-with-SHA256",
                                      .signed_by = -1};
    struct domain_facts *facts = &world->facts;
    facts->domain = world->domain;
    facts->mx.lookup.status = DNS_NODATA;
    facts->mx.rrs = world->rrs;
    facts->hosts = world->hosts;
    facts->txt.lookup.status = DNS_NXDOMAIN;
    facts->tlsrpt.lookup.status = DNS_NXDOMAIN;
}

static void add_host(struct world *world, const char *name)
{
    struct domain_facts *facts = &world->facts;
    size_t i = facts->host_count;
    assert_true(i < HOSTS);
    (void)snprintf(world->names[i], NAME, "%s", name);
    world->rrs[i] = (struct mx_rr){(uint16_t)(10 * i), world->names[i]};
    struct probe_facts *probe = &world->probes[i];
    *probe = (struct probe_facts){.host = world->names[i],
                                  .ip = world->ip,
                                  .step = SMTP_QUIT,
                                  .end = SMTP_END_DONE,
                                  .reply_code = 221,
                                  .starttls_offered = true};
    probe->tls = (struct tls_facts){.end = TLS_DONE,
                                    .version = 0x0304,
                                    .alert = -1,
                                    .certs = &world->cert,
                                    .cert_count = 1,
                                    .name_match = true};
    struct host_facts *host = &world->host_facts[i];
    *host = (struct host_facts){.host = world->names[i], .probes = probe, .probe_count = 1};
    host->address = (struct address_facts){
        .a.status = DNS_ANSWERED, .aaaa.status = DNS_NODATA, .ips = &world->ip, .ip_count = 1};
    host->tlsa.lookup.status = DNS_NODATA;
    world->hosts[i] =
        (struct mx_host){.host = world->names[i], .preference = world->rrs[i].preference, .facts = host};
    facts->mx.lookup.status = DNS_ANSWERED;
    facts->mx.rr_count = facts->host_count = i + 1;
}

static void publish(struct world *world, const char *txt, const char *policy)
{
    world->txt = bytes_of(txt);
    world->facts.txt = (struct txt_facts){.lookup.status = DNS_ANSWERED, .rrs = &world->txt, .rr_count = 1};
    struct policy_facts *facts = &world->facts.policy;
    facts->host = "mta-sts.example.org";
    facts->address = (struct address_facts){.a.status = DNS_ANSWERED, .ips = &world->ip, .ip_count = 1};
    facts->fetch = (struct fetch_facts){.step = FETCH_DONE,
                                        .http_status = 200,
                                        .media_type = "text/plain",
                                        .tls = world->probes[0].tls,
                                        .body = bytes_of(policy)};
}

static void suggest(struct world *world, const struct suggest_options *options)
{
    static const struct suggest_options none = {0};
    verdict_judge(&world->facts, now, &world->arena, &world->judgement);
    assert_int_equal(suggest_make(&world->facts, &world->judgement, options == NULL ? &none : options, now,
                                  &world->arena, &world->suggestion),
                     ERR_OK);
}

static void end(struct world *world)
{
    arena_dispose(&world->arena);
}

/* ---- properties ---------------------------------------------------------------------------------------- */

static uint32_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

static size_t random_label(uint64_t *state, char *out, size_t most)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t len = 1 + next(state) % most;
    for (size_t i = 0; i < len; i++)
        out[i] = letters[next(state) % (i == 0 || i + 1 == len ? 36 : next(state) % 16 == 0 ? 38 : 37)];
    out[len] = 0;
    return len;
}

/* Of one to five labels, some of them as long as can be; now and then under a provider's name. */
static void random_host(uint64_t *state, char host[NAME])
{
    static const char *const ends[] = {"mail.protection.outlook.com", "mx.cloudflare.net", "example.org",
                                       "o-v1.mx.microsoft",           "xn--p1ai",          "l.google.com"};
    size_t labels = 1 + next(state) % 3;
    size_t len = 0;
    for (size_t i = 0; i < labels; i++) {
        len += random_label(state, host + len, next(state) % 8 == 0 ? 63 : 12);
        host[len++] = '.';
    }
    (void)snprintf(host + len, NAME - len, "%s", ends[next(state) % 6]);
}

static void assert_record_is_clean(struct world *world)
{
    struct bytes rr = bytes_of(world->suggestion.txt);
    struct sts_record record;
    sts_record_parse(&rr, 1, &world->arena, &record);
    assert_int_equal(record.code, FAIL_NONE);
    assert_int_equal(record.findings.count, 0);
    assert_string_equal(record.id, world->suggestion.id);
    if (world->suggestion.tlsrpt == NULL)
        return;
    struct tlsrpt_record tlsrpt;
    rr = bytes_of(world->suggestion.tlsrpt);
    tlsrpt_parse(&rr, 1, &world->arena, &tlsrpt);
    assert_int_equal(tlsrpt.code, FAIL_NONE);
    assert_int_equal(tlsrpt.findings.count, 0);
}

static bool can_be_named(const char *host)
{
    uint32_t column = 0;
    return host[0] != '*' && sts_policy_check_pattern(bytes_of(host), &column) == FAIL_NONE;
}

static void assert_policy_is_clean(struct world *world)
{
    struct sts_policy policy;
    sts_policy_parse(world->suggestion.policy, &world->arena, &policy);
    assert_int_equal(policy.code, FAIL_NONE);
    assert_int_equal(policy.findings.count, 0);
    assert_int_equal(policy.mode, world->suggestion.mode);
    assert_int_equal(policy.mx_count, world->suggestion.mx_count);
    for (size_t i = 0; i < world->facts.mx.rr_count; i++) {
        const char *host = world->facts.mx.rrs[i].host;
        if (can_be_named(host) && !mx_pattern_match_any(host, policy.mx, policy.mx_count))
            fail_msg("%s is not named", host);
    }
}

/* Published as it says, nothing of it is refused for its text, and nothing in it is weak but testing. */
static void assert_judged_well(struct world *world)
{
    char txt[64];
    char body[65536];
    (void)snprintf(txt, sizeof txt, "%s", world->suggestion.txt);
    assert_true(world->suggestion.policy.len < sizeof body);
    memcpy(body, world->suggestion.policy.data, world->suggestion.policy.len);
    body[world->suggestion.policy.len] = 0;
    publish(world, txt, body);
    verdict_judge(&world->facts, now, &world->arena, &world->judgement);
    assert_false(code_set_has(&world->judgement.codes, FAIL_POLICY_WEAK_MX_TOO_WIDE));
    assert_false(code_set_has(&world->judgement.codes, FAIL_POLICY_WEAK_MX_UNUSED));
    assert_false(code_set_has(&world->judgement.codes, FAIL_POLICY_WEAK_MAX_AGE_SHORT));
    for (size_t i = 0; i < world->facts.host_count; i++)
        if (can_be_named(world->hosts[i].host))
            assert_int_not_equal(world->judgement.hosts[i].code, FAIL_MX_NOT_IN_POLICY);
}

static void test_random_sets(void **state)
{
    (void)state;
    uint64_t seed = 8461;
    char host[NAME];
    size_t published = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        struct world world;
        begin(&world, round % 2 == 0 ? "contoso.com" : "xn--exmple-cua.co.uk");
        for (size_t i = next(&seed) % HOSTS + 1; i > 0; i--) {
            random_host(&seed, host);
            add_host(&world, host);
        }
        suggest(&world, NULL);
        bool any = false;
        for (size_t i = 0; i < world.facts.host_count; i++)
            any = any || can_be_named(world.hosts[i].host) ||
                  mx_pattern_match(world.hosts[i].host, "*.mail.protection.outlook.com") ||
                  mx_pattern_match(world.hosts[i].host, "*.mx.cloudflare.net");
        assert_int_equal(world.suggestion.kind, any ? SUGGEST_PUBLISH : SUGGEST_NO_HOST_NAME);
        if (any) {
            assert_record_is_clean(&world);
            assert_policy_is_clean(&world);
            assert_judged_well(&world);
            published++;
        }
        end(&world);
    }
    assert_true(published > ROUNDS / 2);
}

/* ---- the texts ----------------------------------------------------------------------------------------- */

static void assert_policy(const struct world *world, const char *text)
{
    struct bytes policy = world->suggestion.policy;
    if (policy.len != strlen(text) || memcmp(policy.data, text, policy.len) != 0)
        fail_msg("%.*s", (int)policy.len, (const char *)policy.data);
}

static void test_exact_hosts_and_testing_first(void **state)
{
    (void)state;
    struct world world;
    begin(&world, "example.org");
    add_host(&world, "mx1.example.net");
    add_host(&world, "mx2.example.net");
    suggest(&world, NULL);
    assert_policy(&world, "version: STSv1\r\nmode: testing\r\nmx: mx1.example.net\r\nmx: mx2.example.net\r\n"
                          "max_age: 604800\r\n");
    assert_string_equal(world.suggestion.txt, "v=STSv1; id=20261124T031500Z;");
    assert_string_equal(world.suggestion.tlsrpt, "v=TLSRPTv1; rua=mailto:tls-reports@example.org");
    assert_true(world.suggestion.rua_is_placeholder);
    assert_int_equal(world.suggestion.block_count, 0);
    end(&world);
}

/* A name that no mail address can have is not suggested as one: we would call the record malformed. */
static void test_where_reports_go(void **state)
{
    static const struct {
        const char *domain, *rua, *expected;
    } rows[] = {
        {"a-.example", NULL, "v=TLSRPTv1; rua=mailto:tls-reports@example.com"},
        {"a_b.example", NULL, "v=TLSRPTv1; rua=mailto:tls-reports@a_b.example"},
        {"a-b.example", NULL, "v=TLSRPTv1; rua=mailto:tls-reports@a-b.example"},
        {"a-.example", "mailto:r@b.example", "v=TLSRPTv1; rua=mailto:r@b.example"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        begin(&world, rows[i].domain);
        add_host(&world, "mx1.example.net");
        suggest(&world, &(struct suggest_options){.rua = rows[i].rua});
        assert_string_equal(world.suggestion.tlsrpt, rows[i].expected);
        assert_int_equal(world.suggestion.rua_is_placeholder, rows[i].rua == NULL);
        end(&world);
    }
}

/* EXO-2: the published example's form; EXO-1: the newer form of name is named exactly. */
static void test_exchange_online(void **state)
{
    (void)state;
    struct world world;
    begin(&world, "contoso.com");
    add_host(&world, "contoso-com.mail.protection.outlook.com");
    suggest(&world, NULL);
    assert_policy(&world, "version: STSv1\r\nmode: testing\r\nmx: *.mail.protection.outlook.com\r\n"
                          "max_age: 604800\r\n");
    end(&world);
    begin(&world, "contoso.com");
    add_host(&world, "contoso-com.o-v1.mx.microsoft");
    suggest(&world, NULL);
    assert_policy(&world, "version: STSv1\r\nmode: testing\r\nmx: contoso-com.o-v1.mx.microsoft\r\n"
                          "max_age: 604800\r\n");
    end(&world);
}

#define ENFORCE "version: STSv1\nmode: enforce\n"

static void test_modes(void **state)
{
    (void)state;
    static const struct {
        const char *policy;
        bool first_fails;
        bool second_fails;
        enum sts_mode mode;
        uint32_t max_age;
        bool lowered;
    } cases[] = {
        {"version: STSv1\nmode: testing\nmx: a.example\nmx: b.example\nmax_age: 86400\n", false, false,
         STS_MODE_TESTING, 604800, false},
        {"version: STSv1\nmode: none\nmax_age: 86400\n", false, false, STS_MODE_TESTING, 604800, false},
        {ENFORCE "mx: a.example\nmx: b.example\nmax_age: 2592000\n", false, false, STS_MODE_ENFORCE, 2592000,
         false},
        {ENFORCE "mx: a.example\nmx: b.example\nmax_age: 3600\n", false, false, STS_MODE_ENFORCE, 604800,
         false},
        /* partial: testing stops what is skipped */
        {ENFORCE "mx: a.example\nmx: b.example\nmax_age: 604800\n", true, false, STS_MODE_TESTING, 604800,
         true},
        {ENFORCE "mx: a.example\nmx: b.example\nmax_age: 604800\n", true, true, STS_MODE_TESTING, 604800,
         true},
        /* all is lost by the policy alone */
        {ENFORCE "mx: c.example\nmax_age: 604800\n", false, false, STS_MODE_TESTING, 604800, true},
        /* not in force: it comes into force by being mended */
        {ENFORCE "mx: a.example\nmx: b.example\n", false, false, STS_MODE_TESTING, 604800, false},
        {ENFORCE "mx: a.example\nmx: b.example\n", true, false, STS_MODE_TESTING, 604800, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        begin(&world, "example.org");
        add_host(&world, "a.example");
        add_host(&world, "b.example");
        publish(&world, "v=STSv1; id=1;", cases[i].policy);
        world.probes[0].tls.name_match = !cases[i].first_fails;
        world.probes[1].tls.name_match = !cases[i].second_fails;
        suggest(&world, NULL);
        if (world.suggestion.mode != cases[i].mode || world.suggestion.max_age != cases[i].max_age ||
            world.suggestion.mode_lowered != cases[i].lowered)
            fail_msg("case %zu: mode %s max_age %u", i, sts_mode_name(world.suggestion.mode),
                     world.suggestion.max_age);
        size_t fails = (size_t)cases[i].first_fails + (size_t)cases[i].second_fails;
        assert_int_equal(world.suggestion.block_count, fails);
        if (fails > 0) {
            assert_string_equal(world.suggestion.blocks[0].host, "a.example");
            assert_int_equal(world.suggestion.blocks[0].code, FAIL_SMTP_TLS_HOST_MISMATCH);
        }
        assert_record_is_clean(&world);
        end(&world);
    }
}

/* Wherever the rows were folded. */
static void assert_is_said(struct world *world, const char *words, bool wanted)
{
    struct buf text;
    char flat[16384];
    size_t len = 0;
    buf_init(&text, TEXT_BYTES);
    assert_true(suggest_text(&text, &world->facts, &world->suggestion));
    for (const char *at = buf_string(&text); *at != 0 && len < sizeof flat - 1; at++)
        if ((*at != ' ' && *at != '\n') || (len > 0 && flat[len - 1] != ' '))
            flat[len++] = *at == '\n' ? ' ' : *at;
    flat[len] = 0;
    if ((strstr(flat, words) != NULL) != wanted)
        fail_msg("\"%s\" is %s in:\n%s", words, wanted ? "not said" : "said", buf_string(&text));
    buf_dispose(&text);
}

static void assert_says(struct world *world, const char *words)
{
    assert_is_said(world, words, true);
}

static void assert_says_not(struct world *world, const char *words)
{
    assert_is_said(world, words, false);
}

/* ---- every published state, over every state of two hosts ---------------------------------------------- */

enum published {
    NO_RECORD,
    NO_ANSWER,
    BAD_RECORD,
    NO_FETCH,
    NOT_FOUND,
    BAD_TEXT,
    OFF,
    TESTED,
    ENFORCED,
    PUBLISHED
};

enum host_state { PASSES, FAILS, NO_TLS, TIMES_OUT, LEFT_OUT, NOWHERE, NOT_NAMED, HALF_SEEN, HOST_STATES };

static void publish_state(struct world *world, enum published published, const char *lines)
{
    static const char *const modes[PUBLISHED] = {
        [BAD_TEXT] = "enforced", [OFF] = "none", [TESTED] = "testing", [ENFORCED] = "enforce"};
    static char body[256];
    if (published == NO_ANSWER)
        world->facts.txt.lookup.status = DNS_TIMEOUT;
    if (published == NO_RECORD || published == NO_ANSWER)
        return;
    (void)snprintf(body, sizeof body, "version: STSv1\nmode: %s\n%smax_age: 604800\n",
                   modes[published] == NULL ? "enforce" : modes[published], lines);
    publish(world, published == BAD_RECORD ? "v=STSv1; id=-;" : "v=STSv1; id=1;", body);
    if (published == NO_FETCH)
        world->facts.policy.fetch = (struct fetch_facts){.step = FETCH_CONNECT, .net = NET_TIMEOUT};
    if (published == NOT_FOUND)
        world->facts.policy.fetch.http_status = 404;
}

static void set_host(struct world *world, size_t i, enum host_state host)
{
    struct probe_facts *probe = &world->probes[i];
    struct address_facts *address = &world->host_facts[i].address;
    if (host == FAILS)
        probe->tls.name_match = false;
    if (host == NO_TLS)
        *probe = (struct probe_facts){
            .host = probe->host, .ip = probe->ip, .step = SMTP_EHLO, .end = SMTP_END_NOT_OFFERED};
    if (host == TIMES_OUT)
        *probe = (struct probe_facts){.host = probe->host,
                                      .ip = probe->ip,
                                      .step = SMTP_CONNECT,
                                      .end = SMTP_END_NET,
                                      .net = NET_TIMEOUT};
    if (host == LEFT_OUT)
        probe->not_tried = NOT_TRIED_OPTOUT;
    if (host == NOWHERE) {
        address->a.status = DNS_NODATA;
        address->ip_count = world->host_facts[i].probe_count = 0;
    }
    if (host == HALF_SEEN)
        address->aaaa.status = DNS_TIMEOUT;
}

/* What a sender that enforces would meet there: +1 it passes, -1 it fails, 0 nobody knows. */
static int meets(enum host_state host)
{
    if (host == FAILS || host == NO_TLS || host == NOWHERE || host == NOT_NAMED)
        return -1;
    return host == PASSES || host == HALF_SEEN;
}

/* Whether the host itself fails, whatever the policy names. */
static bool has_fault(enum host_state host)
{
    return host == FAILS || host == NO_TLS || host == NOWHERE;
}

/* enforce only if it is published and both are known to pass; what is not known stays; else testing. */
static enum sts_mode wanted(enum published published, enum host_state first, enum host_state second)
{
    int a = meets(first), b = meets(second);
    bool is_seen = first != HALF_SEEN && second != HALF_SEEN;
    if (published == NO_ANSWER || published == NO_FETCH)
        return STS_MODE_UNSET;
    if (published != ENFORCED)
        return STS_MODE_TESTING;
    if (a > 0 && b > 0)
        return is_seen ? STS_MODE_ENFORCE : STS_MODE_UNSET;
    if (a + b == 0 && a != 0)
        return STS_MODE_TESTING; /* partial */
    return a < 0 && b < 0 ? STS_MODE_TESTING : STS_MODE_UNSET;
}

static void assert_case(enum published published, enum host_state first, enum host_state second)
{
    struct world world;
    char lines[64];
    begin(&world, "example.org");
    add_host(&world, "a.example.net");
    add_host(&world, "b.example.net");
    (void)snprintf(lines, sizeof lines, "%s%smx: c.example.net\n",
                   first == NOT_NAMED ? "" : "mx: a.example.net\n",
                   second == NOT_NAMED ? "" : "mx: b.example.net\n");
    publish_state(&world, published, lines);
    set_host(&world, 0, first);
    set_host(&world, 1, second);
    suggest(&world, NULL);
    const struct suggestion *found = &world.suggestion;
    enum sts_mode mode = wanted(published, first, second);
    bool stays = mode == STS_MODE_UNSET;
    if (found->kind != (stays ? SUGGEST_STAYS : SUGGEST_PUBLISH) || found->mode != mode ||
        (found->policy.len > 0) == stays ||
        found->mode_lowered != (published == ENFORCED && mode == STS_MODE_TESTING))
        fail_msg("published %d, hosts %d and %d (%s): kind %d, mode %s", (int)published, (int)first,
                 (int)second, outcome_name(world.judgement.outcome), (int)found->kind,
                 sts_mode_name(found->mode));
    assert_int_equal(found->cached_s, found->mode_lowered ? 604800 : 0);
    assert_int_equal(found->reports_s, mode == STS_MODE_TESTING ? 14 * 86400 : 0);
    if (found->mode_lowered)
        assert_string_not_equal(found->id, world.judgement.record.id);
    if (mode == STS_MODE_TESTING)
        assert_says(&world, "once reports show no failure for 14 days, the mode can be enforce.");
    assert_is_said(&world, "The new id belongs to it:", found->mode_lowered);
    assert_is_said(&world, "could not be determined: leave what is published as it is", stays);
    assert_is_said(
        &world, "these must be mended:", mode == STS_MODE_TESTING && (has_fault(first) || has_fault(second)));
    end(&world);
}

static void test_every_case(void **state)
{
    (void)state;
    for (enum published published = 0; published < PUBLISHED; published++)
        for (enum host_state first = 0; first < HOST_STATES; first++)
            for (enum host_state second = 0; second < HOST_STATES; second++)
                assert_case(published, first, second);
}

/* TLS-7: one look that found trouble does not decide, so nothing is lowered for it. */
static void test_one_look(void **state)
{
    (void)state;
    struct world world;
    begin(&world, "example.org");
    add_host(&world, "a.example");
    publish(&world, "v=STSv1; id=1;", ENFORCE "mx: a.example\nmax_age: 604800\n");
    set_host(&world, 0, NO_TLS);
    world.facts.one_look = true;
    suggest(&world, NULL);
    assert_int_equal(world.judgement.outcome, OUTCOME_REFUSED);
    assert_int_equal(world.suggestion.kind, SUGGEST_STAYS);
    assert_says(&world, "mode enforce stays - What senders meet could not be determined");
    assert_says(&world,
                "This rests on one look; a second may find something else. These failed at that look:");
    world.facts.one_look = false;
    suggest(&world, NULL);
    assert_int_equal(world.suggestion.mode, STS_MODE_TESTING);
    end(&world);
}

/* If mail is being lost and no line can be made of the MX records, the mode changes alone. */
static void test_lines_in_force_stay(void **state)
{
    (void)state;
    struct world world;
    begin(&world, "example.org");
    add_host(&world, "a_b.example");
    publish(&world, "v=STSv1; id=1;", ENFORCE "mx: a.example\nmx: *.b.example\nmax_age: 604800\n");
    suggest(&world, NULL);
    assert_int_equal(world.judgement.outcome, OUTCOME_REFUSED);
    assert_policy(&world, "version: STSv1\r\nmode: testing\r\nmx: a.example\r\nmx: *.b.example\r\n"
                          "max_age: 604800\r\n");
    end(&world);
    begin(&world, "example.org");
    add_host(&world, "a.example");
    add_host(&world, "b.example");
    publish(&world, "v=STSv1; id=1;", ENFORCE "mx: *.example\nmax_age: 604800\n");
    world.probes[0].tls.name_match = false;
    world.facts.mx.lookup.truncated = true; /* there are more */
    suggest(&world, NULL);
    assert_int_equal(world.judgement.outcome, OUTCOME_PARTIAL);
    assert_policy(&world, "version: STSv1\r\nmode: testing\r\nmx: *.example\r\nmax_age: 604800\r\n");
    world.facts.txt.lookup.status = DNS_NXDOMAIN;
    suggest(&world, NULL);
    assert_int_equal(world.suggestion.kind, SUGGEST_UNKNOWN);
    end(&world);
}

static void test_what_stands(void **state)
{
    (void)state;
    struct world world;
    begin(&world, "example.org");
    add_host(&world, "a.example");
    publish(&world, "v=STSv1; id=20261124T031500Z;", ENFORCE "mx: a.example\nmax_age: 604800\n");
    world.tlsrpt = bytes_of("v=TLSRPTv1; rua=https://reports.example/x");
    world.facts.tlsrpt =
        (struct txt_facts){.lookup.status = DNS_ANSWERED, .rrs = &world.tlsrpt, .rr_count = 1};
    suggest(&world, NULL);
    assert_true(world.suggestion.unchanged);
    assert_null(world.suggestion.tlsrpt);
    assert_string_equal(world.suggestion.id, "20261124T031500Z");
    publish(&world, "v=STSv1; id=20261124T031500Z;", ENFORCE "mx: b.example\nmax_age: 604800\n");
    suggest(&world, NULL);
    assert_false(world.suggestion.unchanged);
    assert_string_equal(world.suggestion.id, "20261124T031500Z2");
    struct suggest_options options = {.rua = "mailto:tls@example.net"};
    suggest(&world, &options);
    assert_string_equal(world.suggestion.tlsrpt, "v=TLSRPTv1; rua=mailto:tls@example.net");
    assert_false(world.suggestion.rua_is_placeholder);
    end(&world);
}

/* RFC 8461 section 8.3. */
static void test_remove(void **state)
{
    (void)state;
    struct world world;
    struct suggest_options options = {.remove = true};
    begin(&world, "example.org");
    add_host(&world, "a.example");
    publish(&world, "v=STSv1; id=1;", ENFORCE "mx: a.example\nmax_age: 604801\n");
    suggest(&world, &options);
    assert_int_equal(world.suggestion.kind, SUGGEST_REMOVE);
    assert_policy(&world, "version: STSv1\r\nmode: none\r\nmax_age: 86400\r\n");
    assert_int_equal(world.suggestion.wait_s, 604801);
    assert_null(world.suggestion.tlsrpt);
    assert_record_is_clean(&world);
    struct sts_policy policy;
    sts_policy_parse(world.suggestion.policy, &world.arena, &policy);
    assert_int_equal(policy.code, FAIL_NONE);
    assert_int_equal(policy.findings.count, 0);
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    assert_true(suggest_text(&text, &world.facts, &world.suggestion));
    const char *wait = strstr(buf_string(&text), "at least");
    assert_non_null(wait);
    assert_int_equal(strtol(wait + strcspn(wait, "0123456789"), NULL, 10), 8);
    buf_dispose(&text);
    end(&world);
}

static void test_nothing_to_publish(void **state)
{
    (void)state;
    static const struct {
        const char *domain;
        const char *host; /* "-": none */
        enum dns_status mx;
        enum suggest_kind kind;
    } cases[] = {
        {"example.org", ".", DNS_ANSWERED, SUGGEST_NO_MAIL},
        {"example.org", "-", DNS_NXDOMAIN, SUGGEST_NO_MAIL},
        {"example.org", "-", DNS_TIMEOUT, SUGGEST_UNKNOWN},
        {"example.org", "-", DNS_BOGUS, SUGGEST_UNKNOWN},
        {"example.org", "a_b.example", DNS_ANSWERED, SUGGEST_NO_HOST_NAME},
        {"example.org", "192.0.2.1", DNS_ANSWERED, SUGGEST_NO_HOST_NAME},
        {"Example.org", "a.example", DNS_ANSWERED, SUGGEST_BAD_NAME},
        {"../etc", "a.example", DNS_ANSWERED, SUGGEST_BAD_NAME},
        {"a\"b.example", "a.example", DNS_ANSWERED, SUGGEST_BAD_NAME},
        {"a..example", "a.example", DNS_ANSWERED, SUGGEST_BAD_NAME},
        {"example.", "a.example", DNS_ANSWERED, SUGGEST_BAD_NAME},
        {"", "a.example", DNS_ANSWERED, SUGGEST_BAD_NAME},
    };
    struct buf out;
    buf_init(&out, TEXT_BYTES);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        begin(&world, cases[i].domain);
        if (cases[i].host[0] != '-')
            add_host(&world, cases[i].host);
        if (strcmp(cases[i].host, ".") == 0)
            world.facts.host_count = 0;
        world.facts.mx.lookup.status = cases[i].mx;
        suggest(&world, NULL);
        if (world.suggestion.kind != cases[i].kind)
            fail_msg("case %zu: kind %d", i, (int)world.suggestion.kind);
        assert_false(suggest_has_texts(&world.suggestion));
        assert_non_null(suggest_reason(world.suggestion.kind));
        assert_int_equal(world.suggestion.policy.len, 0);
        buf_reset(&out);
        assert_true(suggest_text(&out, &world.facts, &world.suggestion));
        assert_true(suggest_json(&out, &world.facts, &world.suggestion));
        end(&world);
    }
    buf_dispose(&out);
}

/* _smtp._tls. must fit in front of it, and each byte must need no escape. */
static void test_names_below_which_records_stand(void **state)
{
    static const char bytes[] = "/09:`az{AZ-_,+";
    char name[NAME];
    struct world world;
    (void)state;
    for (size_t i = 0; i < sizeof bytes - 1; i++) {
        bool good = strchr("09az-_", bytes[i]) != NULL;
        (void)snprintf(name, sizeof name, "a%cb.example", bytes[i]);
        begin(&world, name);
        add_host(&world, "a.example");
        suggest(&world, NULL);
        if ((world.suggestion.kind == SUGGEST_PUBLISH) != good)
            fail_msg("%s", name);
        end(&world);
    }
    for (size_t len = 240; len < 246; len++) {
        memset(name, 'a', len);
        for (size_t i = 60; i < len; i += 61)
            name[i] = '.';
        name[len] = 0;
        begin(&world, name);
        add_host(&world, "a.example");
        suggest(&world, NULL);
        assert_int_equal(world.suggestion.kind,
                         len <= 242 && name[len - 1] != '.' ? SUGGEST_PUBLISH : SUGGEST_BAD_NAME);
        end(&world);
    }
    for (size_t label = 62; label < 66; label++) {
        memset(name, 'a', label);
        (void)snprintf(name + label, sizeof name - label, ".example");
        begin(&world, name);
        add_host(&world, "a.example");
        suggest(&world, NULL);
        assert_int_equal(world.suggestion.kind, label <= 63 ? SUGGEST_PUBLISH : SUGGEST_BAD_NAME);
        end(&world);
    }
}

static void test_rua(void **state)
{
    (void)state;
    char long_uri[400] = "https://reports.example/";
    memset(long_uri + strlen(long_uri), 'x', 300);
    assert_true(suggest_rua_is_valid("mailto:tls@example.org"));
    assert_true(suggest_rua_is_valid(long_uri));
    assert_false(suggest_rua_is_valid("tls@example.org"));
    assert_false(suggest_rua_is_valid("mailto:a@example.org,mailto:b@example.org"));
    assert_false(suggest_rua_is_valid("http://reports.example/"));
    assert_false(suggest_rua_is_valid("mailto:a@example.org;x=1"));
    assert_false(suggest_rua_is_valid("mailto:a@example.org\n"));
    assert_false(suggest_rua_is_valid(""));
    /* As long as a record is held here, and one byte more. */
    char longest[1100] = "https://reports.example/";
    const size_t most = 1024 - 1 - strlen("v=TLSRPTv1; rua=");
    memset(longest + strlen(longest), 'x', most - strlen(longest));
    assert_true(suggest_rua_is_valid(longest));
    longest[most] = 'x';
    assert_false(suggest_rua_is_valid(longest));
    longest[most] = ' ';
    assert_false(suggest_rua_is_valid(longest));
    struct world world;
    struct suggest_options options = {.rua = long_uri};
    begin(&world, "example.org");
    add_host(&world, "a.example");
    suggest(&world, &options);
    assert_record_is_clean(&world);
    /* a string of a TXT record holds 255 octets */
    char zone[2048];
    (void)snprintf(zone, sizeof zone, "%.*s", (int)world.suggestion.zone.len,
                   (const char *)world.suggestion.zone.data);
    const char *split = strstr(zone, "xx\"\n        \"xx");
    assert_non_null(split);
    const char *start = strstr(zone, "\"v=TLSRPTv1");
    assert_int_equal(split + 2 - (start + 1), 255);
    end(&world);
}

/* 80 columns, but for what is copied whole; the parts in order. */
static void test_text(void **state)
{
    (void)state;
    struct world world;
    struct buf text;
    buf_init(&text, TEXT_BYTES);
    begin(&world, "example.org");
    add_host(&world, "mx1.example.net");
    add_host(&world, "mx2.example.net");
    world.probes[1].tls.name_match = false;
    suggest(&world, NULL);
    assert_true(suggest_text(&text, &world.facts, &world.suggestion));
    static const char *const order[] = {"example.org: publish MTA-STS, mode testing",
                                        "must be mended",
                                        "mx2.example.net [192.0.2.25]",
                                        "1. Give mta-sts.example.org",
                                        "\nversion: STSv1\n",
                                        "3. When it is served",
                                        "\n_mta-sts.example.org. 3600 IN TXT \"",
                                        "placeholder"};
    const char *at = buf_string(&text);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        const char *found = strstr(at, order[i]);
        if (found == NULL)
            fail_msg("\"%s\" is not in:\n%s", order[i], at);
        at = found;
    }
    size_t column = 0;
    for (size_t i = 0; i < text.len; i++) {
        column = text.data[i] == '\n' ? 0 : column + 1;
        if (column > 80)
            fail_msg("a row too wide before: %.*s", (int)(i + 1), (const char *)text.data);
    }
    buf_dispose(&text);
    end(&world);
}

/* What is in force, and whether it works, decides what a person is told. */
static void test_text_of_what_stands(void **state)
{
    (void)state;
    static const char txt[] = "v=STSv1; id=1;", policy[] = ENFORCE "mx: a.example\nmax_age: 604800\n";
    static const char *aliases[] = {"pages.example"};
    struct suggest_options removing = {.remove = true};
    struct world world;
    begin(&world, "example.org");
    add_host(&world, "a.example");
    suggest(&world, NULL);
    assert_says(&world, "once reports show no failure for 14 days, the mode can be enforce.");
    suggest(&world, &removing);
    assert_says(&world, "the largest max_age that was ever served, counted from its last day. Then remove");
    publish(&world, txt, policy);
    suggest(&world, NULL);
    assert_says(
        &world,
        "example.org: keep MTA-STS, mode enforce The published policy says what stands below already");
    assert_says(&world, "Every MX host passes what a sender checks: the mode stays enforce.");
    assert_says(&world, "1. mta-sts.example.org leads to 192.0.2.25: that server");
    assert_says(&world, "3. These records belong to it:");
    world.facts.policy.address.a.cnames = aliases;
    world.facts.policy.address.a.cname_count = 1;
    world.tlsrpt = bytes_of("v=TLSRPTv1; rua=https://reports.example/x");
    world.facts.tlsrpt =
        (struct txt_facts){.lookup.status = DNS_ANSWERED, .rrs = &world.tlsrpt, .rr_count = 1};
    suggest(&world, NULL);
    assert_says(&world, "leads to 192.0.2.25 (an alias of pages.example): that server");
    assert_says(&world, "The TLSRPT record at _smtp._tls stands and is valid: leave it.");
    world.facts.mx.rr_count = 2; /* of which one was looked at */
    world.rrs[1] = (struct mx_rr){20, "b.example"};
    suggest(&world, NULL);
    assert_says(&world, "example.org: nothing to publish, mode enforce stays - What senders meet could not");
    assert_says(&world, "1 MX hosts could not be looked at: check them too.");
    end(&world);
}

/* A host whose name no line can hold: a wildcard in force that covers it stays, or it must be mended first.
 */
static void test_host_without_a_line(void **state)
{
    (void)state;
    static const char mended[] = "mail_1.example mx.not-in-policy: A policy cannot hold this name";
    static const struct {
        const char *policy; /* NULL: none */
        const char *host;
        const char *mx; /* the lines */
        enum sts_mode mode;
        bool is_blocked;
        bool unchanged;
        bool lowered;
        const char *said;
    } cases[] = {
        {ENFORCE "mx: *.example\nmax_age: 604800\n", "mail_1.example", "mx: mx.example\r\nmx: *.example\r\n",
         STS_MODE_ENFORCE, false, false, false, "the mode stays enforce."},
        {ENFORCE "mx: mx.example\nmx: *.example\nmax_age: 604800\n", "mail_1.example",
         "mx: mx.example\r\nmx: *.example\r\n", STS_MODE_ENFORCE, false, true, false,
         "nothing needs to change"},
        {ENFORCE "mx: *.example\nmax_age: 604800\n", "a\\032b.example", "mx: mx.example\r\nmx: *.example\r\n",
         STS_MODE_ENFORCE, false, false, false, "the mode stays enforce."},
        {"version: STSv1\nmode: testing\nmx: *.example\nmax_age: 604800\n", "mail_1.example",
         "mx: mx.example\r\nmx: *.example\r\n", STS_MODE_TESTING, false, false, false, "the mode can be"},
        /* the provider's own wildcard covers what a line cannot hold */
        {NULL, "a_b.mail.protection.outlook.com", "mx: mx.example\r\nmx: *.mail.protection.outlook.com\r\n",
         STS_MODE_TESTING, false, false, false, "Every MX host passes"},
        /* partial: the others still pass, but mail to this one is skipped */
        {ENFORCE "mx: mx.example\nmax_age: 604800\n", "mail_1.example", "mx: mx.example\r\n",
         STS_MODE_TESTING, true, false, true, mended},
        {NULL, "mail_1.example", "mx: mx.example\r\n", STS_MODE_TESTING, true, false, false, mended},
        {NULL, "300.1.2.3", "mx: mx.example\r\n", STS_MODE_TESTING, true, false, false,
         "300.1.2.3 mx.not-in"},
        {NULL, "*.example", "mx: mx.example\r\n", STS_MODE_TESTING, true, false, false,
         "*.example mx.not-in"},
        /* not in force, and all is lost: nothing is known to pass by the wildcard */
        {ENFORCE "mx: *.example\n", "mail_1.example", "mx: mx.example\r\n", STS_MODE_TESTING, true, false,
         false, mended},
        {ENFORCE "mx: c.example\nmax_age: 604800\n", "mail_1.example", "mx: mx.example\r\n", STS_MODE_TESTING,
         true, false, true, mended},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        char text[256];
        begin(&world, "example.org");
        add_host(&world, "mx.example");
        add_host(&world, cases[i].host);
        if (cases[i].policy != NULL)
            publish(&world, "v=STSv1; id=1;", cases[i].policy);
        suggest(&world, NULL);
        const struct suggestion *suggestion = &world.suggestion;
        if (suggestion->block_count != cases[i].is_blocked || suggestion->unchanged != cases[i].unchanged ||
            suggestion->mode_lowered != cases[i].lowered)
            fail_msg("case %zu: %zu blocks, unchanged %d, lowered %d", i, suggestion->block_count,
                     suggestion->unchanged, suggestion->mode_lowered);
        (void)snprintf(text, sizeof text, "version: STSv1\r\nmode: %s\r\n%smax_age: 604800\r\n",
                       sts_mode_name(cases[i].mode), cases[i].mx);
        assert_policy(&world, text);
        assert_policy_is_clean(&world);
        assert_says(&world, cases[i].said);
        if (cases[i].is_blocked) {
            assert_string_equal(suggestion->blocks[0].host, cases[i].host);
            assert_int_equal(suggestion->blocks[0].code, FAIL_MX_NOT_IN_POLICY);
            assert_null(suggestion->blocks[0].ip);
            assert_says_not(&world, "Every MX host passes");
            assert_says_not(&world, "nothing needs to change");
        }
        end(&world);
    }
}

/* RFC 7505: a root among hosts names none that could be looked at. */
static void test_root_among_hosts(void **state)
{
    (void)state;
    struct world world;
    begin(&world, "example.org");
    add_host(&world, "a.example");
    world.rrs[1] = (struct mx_rr){20, "."};
    world.facts.mx.rr_count = 2;
    suggest(&world, NULL);
    assert_true(code_set_has(&world.judgement.codes, FAIL_MX_NULL_AMONG_OTHERS));
    assert_int_equal(world.suggestion.unseen, 0);
    assert_int_equal(world.suggestion.mx_count, 1);
    assert_says(&world, "Every MX host passes what a sender checks");
    end(&world);
}

/* MX-6: a placeholder is no host: no policy names it, it is not waited for and hinders nothing. */
static void test_placeholders_among_hosts(void **state)
{
    (void)state;
    struct world world;
    begin(&world, "example.org");
    add_host(&world, "a.example.net");
    add_host(&world, "gone.test");
    world.host_facts[1].address =
        (struct address_facts){.a.status = DNS_NXDOMAIN, .aaaa.status = DNS_NXDOMAIN};
    world.host_facts[1].probe_count = 0;
    world.rrs[2] = (struct mx_rr){15, "x.mx-verification.google.com"};
    world.rrs[3] = (struct mx_rr){32767, "ms1.msv1.invalid"};
    world.facts.mx.rr_count = 4;
    publish(&world, "v=STSv1; id=1;", ENFORCE "mx: a.example.net\nmax_age: 604800\n");
    suggest(&world, NULL);
    assert_int_equal(world.judgement.outcome, OUTCOME_PROTECTED);
    assert_int_equal(world.suggestion.unseen, 0);
    assert_int_equal(world.suggestion.block_count, 0);
    assert_int_equal(world.suggestion.mx_count, 1);
    assert_string_equal(world.suggestion.mx[0], "a.example.net");
    assert_int_equal(world.suggestion.mode, STS_MODE_ENFORCE);
    end(&world);
    begin(&world, "example.org");
    world.rrs[0] = (struct mx_rr){32767, "ms1.msv1.invalid"};
    world.facts.mx.lookup.status = DNS_ANSWERED;
    world.facts.mx.rr_count = 1;
    suggest(&world, NULL);
    assert_int_equal(world.suggestion.kind, SUGGEST_NO_MAIL);
    end(&world);
}

static void test_text_of_what_fails(void **state)
{
    (void)state;
    struct probe_facts many[30];
    struct world world;
    begin(&world, "example.org");
    add_host(&world, "a.example");
    publish(&world, "v=STSv1; id=1;", ENFORCE "mx: a.example\nmax_age: 604800\n");
    world.probes[0].tls.name_match = false;
    suggest(&world, NULL);
    assert_says(&world, "and every MX host fails: mail is being lost. Until they are mended, the mode is "
                        "testing, which stops that. The new id belongs to it:");
    assert_says(&world, "goes on to enforce what it holds, for 7 days at most (max_age).");
    for (size_t i = 0; i < sizeof many / sizeof *many; i++)
        many[i] = world.probes[0];
    world.host_facts[0].probes = many;
    world.host_facts[0].probe_count = sizeof many / sizeof *many;
    suggest(&world, NULL);
    assert_int_equal(world.suggestion.block_count, sizeof many / sizeof *many);
    assert_says(&world, " and 6 more ");
    many[0].tls.name_match = true;
    suggest(&world, NULL);
    assert_says(&world,
                "The published policy enforces, and senders skip the MX hosts or addresses that fail. "
                "Until they are mended, the mode is testing");
    assert_says(&world, "Before the mode is enforce, these must be mended: a.example [");
    assert_says(&world,
                "When all of them pass, and once reports show no failure for 14 days, the mode can be");
    world.probes[0].tls.name_match = true; /* a policy that names nobody, and hosts that pass */
    world.host_facts[0].probes = world.probes;
    world.host_facts[0].probe_count = 1;
    publish(&world, "v=STSv1; id=1;", ENFORCE "mx: b.example\nmax_age: 86401\n");
    suggest(&world, NULL);
    assert_says(&world, "enforces and names no MX host that is in use: mail is being lost. The lines below");
    assert_says(&world, "for 2 days at most (max_age).");
    publish(&world, "v=STSv1; id=1;", ENFORCE "mx: a.example\n");
    suggest(&world, NULL);
    assert_says(&world, "What is published today cannot be used: policy.syntax.max-age-missing: ");
    assert_says(&world, "one that holds an earlier policy goes by that until it expires.");
    world.facts.policy.fetch = (struct fetch_facts){.step = FETCH_CONNECT, .net = NET_TIMEOUT};
    suggest(&world, NULL);
    assert_says(&world, "nothing to publish - What senders meet could not be determined: leave what is");
    assert_says(&world, "What is published could not be judged: policy.tcp.timeout: ");
    end(&world);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

/* One line, with all that the files hold and what must be mended first. */
static void test_json(void **state)
{
    (void)state;
    struct suggest_options removing = {.remove = true};
    struct world world;
    struct buf out;
    buf_init(&out, TEXT_BYTES);
    begin(&world, "example.org");
    add_host(&world, "a.example.net");
    add_host(&world, "b.example.net");
    world.probes[1].tls.name_match = false;
    world.host_facts[0].address.ip_count = world.host_facts[0].probe_count = 0;
    world.host_facts[0].address.a.status = DNS_NODATA;
    suggest(&world, NULL);
    assert_true(suggest_json(&out, &world.facts, &world.suggestion));
    json_t *root = json_loadb((const char *)out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_string_equal(text_of(root, "action"), "publish");
    assert_string_equal(text_of(root, "mode"), "testing");
    assert_int_equal(json_integer_value(json_object_get(root, "max_age")), 604800);
    assert_int_equal(json_array_size(json_object_get(root, "mx")), 2);
    assert_string_equal(text_of(root, "txt"), world.suggestion.txt);
    assert_string_equal(text_of(root, "id"), world.suggestion.id);
    assert_string_equal(text_of(root, "tlsrpt"), world.suggestion.tlsrpt);
    assert_true(json_is_true(json_object_get(root, "rua_is_placeholder")));
    assert_true(json_is_false(json_object_get(root, "unchanged")));
    assert_memory_equal(text_of(root, "policy"), world.suggestion.policy.data, world.suggestion.policy.len);
    const json_t *first = json_object_get(root, "first");
    assert_int_equal(json_array_size(first), 2);
    assert_string_equal(text_of(json_array_get(first, 0), "code"), "mx.no-address");
    assert_null(json_object_get(json_array_get(first, 0), "ip"));
    assert_string_equal(text_of(json_array_get(first, 1), "host"), "b.example.net");
    assert_string_equal(text_of(json_array_get(first, 1), "ip"), "192.0.2.25");
    json_decref(root);
    publish(&world, "v=STSv1; id=1;", ENFORCE "mx: a.example\nmax_age: 604800\n");
    suggest(&world, &removing);
    buf_reset(&out);
    assert_true(suggest_json(&out, &world.facts, &world.suggestion));
    root = json_loadb((const char *)out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_string_equal(text_of(root, "action"), "remove");
    assert_int_equal(json_integer_value(json_object_get(root, "wait_s")), 604800);
    json_decref(root);
    buf_dispose(&out);
    end(&world);
}

/* ---- folders ------------------------------------------------------------------------------------------- */

/* Nothing of a domain is left that a next run would take for its files. */
static void disk_full(struct world *world, struct suggest_folder *folder, const char *path)
{
    char place[128];
    struct rlimit before;
    const char *domain = world->suggestion.domain;
    static const char text[4096];
    world->suggestion.domain = "full.example";
    folder->force = false;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    struct rlimit small = {.rlim_cur = sizeof text - 1, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    errno = 0;
    enum error error =
        suggest_folder_write(folder, &world->suggestion, bytes_make((const uint8_t *)text, sizeof text));
    int number = errno;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(error, ERR_FULL);
    assert_int_equal(number, EFBIG);
    assert_string_equal(folder->file, "README.txt");
    (void)snprintf(place, sizeof place, "%s/full.example", path);
    assert_int_equal(rmdir(place), -1); /* it is gone */
    assert_int_equal(errno, ENOENT);
    world->suggestion.domain = domain;
    folder->force = true;
}

static void test_folder(void **state)
{
    (void)state;
    char path[] = "/tmp/stsweep-suggest-XXXXXX";
    char file[128];
    struct world world;
    struct suggest_folder folder;
    assert_non_null(mkdtemp(path));
    begin(&world, "example.org");
    add_host(&world, "a.example");
    suggest(&world, NULL);
    assert_int_equal(suggest_folder_open(&folder, path, false), ERR_OK);
    assert_int_equal(suggest_folder_write(&folder, &world.suggestion, bytes_of("read\n")), ERR_OK);
    assert_int_equal(suggest_folder_write(&folder, &world.suggestion, bytes_of("read\n")), ERR_EXISTS);
    folder.force = true;
    assert_int_equal(suggest_folder_write(&folder, &world.suggestion, bytes_of("more\n")), ERR_OK);
    struct stat status;
    (void)snprintf(file, sizeof file, "%s/example.org/mta-sts.txt", path);
    assert_int_equal(stat(file, &status), 0);
    disk_full(&world, &folder, path);
    assert_int_equal(status.st_size, world.suggestion.policy.len);
    /* a link in place of the file, or of the folder, is not followed */
    assert_int_equal(unlink(file), 0);
    assert_int_equal(symlink("/tmp/stsweep-suggest-nowhere", file), 0);
    assert_int_equal(suggest_folder_write(&folder, &world.suggestion, bytes_of("more\n")), ERR_NOT_FOUND);
    assert_int_equal(access("/tmp/stsweep-suggest-nowhere", F_OK), -1);
    world.suggestion.domain = "..";
    assert_int_equal(suggest_folder_write(&folder, &world.suggestion, bytes_of("x")), ERR_SYNTAX);
    world.suggestion.domain = "a/b";
    assert_int_equal(suggest_folder_write(&folder, &world.suggestion, bytes_of("x")), ERR_SYNTAX);
    suggest_folder_close(&folder);
    static const char *const left[] = {"example.org/mta-sts.txt", "example.org/records.zone",
                                       "example.org/README.txt", "example.org", ""};
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        (void)snprintf(file, sizeof file, "%s/%s", path, left[i]);
        assert_int_equal(remove(file), 0);
    }
    end(&world);
}

/* What this machine cannot write ends the run; what stands in one domain's place does not. */
static void test_a_full_disk_ends_the_run(void **state)
{
    enum { README_FITS_NOT = 600 };
    (void)state;
    char path[] = "/tmp/stsweep-suggest-XXXXXX", place[128];
    struct suggest_folder folder;
    struct suggest_run run = {.out = stdout, .now = now, .format = FORMAT_NONE, .folder = &folder};
    struct world world;
    struct buf text;
    struct rlimit before;
    buf_init(&text, TEXT_BYTES);
    assert_non_null(mkdtemp(path));
    assert_int_equal(suggest_folder_open(&folder, path, false), ERR_OK);
    begin(&world, "example.org");
    add_host(&world, "a.example");
    suggest(&world, NULL);
    (void)snprintf(place, sizeof place, "%s/example.org", path);
    assert_int_equal(symlink("/nowhere", place), 0);
    assert_true(suggest_run_domain(&run, &text, &world.facts, &world.judgement));
    assert_true(run.failed && !run.ended);
    assert_int_equal(unlink(place), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit small = {.rlim_cur = README_FITS_NOT, .rlim_max = before.rlim_max};
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(setrlimit(RLIMIT_FSIZE, i == 0 ? &small : &before), 0);
        assert_true(suggest_run_domain(&run, &text, &world.facts, &world.judgement));
        assert_true(run.ended);
    }
    (void)signal(SIGXFSZ, handler);
    assert_int_equal(run.done, 2);
    assert_int_equal(run.written, 0);
    assert_int_equal(suggest_run_end(&run), 4);
    suggest_folder_close(&folder);
    assert_int_equal(rmdir(path), 0); /* nothing is left in it */
    buf_dispose(&text);
    end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_sets),
        cmocka_unit_test(test_exact_hosts_and_testing_first),
        cmocka_unit_test(test_where_reports_go),
        cmocka_unit_test(test_exchange_online),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_every_case),
        cmocka_unit_test(test_one_look),
        cmocka_unit_test(test_lines_in_force_stay),
        cmocka_unit_test(test_what_stands),
        cmocka_unit_test(test_remove),
        cmocka_unit_test(test_nothing_to_publish),
        cmocka_unit_test(test_names_below_which_records_stand),
        cmocka_unit_test(test_rua),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_of_what_stands),
        cmocka_unit_test(test_host_without_a_line),
        cmocka_unit_test(test_root_among_hosts),
        cmocka_unit_test(test_placeholders_among_hosts),
        cmocka_unit_test(test_text_of_what_fails),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_a_full_disk_ends_the_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
