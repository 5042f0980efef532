/* What the policy host's answer says: guards against bots, versions of HTTP, lengths, content codings, and
 * that policy.max_bytes decides nothing (POL-1, POL-9). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "scanner/facts/record_kept.h"
#include "scanner/verdict/parts.h"
#include "scanner/verdict/verdict.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define POLICY       "version: STSv1\nmode: none\nmax_age: 86400\n"

static const int64_t now_ms = INT64_C(1796000000000);

struct http_case {
    const char *name;
    struct fetch_facts fetch;
    const char *body;
    enum outcome outcome;
    enum failure_code code;        /* of the policy */
    enum failure_code also, never; /* among the codes of the domain */
};

#define DONE(code)  .step = FETCH_DONE, .http_status = (code)
#define BODY        .step = FETCH_BODY, .http_status = 200
#define GUARD       OUTCOME_UNKNOWN, FAIL_POLICY_HTTP_CHALLENGE
#define STATUS      OUTCOME_BROKEN, FAIL_POLICY_HTTP_STATUS
#define SERVER      OUTCOME_UNKNOWN, FAIL_POLICY_HTTP_SERVER_ERROR
#define HTML        OUTCOME_BROKEN, FAIL_POLICY_SYNTAX_HTML
#define VERSION     OUTCOME_UNKNOWN, FAIL_POLICY_HTTP_VERSION
#define PAGE(words) "<!DOCTYPE html><html><title>x</title>" words "</html>"

