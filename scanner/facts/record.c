/* Gives the names that records use for the enums of record.h, and counts the hosts that an MX set names.
 * Never a judgement, never I/O. */
#include "scanner/facts/record.h"

#include "scanner/facts/placeholder.h"

const char *dns_status_name(enum dns_status status)
{
    static const char *const names[DNS_STATUS_COUNT] = {
        [DNS_NOT_ASKED] = "not-asked", [DNS_ANSWERED] = "answered",
        [DNS_NXDOMAIN] = "nxdomain",   [DNS_NODATA] = "nodata",
        [DNS_SERVFAIL] = "servfail",   [DNS_REFUSED] = "refused",
        [DNS_TIMEOUT] = "timeout",     [DNS_BOGUS] = "bogus",
        [DNS_FORMERR] = "formerr",     [DNS_TRUNCATED_NO_TCP] = "truncated-no-tcp",
        [DNS_LOOP] = "loop",           [DNS_LAME] = "lame",
        [DNS_TOO_LARGE] = "too-large", [DNS_OPTOUT] = "optout",
    };
    return names[status];
}

const char *dns_security_name(enum dns_security security)
{
    static const char *const names[DNSSEC_COUNT] = {
        [DNSSEC_UNVALIDATED] = "unvalidated",
        [DNSSEC_INSECURE] = "insecure",
        [DNSSEC_SECURE] = "secure",
        [DNSSEC_BOGUS] = "bogus",
    };
    return names[security];
}

const char *tls_limit_name(enum tls_limit limit)
{
    static const char *const names[TLS_LIMIT_COUNT] = {
        [TLS_LIMIT_NONE] = "none",
        [TLS_LIMIT_DH] = "dh",
        [TLS_LIMIT_KEY] = "key",
        [TLS_LIMIT_CHAIN] = "chain",
    };
    return names[limit];
}

const char *tls_end_name(enum tls_end end)
{
    static const char *const names[TLS_END_COUNT] = {
        [TLS_NOT_TRIED] = "not-tried", [TLS_DONE] = "done",     [TLS_FAILED] = "failed",
        [TLS_TIMEOUT] = "timeout",     [TLS_CLOSED] = "closed", [TLS_FLOODED] = "flooded",
    };
    return names[end];
}

const char *net_error_name(enum net_error error)
{
    static const char *const names[NET_ERROR_COUNT] = {
        [NET_OK] = "ok",
        [NET_REFUSED] = "refused",
        [NET_TIMEOUT] = "timeout",
        [NET_RESET] = "reset",
        [NET_UNREACHABLE] = "unreachable",
        [NET_OTHER] = "other",
        [NET_RESOURCES] = "resources",
    };
    return names[error];
}

const char *not_tried_name(enum not_tried reason)
{
    static const char *const names[NOT_TRIED_COUNT] = {
        [TRIED] = "tried",
        [NOT_TRIED_OFF] = "off",
        [NOT_TRIED_PACE] = "pace",
        [NOT_TRIED_OPTOUT] = "optout",
        [NOT_TRIED_NO_FAMILY] = "no-family",
        [NOT_TRIED_PAUSED] = "paused",
        [NOT_TRIED_NO_ROUTE] = "no-route",
        [NOT_TRIED_SPECIAL_ADDRESS] = "special-address",
        [NOT_TRIED_NO_ADDRESS] = "no-address",
        [NOT_TRIED_DEAD] = "dead",
        [NOT_TRIED_PORT_BLOCKED] = "port-blocked",
        [NOT_TRIED_BUDGET] = "budget",
        [NOT_TRIED_STUCK] = "stuck",
        [NOT_TRIED_ELSEWHERE] = "elsewhere",
    };
    return names[reason];
}

const char *fetch_decoding_name(enum fetch_decoding decoding)
{
    static const char *const names[FETCH_DECODING_COUNT] = {[FETCH_NOT_CODED] = "none",
                                                            [FETCH_DECODED] = "decoded",
                                                            [FETCH_CODING_UNKNOWN] = "unknown",
                                                            [FETCH_CODING_TOO_LARGE] = "too-large",
                                                            [FETCH_CODING_BROKEN] = "broken"};
    return names[decoding];
}

const char *fetch_step_name(enum fetch_step step)
{
    static const char *const names[FETCH_STEP_COUNT] = {
        [FETCH_NONE] = "none",       [FETCH_CONNECT] = "connect", [FETCH_TLS] = "tls",
        [FETCH_HEADERS] = "headers", [FETCH_BODY] = "body",       [FETCH_DONE] = "done",
    };
    return names[step];
}

const char *smtp_step_name(enum smtp_step step)
{
    static const char *const names[SMTP_STEP_COUNT] = {
        [SMTP_NONE] = "none",           [SMTP_CONNECT] = "connect",   [SMTP_GREETING] = "greeting",
        [SMTP_EHLO] = "ehlo",           [SMTP_HELO] = "helo",         [SMTP_STARTTLS] = "starttls",
        [SMTP_HANDSHAKE] = "handshake", [SMTP_EHLO_TLS] = "ehlo-tls", [SMTP_QUIT] = "quit",
    };
    return names[step];
}

