/* Which ends of a ClientHello with the groups of tls.groups ask for a small one, and what the looks come to.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/sslerr.h>

#include "scanner/verdict/handshake.h"
#include "scanner/verdict/looks.h"
#include "scanner/verdict/verdict.h"

struct wish {
    const char *name;
    struct tls_facts tls;
    bool at_once;  /* a small one follows at the first look */
    bool at_other; /* behind one that failed in another way */
    bool at_again; /* and behind one that got no answer to a large one */
};

static struct cert_facts shown;

static const struct wish wishes[] = {
    {"made", {.end = TLS_DONE, .alert = -1}, false, false, false},
    {"closed unanswered", {.end = TLS_CLOSED, .alert = -1, .hello_unanswered = true}, false, false, true},
    {"hangs unanswered", {.end = TLS_TIMEOUT, .alert = -1, .hello_unanswered = true}, false, false, true},
    {"closed behind an answer, or a small one", {.end = TLS_CLOSED, .alert = -1}, false, false, false},
    {"hangs behind an answer", {.end = TLS_TIMEOUT, .alert = -1}, false, false, false},
    {"decode_error", {.end = TLS_FAILED, .alert = 50}, true, true, true},
    {"handshake_failure", {.end = TLS_FAILED, .alert = 40}, true, true, true},
    {"internal_error", {.end = TLS_FAILED, .alert = 80, .hello_unanswered = true}, false, true, true},
    {"a bad key share",
     {.end = TLS_FAILED, .alert = -1, .error_reason = SSL_R_BAD_KEY_SHARE},
     true,
     true,
     true},
    {"protocol_version", {.end = TLS_FAILED, .alert = 70}, false, false, false},
    {"insufficient_security", {.end = TLS_FAILED, .alert = 71}, false, false, false},
    {"not TLS",
     {.end = TLS_FAILED, .alert = -1, .error_reason = SSL_R_WRONG_VERSION_NUMBER},
     false,
     false,
     false},
    {"refused behind its certificate",
     {.end = TLS_FAILED, .alert = 40, .certs = &shown, .cert_count = 1},
     false,
     false,
     false},
    {"internal_error behind its certificate",
     {.end = TLS_FAILED, .alert = 80, .certs = &shown, .cert_count = 1},
     false,
     false,
     false},
    {"past a ceiling of ours", {.end = TLS_FAILED, .alert = -1, .limit = TLS_LIMIT_DH}, false, false, false},
    {"past the ceiling of certificates",
     {.end = TLS_FAILED, .alert = -1, .truncated = true},
     false,
     false,
     false},
    {"flooded", {.end = TLS_FLOODED, .alert = -1}, false, false, false},
};

static void test_wishes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        const struct wish *row = &wishes[i];
        struct probe_facts probe = {.step = SMTP_HANDSHAKE, .end = SMTP_END_TLS, .tls = row->tls};
        struct fetch_facts fetch = {.step = FETCH_TLS, .tls = row->tls};
        const bool wanted[] = {[HELLO_UNTRIED] = row->at_once,
                               [HELLO_FAILED] = row->at_other,
                               [HELLO_UNANSWERED] = row->at_again};
        for (enum earlier_hello earlier = HELLO_UNTRIED; earlier <= HELLO_UNANSWERED; earlier++)
            if (handshake_wants_small(&probe, earlier) != wanted[earlier] ||
                handshake_of_policy_wants_small(&fetch, earlier) != wanted[earlier])
                fail_msg("%s, %u", row->name, (unsigned)earlier);
        probe.not_tried = NOT_TRIED_PAUSED;
        fetch.not_tried = NOT_TRIED_PAUSED;
        assert_false(handshake_wants_small(&probe, HELLO_UNANSWERED) ||
                     handshake_of_policy_wants_small(&fetch, HELLO_UNANSWERED));
    }
}

