/* Turns certificates, handshakes, SMTP sessions and HTTPS answers into failure codes. */
#include "scanner/verdict/tls.h"

#include <openssl/x509_vfy.h>

#include "scanner/facts/record_kept.h"
#include "scanner/verdict/handshake.h"
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
static bool is_past_ceiling(const struct tls_facts *tls)
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

/* ---- SMTP ---------------------------------------------------------------------------------------------- */

static enum failure_code not_tried_code(enum not_tried reason)
{
    static const enum failure_code codes[NOT_TRIED_COUNT] = {
        [NOT_TRIED_OFF] = FAIL_SMTP_NOT_PROBED_OFF,
        [NOT_TRIED_PACE] = FAIL_SMTP_NOT_PROBED_PACE,
        [NOT_TRIED_OPTOUT] = FAIL_SMTP_NOT_PROBED_OPTOUT,
        [NOT_TRIED_NO_FAMILY] = FAIL_SMTP_NOT_PROBED_NO_FAMILY,
        [NOT_TRIED_PAUSED] = FAIL_SMTP_NOT_PROBED_PAUSED,
        [NOT_TRIED_NO_ROUTE] = FAIL_SMTP_NOT_PROBED_NO_ROUTE,
        [NOT_TRIED_SPECIAL_ADDRESS] = FAIL_MX_SPECIAL_ADDRESS,
        [NOT_TRIED_NO_ADDRESS] = FAIL_MX_NO_ADDRESS,
        [NOT_TRIED_DEAD] = FAIL_SMTP_TCP_TIMEOUT,
        [NOT_TRIED_PORT_BLOCKED] = FAIL_SMTP_TCP_PORT_BLOCKED,
        [NOT_TRIED_BUDGET] = FAIL_SMTP_NOT_PROBED_BUDGET,
        [NOT_TRIED_STUCK] = FAIL_SMTP_NOT_PROBED_STUCK,
    };
    return codes[reason];
}

static enum failure_code connect_code(enum net_error error)
{
    static const enum failure_code codes[NET_ERROR_COUNT] = {
        [NET_REFUSED] = FAIL_SMTP_TCP_REFUSED, [NET_TIMEOUT] = FAIL_SMTP_TCP_TIMEOUT,
        [NET_RESET] = FAIL_SMTP_TCP_RESET,     [NET_UNREACHABLE] = FAIL_SMTP_TCP_UNREACHABLE,
        [NET_OK] = FAIL_SMTP_TCP_UNREACHABLE,  [NET_OTHER] = FAIL_SMTP_TCP_UNREACHABLE,
    };
    return codes[error];
}

/* Returns the code of a peer that stopped answering at a step. */
static enum failure_code timeout_code(enum smtp_step step)
{
    switch (step) {
    case SMTP_GREETING:
        return FAIL_SMTP_GREETING_TIMEOUT;
    case SMTP_EHLO:
        return FAIL_SMTP_EHLO_TIMEOUT;
    case SMTP_STARTTLS:
        return FAIL_SMTP_STARTTLS_TIMEOUT;
    case SMTP_HANDSHAKE:
        return FAIL_SMTP_TLS_TIMEOUT;
    default:
        return FAIL_SMTP_TCP_TIMEOUT;
    }
}

/* Returns the code of a peer that went away at a step. */
static enum failure_code closed_code(enum smtp_step step, enum net_error error)
{
    switch (step) {
    case SMTP_GREETING:
        return error == NET_RESET ? FAIL_SMTP_TCP_RESET : FAIL_SMTP_GREETING_CLOSED;
    case SMTP_EHLO:
        return FAIL_SMTP_EHLO_CLOSED;
    case SMTP_STARTTLS:
        return FAIL_SMTP_STARTTLS_CLOSED;
    case SMTP_HANDSHAKE:
        return FAIL_SMTP_TLS_CLOSED;
    default:
        return connect_code(error);
    }
}

static enum failure_code reply_code(const struct probe_facts *probe)
{
    bool permanent = probe->reply_code >= 500;
    switch (probe->step) {
    case SMTP_GREETING:
        return permanent ? FAIL_SMTP_GREETING_5XX : FAIL_SMTP_GREETING_4XX;
    case SMTP_STARTTLS:
        return permanent ? FAIL_SMTP_STARTTLS_REFUSED : FAIL_SMTP_STARTTLS_TEMPFAIL;
    default:
        return FAIL_SMTP_EHLO_REFUSED;
    }
}

