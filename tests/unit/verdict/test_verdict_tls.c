/* Table tests of what the verdict says of handshakes: causes (TLS-4), certificates (TLS-3), addresses
 * compared. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#include "scanner/verdict/handshake.h"
#include "scanner/verdict/parts.h"
#include "scanner/verdict/tls.h"
#include "scanner/verdict/verdict.h"

#define NOW_MS      INT64_C(1800000000000)
#define DAY         INT64_C(86400)
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))
#define TLS10       0x0301
#define TLS11       0x0302
#define TLS12       0x0303
#define TLS13       0x0304
#define GCM         "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"

/* ---- what one handshake tells -------------------------------------------------------------------------- */

struct told_case {
    const char *name;
    enum tls_end end;
    int alert;
    int reason;
    bool certificate; /* had it come to one? */
    bool second;      /* is a second handshake wanted? */
    enum failure_code smtp, policy;
};

static const struct told_case told_cases[] = {
    {"TLS-4 alert handshake_failure", TLS_FAILED, 40, 1040, false, true, FAIL_SMTP_TLS_ALERT,
     FAIL_POLICY_TLS_HANDSHAKE},
    {"TLS-4 alert handshake_failure behind a certificate", TLS_FAILED, 40, 1040, true, false,
     FAIL_SMTP_TLS_ALERT, FAIL_POLICY_TLS_HANDSHAKE},
    {"TLS-4 alert protocol_version", TLS_FAILED, 70, 1070, false, true, FAIL_SMTP_TLS_VERSION,
     FAIL_POLICY_TLS_VERSION},
    {"TLS-4 alert insufficient_security", TLS_FAILED, 71, 1071, false, true, FAIL_SMTP_TLS_CIPHER,
     FAIL_POLICY_TLS_CIPHER},
    {"TLS-4 reason unsupported protocol", TLS_FAILED, -1, SSL_R_UNSUPPORTED_PROTOCOL, false, true,
     FAIL_SMTP_TLS_VERSION, FAIL_POLICY_TLS_VERSION},
    {"TLS-4 reason version too low", TLS_FAILED, -1, SSL_R_VERSION_TOO_LOW, false, true,
     FAIL_SMTP_TLS_VERSION, FAIL_POLICY_TLS_VERSION},
    {"TLS-4 reason wrong cipher", TLS_FAILED, -1, SSL_R_WRONG_CIPHER_RETURNED, false, true,
     FAIL_SMTP_TLS_CIPHER, FAIL_POLICY_TLS_CIPHER},
    {"TLS-4 reason small group", TLS_FAILED, -1, SSL_R_DH_KEY_TOO_SMALL, true, true, FAIL_SMTP_TLS_SMALL_DH,
     FAIL_POLICY_TLS_SMALL_DH},
    {"TLS-4 reason signature", TLS_FAILED, -1, SSL_R_WRONG_SIGNATURE_TYPE, true, true,
     FAIL_SMTP_TLS_SIGNATURE, FAIL_POLICY_TLS_SIGNATURE},
    {"TLS-4 reason legacy signature", TLS_FAILED, -1, SSL_R_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED, true,
     true, FAIL_SMTP_TLS_SIGNATURE, FAIL_POLICY_TLS_SIGNATURE},
    {"TLS-4 reason renegotiation", TLS_FAILED, -1, SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, false, true,
     FAIL_SMTP_TLS_LEGACY_RENEGOTIATION, FAIL_POLICY_TLS_LEGACY_RENEGOTIATION},
    {"TLS-4 reason key too small", TLS_FAILED, -1, SSL_R_EE_KEY_TOO_SMALL, true, true, FAIL_SMTP_TLS_WEAK,
     FAIL_POLICY_TLS_WEAK},
    {"TLS-4 reason CA's key too small", TLS_FAILED, -1, SSL_R_CA_KEY_TOO_SMALL, true, true,
     FAIL_SMTP_TLS_WEAK, FAIL_POLICY_TLS_WEAK},
    {"TLS-4 reason CA's digest too weak", TLS_FAILED, -1, SSL_R_CA_MD_TOO_WEAK, true, true,
     FAIL_SMTP_TLS_WEAK, FAIL_POLICY_TLS_WEAK},
    {"TLS-4 not for plaintext", TLS_FAILED, -1, SSL_R_WRONG_VERSION_NUMBER, false, false,
     FAIL_SMTP_TLS_NOT_TLS, FAIL_POLICY_TLS_NOT_TLS},
    {"TLS-4 not for a bad signature", TLS_FAILED, -1, SSL_R_BAD_SIGNATURE, true, false,
     FAIL_SMTP_TLS_HANDSHAKE, FAIL_POLICY_TLS_HANDSHAKE},
    {"TLS-4 not for a list of certificates without end", TLS_FAILED, -1, SSL_R_EXCESSIVE_MESSAGE_SIZE, false,
     false, FAIL_SMTP_TLS_HANDSHAKE, FAIL_POLICY_TLS_HANDSHAKE},
    {"TLS-4 not for alert internal_error", TLS_FAILED, 80, 1080, false, false, FAIL_SMTP_TLS_ALERT,
     FAIL_POLICY_TLS_HANDSHAKE},
    {"TLS-4 not for alert unrecognized_name", TLS_FAILED, 112, 1112, false, false, FAIL_SMTP_TLS_ALERT,
     FAIL_POLICY_TLS_HANDSHAKE},
    {"TLS-4 not for alert certificate_required", TLS_FAILED, 116, 1116, true, false, FAIL_SMTP_TLS_ALERT,
     FAIL_POLICY_TLS_HANDSHAKE},
    {"TLS-4 not for alert no_application_protocol", TLS_FAILED, 120, 1120, false, false, FAIL_SMTP_TLS_ALERT,
     FAIL_POLICY_HTTP_VERSION},
    {"TLS-4 not for an error without a reason", TLS_FAILED, -1, 0, false, false, FAIL_SMTP_TLS_HANDSHAKE,
     FAIL_POLICY_TLS_HANDSHAKE},
};

