/* Table tests of the verdict: facts made by hand, outcome and codes expected. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#include "scanner/verdict/tls.h"
#include "scanner/verdict/verdict.h"

#define NOW_MS INT64_C(1800000000000)
#define DAY    INT64_C(86400)

/* ---- one probe → one code ------------------------------------------------------------------------------ */

/* What this machine cannot do is said of this machine: never a fault of the host's. */
static void test_port_blocked_here(void **state)
{
    (void)state;
    struct probe_facts probe = {.not_tried = NOT_TRIED_PORT_BLOCKED};
    assert_int_equal(verdict_probe(&probe, NOW_MS), FAIL_SMTP_TCP_PORT_BLOCKED);
    assert_true(failure_get(FAIL_SMTP_TCP_PORT_BLOCKED)->transient);
    assert_int_equal(failure_get(FAIL_SMTP_TCP_PORT_BLOCKED)->who, WHO_US);
}

struct handshake_case {
    const char *name;
    enum tls_end end;
    int alert;
    int reason;
    enum failure_code code;
    uint16_t version; /* that was agreed on before it failed */
};

static const struct handshake_case handshake_cases[] = {
    {"alert", TLS_FAILED, 40, 0, FAIL_SMTP_TLS_ALERT, 0},
    {"TLS-4 alert protocol_version", TLS_FAILED, 70, 0, FAIL_SMTP_TLS_VERSION, 0},
    {"TLS-4 unsupported protocol", TLS_FAILED, -1, SSL_R_UNSUPPORTED_PROTOCOL, FAIL_SMTP_TLS_VERSION, 0},
    {"garbage", TLS_FAILED, -1, SSL_R_WRONG_VERSION_NUMBER, FAIL_SMTP_TLS_NOT_TLS, 0},
    {"garbage behind a ServerHello", TLS_FAILED, -1, SSL_R_WRONG_VERSION_NUMBER, FAIL_SMTP_TLS_HANDSHAKE,
     0x0303},
    {"timeout", TLS_TIMEOUT, -1, 0, FAIL_SMTP_TLS_TIMEOUT, 0},
    {"closed", TLS_CLOSED, -1, 0, FAIL_SMTP_TLS_CLOSED, 0},
};

static void test_handshake_codes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof handshake_cases / sizeof *handshake_cases; i++) {
        const struct handshake_case *c = &handshake_cases[i];
        struct probe_facts probe = {.step = SMTP_HANDSHAKE, .end = SMTP_END_TLS};
        probe.tls = (struct tls_facts){
            .end = c->end, .alert = c->alert, .error_reason = c->reason, .version = c->version};
        enum failure_code code = verdict_probe(&probe, NOW_MS);
        if (code != c->code)
            fail_msg("%s: expected %s, got %s", c->name, failure_name(c->code), failure_name(code));
    }
}

/* ---- certificates -------------------------------------------------------------------------------------- */

struct cert_case {
    const char *name;
    int errors[3];
    int64_t not_before, not_after; /* days from now */
    bool name_match, self_signed, aia, issuer_sent;
    enum failure_code smtp, policy;
};

