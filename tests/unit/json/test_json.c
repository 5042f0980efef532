/* Records as JSON: every field in its place, valid for any bytes, nothing written where it does not fit. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <yajl/yajl_gen.h>

#include "output/json/json.h"
#include "output/json/json_write.h"

enum { LINE_CEILING = 4 << 20 };

/* One line that must be one JSON object and nothing else. */
static json_t *parse_line(struct bytes line)
{
    json_error_t error;
    assert_true(line.len > 2);
    assert_int_equal(line.data[line.len - 1], '\n');
    assert_null(memchr(line.data, '\n', line.len - 1));
    json_t *root = json_loadb((const char *)line.data, line.len, JSON_REJECT_DUPLICATES, &error);
    if (root == NULL)
        fail_msg("%s in %.*s", error.text, (int)line.len, (const char *)line.data);
    assert_true(json_is_object(root));
    return root;
}

/* "mx.hosts.0.host" within root; NULL where there is nothing. */
static const json_t *at(const json_t *root, const char *path)
{
    char key[64];
    while (root != NULL && *path != 0) {
        size_t len = strcspn(path, ".");
        memcpy(key, path, len);
        key[len] = 0;
        root =
            json_is_array(root) ? json_array_get(root, strtoul(key, NULL, 10)) : json_object_get(root, key);
        path += len + (path[len] == '.');
    }
    return root;
}

static void assert_text(const json_t *root, const char *path, const char *expected)
{
    const char *text = json_string_value(at(root, path));
    if (text == NULL)
        fail_msg("%s is no string", path);
    assert_string_equal(text, expected);
}

static void assert_number(const json_t *root, const char *path, long long expected)
{
    if (!json_is_integer(at(root, path)))
        fail_msg("%s is no number", path);
    assert_int_equal(json_integer_value(at(root, path)), expected);
}

static void assert_true_at(const json_t *root, const char *path)
{
    if (!json_is_true(at(root, path)))
        fail_msg("%s is not true", path);
}

static void assert_nothing_at(const json_t *root, const char *path)
{
    if (at(root, path) != NULL)
        fail_msg("%s is there", path);
}

/* What a text field holds, whichever form it took. */
static void assert_bytes(const json_t *value, struct bytes expected)
{
    const char *text = json_string_value(value);
    if (text != NULL) {
        assert_int_equal(json_string_length(value), expected.len);
        assert_memory_equal(text, expected.data, expected.len);
        return;
    }
    const char *base64 = json_string_value(json_object_get(value, "base64"));
    assert_non_null(base64);
    size_t len = strlen(base64);
    unsigned char *decoded = malloc(len + 4);
    assert_non_null(decoded);
    int got = EVP_DecodeBlock(decoded, (const unsigned char *)base64, (int)len);
    size_t padding = len > 0 ? (size_t)(base64[len - 1] == '=') + (base64[len - 2] == '=') : 0;
    assert_int_equal((size_t)got - padding, expected.len);
    assert_memory_equal(decoded, expected.data, expected.len);
    free(decoded);
}

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static unsigned draw(uint64_t *state, unsigned bound)
{
    return (unsigned)(next_random(state) >> 33) % bound;
}

/* ---- the domain record --------------------------------------------------------------------------------- */

static struct domain_facts absent_facts(void)
{
    return (struct domain_facts){
        .ordinal = 1234567,
        .domain = "example.com",
        .tld = "com",
        .psl_suffix = "com",
        .time = INT64_C(1769860800000),
        .ms = 153,
        .txt = {.lookup = {.status = DNS_NXDOMAIN, .security = DNSSEC_INSECURE}},
        .tlsrpt = {.lookup = {.status = DNS_NXDOMAIN, .security = DNSSEC_INSECURE}},
        .mx = {.lookup = {.status = DNS_ANSWERED, .security = DNSSEC_INSECURE, .ttl = 300}},
    };
}

static struct judgement absent_judgement(void)
{
    struct judgement judgement = {.record = {.code = FAIL_TXT_ABSENT},
                                  .tlsrpt = {.code = FAIL_TLSRPT_ABSENT},
                                  .outcome = OUTCOME_ABSENT,
                                  .tls = TLS_OUTCOME_ALL};
    code_set_add(&judgement.codes, FAIL_TLSRPT_ABSENT);
    code_set_add(&judgement.codes, FAIL_TXT_ABSENT);
    return judgement;
}

static void test_absent_record_is_small(void **state)
{
    (void)state;
    struct buf out;
    struct mx_rr rr = {.preference = 10, .host = "mx.example.com"};
    struct mx_host host = {.host = "mx.example.com", .preference = 10};
    struct domain_facts facts = absent_facts();
    struct judgement judgement = absent_judgement();
    facts.mx.rrs = &rr;
    facts.mx.rr_count = 1;
    facts.hosts = &host;
    facts.host_count = 1;
    buf_init(&out, LINE_CEILING);
    assert_true(json_domain(&out, &facts, &judgement));
    assert_in_range(out.len, 300, 550);
    json_t *root = parse_line(buf_bytes(&out));
    assert_number(root, "schema", RECORD_SCHEMA_VERSION);
    assert_number(root, "ordinal", 1234567);
    assert_text(root, "domain", "example.com");
    assert_text(root, "time", "2026-01-31T12:00:00.000Z");
    assert_text(root, "outcome", "absent");
    assert_text(root, "txt.lookup", "nxdomain");
    assert_text(root, "txt.code", "txt.absent");
    assert_text(root, "codes.0", "txt.absent");
    assert_text(root, "codes.1", "tlsrpt.absent");
    assert_int_equal(json_array_size(at(root, "rfc8460")), 0);
    assert_true(json_is_null(at(root, "provider.mx")));
    assert_text(root, "mx.hosts.0.host", "mx.example.com");
    const char *const left_out[] = {"unicode",    "rank",         "label",   "would_be",
                                    "incomplete", "policy",       "txt.rrs", "txt.id",
                                    "mx.rrs",     "txt.findings", "mx.null", "is_public_suffix"};
    for (size_t i = 0; i < sizeof left_out / sizeof left_out[0]; i++)
        assert_nothing_at(root, left_out[i]);
    json_decref(root);
    buf_dispose(&out);
}

static void test_codes_stand_in_the_order_of_the_table(void **state)
{
    (void)state;
    struct buf out;
    struct domain_facts facts = absent_facts();
    struct judgement judgement = absent_judgement();
    for (enum failure_code code = FAIL_COUNT - 1; code > FAIL_NONE; code--)
        code_set_add(&judgement.codes, code);
    judgement.rpt_types = UINT32_MAX;
    buf_init(&out, LINE_CEILING);
    assert_true(json_domain(&out, &facts, &judgement));
    json_t *root = parse_line(buf_bytes(&out));
    const json_t *codes = at(root, "codes");
    assert_int_equal(json_array_size(codes), FAIL_COUNT - 1);
    for (size_t i = 0; i < FAIL_COUNT - 1; i++)
        assert_string_equal(json_string_value(json_array_get(codes, i)),
                            failure_name((enum failure_code)(i + 1)));
    assert_int_equal(json_array_size(at(root, "rfc8460")), RPT_COUNT - 1);
    assert_text(root, "rfc8460.0", "starttls-not-supported");
    json_decref(root);
    buf_dispose(&out);
}

