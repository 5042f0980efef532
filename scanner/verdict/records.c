/* Judges the DNS records: _mta-sts, _smtp._tls, MX (RFC 8461 section 3.1, RFC 8460 section 3, RFC 7505). */
#include "scanner/facts/placeholder.h"
#include "scanner/facts/suffix.h"
#include "scanner/sts/record.h"
#include "scanner/sts/tlsrpt.h"
#include "scanner/verdict/parts.h"

/* Says whether the code hangs on RRs that were cut. Two RRs that begin as a record are too many whatever the
 * others are, and a bad one is no policy, alone or beside others. Else a good one may be missing, or a
 * second.
 */
static bool hangs_on_the_rest(const struct txt_facts *txt, size_t candidates, enum failure_code code)
{
    return txt->lookup.truncated && (candidates == 0 || (candidates == 1 && code == FAIL_NONE));
}

static size_t count_candidates(const struct txt_facts *txt)
{
    size_t count = 0;
    for (size_t i = 0; i < txt->rr_count; i++)
        count += sts_record_is_candidate(txt->rrs[i]);
    return count;
}

void judge_txt(const struct domain_facts *facts, struct arena *arena, struct judgement *judgement)
{
    const struct txt_facts *txt = &facts->txt;
    sts_record_parse(txt->rrs, txt->rr_count, arena, &judgement->record);
    if (hangs_on_the_rest(txt, count_candidates(txt), judgement->record.code))
        judgement->record.code = FAIL_DNS_TOO_LARGE;
    add_findings(judgement, &judgement->record.findings);
    if (!add_failed_lookup(judgement, &txt->lookup))
        code_set_add(&judgement->codes, judgement->record.code);
}

void judge_tlsrpt(const struct domain_facts *facts, struct arena *arena, struct judgement *judgement)
{
    const struct txt_facts *txt = &facts->tlsrpt;
    tlsrpt_parse(txt->rrs, txt->rr_count, arena, &judgement->tlsrpt);
    if (hangs_on_the_rest(txt, judgement->tlsrpt.candidates, judgement->tlsrpt.code))
        judgement->tlsrpt.code = FAIL_DNS_TOO_LARGE;
    add_findings(judgement, &judgement->tlsrpt.findings);
    judgement->tlsrpt_open = add_failed_lookup(judgement, &txt->lookup);
    if (!judgement->tlsrpt_open)
        code_set_add(&judgement->codes, judgement->tlsrpt.code);
}

static bool is_root(const struct mx_rr *rr)
{
    return strcmp(rr->host, ".") == 0;
}

void judge_mx(const struct domain_facts *facts, struct judgement *judgement)
{
    const struct mx_facts *mx = &facts->mx;
    judgement->mx_open = add_failed_lookup(judgement, &mx->lookup);
    if (judgement->mx_open && !lookup_is_ours(&mx->lookup))
        code_set_add(&judgement->codes, FAIL_MX_DNS_FAILED);
    if (mx_is_null(mx)) {
        code_set_add(&judgement->codes, FAIL_MX_NULL);
        if (mx->rr_count > 1)
            code_set_add(&judgement->codes, FAIL_MX_NULL_REPEATED);
        for (size_t i = 0; i < mx->rr_count; i++)
            if (mx->rrs[i].preference != 0)
                code_set_add(&judgement->codes, FAIL_MX_NULL_PREFERENCE);
        return;
    }
    for (size_t i = 0; i < mx->rr_count; i++) {
        if (is_root(&mx->rrs[i]))
            code_set_add(&judgement->codes, FAIL_MX_NULL_AMONG_OTHERS);
        if (placeholder_is_named(facts, mx->rrs[i].host))
            code_set_add(&judgement->codes, FAIL_MX_PLACEHOLDER);
    }
}

/* Says whether nobody can send mail there: a null MX, a name that does not exist, or neither MX nor address.
 */
bool is_no_mail(const struct domain_facts *facts)
{
    if (mx_is_null(&facts->mx) || facts->mx.lookup.status == DNS_NXDOMAIN)
        return true;
    if (facts->host_count != 1 || !facts->hosts[0].implicit || facts->hosts[0].facts == NULL)
        return false;
    const struct address_facts *address = &facts->hosts[0].facts->address;
    return address->ip_count == 0 && dns_says_no(address->a.status) && dns_says_no(address->aaaa.status);
}

/* Says whether there is surely no MX record at the name itself, only perhaps at one that it is an alias of.
 */
static bool lacks_mx(const struct mx_facts *mx)
{
    bool none = mx->lookup.status == DNS_ANSWERED && mx->rr_count == 0 && !mx->lookup.truncated;
    return none || dns_says_no(mx->lookup.status) || mx->lookup.cname_count > 0;
}

/* No question is asked for it: names alone tell, and that there is no MX record. Who publishes an MTA-STS
 * record means addresses at the name. */
void judge_name(const struct domain_facts *facts, struct judgement *judgement)
{
    const char *registrable = suffix_registrable(facts->domain, facts->psl_suffix);
    if (facts->is_public_suffix)
        code_set_add(&judgement->codes, FAIL_INPUT_PUBLIC_SUFFIX);
    if (registrable == NULL || registrable == facts->domain || judgement->record.candidates > 0)
        return;
    if (strncmp(facts->domain, "www.", 4) != 0 && !lacks_mx(&facts->mx))
        return;
    code_set_add(&judgement->codes, FAIL_INPUT_HOST_NAME);
    judgement->registrable = registrable;
}
