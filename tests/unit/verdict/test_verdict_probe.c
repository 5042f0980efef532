/* The verdict on one address, host or policy host, by the ways that it ends; whole domains are
 * test_verdict's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <openssl/sslerr.h>

#include "scanner/verdict/handshake.h"
#include "scanner/verdict/looks.h"
#include "scanner/verdict/tls.h"
#include "scanner/verdict/verdict.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NOW_MS       INT64_C(1800000000000)

static void test_sessions(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum smtp_step step;
        enum smtp_end end;
        enum net_error net;
        int reply_code;
        enum failure_code code;
    } cases[] = {
        {"TLS-1 silent connection", SMTP_CONNECT, SMTP_END_NET, NET_TIMEOUT, 0, FAIL_SMTP_TCP_TIMEOUT},
        {"TLS-1 silent greeting", SMTP_GREETING, SMTP_END_NET, NET_TIMEOUT, 0, FAIL_SMTP_GREETING_TIMEOUT},
        {"TLS-1 silent EHLO", SMTP_EHLO, SMTP_END_STEP_TIMEOUT, NET_OK, 0, FAIL_SMTP_EHLO_TIMEOUT},
        {"TLS-2 silent STARTTLS", SMTP_STARTTLS, SMTP_END_STEP_TIMEOUT, NET_OK, 0,
         FAIL_SMTP_STARTTLS_TIMEOUT},
        {"TLS-3 silent handshake", SMTP_HANDSHAKE, SMTP_END_STEP_TIMEOUT, NET_OK, 0, FAIL_SMTP_TLS_TIMEOUT},
        {"TLS-1 no connection", SMTP_CONNECT, SMTP_END_NET, NET_OTHER, 0, FAIL_SMTP_TCP_UNREACHABLE},
        {"TLS-1 reset at the greeting", SMTP_GREETING, SMTP_END_NET, NET_RESET, 0, FAIL_SMTP_TCP_RESET},
        {"TLS-1 closed at the greeting", SMTP_GREETING, SMTP_END_CLOSED, NET_OK, 0,
         FAIL_SMTP_GREETING_CLOSED},
        {"TLS-1 closed at EHLO", SMTP_EHLO, SMTP_END_CLOSED, NET_OK, 0, FAIL_SMTP_EHLO_CLOSED},
        {"TLS-2 closed at STARTTLS", SMTP_STARTTLS, SMTP_END_CLOSED, NET_OK, 0, FAIL_SMTP_STARTTLS_CLOSED},
        {"TLS-3 reset in the handshake", SMTP_HANDSHAKE, SMTP_END_NET, NET_RESET, 0, FAIL_SMTP_TLS_CLOSED},
        {"TLS-1 421 to EHLO", SMTP_EHLO, SMTP_END_REPLY, NET_OK, 421, FAIL_SMTP_EHLO_REFUSED},
        {"TLS-8 530 to EHLO", SMTP_EHLO, SMTP_END_REPLY, NET_OK, 530, FAIL_SMTP_EHLO_REFUSED},
        {"TLS-8 501 to EHLO: our name", SMTP_EHLO, SMTP_END_REPLY, NET_OK, 501, FAIL_SMTP_EHLO_NAME},
        {"TLS-8 504 to EHLO: our name", SMTP_EHLO, SMTP_END_REPLY, NET_OK, 504, FAIL_SMTP_EHLO_NAME},
        {"TLS-8 550 to EHLO: our name", SMTP_EHLO, SMTP_END_REPLY, NET_OK, 550, FAIL_SMTP_EHLO_NAME},
        {"TLS-8 553 to EHLO: our name", SMTP_EHLO, SMTP_END_REPLY, NET_OK, 553, FAIL_SMTP_EHLO_NAME},
        {"TLS-8 554 to EHLO: our name", SMTP_EHLO, SMTP_END_REPLY, NET_OK, 554, FAIL_SMTP_EHLO_NAME},
        {"TLS-8 500 to HELO too", SMTP_HELO, SMTP_END_REPLY, NET_OK, 500, FAIL_SMTP_EHLO_NAME},
        {"TLS-8 504 to HELO", SMTP_HELO, SMTP_END_REPLY, NET_OK, 504, FAIL_SMTP_EHLO_NAME},
        {"TLS-8 421 to HELO", SMTP_HELO, SMTP_END_REPLY, NET_OK, 421, FAIL_SMTP_EHLO_REFUSED},
        {"TLS-8 HELO taken", SMTP_HELO, SMTP_END_NOT_OFFERED, NET_OK, 250, FAIL_SMTP_STARTTLS_NOT_OFFERED},
        {"TLS-8 silent at HELO", SMTP_HELO, SMTP_END_STEP_TIMEOUT, NET_OK, 500, FAIL_SMTP_EHLO_TIMEOUT},
        {"TLS-8 closed at HELO", SMTP_HELO, SMTP_END_CLOSED, NET_OK, 500, FAIL_SMTP_EHLO_CLOSED},
        {"TLS-8 reset at HELO", SMTP_HELO, SMTP_END_NET, NET_RESET, 500, FAIL_SMTP_EHLO_CLOSED},
        {"TLS-8 no code in the greeting", SMTP_GREETING, SMTP_END_MALFORMED, NET_OK, 0,
         FAIL_SMTP_GREETING_MALFORMED},
        {"TLS-8 no code at EHLO", SMTP_EHLO, SMTP_END_MALFORMED, NET_OK, 220, FAIL_SMTP_EHLO_MALFORMED},
        {"TLS-8 no code at HELO", SMTP_HELO, SMTP_END_MALFORMED, NET_OK, 500, FAIL_SMTP_EHLO_MALFORMED},
        {"TLS-8 no code at STARTTLS", SMTP_STARTTLS, SMTP_END_MALFORMED, NET_OK, 250,
         FAIL_SMTP_STARTTLS_MALFORMED},
        {"TLS-8 likewise in an old record", SMTP_EHLO, SMTP_END_NOT_SMTP, NET_OK, 220,
         FAIL_SMTP_EHLO_MALFORMED},
        {"no descriptor or buffer of ours", SMTP_CONNECT, SMTP_END_NET, NET_RESOURCES, 0,
         FAIL_SMTP_NOT_PROBED_RESOURCES},
        {"no memory of ours", SMTP_EHLO, SMTP_END_NET, NET_RESOURCES, 220, FAIL_SMTP_NOT_PROBED_RESOURCES},
        {"TLS-2 454", SMTP_STARTTLS, SMTP_END_REPLY, NET_OK, 454, FAIL_SMTP_STARTTLS_TEMPFAIL},
        {"TLS-2 501", SMTP_STARTTLS, SMTP_END_REPLY, NET_OK, 501, FAIL_SMTP_STARTTLS_REFUSED},
        {"connection refused", SMTP_CONNECT, SMTP_END_NET, NET_REFUSED, 0, FAIL_SMTP_TCP_REFUSED},
        {"connection reset", SMTP_CONNECT, SMTP_END_NET, NET_RESET, 0, FAIL_SMTP_TCP_RESET},
        {"no route", SMTP_CONNECT, SMTP_END_NET, NET_UNREACHABLE, 0, FAIL_SMTP_TCP_UNREACHABLE},
        {"connect step runs out", SMTP_CONNECT, SMTP_END_STEP_TIMEOUT, NET_OK, 0, FAIL_SMTP_TCP_TIMEOUT},
        {"TLS-1 greeting 421 is not 'not offered'", SMTP_GREETING, SMTP_END_REPLY, NET_OK, 421,
         FAIL_SMTP_GREETING_4XX},
        {"TLS-1 greeting 554", SMTP_GREETING, SMTP_END_REPLY, NET_OK, 554, FAIL_SMTP_GREETING_5XX},
        {"TLS-1 silent greeting", SMTP_GREETING, SMTP_END_STEP_TIMEOUT, NET_OK, 0,
         FAIL_SMTP_GREETING_TIMEOUT},
        {"not SMTP", SMTP_GREETING, SMTP_END_NOT_SMTP, NET_OK, 0, FAIL_SMTP_GREETING_NOT_SMTP},
        {"EHLO refused", SMTP_EHLO, SMTP_END_REPLY, NET_OK, 502, FAIL_SMTP_EHLO_REFUSED},
        {"not offered", SMTP_EHLO, SMTP_END_NOT_OFFERED, NET_OK, 250, FAIL_SMTP_STARTTLS_NOT_OFFERED},
        {"TLS-2 STARTTLS 502", SMTP_STARTTLS, SMTP_END_REPLY, NET_OK, 502, FAIL_SMTP_STARTTLS_REFUSED},
        {"STARTTLS reset", SMTP_STARTTLS, SMTP_END_NET, NET_RESET, 0, FAIL_SMTP_STARTTLS_CLOSED},
        {"session deadline", SMTP_EHLO, SMTP_END_SESSION_DEADLINE, NET_OK, 0, FAIL_SMTP_SESSION_DEADLINE},
        {"dripping", SMTP_EHLO, SMTP_END_DRIPPING, NET_OK, 0, FAIL_SMTP_DRIPPING},
        {"line too long", SMTP_EHLO, SMTP_END_LINE_TOO_LONG, NET_OK, 0, FAIL_SMTP_LINE_TOO_LONG},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct probe_facts probe = {.step = cases[i].step,
                                    .end = cases[i].end,
                                    .net = cases[i].net,
                                    .reply_code = cases[i].reply_code};
        enum failure_code code = verdict_probe(&probe, NOW_MS);
        if (code != cases[i].code)
            fail_msg("%s: %s", cases[i].name, failure_name(code));
    }
}

/* Records of earlier programs have the errno beside `other`. */
static void test_errno_of_ours(void **state)
{
    static const int numbers[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM};
    (void)state;
    for (size_t i = 0; i < COUNT(numbers); i++) {
        struct probe_facts probe = {
            .step = SMTP_CONNECT, .end = SMTP_END_NET, .net = NET_OTHER, .sys_errno = numbers[i]};
        assert_int_equal(verdict_probe(&probe, NOW_MS), FAIL_SMTP_NOT_PROBED_RESOURCES);
    }
    assert_int_equal(failure_get(FAIL_SMTP_NOT_PROBED_RESOURCES)->who, WHO_US);
    assert_int_equal(failure_get(FAIL_POLICY_NOT_TRIED_RESOURCES)->who, WHO_US);
}

