/* Judges TXT records that stand at the wrong name, and a wildcard that answers for _mta-sts (TXT-9, RPT-2).
 * Misspelt records at the right name are the parsers' part. A failed lookup of these names says nothing: it
 * makes no code, and nothing is tried again for its sake. */
#include <stdio.h>

#include "scanner/sts/record.h"
#include "scanner/sts/text.h"
#include "scanner/sts/tlsrpt.h"
#include "scanner/verdict/parts.h"

static bool holds(const struct txt_facts *txt, struct bytes rr)
{
    for (size_t i = 0; i < txt->rr_count; i++)
        if (bytes_equal(txt->rrs[i], rr))
            return true;
    return false;
}

/* Says whether both have the same RRs, in any order. */
static bool is_same(const struct txt_facts *a, const struct txt_facts *b)
{
    if (a->rr_count != b->rr_count || a->lookup.truncated || b->lookup.truncated)
        return false;
    for (size_t i = 0; i < a->rr_count; i++)
        if (!holds(b, a->rrs[i]) || !holds(a, b->rrs[i]))
            return false;
    return true;
}

/* Makes "prefix+domain: text", or NULL if nobody would see it or the arena is full. */
static const char *told(const char *prefix, const char *domain, struct bytes rr, struct arena *arena,
                        const struct findings *findings)
{
    const char *text = findings_text(findings, arena, rr);
    if (text == NULL)
        return NULL;
    size_t size = strlen(prefix) + strlen(domain) + strlen(": ") + strlen(text) + 1;
    char *detail = arena_alloc(arena, size);
    if (detail != NULL)
        (void)snprintf(detail, size, "%s%s: %s", prefix, domain, text);
    return detail;
}

struct place {
    const char *prefix;
    const struct txt_facts *txt;
};

/* Judges one such name. If it only repeats the wildcard's answer, nothing is reported. */
static void judge_place(const struct domain_facts *facts, const struct place *place,
                        bool (*is_meant)(struct bytes rr), enum failure_code code, struct arena *arena,
                        struct findings *findings)
{
    const struct txt_facts *wildcard = &facts->near_miss.wildcard;
    bool cut = wildcard->lookup.truncated || place->txt->lookup.truncated;
    if (wildcard->rr_count > 0 && (cut || is_same(place->txt, wildcard)))
        return;
    for (size_t i = 0; i < place->txt->rr_count; i++)
        if (is_meant(place->txt->rrs[i]))
            findings_add(findings, code, 0, 0,
                         told(place->prefix, facts->domain, place->txt->rrs[i], arena, findings));
}

static void add_cut(const struct near_miss_facts *found, struct judgement *judgement)
{
    const struct txt_facts *const all[] = {&found->apex, &found->policy_host, &found->underscore,
                                           &found->wildcard, &found->tlsrpt};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i]->lookup.truncated || all[i]->lookup.status == DNS_TOO_LARGE)
            code_set_add(&judgement->codes, FAIL_DNS_TOO_LARGE);
}

/* Returns the first MTA-STS record of the answer; its data is NULL if there is none. */
static struct bytes record_in(const struct txt_facts *txt)
{
    for (size_t i = 0; i < txt->rr_count; i++)
        if (sts_record_is_candidate(txt->rrs[i]))
            return txt->rrs[i];
    return (struct bytes){NULL, 0};
}

/* Returns an RR of a wildcard that answers for _mta-sts, or would without the record there. It is shown by a
 * label that nobody publishes, or by an MTA-STS record in the answer for TLSRPT's names, where no one puts
 * it. */
static struct bytes wildcard_of(const struct domain_facts *facts)
{
    const struct near_miss_facts *found = &facts->near_miss;
    if (facts->txt.rr_count > 0 && is_same(&facts->txt, &found->wildcard))
        return facts->txt.rrs[0];
    if (record_in(&facts->txt).data == NULL)
        return (struct bytes){NULL, 0};
    struct bytes rr = record_in(&facts->tlsrpt);
    return rr.data != NULL ? rr : record_in(&found->tlsrpt);
}

void judge_near_miss(const struct domain_facts *facts, struct arena *arena, struct judgement *judgement)
{
    const struct near_miss_facts *found = &facts->near_miss;
    const struct place places[] = {
        {"", &found->apex}, {"mta-sts.", &found->policy_host}, {"_mta_sts.", &found->underscore}};
    const struct place tlsrpt = {"_smtp-tlsrpt.", &found->tlsrpt};
    struct findings *findings = &judgement->record.findings;
    struct bytes wildcard = wildcard_of(facts);
    if (wildcard.data != NULL)
        findings_add(findings, FAIL_TXT_WILDCARD, 0, 0, told("*.", facts->domain, wildcard, arena, findings));
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        judge_place(facts, &places[i], sts_record_is_near_miss, FAIL_TXT_NEAR_MISS, arena, findings);
    judge_place(facts, &tlsrpt, tlsrpt_is_near_miss, FAIL_TLSRPT_NEAR_MISS, arena,
                &judgement->tlsrpt.findings);
    add_findings(judgement, findings);
    add_findings(judgement, &judgement->tlsrpt.findings);
    add_cut(found, judgement);
}