static void test_what_one_tells(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(told_cases); i++) {
        const struct told_case *c = &told_cases[i];
        struct cert_facts cert = {.subject = "CN=x"};
        struct tls_facts tls = {.end = c->end, .alert = c->alert, .error_reason = c->reason, .certs = &cert};
        tls.cert_count = c->certificate ? 1 : 0;
        struct probe_facts probe = {.step = SMTP_HANDSHAKE, .end = SMTP_END_TLS, .tls = tls};
        struct policy_facts policy = {.address = {.ip_count = 1}, .fetch = {.step = FETCH_TLS, .tls = tls}};
        enum failure_code smtp = verdict_probe(&probe, NOW_MS);
        enum failure_code fetched = verdict_fetch(&policy, NOW_MS);
        if (smtp != c->smtp || fetched != c->policy || handshake_wants_second(&probe) != c->second)
            fail_msg("%s: %s, %s, second %d", c->name, failure_name(smtp), failure_name(fetched),
                     handshake_wants_second(&probe));
    }
}

/* What we did not compute is open, whatever else is known; what is wrong for sure stays wrong. */
struct limit_case {
    const char *name;
    enum tls_limit limit;
    enum tls_end end;
    bool expired, name_match;
    bool second;
    enum failure_code smtp, policy;
};