/* TLS-8: a refusal that names a block list is about us, at each step, and never "not offered". */
static void test_block_list(void **state)
{
    static const struct {
        enum smtp_step step;
        enum smtp_end end;
        int code;
    } rows[] = {{SMTP_GREETING, SMTP_END_REPLY, 554},  {SMTP_GREETING, SMTP_END_REPLY, 421},
                {SMTP_GREETING, SMTP_END_NOT_SMTP, 0}, {SMTP_GREETING, SMTP_END_CLOSED, 0},
                {SMTP_EHLO, SMTP_END_REPLY, 550},      {SMTP_HELO, SMTP_END_REPLY, 550},
                {SMTP_STARTTLS, SMTP_END_REPLY, 554}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct probe_facts probe = {
            .step = rows[i].step, .end = rows[i].end, .reply_code = rows[i].code, .listed = true};
        assert_int_equal(verdict_probe(&probe, NOW_MS), FAIL_SMTP_BLOCK_LISTED);
        assert_int_equal(verdict_tls_offer(&probe), TLS_OFFER_UNKNOWN);
    }
    assert_int_equal(failure_get(FAIL_SMTP_BLOCK_LISTED)->who, WHO_US);
    assert_int_equal(failure_get(FAIL_SMTP_BLOCK_LISTED)->effect, EFFECT_UNKNOWN);
    assert_int_equal(failure_get(FAIL_SMTP_EHLO_NAME)->who, WHO_US);
}

