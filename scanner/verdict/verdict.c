/* Judges a domain: outcome, codes, report types (RFC 8461 section 5, RFC 8460 section 4.3). */
#include "scanner/verdict/verdict.h"

#include "scanner/verdict/enforced.h"
#include "scanner/verdict/looks.h"
#include "scanner/verdict/parts.h"
#include "scanner/verdict/tls.h"

/* Says whether a lookup was made and neither answered nor said no. */
bool lookup_failed(const struct lookup_facts *lookup)
{
    return lookup->status != DNS_NOT_ASKED && lookup->status != DNS_ANSWERED && !dns_says_no(lookup->status);
}

bool add_failed_lookup(struct judgement *judgement, const struct lookup_facts *lookup)
{
    if (lookup->truncated)
        code_set_add(&judgement->codes, FAIL_DNS_TOO_LARGE);
    if (!lookup_failed(lookup))
        return false;
    code_set_add(&judgement->codes, dns_status_code(lookup->status));
    return true;
}

bool lookup_is_ours(const struct lookup_facts *lookup)
{
    return lookup->status == DNS_TOO_LARGE || lookup->status == DNS_OPTOUT;
}

static bool failed_by_itself(const struct lookup_facts *lookup)
{
    return lookup_failed(lookup) && !lookup_is_ours(lookup);
}

enum failure_code failed_code(const struct address_facts *address, enum failure_code otherwise)
{
    if (address->a.status == DNS_OPTOUT || address->aaaa.status == DNS_OPTOUT)
        return FAIL_DNS_OPTOUT;
    bool ours = address->a.status == DNS_TOO_LARGE || address->aaaa.status == DNS_TOO_LARGE;
    bool theirs = failed_by_itself(&address->a) || failed_by_itself(&address->aaaa);
    return ours && !theirs ? FAIL_DNS_TOO_LARGE : otherwise;
}

bool has_unseen_hosts(const struct domain_facts *facts, size_t seen)
{
    return mx_hosts_unseen(facts) > 0 || seen < facts->host_count || facts->mx.lookup.truncated;
}

bool verdict_hosts_are_open(const struct domain_facts *facts)
{
    return !dns_says_anything(facts->mx.lookup.status) || has_unseen_hosts(facts, facts->host_count);
}

void add_findings(struct judgement *judgement, const struct findings *findings)
{
    for (size_t i = 0; i < findings->count; i++)
        code_set_add(&judgement->codes, findings->list[i].code);
}

bool verdict_policy_is_open(const struct domain_facts *facts, const struct judgement *judgement)
{
    enum failure_code code = judgement->policy_code;
    return (code != FAIL_NONE && failure_get(code)->effect == EFFECT_UNKNOWN) ||
           look_leaves_policy_open(facts, judgement);
}

static enum outcome judge_enforced(const struct domain_facts *facts, struct arena *arena,
                                   struct judgement *judgement)
{
    const struct enforced_policy policy = {judgement->policy.mx, judgement->policy.mx_count};
    struct enforced enforced =
        verdict_enforced(facts, judgement->hosts, judgement->host_count, policy, arena);
    judgement->incomplete = enforced.incomplete;
    return enforced.outcome;
}

static enum outcome judge_outcome(const struct domain_facts *facts, struct arena *arena,
                                  struct judgement *judgement)
{
    enum dns_status txt = facts->txt.lookup.status;
    if (is_no_mail(facts)) {
        if (!mx_is_null(&facts->mx))
            code_set_add(&judgement->codes, FAIL_MX_NONE);
        if (facts->mx.lookup.status == DNS_NXDOMAIN)
            code_set_add(&judgement->codes, FAIL_DNS_NXDOMAIN);
        return OUTCOME_NO_MAIL;
    }
    if (dns_says_no(txt) || (txt == DNS_ANSWERED && judgement->record.code == FAIL_TXT_ABSENT))
        return OUTCOME_ABSENT;
    if (txt != DNS_ANSWERED)
        return OUTCOME_UNKNOWN;
    if (judgement->record.code != FAIL_NONE)
        return judgement->record.code == FAIL_DNS_TOO_LARGE ? OUTCOME_UNKNOWN : OUTCOME_BROKEN;
    if (verdict_policy_is_open(facts, judgement))
        return OUTCOME_UNKNOWN;
    if (judgement->policy_code != FAIL_NONE)
        return OUTCOME_BROKEN;
    if (judgement->policy.mode == STS_MODE_NONE)
        return OUTCOME_OFF;
    enum outcome enforced = judge_enforced(facts, arena, judgement);
    if (judgement->policy.mode != STS_MODE_TESTING)
        return enforced;
    judgement->would_be = enforced;
    return OUTCOME_TESTING;
}