static const char *policy_cnames[] = {"mta-sts.hoster.example"};
static const char *policy_mx[] = {"mx.example.com", "*.example.net"};
static struct cert_facts two_certs[2] = {{.sha256 = {0xAB, 1}}, {.sha256 = {0xCD, 2}}};

static struct policy_facts full_policy(struct ip_addr *ips)
{
    static const char body[] = "version: STSv1\r\nmode: enforce\r\nmx: *.example.net\r\nmax_age: 604800\r\n";
    const uint8_t v4[4] = {192, 0, 2, 1};
    ips[0] = ip_v4(v4);
    return (struct policy_facts){.host = "mta-sts.example.com",
                                 .address = {.a = {.status = DNS_ANSWERED,
                                                   .security = DNSSEC_SECURE,
                                                   .cnames = policy_cnames,
                                                   .cname_count = 1},
                                             .aaaa = {.status = DNS_NODATA, .security = DNSSEC_INSECURE},
                                             .ips = ips,
                                             .ip_count = 1},
                                 .fetch = {.step = FETCH_DONE,
                                           .ip = ips[0],
                                           .http_status = 200,
                                           .media_type = "text/plain; charset=utf-8",
                                           .body = bytes_of(body),
                                           .ms = 77,
                                           .tls = {.end = TLS_DONE,
                                                   .version = 0x0304,
                                                   .cipher = "TLS_AES_256_GCM_SHA384",
                                                   .group = "X25519",
                                                   .alert = -1,
                                                   .certs = two_certs,
                                                   .cert_count = 2,
                                                   .errors = {{.x509 = 20, .depth = 0}},
                                                   .error_count = 1,
                                                   .name_match = true}}};
}

static void test_policy_group(void **state)
{
    (void)state;
    struct buf out;
    struct ip_addr ips[1];
    struct domain_facts facts = absent_facts();
    struct judgement judgement = absent_judgement();
    facts.policy = full_policy(ips);
    judgement.policy = (struct sts_policy){
        .parsed = true,
        .mode = STS_MODE_ENFORCE,
        .max_age_set = true,
        .max_age = 604800,
        .mx = policy_mx,
        .mx_count = 2,
        .findings = {
            .list = {{.code = FAIL_POLICY_SYNTAX_DUPLICATE_KEY, .line = 3, .column = 1, .detail = "mode"}},
            .count = 1,
            .overflow = true}};
    buf_init(&out, LINE_CEILING);
    assert_true(json_domain(&out, &facts, &judgement));
    json_t *root = parse_line(buf_bytes(&out));
    const json_t *policy = at(root, "policy");
    assert_text(policy, "host", "mta-sts.example.com");
    assert_text(policy, "code", "ok");
    assert_text(policy, "lookup_a", "answered");
    assert_text(policy, "lookup_aaaa", "nodata");
    assert_text(policy, "dnssec_a", "secure");
    assert_nothing_at(policy, "dnssec_aaaa");
    assert_text(policy, "cnames.0", "mta-sts.hoster.example");
    assert_text(policy, "addresses.0", "192.0.2.1");
    assert_text(policy, "ip", "192.0.2.1");
    assert_text(policy, "step", "done");
    assert_number(policy, "http_status", 200);
    assert_text(policy, "media_type", "text/plain; charset=utf-8");
    assert_bytes(at(policy, "body"), facts.policy.fetch.body);
    assert_true(json_is_string(at(policy, "body")));
    assert_text(policy, "mode", "enforce");
    assert_number(policy, "max_age", 604800);
    assert_text(policy, "mx.1", "*.example.net");
    assert_text(policy, "findings.0.code", "policy.syntax.duplicate-key");
    assert_number(policy, "findings.0.line", 3);
    assert_text(policy, "findings.0.detail", "mode");
    assert_true_at(policy, "findings_more");
    assert_text(policy, "tls.version", "TLSv1.3");
    assert_text(policy, "tls.group", "X25519");
    assert_text(policy, "tls.certs.1", "cd02000000000000000000000000000000000000000000000000000000000000");
    assert_number(policy, "tls.errors.0.x509", 20);
    assert_text(policy, "tls.errors.0.name", "unable to get local issuer certificate");
    assert_true_at(policy, "tls.name_match");
    assert_nothing_at(policy, "tls.alert");
    json_decref(root);
    buf_dispose(&out);
}

/* Every way of failing leaves its mark. */
static void test_policy_failures(void **state)
{
    (void)state;
    struct buf out;
    struct domain_facts facts = absent_facts();
    struct judgement judgement = absent_judgement();
    facts.policy.address.a.status = DNS_TIMEOUT;
    facts.policy.fetch = (struct fetch_facts){.not_tried = NOT_TRIED_PACE,
                                              .step = FETCH_BODY,
                                              .net = NET_RESET,
                                              .deadline = true,
                                              .too_large = true,
                                              .truncated = true,
                                              .protocol = true,
                                              .redirect = "https://example.org/",
                                              .tls = {.end = TLS_FAILED,
                                                      .version = 0x7F1C,
                                                      .alert = 40,
                                                      .error_reason = 1040,
                                                      .error_text = "sslv3 alert handshake failure"}};
    judgement.policy_code = FAIL_POLICY_TLS_HANDSHAKE;
    buf_init(&out, LINE_CEILING);
    assert_true(json_domain(&out, &facts, &judgement));
    json_t *root = parse_line(buf_bytes(&out));
    const json_t *policy = at(root, "policy");
    assert_text(policy, "code", "policy.tls.handshake");
    assert_text(policy, "not_tried", "pace");
    assert_text(policy, "net", "reset");
    assert_true_at(policy, "deadline");
    assert_true_at(policy, "too_large");
    assert_true_at(policy, "truncated");
    assert_true_at(policy, "protocol");
    assert_text(policy, "redirect", "https://example.org/");
    assert_text(policy, "tls.end", "failed");
    assert_text(policy, "tls.version", "0x7f1c");
    assert_number(policy, "tls.alert", 40);
    assert_number(policy, "tls.error_reason", 1040);
    assert_text(policy, "tls.error", "sslv3 alert handshake failure");
    assert_nothing_at(policy, "body");
    assert_nothing_at(policy, "mode");
    json_decref(root);
    buf_dispose(&out);
}