/* For a sender that takes any TLS: what was not seen is neither yes nor no. */
static void test_offers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct probe_facts probe;
        enum tls_offer offer;
    } cases[] = {
        {"TLS-1 not tried", {.not_tried = NOT_TRIED_PACE, .tls = {.end = TLS_DONE}}, TLS_OFFER_UNKNOWN},
        {"TLS-5 done", {.tls = {.end = TLS_DONE}}, TLS_OFFER_YES},
        {"TLS-1 not offered", {.end = SMTP_END_NOT_OFFERED}, TLS_OFFER_NO},
        {"TLS-3 handshake failed", {.end = SMTP_END_TLS, .tls = {.end = TLS_FAILED}}, TLS_OFFER_NO},
        {"TLS-3 handshake silent", {.end = SMTP_END_TLS, .tls = {.end = TLS_TIMEOUT}}, TLS_OFFER_UNKNOWN},
        {"TLS-2 refused", {.end = SMTP_END_REPLY, .step = SMTP_STARTTLS, .reply_code = 502}, TLS_OFFER_NO},
        {"TLS-2 put off",
         {.end = SMTP_END_REPLY, .step = SMTP_STARTTLS, .reply_code = 454},
         TLS_OFFER_UNKNOWN},
        {"TLS-1 554 greeting",
         {.end = SMTP_END_REPLY, .step = SMTP_GREETING, .reply_code = 554},
         TLS_OFFER_UNKNOWN},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        if (verdict_tls_offer(&cases[i].probe) != cases[i].offer)
            fail_msg("%s", cases[i].name);
}