static const struct cert_case cert_cases[] = {
    {"TLS-3 good", {0}, -10, 80, true, false, true, true, FAIL_NONE, FAIL_NONE},
    {"TLS-3 expired by now, whatever the store said",
     {0},
     -90,
     -1,
     true,
     false,
     true,
     true,
     FAIL_SMTP_TLS_EXPIRED,
     FAIL_POLICY_TLS_EXPIRED},
    {"TLS-3 leaf's date error is judged by now",
     {X509_V_ERR_CERT_HAS_EXPIRED},
     -10,
     80,
     true,
     false,
     true,
     true,
     FAIL_NONE,
     FAIL_NONE},
    {"TLS-3 not yet valid",
     {X509_V_ERR_CERT_NOT_YET_VALID},
     1,
     80,
     true,
     false,
     true,
     true,
     FAIL_SMTP_TLS_NOT_YET_VALID,
     FAIL_POLICY_TLS_NOT_YET_VALID},
    {"TLS-3 self-signed",
     {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
     -10,
     80,
     true,
     true,
     false,
     false,
     FAIL_SMTP_TLS_SELF_SIGNED,
     FAIL_POLICY_TLS_SELF_SIGNED},
    {"TLS-3 self-signed and wrong name: the chain is named",
     {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT},
     -10,
     80,
     false,
     true,
     false,
     false,
     FAIL_SMTP_TLS_SELF_SIGNED,
     FAIL_POLICY_TLS_SELF_SIGNED},
    {"TLS-3 incomplete chain",
     {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE},
     -10,
     80,
     true,
     false,
     true,
     false,
     FAIL_SMTP_TLS_INCOMPLETE_CHAIN,
     FAIL_POLICY_TLS_INCOMPLETE_CHAIN},
    {"TLS-3 unknown issuer without AIA",
     {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
     -10,
     80,
     true,
     false,
     false,
     false,
     FAIL_SMTP_TLS_UNTRUSTED,
     FAIL_POLICY_TLS_UNTRUSTED},
    {"TLS-3 issuer sent, root unknown",
     {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN},
     -10,
     80,
     true,
     false,
     true,
     true,
     FAIL_SMTP_TLS_UNTRUSTED,
     FAIL_POLICY_TLS_UNTRUSTED},
    {"TLS-3 issuer sent, its own issuer unknown",
     {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
     -10,
     80,
     true,
     false,
     true,
     true,
     FAIL_SMTP_TLS_UNTRUSTED,
     FAIL_POLICY_TLS_UNTRUSTED},
    {"TLS-3 wrong name",
     {0},
     -10,
     80,
     false,
     false,
     true,
     true,
     FAIL_SMTP_TLS_HOST_MISMATCH,
     FAIL_POLICY_TLS_HOST_MISMATCH},
    {"TLS-3 weak key",
     {X509_V_ERR_EE_KEY_TOO_SMALL},
     -10,
     80,
     true,
     false,
     true,
     true,
     FAIL_SMTP_TLS_WEAK,
     FAIL_POLICY_TLS_WEAK},
    {"TLS-3 wrong usage",
     {X509_V_ERR_INVALID_PURPOSE},
     -10,
     80,
     true,
     false,
     true,
     true,
     FAIL_SMTP_TLS_WRONG_USAGE,
     FAIL_POLICY_TLS_WRONG_USAGE},
};

static struct tls_facts tls_of(const struct cert_case *c, struct cert_facts certs[2])
{
    certs[0] = (struct cert_facts){.subject = "CN=leaf",
                                   .issuer = "CN=intermediate",
                                   .self_signed = c->self_signed,
                                   .aia_issuer = c->aia ? "http://ca.example/i.cer" : NULL,
                                   .not_before = NOW_MS / 1000 + c->not_before * DAY,
                                   .not_after = NOW_MS / 1000 + c->not_after * DAY};
    certs[1] = (struct cert_facts){.subject = "CN=intermediate", .issuer = "CN=root"};
    struct tls_facts tls = {.end = TLS_DONE,
                            .alert = -1,
                            .certs = certs,
                            .cert_count = c->issuer_sent ? 2 : 1,
                            .name_match = c->name_match};
    for (size_t i = 0; i < 3 && c->errors[i] != 0; i++)
        tls.errors[tls.error_count++] = (struct chain_error){.x509 = c->errors[i], .depth = 0};
    return tls;
}

static void test_certificates(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cert_cases / sizeof *cert_cases; i++) {
        const struct cert_case *c = &cert_cases[i];
        struct cert_facts certs[2];
        struct tls_facts tls = tls_of(c, certs);
        enum failure_code smtp = verdict_certificate(&tls, STAGE_SMTP, NOW_MS);
        enum failure_code policy = verdict_certificate(&tls, STAGE_POLICY, NOW_MS);
        if (smtp != c->smtp || policy != c->policy)
            fail_msg("%s: got %s and %s", c->name, failure_name(smtp), failure_name(policy));
    }
}

static void test_no_certificate(void **state)
{
    (void)state;
    struct tls_facts tls = {.end = TLS_DONE, .alert = -1};
    assert_int_equal(verdict_certificate(&tls, STAGE_SMTP, NOW_MS), FAIL_SMTP_TLS_NO_CERTIFICATE);
    struct code_set codes = {{0}};
    verdict_certificate_codes(&tls, STAGE_POLICY, NOW_MS, &codes);
    assert_true(code_set_has(&codes, FAIL_POLICY_TLS_NO_CERTIFICATE));
}

static void test_all_faults_are_collected(void **state)
{
    (void)state;
    struct cert_case c = {"", {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT}, -90, -1, false, true, false, false, 0,
                          0};
    struct cert_facts certs[2];
    struct tls_facts tls = tls_of(&c, certs);
    struct code_set codes = {{0}};
    verdict_certificate_codes(&tls, STAGE_SMTP, NOW_MS, &codes);
    assert_true(code_set_has(&codes, FAIL_SMTP_TLS_SELF_SIGNED));
    assert_true(code_set_has(&codes, FAIL_SMTP_TLS_EXPIRED));
    assert_true(code_set_has(&codes, FAIL_SMTP_TLS_HOST_MISMATCH));
    assert_false(code_set_has(&codes, FAIL_SMTP_TLS_UNTRUSTED));
}

/* ---- the policy's fetch -------------------------------------------------------------------------------- */

struct fetch_case {
    const char *name;
    enum not_tried not_tried;
    enum fetch_step step;
    enum tls_end tls;
    enum net_error net;
    int status;
    bool deadline, too_large, truncated, protocol;
    enum failure_code code;
};

static const struct fetch_case fetch_cases[] = {
    {"POL-1 200", 0, FETCH_DONE, TLS_DONE, 0, 200, 0, 0, 0, 0, FAIL_NONE},
    {"POL-1 redirect", 0, FETCH_DONE, TLS_DONE, 0, 301, 0, 0, 0, 0, FAIL_POLICY_HTTP_REDIRECT},
    {"POL-1 404", 0, FETCH_DONE, TLS_DONE, 0, 404, 0, 0, 0, 0, FAIL_POLICY_HTTP_STATUS},
    {"POL-1 429 asks for another time", 0, FETCH_DONE, TLS_DONE, 0, 429, 0, 0, 0, 0,
     FAIL_POLICY_HTTP_SERVER_ERROR},
    {"POL-1 408 asks for another time", 0, FETCH_DONE, TLS_DONE, 0, 408, 0, 0, 0, 0,
     FAIL_POLICY_HTTP_SERVER_ERROR},
    {"POL-1 403", 0, FETCH_DONE, TLS_DONE, 0, 403, 0, 0, 0, 0, FAIL_POLICY_HTTP_STATUS},
    {"POL-1 500", 0, FETCH_DONE, TLS_DONE, 0, 500, 0, 0, 0, 0, FAIL_POLICY_HTTP_SERVER_ERROR},
    {"POL-1 204 is not 200", 0, FETCH_DONE, TLS_DONE, 0, 204, 0, 0, 0, 0, FAIL_POLICY_HTTP_STATUS},
    {"POL-9 cut by an option", 0, FETCH_BODY, TLS_DONE, 0, 200, 0, 1, 0, 0, FAIL_POLICY_CUT},
    {"POL-9 too slow", 0, FETCH_BODY, TLS_DONE, 0, 200, 1, 0, 0, 0, FAIL_POLICY_HTTP_TIMEOUT},
    {"cut short", 0, FETCH_BODY, TLS_DONE, 0, 200, 0, 0, 1, 0, FAIL_POLICY_HTTP_TRUNCATED},
    {"not HTTP", 0, FETCH_HEADERS, TLS_DONE, 0, 0, 0, 0, 0, 1, FAIL_POLICY_HTTP_PROTOCOL},
    {"connection refused", 0, FETCH_CONNECT, TLS_NOT_TRIED, NET_REFUSED, 0, 0, 0, 0, 0,
     FAIL_POLICY_TCP_REFUSED},
    {"connection times out", 0, FETCH_CONNECT, TLS_NOT_TRIED, NET_TIMEOUT, 0, 1, 0, 0, 0,
     FAIL_POLICY_TCP_TIMEOUT},
    {"no route", 0, FETCH_CONNECT, TLS_NOT_TRIED, NET_UNREACHABLE, 0, 0, 0, 0, 0,
     FAIL_POLICY_TCP_UNREACHABLE},
    {"POL-3 handshake fails", 0, FETCH_TLS, TLS_FAILED, 0, 0, 0, 0, 0, 0, FAIL_POLICY_TLS_HANDSHAKE},
    {"not tried: pace", NOT_TRIED_PACE, FETCH_NONE, TLS_NOT_TRIED, 0, 0, 0, 0, 0, 0,
     FAIL_POLICY_NOT_TRIED_PACE},
    {"not tried: special", NOT_TRIED_SPECIAL_ADDRESS, 0, 0, 0, 0, 0, 0, 0, 0, FAIL_POLICY_SPECIAL_ADDRESS},
    {"not tried: this program stood still", NOT_TRIED_PAUSED, 0, 0, 0, 0, 0, 0, 0, 0,
     FAIL_POLICY_NOT_TRIED_PAUSED},
    {"not tried: silent before", NOT_TRIED_DEAD, 0, 0, 0, 0, 0, 0, 0, 0, FAIL_POLICY_TCP_TIMEOUT},
};

/* The A record's address refuses, the AAAA lookup failed: a sender tries again. */
static void test_policy_host_with_a_family_open(void **state)
{
    (void)state;
    struct ip_addr ip = {.family = 4};
    struct policy_facts policy = {
        .host = "mta-sts.example.org",
        .address = {.a = {.status = DNS_ANSWERED}, .aaaa = {.status = DNS_NODATA}, .ips = &ip, .ip_count = 1},
        .fetch = {.step = FETCH_CONNECT, .net = NET_REFUSED, .tls.alert = -1}};
    assert_int_equal(verdict_fetch(&policy, NOW_MS), FAIL_POLICY_TCP_REFUSED);
    policy.address.aaaa.status = DNS_SERVFAIL;
    assert_int_equal(verdict_fetch(&policy, NOW_MS), FAIL_POLICY_DNS_FAILED);
    policy.fetch.net = NET_TIMEOUT;
    assert_int_equal(verdict_fetch(&policy, NOW_MS), FAIL_POLICY_TCP_TIMEOUT);
    policy.fetch = (struct fetch_facts){.not_tried = NOT_TRIED_SPECIAL_ADDRESS, .tls.alert = -1};
    assert_int_equal(verdict_fetch(&policy, NOW_MS), FAIL_POLICY_DNS_FAILED);
    policy.fetch = (struct fetch_facts){.step = FETCH_TLS, .tls = {.alert = -1, .end = TLS_FAILED}};
    assert_int_equal(verdict_fetch(&policy, NOW_MS), FAIL_POLICY_TLS_HANDSHAKE);
}

static void test_fetches(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof fetch_cases / sizeof *fetch_cases; i++) {
        const struct fetch_case *c = &fetch_cases[i];
        struct cert_facts certs[2];
        struct ip_addr ip = {.family = 4};
        struct policy_facts policy = {.host = "mta-sts.example.org", .address = {.ips = &ip, .ip_count = 1}};
        policy.fetch = (struct fetch_facts){.not_tried = c->not_tried,
                                            .step = c->step,
                                            .net = c->net,
                                            .http_status = c->status,
                                            .deadline = c->deadline,
                                            .too_large = c->too_large,
                                            .truncated = c->truncated,
                                            .protocol = c->protocol};
        policy.fetch.tls = tls_of(&cert_cases[0], certs);
        policy.fetch.tls.end = c->tls;
        enum failure_code code = verdict_fetch(&policy, NOW_MS);
        if (code != c->code)
            fail_msg("%s: expected %s, got %s", c->name, failure_name(c->code), failure_name(code));
    }
}

/* ---- whole domains ------------------------------------------------------------------------------------- */

/* A host in the tables: how each of its two addresses answers. */
enum host_kind {
    H_END,
    H_GOOD,
    H_EXPIRED,
    H_UNKNOWN,      /* greeting 421 */
    H_GOOD_EXPIRED, /* one address each */
    H_GOOD_UNKNOWN,
    H_OTHER_NAME, /* no pattern matches, TLS perfect */
    H_NO_ADDRESS,
    H_DNS_FAILED,
    H_LITERAL
};

struct domain_case {
    const char *name;
    enum dns_status txt_status;
    const char *txt[2];
    enum failure_code fetch; /* FAIL_NONE: the policy below is served */
    const char *policy;
    enum dns_status mx_status;
    bool null_mx;
    enum host_kind hosts[3];
    enum outcome outcome, would_be;
    enum failure_code code; /* must be among the codes; FAIL_NONE: not looked at */
};

#define RECORD                                                                                               \
    {                                                                                                        \
        "v=STSv1; id=1;"                                                                                     \
    }
#define ENFORCE "version: STSv1\nmode: enforce\nmx: *.mx.example.net\nmax_age: 604800\n"
#define TESTING "version: STSv1\nmode: testing\nmx: *.mx.example.net\nmax_age: 604800\n"
#define OFF     "version: STSv1\nmode: none\nmax_age: 604800\n"

static const struct domain_case domain_cases[] = {
    {"MX-1 null MX",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE,
     DNS_ANSWERED,
     true,
     {H_END},
     OUTCOME_NO_MAIL,
     0,
     FAIL_MX_NULL},
    {"no such domain",
     DNS_NXDOMAIN,
     {NULL},
     0,
     NULL,
     DNS_NXDOMAIN,
     false,
     {H_END},
     OUTCOME_NO_MAIL,
     0,
     FAIL_DNS_NXDOMAIN},
    {"MX-2 neither MX nor address",
     DNS_NXDOMAIN,
     {NULL},
     0,
     NULL,
     DNS_NODATA,
     false,
     {H_NO_ADDRESS},
     OUTCOME_NO_MAIL,
     0,
     FAIL_MX_NONE},
    {"TXT-8 NXDOMAIN",
     DNS_NXDOMAIN,
     {NULL},
     0,
     NULL,
     DNS_ANSWERED,
     false,
     {H_GOOD},
     OUTCOME_ABSENT,
     0,
     FAIL_TXT_ABSENT},
    {"TXT-8 NODATA",
     DNS_NODATA,
     {NULL},
     0,
     NULL,
     DNS_ANSWERED,
     false,
     {H_GOOD},
     OUTCOME_ABSENT,
     0,
     FAIL_TXT_ABSENT},
    {"TXT-2 none left",
     DNS_ANSWERED,
     {"v=spf1 -all"},
     0,
     NULL,
     DNS_ANSWERED,
     false,
     {H_GOOD},
     OUTCOME_ABSENT,
     0,
     FAIL_TXT_ABSENT},
    {"TXT-8 SERVFAIL",
     DNS_SERVFAIL,
     {NULL},
     0,
     NULL,
     DNS_ANSWERED,
     false,
     {H_GOOD},
     OUTCOME_UNKNOWN,
     0,
     FAIL_DNS_SERVFAIL},
    {"TXT-8 timeout",
     DNS_TIMEOUT,
     {NULL},
     0,
     NULL,
     DNS_ANSWERED,
     false,
     {H_GOOD},
     OUTCOME_UNKNOWN,
     0,
     FAIL_DNS_TIMEOUT},
    {"TXT-8 bogus",
     DNS_BOGUS,
     {NULL},
     0,
     NULL,
     DNS_ANSWERED,
     false,
     {H_GOOD},
     OUTCOME_UNKNOWN,
     0,
     FAIL_DNS_BOGUS},
    {"TXT-3 two records",
     DNS_ANSWERED,
     {"v=STSv1; id=1;", "v=STSv1; id=2;"},
     0,
     ENFORCE,
     DNS_ANSWERED,
     false,
     {H_GOOD},
     OUTCOME_BROKEN,
     0,
     FAIL_TXT_MULTIPLE},
    {"TXT-4 no id",
     DNS_ANSWERED,
     {"v=STSv1;"},
     0,
     ENFORCE,
     DNS_ANSWERED,
     false,
     {H_GOOD},
     OUTCOME_BROKEN,
     0,
     FAIL_TXT_ID_MISSING},
    {"POL-1 404",
     DNS_ANSWERED,
     RECORD,
     FAIL_POLICY_HTTP_STATUS,
     NULL,
     DNS_ANSWERED,
     false,
     {H_GOOD},
     OUTCOME_BROKEN,
     0,
     FAIL_POLICY_HTTP_STATUS},
    {"POL-1 500 is passing",
     DNS_ANSWERED,
     RECORD,
     FAIL_POLICY_HTTP_SERVER_ERROR,
     NULL,
     DNS_ANSWERED,
     false,
     {H_GOOD},
     OUTCOME_UNKNOWN,
     0,
     FAIL_POLICY_HTTP_STATUS},
    {"policy host times out",
     DNS_ANSWERED,
     RECORD,
     FAIL_POLICY_TCP_TIMEOUT,
     NULL,
     DNS_ANSWERED,
     false,
     {H_GOOD},
     OUTCOME_UNKNOWN,
     0,
     FAIL_POLICY_TCP_TIMEOUT},
    {"policy host refuses",
     DNS_ANSWERED,
     RECORD,
     FAIL_POLICY_TCP_REFUSED,
     NULL,
     DNS_ANSWERED,
     false,
     {H_GOOD},
     OUTCOME_UNKNOWN,
     0,
     FAIL_POLICY_TCP_REFUSED},
    {"POL-4 blank line",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE "\n",
     DNS_ANSWERED,
     false,
     {H_GOOD},
     OUTCOME_BROKEN,
     0,
     FAIL_POLICY_DISPUTED},
    {"mode none", DNS_ANSWERED, RECORD, 0, OFF, DNS_ANSWERED, false, {H_EXPIRED}, OUTCOME_OFF, 0, FAIL_NONE},
    {"enforce, all pass",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE,
     DNS_ANSWERED,
     false,
     {H_GOOD, H_GOOD},
     OUTCOME_PROTECTED,
     0,
     FAIL_TLSRPT_ABSENT},
    {"enforce, pass and unknown",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE,
     DNS_ANSWERED,
     false,
     {H_GOOD, H_UNKNOWN},
     OUTCOME_PROTECTED,
     0,
     FAIL_SMTP_GREETING_4XX},
    {"enforce, pass and fail",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE,
     DNS_ANSWERED,
     false,
     {H_GOOD, H_EXPIRED},
     OUTCOME_PARTIAL,
     0,
     FAIL_SMTP_TLS_EXPIRED},
    {"enforce, addresses differ",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE,
     DNS_ANSWERED,
     false,
     {H_GOOD_EXPIRED},
     OUTCOME_PARTIAL,
     0,
     FAIL_SMTP_TLS_EXPIRED},
    {"enforce, one address unknown",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE,
     DNS_ANSWERED,
     false,
     {H_GOOD_UNKNOWN},
     OUTCOME_PROTECTED,
     0,
     FAIL_SMTP_GREETING_4XX},
    {"enforce, all fail",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE,
     DNS_ANSWERED,
     false,
     {H_EXPIRED, H_EXPIRED},
     OUTCOME_REFUSED,
     0,
     FAIL_SMTP_TLS_EXPIRED},
    {"enforce, fail and unknown",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE,
     DNS_ANSWERED,
     false,
     {H_EXPIRED, H_UNKNOWN},
     OUTCOME_UNKNOWN,
     0,
     FAIL_SMTP_TLS_EXPIRED},
    {"enforce, all unknown",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE,
     DNS_ANSWERED,
     false,
     {H_UNKNOWN},
     OUTCOME_UNKNOWN,
     0,
     FAIL_SMTP_GREETING_4XX},
    {"MX-5 not in the policy, TLS perfect",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE,
     DNS_ANSWERED,
     false,
     {H_OTHER_NAME},
     OUTCOME_REFUSED,
     0,
     FAIL_MX_NOT_IN_POLICY},
    {"MX-5 beside one that is",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE,
     DNS_ANSWERED,
     false,
     {H_GOOD, H_OTHER_NAME},
     OUTCOME_PARTIAL,
     0,
     FAIL_MX_NOT_IN_POLICY},
    {"MX-4 no address",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE,
     DNS_ANSWERED,
     false,
     {H_NO_ADDRESS},
     OUTCOME_REFUSED,
     0,
     FAIL_MX_NO_ADDRESS},
    {"MX-4 address literal",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE,
     DNS_ANSWERED,
     false,
     {H_LITERAL},
     OUTCOME_REFUSED,
     0,
     FAIL_MX_ADDRESS_LITERAL},
    {"MX host's lookup fails",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE,
     DNS_ANSWERED,
     false,
     {H_DNS_FAILED},
     OUTCOME_UNKNOWN,
     0,
     FAIL_MX_DNS_FAILED},
    {"MX lookup fails",
     DNS_ANSWERED,
     RECORD,
     0,
     ENFORCE,
     DNS_SERVFAIL,
     false,
     {H_END},
     OUTCOME_UNKNOWN,
     0,
     FAIL_MX_DNS_FAILED},
    {"testing, would be protected",
     DNS_ANSWERED,
     RECORD,
     0,
     TESTING,
     DNS_ANSWERED,
     false,
     {H_GOOD},
     OUTCOME_TESTING,
     OUTCOME_PROTECTED,
     FAIL_POLICY_WEAK_MODE_TESTING},
    {"testing, would be refused",
     DNS_ANSWERED,
     RECORD,
     0,
     TESTING,
     DNS_ANSWERED,
     false,
     {H_EXPIRED},
     OUTCOME_TESTING,
     OUTCOME_REFUSED,
     FAIL_SMTP_TLS_EXPIRED},
    {"testing, would be partial",
     DNS_ANSWERED,
     RECORD,
     0,
     TESTING,
     DNS_ANSWERED,
     false,
     {H_GOOD, H_EXPIRED},
     OUTCOME_TESTING,
     OUTCOME_PARTIAL,
     FAIL_SMTP_TLS_EXPIRED},
    {"testing, could not be told",
     DNS_ANSWERED,
     RECORD,
     0,
     TESTING,
     DNS_ANSWERED,
     false,
     {H_UNKNOWN},
     OUTCOME_TESTING,
     OUTCOME_UNKNOWN,
     FAIL_SMTP_GREETING_4XX},
};

/* Room for one domain's facts. */
struct world {
    struct bytes txt[2];
    struct mx_rr rrs[3];
    struct mx_host hosts[3];
    struct host_facts host_facts[3];
    struct probe_facts probes[3][2];
    struct ip_addr ips[2];
    struct cert_facts good[2], expired[2];
};

static struct probe_facts probe_of(struct world *world, enum host_kind kind)
{
    struct probe_facts probe = {.step = SMTP_QUIT, .end = SMTP_END_DONE};
    if (kind == H_UNKNOWN) {
        probe = (struct probe_facts){.step = SMTP_GREETING, .end = SMTP_END_REPLY, .reply_code = 421};
        probe.tls.alert = -1;
    } else {
        probe.tls =
            kind == H_EXPIRED ? tls_of(&cert_cases[1], world->expired) : tls_of(&cert_cases[0], world->good);
    }
    return probe;
}

static void make_host(struct world *world, size_t i, enum host_kind kind, bool implicit)
{
    struct mx_host *host = &world->hosts[i];
    struct host_facts *facts = &world->host_facts[i];
    static const char *const names[3] = {"a.mx.example.net", "b.mx.example.net", "c.mx.example.net"};
    *host = (struct mx_host){.host = kind == H_OTHER_NAME ? "mx.other.example.net" : names[i],
                             .implicit = implicit};
    world->rrs[i] = (struct mx_rr){.preference = 10, .host = host->host};
    if (kind == H_LITERAL) {
        host->address_literal = true;
        return;
    }
    host->facts = facts;
    enum dns_status status = kind == H_DNS_FAILED   ? DNS_SERVFAIL
                             : kind == H_NO_ADDRESS ? DNS_NODATA
                                                    : DNS_ANSWERED;
    facts->host = host->host;
    facts->address =
        (struct address_facts){.a = {.status = status}, .aaaa = {.status = status}, .ips = world->ips};
    if (kind == H_DNS_FAILED || kind == H_NO_ADDRESS)
        return;
    facts->address.ip_count = 2;
    facts->probes = world->probes[i];
    facts->probe_count = 2;
    bool mixed = kind == H_GOOD_EXPIRED || kind == H_GOOD_UNKNOWN;
    world->probes[i][0] = probe_of(world, mixed || kind == H_OTHER_NAME ? H_GOOD : kind);
    world->probes[i][1] = probe_of(world, kind == H_GOOD_EXPIRED   ? H_EXPIRED
                                          : kind == H_GOOD_UNKNOWN ? H_UNKNOWN
                                          : kind == H_OTHER_NAME   ? H_GOOD
                                                                   : kind);
}

static void make_policy(const struct domain_case *c, struct world *world, struct policy_facts *policy)
{
    policy->host = "mta-sts.example.org";
    policy->address = (struct address_facts){.a = {.status = DNS_ANSWERED}, .ips = world->ips, .ip_count = 1};
    struct fetch_facts *fetch = &policy->fetch;
    *fetch = (struct fetch_facts){.step = FETCH_DONE, .http_status = 200, .media_type = "text/plain"};
    fetch->tls = tls_of(&cert_cases[0], world->good);
    fetch->body = bytes_of(c->policy);
    if (c->fetch == FAIL_POLICY_HTTP_STATUS)
        fetch->http_status = 404;
    if (c->fetch == FAIL_POLICY_HTTP_SERVER_ERROR)
        fetch->http_status = 503;
    if (c->fetch == FAIL_POLICY_TCP_TIMEOUT || c->fetch == FAIL_POLICY_TCP_REFUSED) {
        fetch->step = FETCH_CONNECT;
        fetch->http_status = 0;
        fetch->tls.end = TLS_NOT_TRIED;
        fetch->net = c->fetch == FAIL_POLICY_TCP_TIMEOUT ? NET_TIMEOUT : NET_REFUSED;
    }
}

static void make_facts(const struct domain_case *c, struct world *world, struct domain_facts *facts)
{
    *world = (struct world){0};
    *facts = (struct domain_facts){.ordinal = 1, .domain = "example.org"};
    facts->txt.lookup.status = c->txt_status;
    facts->txt.rrs = world->txt;
    for (size_t i = 0; i < 2 && c->txt[i] != NULL; i++)
        world->txt[facts->txt.rr_count++] = bytes_of(c->txt[i]);
    facts->tlsrpt.lookup.status = DNS_NXDOMAIN;
    facts->mx.lookup.status = c->mx_status;
    facts->mx.rrs = world->rrs;
    facts->hosts = world->hosts;
    bool implicit = c->mx_status == DNS_NODATA;
    for (size_t i = 0; i < 3 && c->hosts[i] != H_END; i++) {
        make_host(world, i, c->hosts[i], implicit);
        facts->host_count++;
        facts->mx.rr_count += !implicit;
    }
    if (c->null_mx) {
        world->rrs[0] = (struct mx_rr){.preference = 0, .host = "."};
        facts->mx.rr_count = 1;
    }
    if (facts->txt.rr_count > 0 && strncmp(c->txt[0], "v=STSv1;", 8) == 0)
        make_policy(c, world, &facts->policy);
}

static void test_domains(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof domain_cases / sizeof *domain_cases; i++) {
        const struct domain_case *c = &domain_cases[i];
        struct world world;
        struct domain_facts facts;
        struct judgement judgement;
        struct arena arena;
        arena_init(&arena, 1 << 20);
        make_facts(c, &world, &facts);
        verdict_judge(&facts, NOW_MS, &arena, &judgement);
        if (judgement.outcome != c->outcome || judgement.would_be != c->would_be)
            fail_msg("%s: got %s (%s)", c->name, outcome_name(judgement.outcome),
                     outcome_name(judgement.would_be));
        if (c->code != FAIL_NONE && !code_set_has(&judgement.codes, c->code))
            fail_msg("%s: %s is missing", c->name, failure_name(c->code));
        arena_dispose(&arena);
    }
}