static const struct limit_case limit_cases[] = {
    {"TLS-5 a group too large", TLS_LIMIT_DH, TLS_FAILED, false, true, true, FAIL_SMTP_TLS_LARGE_DH,
     FAIL_POLICY_TLS_LARGE_DH},
    {"TLS-5 a leaf's key too large", TLS_LIMIT_KEY, TLS_FAILED, false, true, false, FAIL_SMTP_TLS_LARGE_KEY,
     FAIL_POLICY_TLS_LARGE_KEY},
    {"TLS-5 a chain too dear to be read", TLS_LIMIT_CHAIN, TLS_FAILED, false, true, false,
     FAIL_SMTP_TLS_LARGE_CHAIN, FAIL_POLICY_TLS_LARGE_CHAIN},
    {"TLS-5 an issuer's key too large", TLS_LIMIT_KEY, TLS_DONE, false, true, false, FAIL_SMTP_TLS_LARGE_KEY,
     FAIL_POLICY_TLS_LARGE_KEY},
    {"TLS-5 a chain too dear to be validated", TLS_LIMIT_CHAIN, TLS_DONE, false, true, false,
     FAIL_SMTP_TLS_LARGE_CHAIN, FAIL_POLICY_TLS_LARGE_CHAIN},
    {"TLS-5 and expired", TLS_LIMIT_CHAIN, TLS_DONE, true, true, false, FAIL_SMTP_TLS_EXPIRED,
     FAIL_POLICY_TLS_EXPIRED},
    {"TLS-5 and another's", TLS_LIMIT_KEY, TLS_DONE, false, false, false, FAIL_SMTP_TLS_HOST_MISMATCH,
     FAIL_POLICY_TLS_HOST_MISMATCH},
};

static void test_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(limit_cases); i++) {
        const struct limit_case *c = &limit_cases[i];
        struct cert_facts cert = {.subject = "CN=x", .not_after = NOW_MS / 1000 + (c->expired ? -DAY : DAY)};
        struct tls_facts tls = {.end = c->end, .alert = -1, .certs = &cert, .cert_count = 1};
        tls.limit = c->limit;
        tls.name_match = c->name_match;
        struct probe_facts probe = {.step = SMTP_HANDSHAKE, .end = SMTP_END_TLS, .tls = tls};
        struct policy_facts policy = {.address = {.ip_count = 1},
                                      .fetch = {.step = FETCH_DONE, .http_status = 200, .tls = tls}};
        enum failure_code smtp = verdict_probe(&probe, NOW_MS), fetched = verdict_fetch(&policy, NOW_MS);
        if (smtp != c->smtp || fetched != c->policy || handshake_wants_second(&probe) != c->second)
            fail_msg("%s: %s, %s, second %d", c->name, failure_name(smtp), failure_name(fetched),
                     handshake_wants_second(&probe));
        enum tls_offer offer = c->end == TLS_DONE ? TLS_OFFER_YES : TLS_OFFER_UNKNOWN;
        assert_int_equal(verdict_tls_offer(&probe), offer);
    }
}

/* A silent or vanishing server is left alone: what a second connection would show is not of TLS-4's causes.
 */
static void test_no_second_for_other_ends(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum smtp_end end;
        enum tls_end tls;
    } rows[] = {
        {"TLS-4 done", SMTP_END_DONE, TLS_DONE},
        {"TLS-4 closed in the handshake", SMTP_END_TLS, TLS_CLOSED},
        {"TLS-4 silent in the handshake", SMTP_END_STEP_TIMEOUT, TLS_TIMEOUT},
        {"TLS-4 not offered", SMTP_END_NOT_OFFERED, TLS_NOT_TRIED},
        {"TLS-4 refused", SMTP_END_REPLY, TLS_NOT_TRIED},
        {"TLS-4 no connection", SMTP_END_NET, TLS_NOT_TRIED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct probe_facts probe = {.end = rows[i].end};
        probe.tls = (struct tls_facts){.end = rows[i].tls, .alert = 70};
        if (handshake_wants_second(&probe))
            fail_msg("%s: a second handshake", rows[i].name);
    }
}

/* ---- both handshakes ----------------------------------------------------------------------------------- */