static const struct http_case cases[] = {
    {"POL-1 200", {DONE(200)}, POLICY, OUTCOME_OFF, 0, 0, FAIL_POLICY_HTTP_CHALLENGE},
    /* Guards against bots. */
    {"POL-1 Cloudflare's challenge",
     {DONE(403), .signs = "Server: cloudflare; cf-mitigated: challenge"},
     "",
     GUARD,
     0,
     FAIL_POLICY_HTTP_STATUS},
    {"POL-1 the same with 429", {DONE(429), .signs = "CF-Mitigated:challenge"}, "", GUARD, 0, 0},
    {"POL-1 the same with 503", {DONE(503), .signs = "cf-mitigated: challenge"}, "", GUARD, 0, 0},
    {"POL-1 the same by its page",
     {DONE(403), .signs = "Server: cloudflare"},
     PAGE("window._cf_chl_opt={}"),
     GUARD,
     0,
     0},
    {"POL-1 Cloudflare's block",
     {DONE(403), .signs = "Server: cloudflare"},
     PAGE("<div id=\"cf-error-details\">"),
     GUARD,
     0,
     0},
    {"POL-1 Cloudflare's block as text",
     {DONE(403), .signs = "server: cloudflare"},
     "error code: 1020",
     GUARD,
     0,
     0},
    {"POL-1 403 of a site behind Cloudflare",
     {DONE(403), .signs = "Server: cloudflare"},
     PAGE("<h1>403 Forbidden</h1><hr>nginx<script>__CF$cv$params</script>"),
     STATUS,
     0,
     FAIL_POLICY_HTTP_CHALLENGE},
    {"POL-1 404 of a site behind Cloudflare", {DONE(404), .signs = "Server: cloudflare"}, "", STATUS, 0, 0},
    {"POL-1 the words of another header",
     {DONE(403), .signs = "Server: x cf-mitigated: challenge"},
     "",
     STATUS,
     0,
     0},
    {"POL-1 AWS's challenge", {DONE(202), .signs = "x-amzn-waf-action: challenge"}, "", GUARD, 0, 0},
    {"POL-1 AWS's puzzle", {DONE(405), .signs = "x-amzn-waf-action: captcha"}, "", GUARD, 0, 0},
    {"POL-1 Vercel's",
     {DONE(429), .signs = "Server: Vercel; x-vercel-mitigated: challenge"},
     "",
     GUARD,
     0,
     0},
    {"POL-1 Akamai's",
     {DONE(403), .signs = "Server: AkamaiGHost"},
     PAGE("<H1>Access Denied</H1> Reference #18."),
     GUARD,
     0,
     0},
    {"POL-1 DataDome's", {DONE(403), .signs = "X-DataDome: protected; X-DD-B: 1"}, "", GUARD, 0, 0},
    {"POL-1 DataDome's by its page",
     {DONE(403)},
     PAGE("<script src=\"https://ct.captcha-delivery.com/c.js\">"),
     GUARD,
     0,
     0},
    {"POL-1 DataDome's by one line", {DONE(403), .signs = "X-DataDome: protected"}, "", GUARD, 0, 0},
    {"POL-1 404 of a site behind DataDome", {DONE(404), .signs = "X-DataDome: protected"}, "", STATUS, 0, 0},
    {"POL-1 503 of a site behind Akamai", {DONE(503), .signs = "Server: AkamaiGHost"}, "", SERVER, 0, 0},
    {"POL-1 Azure's",
     {DONE(403), .signs = "x-azure-ref: 0x"},
     "<h2>The request is blocked.</h2>",
     GUARD,
     0,
     0},
    {"POL-1 Imperva's",
     {DONE(403), .signs = "X-Iinfo: 1-2-3"},
     PAGE("Incapsula incident ID: 1"),
     GUARD,
     0,
     0},
    {"POL-1 Imperva's with 200",
     {DONE(200)},
     PAGE("<iframe src=\"/_Incapsula_Resource?x\">"),
     GUARD,
     0,
     FAIL_POLICY_HTTP_STATUS},
    {"POL-1 Kasada's", {DONE(429), .signs = "x-kpsdk-ct: 0a"}, "", GUARD, 0, 0},
    {"POL-1 HUMAN's", {DONE(403)}, PAGE("<div id=\"px-captcha\">"), GUARD, 0, 0},
    {"POL-1 Sucuri's", {DONE(403), .signs = "Server: Sucuri/Cloudproxy; X-Sucuri-Block: x"}, "", GUARD, 0, 0},
    {"POL-1 DDoS-Guard's",
     {DONE(403), .signs = "Server: ddos-guard"},
     PAGE("<title>DDoS-Guard</title>"),
     GUARD,
     0,
     0},
    {"POL-1 F5's with 200",
     {DONE(200)},
     PAGE("The requested URL was rejected. Please consult with your administrator. Your support ID is: 1"),
     GUARD,
     0,
     0},
    {"POL-1 Anubis",
     {DONE(200)},
     PAGE("<script src=\"/.within.website/x/cmd/anubis/static/js/main.mjs\">"),
     GUARD,
     0,
     0},
    {"POL-1 a puzzle of three", {DONE(403)}, PAGE("<div class=\"h-captcha\">"), GUARD, 0, 0},
    {"POL-2 a page for every path with a puzzle in it",
     {DONE(200)},
     PAGE("<div class=\"g-recaptcha\">"),
     HTML,
     0,
     FAIL_POLICY_HTTP_CHALLENGE},
    {"POL-1 429 of no guard", {DONE(429)}, PAGE("slow down"), SERVER, 0, FAIL_POLICY_HTTP_CHALLENGE},
    {"POL-1 503 of no guard", {DONE(503)}, PAGE("back soon"), SERVER, 0, 0},
    {"POL-1 403 of no guard", {DONE(403)}, PAGE("Forbidden"), STATUS, 0, 0},
    {"POL-1 a policy behind a guard",
     {DONE(200), .signs = "cf-mitigated: challenge"},
     POLICY,
     OUTCOME_OFF,
     0,
     0,
     FAIL_POLICY_HTTP_CHALLENGE},
    {"POL-1 a redirect behind a guard",
     {DONE(302), .signs = "cf-mitigated: challenge"},
     "",
     OUTCOME_BROKEN,
     FAIL_POLICY_HTTP_REDIRECT,
     0,
     0},
    /* Versions of HTTP. */
    {"POL-1 a frame of HTTP/2",
     {.step = FETCH_HEADERS, .http2 = true, .protocol = true},
     "",
     VERSION,
     0,
     FAIL_POLICY_HTTP_PROTOCOL},
    {"POL-1 505", {DONE(505)}, "", VERSION, 0, FAIL_POLICY_HTTP_SERVER_ERROR},
    {"POL-1 426 asks for HTTP/2", {DONE(426), .http2 = true}, "", VERSION, 0, 0},
    {"POL-1 426 asks for something else", {DONE(426)}, "", STATUS, 0, 0},
    {"POL-1 501", {DONE(501)}, "", SERVER, 0, 0},
    {"POL-1 something else than HTTP",
     {.step = FETCH_HEADERS, .protocol = true},
     "",
     OUTCOME_BROKEN,
     FAIL_POLICY_HTTP_PROTOCOL,
     0,
     0},
    /* Lengths. */
    {"RFC 9112 section 6.3 two lengths",
     {BODY, .bad_length = true},
     "",
     OUTCOME_BROKEN,
     FAIL_POLICY_HTTP_CONTENT_LENGTH,
     0,
     FAIL_POLICY_HTTP_TRUNCATED},
    {"RFC 9112 section 6.3 no number, with 404",
     {.step = FETCH_HEADERS, .http_status = 404, .bad_length = true},
     "",
     STATUS,
     0,
     0},
    /* Content codings. */
    {"POL-9 decoded",
     {DONE(200), .coding = "gzip", .decoding = FETCH_DECODED},
     POLICY,
     OUTCOME_OFF,
     0,
     FAIL_POLICY_HTTP_CONTENT_CODING,
     0},
    {"POL-9 identity",
     {DONE(200), .coding = "identity"},
     POLICY,
     OUTCOME_OFF,
     0,
     0,
     FAIL_POLICY_HTTP_CONTENT_CODING},
    {"POL-9 decoded, and no policy",
     {DONE(200), .coding = "br", .decoding = FETCH_DECODED},
     "version: STSv1\n",
     OUTCOME_BROKEN,
     FAIL_POLICY_SYNTAX_MODE_MISSING,
     FAIL_POLICY_HTTP_CONTENT_CODING,
     0},
    {"POL-9 unknown",
     {DONE(200), .coding = "compress", .decoding = FETCH_CODING_UNKNOWN},
     "\x1f\x9d\x90",
     OUTCOME_BROKEN,
     FAIL_POLICY_HTTP_CODING_UNKNOWN,
     0,
     FAIL_POLICY_SYNTAX_NOT_UTF8},
    {"POL-9 unknown, and plain all the same",
     {DONE(200), .coding = "utf-8", .decoding = FETCH_CODING_UNKNOWN},
     POLICY,
     OUTCOME_BROKEN,
     FAIL_POLICY_HTTP_CODING_UNKNOWN,
     FAIL_POLICY_DISPUTED,
     FAIL_POLICY_HTTP_CONTENT_CODING},
    {"POL-9 damaged",
     {DONE(200), .coding = "gzip", .decoding = FETCH_CODING_BROKEN},
     "version: S",
     OUTCOME_BROKEN,
     FAIL_POLICY_HTTP_CODING_BROKEN,
     0,
     FAIL_POLICY_SYNTAX_VERSION_BAD},
    {"POL-9 cut by the network",
     {BODY, .truncated = true, .coding = "gzip", .decoding = FETCH_DECODED},
     "version: S",
     OUTCOME_UNKNOWN,
     FAIL_POLICY_HTTP_TRUNCATED,
     0,
     0},
    {"POL-9 cut by the network inside of damage",
     {BODY, .truncated = true, .coding = "gzip", .decoding = FETCH_CODING_BROKEN},
     "",
     OUTCOME_UNKNOWN,
     FAIL_POLICY_HTTP_TRUNCATED,
     0,
     0},
    {"POL-9 a decoder's ceiling",
     {BODY, .too_large = true, .coding = "gzip,gzip", .decoding = FETCH_DECODED},
     "",
     OUTCOME_UNKNOWN,
     FAIL_POLICY_CUT,
     0,
     0},
    {"POL-9 a coding of an error",
     {DONE(404), .coding = "x", .decoding = FETCH_CODING_UNKNOWN},
     "",
     STATUS,
     0,
     FAIL_POLICY_HTTP_CONTENT_CODING},
};