static void judge_named(const char *name, struct world *world, struct domain_facts *facts,
                        struct arena *arena, struct judgement *judgement)
{
    for (size_t i = 0; i < sizeof domain_cases / sizeof *domain_cases; i++) {
        if (strcmp(domain_cases[i].name, name) != 0)
            continue;
        make_facts(&domain_cases[i], world, facts);
        verdict_judge(facts, NOW_MS, arena, judgement);
        return;
    }
    fail_msg("no case %s", name);
}

/* A lookup that may have failed because listed name servers were not asked: it is unknown by the opt-out, and
 * the fault of no operator, whatever it was that could not be looked up. */
static void test_name_servers_that_opted_out(void **state)
{
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct world world;
        struct domain_facts facts;
        struct judgement judgement;
        struct arena arena;
        arena_init(&arena, 1 << 20);
        judge_named(i == 1   ? "MX lookup fails"
                    : i == 2 ? "TXT-8 SERVFAIL"
                             : "enforce, all pass",
                    &world, &facts, &arena, &judgement);
        struct address_facts *host = &world.host_facts[0].address, *policy = &facts.policy.address;
        if (i == 0 || i == 5)
            facts.tlsrpt.lookup.status = DNS_OPTOUT;
        if (i == 1)
            facts.mx.lookup.status = DNS_OPTOUT;
        if (i == 2)
            facts.txt.lookup.status = DNS_OPTOUT;
        if (i == 3)
            *host = (struct address_facts){.a = {.status = DNS_OPTOUT}, .aaaa = {.status = DNS_OPTOUT}};
        if (i == 4)
            *policy = (struct address_facts){.a = {.status = DNS_OPTOUT}, .aaaa = {.status = DNS_OPTOUT}};
        if (i == 5)
            world.host_facts[0].tlsa.lookup.status = DNS_OPTOUT;
        if (i == 3)
            world.host_facts[0].probe_count = 0;
        if (i == 4)
            facts.policy.fetch = (struct fetch_facts){.not_tried = NOT_TRIED_NO_ADDRESS, .tls.alert = -1};
        verdict_judge(&facts, NOW_MS, &arena, &judgement);
        assert_true(code_set_has(&judgement.codes, FAIL_DNS_OPTOUT));
        for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
            if (code_set_has(&judgement.codes, code) && failure_get(code)->who == WHO_DNS_OPERATOR)
                fail_msg("case %zu: %s blames the operator", i, failure_name(code));
        if (i >= 1 && i <= 2)
            assert_int_equal(judgement.outcome, OUTCOME_UNKNOWN);
        arena_dispose(&arena);
    }
}

