/* Judges an earlier policy that is still alive: what a sender finds in its place, and whether the MX hosts
 * pass it. */
#include "scanner/verdict/cached.h"

#include <string.h>

#include "scanner/verdict/enforced.h"
#include "scanner/verdict/parts.h"

enum { MS_PER_S = 1000 };

static int64_t after(int64_t from, uint32_t max_age)
{
    return from + (int64_t)max_age * MS_PER_S;
}

int64_t cached_sure_until(const struct cached_policy *policy)
{
    return after(policy->fetched, policy->max_age);
}

/* ---- what a sender finds ------------------------------------------------------------------------------- */

static bool has_pattern(const char *const *list, size_t count, const char *pattern)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i], pattern) == 0)
            return true;
    return false;
}

/* Says whether both policies ask the same of the MX hosts, in whatever order they list them. */
static bool is_same(const struct cached_policy *old, const struct sts_policy *new)
{
    bool same = old->mode == new->mode;
    for (size_t i = 0; same && i < old->mx_count; i++)
        same = has_pattern(new->mx, new->mx_count, old->mx[i]);
    for (size_t i = 0; same && i < new->mx_count; i++)
        same = has_pattern((const char *const *)old->mx, old->mx_count, new->mx[i]);
    return same;
}

/* Says whether who fetches today's policy has it at least as long as who fetched the old one. */
static bool lasts_as_long(const struct domain_facts *facts, const struct sts_policy *new)
{
    int64_t fetched = facts->policy.fetch.time;
    return after(fetched != 0 ? fetched : facts->time, new->max_age) >= cached_sure_until(facts->cached);
}

/* The record is valid: says what a sender makes of its id and of what it points to. The same id ends it, as a
 * sender that knows it does not fetch again: nor does it hear of a max_age that was lowered. */
static enum cached_found found_by_id(const struct domain_facts *facts, const struct judgement *judgement)
{
    bool usable = policy_is_usable(judgement);
    if (strcmp(facts->cached->id, judgement->record.id) == 0)
        return usable && is_same(facts->cached, &judgement->policy) &&
                       lasts_as_long(facts, &judgement->policy)
                   ? CACHED_CURRENT
                   : CACHED_SAME_ID;
    if (usable)
        return CACHED_RENEWED;
    if (verdict_policy_is_open(facts, judgement) || judgement->policy_code == FAIL_NONE)
        return CACHED_UNKNOWN;
    return failure_get(judgement->policy_code)->group == GROUP_POLICY_SYNTAX ? CACHED_INVALID
                                                                             : CACHED_UNFETCHED;
}

enum cached_found cached_found_at(const struct domain_facts *facts, int64_t now,
                                  const struct judgement *judgement)
{
    enum dns_status txt = facts->txt.lookup.status;
    enum failure_code code = judgement->record.code;
    if (facts->cached == NULL)
        return CACHED_NONE;
    if (now >= cached_sure_until(facts->cached))
        return CACHED_EXPIRED;
    if (dns_says_no(txt))
        return CACHED_NO_RECORD;
    if (txt != DNS_ANSWERED || code == FAIL_DNS_TOO_LARGE)
        return CACHED_UNKNOWN;
    if (code != FAIL_NONE)
        return code == FAIL_TXT_ABSENT ? CACHED_NO_RECORD : CACHED_BAD_RECORD;
    return found_by_id(facts, judgement);
}

bool cached_may_apply(const struct judgement *judgement)
{
    return cached_is_kept(judgement->cached.found) || judgement->cached.found == CACHED_UNKNOWN;
}

/* ---- what becomes of its mail -------------------------------------------------------------------------- */

/* What fails under the old policy is not certain as long as it is open whether there is a newer one. */
static void leave_open(struct enforced *would_be)
{
    if (would_be->outcome == OUTCOME_REFUSED || would_be->outcome == OUTCOME_PARTIAL)
        would_be->outcome = OUTCOME_UNKNOWN;
}

static enum failure_code code_of(const struct cached_verdict *cached)
{
    if (!cached_is_kept(cached->found))
        return FAIL_NONE;
    return cached->would_be.outcome == OUTCOME_REFUSED   ? FAIL_CACHED_REFUSED
           : cached->would_be.outcome == OUTCOME_PARTIAL ? FAIL_CACHED_PARTIAL
                                                         : FAIL_NONE;
}

/* Says until when it lasts. Who asked just before the policy was found gone keeps it longest. */
static void add_times(const struct domain_facts *facts, struct cached_verdict *cached)
{
    const struct cached_policy *policy = facts->cached;
    cached->sure_until = cached_sure_until(policy);
    if (!cached_is_kept(cached->found))
        return;
    cached->since = policy->since != 0 ? policy->since : facts->time;
    cached->none_after = after(cached->since, policy->max_age);
}

void judge_cached(const struct domain_facts *facts, struct judged_at at, struct arena *arena,
                  struct judgement *judgement)
{
    struct cached_verdict *cached = &judgement->cached;
    const int64_t now = at.now != BY_OWN_TIME ? at.now : facts->time;
    cached->found = cached_found_at(facts, now, judgement);
    if (cached->found == CACHED_NONE)
        return;
    add_times(facts, cached);
    if (!cached_may_apply(judgement) || facts->cached->mode != STS_MODE_ENFORCE)
        return;
    const struct enforced_policy policy = {(const char *const *)facts->cached->mx, facts->cached->mx_count};
    cached->would_be = verdict_enforced(facts, judgement->hosts, judgement->host_count, policy, arena);
    if (cached->found == CACHED_UNKNOWN)
        leave_open(&cached->would_be);
    code_set_add(&judgement->codes, code_of(cached));
}
