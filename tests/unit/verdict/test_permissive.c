/* TLS-4 with real handshakes: servers that offer what is outdated only, the second handshake with each, the
 * code. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/sslerr.h>

#include "scanner/verdict/handshake.h"
#include "scanner/verdict/tls.h"
#include "tests/unit/smtp_visit.h"

static const char *const curves[] = {"P-256",           "secp256k1",       "brainpoolP256r1",
                                     "brainpoolP384r1", "brainpoolP512r1", "P-384"};
static const char DH_512[] = "tests/fake/dh512.pem";

struct server_case {
    const char *name;
    int rsa_bits; /* 0: EC P-256; below: a place in curves */
    bool dh;      /* of 512 bits */
    int least, most;
    const char *ciphers;
    const char *signatures;
    bool second;      /* is a second handshake tried? */
    enum tls_end end; /* of it */
    enum failure_code code;
    enum tls_offer offer; /* for a sender that takes anything */
};

#define ANY      0, 0
#define ONLY(v)  v, v
#define UP_TO(v) TLS1_VERSION, v

static const struct server_case server_cases[] = {
    {"TLS-4 all as usual", 0, false, ANY, NULL, NULL, false, TLS_DONE, FAIL_NONE, TLS_OFFER_YES},
    {"TLS-4 1.2 only is enough", 2048, false, ONLY(TLS1_2_VERSION), NULL, NULL, false, TLS_DONE, FAIL_NONE,
     TLS_OFFER_YES},
    {"TLS-4 1.0 only", 2048, false, ONLY(TLS1_VERSION), NULL, NULL, true, TLS_DONE, FAIL_SMTP_TLS_VERSION,
     TLS_OFFER_YES},
    {"TLS-4 1.1 at most, EC key", 0, false, UP_TO(TLS1_1_VERSION), NULL, NULL, true, TLS_DONE,
     FAIL_SMTP_TLS_VERSION, TLS_OFFER_YES},
    {"TLS-4 DH of 512 bits", 2048, true, ONLY(TLS1_2_VERSION), "DHE-RSA-AES128-GCM-SHA256", NULL, true,
     TLS_DONE, FAIL_SMTP_TLS_SMALL_DH, TLS_OFFER_YES},
    {"TLS-4 SHA-1 signatures only", 2048, false, ONLY(TLS1_2_VERSION), "ECDHE-RSA-AES128-GCM-SHA256",
     "RSA+SHA1", true, TLS_DONE, FAIL_SMTP_TLS_SIGNATURE, TLS_OFFER_YES},
    {"TLS-4 no authentication", 0, false, ONLY(TLS1_2_VERSION), "AECDH-AES128-SHA", NULL, true, TLS_DONE,
     FAIL_SMTP_TLS_CIPHER, TLS_OFFER_YES},
    {"TLS-4 no encryption is no TLS", 2048, false, ONLY(TLS1_2_VERSION), "NULL-SHA256", NULL, true, TLS_DONE,
     FAIL_SMTP_TLS_CIPHER, TLS_OFFER_NO},
    {"TLS-4 no encryption, EC", 0, false, ONLY(TLS1_2_VERSION), "ECDHE-ECDSA-NULL-SHA", NULL, true, TLS_DONE,
     FAIL_SMTP_TLS_CIPHER, TLS_OFFER_NO},
    {"TLS-4 TLS-3 a key on secp256k1", -1, false, ANY, NULL, NULL, true, TLS_DONE, FAIL_SMTP_TLS_CURVE,
     TLS_OFFER_YES},
    {"TLS-4 TLS-3 a key on brainpoolP256r1", -2, false, ANY, NULL, NULL, true, TLS_DONE, FAIL_SMTP_TLS_CURVE,
     TLS_OFFER_YES},
    {"TLS-4 TLS-3 a key on brainpoolP384r1, TLS 1.2 only", -3, false, ONLY(TLS1_2_VERSION), NULL, NULL, true,
     TLS_DONE, FAIL_SMTP_TLS_CURVE, TLS_OFFER_YES},
    {"TLS-4 TLS-3 a key on brainpoolP512r1", -4, false, ANY, NULL, NULL, true, TLS_DONE, FAIL_SMTP_TLS_CURVE,
     TLS_OFFER_YES},
    {"TLS-4 TLS-3 a key on P-384 is as usual", -5, false, ANY, NULL, NULL, false, TLS_DONE, FAIL_NONE,
     TLS_OFFER_YES},
    {"TLS-3 a weak key is recorded by the first handshake", 1024, false, ANY, NULL, NULL, false, TLS_DONE,
     FAIL_SMTP_TLS_WEAK, TLS_OFFER_YES},
};