static enum failure_code handshake_code(const struct tls_facts *tls, const struct tls_facts *permissive)
{
    static const enum failure_code codes[CAUSE_COUNT] = {
        [CAUSE_UNTOLD] = FAIL_NONE,
        [CAUSE_VERSION] = FAIL_SMTP_TLS_VERSION,
        [CAUSE_CIPHER] = FAIL_SMTP_TLS_CIPHER,
        [CAUSE_SMALL_DH] = FAIL_SMTP_TLS_SMALL_DH,
        [CAUSE_SIGNATURE] = FAIL_SMTP_TLS_SIGNATURE,
        [CAUSE_RENEGOTIATION] = FAIL_SMTP_TLS_LEGACY_RENEGOTIATION,
        [CAUSE_WEAK_KEY] = FAIL_SMTP_TLS_WEAK,
    };
    if (tls->end == TLS_TIMEOUT)
        return FAIL_SMTP_TLS_TIMEOUT;
    if (tls->end == TLS_CLOSED)
        return FAIL_SMTP_TLS_CLOSED;
    if (tls->end == TLS_FLOODED)
        return FAIL_SMTP_TLS_FLOOD;
    if (is_past_ceiling(tls))
        return FAIL_SMTP_TLS_TOO_LARGE;
    if (tls->limit != TLS_LIMIT_NONE)
        return verdict_limit(tls->limit, STAGE_SMTP);
    enum failure_code code = codes[handshake_cause_of(tls, permissive)];
    if (code != FAIL_NONE)
        return code;
    return tls->alert >= 0 ? FAIL_SMTP_TLS_ALERT : FAIL_SMTP_TLS_HANDSHAKE;
}

enum failure_code verdict_probe(const struct probe_facts *probe, int64_t now)
{
    if (probe->not_tried != TRIED)
        return not_tried_code(probe->not_tried);
    if (probe->tls.end == TLS_DONE)
        return verdict_certificate(&probe->tls, STAGE_SMTP,
                                   moment_of(&probe->tls, (struct judged_at){now, probe->time}));
    switch (probe->end) {
    case SMTP_END_NET:
        return probe->net == NET_TIMEOUT ? timeout_code(probe->step) : closed_code(probe->step, probe->net);
    case SMTP_END_STEP_TIMEOUT:
        return timeout_code(probe->step);
    case SMTP_END_SESSION_DEADLINE:
        return FAIL_SMTP_SESSION_DEADLINE;
    case SMTP_END_DRIPPING:
        return FAIL_SMTP_DRIPPING;
    case SMTP_END_CLOSED:
        return closed_code(probe->step, NET_OK);
    case SMTP_END_REPLY:
        return reply_code(probe);
    case SMTP_END_LINE_TOO_LONG:
        return FAIL_SMTP_LINE_TOO_LONG;
    case SMTP_END_NOT_SMTP:
        return FAIL_SMTP_GREETING_NOT_SMTP;
    case SMTP_END_NOT_OFFERED:
        return probe->masked          ? FAIL_SMTP_STARTTLS_MASKED
               : probe->path_doubtful ? FAIL_SMTP_STARTTLS_PATH
                                      : FAIL_SMTP_STARTTLS_NOT_OFFERED;
    case SMTP_END_TLS:
        return handshake_code(&probe->tls, probe->legacy);
    case SMTP_END_FLOODED:
        return FAIL_SMTP_TLS_FLOOD;
    case SMTP_END_NONE:
    case SMTP_END_DONE:
    case SMTP_END_COUNT:
        break;
    }
    return FAIL_SMTP_TLS_HANDSHAKE;
}

