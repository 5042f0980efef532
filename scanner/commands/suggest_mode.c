/* Decides the mode of what suggest writes, by outcome, published mode and what is known of the hosts. */
#include "scanner/commands/suggest.h"

/* Reports come once a day (RFC 8460 section 4); two weeks without a failure are what Google advises before
 * enforce (https://support.google.com/a/answer/9276511). */
enum { REPORTS_S = 14 * 86400 };

bool suggest_is_in_force(const struct judgement *judgement)
{
    return judgement->record.code == FAIL_NONE && judgement->policy_code == FAIL_NONE &&
           judgement->policy.parsed;
}

static bool enforces(const struct judgement *judgement)
{
    return suggest_is_in_force(judgement) && judgement->policy.mode == STS_MODE_ENFORCE;
}

bool suggest_loses_mail(const struct judgement *judgement)
{
    bool cached = code_set_has(&judgement->codes, FAIL_CACHED_REFUSED) ||
                  code_set_has(&judgement->codes, FAIL_CACHED_PARTIAL);
    return cached || (enforces(judgement) &&
                      (judgement->outcome == OUTCOME_REFUSED || judgement->outcome == OUTCOME_PARTIAL));
}

bool suggest_is_open(const struct suggest_block *block)
{
    return failure_get(block->code)->effect != EFFECT_HOST_FAILS;
}

/* Returns why what is published cannot be used or not be judged, apart from the MX hosts. */
static enum failure_code fault_of(const struct domain_facts *facts, const struct judgement *judgement)
{
    if (judgement->outcome == OUTCOME_BROKEN)
        return judgement->record.code != FAIL_NONE ? judgement->record.code : judgement->policy_code;
    if (judgement->outcome != OUTCOME_UNKNOWN)
        return FAIL_NONE;
    enum failure_code lookup = dns_status_code(facts->txt.lookup.status);
    if (lookup != FAIL_NONE)
        return lookup;
    return judgement->record.code != FAIL_NONE ? judgement->record.code : judgement->policy_code;
}

/* Says whether every MX host is known to pass what senders check. */
static bool every_host_passes(const struct judgement *judgement, const struct suggestion *suggestion)
{
    return judgement->outcome == OUTCOME_PROTECTED && !judgement->incomplete &&
           suggestion->block_count == 0 && suggestion->unseen == 0;
}

/* Says whether it could not be determined what senders meet. One look that found trouble does not decide it
 * (TLS-7); in mode testing nothing hangs on it. */
static bool is_open(const struct judgement *judgement)
{
    return judgement->outcome == OUTCOME_UNKNOWN || judgement->outcome == OUTCOME_PROTECTED ||
           (judgement->incomplete && judgement->outcome != OUTCOME_TESTING);
}

void suggest_choose_mode(const struct domain_facts *facts, const struct judgement *judgement,
                         struct suggestion *suggestion)
{
    suggestion->published = suggest_is_in_force(judgement) ? judgement->policy.mode : STS_MODE_UNSET;
    suggestion->fault = fault_of(facts, judgement);
    if (every_host_passes(judgement, suggestion)) {
        suggestion->mode = STS_MODE_ENFORCE;
    } else if (is_open(judgement)) {
        suggestion->kind = SUGGEST_STAYS;
        suggestion->one_look = judgement->one_look;
    } else {
        suggestion->mode = STS_MODE_TESTING;
        suggestion->reports_s = REPORTS_S;
        suggestion->mode_lowered = enforces(judgement);
        suggestion->all_fail = judgement->outcome == OUTCOME_REFUSED;
        suggestion->cached_s = suggestion->mode_lowered ? judgement->policy.max_age : 0;
    }
}