static void judge(const struct fetch_facts *fetch, struct arena *arena, struct judgement *judgement)
{
    static struct bytes txt;
    static struct ip_addr ip = {.family = 4};
    static struct cert_facts leaf = {.not_before = 0, .not_after = INT64_C(4000000000), .dns_names = NULL};
    struct domain_facts facts = {.ordinal = 1, .domain = "example.org"};
    txt = bytes_of("v=STSv1; id=1;");
    facts.txt = (struct txt_facts){.lookup.status = DNS_ANSWERED, .rrs = &txt, .rr_count = 1};
    facts.tlsrpt.lookup.status = DNS_NXDOMAIN;
    facts.mx.lookup.status = DNS_SERVFAIL;
    facts.policy.host = "mta-sts.example.org";
    facts.policy.address = (struct address_facts){.a.status = DNS_ANSWERED, .ips = &ip, .ip_count = 1};
    facts.policy.fetch = *fetch;
    struct tls_facts *tls = &facts.policy.fetch.tls;
    if (tls->end == TLS_NOT_TRIED)
        *tls = (struct tls_facts){
            .end = TLS_DONE, .alert = -1, .certs = &leaf, .cert_count = 1, .name_match = true};
    if (fetch->media_type == NULL)
        facts.policy.fetch.media_type = "text/plain";
    verdict_judge(&facts, now_ms, arena, judgement);
}