enum tls_offer verdict_tls_offer(const struct probe_facts *probe)
{
    if (probe->shared && !probe->starttls_offered)
        return TLS_OFFER_NO; /* an address offers the same by whatever name it is called */
    if (probe->shared && probe->tls.version != 0)
        return TLS_OFFER_YES;
    if (probe->not_tried != TRIED)
        return TLS_OFFER_UNKNOWN;
    if (probe->tls.end == TLS_DONE || handshake_encrypts(probe->legacy))
        return TLS_OFFER_YES;
    if (is_past_ceiling(&probe->tls) || probe->tls.limit != TLS_LIMIT_NONE || probe->masked ||
        probe->path_doubtful)
        return TLS_OFFER_UNKNOWN;
    if (probe->end == SMTP_END_NOT_OFFERED || (probe->end == SMTP_END_TLS && probe->tls.end == TLS_FAILED))
        return TLS_OFFER_NO;
    if (probe->end == SMTP_END_REPLY && probe->step == SMTP_STARTTLS && probe->reply_code >= 500)
        return TLS_OFFER_NO;
    return TLS_OFFER_UNKNOWN;
}

/* ---- the policy's fetch -------------------------------------------------------------------------------- */

static enum failure_code address_code(const struct policy_facts *policy)
{
    static const enum failure_code codes[NOT_TRIED_COUNT] = {
        [NOT_TRIED_OFF] = FAIL_POLICY_NOT_TRIED_PACE,
        [NOT_TRIED_PACE] = FAIL_POLICY_NOT_TRIED_PACE,
        [NOT_TRIED_OPTOUT] = FAIL_POLICY_NOT_TRIED_OPTOUT,
        [NOT_TRIED_NO_FAMILY] = FAIL_POLICY_NOT_TRIED_NO_FAMILY,
        [NOT_TRIED_PAUSED] = FAIL_POLICY_NOT_TRIED_PAUSED,
        [NOT_TRIED_NO_ROUTE] = FAIL_POLICY_NOT_TRIED_NO_ROUTE,
        [NOT_TRIED_SPECIAL_ADDRESS] = FAIL_POLICY_SPECIAL_ADDRESS,
        [NOT_TRIED_DEAD] = FAIL_POLICY_TCP_TIMEOUT,
        [NOT_TRIED_PORT_BLOCKED] = FAIL_POLICY_TCP_PORT_BLOCKED,
        [NOT_TRIED_STUCK] = FAIL_POLICY_NOT_TRIED_STUCK,
    };
    const struct address_facts *address = &policy->address;
    if (address->ip_count > 0 ||
        policy->fetch.not_tried == NOT_TRIED_OPTOUT) /* then it is not even asked for */
        return codes[policy->fetch.not_tried];
    bool none = dns_says_no(address->a.status) && dns_says_no(address->aaaa.status);
    return none ? FAIL_POLICY_NO_ADDRESS : failed_code(address, FAIL_POLICY_DNS_FAILED);
}

static enum failure_code fetch_net_code(const struct fetch_facts *fetch)
{
    if (fetch->deadline || fetch->net == NET_TIMEOUT)
        return fetch->step == FETCH_CONNECT ? FAIL_POLICY_TCP_TIMEOUT : FAIL_POLICY_HTTP_TIMEOUT;
    if (fetch->net == NET_REFUSED)
        return FAIL_POLICY_TCP_REFUSED;
    if (fetch->net == NET_RESET)
        return fetch->step == FETCH_BODY ? FAIL_POLICY_HTTP_TRUNCATED : FAIL_POLICY_TCP_RESET;
    return FAIL_POLICY_TCP_UNREACHABLE;
}

/* Says whether the status is Request Timeout, Too Early or Too Many Requests: asked another time the server
 * may well answer. */
static bool is_later(int status)
{
    return status == 408 || status == 425 || status == 429;
}

/* Judges by POL-9, whatever policy.max_bytes reads: a body past 64 KiB is their fault, a cut below it ours.
 */
bool fetch_is_too_large(const struct fetch_facts *fetch)
{
    uint64_t read = fetch->body_bytes > fetch->body.len ? fetch->body_bytes : fetch->body.len;
    return read > POLICY_BYTES_JUDGED || (fetch->too_large && read == POLICY_BYTES_JUDGED);
}