struct both_case {
    const char *name;
    int alert, reason; /* of the first */
    enum tls_end end;  /* of the second, and what it agreed on */
    uint16_t version;
    const char *cipher, *signature;
    enum failure_code code;
    enum tls_offer offer;
};

static const struct both_case both_cases[] = {
    {"TLS-4 TLS 1.0, told by its alert", 70, 1070, TLS_DONE, TLS10, "TLS_RSA_WITH_AES_128_CBC_SHA", NULL,
     FAIL_SMTP_TLS_VERSION, TLS_OFFER_YES},
    {"TLS-4 TLS 1.1, not told", 40, 1040, TLS_DONE, TLS11, "TLS_RSA_WITH_AES_128_CBC_SHA", NULL,
     FAIL_SMTP_TLS_VERSION, TLS_OFFER_YES},
    {"TLS-4 SSLv3", 40, 1040, TLS_DONE, 0x0300, "TLS_RSA_WITH_AES_128_CBC_SHA", NULL, FAIL_SMTP_TLS_VERSION,
     TLS_OFFER_YES},
    {"TLS-4 the version before what was told", 71, 1071, TLS_DONE, TLS10, "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
     "MD5-SHA1", FAIL_SMTP_TLS_VERSION, TLS_OFFER_YES},
    {"TLS-4 version told, second has TLS 1.2", 70, 1070, TLS_DONE, TLS12, GCM, "SHA256", FAIL_SMTP_TLS_ALERT,
     TLS_OFFER_YES},
    {"TLS-4 no version in common, second has TLS 1.2", -1, SSL_R_UNSUPPORTED_PROTOCOL, TLS_DONE, TLS12, GCM,
     "SHA256", FAIL_SMTP_TLS_HANDSHAKE, TLS_OFFER_YES},
    {"TLS-4 version told, second has TLS 1.2 with RC4", 70, 1070, TLS_DONE, TLS12, "TLS_RSA_WITH_RC4_128_SHA",
     NULL, FAIL_SMTP_TLS_CIPHER, TLS_OFFER_YES},
    {"TLS-4 version told, second fails", 70, 1070, TLS_FAILED, 0, NULL, NULL, FAIL_SMTP_TLS_VERSION,
     TLS_OFFER_NO},
    {"TLS-4 version told, second is closed", 70, 1070, TLS_CLOSED, 0, NULL, NULL, FAIL_SMTP_TLS_VERSION,
     TLS_OFFER_NO},
    {"TLS-4 no authentication, DH", 40, 1040, TLS_DONE, TLS12, "TLS_DH_anon_WITH_AES_128_GCM_SHA256", NULL,
     FAIL_SMTP_TLS_CIPHER, TLS_OFFER_YES},
    {"TLS-4 no authentication, ECDH", 40, 1040, TLS_DONE, TLS12, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA", NULL,
     FAIL_SMTP_TLS_CIPHER, TLS_OFFER_YES},
    {"TLS-4 no encryption", 40, 1040, TLS_DONE, TLS12, "TLS_RSA_WITH_NULL_SHA256", "SHA256",
     FAIL_SMTP_TLS_CIPHER, TLS_OFFER_NO},
    {"TLS-4 RC4", 40, 1040, TLS_DONE, TLS12, "TLS_RSA_WITH_RC4_128_SHA", NULL, FAIL_SMTP_TLS_CIPHER,
     TLS_OFFER_YES},
    {"TLS-4 3DES", 40, 1040, TLS_DONE, TLS12, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", NULL, FAIL_SMTP_TLS_CIPHER,
     TLS_OFFER_YES},
    {"TLS-4 DES for export", 40, 1040, TLS_DONE, TLS12, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA", NULL,
     FAIL_SMTP_TLS_CIPHER, TLS_OFFER_YES},
    {"TLS-4 cipher told, second shows nothing outdated", 71, 1071, TLS_DONE, TLS12, GCM, "SHA256",
     FAIL_SMTP_TLS_CIPHER, TLS_OFFER_YES},
    {"TLS-4 SHA-1 signature", 40, 1040, TLS_DONE, TLS12, GCM, "SHA1", FAIL_SMTP_TLS_SIGNATURE, TLS_OFFER_YES},
    {"TLS-4 MD5 signature", 40, 1040, TLS_DONE, TLS12, GCM, "MD5", FAIL_SMTP_TLS_SIGNATURE, TLS_OFFER_YES},
    {"TLS-4 signature told", -1, SSL_R_WRONG_SIGNATURE_TYPE, TLS_DONE, TLS12, GCM, "SHA1",
     FAIL_SMTP_TLS_SIGNATURE, TLS_OFFER_YES},
    {"TLS-4 small group told", -1, SSL_R_DH_KEY_TOO_SMALL, TLS_DONE, TLS12, GCM, "SHA256",
     FAIL_SMTP_TLS_SMALL_DH, TLS_OFFER_YES},
    {"TLS-4 small group told, second fails", -1, SSL_R_DH_KEY_TOO_SMALL, TLS_FAILED, 0, NULL, NULL,
     FAIL_SMTP_TLS_SMALL_DH, TLS_OFFER_NO},
    {"TLS-4 renegotiation told", -1, SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, TLS_DONE, TLS12, GCM,
     "SHA256", FAIL_SMTP_TLS_LEGACY_RENEGOTIATION, TLS_OFFER_YES},
    {"TLS-4 renegotiation told, and TLS 1.0 only", -1, SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, TLS_DONE,
     TLS10, GCM, NULL, FAIL_SMTP_TLS_VERSION, TLS_OFFER_YES},
    {"TLS-4 the second shows nothing outdated", 40, 1040, TLS_DONE, TLS13, "TLS_AES_128_GCM_SHA256", "SHA256",
     FAIL_SMTP_TLS_ALERT, TLS_OFFER_YES},
    {"TLS-4 the second fails alike", 40, 1040, TLS_FAILED, 0, NULL, NULL, FAIL_SMTP_TLS_ALERT, TLS_OFFER_NO},
    {"TLS-4 the second runs out of time", 40, 1040, TLS_TIMEOUT, 0, NULL, NULL, FAIL_SMTP_TLS_ALERT,
     TLS_OFFER_NO},
    {"TLS-4 an unnamed cipher encrypts nothing", 40, 1040, TLS_DONE, TLS12, NULL, NULL, FAIL_SMTP_TLS_ALERT,
     TLS_OFFER_NO},
};

