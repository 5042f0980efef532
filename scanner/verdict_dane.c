/* The judgement by DANE (RFC 7672). */
#include "scanner/verdict_parts.h"

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
    return lookup_is_negative(known->tlsa.lookup.status) ? DANE_OUTCOME_ABSENT : DANE_OUTCOME_UNKNOWN;
}

enum dane_outcome judge_dane(const struct domain_facts *facts, struct judgement *judgement)
{
    enum dns_status mx = facts->mx.lookup.status;
    bool known = mx == DNS_NOT_ASKED || mx == DNS_ANSWERED || lookup_is_negative(mx);
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
