/* Judges each address, each MX host and the domain by DANE (RFC 7672 section 2.2). */
#include <strings.h>

#include "scanner/verdict/handshake.h"
#include "scanner/verdict/looks.h"
#include "scanner/verdict/parts.h"
#include "scanner/verdict/tls.h"
#include "scanner/verdict/tlsa.h"

/* ---- does DANE apply to the host? ---------------------------------------------------------------------- */

/* Returns why a lookup's answer does not count as signed; FAIL_NONE if it does. */
static enum failure_code security_code(const struct lookup_facts *lookup, enum failure_code insecure)
{
    switch (lookup->security) {
    case DNSSEC_SECURE:
        return FAIL_NONE;
    case DNSSEC_INSECURE:
        return insecure;
    default:
        return FAIL_DANE_UNVALIDATED;
    }
}

/* Returns why TLSA records were not asked for, if the lookups of the addresses were the reason. */
static enum failure_code address_code(const struct address_facts *address)
{
    const struct lookup_facts *lookups[] = {&address->a, &address->aaaa};
    enum failure_code code = FAIL_DANE_ABSENT;
    for (size_t i = 0; i < 2; i++) {
        if (lookups[i]->status == DNS_ANSWERED && lookups[i]->security == DNSSEC_INSECURE)
            return FAIL_DANE_INSECURE_ADDRESS;
        if (lookups[i]->status == DNS_ANSWERED && lookups[i]->security != DNSSEC_SECURE)
            code = FAIL_DANE_UNVALIDATED;
        else if (lookup_failed(lookups[i]) && code == FAIL_DANE_ABSENT)
            code = failed_code(address, FAIL_MX_DNS_FAILED);
    }
    return code;
}

/* Returns FAIL_NONE if there are secure records. A DANE sender never takes a failed lookup for "no records".
 */
static enum failure_code tlsa_code(const struct lookup_facts *tlsa)
{
    if (dns_says_no(tlsa->status))
        return FAIL_DANE_ABSENT;
    if (tlsa->status == DNS_ANSWERED)
        return security_code(tlsa, FAIL_DANE_ABSENT);
    if (lookup_is_ours(tlsa))
        return dns_status_code(tlsa->status);
    return tlsa->status == DNS_BOGUS ? FAIL_DANE_TLSA_BOGUS : FAIL_DANE_TLSA_SERVFAIL;
}

/* Returns why DANE does not apply to the host or cannot be judged; FAIL_NONE if the host has secure TLSA
 * records. */
static enum failure_code applies_code(const struct domain_facts *facts, const struct mx_host *host,
                                      bool any_mx)
{
    enum failure_code mx = security_code(&facts->mx.lookup, FAIL_DANE_INSECURE_MX);
    if (mx != FAIL_NONE && !(any_mx && mx == FAIL_DANE_INSECURE_MX))
        return mx;
    if (host->address_literal)
        return FAIL_DANE_ABSENT;
    if (host->facts == NULL)
        return FAIL_SMTP_NOT_PROBED_OPTOUT;
    if (host->facts->tlsa.lookup.status == DNS_NOT_ASKED)
        return address_code(&host->facts->address);
    return tlsa_code(&host->facts->tlsa.lookup);
}

static bool is_deferred_on(enum failure_code code)
{
    return code == FAIL_DANE_TLSA_BOGUS || code == FAIL_DANE_TLSA_SERVFAIL;
}

static enum dane_outcome not_judged(enum failure_code code)
{
    if (code == FAIL_DANE_UNVALIDATED || failure_get(code)->effect == EFFECT_UNKNOWN)
        return DANE_OUTCOME_UNKNOWN;
    return DANE_OUTCOME_ABSENT;
}

/* ---- the addresses of a host that it applies to -------------------------------------------------------- */

struct judged_by {
    const struct domain_facts *facts;
    struct tlsa_set set;
    struct reference_names names;
    struct judged_at at;
};

/* Judges by both readings of a clock that was set during the scan: if they differ, nobody can tell. */
static enum failure_code judge_records(const struct judged_by *by, const struct tls_facts *tls,
                                       size_t *matched)
{
    int64_t moment = moment_of(tls, by->at);
    int64_t other = other_moment_of(tls, moment);
    enum failure_code then = verdict_tlsa(&by->set, tls, &by->names, other, matched);
    enum failure_code code = verdict_tlsa(&by->set, tls, &by->names, moment, matched);
    return code == then ? code : FAIL_SMTP_TLS_CLOCK;
}

