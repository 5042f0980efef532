/* Judges the MX hosts one by one; enforced.c puts them together. */
#include "scanner/sts/match.h"
#include "scanner/verdict/looks.h"
#include "scanner/verdict/parts.h"
#include "scanner/verdict/tls.h"

/* Returns the fault of the host itself, apart from its addresses: FAIL_NONE if it has addresses to look at.
 */
static enum failure_code host_code(const struct mx_host *host, struct judgement *judgement)
{
    if (host->address_literal)
        return FAIL_MX_ADDRESS_LITERAL;
    if (host->facts == NULL)
        return FAIL_SMTP_NOT_PROBED_OPTOUT;
    const struct address_facts *address = &host->facts->address;
    if (host->facts->address.a.cname_count > 0 || address->aaaa.cname_count > 0)
        code_set_add(&judgement->codes, host->implicit ? FAIL_NONE : FAIL_MX_CNAME);
    bool failed = add_failed_lookup(judgement, &address->a);
    failed = add_failed_lookup(judgement, &address->aaaa) || failed;
    if (address->ip_count > 0)
        return FAIL_NONE;
    if (failed)
        return failed_code(address, FAIL_MX_DNS_FAILED);
    code_set_add(&judgement->codes, dns_status_code(address->a.status));
    return host->implicit ? FAIL_MX_NONE : FAIL_MX_NO_ADDRESS;
}

/* Says whether the certificate of one address passes and that of another fails. */
static bool some_certificate_fails(const struct host_facts *facts, const struct host_verdict *verdict)
{
    bool pass = false;
    bool fail = false;
    for (size_t i = 0; i < verdict->ip_count; i++) {
        bool shown = facts->probes[i].not_tried == TRIED && facts->probes[i].tls.end == TLS_DONE;
        pass = pass || (shown && verdict->ips[i].code == FAIL_NONE);
        fail = fail || (shown && verdict->ips[i].code != FAIL_NONE);
    }
    return pass && fail;
}

static bool names_keys(const struct tlsa_facts *tlsa)
{
    for (size_t i = 0; i < tlsa->rr_count; i++)
        if (tlsa->rrs[i].usage == USAGE_DANE_EE)
            return true;
    return false;
}

static bool keys_differ(const struct host_facts *facts)
{
    const struct cert_facts *first = NULL;
    for (size_t i = 0; i < facts->probe_count; i++) {
        const struct tls_facts *tls = &facts->probes[i].tls;
        if (tls->end != TLS_DONE || tls->cert_count == 0)
            continue;
        if (first == NULL)
            first = &tls->certs[0];
        else if (memcmp(first->spki_sha256, tls->certs[0].spki_sha256, sizeof first->spki_sha256) != 0)
            return true;
    }
    return false;
}

/* Notes certificates that differ between the addresses of a host, only if it matters to a sender. The outcome
 * never hangs on it. */
static void compare_certificates(const struct host_facts *facts, struct host_verdict *verdict,
                                 struct judgement *judgement)
{
    verdict->certificates_differ =
        some_certificate_fails(facts, verdict) || (names_keys(&facts->tlsa) && keys_differ(facts));
    if (verdict->certificates_differ)
        code_set_add(&judgement->codes, FAIL_MX_CERTIFICATES_DIFFER);
}

static void judge_addresses(const struct domain_facts *domain, const struct mx_host *host,
                            struct judged_at at, struct arena *arena, struct host_verdict *verdict,
                            struct judgement *judgement)
{
    const struct host_facts *facts = host->facts;
    verdict->ips = arena_array(arena, facts->probe_count, sizeof *verdict->ips);
    verdict->ip_count = verdict->ips == NULL ? 0 : facts->probe_count;
    for (size_t i = 0; i < verdict->ip_count; i++) {
        const struct probe_facts *probe = &facts->probes[i];
        verdict->ips[i].code = look_code(domain, probe, verdict_probe(probe, moment_of(&probe->tls, at)));
        code_set_add(&judgement->codes, verdict->ips[i].code);
        verdict_certificate_codes(&probe->tls, STAGE_SMTP, moment_of(&probe->tls, at), &judgement->codes);
        if (probe->legacy != NULL)
            verdict_certificate_codes(probe->legacy, STAGE_SMTP, moment_of(probe->legacy, at),
                                      &judgement->codes);
        if (probe->loose && probe->not_tried == TRIED)
            code_set_add(&judgement->codes, FAIL_SMTP_DISPUTED);
        if (probe->tls.hello_intolerant)
            code_set_add(&judgement->codes, FAIL_SMTP_TLS_HELLO_INTOLERANT);
        if (probe->injected)
            code_set_add(&judgement->codes, FAIL_SMTP_STARTTLS_INJECTED);
    }
    compare_certificates(facts, verdict, judgement);
}

void judge_host(const struct domain_facts *facts, const struct mx_host *host, struct judged_at at,
                struct arena *arena, struct host_verdict *verdict, struct judgement *judgement)
{
    verdict->code = host_code(host, judgement);
    if (host->implicit)
        code_set_add(&judgement->codes, FAIL_MX_IMPLICIT);
    if (verdict->code == FAIL_NONE)
        judge_addresses(facts, host, at, arena, verdict, judgement);
    if (policy_is_usable(judgement) && judgement->policy.mode != STS_MODE_NONE) {
        verdict->policy_match =
            mx_pattern_match_any(host->host, judgement->policy.mx, judgement->policy.mx_count);
        if (!verdict->policy_match && verdict->code == FAIL_NONE)
            verdict->code = FAIL_MX_NOT_IN_POLICY;
    }
    code_set_add(&judgement->codes, verdict->code);
}

static bool is_unseen(const struct lookup_facts *lookup)
{
    return (lookup_failed(lookup) && !lookup->stale) || lookup->truncated;
}

bool has_unseen_addresses(const struct host_facts *host)
{
    const struct address_facts *address = &host->address;
    return address->ip_count > host->probe_count || is_unseen(&address->a) || is_unseen(&address->aaaa);
}