/* Judges for a sender that takes TLS if it is offered. */
static enum tls_outcome judge_tls(const struct domain_facts *facts)
{
    size_t with = 0;
    size_t without = 0;
    for (size_t i = 0; i < facts->host_count; i++) {
        const struct host_facts *host = facts->hosts[i].facts;
        for (size_t j = 0; host != NULL && j < host->probe_count; j++) {
            enum tls_offer offer = verdict_tls_offer(&host->probes[j]);
            bool had = offer == TLS_OFFER_NO && look_had_tls(facts, &host->probes[j]);
            with += offer == TLS_OFFER_YES || had;
            without += offer == TLS_OFFER_NO && !had;
        }
    }
    if (with > 0)
        return without > 0 ? TLS_OUTCOME_SOME : TLS_OUTCOME_ALL;
    return without > 0 ? TLS_OUTCOME_NONE : TLS_OUTCOME_UNKNOWN;
}

static void collect_rpt_types(struct judgement *judgement)
{
    for (enum failure_code code = code_set_next(&judgement->codes, FAIL_NONE); code < FAIL_COUNT;
         code = code_set_next(&judgement->codes, code))
        if (failure_get(code)->rpt != RPT_NONE)
            judgement->rpt_types |= UINT32_C(1) << failure_get(code)->rpt;
}

bool verdict_probe_may_pass(const struct probe_facts *probe)
{
    return failure_get(verdict_probe(probe, BY_OWN_TIME))->transient;
}

bool verdict_probe_may_be_ours(const struct probe_facts *probe)
{
    bool replied = probe->not_tried == TRIED && probe->end == SMTP_END_REPLY;
    return !replied && verdict_probe_may_pass(probe);
}

/* Was a lookup of the host lost, or is there a probe that is such a one? */
static bool is_lost(const struct host_facts *facts, bool (*is_one)(const struct probe_facts *probe))
{
    const struct lookup_facts *lookups[] = {&facts->address.a, &facts->address.aaaa, &facts->tlsa.lookup};
    for (size_t i = 0; i < sizeof lookups / sizeof *lookups; i++)
        if (lookup_failed(lookups[i]))
            return true;
    for (size_t i = 0; i < facts->probe_count; i++)
        if (facts->probes[i].not_tried != NOT_TRIED_ELSEWHERE && is_one(&facts->probes[i]))
            return true;
    return false;
}

bool verdict_host_may_pass(const struct host_facts *facts)
{
    return is_lost(facts, verdict_probe_may_pass);
}

bool verdict_host_may_be_ours(const struct host_facts *facts)
{
    return is_lost(facts, verdict_probe_may_be_ours);
}

/* Says whether a DANE sender would defer at some host. A host that DANE does not apply to is not waited for.
 */
static bool is_dane_open(const struct judgement *judgement)
{
    for (size_t i = 0; i < judgement->host_count; i++)
        if (judgement->hosts[i].dane_applies && judgement->hosts[i].dane == DANE_OUTCOME_UNKNOWN)
            return true;
    return false;
}

/* Says whether the code means that this machine saw nothing, whoever was there. */
static bool is_blind(enum failure_code code)
{
    return code == FAIL_SMTP_NOT_PROBED_NO_ROUTE || code == FAIL_POLICY_NOT_TRIED_NO_ROUTE ||
           code == FAIL_SMTP_NOT_PROBED_RESOURCES || code == FAIL_POLICY_NOT_TRIED_RESOURCES ||
           code == FAIL_SMTP_NOT_PROBED_PAUSED || code == FAIL_POLICY_NOT_TRIED_PAUSED;
}

/* Says whether a later try may get past a code of our own. Our configuration and an opt-out list stay as they
 * are; a turn, a route or the right time may come. */
static bool may_come(enum failure_code code)
{
    return code == FAIL_SMTP_NOT_PROBED_PACE || code == FAIL_POLICY_NOT_TRIED_PACE || is_blind(code) ||
           code == FAIL_SMTP_STARTTLS_MASKED || code == FAIL_SMTP_STARTTLS_PATH ||
           code == FAIL_SMTP_BLOCK_LISTED || code == FAIL_SMTP_TLS_CLOCK || code == FAIL_POLICY_TLS_CLOCK ||
           code == FAIL_POLICY_HTTP_CHALLENGE;
}

