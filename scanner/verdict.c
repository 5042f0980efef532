/* The judgement of a domain: outcome, codes, report types (RFC 8461 section 5, RFC 8460 section 4.3). */
#include "scanner/verdict.h"

#include <strings.h>

#include "scanner/policy/match.h"
#include "scanner/policy/policy.h"
#include "scanner/policy/record.h"
#include "scanner/policy/tlsrpt.h"
#include "scanner/provider.h"
#include "scanner/verdict_tls.h"

enum { EXPIRES_SOON_S = 14 * 86400 };

/* What an MTA-STS sender meets over a set of addresses or hosts. */
struct tally_of {
    size_t pass;
    size_t fail;
    size_t unknown;
};

static bool is_negative(enum dns_status status)
{
    return status == DNS_NXDOMAIN || status == DNS_NODATA;
}

/* A lookup that neither answered nor said no. */
static bool add_failed_lookup(struct judgement *judgement, const struct lookup_facts *lookup)
{
    if (lookup->status == DNS_NOT_ASKED || lookup->status == DNS_ANSWERED || is_negative(lookup->status))
        return false;
    code_set_add(&judgement->codes, dns_status_code(lookup->status));
    return true;
}

static void add_findings(struct judgement *judgement, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        code_set_add(&judgement->codes, findings->list[i].code);
}

/* ---- the records ----------------------------------------------------------------------------------------
 */

static void judge_txt(const struct domain_facts *facts, struct arena *arena, struct judgement *judgement)
{
    const struct txt_facts *txt = &facts->txt;
    sts_record_parse(txt->rrs, txt->rr_count, arena, &judgement->record);
    add_findings(judgement, &judgement->record.findings);
    if (!add_failed_lookup(judgement, &txt->lookup))
        code_set_add(&judgement->codes, judgement->record.code);
}

static void judge_tlsrpt(const struct domain_facts *facts, struct arena *arena, struct judgement *judgement)
{
    const struct txt_facts *txt = &facts->tlsrpt;
    tlsrpt_parse(txt->rrs, txt->rr_count, arena, &judgement->tlsrpt);
    add_findings(judgement, &judgement->tlsrpt.findings);
    if (!add_failed_lookup(judgement, &txt->lookup))
        code_set_add(&judgement->codes, judgement->tlsrpt.code);
}

static bool is_root(const struct mx_rr *rr)
{
    return strcmp(rr->host, ".") == 0;
}

static size_t hosts_named(const struct mx_facts *mx)
{
    size_t count = 0;
    for (size_t i = 0; i < mx->rr_count; i++)
        count += !is_root(&mx->rrs[i]);
    return count;
}

static bool is_null_mx(const struct mx_facts *mx)
{
    return mx->rr_count == 1 && is_root(&mx->rrs[0]);
}

static void judge_mx(const struct domain_facts *facts, struct judgement *judgement)
{
    const struct mx_facts *mx = &facts->mx;
    if (add_failed_lookup(judgement, &mx->lookup))
        code_set_add(&judgement->codes, FAIL_MX_DNS_FAILED);
    if (is_null_mx(mx)) {
        code_set_add(&judgement->codes, FAIL_MX_NULL);
        if (mx->rrs[0].preference != 0)
            code_set_add(&judgement->codes, FAIL_MX_NULL_PREFERENCE);
        return;
    }
    for (size_t i = 0; i < mx->rr_count; i++)
        if (is_root(&mx->rrs[i]))
            code_set_add(&judgement->codes, FAIL_MX_NULL_AMONG_OTHERS);
}

/* Nobody can send mail there: a null MX, a name that does not exist, or neither MX nor address. */
static bool is_no_mail(const struct domain_facts *facts)
{
    if (is_null_mx(&facts->mx) || facts->mx.lookup.status == DNS_NXDOMAIN)
        return true;
    if (facts->host_count != 1 || !facts->hosts[0].implicit || facts->hosts[0].facts == NULL)
        return false;
    const struct address_facts *address = &facts->hosts[0].facts->address;
    return address->ip_count == 0 && is_negative(address->a.status) && is_negative(address->aaaa.status);
}