static void test_policy_host_without_address(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum dns_status a, aaaa;
        enum failure_code code;
    } cases[] = {
        {"TXT-8 no such name", DNS_NXDOMAIN, DNS_NXDOMAIN, FAIL_POLICY_NO_ADDRESS},
        {"TXT-8 no address", DNS_NODATA, DNS_NODATA, FAIL_POLICY_NO_ADDRESS},
        {"TXT-8 no A", DNS_NODATA, DNS_SERVFAIL, FAIL_POLICY_DNS_FAILED},
        {"TXT-8 no AAAA", DNS_TIMEOUT, DNS_NXDOMAIN, FAIL_POLICY_DNS_FAILED},
        {"TXT-8 bogus", DNS_BOGUS, DNS_BOGUS, FAIL_POLICY_DNS_FAILED},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct policy_facts policy = {
            .host = "mta-sts.example",
            .address = {.a = {.status = cases[i].a}, .aaaa = {.status = cases[i].aaaa}}};
        enum failure_code code = verdict_fetch(&policy, NOW_MS);
        if (code != cases[i].code)
            fail_msg("%s: %s", cases[i].name, failure_name(code));
    }
}

static void test_fetch_lost(void **state)
{
    (void)state;
    static struct cert_facts valid = {.not_after = NOW_MS};
    static const struct {
        const char *name;
        struct fetch_facts fetch;
        enum failure_code code;
    } cases[] = {
        {"POL-3 reset in the handshake",
         {.step = FETCH_TLS, .net = NET_RESET, .tls = {.end = TLS_CLOSED}},
         FAIL_POLICY_TCP_RESET},
        {"POL-9 reset in the body",
         {.step = FETCH_BODY, .net = NET_RESET, .tls = {.end = TLS_CLOSED}},
         FAIL_POLICY_HTTP_TRUNCATED},
        {"POL-9 silent in the handshake",
         {.step = FETCH_TLS, .deadline = true, .tls = {.end = TLS_TIMEOUT}},
         FAIL_POLICY_HTTP_TIMEOUT},
        {"POL-1 not connected for a reason of its own",
         {.step = FETCH_CONNECT, .net = NET_OTHER},
         FAIL_POLICY_TCP_UNREACHABLE},
        {"POL-9 records without data in the handshake",
         {.step = FETCH_TLS, .tls = {.end = TLS_FLOODED}},
         FAIL_POLICY_FLOOD},
        {"POL-9 in place of an answer",
         {.step = FETCH_HEADERS,
          .flooded = true,
          .tls = {.end = TLS_DONE, .name_match = true, .certs = &valid, .cert_count = 1}},
         FAIL_POLICY_FLOOD},
        {"no descriptor or buffer of ours",
         {.step = FETCH_CONNECT, .net = NET_RESOURCES},
         FAIL_POLICY_NOT_TRIED_RESOURCES},
        {"POL-3 plain HTTP on port 443",
         {.step = FETCH_TLS,
          .tls = {.end = TLS_FAILED, .alert = -1, .error_reason = SSL_R_WRONG_VERSION_NUMBER}},
         FAIL_POLICY_TLS_NOT_TLS},
        {"POL-3 a curve that nobody offered",
         {.step = FETCH_TLS, .tls = {.end = TLS_FAILED, .alert = -1, .error_reason = SSL_R_WRONG_CURVE}},
         FAIL_POLICY_TLS_CURVE},
        {"stuck", {.not_tried = NOT_TRIED_STUCK}, FAIL_POLICY_NOT_TRIED_STUCK},
        {"opted out", {.not_tried = NOT_TRIED_OPTOUT}, FAIL_POLICY_NOT_TRIED_OPTOUT},
        {"no family", {.not_tried = NOT_TRIED_NO_FAMILY}, FAIL_POLICY_NOT_TRIED_NO_FAMILY},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct ip_addr ip = {.family = 4};
        struct policy_facts policy = {
            .host = "mta-sts.example", .address = {.ips = &ip, .ip_count = 1}, .fetch = cases[i].fetch};
        enum failure_code code = verdict_fetch(&policy, NOW_MS);
        if (code != cases[i].code)
            fail_msg("%s: %s", cases[i].name, failure_name(code));
    }
}