static void test_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct http_case *c = &cases[i];
        struct judgement judgement;
        struct arena arena;
        struct fetch_facts fetch = c->fetch;
        arena_init(&arena, 1 << 20);
        fetch.body = bytes_of(c->body);
        judge(&fetch, &arena, &judgement);
        bool has = c->also == FAIL_NONE || code_set_has(&judgement.codes, c->also);
        bool lacks = c->never == FAIL_NONE || !code_set_has(&judgement.codes, c->never);
        if (judgement.policy_code != c->code || judgement.outcome != c->outcome || !has || !lacks)
            fail_msg("%s: %s, %s, %d, %d", c->name, outcome_name(judgement.outcome),
                     failure_name(judgement.policy_code), has, lacks);
        arena_dispose(&arena);
    }
}

/* RFC 7301 section 3.2: an HTTP/2-only server that has ALPN refuses the handshake. */
static void test_no_application_protocol(void **state)
{
    struct fetch_facts fetch = {.step = FETCH_TLS, .tls = {.end = TLS_FAILED, .alert = 120}};
    struct judgement judgement;
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 20);
    judge(&fetch, &arena, &judgement);
    assert_int_equal(judgement.policy_code, FAIL_POLICY_HTTP_VERSION);
    assert_int_equal(judgement.outcome, OUTCOME_UNKNOWN);
    assert_false(code_set_has(&judgement.codes, FAIL_POLICY_TLS_HANDSHAKE));
    arena_dispose(&arena);
}

/* POL-9: past 64 KiB it is too large, whatever else is wrong behind, and whatever policy.max_bytes read of
 * it. */
static void test_past_64k(void **state)
{
    enum { JUDGED = POLICY_BYTES_JUDGED };
    static char body[JUDGED];
    static const struct fetch_facts rows[] = {
        {BODY, .too_large = true},
        {BODY, .truncated = true, .body_bytes = JUDGED + 1},
        {BODY, .deadline = true, .body_bytes = JUDGED + 1},
        {BODY, .protocol = true, .body_bytes = 2 * JUDGED},
        {BODY, .flooded = true, .body_bytes = 2 * JUDGED},
        {DONE(200), .body_bytes = JUDGED + 1},
        {DONE(200), .body_bytes = JUDGED + 1, .coding = "gzip", .decoding = FETCH_DECODED},
        {DONE(200), .body_bytes = JUDGED + 1, .coding = "x", .decoding = FETCH_CODING_UNKNOWN},
        {DONE(200), .coding = "br", .decoding = FETCH_CODING_TOO_LARGE},
        {BODY, .truncated = true, .coding = "br", .decoding = FETCH_CODING_TOO_LARGE},
    };
    (void)state;
    memset(body, 'a', sizeof body);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct judgement judgement;
        struct arena arena;
        struct fetch_facts fetch = rows[i];
        arena_init(&arena, 1 << 20);
        fetch.body = bytes_make(body, sizeof body);
        judge(&fetch, &arena, &judgement);
        if (judgement.policy_code != FAIL_POLICY_HTTP_TOO_LARGE || judgement.outcome != OUTCOME_BROKEN)
            fail_msg("row %zu: %s", i, failure_name(judgement.policy_code));
        arena_dispose(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_no_application_protocol),
        cmocka_unit_test(test_past_64k),
    };
    return cmocka_run_group_tests_name("verdict of HTTP", tests, NULL, NULL);
}