static void test_both(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(both_cases); i++) {
        const struct both_case *c = &both_cases[i];
        struct tls_facts second = {.end = c->end,
                                   .version = c->version,
                                   .cipher = c->cipher,
                                   .signature = c->signature,
                                   .alert = c->end == TLS_FAILED ? 40 : -1};
        struct probe_facts probe = {.step = SMTP_HANDSHAKE, .end = SMTP_END_TLS, .legacy = &second};
        probe.tls = (struct tls_facts){.end = TLS_FAILED, .alert = c->alert, .error_reason = c->reason};
        enum failure_code code = verdict_probe(&probe, NOW_MS);
        if (code != c->code || verdict_tls_offer(&probe) != c->offer)
            fail_msg("%s: %s, offer %d", c->name, failure_name(code), (int)verdict_tls_offer(&probe));
    }
}

/* Each cause fails the host for a sender that honours MTA-STS, for good. */
static void test_causes_fail_the_host(void **state)
{
    (void)state;
    static const enum failure_code codes[] = {FAIL_SMTP_TLS_VERSION,      FAIL_SMTP_TLS_CIPHER,
                                              FAIL_SMTP_TLS_SMALL_DH,     FAIL_SMTP_TLS_SIGNATURE,
                                              FAIL_SMTP_TLS_WEAK,         FAIL_SMTP_TLS_LEGACY_RENEGOTIATION,
                                              FAIL_SMTP_TLS_INVALID_CHAIN};
    for (size_t i = 0; i < COUNT(codes); i++) {
        assert_int_equal(failure_get(codes[i])->effect, EFFECT_HOST_FAILS);
        assert_false(failure_get(codes[i])->transient);
    }
    assert_int_equal(failure_get(FAIL_MX_CERTIFICATES_DIFFER)->effect, EFFECT_WARN);
}