static void judge_address(const struct judged_by *by, const struct probe_facts *probe,
                          struct ip_verdict *verdict)
{
    const struct tls_facts *tls = handshake_of_dane(probe);
    if (tls == NULL)
        verdict->dane = look_dane_code(by->facts, probe, verdict_probe(probe, by->at.now));
    else if (by->set.facts->lookup.truncated)
        verdict->dane = FAIL_DNS_TOO_LARGE; /* a missing record may match, or outdo one that does */
    else if (by->set.usable == 0)
        verdict->dane = FAIL_NONE; /* RFC 7672 section 2.2: TLS is required, nobody is authenticated */
    else
        verdict->dane = judge_records(by, tls, &verdict->tlsa);
}

static enum dane_outcome outcome_of_addresses(const struct tally_of *addresses, bool usable)
{
    if (addresses->pass > 0 && addresses->fail > 0)
        return DANE_OUTCOME_PARTIAL;
    if (addresses->pass > 0)
        return usable ? DANE_OUTCOME_PROTECTED : DANE_OUTCOME_UNUSABLE;
    return addresses->fail > 0 && addresses->unknown == 0 ? DANE_OUTCOME_REFUSED : DANE_OUTCOME_UNKNOWN;
}

/* Says whether the TLSA records stand at another name than the handshake asked for: the SNI of a DANE sender
 * is the TLSA base domain (RFC 7672 section 8.1). */
static bool sni_was_another(const struct mx_host *host)
{
    const char *base = host->facts->tlsa.base;
    return base != NULL && host->facts->probe_count > 0 && strcasecmp(base, host->host) != 0;
}

static void judge_tlsa_host(const struct domain_facts *facts, const struct mx_host *host, struct judged_at at,
                            struct host_verdict *verdict, struct code_set *codes)
{
    struct judged_by by = {
        .facts = facts, .names = {{host->facts->tlsa.base, host->host, facts->domain}}, .at = at};
    struct tally_of addresses = {0, 0, 0};
    verdict_tlsa_set(&host->facts->tlsa, &by.set);
    for (size_t i = 0; i < verdict->ip_count; i++) {
        judge_address(&by, &host->facts->probes[i], &verdict->ips[i]);
        tally_add(&addresses, verdict->ips[i].dane);
        code_set_add(codes, verdict->ips[i].dane);
    }
    if (sni_was_another(host))
        code_set_add(codes, FAIL_DANE_SNI_NOT_TRIED);
    addresses.unknown +=
        has_unseen_addresses(host->facts) || host->facts->address.a.stale || host->facts->address.aaaa.stale;
    bool truncated = host->facts->tlsa.lookup.truncated;
    if (truncated || by.set.usable == 0)
        verdict->dane_code = truncated ? FAIL_DNS_TOO_LARGE : FAIL_DANE_UNUSABLE;
    verdict->dane = outcome_of_addresses(&addresses, by.set.usable > 0);
}

static void judge_by_mx(const struct domain_facts *facts, const struct mx_host *host, struct judged_at at,
                        bool any_mx, struct host_verdict *verdict, struct code_set *codes)
{
    for (size_t i = 0; i < verdict->ip_count; i++) {
        verdict->ips[i].dane = FAIL_NONE;
        verdict->ips[i].tlsa = 0;
    }
    verdict->dane_code = applies_code(facts, host, any_mx);
    verdict->dane_applies = verdict->dane_code == FAIL_NONE || is_deferred_on(verdict->dane_code);
    if (verdict->dane_code == FAIL_NONE) {
        judge_tlsa_host(facts, host, at, verdict, codes);
    } else {
        verdict->dane = not_judged(verdict->dane_code);
        for (size_t i = 0; verdict->dane_applies && i < verdict->ip_count; i++)
            verdict->ips[i].dane = verdict->dane_code;
    }
    code_set_add(codes, verdict->dane_code);
}

/* Judges as RFC 7672 has it, and for senders that do not mind an unsigned MX answer. What only those meet
 * gives no code. */