static void test_incomplete(void **state)
{
    (void)state;
    struct world world;
    struct domain_facts facts;
    struct judgement judgement;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    judge_named("enforce, pass and unknown", &world, &facts, &arena, &judgement);
    assert_true(judgement.incomplete);
    judge_named("enforce, one address unknown", &world, &facts, &arena, &judgement);
    assert_true(judgement.incomplete);
    judge_named("enforce, all pass", &world, &facts, &arena, &judgement);
    assert_false(judgement.incomplete);
    arena_dispose(&arena);
}

static void test_rpt_types(void **state)
{
    (void)state;
    struct world world;
    struct domain_facts facts;
    struct judgement judgement;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    judge_named("enforce, all fail", &world, &facts, &arena, &judgement);
    assert_int_equal(judgement.rpt_types, 1U << RPT_CERTIFICATE_EXPIRED);
    judge_named("POL-1 404", &world, &facts, &arena, &judgement);
    assert_int_equal(judgement.rpt_types, 1U << RPT_STS_POLICY_FETCH_ERROR);
    judge_named("enforce, all pass", &world, &facts, &arena, &judgement);
    assert_int_equal(judgement.rpt_types, 0);
    arena_dispose(&arena);
}

static void test_tls_outcome(void **state)
{
    (void)state;
    struct world world;
    struct domain_facts facts;
    struct judgement judgement;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    judge_named("enforce, all fail", &world, &facts, &arena, &judgement);
    assert_int_equal(judgement.tls,
                     TLS_OUTCOME_ALL); /* a wrong certificate is still TLS to an opportunistic sender */
    judge_named("enforce, all unknown", &world, &facts, &arena, &judgement);
    assert_int_equal(judgement.tls, TLS_OUTCOME_UNKNOWN);
    world.probes[0][0] = (struct probe_facts){.step = SMTP_EHLO, .end = SMTP_END_NOT_OFFERED};
    verdict_judge(&facts, NOW_MS, &arena, &judgement);
    assert_int_equal(judgement.tls, TLS_OUTCOME_NONE);
    world.probes[0][1] = probe_of(&world, H_GOOD);
    verdict_judge(&facts, NOW_MS, &arena, &judgement);
    assert_int_equal(judgement.tls, TLS_OUTCOME_SOME);
    arena_dispose(&arena);
}

