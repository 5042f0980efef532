/* Judges the MX hosts of a plan by today's policy and by the planned one. */
#include "scanner/commands/forecast.h"

#include "scanner/commands/suggest.h"
#include "scanner/sts/match.h"
#include "scanner/verdict/enforced.h"
#include "scanner/verdict/verdict.h"

enum { PREFERENCE = 10 };

const char *forecast_who_name(enum forecast_who who)
{
    static const char *const names[FORECAST_WHO_COUNT] = {"holds", "fresh", "late"};
    return names[who];
}

const char *forecast_do_name(enum forecast_do what)
{
    static const char *const names[DO_COUNT] = {"look-again", "mend", "publish", "mx", "take-down"};
    return names[what];
}

/* Makes the facts of the domain as if it had the planned MX records already. */
static enum error facts_then(const struct domain_facts *facts, const struct forecast_plan *plan,
                             struct arena *arena, struct domain_facts **then)
{
    struct mx_rr *rrs = arena_array(arena, plan->mx_count, sizeof *rrs);
    struct mx_host *hosts = arena_array(arena, plan->mx_count, sizeof *hosts);
    *then = arena_alloc(arena, sizeof **then);
    if (rrs == NULL || hosts == NULL || *then == NULL)
        return ERR_MEMORY;
    **then = *facts;
    for (size_t i = 0; i < plan->mx_count; i++) {
        uint16_t preference = (uint16_t)(PREFERENCE * (i + 1));
        rrs[i] = (struct mx_rr){preference, plan->mx[i]};
        hosts[i] = (struct mx_host){.host = plan->mx[i], .preference = preference, .facts = plan->hosts[i]};
    }
    (*then)->mx = (struct mx_facts){.lookup = {.status = DNS_ANSWERED, .security = facts->mx.lookup.security},
                                    .rrs = rrs,
                                    .rr_count = plan->mx_count};
    (*then)->hosts = hosts;
    (*then)->host_count = plan->mx_count;
    (*then)->looks = NULL;
    (*then)->look_count = 0;
    return ERR_OK;
}

/* Says whether it could not be determined what policy is in force: nothing follows from that. */
static bool is_open(const struct domain_facts *facts, const struct judgement *judgement)
{
    return !dns_says_anything(facts->txt.lookup.status) || facts->txt.lookup.truncated ||
           verdict_policy_is_open(facts, judgement);
}

/* ---- the cases ----------------------------------------------------------------------------------------- */

static void judge_case(const struct domain_facts *facts, const struct judgement *judgement,
                       const struct sts_policy *policy, uint32_t until_s, struct arena *arena,
                       struct forecast_case *found)
{
    *found = (struct forecast_case){.applies = true, .until_s = until_s, .mode = STS_MODE_UNSET};
    if (policy == NULL)
        return;
    found->mode = policy->mode;
    if (policy->mode != STS_MODE_NONE)
        found->enforced = verdict_enforced(facts, judgement->hosts, judgement->host_count,
                                           (struct enforced_policy){policy->mx, policy->mx_count}, arena);
}

static void judge_late(struct arena *arena, struct forecast *forecast)
{
    const struct lookup_facts *mx = &forecast->facts->mx.lookup;
    struct forecast_case *late = &forecast->cases[FORECAST_LATE];
    judge_case(forecast->facts, forecast->judgement, forecast->after, mx->ttl, arena, late);
    late->until_open = !dns_says_anything(mx->status);
}

/* The worse of two outcomes for mail. */
static enum outcome worse(enum outcome a, enum outcome b)
{
    static const enum outcome ranks[] = {OUTCOME_REFUSED, OUTCOME_PARTIAL, OUTCOME_UNKNOWN};
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++)
        if (a == ranks[i] || b == ranks[i])
            return ranks[i];
    return OUTCOME_PROTECTED;
}