static void test_body_of_which_a_part_is_kept(void **state)
{
    (void)state;
    struct buf out;
    struct domain_facts facts = absent_facts();
    struct judgement judgement = absent_judgement();
    facts.policy.fetch =
        (struct fetch_facts){.step = FETCH_DONE, .body = bytes_of("version: "), .body_bytes = 70000};
    buf_init(&out, LINE_CEILING);
    assert_true(json_domain(&out, &facts, &judgement));
    json_t *root = parse_line(buf_bytes(&out));
    assert_bytes(at(root, "policy.body"), facts.policy.fetch.body);
    assert_number(root, "policy.body_bytes", 70000);
    json_decref(root);
    buf_dispose(&out);
}

static void test_whole_body_and_empty_body(void **state)
{
    (void)state;
    struct buf out;
    struct domain_facts facts = absent_facts();
    struct judgement judgement = absent_judgement();
    char *body = malloc(65536);
    assert_non_null(body);
    memset(body, '\n', 65536);
    facts.policy.fetch =
        (struct fetch_facts){.step = FETCH_DONE, .http_status = 200, .body = bytes_make(body, 65536)};
    buf_init(&out, LINE_CEILING);
    assert_true(json_domain(&out, &facts, &judgement));
    json_t *root = parse_line(buf_bytes(&out));
    assert_bytes(at(root, "policy.body"), facts.policy.fetch.body);
    assert_nothing_at(root, "policy.body_bytes");
    json_decref(root);
    facts.policy.fetch.body = bytes_make(NULL, 0);
    buf_reset(&out);
    assert_true(json_domain(&out, &facts, &judgement));
    root = parse_line(buf_bytes(&out));
    assert_text(root, "policy.body", "");
    json_decref(root);
    buf_dispose(&out);
    free(body);
}

/* ---- MX ------------------------------------------------------------------------------------------------ */

struct mx_world {
    struct mx_rr rrs[2];
    struct ip_addr ips[2];
    struct tlsa_rr tlsa[1];
    struct probe_facts probes[2];
    struct host_facts host;
    struct mx_host hosts[2];
    struct ip_verdict ip_verdicts[2];
    struct host_verdict verdicts[2];
};

static void make_mx(struct mx_world *world, struct domain_facts *facts, struct judgement *judgement)
{
    static const uint8_t association[] = {0xDE, 0xAD};
    const uint8_t v4[4] = {198, 51, 100, 7}, v6[16] = {0x20, 1, 0x0D, 0xB8, [15] = 1};
    *world = (struct mx_world){
        .rrs = {{10, "mx1.example.com"}, {20, "mx2.example.com"}},
        .ips = {ip_v4(v4), ip_v6(v6)},
        .tlsa = {{.usage = 3, .selector = 1, .matching = 1, .data = {association, 2}}},
        .ip_verdicts = {{.code = FAIL_NONE, .dane = FAIL_DANE_MISMATCH},
                        {.code = FAIL_SMTP_TLS_EXPIRED, .tlsa = 1}},
    };
    world->probes[0].ip = world->ips[0];
    world->probes[1].ip = world->ips[1];
    world->host =
        (struct host_facts){.host = "mx1.example.com",
                            .address = {.a = {.status = DNS_ANSWERED, .security = DNSSEC_SECURE},
                                        .aaaa = {.status = DNS_ANSWERED, .security = DNSSEC_SECURE},
                                        .ips = world->ips,
                                        .ip_count = 2},
                            .tlsa = {.lookup = {.status = DNS_ANSWERED, .security = DNSSEC_SECURE, .ttl = 60},
                                     .base = "mx1.example.com",
                                     .rrs = world->tlsa,
                                     .rr_count = 1},
                            .probes = world->probes,
                            .probe_count = 2};
    world->hosts[0] = (struct mx_host){.host = "mx1.example.com", .preference = 10, .facts = &world->host};
    world->hosts[1] = (struct mx_host){.host = "mx2.example.com", .preference = 20, .address_literal = true};
    world->verdicts[0] = (struct host_verdict){.policy_match = true,
                                               .dane = DANE_OUTCOME_PARTIAL,
                                               .dane_applies = true,
                                               .ips = world->ip_verdicts,
                                               .ip_count = 2};
    world->verdicts[1] =
        (struct host_verdict){.code = FAIL_MX_ADDRESS_LITERAL, .dane_code = FAIL_DANE_ABSENT};
    facts->mx = (struct mx_facts){
        .lookup = {.status = DNS_ANSWERED, .security = DNSSEC_SECURE}, .rrs = world->rrs, .rr_count = 2};
    facts->hosts = world->hosts;
    facts->host_count = 2;
    judgement->hosts = world->verdicts;
    judgement->host_count = 2;
}

static void test_mx_group(void **state)
{
    (void)state;
    struct buf out;
    struct mx_world world;
    struct domain_facts facts = absent_facts();
    struct judgement judgement = absent_judgement();
    make_mx(&world, &facts, &judgement);
    judgement.policy.parsed = true;
    judgement.provider_mx = "Microsoft 365";
    buf_init(&out, LINE_CEILING);
    assert_true(json_domain(&out, &facts, &judgement));
    json_t *root = parse_line(buf_bytes(&out));
    const json_t *mx = at(root, "mx");
    assert_text(root, "provider.mx", "Microsoft 365");
    assert_text(root, "dnssec.mx", "secure");
    assert_nothing_at(mx, "rrs");
    assert_text(mx, "hosts.0.host", "mx1.example.com");
    assert_number(mx, "hosts.0.pref", 10);
    assert_true_at(mx, "hosts.0.policy_match");
    assert_text(mx, "hosts.0.code", "ok");
    assert_text(mx, "hosts.0.dane", "partial");
    assert_nothing_at(mx, "hosts.0.dnssec_a");
    assert_nothing_at(mx, "hosts.0.addresses");
    assert_text(mx, "hosts.0.ips.0.ip", "198.51.100.7");
    assert_text(mx, "hosts.0.ips.0.code", "ok");
    assert_text(mx, "hosts.0.ips.1.ip", "2001:db8::1");
    assert_text(mx, "hosts.0.ips.1.code", "smtp.tls.expired");
    assert_text(mx, "hosts.0.tlsa.lookup", "answered");
    assert_text(mx, "hosts.0.tlsa.base", "mx1.example.com");
    assert_number(mx, "hosts.0.tlsa.rrs.0.usage", 3);
    assert_text(mx, "hosts.0.tlsa.rrs.0.data", "dead");
    assert_text(mx, "hosts.0.ips.0.dane", "dane.mismatch");
    assert_nothing_at(mx, "hosts.0.ips.0.tlsa");
    assert_text(mx, "hosts.0.ips.1.dane", "ok");
    assert_number(mx, "hosts.0.ips.1.tlsa", 1);
    assert_nothing_at(mx, "hosts.0.dane_code");
    assert_text(mx, "hosts.1.dane_code", "dane.absent");
    assert_text(mx, "hosts.1.code", "mx.address-literal");
    assert_true_at(mx, "hosts.1.address_literal");
    assert_nothing_at(mx, "hosts.1.lookup_a");
    json_decref(root);
    buf_dispose(&out);
}