/* ---- the policy -----------------------------------------------------------------------------------------
 */

static bool media_type_is_plain(const char *type)
{
    static const char plain[] = "text/plain";
    if (type == NULL || strncasecmp(type, plain, sizeof plain - 1) != 0)
        return false;
    char next = type[sizeof plain - 1];
    return next == 0 || next == ';' || next == ' ' || next == '\t';
}

static void add_fetch_codes(const struct policy_facts *policy, int64_t now, struct judgement *judgement)
{
    const struct fetch_facts *fetch = &policy->fetch;
    bool failed = add_failed_lookup(judgement, &policy->address.a);
    failed = add_failed_lookup(judgement, &policy->address.aaaa) || failed;
    if (!failed && policy->address.ip_count == 0)
        code_set_add(&judgement->codes, dns_status_code(policy->address.a.status));
    verdict_certificate_codes(&fetch->tls, STAGE_POLICY, now, &judgement->codes);
    if (fetch->http_status >= 500)
        code_set_add(&judgement->codes, FAIL_POLICY_HTTP_STATUS);
    if (fetch->http_status == 200 && !media_type_is_plain(fetch->media_type))
        code_set_add(&judgement->codes, FAIL_POLICY_HTTP_MEDIA_TYPE);
}

/* A pattern that matches no MX in use (POL-10); where not all of them are known, nothing is said. */
static void add_unused_patterns(const struct domain_facts *facts, struct judgement *judgement)
{
    const struct sts_policy *policy = &judgement->policy;
    for (size_t i = 0; facts->host_count > 0 && i < policy->mx_count; i++) {
        bool used = hosts_named(&facts->mx) > facts->host_count;
        for (size_t j = 0; !used && j < facts->host_count; j++)
            used = mx_pattern_match(facts->hosts[j].host, policy->mx[i]);
        if (!used)
            code_set_add(&judgement->codes, FAIL_POLICY_WEAK_MX_UNUSED);
    }
}

static void add_expires_soon(const struct tls_facts *tls, int64_t now, struct judgement *judgement)
{
    if (tls->end != TLS_DONE || tls->cert_count == 0)
        return;
    int64_t left = tls->certs[0].not_after - now / 1000;
    if (left >= 0 && left < EXPIRES_SOON_S)
        code_set_add(&judgement->codes, FAIL_POLICY_WEAK_CERT_EXPIRES_SOON);
}

static void add_weaknesses(const struct domain_facts *facts, int64_t now, struct judgement *judgement)
{
    const struct sts_policy *policy = &judgement->policy;
    add_unused_patterns(facts, judgement);
    add_expires_soon(&facts->policy.fetch.tls, now, judgement);
    for (size_t i = 0; i < facts->host_count; i++) {
        const struct host_facts *host = facts->hosts[i].facts;
        for (size_t j = 0; host != NULL && j < host->probe_count; j++)
            add_expires_soon(&host->probes[j].tls, now, judgement);
    }
    if (policy->mode == STS_MODE_TESTING)
        code_set_add(&judgement->codes, FAIL_POLICY_WEAK_MODE_TESTING);
    const uint32_t day = 86400;
    uint32_t least = policy->mode == STS_MODE_ENFORCE ? 7 * day : day;
    if (policy->mode != STS_MODE_NONE && policy->max_age < least)
        code_set_add(&judgement->codes, FAIL_POLICY_WEAK_MAX_AGE_SHORT);
}

/* Only where a sender would ask for it: the record is valid. */
static void judge_policy(const struct domain_facts *facts, int64_t now, struct arena *arena,
                         struct judgement *judgement)
{
    const struct policy_facts *policy = &facts->policy;
    if (policy->host == NULL)
        return;
    judgement->policy_code = verdict_fetch(policy, now);
    add_fetch_codes(policy, now, judgement);
    if (policy->fetch.http_status == 200 && policy->fetch.step == FETCH_DONE) {
        sts_policy_parse(policy->fetch.body, arena, &judgement->policy);
        add_findings(judgement, &judgement->policy.findings);
        if (judgement->policy_code == FAIL_NONE)
            judgement->policy_code = judgement->policy.code;
    }
    code_set_add(&judgement->codes, judgement->policy_code);
    if (judgement->policy_code == FAIL_NONE)
        add_weaknesses(facts, now, judgement);
}