/* limits.names_per_ip: what an address says to everybody is a fact of further names too; whether the
 * certificate holds for them is not. */
static void test_shared_facts(void **state)
{
    (void)state;
    struct world world;
    struct domain_facts facts;
    struct judgement judgement;
    struct arena arena;
    struct probe_facts shared = {
        .not_tried = NOT_TRIED_BUDGET, .shared = true, .starttls_offered = true, .tls = {.version = 0x0304}};
    arena_init(&arena, 1 << 20);
    judge_named("enforce, all unknown", &world, &facts, &arena, &judgement);
    world.probes[0][0] = shared;
    verdict_judge(&facts, NOW_MS, &arena, &judgement);
    assert_int_equal(verdict_probe(&shared, NOW_MS), FAIL_SMTP_NOT_PROBED_BUDGET);
    assert_int_equal(judgement.tls, TLS_OUTCOME_ALL);
    assert_int_equal(judgement.outcome, OUTCOME_UNKNOWN); /* never a match that was not seen */
    world.probes[0][0].starttls_offered = false;
    verdict_judge(&facts, NOW_MS, &arena, &judgement);
    assert_int_equal(judgement.tls, TLS_OUTCOME_NONE);
    world.probes[0][0] = (struct probe_facts){.not_tried = NOT_TRIED_BUDGET};
    verdict_judge(&facts, NOW_MS, &arena, &judgement);
    assert_int_equal(judgement.tls, TLS_OUTCOME_UNKNOWN);
    arena_dispose(&arena);
}