/* What the hosts do not tell stands in rrs and addresses. */
static void test_mx_rrs_and_addresses_are_never_lost(void **state)
{
    (void)state;
    struct buf out;
    struct mx_world world;
    struct domain_facts facts = absent_facts();
    struct judgement judgement = absent_judgement();
    make_mx(&world, &facts, &judgement);
    facts.host_count = 1;
    world.host.probe_count = 1;
    world.host.address.aaaa.security = DNSSEC_BOGUS;
    buf_init(&out, LINE_CEILING);
    assert_true(json_domain(&out, &facts, &judgement));
    json_t *root = parse_line(buf_bytes(&out));
    assert_number(root, "mx.rrs.1.pref", 20);
    assert_text(root, "mx.rrs.1.host", "mx2.example.com");
    assert_text(root, "mx.hosts.0.addresses.1", "2001:db8::1");
    assert_int_equal(json_array_size(at(root, "mx.hosts.0.ips")), 1);
    assert_text(root, "mx.hosts.0.dnssec_aaaa", "bogus");
    assert_nothing_at(root, "mx.hosts.0.policy_match");
    json_decref(root);
    buf_dispose(&out);
}

static void test_null_mx(void **state)
{
    (void)state;
    struct buf out;
    struct mx_rr rr = {.host = "."};
    struct domain_facts facts = absent_facts();
    struct judgement judgement = absent_judgement();
    facts.mx.rrs = &rr;
    facts.mx.rr_count = 1;
    buf_init(&out, LINE_CEILING);
    assert_true(json_domain(&out, &facts, &judgement));
    json_t *root = parse_line(buf_bytes(&out));
    assert_true_at(root, "mx.null");
    assert_text(root, "mx.rrs.0.host", ".");
    assert_nothing_at(root, "mx.hosts");
    json_decref(root);
    buf_dispose(&out);
}

/* TXT-8: where the lookup failed, nothing is said about a record. */
static void test_failed_lookup_has_no_code(void **state)
{
    (void)state;
    static const struct {
        enum dns_status status;
        bool code;
    } cases[] = {{DNS_NXDOMAIN, true}, {DNS_NODATA, true}, {DNS_ANSWERED, true}, {DNS_SERVFAIL, false},
                 {DNS_TIMEOUT, false}, {DNS_BOGUS, false}, {DNS_REFUSED, false}};
    struct domain_facts facts = absent_facts();
    struct judgement judgement = absent_judgement();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out;
        facts.txt.lookup.status = facts.tlsrpt.lookup.status = cases[i].status;
        buf_init(&out, LINE_CEILING);
        assert_true(json_domain(&out, &facts, &judgement));
        json_t *root = parse_line(buf_bytes(&out));
        assert_text(root, "txt.lookup", dns_status_name(cases[i].status));
        assert_int_equal(at(root, "txt.code") != NULL, cases[i].code);
        assert_int_equal(at(root, "tlsrpt.code") != NULL, cases[i].code);
        json_decref(root);
        buf_dispose(&out);
    }
}

/* ---- any bytes ----------------------------------------------------------------------------------------- */

static void test_text_or_base64(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t len;
        bool text;
    } cases[] = {
        {"", 0, true},
        {"plain \" \\ / text", 16, true},
        {"\t\r\n", 3, true},
        {"\0", 1, false},
        {"a\x1F", 2, false},
        {"\x7F", 1, false},
        {"\x80", 1, false},
        {"\xC0\xAF", 2, false},         /* overlong */
        {"\xC1\xBF", 2, false},         /* overlong */
        {"\xC2\x80", 2, false},         /* U+0080, a control character */
        {"\xC2\x9F", 2, false},         /* U+009F, the last of them */
        {"\xC2\xA0", 2, true},          /* U+00A0 */
        {"\xDF\xBF", 2, true},          /* U+07FF */
        {"\xE0\x9F\xBF", 3, false},     /* overlong */
        {"\xE0\xA0\x80", 3, true},      /* U+0800 */
        {"\xE2\x80\xA8", 3, true},      /* U+2028 is no control character */
        {"\xED\x9F\xBF", 3, true},      /* U+D7FF */
        {"\xED\xA0\x80", 3, false},     /* a surrogate */
        {"\xEF\xBF\xBD", 3, true},      /* U+FFFD */
        {"\xEF\xBF", 2, false},         /* cut */
        {"\xE2\x28\xA1", 3, false},     /* no follower */
        {"\xF0\x8F\xBF\xBF", 4, false}, /* overlong */
        {"\xF0\x90\x80\x80", 4, true},  /* U+10000 */
        {"\xF4\x8F\xBF\xBD", 4, true},  /* U+10FFFD */
        {"\xF4\x90\x80\x80", 4, false}, /* past it */
        {"\xF0\x9F\x98", 3, false},     /* cut */
        {"\xF5\x80\x80\x80", 4, false},
        {"\xFF\xFE", 2, false},
        {"v=STSv1; id=\xC3\xA4;", 15, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out;
        struct bytes text = bytes_make(cases[i].bytes, cases[i].len);
        struct reject_line reject = {.file = "a.csv", .text = text, .reason = FAIL_INPUT_BAD_NAME};
        buf_init(&out, LINE_CEILING);
        assert_int_equal(json_is_text(text), cases[i].text);
        assert_true(json_reject(&out, &reject));
        json_t *root = parse_line(buf_bytes(&out));
        assert_int_equal(json_is_string(at(root, "text")), cases[i].text);
        assert_bytes(at(root, "text"), text);
        json_decref(root);
        buf_dispose(&out);
    }
}

/* What nobody sees, or what turns the text around it, is no byte of the JSON, and reads back. */
static void test_hidden_characters(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
    } cases[] = {
        {"user\xE2\x80\xAEtxt.exe", "\"user\\u202etxt.exe\""},
        {"a\xC2\xADz", "\"a\\u00adz\""},
        {"ab\xE2\x80\xA8\n\"", "\"ab\\u2028\\n\\\"\""},
        {"five \xF3\xA0\x81\xA5", "\"five \\udb40\\udc65\""}, /* U+E0065 */
        {"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80", "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\""},
        {"\xE2\x80\x8B\xE2\x80\x8B", "\"\\u200b\\u200b\""}, /* nothing but hidden, twice as long */
        {"\xC2\xAD\xC2\xAD", "\"\\u00ad\\u00ad\""},         /* as long as it can be */
        {"\xF3\xA0\x81\xA5", "\"\\udb40\\udc65\""},         /* likewise */
        {"\xF4\x8F\xBF\xBF", "\"\\udbff\\udfff\""},         /* U+10FFFF, no character */
        {"\xC2\x85\xC2\xAD", "{\"base64\":\"woXCrQ==\"}"},  /* with a control character */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buf out;
        struct json json;
        buf_init(&out, LINE_CEILING);
        json_start(&json, &out);
        json_put_text(&json, NULL, bytes_of(cases[i].text));
        assert_true(json_finish(&json));
        out.data[out.len - 1] = 0;
        assert_string_equal((const char *)out.data, cases[i].written);
        if (json_is_text(bytes_of(cases[i].text)))
            assert_true(out.len - 3 <= JSON_TIMES_MOST * strlen(cases[i].text));
        buf_dispose(&out);
        struct reject_line reject = {
            .file = "a.csv", .text = bytes_of(cases[i].text), .reason = FAIL_INPUT_BAD_NAME};
        buf_init(&out, LINE_CEILING);
        assert_true(json_reject(&out, &reject));
        json_t *root = parse_line(buf_bytes(&out));
        assert_bytes(at(root, "text"), bytes_of(cases[i].text));
        json_decref(root);
        buf_dispose(&out);
    }
}