static bool policy_is_usable(const struct judgement *judgement)
{
    return judgement->record.code == FAIL_NONE && judgement->policy.parsed &&
           judgement->policy_code == FAIL_NONE;
}

/* ---- the MX hosts ---------------------------------------------------------------------------------------
 */

static void count_address(enum failure_code code, struct tally_of *tally)
{
    const struct failure *failure = failure_get(code);
    if (code == FAIL_NONE)
        tally->pass++;
    else if (failure->effect == EFFECT_HOST_FAILS)
        tally->fail++;
    else
        tally->unknown++;
}

/* The host's own fault, before any of its addresses: FAIL_NONE where it has addresses to look at. */
static enum failure_code host_code(const struct mx_host *host, struct judgement *judgement)
{
    if (host->address_literal)
        return FAIL_MX_ADDRESS_LITERAL;
    if (host->facts == NULL)
        return FAIL_SMTP_NOT_PROBED_OPTOUT;
    const struct address_facts *address = &host->facts->address;
    if (host->facts->address.a.cname_count > 0 || address->aaaa.cname_count > 0)
        code_set_add(&judgement->codes, host->implicit ? FAIL_NONE : FAIL_MX_CNAME);
    if (address->ip_count > 0)
        return FAIL_NONE;
    bool failed = add_failed_lookup(judgement, &address->a);
    failed = add_failed_lookup(judgement, &address->aaaa) || failed;
    if (failed)
        return FAIL_MX_DNS_FAILED;
    code_set_add(&judgement->codes, dns_status_code(address->a.status));
    return host->implicit ? FAIL_MX_NONE : FAIL_MX_NO_ADDRESS;
}

static void judge_addresses(const struct mx_host *host, int64_t now, struct arena *arena,
                            struct host_verdict *verdict, struct judgement *judgement)
{
    const struct host_facts *facts = host->facts;
    verdict->ips = arena_array(arena, facts->probe_count, sizeof *verdict->ips);
    verdict->ip_count = verdict->ips == NULL ? 0 : facts->probe_count;
    for (size_t i = 0; i < verdict->ip_count; i++) {
        const struct probe_facts *probe = &facts->probes[i];
        verdict->ips[i].code = verdict_probe(probe, now);
        code_set_add(&judgement->codes, verdict->ips[i].code);
        verdict_certificate_codes(&probe->tls, STAGE_SMTP, now, &judgement->codes);
        if (probe->injected)
            code_set_add(&judgement->codes, FAIL_SMTP_STARTTLS_INJECTED);
    }
}

static void judge_host(const struct mx_host *host, int64_t now, struct arena *arena,
                       struct host_verdict *verdict, struct judgement *judgement)
{
    verdict->code = host_code(host, judgement);
    if (host->implicit)
        code_set_add(&judgement->codes, FAIL_MX_IMPLICIT);
    if (verdict->code == FAIL_NONE)
        judge_addresses(host, now, arena, verdict, judgement);
    if (policy_is_usable(judgement) && judgement->policy.mode != STS_MODE_NONE) {
        verdict->policy_match =
            mx_pattern_match_any(host->host, judgement->policy.mx, judgement->policy.mx_count);
        if (!verdict->policy_match && verdict->code == FAIL_NONE)
            verdict->code = FAIL_MX_NOT_IN_POLICY;
    }
    code_set_add(&judgement->codes, verdict->code);
}

/* What a sender that honours the policy meets at one host: it may both pass and fail, at different addresses.
 */
static void count_host(const struct host_verdict *verdict, struct tally_of *hosts)
{
    struct tally_of addresses = {0, 0, 0};
    if (verdict->code != FAIL_NONE) {
        count_address(verdict->code, hosts);
        return;
    }
    for (size_t i = 0; i < verdict->ip_count; i++)
        count_address(verdict->ips[i].code, &addresses);
    hosts->pass += addresses.pass > 0;
    hosts->fail += addresses.fail > 0;
    hosts->unknown += addresses.unknown > 0 || verdict->ip_count == 0;
}