const char *smtp_end_name(enum smtp_end end)
{
    static const char *const names[SMTP_END_COUNT] = {
        [SMTP_END_NONE] = "none",
        [SMTP_END_DONE] = "done",
        [SMTP_END_NET] = "net",
        [SMTP_END_STEP_TIMEOUT] = "step-timeout",
        [SMTP_END_SESSION_DEADLINE] = "session-deadline",
        [SMTP_END_DRIPPING] = "dripping",
        [SMTP_END_CLOSED] = "closed",
        [SMTP_END_REPLY] = "reply",
        [SMTP_END_LINE_TOO_LONG] = "line-too-long",
        [SMTP_END_NOT_SMTP] = "not-smtp",
        [SMTP_END_MALFORMED] = "malformed",
        [SMTP_END_NOT_OFFERED] = "not-offered",
        [SMTP_END_TLS] = "tls",
        [SMTP_END_FLOODED] = "flooded",
    };
    return names[end];
}

const char *sts_mode_name(enum sts_mode mode)
{
    static const char *const names[STS_MODE_COUNT] = {
        [STS_MODE_UNSET] = "unset",
        [STS_MODE_ENFORCE] = "enforce",
        [STS_MODE_TESTING] = "testing",
        [STS_MODE_NONE] = "none",
    };
    return names[mode];
}

const char *outcome_name(enum outcome outcome)
{
    static const char *const names[OUTCOME_COUNT] = {
        [OUTCOME_NONE] = "none",       [OUTCOME_NO_MAIL] = "no-mail",     [OUTCOME_ABSENT] = "absent",
        [OUTCOME_UNKNOWN] = "unknown", [OUTCOME_BROKEN] = "broken",       [OUTCOME_OFF] = "off",
        [OUTCOME_TESTING] = "testing", [OUTCOME_PROTECTED] = "protected", [OUTCOME_PARTIAL] = "partial",
        [OUTCOME_REFUSED] = "refused",
    };
    return names[outcome];
}

enum outcome outcome_find(struct bytes name)
{
    for (enum outcome outcome = OUTCOME_NONE + 1; outcome < OUTCOME_COUNT; outcome++)
        if (bytes_equal(name, bytes_of(outcome_name(outcome))))
            return outcome;
    return OUTCOME_NONE;
}

const char *dane_outcome_name(enum dane_outcome outcome)
{
    static const char *const names[DANE_OUTCOME_COUNT] = {
        [DANE_OUTCOME_ABSENT] = "absent",     [DANE_OUTCOME_PROTECTED] = "protected",
        [DANE_OUTCOME_PARTIAL] = "partial",   [DANE_OUTCOME_REFUSED] = "refused",
        [DANE_OUTCOME_UNUSABLE] = "unusable", [DANE_OUTCOME_UNKNOWN] = "unknown",
    };
    return names[outcome];
}

const char *tls_outcome_name(enum tls_outcome outcome)
{
    static const char *const names[TLS_OUTCOME_COUNT] = {
        [TLS_OUTCOME_UNKNOWN] = "unknown",
        [TLS_OUTCOME_ALL] = "all",
        [TLS_OUTCOME_SOME] = "some",
        [TLS_OUTCOME_NONE] = "none",
    };
    return names[outcome];
}

const char *delivery_name(enum delivery delivery)
{
    static const char *const names[DELIVERY_COUNT] = {
        [DELIVERY_NONE] = "none",   [DELIVERY_TAKES] = "takes",   [DELIVERY_SOME] = "some",
        [DELIVERY_SKIPS] = "skips", [DELIVERY_DEFERS] = "defers",
    };
    return names[delivery];
}

const char *sender_kind_name(enum sender_kind kind)
{
    static const char *const names[SENDER_COUNT] = {
        [SENDER_MTA_STS] = "mta_sts",
        [SENDER_DANE] = "dane",
        [SENDER_OPPORTUNISTIC] = "opportunistic",
        [SENDER_POSTFIX_DANE] = "postfix_dane",
        [SENDER_POSTFIX_TLSPOL] = "postfix_tlspol",
    };
    return names[kind];
}

const char *exo_inbound_name(enum exo_inbound exo)
{
    static const char *const names[EXO_COUNT] = {
        [EXO_NOT] = "no",
        [EXO_DIRECT] = "direct",
        [EXO_MIXED] = "mixed",
    };
    return names[exo];
}