/* OpenSSL's own callback refuses groups below 1024 bits at every level. */
static int anything_goes(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other, void *ex)
{
    (void)ssl, (void)ctx, (void)op, (void)bits, (void)nid, (void)other, (void)ex;
    return 1;
}

static void set_dh(SSL_CTX *ctx)
{
    SSL_CTX_set_security_callback(ctx, anything_goes);
    BIO *file = BIO_new_file(DH_512, "r");
    must(file != NULL);
    EVP_PKEY *group = PEM_read_bio_Parameters(file, NULL);
    BIO_free(file);
    must(group != NULL && SSL_CTX_set0_tmp_dh_pkey(ctx, group) == 1);
}

static SSL_CTX *open_server(const struct server_case *row, const struct visits *visits, struct identity *leaf)
{
    char ciphers[128];
    struct cert_spec spec = {.cn = "x", .san = "DNS:" VISIT_HOST};
    if (row->rsa_bits < 0)
        spec.curve = curves[-row->rsa_bits];
    else
        spec.rsa_bits = row->rsa_bits;
    *leaf = make_identity(&spec, &visits->intermediate);
    SSL_CTX *ctx = make_server(leaf, visits->intermediate.cert);
    (void)snprintf(ciphers, sizeof ciphers, "%s:@SECLEVEL=0", row->ciphers == NULL ? "ALL" : row->ciphers);
    must(SSL_CTX_set_cipher_list(ctx, ciphers) == 1);
    must(SSL_CTX_set_min_proto_version(ctx, row->least) == 1);
    must(SSL_CTX_set_max_proto_version(ctx, row->most) == 1);
    if (row->signatures != NULL)
        must(SSL_CTX_set1_sigalgs_list(ctx, row->signatures) == 1);
    if (row->dh)
        set_dh(ctx);
    return ctx;
}

static void check_server(struct visits *visits, const struct server_case *row)
{
    struct identity leaf;
    struct probe_facts facts;
    struct probe_facts second = {.host = NULL};
    SSL_CTX *ctx = open_server(row, visits, &leaf);
    visit(visits, ctx, visit_script, false, &facts);
    bool wanted = handshake_wants_second(&facts);
    if (wanted) {
        visit(visits, ctx, visit_script, true, &second);
        facts.legacy = &second.tls;
    }
    enum failure_code code = verdict_probe(&facts, facts.time);
    const struct tls_facts *last = wanted ? &second.tls : &facts.tls;
    if (wanted != row->second || last->end != row->end || code != row->code ||
        verdict_tls_offer(&facts) != row->offer)
        fail_msg("%s: second %d, its end %s (%s), first: %s, alert %d, reason %d, code %s", row->name, wanted,
                 tls_end_name(last->end), last->cipher == NULL ? "" : last->cipher,
                 facts.tls.error_text == NULL ? "" : facts.tls.error_text, facts.tls.alert,
                 facts.tls.error_reason, failure_name(code));
    SSL_CTX_free(ctx);
    identity_free(&leaf);
}

static void test_servers(void **state)
{
    for (size_t i = 0; i < sizeof server_cases / sizeof *server_cases; i++)
        check_server(*state, &server_cases[i]);
}

/* TLS-5: the permissive handshake validates as the first does, so that what else is wrong is known at once.
 */
static void test_faults_behind_the_version(void **state)
{
    struct visits *visits = *state;
    struct cert_spec spec = {.cn = "x", .san = "DNS:other.test", .from_s = -9 * 86400, .to_s = -86400};
    struct identity leaf = make_identity(&spec, &visits->intermediate);
    SSL_CTX *ctx = make_server(&leaf, visits->intermediate.cert);
    struct code_set codes = {{0}};
    struct probe_facts facts;
    must(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION) == 1);
    must(SSL_CTX_set_max_proto_version(ctx, TLS1_VERSION) == 1);
    must(SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0") == 1);
    visit(visits, ctx, visit_script, true, &facts);
    assert_int_equal(facts.tls.version, TLS1_VERSION);
    verdict_certificate_codes(&facts.tls, STAGE_SMTP, facts.time, &codes);
    assert_true(code_set_has(&codes, FAIL_SMTP_TLS_EXPIRED));
    assert_true(code_set_has(&codes, FAIL_SMTP_TLS_HOST_MISMATCH));
    assert_false(code_set_has(&codes, FAIL_SMTP_TLS_UNTRUSTED));
    SSL_CTX_free(ctx);
    identity_free(&leaf);
}

/* A ServerHello of TLS 1.2 without renegotiation_info (RFC 5746 section 3.4), as servers before 2010 sent it.
 */
static const char OLD_HELLO[] = "\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03"
                                "0123456789abcdef0123456789abcdef"
                                "\x00\xc0\x2f\x00";