static enum outcome judge_enforced(const struct domain_facts *facts, struct judgement *judgement)
{
    struct tally_of hosts = {0, 0, 0};
    for (size_t i = 0; i < judgement->host_count; i++)
        count_host(&judgement->hosts[i], &hosts);
    if (hosts_named(&facts->mx) > judgement->host_count)
        hosts.unknown++;
    judgement->incomplete = hosts.pass > 0 && hosts.fail == 0 && hosts.unknown > 0;
    if (hosts.pass > 0)
        return hosts.fail > 0 ? OUTCOME_PARTIAL : OUTCOME_PROTECTED;
    return hosts.fail > 0 && hosts.unknown == 0 ? OUTCOME_REFUSED : OUTCOME_UNKNOWN;
}

/* ---- outcomes -------------------------------------------------------------------------------------------
 */

static enum outcome judge_outcome(const struct domain_facts *facts, struct judgement *judgement)
{
    enum dns_status txt = facts->txt.lookup.status;
    if (is_no_mail(facts)) {
        if (!is_null_mx(&facts->mx))
            code_set_add(&judgement->codes, FAIL_MX_NONE);
        if (facts->mx.lookup.status == DNS_NXDOMAIN)
            code_set_add(&judgement->codes, FAIL_DNS_NXDOMAIN);
        return OUTCOME_NO_MAIL;
    }
    if (is_negative(txt) || (txt == DNS_ANSWERED && judgement->record.code == FAIL_TXT_ABSENT))
        return OUTCOME_ABSENT;
    if (txt != DNS_ANSWERED)
        return OUTCOME_UNKNOWN;
    if (judgement->record.code != FAIL_NONE)
        return OUTCOME_BROKEN;
    if (judgement->policy_code != FAIL_NONE)
        return failure_get(judgement->policy_code)->transient ? OUTCOME_UNKNOWN : OUTCOME_BROKEN;
    if (judgement->policy.mode == STS_MODE_NONE)
        return OUTCOME_OFF;
    enum outcome enforced = judge_enforced(facts, judgement);
    if (judgement->policy.mode != STS_MODE_TESTING)
        return enforced;
    judgement->would_be = enforced;
    return OUTCOME_TESTING;
}

/* For a sender that takes TLS where it is offered. */
static enum tls_outcome judge_tls(const struct domain_facts *facts)
{
    size_t with = 0;
    size_t without = 0;
    for (size_t i = 0; i < facts->host_count; i++) {
        const struct host_facts *host = facts->hosts[i].facts;
        for (size_t j = 0; host != NULL && j < host->probe_count; j++) {
            enum tls_offer offer = verdict_tls_offer(&host->probes[j]);
            with += offer == TLS_OFFER_YES;
            without += offer == TLS_OFFER_NO;
        }
    }
    if (with > 0)
        return without > 0 ? TLS_OUTCOME_SOME : TLS_OUTCOME_ALL;
    return without > 0 ? TLS_OUTCOME_NONE : TLS_OUTCOME_UNKNOWN;
}

/*
 * Whether DANE applies (RFC 7672 section 2.2): not where the MX answer or every host's address is known to be
 * unsigned, or no secure TLSA records exist. Where it applies, the outcome is left unknown.
 */
static enum dane_outcome judge_dane_host(const struct domain_facts *facts, const struct mx_host *host)
{
    enum dns_security mx = facts->mx.lookup.security;
    if (mx == DNSSEC_INSECURE || host->facts == NULL)
        return DANE_OUTCOME_ABSENT;
    const struct host_facts *known = host->facts;
    if (mx != DNSSEC_SECURE)
        return DANE_OUTCOME_UNKNOWN;
    if (known->tlsa.lookup.status == DNS_NOT_ASKED) {
        bool unvalidated = known->address.ip_count > 0 && known->address.a.security == DNSSEC_UNVALIDATED &&
                           known->address.aaaa.security == DNSSEC_UNVALIDATED;
        return unvalidated ? DANE_OUTCOME_UNKNOWN : DANE_OUTCOME_ABSENT;
    }
    return is_negative(known->tlsa.lookup.status) ? DANE_OUTCOME_ABSENT : DANE_OUTCOME_UNKNOWN;
}