/* An address that nobody looked at may pass: no final verdict by the others, and what passes is not all. */
static void check_unseen(struct world *world, struct domain_facts *facts, struct arena *arena, bool is_lookup)
{
    struct judgement judgement;
    judge_named("enforce, all fail", world, facts, arena, &judgement);
    assert_int_equal(judgement.outcome, OUTCOME_REFUSED);
    assert_int_equal(judgement.senders[SENDER_MTA_STS].all, DELIVERY_SKIPS);
    for (size_t i = 0; i < facts->host_count; i++) {
        if (is_lookup)
            world->host_facts[i].address.aaaa.status = DNS_TIMEOUT;
        else
            world->host_facts[i].address.ip_count = 3;
    }
    verdict_judge(facts, NOW_MS, arena, &judgement);
    assert_int_equal(judgement.outcome, OUTCOME_UNKNOWN);
    assert_int_equal(judgement.senders[SENDER_MTA_STS].all, DELIVERY_DEFERS);
    assert_int_equal(code_set_has(&judgement.codes, FAIL_DNS_TIMEOUT), is_lookup);
    judge_named("enforce, all pass", world, facts, arena, &judgement);
    assert_false(judgement.incomplete || verdict_may_pass(&judgement));
    if (is_lookup)
        world->host_facts[0].address.a.status = DNS_TIMEOUT;
    else
        world->host_facts[0].address.ip_count = 3;
    verdict_judge(facts, NOW_MS, arena, &judgement);
    assert_int_equal(judgement.outcome, OUTCOME_PROTECTED);
    assert_true(judgement.incomplete);
    assert_int_equal(verdict_may_pass(&judgement), is_lookup);
}