/* Lines of earlier versions and of others, in which they stand as they are. */
static void test_hidden_in_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line, *shown;
    } cases[] = {
        {"{\"a\":\"\xEF\xBB\xBFx\xC3\xA4\",\"b\":\"\xF3\xA0\x81\xA5\"}",
         "{\"a\":\"\\ufeffx\xC3\xA4\",\"b\":\"\\udb40\\udc65\"}"},
        {"{\"a\":\"good\x7F\x7F\xC2\x9B\"}", "{\"a\":\"good\\u007f\\u007f\\u009b\"}"},
        {"{\"a\":\t1,\r\"b\":2}", "{\"a\": 1, \"b\":2}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out;
        buf_init(&out, LINE_CEILING);
        assert_true(json_show(&out, bytes_of(cases[i].line)));
        buf_byte(&out, 0);
        assert_string_equal((const char *)out.data, cases[i].shown);
        buf_dispose(&out);
    }
}

/* A count under a name of somebody's, however hidden it is. */
static void test_hidden_names(void **state)
{
    (void)state;
    char name[JSON_NAME_BYTES + 1];
    struct buf out;
    struct json json;
    for (size_t i = 0; i + 2 < sizeof name; i += 2)
        memcpy(name + i, "\xC2\xAD", 3);
    buf_init(&out, LINE_CEILING);
    json_start(&json, &out);
    json_open(&json, NULL);
    json_put_count(&json, name, 7);
    json_close(&json);
    assert_true(json_finish(&json));
    json_t *root = parse_line(buf_bytes(&out));
    assert_int_equal(json_integer_value(json_object_get(root, name)), 7);
    json_decref(root);
    buf_dispose(&out);
}

static bool has_control(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t byte = text.data[i];
        if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F)
            return true;
        if (byte == 0xC2 && i + 1 < text.len && text.data[i + 1] >= 0x80 && text.data[i + 1] < 0xA0)
            return true;
    }
    return false;
}

/* Against jansson's own idea of UTF-8. */
static void test_random_bytes_against_jansson(void **state)
{
    (void)state;
    static const uint8_t often[] = {0xC2, 0x80, 0xE0, 0xA0, 0xED, 0x9F, 0xF0,
                                    0x90, 0xF4, 0x8F, 'a',  '"',  '\\', 0xBF};
    uint64_t seed = 88172645463325252u;
    size_t texts = 0;
    for (int round = 0; round < 100000; round++) {
        uint8_t bytes[40];
        size_t plain = draw(&seed, 25), len = plain + draw(&seed, 9);
        for (size_t i = 0; i < plain; i++)
            bytes[i] = (uint8_t)(0x20 + draw(&seed, 0x5F));
        for (size_t i = plain; i < len; i++)
            bytes[i] = draw(&seed, 4) > 0 ? often[draw(&seed, sizeof often)] : (uint8_t)draw(&seed, 256);
        json_t *value = json_stringn((const char *)bytes, len);
        bool expected = value != NULL && !has_control(bytes_make(bytes, len));
        assert_int_equal(json_is_text(bytes_make(bytes, len)), expected);
        texts += expected;
        json_decref(value);
    }
    assert_in_range(texts, 1000, 99000);
}

static struct bytes random_bytes(uint64_t *seed, uint8_t *room, size_t most)
{
    size_t len = draw(seed, (unsigned)most + 1);
    bool ascii = draw(seed, 2) == 0;
    for (size_t i = 0; i < len; i++)
        room[i] = ascii ? (uint8_t)(0x20 + draw(seed, 0x5F)) : (uint8_t)draw(seed, 256);
    return bytes_make(room, len);
}

/* Whatever stands in the facts, also what their contract forbids, the line is valid and the texts come back.
 */
static void test_random_facts_come_back(void **state)
{
    (void)state;
    uint64_t seed = 4101842887655102017u;
    for (int round = 0; round < 2000; round++) {
        uint8_t rooms[4][64];
        struct bytes rr = random_bytes(&seed, rooms[0], 64);
        struct bytes body = random_bytes(&seed, rooms[1], 64);
        char label[33];
        struct bytes drawn = random_bytes(&seed, rooms[2], 32);
        for (size_t i = 0; i < drawn.len; i++)
            label[i] = drawn.data[i] == 0 ? ' ' : (char)drawn.data[i];
        label[drawn.len] = 0;
        struct domain_facts facts = absent_facts();
        struct judgement judgement = absent_judgement();
        facts.ordinal = next_random(&seed) >> draw(&seed, 64);
        facts.time = (int64_t)next_random(&seed);
        facts.label = label;
        facts.domain = label;
        facts.txt.rrs = &rr;
        facts.txt.rr_count = 1;
        facts.txt.lookup.status = (enum dns_status)draw(&seed, DNS_STATUS_COUNT);
        facts.policy.fetch = (struct fetch_facts){.step = FETCH_DONE, .http_status = 200, .body = body};
        judgement.outcome = (enum outcome)draw(&seed, OUTCOME_COUNT);
        struct buf out;
        buf_init(&out, LINE_CEILING);
        assert_true(json_domain(&out, &facts, &judgement));
        if (facts.ordinal <= INT64_MAX) { /* jansson's integers end there */
            json_t *root = parse_line(buf_bytes(&out));
            assert_bytes(at(root, "label"), bytes_of(label));
            assert_bytes(at(root, "txt.rrs.0"), rr);
            assert_bytes(at(root, "policy.body"), body);
            assert_number(root, "ordinal", (long long)facts.ordinal);
            assert_int_equal(json_string_length(at(root, "time")), 24);
            json_decref(root);
        }
        buf_dispose(&out);
    }
}

/* ---- ceilings ------------------------------------------------------------------------------------------ */

