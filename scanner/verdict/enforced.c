/* Judges the MX hosts by a policy, and puts the outcome of them together (RFC 8461 section 5.1). */
#include "scanner/verdict/enforced.h"

#include "scanner/sts/match.h"
#include "scanner/verdict/parts.h"

void tally_add(struct tally_of *tally, enum failure_code code)
{
    const struct failure *failure = failure_get(code);
    if (code == FAIL_NONE)
        tally->pass++;
    else if (failure->effect == EFFECT_HOST_FAILS)
        tally->fail++;
    else
        tally->unknown++;
}

enum failure_code enforced_host_code(const struct mx_host *host, const struct host_verdict *verdict,
                                     struct enforced_policy policy)
{
    if (verdict->code != FAIL_NONE && verdict->code != FAIL_MX_NOT_IN_POLICY)
        return verdict->code;
    return mx_pattern_match_any(host->host, policy.mx, policy.count) ? FAIL_NONE : FAIL_MX_NOT_IN_POLICY;
}

/* Counts what a sender that enforces the policy meets at one host, whose own code that is under it: it may
 * both pass and fail, at different addresses. */
static void count_host(const struct mx_host *host, const struct host_verdict *verdict, enum failure_code code,
                       struct tally_of *hosts)
{
    struct tally_of addresses = {0, 0, 0};
    if (code != FAIL_NONE) {
        tally_add(hosts, code);
        return;
    }
    for (size_t i = 0; i < verdict->ip_count; i++)
        tally_add(&addresses, verdict->ips[i].code);
    addresses.unknown += has_unseen_addresses(host->facts);
    hosts->pass += addresses.pass > 0;
    hosts->fail += addresses.fail > 0;
    hosts->unknown += addresses.unknown > 0 || verdict->ip_count == 0;
}

static enum failure_code first_fault(const struct host_verdict *verdict)
{
    for (size_t i = 0; i < verdict->ip_count; i++)
        if (failure_get(verdict->ips[i].code)->effect == EFFECT_HOST_FAILS)
            return verdict->ips[i].code;
    for (size_t i = 0; i < verdict->ip_count; i++)
        if (verdict->ips[i].code != FAIL_NONE)
            return verdict->ips[i].code;
    return FAIL_NONE;
}

static enum outcome outcome_of(const struct tally_of *hosts)
{
    if (hosts->pass > 0)
        return hosts->fail > 0 ? OUTCOME_PARTIAL : OUTCOME_PROTECTED;
    return hosts->fail > 0 && hosts->unknown == 0 ? OUTCOME_REFUSED : OUTCOME_UNKNOWN;
}

struct enforced verdict_enforced(const struct domain_facts *facts, const struct host_verdict *hosts,
                                 size_t host_count, struct enforced_policy policy, struct arena *arena)
{
    struct tally_of tally = {0, 0, 0};
    struct enforced enforced = {.codes = arena_array(arena, host_count, sizeof *enforced.codes)};
    enforced.host_count = enforced.codes == NULL ? 0 : host_count;
    for (size_t i = 0; i < host_count; i++) {
        if (hosts[i].code == FAIL_MX_PLACEHOLDER)
            continue;
        enum failure_code code = enforced_host_code(&facts->hosts[i], &hosts[i], policy);
        count_host(&facts->hosts[i], &hosts[i], code, &tally);
        if (i < enforced.host_count)
            enforced.codes[i] = code != FAIL_NONE ? code : first_fault(&hosts[i]);
    }
    if (has_unseen_hosts(facts, host_count))
        tally.unknown++;
    enforced.incomplete = tally.pass > 0 && tally.fail == 0 && tally.unknown > 0;
    enforced.outcome = is_no_mail(facts) || mx_names_nobody(facts) ? OUTCOME_NO_MAIL : outcome_of(&tally);
    return enforced;
}