static void test_unseen_addresses(void **state)
{
    (void)state;
    struct world world;
    struct domain_facts facts;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    check_unseen(&world, &facts, &arena, true);
    check_unseen(&world, &facts, &arena, false);
    arena_dispose(&arena);
}

static void test_hosts_past_the_limit_are_unknown(void **state)
{
    (void)state;
    struct world world;
    struct domain_facts facts;
    struct judgement judgement;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    judge_named("enforce, all fail", &world, &facts, &arena, &judgement);
    world.rrs[2] = (struct mx_rr){.preference = 20, .host = "z.mx.example"};
    facts.mx.rr_count = 3;
    verdict_judge(&facts, NOW_MS, &arena, &judgement);
    assert_int_equal(judgement.outcome, OUTCOME_UNKNOWN);
    arena_dispose(&arena);
}

/* What is worth a second try, and what is not. */
static void test_may_pass(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool may_pass;
    } cases[] = {{"enforce, all unknown", true},
                 {"enforce, pass and unknown", true},
                 {"testing, could not be told", true},
                 {"TXT-8 SERVFAIL", true},
                 {"POL-1 500 is passing", true},
                 {"enforce, all pass", false},
                 {"enforce, all fail", false},
                 {"enforce, pass and fail", false},
                 {"TXT-8 NXDOMAIN", false},
                 {"POL-1 404", false},
                 {"MX-1 null MX", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct world world;
        struct domain_facts facts;
        struct judgement judgement;
        struct arena arena;
        arena_init(&arena, 1 << 20);
        judge_named(cases[i].name, &world, &facts, &arena, &judgement);
        if (verdict_may_pass(&judgement) != cases[i].may_pass)
            fail_msg("%s", cases[i].name);
        arena_dispose(&arena);
    }
    struct judgement off = {.outcome = OUTCOME_UNKNOWN};
    code_set_add(&off.codes, FAIL_SMTP_NOT_PROBED_OFF);
    assert_false(verdict_may_pass(&off));
    code_set_add(&off.codes, FAIL_SMTP_NOT_PROBED_PACE);
    assert_true(verdict_may_pass(&off));
    static const enum failure_code blind[] = {FAIL_SMTP_NOT_PROBED_NO_ROUTE, FAIL_POLICY_NOT_TRIED_NO_ROUTE,
                                              FAIL_SMTP_NOT_PROBED_PAUSED, FAIL_POLICY_NOT_TRIED_PAUSED};
    for (size_t i = 0; i < sizeof blind / sizeof *blind; i++) { /* whatever the outcome */
        struct judgement absent = {.outcome = OUTCOME_ABSENT};
        code_set_add(&absent.codes, FAIL_SMTP_TCP_TIMEOUT);
        assert_false(verdict_may_pass(&absent));
        code_set_add(&absent.codes, blind[i]);
        assert_true(verdict_may_pass(&absent));
    }
}