/* The names are those of RFC 8914 section 4. */
const char *dns_ede_name(uint16_t code)
{
    static const char *const names[] = {
        [0] = "Other Error",
        [1] = "Unsupported DNSKEY Algorithm",
        [2] = "Unsupported DS Digest Type",
        [3] = "Stale Answer",
        [4] = "Forged Answer",
        [5] = "DNSSEC Indeterminate",
        [6] = "DNSSEC Bogus",
        [7] = "Signature Expired",
        [8] = "Signature Not Yet Valid",
        [9] = "DNSKEY Missing",
        [10] = "RRSIGs Missing",
        [11] = "No Zone Key Bit Set",
        [12] = "NSEC Missing",
        [13] = "Cached Error",
        [14] = "Not Ready",
        [15] = "Blocked",
        [16] = "Censored",
        [17] = "Filtered",
        [18] = "Prohibited",
        [19] = "Stale NXDOMAIN Answer",
        [20] = "Not Authoritative",
        [21] = "Not Supported",
        [22] = "No Reachable Authority",
        [23] = "Network Error",
        [24] = "Invalid Data",
    };
    return code < sizeof names / sizeof *names ? names[code] : NULL;
}

enum failure_code dns_status_code(enum dns_status status)
{
    static const enum failure_code codes[DNS_STATUS_COUNT] = {
        [DNS_NXDOMAIN] = FAIL_DNS_NXDOMAIN,   [DNS_NODATA] = FAIL_DNS_NODATA,
        [DNS_SERVFAIL] = FAIL_DNS_SERVFAIL,   [DNS_REFUSED] = FAIL_DNS_REFUSED,
        [DNS_TIMEOUT] = FAIL_DNS_TIMEOUT,     [DNS_BOGUS] = FAIL_DNS_BOGUS,
        [DNS_FORMERR] = FAIL_DNS_FORMERR,     [DNS_TRUNCATED_NO_TCP] = FAIL_DNS_TRUNCATED_NO_TCP,
        [DNS_LOOP] = FAIL_DNS_LOOP,           [DNS_LAME] = FAIL_DNS_LAME,
        [DNS_TOO_LARGE] = FAIL_DNS_TOO_LARGE, [DNS_OPTOUT] = FAIL_DNS_OPTOUT,
    };
    return codes[status];
}

static bool is_root(const struct mx_rr *rr)
{
    return strcmp(rr->host, ".") == 0;
}

bool mx_is_null(const struct mx_facts *mx)
{
    for (size_t i = 0; i < mx->rr_count; i++)
        if (!is_root(&mx->rrs[i]))
            return false;
    return mx->rr_count > 0;
}

static bool is_listed(const struct domain_facts *facts, const char *host)
{
    for (size_t i = 0; i < facts->host_count; i++)
        if (strcmp(facts->hosts[i].host, host) == 0)
            return true;
    return false;
}

size_t mx_hosts_unseen(const struct domain_facts *facts)
{
    size_t count = 0;
    for (size_t i = 0; i < facts->mx.rr_count; i++) {
        const struct mx_rr *rr = &facts->mx.rrs[i];
        count += !is_root(rr) && !is_listed(facts, rr->host) && !placeholder_by_name(rr->host, facts->domain);
    }
    return count;
}

enum outcome outcome_by_cached(const struct code_set *codes)
{
    if (code_set_has(codes, FAIL_CACHED_REFUSED))
        return OUTCOME_REFUSED;
    return code_set_has(codes, FAIL_CACHED_PARTIAL) ? OUTCOME_PARTIAL : OUTCOME_NONE;
}

bool mx_names_nobody(const struct domain_facts *facts)
{
    for (size_t i = 0; i < facts->mx.rr_count; i++)
        if (!is_root(&facts->mx.rrs[i]) && !placeholder_is_named(facts, facts->mx.rrs[i].host))
            return false;
    return facts->mx.rr_count > 0 && !facts->mx.lookup.truncated;
}

bool sender_views_equal(const struct sender_view *a, const struct sender_view *b)
{
    if (a->all != b->all || a->delivered_by != b->delivered_by || a->validated != b->validated ||
        a->host_count != b->host_count)
        return false;
    for (size_t i = 0; i < a->host_count; i++)
        if (a->hosts[i] != b->hosts[i])
            return false;
    return true;
}

const char *cached_found_name(enum cached_found found)
{
    static const char *const names[CACHED_FOUND_COUNT] = {
        [CACHED_NONE] = "none",
        [CACHED_EXPIRED] = "expired",
        [CACHED_CURRENT] = "current",
        [CACHED_RENEWED] = "renewed",
        [CACHED_SAME_ID] = "same-id",
        [CACHED_NO_RECORD] = "no-record",
        [CACHED_BAD_RECORD] = "bad-record",
        [CACHED_UNFETCHED] = "unfetched",
        [CACHED_INVALID] = "invalid",
        [CACHED_UNKNOWN] = "unknown",
    };
    return names[found];
}

bool cached_is_kept(enum cached_found found)
{
    return found == CACHED_SAME_ID || found == CACHED_NO_RECORD || found == CACHED_BAD_RECORD ||
           found == CACHED_UNFETCHED || found == CACHED_INVALID;
}
