/* Turns the certificates of a handshake into failure codes. */
#include "scanner/verdict/tls.h"

#include <openssl/x509_vfy.h>

#include "scanner/facts/record_kept.h"
#include "scanner/verdict/parts.h"

/* Faults of a certificate; if there are several, the first in this order is named. */
enum cert_fault {
    CERT_MISSING,
    CERT_SELF_SIGNED,
    CERT_EXPIRED,
    CERT_NOT_YET_VALID,
    CERT_INCOMPLETE_CHAIN,
    CERT_UNTRUSTED,
    CERT_INVALID_CHAIN,
    CERT_WRONG_USAGE,
    CERT_HOST_MISMATCH,
    CERT_WEAK,
    CERT_CLOCK,     /* no fault of theirs: our clock was set, and nobody can tell */
    CERT_TOO_LARGE, /* our limit: named only if nothing else is known to be wrong */
    CERT_LARGE_KEY, /* last, as what was not computed is unknown, and a known fault stays one */
    CERT_LARGE_CHAIN,
    CERT_FAULTS
};

static enum failure_code fault_code(enum cert_fault fault, enum failure_stage stage)
{
    static const enum failure_code policy[CERT_FAULTS] = {
        FAIL_POLICY_TLS_NO_CERTIFICATE,
        FAIL_POLICY_TLS_SELF_SIGNED,
        FAIL_POLICY_TLS_EXPIRED,
        FAIL_POLICY_TLS_NOT_YET_VALID,
        FAIL_POLICY_TLS_INCOMPLETE_CHAIN,
        FAIL_POLICY_TLS_UNTRUSTED,
        FAIL_POLICY_TLS_INVALID_CHAIN,
        FAIL_POLICY_TLS_WRONG_USAGE,
        FAIL_POLICY_TLS_HOST_MISMATCH,
        FAIL_POLICY_TLS_WEAK,
        FAIL_POLICY_TLS_CLOCK,
        FAIL_POLICY_TLS_TOO_LARGE,
        FAIL_POLICY_TLS_LARGE_KEY,
        FAIL_POLICY_TLS_LARGE_CHAIN,
    };
    static const enum failure_code smtp[CERT_FAULTS] = {
        FAIL_SMTP_TLS_NO_CERTIFICATE,
        FAIL_SMTP_TLS_SELF_SIGNED,
        FAIL_SMTP_TLS_EXPIRED,
        FAIL_SMTP_TLS_NOT_YET_VALID,
        FAIL_SMTP_TLS_INCOMPLETE_CHAIN,
        FAIL_SMTP_TLS_UNTRUSTED,
        FAIL_SMTP_TLS_INVALID_CHAIN,
        FAIL_SMTP_TLS_WRONG_USAGE,
        FAIL_SMTP_TLS_HOST_MISMATCH,
        FAIL_SMTP_TLS_WEAK,
        FAIL_SMTP_TLS_CLOCK,
        FAIL_SMTP_TLS_TOO_LARGE,
        FAIL_SMTP_TLS_LARGE_KEY,
        FAIL_SMTP_TLS_LARGE_CHAIN,
    };
    return stage == STAGE_POLICY ? policy[fault] : smtp[fault];
}

static bool issuer_was_sent(const struct tls_facts *tls)
{
    const char *issuer = tls->certs[0].issuer;
    for (size_t i = 1; issuer != NULL && i < tls->cert_count; i++)
        if (tls->certs[i].subject != NULL && strcmp(tls->certs[i].subject, issuer) == 0)
            return true;
    return false;
}

/* Judges a chain without a path to a root: is the intermediate missing? By the presented chain alone. */
static enum cert_fault no_issuer_fault(const struct tls_facts *tls)
{
    const struct cert_facts *leaf = &tls->certs[0];
    if (leaf->self_signed)
        return CERT_SELF_SIGNED;
    bool missing = leaf->aia_issuer != NULL && !tls->truncated && !issuer_was_sent(tls);
    return missing ? CERT_INCOMPLETE_CHAIN : CERT_UNTRUSTED;
}