/* ---- path validation ----------------------------------------------------------------------------------- */

struct path_case {
    const char *name;
    struct chain_error errors[3];
    enum failure_code smtp, policy;
};

#define ROW(name, error, depth, code)                                                                        \
    {                                                                                                        \
        name, {{error, depth}}, FAIL_SMTP_TLS_##code, FAIL_POLICY_TLS_##code                                 \
    }

static const struct path_case path_cases[] = {
    ROW("TLS-3 an expired intermediate", X509_V_ERR_CERT_HAS_EXPIRED, 1, EXPIRED),
    ROW("TLS-3 an intermediate of tomorrow", X509_V_ERR_CERT_NOT_YET_VALID, 1, NOT_YET_VALID),
    ROW("TLS-3 an expired root", X509_V_ERR_CERT_HAS_EXPIRED, 2, EXPIRED),
    ROW("TLS-3 an unknown root was sent", X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, 2, UNTRUSTED),
    ROW("TLS-3 a root that is not for TLS servers", X509_V_ERR_CERT_UNTRUSTED, 2, UNTRUSTED),
    ROW("TLS-3 a chain above the ceiling", X509_V_ERR_CERT_CHAIN_TOO_LONG, 9, TOO_LARGE),
    ROW("TLS-3 an error of a day to come", 9999, 0, UNTRUSTED),
    ROW("TLS-3 a name outside the permitted", X509_V_ERR_PERMITTED_VIOLATION, 0, INVALID_CHAIN),
    ROW("TLS-3 an excluded name", X509_V_ERR_EXCLUDED_VIOLATION, 0, INVALID_CHAIN),
    ROW("TLS-3 a constraint nobody knows", X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, 0, INVALID_CHAIN),
    ROW("TLS-3 path length", X509_V_ERR_PATH_LENGTH_EXCEEDED, 2, INVALID_CHAIN),
    ROW("TLS-3 an issuer that is no CA", X509_V_ERR_INVALID_CA, 1, INVALID_CHAIN),
    ROW("TLS-3 an issuer that may not sign", X509_V_ERR_KEYUSAGE_NO_CERTSIGN, 1, INVALID_CHAIN),
    ROW("TLS-3 a signature that does not verify", X509_V_ERR_CERT_SIGNATURE_FAILURE, 0, INVALID_CHAIN),
    ROW("TLS-3 a critical extension nobody knows", X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, 0, INVALID_CHAIN),
    ROW("TLS-3 an intermediate for clients only", X509_V_ERR_INVALID_PURPOSE, 1, WRONG_USAGE),
    ROW("TLS-3 a CA's weak key", X509_V_ERR_CA_KEY_TOO_SMALL, 1, WEAK),
    ROW("TLS-3 a CA's weak digest", X509_V_ERR_CA_MD_TOO_WEAK, 1, WEAK),
    {"TLS-3 no root before a broken rule",
     {{X509_V_ERR_INVALID_CA, 1}, {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, 1}},
     FAIL_SMTP_TLS_UNTRUSTED,
     FAIL_POLICY_TLS_UNTRUSTED},
    {"TLS-3 the chain before the usage",
     {{X509_V_ERR_INVALID_PURPOSE, 0}, {X509_V_ERR_PERMITTED_VIOLATION, 0}},
     FAIL_SMTP_TLS_INVALID_CHAIN,
     FAIL_POLICY_TLS_INVALID_CHAIN},
    {"TLS-3 expiry before all but self-signed",
     {{X509_V_ERR_CA_MD_TOO_WEAK, 1}, {X509_V_ERR_CERT_HAS_EXPIRED, 1}, {X509_V_ERR_INVALID_CA, 1}},
     FAIL_SMTP_TLS_EXPIRED,
     FAIL_POLICY_TLS_EXPIRED},
};

