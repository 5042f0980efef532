/* Turns the fetch of a policy into a failure code. */
#include "scanner/facts/record_kept.h"
#include "scanner/verdict/handshake.h"
#include "scanner/verdict/parts.h"
#include "scanner/verdict/tls.h"
#include "scanner/verdict/verdict.h"

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
        [NOT_TRIED_ELSEWHERE] = FAIL_POLICY_NOT_TRIED_ELSEWHERE,
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
    if (fetch->net == NET_RESOURCES)
        return FAIL_POLICY_NOT_TRIED_RESOURCES;
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
    return fetch->decoding == FETCH_CODING_TOO_LARGE || read > POLICY_BYTES_JUDGED ||
           (fetch->too_large && read == POLICY_BYTES_JUDGED);
}

/* RFC 9110 section 15.6.6. */
enum { HTTP_VERSION_NOT_SUPPORTED = 505 };

/* RFC 7301 section 3.2: no protocol of those that ALPN offers. We offer http/1.1. */
enum { ALERT_NO_APPLICATION_PROTOCOL = 120 };

static enum failure_code http_code(const struct fetch_facts *fetch)
{
    if (fetch->http_status == 200 && fetch_is_too_large(fetch)) /* whatever came behind: POL-9 */
        return FAIL_POLICY_HTTP_TOO_LARGE;
    if (fetch->flooded)
        return FAIL_POLICY_FLOOD;
    if (fetch->http2 || fetch->http_status == HTTP_VERSION_NOT_SUPPORTED)
        return FAIL_POLICY_HTTP_VERSION;
    if (fetch->protocol)
        return FAIL_POLICY_HTTP_PROTOCOL;
    if (fetch_is_challenge(fetch))
        return FAIL_POLICY_HTTP_CHALLENGE;
    if (fetch->http_status >= 300 && fetch->http_status < 400)
        return FAIL_POLICY_HTTP_REDIRECT;
    if (fetch->http_status >= 500 || is_later(fetch->http_status))
        return FAIL_POLICY_HTTP_SERVER_ERROR;
    if (fetch->http_status != 0 && fetch->http_status != 200)
        return FAIL_POLICY_HTTP_STATUS;
    if (fetch->bad_length)
        return FAIL_POLICY_HTTP_CONTENT_LENGTH;
    if (fetch->too_large)
        return FAIL_POLICY_CUT;
    if (fetch->truncated)
        return FAIL_POLICY_HTTP_TRUNCATED;
    if (fetch->deadline || fetch->net != NET_OK)
        return fetch_net_code(fetch);
    if (fetch->decoding == FETCH_CODING_UNKNOWN)
        return FAIL_POLICY_HTTP_CODING_UNKNOWN;
    if (fetch->decoding == FETCH_CODING_BROKEN)
        return FAIL_POLICY_HTTP_CODING_BROKEN;
    return fetch->http_status == 200 ? FAIL_NONE : FAIL_POLICY_HTTP_PROTOCOL;
}

/* Returns what the one handshake told: the policy's fetch makes no second. */
static enum failure_code fetch_handshake_code(const struct tls_facts *tls)
{
    static const enum failure_code codes[CAUSE_COUNT] = {
        [CAUSE_UNTOLD] = FAIL_POLICY_TLS_HANDSHAKE,
        [CAUSE_NOT_TLS] = FAIL_POLICY_TLS_NOT_TLS,
        [CAUSE_VERSION] = FAIL_POLICY_TLS_VERSION,
        [CAUSE_CIPHER] = FAIL_POLICY_TLS_CIPHER,
        [CAUSE_SMALL_DH] = FAIL_POLICY_TLS_SMALL_DH,
        [CAUSE_SIGNATURE] = FAIL_POLICY_TLS_SIGNATURE,
        [CAUSE_RENEGOTIATION] = FAIL_POLICY_TLS_LEGACY_RENEGOTIATION,
        [CAUSE_WEAK_KEY] = FAIL_POLICY_TLS_WEAK,
        [CAUSE_CURVE] = FAIL_POLICY_TLS_CURVE,
    };
    if (verdict_is_past_ceiling(tls))
        return FAIL_POLICY_TLS_TOO_LARGE;
    if (tls->limit != TLS_LIMIT_NONE)
        return verdict_limit(tls->limit, STAGE_POLICY);
    if (tls->alert == ALERT_NO_APPLICATION_PROTOCOL)
        return FAIL_POLICY_HTTP_VERSION;
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
    if (failure_get(code)->transient && code != FAIL_POLICY_TCP_REFUSED)
        return code;
    if (is_family_open(policy))
        return failed_code(&policy->address, FAIL_POLICY_DNS_FAILED);
    return is_rest_open(policy) ? FAIL_POLICY_NOT_TRIED_REST : code;
}