/* POL-10: what works but is weak. */
static void test_weaknesses(void **state)
{
    (void)state;
    struct world world;
    struct domain_facts facts;
    struct judgement judgement;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    judge_named("enforce, all pass", &world, &facts, &arena, &judgement);
    assert_false(code_set_has(&judgement.codes, FAIL_POLICY_WEAK_MX_UNUSED));
    assert_false(code_set_has(&judgement.codes, FAIL_POLICY_WEAK_CERT_EXPIRES_SOON));
    assert_false(code_set_has(&judgement.codes, FAIL_POLICY_WEAK_MAX_AGE_SHORT));
    facts.policy.fetch.body =
        bytes_of("version: STSv1\nmode: enforce\nmx: *.mx.example.net\nmx: old.example\nmax_age: 86400\n");
    world.good[0].not_after = NOW_MS / 1000 + 5 * DAY;
    verdict_judge(&facts, NOW_MS, &arena, &judgement);
    assert_int_equal(judgement.outcome, OUTCOME_PROTECTED);
    assert_true(code_set_has(&judgement.codes, FAIL_POLICY_WEAK_MX_UNUSED));
    assert_true(code_set_has(&judgement.codes, FAIL_POLICY_WEAK_CERT_EXPIRES_SOON));
    assert_true(code_set_has(&judgement.codes, FAIL_POLICY_WEAK_MAX_AGE_SHORT));
    arena_dispose(&arena);
}

/* MX-1: what is odd about a null MX. */
static void test_null_mx_findings(void **state)
{
    (void)state;
    struct world world;
    struct domain_facts facts;
    struct judgement judgement;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    judge_named("MX-1 null MX", &world, &facts, &arena, &judgement);
    assert_false(code_set_has(&judgement.codes, FAIL_MX_NULL_PREFERENCE));
    world.rrs[0].preference = 10;
    verdict_judge(&facts, NOW_MS, &arena, &judgement);
    assert_true(code_set_has(&judgement.codes, FAIL_MX_NULL_PREFERENCE));
    judge_named("enforce, all pass", &world, &facts, &arena, &judgement);
    world.rrs[2] = (struct mx_rr){.host = "."};
    facts.mx.rr_count = 3;
    verdict_judge(&facts, NOW_MS, &arena, &judgement);
    assert_true(code_set_has(&judgement.codes, FAIL_MX_NULL_AMONG_OTHERS));
    assert_int_equal(judgement.outcome, OUTCOME_PROTECTED);
    arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_port_blocked_here),
        cmocka_unit_test(test_handshake_codes),
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_no_certificate),
        cmocka_unit_test(test_all_faults_are_collected),
        cmocka_unit_test(test_fetches),
        cmocka_unit_test(test_policy_host_with_a_family_open),
        cmocka_unit_test(test_domains),
        cmocka_unit_test(test_name_servers_that_opted_out),
        cmocka_unit_test(test_incomplete),
        cmocka_unit_test(test_rpt_types),
        cmocka_unit_test(test_shared_facts),
        cmocka_unit_test(test_tls_outcome),
        cmocka_unit_test(test_hosts_past_the_limit_are_unknown),
        cmocka_unit_test(test_unseen_addresses),
        cmocka_unit_test(test_may_pass),
        cmocka_unit_test(test_weaknesses),
        cmocka_unit_test(test_null_mx_findings),
    };
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