static struct tls_facts good_tls(struct cert_facts *leaf)
{
    *leaf = (struct cert_facts){.subject = "CN=leaf",
                                .issuer = "CN=issuer",
                                .not_before = NOW_MS / 1000 - DAY,
                                .not_after = NOW_MS / 1000 + 30 * DAY};
    return (struct tls_facts){
        .end = TLS_DONE, .alert = -1, .certs = leaf, .cert_count = 1, .name_match = true};
}

static void test_paths(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(path_cases); i++) {
        const struct path_case *c = &path_cases[i];
        struct cert_facts leaf;
        struct tls_facts tls = good_tls(&leaf);
        for (size_t j = 0; j < COUNT(c->errors) && c->errors[j].x509 != 0; j++)
            tls.errors[tls.error_count++] = c->errors[j];
        enum failure_code smtp = verdict_certificate(&tls, STAGE_SMTP, NOW_MS);
        enum failure_code policy = verdict_certificate(&tls, STAGE_POLICY, NOW_MS);
        if (smtp != c->smtp || policy != c->policy)
            fail_msg("%s: %s and %s", c->name, failure_name(smtp), failure_name(policy));
    }
}

/* ---- the addresses of one host compared ---------------------------------------------------------------- */

enum shown { GOOD_A, GOOD_B, EXPIRED_A, PLAINTEXT, SILENT_ADDRESS, SHOWN_NONE };

struct compare_case {
    const char *name;
    enum shown addresses[3];
    int usage; /* of a TLSA record; -1: none */
    bool differ;
};

static const struct compare_case compare_cases[] = {
    {"one address", {GOOD_A, SHOWN_NONE}, -1, false},
    {"the same certificate", {GOOD_A, GOOD_A, SHOWN_NONE}, 3, false},
    {"two good keys without TLSA", {GOOD_A, GOOD_B, SHOWN_NONE}, -1, false},
    {"two good keys, TLSA names keys", {GOOD_A, GOOD_B, SHOWN_NONE}, 3, true},
    {"two good keys, TLSA names a CA", {GOOD_A, GOOD_B, SHOWN_NONE}, 2, false},
    {"one good, one expired", {GOOD_A, EXPIRED_A, SHOWN_NONE}, -1, true},
    {"all expired", {EXPIRED_A, EXPIRED_A, SHOWN_NONE}, -1, false},
    {"one good, one without TLS: no certificate to compare", {GOOD_A, PLAINTEXT, SHOWN_NONE}, 3, false},
    {"one good, one silent", {GOOD_A, SILENT_ADDRESS, SHOWN_NONE}, 3, false},
    {"the third differs", {GOOD_A, SILENT_ADDRESS, GOOD_B}, 3, true},
};

static void make_probe(enum shown shown, struct cert_facts *leaf, struct probe_facts *probe)
{
    *probe = (struct probe_facts){.step = SMTP_QUIT, .end = SMTP_END_DONE, .tls = good_tls(leaf)};
    leaf->spki_sha256[0] = shown == GOOD_B;
    if (shown == EXPIRED_A)
        leaf->not_after = NOW_MS / 1000 - DAY;
    if (shown == PLAINTEXT || shown == SILENT_ADDRESS)
        probe->tls = (struct tls_facts){.alert = -1};
    if (shown == PLAINTEXT)
        probe->step = SMTP_EHLO, probe->end = SMTP_END_NOT_OFFERED;
    if (shown == SILENT_ADDRESS)
        probe->step = SMTP_GREETING, probe->end = SMTP_END_STEP_TIMEOUT;
}