static enum dane_outcome judge_dane(const struct domain_facts *facts, struct judgement *judgement)
{
    enum dns_status mx = facts->mx.lookup.status;
    bool known = mx == DNS_NOT_ASKED || mx == DNS_ANSWERED || is_negative(mx);
    enum dane_outcome outcome = known ? DANE_OUTCOME_ABSENT : DANE_OUTCOME_UNKNOWN;
    for (size_t i = 0; i < judgement->host_count; i++) {
        judgement->hosts[i].dane = judge_dane_host(facts, &facts->hosts[i]);
        if (judgement->hosts[i].dane == DANE_OUTCOME_UNKNOWN)
            outcome = DANE_OUTCOME_UNKNOWN;
    }
    if (facts->mx.lookup.status == DNS_ANSWERED && facts->mx.lookup.security == DNSSEC_UNVALIDATED)
        code_set_add(&judgement->codes, FAIL_DANE_UNVALIDATED);
    return outcome;
}

static void collect_rpt_types(struct judgement *judgement)
{
    for (enum failure_code code = FAIL_NONE + 1; code < FAIL_COUNT; code++)
        if (code_set_has(&judgement->codes, code) && failure_get(code)->rpt != RPT_NONE)
            judgement->rpt_types |= UINT32_C(1) << failure_get(code)->rpt;
}

bool verdict_host_may_pass(const struct host_facts *facts)
{
    const struct lookup_facts *lookups[] = {&facts->address.a, &facts->address.aaaa, &facts->tlsa.lookup};
    for (size_t i = 0; i < sizeof lookups / sizeof *lookups; i++) {
        enum dns_status status = lookups[i]->status;
        if (status != DNS_NOT_ASKED && status != DNS_ANSWERED && status != DNS_NXDOMAIN &&
            status != DNS_NODATA)
            return true;
    }
    for (size_t i = 0; i < facts->probe_count; i++)
        if (failure_get(verdict_probe(&facts->probes[i], facts->probes[i].time))->transient)
            return true;
    return false;
}

bool verdict_may_pass(const struct judgement *judgement)
{
    bool open = judgement->outcome == OUTCOME_UNKNOWN || judgement->would_be == OUTCOME_UNKNOWN ||
                judgement->incomplete;
    for (enum failure_code code = FAIL_NONE + 1; open && code < FAIL_COUNT; code++) {
        const struct failure *failure = failure_get(code);
        /* What stands in our own configuration or on an opt-out list does not pass; a turn may come. */
        bool ours =
            failure->who == WHO_US && code != FAIL_SMTP_NOT_PROBED_PACE && code != FAIL_POLICY_NOT_TRIED_PACE;
        if (code_set_has(&judgement->codes, code) && failure->transient && !ours)
            return true;
    }
    return false;
}

void verdict_judge(const struct domain_facts *facts, int64_t now, struct arena *arena,
                   struct judgement *judgement)
{
    *judgement = (struct judgement){.policy_code = FAIL_NONE};
    judge_txt(facts, arena, judgement);
    judge_tlsrpt(facts, arena, judgement);
    judge_mx(facts, judgement);
    if (judgement->record.code == FAIL_NONE)
        judge_policy(facts, now, arena, judgement);
    judgement->hosts = arena_array(arena, facts->host_count, sizeof *judgement->hosts);
    judgement->host_count = judgement->hosts == NULL ? 0 : facts->host_count;
    for (size_t i = 0; i < judgement->host_count; i++)
        judge_host(&facts->hosts[i], now, arena, &judgement->hosts[i], judgement);
    judgement->outcome = judge_outcome(facts, judgement);
    judgement->dane = judge_dane(facts, judgement);
    judgement->tls = judge_tls(facts);
    if (facts->is_public_suffix)
        code_set_add(&judgement->codes, FAIL_INPUT_PUBLIC_SUFFIX);
    collect_rpt_types(judgement);
    if (facts->host_count > 0)
        judgement->provider_mx = provider_of_mx(facts->hosts[0].host);
    judgement->provider_policy = provider_of_policy(&facts->policy);
}