static void test_ceiling_leaves_the_buffer_as_it_was(void **state)
{
    (void)state;
    struct buf whole;
    struct mx_world world;
    struct domain_facts facts = absent_facts();
    struct judgement judgement = absent_judgement();
    make_mx(&world, &facts, &judgement);
    buf_init(&whole, LINE_CEILING);
    assert_true(json_domain(&whole, &facts, &judgement));
    for (size_t ceiling = 0; ceiling < whole.len; ceiling++) {
        struct buf out;
        buf_init(&out, ceiling + 5);
        assert_true(buf_text(&out, "first"));
        assert_false(json_domain(&out, &facts, &judgement));
        assert_false(out.failed);
        assert_int_equal(out.len, 5);
        assert_memory_equal(out.data, "first", 5);
        buf_dispose(&out);
    }
    struct buf exact;
    buf_init(&exact, whole.len);
    assert_true(json_domain(&exact, &facts, &judgement));
    assert_true(bytes_equal(buf_bytes(&exact), buf_bytes(&whole)));
    buf_dispose(&exact);
    buf_dispose(&whole);
}

static void test_failed_buffer_stays_failed(void **state)
{
    (void)state;
    struct buf out;
    struct reject_line reject = {.file = "a", .reason = FAIL_INPUT_BAD_NAME};
    buf_init(&out, 3);
    assert_false(buf_text(&out, "too long"));
    assert_false(json_reject(&out, &reject));
    assert_true(out.failed);
    assert_int_equal(out.len, 0);
    buf_dispose(&out);
}

/* ---- the other records --------------------------------------------------------------------------------- */

static void test_host_record(void **state)
{
    (void)state;
    struct buf out;
    const uint8_t v4[4] = {198, 51, 100, 7};
    struct bytes ehlo[] = {bytes_of("PIPELINING"), bytes_make("BAD\0", 4)};
    struct probe_facts probe = {.host = "mx.example.com",
                                .ip = ip_v4(v4),
                                .time = INT64_C(1769860800123),
                                .step = SMTP_QUIT,
                                .end = SMTP_END_DONE,
                                .reply_code = 221,
                                .greeting = bytes_of("mx.example.com ESMTP"),
                                .ehlo = ehlo,
                                .ehlo_count = 2,
                                .starttls_offered = true,
                                .injected = true,
                                .ehlo_tls_count = 4,
                                .tls = {.end = TLS_DONE, .version = 0x0303, .alert = -1},
                                .ms_connect = 1,
                                .ms_greeting = 2,
                                .ms_ehlo = 3,
                                .ms_tls = 4,
                                .ms = 10};
    buf_init(&out, LINE_CEILING);
    assert_true(json_host(&out, &probe, FAIL_SMTP_STARTTLS_INJECTED));
    json_t *root = parse_line(buf_bytes(&out));
    assert_text(root, "host", "mx.example.com");
    assert_text(root, "ip", "198.51.100.7");
    assert_text(root, "time", "2026-01-31T12:00:00.123Z");
    assert_text(root, "code", "smtp.starttls.injected");
    assert_text(root, "step", "quit");
    assert_text(root, "end", "done");
    assert_number(root, "reply_code", 221);
    assert_text(root, "greeting", "mx.example.com ESMTP");
    assert_text(root, "ehlo.0", "PIPELINING");
    assert_bytes(at(root, "ehlo.1"), ehlo[1]);
    assert_true_at(root, "starttls");
    assert_true_at(root, "injected");
    assert_number(root, "ehlo_tls", 4);
    assert_text(root, "tls.version", "TLSv1.2");
    assert_number(root, "ms.connect", 1);
    assert_number(root, "ms.total", 10);
    assert_nothing_at(root, "errno");
    assert_nothing_at(root, "not_tried");
    assert_nothing_at(root, "legacy");
    json_decref(root);
    buf_dispose(&out);
}

/* TLS-4: both handshakes, each with its own facts. */
static void test_host_record_of_two_handshakes(void **state)
{
    (void)state;
    struct buf out;
    struct tls_facts legacy = {.end = TLS_DONE,
                               .version = 0x0301,
                               .cipher = "TLS_RSA_WITH_AES_128_CBC_SHA",
                               .signature = "MD5-SHA1",
                               .alert = -1};
    struct probe_facts probe = {.host = "mx.example.com",
                                .step = SMTP_HANDSHAKE,
                                .end = SMTP_END_TLS,
                                .tls = {.end = TLS_FAILED, .alert = 70, .error_reason = 1070},
                                .legacy = &legacy};
    buf_init(&out, LINE_CEILING);
    assert_true(json_host(&out, &probe, FAIL_SMTP_TLS_VERSION));
    json_t *root = parse_line(buf_bytes(&out));
    assert_text(root, "code", "smtp.tls.version");
    assert_text(root, "tls.end", "failed");
    assert_number(root, "tls.alert", 70);
    assert_text(root, "legacy.end", "done");
    assert_text(root, "legacy.version", "TLSv1");
    assert_text(root, "legacy.cipher", "TLS_RSA_WITH_AES_128_CBC_SHA");
    assert_text(root, "legacy.signature", "MD5-SHA1");
    assert_nothing_at(root, "legacy.alert");
    json_decref(root);
    buf_dispose(&out);
}

static void test_host_record_of_a_failure(void **state)
{
    (void)state;
    struct buf out;
    struct probe_facts probe = {.host = "mx.example.com",
                                .not_tried = NOT_TRIED_DEAD,
                                .step = SMTP_CONNECT,
                                .end = SMTP_END_NET,
                                .net = NET_REFUSED,
                                .sys_errno = 111,
                                .reply = bytes_of("go away")};
    buf_init(&out, LINE_CEILING);
    assert_true(json_host(&out, &probe, FAIL_NONE));
    json_t *root = parse_line(buf_bytes(&out));
    assert_text(root, "code", "ok");
    assert_text(root, "not_tried", "dead");
    assert_text(root, "net", "refused");
    assert_text(root, "errno", "ECONNREFUSED");
    assert_text(root, "reply", "go away");
    assert_true(json_is_false(at(root, "starttls")));
    assert_nothing_at(root, "ip");
    assert_nothing_at(root, "tls");
    assert_nothing_at(root, "ehlo");
    json_decref(root);
    buf_dispose(&out);
}

static void test_cert_record(void **state)
{
    (void)state;
    struct buf out;
    const char *names[] = {"mx.example.com", "*.example.com"};
    struct cert_facts cert = {.sha256 = {0x01, 0xFF},
                              .subject = "CN=mx.example.com",
                              .issuer = "CN=Example CA",
                              .dns_names = names,
                              .dns_name_count = 2,
                              .not_before = 1769860800,
                              .not_after = INT64_MAX, /* no certificate can say so; a parser's fault could */
                              .key_type = "EC P-256",
                              .key_bits = 256,
                              .signature = "ecdsa-with-SHA256",
                              .is_ca = true,
                              .aia_issuer = "http://ca.example/ca.der",
                              .der = bytes_make("\x30\x82\x00\xFF", 4)};
    buf_init(&out, LINE_CEILING);
    assert_true(json_cert(&out, &cert));
    json_t *root = parse_line(buf_bytes(&out));
    assert_text(root, "sha256", "01ff000000000000000000000000000000000000000000000000000000000000");
    assert_int_equal(json_string_length(at(root, "sha512")), 128);
    assert_int_equal(json_string_length(at(root, "spki_sha512")), 128);
    assert_text(root, "dns_names.1", "*.example.com");
    assert_text(root, "not_before", "2026-01-31T12:00:00.000Z");
    assert_text(root, "not_after", "9999-12-31T23:59:59.999Z");
    assert_text(root, "key.type", "EC P-256");
    assert_number(root, "key.bits", 256);
    assert_true_at(root, "ca");
    assert_true(json_is_false(at(root, "self_signed")));
    assert_text(root, "der", "MIIA/w==");
    json_decref(root);
    cert.der = bytes_make(NULL, 0);
    cert.not_before = INT64_MIN;
    buf_reset(&out);
    assert_true(json_cert(&out, &cert));
    root = parse_line(buf_bytes(&out));
    assert_nothing_at(root, "der");
    assert_text(root, "not_before", "1000-01-01T00:00:00.000Z");
    json_decref(root);
    buf_dispose(&out);
}