static void judge_dane_host(const struct domain_facts *facts, const struct mx_host *host, struct judged_at at,
                            struct host_verdict *verdict, struct judgement *judgement)
{
    struct code_set none = {{0}};
    if (host->facts != NULL && host->facts->tlsa.lookup.truncated)
        code_set_add(&judgement->codes, FAIL_DNS_TOO_LARGE);
    bool is_unsigned = security_code(&facts->mx.lookup, FAIL_DANE_INSECURE_MX) == FAIL_DANE_INSECURE_MX;
    judge_by_mx(facts, host, at, is_unsigned, verdict, is_unsigned ? &none : &judgement->codes);
    verdict->dane_any = verdict->dane;
    verdict->dane_any_applies = verdict->dane_applies;
    verdict->dane_any_code = verdict->dane_code;
    for (size_t i = 0; i < verdict->ip_count; i++)
        verdict->ips[i].dane_any = verdict->ips[i].dane;
    if (is_unsigned)
        judge_by_mx(facts, host, at, false, verdict, &judgement->codes);
}

/* ---- the domain ---------------------------------------------------------------------------------------- */

/* Says whether nobody can deliver to the host: then it says nothing of the domain. */
static bool takes_no_mail(const struct mx_host *host)
{
    const struct address_facts *address = host->facts == NULL ? NULL : &host->facts->address;
    return address != NULL && address->ip_count == 0 && dns_says_no(address->a.status) &&
           dns_says_no(address->aaaa.status);
}

static enum dane_outcome outcome_of_hosts(const size_t count[DANE_OUTCOME_COUNT])
{
    bool some_pass = count[DANE_OUTCOME_PROTECTED] > 0;
    bool some_fail = count[DANE_OUTCOME_REFUSED] > 0;
    bool some_uncovered = count[DANE_OUTCOME_ABSENT] > 0 || count[DANE_OUTCOME_UNUSABLE] > 0;
    if (count[DANE_OUTCOME_PARTIAL] > 0 || some_pass + some_fail + some_uncovered > 1)
        return DANE_OUTCOME_PARTIAL;
    if (some_pass)
        return DANE_OUTCOME_PROTECTED;
    if (count[DANE_OUTCOME_UNKNOWN] > 0)
        return DANE_OUTCOME_UNKNOWN;
    if (some_fail)
        return DANE_OUTCOME_REFUSED;
    return count[DANE_OUTCOME_UNUSABLE] > 0 ? DANE_OUTCOME_UNUSABLE : DANE_OUTCOME_ABSENT;
}

/* Says whether DANE covers some hosts but not all. A sender that requires DANE reports the others (RFC 8460
 * section 4.3.2.1). */
static bool is_at_some_hosts(const struct domain_facts *facts, const struct judgement *judgement)
{
    bool covered = false, uncovered = false;
    for (size_t i = 0; i < judgement->host_count; i++) {
        const struct host_verdict *host = &judgement->hosts[i];
        covered = covered || (host->dane_applies && host->dane_code != FAIL_DANE_UNUSABLE);
        uncovered = uncovered || (host->dane == DANE_OUTCOME_ABSENT && !takes_no_mail(&facts->hosts[i]));
    }
    return covered && uncovered;
}

enum dane_outcome judge_dane(const struct domain_facts *facts, struct judged_at at,
                             struct judgement *judgement)
{
    size_t count[DANE_OUTCOME_COUNT] = {0};
    for (size_t i = 0; i < judgement->host_count; i++) {
        judge_dane_host(facts, &facts->hosts[i], at, &judgement->hosts[i], judgement);
        if (!takes_no_mail(&facts->hosts[i]))
            count[judgement->hosts[i].dane]++;
    }
    if (is_at_some_hosts(facts, judgement))
        code_set_add(&judgement->codes, FAIL_DANE_NOT_ALL_HOSTS);
    if (has_unseen_hosts(facts, judgement->host_count) && !mx_is_null(&facts->mx))
        count[DANE_OUTCOME_UNKNOWN]++;
    if (lookup_failed(&facts->mx.lookup))
        return DANE_OUTCOME_UNKNOWN;
    return outcome_of_hosts(count);
}