enum retry verdict_retry(enum failure_code code)
{
    const struct failure *failure = failure_get(code);
    if (failure->transient)
        return failure->who != WHO_US || may_come(code) ? RETRY_PASSES : RETRY_NEVER;
    /* Those that verdict/looks has a second look at; of an alert it is internal_error alone. */
    bool looked_at = code == FAIL_SMTP_STARTTLS_NOT_OFFERED || code == FAIL_SMTP_STARTTLS_REFUSED ||
                     code == FAIL_SMTP_TLS_ALERT || code == FAIL_POLICY_TLS_HANDSHAKE;
    return looked_at ? RETRY_LOOK : RETRY_NEVER;
}

bool verdict_has_passing(const struct judgement *judgement)
{
    for (enum failure_code code = code_set_next(&judgement->codes, FAIL_NONE); code < FAIL_COUNT;
         code = code_set_next(&judgement->codes, code))
        if (verdict_retry(code) == RETRY_PASSES)
            return true;
    return false;
}

/* Says whether this machine had no route to somebody, lacked memory or files, or was paused: then it has not
 * looked, whatever else it knows. */
static bool was_blind(const struct judgement *judgement)
{
    for (enum failure_code code = code_set_next(&judgement->codes, FAIL_NONE); code < FAIL_COUNT;
         code = code_set_next(&judgement->codes, code))
        if (is_blind(code))
            return true;
    return false;
}

/* Says whether a sender that does not mind an unsigned MX answer would defer at the host over what may pass.
 * Its codes are not the domain's. */
static bool is_any_dane_passing(const struct host_verdict *host)
{
    if (!host->dane_any_applies || host->dane_any != DANE_OUTCOME_UNKNOWN)
        return false;
    if (verdict_retry(host->dane_any_code) == RETRY_PASSES)
        return true;
    for (size_t i = 0; i < host->ip_count; i++)
        if (verdict_retry(host->ips[i].dane_any) == RETRY_PASSES)
            return true;
    return false;
}

/* Says whether it is open what senders do that go by an earlier policy. */
static bool is_cached_open(const struct judgement *judgement)
{
    const struct enforced *would_be = &judgement->cached.would_be;
    return would_be->outcome == OUTCOME_UNKNOWN || would_be->incomplete;
}

bool verdict_may_pass(const struct judgement *judgement)
{
    for (size_t i = 0; i < judgement->host_count; i++)
        if (is_any_dane_passing(&judgement->hosts[i]))
            return true;
    bool open = judgement->outcome == OUTCOME_UNKNOWN || judgement->would_be == OUTCOME_UNKNOWN ||
                judgement->incomplete || judgement->mx_open || judgement->tlsrpt_open ||
                is_cached_open(judgement) || is_dane_open(judgement) || was_blind(judgement);
    return open && verdict_has_passing(judgement);
}

int64_t moment_of(const struct tls_facts *tls, struct judged_at at)
{
    if (at.now != BY_OWN_TIME)
        return at.now;
    return tls->time != 0 ? tls->time : at.end;
}

int64_t other_moment_of(const struct tls_facts *tls, int64_t moment)
{
    return tls->other_time != 0 && moment == tls->time ? tls->other_time : moment;
}

/* Judges the MX hosts in use and all that hangs on them. */
static void judge_in_use(const struct domain_facts *facts, struct judged_at at, struct arena *arena,
                         struct judgement *judgement)
{
    if (judgement->record.code == FAIL_NONE)
        judge_policy(facts, at, arena, judgement);
    judgement->hosts = arena_array(arena, facts->host_count, sizeof *judgement->hosts);
    judgement->host_count = judgement->hosts == NULL ? 0 : facts->host_count;
    for (size_t i = 0; i < judgement->host_count; i++)
        judge_host(facts, &facts->hosts[i], at, arena, &judgement->hosts[i], judgement);
    judgement->outcome = judge_outcome(facts, arena, judgement);
    judge_cached(facts, at, arena, judgement);
    judgement->dane = judge_dane(facts, at, judgement);
    judge_looks(facts, judgement);
    judgement->tls = judge_tls(facts);
    judge_senders(facts, arena, judgement);
    judge_providers(facts, arena, judgement);
}

void verdict_judge(const struct domain_facts *facts, int64_t now, struct arena *arena,
                   struct judgement *judgement)
{
    const struct judged_at at = {.now = now, .end = facts->time + facts->ms};
    struct domain_facts in_use;
    *judgement = (struct judgement){.policy_code = FAIL_NONE};
    leave_placeholders(facts, arena, &in_use);
    judge_txt(facts, arena, judgement);
    judge_tlsrpt(facts, arena, judgement);
    judge_near_miss(facts, arena, judgement);
    judge_mx(facts, judgement);
    judge_name(facts, judgement);
    judge_in_use(&in_use, at, arena, judgement);
    collect_rpt_types(judgement);
    spread_hosts(facts, &in_use, arena, judgement);
}