/* Records without data: our ceiling ended it, which is no finding about the host. */
static void test_flooded(void **state)
{
    (void)state;
    static struct cert_facts valid = {.not_after = NOW_MS};
    static const struct probe_facts
        shaking = {.step = SMTP_HANDSHAKE, .end = SMTP_END_TLS, .tls = {.end = TLS_FLOODED, .alert = -1}},
        behind = {.step = SMTP_EHLO_TLS,
                  .end = SMTP_END_FLOODED,
                  .tls = {.end = TLS_DONE, .name_match = true, .certs = &valid, .cert_count = 1}},
        stuck = {.not_tried = NOT_TRIED_STUCK};
    assert_int_equal(verdict_probe(&shaking, NOW_MS), FAIL_SMTP_TLS_FLOOD);
    assert_int_equal(verdict_tls_offer(&shaking), TLS_OFFER_UNKNOWN);
    assert_int_equal(verdict_probe(&behind, NOW_MS), FAIL_NONE);
    assert_int_equal(verdict_tls_offer(&behind), TLS_OFFER_YES);
    assert_int_equal(verdict_probe(&stuck, NOW_MS), FAIL_SMTP_NOT_PROBED_STUCK);
    assert_false(handshake_wants_second(&shaking));
}

/* What is worth a second look at an MX host: a lookup or an address that may come good by itself. */
static void test_host_may_pass(void **state)
{
    (void)state;
    struct probe_facts probes[] = {{.end = SMTP_END_NOT_OFFERED},
                                   {.step = SMTP_GREETING, .end = SMTP_END_REPLY, .reply_code = 421}};
    struct host_facts host = {.host = "mx.example", .probes = probes, .probe_count = 1};
    host.address.a.status = DNS_ANSWERED;
    host.address.aaaa.status = DNS_NODATA;
    host.tlsa.lookup.status = DNS_NXDOMAIN;
    assert_false(verdict_host_may_pass(&host));
    host.probe_count = COUNT(probes);
    assert_true(verdict_host_may_pass(&host));
    host.probe_count = 0;
    static const enum dns_status passing[] = {DNS_SERVFAIL, DNS_REFUSED, DNS_TIMEOUT, DNS_BOGUS, DNS_LAME};
    for (size_t i = 0; i < COUNT(passing); i++) {
        host.tlsa.lookup.status = passing[i];
        assert_true(verdict_host_may_pass(&host));
    }
    host.tlsa.lookup.status = DNS_NOT_ASKED;
    assert_false(verdict_host_may_pass(&host));
    /* What another stage is to do comes good by none of ours; what has no turn may. */
    struct probe_facts left = {.not_tried = NOT_TRIED_ELSEWHERE};
    host.probes = &left;
    host.probe_count = 1;
    assert_false(verdict_host_may_pass(&host));
    left.not_tried = NOT_TRIED_PACE;
    assert_true(verdict_host_may_pass(&host));
}

/* What is elsewhere is unknown, and no reason for another pass of the stage that leaves it (stages.md). */
static void test_elsewhere_is_no_reason_to_come_again(void **state)
{
    (void)state;
    const struct probe_facts probe = {.host = "mx.example", .not_tried = NOT_TRIED_ELSEWHERE};
    struct policy_facts policy = {.host = "mta-sts.example", .fetch = {.not_tried = NOT_TRIED_ELSEWHERE}};
    policy.address.ip_count = 1;
    policy.address.a.status = DNS_ANSWERED;
    assert_int_equal(verdict_probe(&probe, NOW_MS), FAIL_SMTP_NOT_PROBED_ELSEWHERE);
    assert_int_equal(verdict_fetch(&policy, NOW_MS), FAIL_POLICY_NOT_TRIED_ELSEWHERE);
    assert_int_equal(verdict_retry(FAIL_SMTP_NOT_PROBED_ELSEWHERE), RETRY_NEVER);
    assert_int_equal(verdict_retry(FAIL_POLICY_NOT_TRIED_ELSEWHERE), RETRY_NEVER);
    assert_true(failure_get(FAIL_SMTP_NOT_PROBED_ELSEWHERE)->transient); /* so it is no verdict on anybody */
    assert_true(failure_get(FAIL_POLICY_NOT_TRIED_ELSEWHERE)->transient);
    assert_false(look_asks_again(&probe));
    assert_false(look_at_policy_asks_again(&policy.fetch));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_errno_of_ours),
        cmocka_unit_test(test_block_list),
        cmocka_unit_test(test_offers),
        cmocka_unit_test(test_policy_host_without_address),
        cmocka_unit_test(test_fetch_lost),
        cmocka_unit_test(test_flooded),
        cmocka_unit_test(test_flooded),
        cmocka_unit_test(test_elsewhere_is_no_reason_to_come_again),
        cmocka_unit_test(test_host_may_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