static void test_no_secure_renegotiation(void **state)
{
    static const struct peer_step script[] = {
        {PEER_SEND, "220 mx1.example.test ESMTP\r\n", 0},
        {PEER_EXPECT, "EHLO ", 0},
        {PEER_SEND, "250-mx1.example.test\r\n250 STARTTLS\r\n", 0},
        {PEER_EXPECT, "STARTTLS", 0},
        {PEER_SEND, "220 go ahead\r\n", 0},
        {PEER_READ, NULL, 0},
        {PEER_SEND, OLD_HELLO, sizeof OLD_HELLO - 1},
        {PEER_END, NULL, 0},
    };
    struct visits *visits = *state;
    struct probe_facts facts;
    struct probe_facts second;
    visit(visits, NULL, script, false, &facts);
    assert_int_equal(facts.tls.error_reason, SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED);
    assert_true(handshake_wants_second(&facts));
    assert_int_equal(verdict_probe(&facts, facts.time), FAIL_SMTP_TLS_LEGACY_RENEGOTIATION);
    visit(visits, NULL, script, true, &second);
    assert_int_equal(second.tls.end, TLS_CLOSED);
    facts.legacy = &second.tls;
    assert_int_equal(verdict_probe(&facts, facts.time), FAIL_SMTP_TLS_LEGACY_RENEGOTIATION);
}

/* Behind its certificate a no is about something else: there is nothing for a second handshake to show. */
static void test_client_certificate_wanted(void **state)
{
    struct visits *visits = *state;
    struct cert_spec spec = {.cn = "x", .san = "DNS:" VISIT_HOST};
    struct identity leaf = make_identity(&spec, &visits->intermediate);
    SSL_CTX *ctx = make_server(&leaf, visits->intermediate.cert);
    struct probe_facts facts;
    must(SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) == 1);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    visit(visits, ctx, visit_script, false, &facts);
    assert_int_equal(facts.tls.alert, SSL_AD_HANDSHAKE_FAILURE);
    assert_false(handshake_wants_second(&facts));
    SSL_CTX_free(ctx);
    identity_free(&leaf);
}

/* ---- SNI ----------------------------------------------------------------------------------------------- */

static int on_sni(SSL *ssl, int *alert, void *arg)
{
    const int *answer = arg;
    (void)ssl;
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return *answer;
}

/* RFC 6066 section 3: the warning is passed over, the fatal alert is one. Neither asks for a second
 * handshake. */
static void test_unrecognized_name(void **state)
{
    struct visits *visits = *state;
    struct cert_spec spec = {.cn = "x", .san = "DNS:" VISIT_HOST};
    struct identity leaf = make_identity(&spec, &visits->intermediate);
    SSL_CTX *ctx = make_server(&leaf, visits->intermediate.cert);
    struct probe_facts facts;
    int answer = SSL_TLSEXT_ERR_ALERT_WARNING;
    must(SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) == 1);
    SSL_CTX_set_tlsext_servername_callback(ctx, on_sni);
    SSL_CTX_set_tlsext_servername_arg(ctx, &answer);
    visit(visits, ctx, visit_script, false, &facts);
    assert_int_equal(verdict_probe(&facts, facts.time), FAIL_NONE);
    answer = SSL_TLSEXT_ERR_ALERT_FATAL;
    visit(visits, ctx, visit_script, false, &facts);
    assert_int_equal(facts.tls.alert, SSL_AD_UNRECOGNIZED_NAME);
    assert_int_equal(verdict_probe(&facts, facts.time), FAIL_SMTP_TLS_ALERT);
    assert_false(handshake_wants_second(&facts));
    SSL_CTX_free(ctx);
    identity_free(&leaf);
}

static int choose_by_name(SSL *ssl, int *alert, void *arg)
{
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    (void)alert;
    if (name != NULL && strcmp(name, VISIT_HOST) == 0)
        (void)SSL_set_SSL_CTX(ssl, arg);
    return SSL_TLSEXT_ERR_OK;
}

/* TLS-3: SNI is the MX host, to the letter: the server gives another certificate to anybody else. */
static void test_certificate_by_name(void **state)
{
    struct visits *visits = *state;
    struct identity mine =
        make_identity(&(struct cert_spec){.cn = "x", .san = "DNS:" VISIT_HOST}, &visits->intermediate);
    struct identity other = make_identity(&(struct cert_spec){.cn = "x", .san = "DNS:other.test"}, NULL);
    SSL_CTX *named = make_server(&mine, visits->intermediate.cert);
    SSL_CTX *ctx = make_server(&other, NULL);
    struct probe_facts facts;
    SSL_CTX_set_tlsext_servername_callback(ctx, choose_by_name);
    SSL_CTX_set_tlsext_servername_arg(ctx, named);
    visit(visits, ctx, visit_script, false, &facts);
    assert_int_equal(verdict_probe(&facts, facts.time), FAIL_NONE);
    SSL_CTX_free(ctx);
    SSL_CTX_free(named);
    identity_free(&mine);
    identity_free(&other);
}