static enum failure_code http_code(const struct fetch_facts *fetch)
{
    if (fetch->flooded)
        return FAIL_POLICY_FLOOD;
    if (fetch->protocol)
        return FAIL_POLICY_HTTP_PROTOCOL;
    if (fetch->http_status >= 300 && fetch->http_status < 400)
        return FAIL_POLICY_HTTP_REDIRECT;
    if (fetch->http_status >= 500 || is_later(fetch->http_status))
        return FAIL_POLICY_HTTP_SERVER_ERROR;
    if (fetch->http_status != 0 && fetch->http_status != 200)
        return FAIL_POLICY_HTTP_STATUS;
    if (fetch_is_too_large(fetch))
        return FAIL_POLICY_HTTP_TOO_LARGE;
    if (fetch->too_large)
        return FAIL_POLICY_CUT;
    if (fetch->truncated)
        return FAIL_POLICY_HTTP_TRUNCATED;
    if (fetch->deadline || fetch->net != NET_OK)
        return fetch_net_code(fetch);
    return fetch->http_status == 200 ? FAIL_NONE : FAIL_POLICY_HTTP_PROTOCOL;
}

/* Returns what the one handshake told: the policy's fetch makes no second. */
static enum failure_code fetch_handshake_code(const struct tls_facts *tls)
{
    static const enum failure_code codes[CAUSE_COUNT] = {
        [CAUSE_UNTOLD] = FAIL_POLICY_TLS_HANDSHAKE,
        [CAUSE_VERSION] = FAIL_POLICY_TLS_VERSION,
        [CAUSE_CIPHER] = FAIL_POLICY_TLS_CIPHER,
        [CAUSE_SMALL_DH] = FAIL_POLICY_TLS_SMALL_DH,
        [CAUSE_SIGNATURE] = FAIL_POLICY_TLS_SIGNATURE,
        [CAUSE_RENEGOTIATION] = FAIL_POLICY_TLS_LEGACY_RENEGOTIATION,
        [CAUSE_WEAK_KEY] = FAIL_POLICY_TLS_WEAK,
    };
    if (is_past_ceiling(tls))
        return FAIL_POLICY_TLS_TOO_LARGE;
    if (tls->limit != TLS_LIMIT_NONE)
        return verdict_limit(tls->limit, STAGE_POLICY);
    return codes[handshake_cause_told(tls)];
}

/* Says whether nothing answered and a family's lookup failed, so that its addresses were not tried. */
static bool is_family_open(const struct policy_facts *policy)
{
    const struct fetch_facts *fetch = &policy->fetch;
    bool reached = fetch->not_tried == TRIED && fetch->step != FETCH_CONNECT;
    return policy->address.ip_count > 0 && !reached && fetch->not_tried != NOT_TRIED_OPTOUT &&
           (lookup_failed(&policy->address.a) || lookup_failed(&policy->address.aaaa));
}

static enum failure_code code_of_fetch(const struct policy_facts *policy, int64_t now)
{
    const struct fetch_facts *fetch = &policy->fetch;
    if (policy->address.ip_count == 0 || fetch->not_tried != TRIED)
        return address_code(policy);
    if (fetch->tls.end == TLS_FAILED)
        return fetch_handshake_code(&fetch->tls);
    if (fetch->tls.end == TLS_FLOODED)
        return FAIL_POLICY_FLOOD;
    if (fetch->tls.end != TLS_DONE)
        return fetch_net_code(fetch);
    const int64_t moment = moment_of(&fetch->tls, (struct judged_at){now, fetch->time});
    enum failure_code certificate = verdict_certificate(&fetch->tls, STAGE_POLICY, moment);
    return certificate != FAIL_NONE ? certificate : http_code(fetch);
}

/* Says whether none of the addresses that were tried answered while there are more than are tried. */
static bool is_rest_open(const struct policy_facts *policy)
{
    const struct fetch_facts *fetch = &policy->fetch;
    return policy->address.ip_count > POLICY_ADDRESSES_TRIED && fetch->not_tried == TRIED &&
           fetch->step == FETCH_CONNECT;
}

enum failure_code verdict_fetch(const struct policy_facts *policy, int64_t now)
{
    enum failure_code code = code_of_fetch(policy, now);
    if (failure_get(code)->transient)
        return code;
    if (is_family_open(policy))
        return failed_code(&policy->address, FAIL_POLICY_DNS_FAILED);
    return is_rest_open(policy) ? FAIL_POLICY_NOT_TRIED_REST : code;
}