static void test_reject_record(void **state)
{
    (void)state;
    struct buf out;
    struct reject_line reject = {.ordinal = UINT64_MAX,
                                 .file = "names.csv",
                                 .line = 7,
                                 .text = bytes_of("a@b"),
                                 .reason = FAIL_INPUT_IS_EMAIL};
    buf_init(&out, LINE_CEILING);
    assert_true(json_reject(&out, &reject));
    assert_non_null(strstr(buf_string(&out), "\"ordinal\":18446744073709551615,"));
    reject.ordinal = 3;
    buf_reset(&out);
    assert_true(json_reject(&out, &reject));
    json_t *root = parse_line(buf_bytes(&out));
    assert_number(root, "ordinal", 3);
    assert_text(root, "file", "names.csv");
    assert_number(root, "line", 7);
    assert_text(root, "text", "a@b");
    assert_text(root, "reason", "input.is-email");
    json_decref(root);
    buf_dispose(&out);
}

/* ---- names --------------------------------------------------------------------------------------------- */

#define CHECK_NAMES(function, type, count)                                                                   \
    for (int i = 0; i < (int)(count); i++) {                                                                 \
        const char *name = function((type)i);                                                                \
        assert_non_null(name);                                                                               \
        assert_true(name[0] != 0 && strspn(name, "abcdefghijklmnopqrstuvwxyz-") == strlen(name));            \
        for (int k = 0; k < i; k++)                                                                          \
            assert_string_not_equal(name, function((type)k));                                                \
    }

static void test_every_value_has_a_name_of_its_own(void **state)
{
    (void)state;
    CHECK_NAMES(dns_status_name, enum dns_status, DNS_STATUS_COUNT)
    CHECK_NAMES(dns_security_name, enum dns_security, DNSSEC_COUNT)
    CHECK_NAMES(tls_end_name, enum tls_end, TLS_END_COUNT)
    CHECK_NAMES(net_error_name, enum net_error, NET_ERROR_COUNT)
    CHECK_NAMES(not_tried_name, enum not_tried, NOT_TRIED_COUNT)
    CHECK_NAMES(fetch_step_name, enum fetch_step, FETCH_STEP_COUNT)
    CHECK_NAMES(smtp_step_name, enum smtp_step, SMTP_STEP_COUNT)
    CHECK_NAMES(smtp_end_name, enum smtp_end, SMTP_END_COUNT)
    CHECK_NAMES(sts_mode_name, enum sts_mode, STS_MODE_COUNT)
    CHECK_NAMES(outcome_name, enum outcome, OUTCOME_COUNT)
    CHECK_NAMES(dane_outcome_name, enum dane_outcome, DANE_OUTCOME_COUNT)
    CHECK_NAMES(tls_outcome_name, enum tls_outcome, TLS_OUTCOME_COUNT)
}

/* ---- against yajl_gen, which wrote these files once ---------------------------------------------------- */

enum { PAIR_CEILING = 1 << 20, PAIR_DEPTH = 12, PAIR_CALLS = 200 };

/* One value, told to both writers in the same calls. */
struct pair {
    struct json json;
    struct buf ours;
    yajl_gen theirs;
    unsigned random;
    unsigned depth;
    bool objects[PAIR_DEPTH + 1];
};

static unsigned pair_draw(struct pair *pair, unsigned below)
{
    pair->random = pair->random * 1103515245 + 12345;
    return (pair->random >> 16) % below;
}

static const char *pair_key(struct pair *pair)
{
    static const char *const keys[] = {"a", "host", "policy_match", "x-y z", "eightbyt", ""};
    if (pair->depth == 0 || !pair->objects[pair->depth])
        return NULL;
    const char *key = keys[pair_draw(pair, 6)];
    assert_int_equal(yajl_gen_string(pair->theirs, (const unsigned char *)key, strlen(key)),
                     yajl_gen_status_ok);
    return key;
}

static void pair_text(struct pair *pair)
{
    static const char *const parts[] = {"a",
                                        "\"",
                                        "\\",
                                        "\n",
                                        "\t",
                                        "\r",
                                        " ",
                                        "/",
                                        "mx1.example.org",
                                        "\xc3\xa9",
                                        "\xe2\x82\xac",
                                        "}",
                                        "\xf0\x9f\x93\xa7"};
    char text[256] = "";
    for (unsigned i = pair_draw(pair, 12); i > 0; i--)
        strcat(text, parts[pair_draw(pair, sizeof parts / sizeof parts[0])]);
    const char *key = pair_key(pair);
    (void)yajl_gen_string(pair->theirs, (const unsigned char *)text, strlen(text));
    json_put_string(&pair->json, key, text);
}

static void pair_number(struct pair *pair)
{
    static const long long numbers[] = {0, 1, -1, 9, 10, 255, 1234567890123, INT64_MAX, INT64_MIN};
    long long number = numbers[pair_draw(pair, sizeof numbers / sizeof numbers[0])];
    const char *key = pair_key(pair);
    (void)yajl_gen_integer(pair->theirs, number);
    if (number >= 0 && pair_draw(pair, 2) == 0)
        json_put_unsigned(&pair->json, key, (uint64_t)number);
    else
        json_put_signed(&pair->json, key, number);
}

static void pair_open(struct pair *pair)
{
    bool is_object = pair_draw(pair, 2) == 0;
    const char *key = pair_key(pair);
    if (is_object) {
        (void)yajl_gen_map_open(pair->theirs);
        json_open(&pair->json, key);
    } else {
        (void)yajl_gen_array_open(pair->theirs);
        json_open_array(&pair->json, key);
    }
    pair->objects[++pair->depth] = is_object;
}

static void pair_close(struct pair *pair)
{
    if (pair->objects[pair->depth--]) {
        (void)yajl_gen_map_close(pair->theirs);
        json_close(&pair->json);
    } else {
        (void)yajl_gen_array_close(pair->theirs);
        json_close_array(&pair->json);
    }
}