/* TLS-7: nothing in answer to a large ClientHello is looked at again also where a timeout is not. */
static void test_what_is_looked_at_again(void **state)
{
    static const struct {
        enum smtp_end end;
        enum tls_end tls;
        bool unanswered, again;
    } cases[] = {
        {SMTP_END_STEP_TIMEOUT, TLS_TIMEOUT, true, true},
        {SMTP_END_SESSION_DEADLINE, TLS_TIMEOUT, true, true},
        {SMTP_END_STEP_TIMEOUT, TLS_TIMEOUT, false, false},
        {SMTP_END_TLS, TLS_CLOSED, true, true},
        {SMTP_END_TLS, TLS_CLOSED, false, true},
        {SMTP_END_TLS, TLS_FAILED, true, true},
        {SMTP_END_DONE, TLS_DONE, false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct probe_facts probe = {.step = SMTP_HANDSHAKE, .end = cases[i].end};
        struct fetch_facts fetch = {.step = FETCH_TLS};
        probe.tls =
            (struct tls_facts){.end = cases[i].tls, .alert = -1, .hello_unanswered = cases[i].unanswered};
        fetch.tls = probe.tls;
        assert_int_equal(look_asks_again(&probe), cases[i].again);
        assert_int_equal(look_at_policy_asks_again(&fetch), cases[i].again);
    }
}

/* How the looks before it ended, and whether they were about more than a ClientHello. */
static const struct before {
    unsigned smtp_step, fetch_step;
    enum failure_code smtp, policy;
    bool otherwise;
} befores[] = {
    {SMTP_HANDSHAKE, FETCH_TLS, FAIL_SMTP_TLS_TIMEOUT, FAIL_POLICY_HTTP_TIMEOUT, false},
    {SMTP_HANDSHAKE, FETCH_TLS, FAIL_SMTP_TLS_CLOSED, FAIL_POLICY_TCP_RESET, false},
    {SMTP_HANDSHAKE, FETCH_TLS, FAIL_SMTP_TLS_ALERT, FAIL_POLICY_TLS_HANDSHAKE, false},
    {SMTP_EHLO, FETCH_CONNECT, FAIL_SMTP_STARTTLS_NOT_OFFERED, FAIL_POLICY_TCP_REFUSED, true},
    {SMTP_STARTTLS, FETCH_CONNECT, FAIL_SMTP_STARTTLS_CLOSED, FAIL_POLICY_TCP_RESET, true},
    {SMTP_STARTTLS, FETCH_HEADERS, FAIL_SMTP_STARTTLS_REFUSED, FAIL_POLICY_TCP_RESET, true},
};

/* The findings, beside the verdict on what the small ClientHello showed; a look before it that nothing
 * answered is told by them, and by no inconsistency; any other stays one. Facts of old records have
 * neither. */
static void check_findings(const struct before *before)
{
    static uint8_t txt_text[] = "v=STSv1; id=1;";
    static uint8_t body[] = "version: STSv1\nmode: enforce\nmx: mx.a.example\nmax_age: 604800\n";
    const int64_t now = INT64_C(1800000000000);
    for (int intolerant = 0; intolerant < 2; intolerant++) {
        struct arena arena;
        struct judgement judgement;
        struct cert_facts leaf = {.not_after = now / 1000 + 8640000, .signed_by = -1};
        struct tls_facts tls = {.end = TLS_DONE, .alert = -1, .certs = &leaf, .cert_count = 1};
        tls.name_match = true;
        tls.hello_intolerant = intolerant == 1;
        struct ip_addr ip = ip_v4((const uint8_t[]){192, 0, 2, 1});
        struct probe_facts probe = {.host = "mx.a.example",
                                    .ip = ip,
                                    .time = now,
                                    .step = SMTP_QUIT,
                                    .end = SMTP_END_DONE,
                                    .tls = tls};
        struct host_facts host = {.host = "mx.a.example", .probes = &probe, .probe_count = 1};
        host.address = (struct address_facts){.a.status = DNS_ANSWERED, .ips = &ip, .ip_count = 1};
        struct mx_host mx = {.host = "mx.a.example", .preference = 10, .facts = &host};
        struct mx_rr rr = {10, "mx.a.example"};
        struct bytes txt = bytes_make(txt_text, sizeof txt_text - 1);
        struct look looks[] = {{.host = "mx.a.example",
                                .ip = ip,
                                .time = now - 900000,
                                .step = before->smtp_step,
                                .code = before->smtp},
                               {.host = "mta-sts.a.example",
                                .policy = true,
                                .ip = ip,
                                .time = now - 900000,
                                .step = before->fetch_step,
                                .code = before->policy}};
        struct domain_facts facts = {.domain = "a.example",
                                     .txt = {.lookup.status = DNS_ANSWERED, .rrs = &txt, .rr_count = 1},
                                     .mx = {.lookup.status = DNS_ANSWERED, .rrs = &rr, .rr_count = 1},
                                     .hosts = &mx,
                                     .host_count = 1,
                                     .looks = looks,
                                     .look_count = 2,
                                     .time = now};
        facts.policy.host = "mta-sts.a.example";
        facts.policy.address = host.address;
        facts.policy.fetch = (struct fetch_facts){.ip = ip, .time = now, .step = FETCH_DONE, .tls = tls};
        facts.policy.fetch.http_status = 200;
        facts.policy.fetch.body = bytes_make(body, sizeof body - 1);
        arena_init(&arena, 1 << 20);
        verdict_judge(&facts, now, &arena, &judgement);
        assert_int_equal(judgement.outcome, OUTCOME_PROTECTED);
        assert_int_equal(code_set_has(&judgement.codes, FAIL_SMTP_TLS_HELLO_INTOLERANT), intolerant);
        assert_int_equal(code_set_has(&judgement.codes, FAIL_POLICY_TLS_HELLO_INTOLERANT), intolerant);
        assert_int_equal(code_set_has(&judgement.codes, FAIL_SMTP_INCONSISTENT),
                         !intolerant || before->otherwise);
        assert_int_equal(code_set_has(&judgement.codes, FAIL_POLICY_INCONSISTENT),
                         !intolerant || before->otherwise);
        arena_dispose(&arena);
    }
}

static void test_findings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof befores / sizeof *befores; i++)
        check_findings(&befores[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wishes),
        cmocka_unit_test(test_what_is_looked_at_again),
        cmocka_unit_test(test_findings),
    };
    return cmocka_run_group_tests_name("hello", tests, NULL, NULL);
}