static enum cert_fault error_fault(const struct tls_facts *tls, int error)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return CERT_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return CERT_NOT_YET_VALID;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return CERT_SELF_SIGNED;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return no_issuer_fault(tls);
    case X509_V_ERR_INVALID_PURPOSE:
        return CERT_WRONG_USAGE;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
        return CERT_WEAK;
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_INVALID_NON_CA:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
    case X509_V_ERR_INVALID_EXTENSION:
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
    case X509_V_ERR_SUBTREE_MINMAX:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE:
    case X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX:
    case X509_V_ERR_UNSUPPORTED_NAME_SYNTAX:
        return CERT_INVALID_CHAIN;
    case X509_V_ERR_CERT_CHAIN_TOO_LONG:
        return CERT_TOO_LARGE;
    default:
        return CERT_UNTRUSTED;
    }
}

static bool is_date_error(const struct chain_error *error)
{
    return error->x509 == X509_V_ERR_CERT_HAS_EXPIRED || error->x509 == X509_V_ERR_CERT_NOT_YET_VALID;
}

static bool holds_at(const struct cert_facts *cert, int64_t moment)
{
    return moment / 1000 >= cert->not_before && moment / 1000 <= cert->not_after;
}

/* Says whether one of these certificates holds at only one reading of the clock. */
static bool is_between_readings(const struct tls_facts *tls, size_t first, size_t count, int64_t now)
{
    int64_t other = other_moment_of(tls, now);
    for (size_t i = first; other != now && i < count; i++)
        if (holds_at(&tls->certs[i], now) != holds_at(&tls->certs[i], other))
            return true;
    return false;
}

static void find_faults(const struct tls_facts *tls, int64_t now, bool faults[CERT_FAULTS])
{
    if (tls->end != TLS_DONE)
        return;
    if (tls->cert_count == 0) {
        faults[tls->truncated ? CERT_TOO_LARGE : CERT_MISSING] = true;
        return;
    }
    /* The validity of the leaf is judged by `now`, that of the others by the errors of path validation. */
    bool leaf_between = is_between_readings(tls, 0, 1, now);
    bool others_between = is_between_readings(tls, 1, tls->cert_count, now);
    faults[CERT_CLOCK] = leaf_between || others_between;
    faults[CERT_EXPIRED] = !leaf_between && now / 1000 > tls->certs[0].not_after;
    faults[CERT_NOT_YET_VALID] = !leaf_between && now / 1000 < tls->certs[0].not_before;
    faults[CERT_HOST_MISMATCH] = !tls->name_match;
    for (size_t i = 0; i < tls->error_count; i++) {
        const struct chain_error *error = &tls->errors[i];
        if (!is_date_error(error) || (error->depth > 0 && !others_between))
            faults[error_fault(tls, error->x509)] = true;
    }
    faults[CERT_LARGE_KEY] = tls->limit == TLS_LIMIT_KEY;
    faults[CERT_LARGE_CHAIN] = tls->limit == TLS_LIMIT_CHAIN;
}

void verdict_certificate_codes(const struct tls_facts *tls, enum failure_stage stage, int64_t now,
                               struct code_set *codes)
{
    bool faults[CERT_FAULTS] = {false};
    find_faults(tls, now, faults);
    for (enum cert_fault fault = 0; fault < CERT_FAULTS; fault++)
        if (faults[fault])
            code_set_add(codes, fault_code(fault, stage));
}

/* Says whether there were more certificates than OpenSSL was told to take. The ceiling is ours, and says
 * nothing of the peer. */
bool verdict_is_past_ceiling(const struct tls_facts *tls)
{
    return tls->end == TLS_FAILED && tls->truncated && tls->cert_count == 0;
}

enum failure_code verdict_certificate(const struct tls_facts *tls, enum failure_stage stage, int64_t now)
{
    bool faults[CERT_FAULTS] = {false};
    find_faults(tls, now, faults);
    for (enum cert_fault fault = 0; fault < CERT_FAULTS; fault++)
        if (faults[fault])
            return fault_code(fault, stage);
    return FAIL_NONE;
}