static void pair_step(struct pair *pair)
{
    const char *key;
    switch (pair_draw(pair, 6)) {
    case 0:
        if (pair->depth < PAIR_DEPTH)
            pair_open(pair);
        break;
    case 1:
        if (pair->depth > 1)
            pair_close(pair);
        break;
    case 2:
        pair_number(pair);
        break;
    case 3:
        key = pair_key(pair);
        (void)yajl_gen_bool(pair->theirs, 1);
        json_put_flag(&pair->json, key, true);
        break;
    case 4:
        key = pair_key(pair);
        (void)yajl_gen_null(pair->theirs);
        json_put_null(&pair->json, key);
        break;
    default:
        pair_text(pair);
        break;
    }
}

static void compare_one(unsigned seed, bool indented)
{
    struct pair pair = {.random = seed, .theirs = yajl_gen_alloc(NULL)};
    const unsigned char *text = NULL;
    size_t len = 0;
    assert_non_null(pair.theirs);
    buf_init(&pair.ours, PAIR_CEILING);
    json_start(&pair.json, &pair.ours);
    if (indented) {
        json_indent(&pair.json);
        (void)yajl_gen_config(pair.theirs, yajl_gen_beautify, 1);
        (void)yajl_gen_config(pair.theirs, yajl_gen_indent_string, "  ");
    }
    pair_open(&pair);
    for (unsigned i = pair_draw(&pair, PAIR_CALLS); i > 0; i--)
        pair_step(&pair);
    while (pair.depth > 0)
        pair_close(&pair);
    assert_true(json_finish(&pair.json));
    assert_int_equal(yajl_gen_get_buf(pair.theirs, &text, &len), yajl_gen_status_ok);
    if (len + !indented != pair.ours.len || memcmp(text, pair.ours.data, len) != 0)
        fail_msg("seed %u: %.*s, not %.*s", seed, (int)pair.ours.len, (const char *)pair.ours.data, (int)len,
                 (const char *)text);
    yajl_gen_free(pair.theirs);
    buf_dispose(&pair.ours);
}

static void test_bytes_are_those_of_yajl(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 4000; seed++)
        compare_one(seed, seed % 2 == 0);
}

/* Each byte value in a word, at its end and in a rest that is no word. */
static void test_each_byte_is_escaped_or_told_apart(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t place = 0; place < 19; place++) {
            struct json json;
            struct buf out;
            uint8_t text[19];
            memset(text, 'm', sizeof text);
            text[place] = (uint8_t)byte;
            buf_init(&out, 4096);
            json_start(&json, &out);
            json_open(&json, NULL);
            json_put_text(&json, "t", bytes_make(text, sizeof text));
            json_close(&json);
            assert_true(json_finish(&json));
            json_t *root = parse_line(buf_bytes(&out));
            assert_bytes(at(root, "t"), bytes_make(text, sizeof text));
            json_decref(root);
            buf_dispose(&out);
        }
    }
}

static void assert_refused(struct json *json, const struct buf *out)
{
    assert_false(json_finish(json));
    assert_int_equal(out->len, 0);
}

static void test_misplaced_elements_are_refused(void **state)
{
    struct json json;
    struct buf out;
    (void)state;
    buf_init(&out, 4096);
    json_start(&json, &out); /* nothing at all */
    assert_refused(&json, &out);
    json_start(&json, &out); /* left open */
    json_open(&json, NULL);
    assert_refused(&json, &out);
    json_start(&json, &out); /* closed as something else */
    json_open(&json, NULL);
    json_close_array(&json);
    assert_refused(&json, &out);
    json_start(&json, &out); /* closed once too often */
    json_open(&json, NULL);
    json_close(&json);
    json_close(&json);
    assert_refused(&json, &out);
    json_start(&json, &out); /* an element without a key */
    json_open(&json, NULL);
    json_put_null(&json, NULL);
    json_close(&json);
    assert_refused(&json, &out);
    json_start(&json, &out); /* a second value */
    json_put_null(&json, NULL);
    json_put_null(&json, NULL);
    assert_refused(&json, &out);
    json_start(&json, &out); /* deeper than can be */
    for (int i = 0; i < 64; i++)
        json_open_array(&json, NULL);
    for (int i = 0; i < 64; i++)
        json_close_array(&json);
    assert_refused(&json, &out);
    buf_dispose(&out);
}

static void test_names_as_keys(void **state)
{
    struct json json;
    struct buf out;
    char name[JSON_NAME_BYTES + 2];
    (void)state;
    buf_init(&out, 4096);
    json_start(&json, &out);
    json_open(&json, NULL);
    json_put_count(&json, "a \"b\" \\c", 7);
    json_close(&json);
    assert_true(json_finish(&json));
    assert_string_equal(buf_string(&out), "{\"a \\\"b\\\" \\\\c\":7}\n");
    buf_reset(&out);
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = 0;
    json_start(&json, &out);
    json_open(&json, NULL);
    json_put_count(&json, name, 1);
    json_close(&json);
    assert_refused(&json, &out);
    json_start(&json, &out);
    json_open(&json, NULL);
    json_put_count(&json, "\x01", 1);
    json_close(&json);
    assert_refused(&json, &out);
    buf_dispose(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absent_record_is_small),
        cmocka_unit_test(test_codes_stand_in_the_order_of_the_table),
        cmocka_unit_test(test_policy_group),
        cmocka_unit_test(test_policy_failures),
        cmocka_unit_test(test_body_of_which_a_part_is_kept),
        cmocka_unit_test(test_whole_body_and_empty_body),
        cmocka_unit_test(test_mx_group),
        cmocka_unit_test(test_mx_rrs_and_addresses_are_never_lost),
        {"MX-1: a null MX is shown as one", test_null_mx, NULL, NULL, NULL},
        {"TXT-8: a failed lookup has no code of a record", test_failed_lookup_has_no_code, NULL, NULL, NULL},
        cmocka_unit_test(test_text_or_base64),
        cmocka_unit_test(test_hidden_characters),
        cmocka_unit_test(test_hidden_in_lines),
        cmocka_unit_test(test_hidden_names),
        cmocka_unit_test(test_random_bytes_against_jansson),
        cmocka_unit_test(test_random_facts_come_back),
        cmocka_unit_test(test_ceiling_leaves_the_buffer_as_it_was),
        cmocka_unit_test(test_failed_buffer_stays_failed),
        cmocka_unit_test(test_host_record),
        cmocka_unit_test(test_host_record_of_two_handshakes),
        cmocka_unit_test(test_host_record_of_a_failure),
        cmocka_unit_test(test_cert_record),
        cmocka_unit_test(test_reject_record),
        cmocka_unit_test(test_every_value_has_a_name_of_its_own),
        cmocka_unit_test(test_bytes_are_those_of_yajl),
        cmocka_unit_test(test_each_byte_is_escaped_or_told_apart),
        cmocka_unit_test(test_misplaced_elements_are_refused),
        cmocka_unit_test(test_names_as_keys),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