static const struct domain_facts alone; /* nothing was looked at before */

static void test_addresses_compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(compare_cases); i++) {
        const struct compare_case *c = &compare_cases[i];
        struct cert_facts leaves[3];
        struct probe_facts probes[3];
        struct ip_addr ips[3] = {{.family = 4}, {.family = 4}, {.family = 4}};
        struct tlsa_rr rr = {.usage = (uint8_t)c->usage, .selector = 1, .matching = 1};
        struct host_facts facts = {.host = "mx1.test", .probes = probes, .address = {.ips = ips}};
        struct mx_host host = {.host = "mx1.test", .facts = &facts};
        struct host_verdict verdict = {.code = FAIL_NONE};
        struct judgement judgement = {.policy_code = FAIL_NONE};
        struct arena arena;
        if (c->usage >= 0)
            facts.tlsa = (struct tlsa_facts){.rrs = &rr, .rr_count = 1};
        for (; facts.probe_count < 3 && c->addresses[facts.probe_count] != SHOWN_NONE; facts.probe_count++)
            make_probe(c->addresses[facts.probe_count], &leaves[facts.probe_count],
                       &probes[facts.probe_count]);
        facts.address.ip_count = facts.probe_count;
        arena_init(&arena, 65536);
        judge_host(&alone, &host, (struct judged_at){.now = NOW_MS}, &arena, &verdict, &judgement);
        if (verdict.certificates_differ != c->differ ||
            code_set_has(&judgement.codes, FAIL_MX_CERTIFICATES_DIFFER) != c->differ)
            fail_msg("%s: differ %d", c->name, verdict.certificates_differ);
        assert_int_equal(verdict.code, FAIL_NONE);
        arena_dispose(&arena);
    }
}

/* What is wrong behind an outdated version is among the codes, so that it is mended in one go. */
static void test_codes_of_both_handshakes(void **state)
{
    (void)state;
    struct cert_facts leaf;
    struct tls_facts second = good_tls(&leaf);
    struct probe_facts probe = {.step = SMTP_HANDSHAKE, .end = SMTP_END_TLS, .legacy = &second};
    struct ip_addr ip = {.family = 4};
    struct host_facts facts = {
        .host = "mx1.test", .probes = &probe, .probe_count = 1, .address = {.ips = &ip, .ip_count = 1}};
    struct mx_host host = {.host = "mx1.test", .facts = &facts};
    struct host_verdict verdict = {.code = FAIL_NONE};
    struct judgement judgement = {.policy_code = FAIL_NONE};
    struct arena arena;
    probe.tls = (struct tls_facts){.end = TLS_FAILED, .alert = 70};
    second.version = TLS10;
    second.name_match = false;
    leaf.not_after = NOW_MS / 1000 - DAY;
    arena_init(&arena, 65536);
    judge_host(&alone, &host, (struct judged_at){.now = NOW_MS}, &arena, &verdict, &judgement);
    assert_int_equal(verdict.ips[0].code, FAIL_SMTP_TLS_VERSION);
    assert_true(code_set_has(&judgement.codes, FAIL_SMTP_TLS_VERSION));
    assert_true(code_set_has(&judgement.codes, FAIL_SMTP_TLS_EXPIRED));
    assert_true(code_set_has(&judgement.codes, FAIL_SMTP_TLS_HOST_MISMATCH));
    arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_one_tells),           cmocka_unit_test(test_limits),
        cmocka_unit_test(test_no_second_for_other_ends), cmocka_unit_test(test_both),
        cmocka_unit_test(test_causes_fail_the_host),     cmocka_unit_test(test_paths),
        cmocka_unit_test(test_addresses_compared),       cmocka_unit_test(test_codes_of_both_handshakes),
    };
    return cmocka_run_group_tests_name("verdict of TLS", tests, NULL, NULL);
}