static void judge_cases(struct arena *arena, struct forecast *forecast)
{
    struct forecast_case *cases = forecast->cases;
    const struct sts_policy *today = forecast->today, *after = forecast->after;
    if (forecast->mx_changes && today != NULL)
        judge_case(forecast->then, forecast->then_judgement, today, today->max_age, arena,
                   &cases[FORECAST_HOLDS]);
    if (after != NULL || !forecast->is_open)
        judge_case(forecast->then, forecast->then_judgement, after, 0, arena, &cases[FORECAST_FRESH]);
    if (forecast->mx_changes && forecast->policy_changes)
        judge_late(arena, forecast);
    forecast->worst = forecast->is_open || forecast->mx_is_open ? OUTCOME_UNKNOWN : OUTCOME_PROTECTED;
    for (size_t i = 0; i < FORECAST_WHO_COUNT; i++)
        if (cases[i].applies && cases[i].mode == STS_MODE_ENFORCE)
            forecast->worst = worse(forecast->worst, cases[i].enforced.outcome);
}

/* ---- what fails at the hosts, whatever the policy ------------------------------------------------------ */

static void add_fault(struct forecast *forecast, const char *host, const struct ip_addr *ip,
                      enum failure_code code)
{
    bool one_look = verdict_retry(code) == RETRY_LOOK;
    forecast->is_one_look = forecast->is_one_look || (forecast->mx_changes && one_look);
    forecast->faults[forecast->fault_count++] = (struct forecast_fault){host, ip, code};
}

static enum error list_faults(struct arena *arena, struct forecast *forecast)
{
    const struct judgement *judgement = forecast->then_judgement;
    size_t most = judgement->host_count;
    for (size_t i = 0; i < judgement->host_count; i++)
        most += judgement->hosts[i].ip_count;
    forecast->faults = arena_array(arena, most, sizeof *forecast->faults);
    if (most > 0 && forecast->faults == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < judgement->host_count; i++) {
        const struct host_verdict *verdict = &judgement->hosts[i];
        const struct mx_host *host = &forecast->then->hosts[i];
        bool by_policy = verdict->code == FAIL_NONE || verdict->code == FAIL_MX_NOT_IN_POLICY;
        if (!by_policy && verdict->code != FAIL_MX_PLACEHOLDER)
            add_fault(forecast, host->host, NULL, verdict->code);
        for (size_t j = 0; j < verdict->ip_count; j++)
            if (verdict->ips[j].code != FAIL_NONE)
                add_fault(forecast, host->host, &host->facts->probes[j].ip, verdict->ips[j].code);
    }
    return ERR_OK;
}

/* ---- all of it ----------------------------------------------------------------------------------------- */

static bool has_line(const struct sts_policy *policy, const char *line)
{
    for (size_t i = 0; i < policy->mx_count; i++)
        if (strcmp(policy->mx[i], line) == 0)
            return true;
    return false;
}

static bool is_same(const struct sts_policy *a, const struct sts_policy *b)
{
    bool same = a != NULL && b != NULL && a->mode == b->mode && a->max_age == b->max_age;
    for (size_t i = 0; same && i < a->mx_count; i++)
        same = has_line(b, a->mx[i]);
    for (size_t i = 0; same && i < b->mx_count; i++)
        same = has_line(a, b->mx[i]);
    return same;
}

enum error forecast_make(const struct domain_facts *facts, const struct judgement *judgement,
                         const struct forecast_plan *plan, int64_t now, struct arena *arena,
                         struct forecast *forecast)
{
    *forecast = (struct forecast){.facts = facts,
                                  .judgement = judgement,
                                  .then = facts,
                                  .then_judgement = judgement,
                                  .mx_changes = plan->mx != NULL,
                                  .is_open = is_open(facts, judgement),
                                  .mx_is_open = plan->mx != NULL && verdict_hosts_are_open(facts),
                                  .today = suggest_is_in_force(judgement) ? &judgement->policy : NULL};
    forecast->after = plan->policy != NULL ? plan->policy : forecast->today;
    forecast->policy_changes = plan->policy != NULL && !is_same(plan->policy, forecast->today);
    if (forecast->mx_changes) {
        struct domain_facts *then;
        struct judgement *then_judgement = arena_alloc(arena, sizeof *then_judgement);
        enum error error = then_judgement == NULL ? ERR_MEMORY : facts_then(facts, plan, arena, &then);
        if (error != ERR_OK)
            return error;
        verdict_judge(then, now, arena, then_judgement);
        forecast->then = then;
        forecast->then_judgement = then_judgement;
    }
    judge_cases(arena, forecast);
    enum error error = list_faults(arena, forecast);
    return error == ERR_OK ? forecast_plan_steps(plan, now, arena, forecast) : error;
}