/* ---- TLS-6 --------------------------------------------------------------------------------------------- */

#define TO_STARTTLS                                                                                          \
    {PEER_SEND, "220 mx1.example.test ESMTP\r\n", 0}, {PEER_EXPECT, "EHLO ", 0},                             \
        {PEER_SEND, "250-mx1.example.test\r\n250 STARTTLS\r\n", 0},                                          \
    {                                                                                                        \
        PEER_EXPECT, "STARTTLS", 0                                                                           \
    }

/* However the plaintext is cut: with the 220, right behind it, or only after the ClientHello has gone out.
 * Text that can answer the ClientHello is no injection: the host does not speak TLS. */
static void test_injection_in_every_split(void **state)
{
    static const struct peer_step with[] = {
        TO_STARTTLS, {PEER_SEND, "220 go\r\n250 x\r\n", 0}, {PEER_READ, NULL, 0}, {PEER_END, NULL, 0}};
    static const struct peer_step behind[] = {TO_STARTTLS,
                                              {PEER_SEND, "220 go\r\n", 0},
                                              {PEER_SEND, "250-x\r\n", 0},
                                              {PEER_READ, NULL, 0},
                                              {PEER_END, NULL, 0}};
    static const struct peer_step late[] = {TO_STARTTLS,
                                            {PEER_SEND, "220 go\r\n", 0},
                                            {PEER_READ, NULL, 0},
                                            {PEER_SEND, "250 x\r\n", 0},
                                            {PEER_END, NULL, 0}};
    static const struct peer_step refusal[] = {TO_STARTTLS,
                                               {PEER_SEND, "220 go\r\n", 0},
                                               {PEER_READ, NULL, 0},
                                               {PEER_SEND, "500 5.5.2 Error: bad syntax\r\n", 0},
                                               {PEER_END, NULL, 0}};
    static const struct peer_step put_off[] = {TO_STARTTLS,
                                               {PEER_SEND, "220 go\r\n", 0},
                                               {PEER_READ, NULL, 0},
                                               {PEER_SEND, "454-4.7.0 no\r\n454 TLS\r\n", 0},
                                               {PEER_END, NULL, 0}};
    static const struct peer_step garbage[] = {TO_STARTTLS,
                                               {PEER_SEND, "220 go\r\n", 0},
                                               {PEER_READ, NULL, 0},
                                               {PEER_SEND, "hello\r\n", 0},
                                               {PEER_END, NULL, 0}};
    static const struct {
        const char *name;
        const struct peer_step *script;
        bool injected;
        bool answers; /* the ClientHello with text */
    } rows[] = {{"TLS-6 with the 220", with, true, false},
                {"TLS-6 right behind the 220", behind, true, false},
                {"TLS-6 after the ClientHello", late, true, true},
                {"TLS-6 TLS-3 500 in answer to the ClientHello", refusal, false, true},
                {"TLS-6 TLS-3 454 in answer to the ClientHello", put_off, false, true},
                {"TLS-6 what is no reply is no injected reply", garbage, false, true},
                {"TLS-6 nothing", visit_script, false, false}};
    struct visits *visits = *state;
    struct identity leaf =
        make_identity(&(struct cert_spec){.cn = "x", .san = "DNS:" VISIT_HOST}, &visits->intermediate);
    SSL_CTX *ctx = make_server(&leaf, visits->intermediate.cert);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct probe_facts facts;
        visit(visits, ctx, rows[i].script, false, &facts);
        if (facts.injected != rows[i].injected)
            fail_msg("%s: injected %d", rows[i].name, facts.injected);
        if (rows[i].answers) {
            assert_int_equal(verdict_probe(&facts, facts.time), FAIL_SMTP_TLS_NOT_TLS);
            assert_false(handshake_wants_second(&facts));
        }
    }
    SSL_CTX_free(ctx);
    identity_free(&leaf);
}

static int group_open(void **state)
{
    struct visits *visits = calloc(1, sizeof *visits);
    must(visits != NULL);
    visits_open(visits);
    *state = visits;
    return 0;
}

static int group_close(void **state)
{
    visits_close(*state);
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_faults_behind_the_version),
        cmocka_unit_test(test_no_secure_renegotiation),
        cmocka_unit_test(test_client_certificate_wanted),
        cmocka_unit_test(test_unrecognized_name),
        cmocka_unit_test(test_certificate_by_name),
        cmocka_unit_test(test_injection_in_every_split),
    };
    return cmocka_run_group_tests_name("permissive", tests, group_open, group_close);
}
