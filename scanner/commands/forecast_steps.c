/* Puts the steps of a change in order, so that at none of them a sender meets a host that its policy refuses.
 */
#include <stdio.h>
#include <time.h>

#include "scanner/commands/forecast.h"
#include "scanner/sts/match.h"
#include "scanner/sts/policy.h"

enum { POLICY_BYTES = 65536, ID_BYTES = 40, TXT_BYTES = 64, WEEK_S = 604800, REPORTS_S = 14 * 86400 };

struct planner {
    const struct forecast_plan *plan;
    struct forecast *forecast;
    struct arena *arena;
    int64_t now;
    const char **lines; /* of the policy that is being put together; room for all */
    size_t line_count;
    unsigned ids;
};

static struct forecast_step *add_step(struct planner *planner, enum forecast_do what)
{
    struct forecast_step *step = &planner->forecast->steps[planner->forecast->step_count++];
    *step = (struct forecast_step){.what = what};
    return step;
}

static void wait_after(struct forecast_step *step, uint32_t wait_s, enum forecast_wait why)
{
    step->wait_s = wait_s;
    step->why = wait_s > 0 ? why : WAIT_NONE;
}

/* ---- a policy ------------------------------------------------------------------------------------------ */

static void add_line(struct planner *planner, const char *line)
{
    for (size_t i = 0; i < planner->line_count; i++)
        if (strcmp(planner->lines[i], line) == 0)
            return;
    planner->lines[planner->line_count++] = line;
}

static void add_policy_lines(struct planner *planner, const struct sts_policy *policy)
{
    for (size_t i = 0; policy != NULL && i < policy->mx_count; i++)
        add_line(planner, policy->mx[i]);
}

static bool is_used(const struct domain_facts *facts, const char *pattern)
{
    for (size_t i = 0; i < facts->host_count; i++)
        if (mx_pattern_match(facts->hosts[i].host, pattern))
            return true;
    return false;
}

/* Adds the hosts that no line names yet, if a line can. */
static void add_hosts(struct planner *planner, const struct domain_facts *facts)
{
    uint32_t column;
    for (size_t i = 0; i < facts->host_count; i++) {
        const char *host = facts->hosts[i].host;
        if (!mx_pattern_match_any(host, planner->lines, planner->line_count) &&
            sts_policy_check_pattern(bytes_of(host), &column) == FAIL_NONE)
            add_line(planner, host);
    }
}

/* Each policy needs an id of its own: the time, and a digit more for each further one. */
static const char *next_txt(struct planner *planner)
{
    char id[ID_BYTES] = "1", txt[TXT_BYTES];
    struct tm parts;
    time_t when = (time_t)(planner->now / 1000 + planner->ids++);
    if (gmtime_r(&when, &parts) == NULL || strftime(id, sizeof id, "%Y%m%dT%H%M%SZ", &parts) == 0)
        (void)snprintf(id, sizeof id, "%u", planner->ids);
    if (strcmp(id, planner->forecast->judgement->record.id) == 0)
        strcat(id, "2");
    (void)snprintf(txt, sizeof txt, "v=STSv1; id=%s;", id);
    return arena_string(planner->arena, txt);
}

/* Adds the step that publishes the lines. NULL: there is no memory, or the policy is larger than senders
 * read. */
static struct forecast_step *publish(struct planner *planner, enum sts_mode mode, uint32_t max_age)
{
    struct buf text;
    struct forecast_step *step = add_step(planner, DO_PUBLISH);
    buf_init(&text, POLICY_BYTES);
    buf_printf(&text, "version: STSv1\r\nmode: %s\r\n", sts_mode_name(mode));
    for (size_t i = 0; i < planner->line_count; i++)
        buf_printf(&text, "mx: %s\r\n", planner->lines[i]);
    buf_printf(&text, "max_age: %u\r\n", max_age);
    step->mode = mode;
    step->txt = next_txt(planner);
    step->policy = text.failed ? (struct bytes){NULL, 0} : arena_bytes(planner->arena, buf_bytes(&text));
    buf_dispose(&text);
    return step->policy.data == NULL || step->txt == NULL ? NULL : step;
}

/* ---- the steps ----------------------------------------------------------------------------------------- */

static bool enforces(const struct sts_policy *policy)
{
    return policy != NULL && policy->mode == STS_MODE_ENFORCE;
}

/* Does a policy refuse an MX host by its name? */
static bool misses(const struct sts_policy *policy, const struct domain_facts *facts)
{
    for (size_t i = 0; i < facts->host_count; i++)
        if (!mx_pattern_match_any(facts->hosts[i].host, policy->mx, policy->mx_count))
            return true;
    return false;
}

/* Do all lines name the policy's and no others? */
static bool are_lines_of(const struct planner *planner, const struct sts_policy *policy)
{
    if (planner->line_count != policy->mx_count)
        return false;
    for (size_t i = 0; i < policy->mx_count; i++)
        if (strcmp(planner->lines[i], policy->mx[i]) != 0)
            return false;
    return true;
}

/* Puts the lines of the policy together that stays in the end. */
static void lines_after(struct planner *planner)
{
    const struct forecast *forecast = planner->forecast;
    planner->line_count = 0;
    if (planner->plan->policy != NULL)
        add_policy_lines(planner, planner->plan->policy);
    for (size_t i = 0; planner->plan->policy == NULL && i < forecast->today->mx_count; i++)
        if (!forecast->mx_changes || is_used(forecast->then, forecast->today->mx[i]))
            add_line(planner, forecast->today->mx[i]);
    if (forecast->after->mode != STS_MODE_NONE)
        add_hosts(planner, forecast->then);
    else
        planner->line_count = 0;
}

/* Publishes a policy that names old and new hosts, before the MX records change. Senders that hold today's go
 * by it for its max_age: if they enforce and it misses a new host, they must have let go of it first. */
static enum error publish_between(struct planner *planner)
{
    const struct forecast *forecast = planner->forecast;
    const struct sts_policy *today = forecast->today, *after = forecast->after;
    if (today == NULL || today->mode == STS_MODE_NONE || !misses(today, forecast->then))
        return ERR_OK;
    planner->line_count = 0;
    add_policy_lines(planner, today);
    if (after->mode != STS_MODE_NONE)
        add_policy_lines(planner, after);
    add_hosts(planner, forecast->facts);
    add_hosts(planner, forecast->then);
    struct forecast_step *step =
        publish(planner, enforces(today) && enforces(after) ? STS_MODE_ENFORCE : STS_MODE_TESTING,
                after->mode == STS_MODE_NONE ? today->max_age : after->max_age);
    if (step == NULL)
        return planner->arena->full ? ERR_MEMORY : ERR_LIMIT;
    step->is_between = true;
    wait_after(step, enforces(today) ? today->max_age : 0, WAIT_MAX_AGE);
    return ERR_OK;
}

/* Publishes what stays in the end. Where nobody enforces yet, testing comes first. */
static enum error publish_after(struct planner *planner)
{
    const struct forecast *forecast = planner->forecast;
    const struct sts_policy *today = forecast->today, *after = forecast->after;
    if (after == NULL)
        return ERR_OK;
    lines_after(planner);
    if (today != NULL && !forecast->policy_changes && are_lines_of(planner, today))
        return ERR_OK;
    bool is_new = enforces(after) && (today == NULL || today->mode == STS_MODE_NONE);
    if (is_new) {
        struct forecast_step *first = publish(planner, STS_MODE_TESTING, WEEK_S);
        if (first == NULL)
            return planner->arena->full ? ERR_MEMORY : ERR_LIMIT;
        wait_after(first, REPORTS_S, WAIT_REPORTS);
    }
    struct forecast_step *step = publish(planner, after->mode, after->max_age);
    if (step == NULL)
        return planner->arena->full ? ERR_MEMORY : ERR_LIMIT;
    step->is_completed = planner->plan->policy != NULL && after->mode != STS_MODE_NONE &&
                         planner->line_count > planner->plan->policy->mx_count;
    if (after->mode == STS_MODE_NONE && today != NULL && today->mode != STS_MODE_NONE) {
        wait_after(step, today->max_age, WAIT_MAX_AGE);
        (void)add_step(planner, DO_TAKE_DOWN);
    }
    return ERR_OK;
}

static void change_mx(struct planner *planner)
{
    struct forecast_step *step = add_step(planner, DO_MX);
    step->mx = planner->plan->mx;
    step->mx_count = planner->plan->mx_count;
    wait_after(step, planner->forecast->facts->mx.lookup.ttl, WAIT_TTL);
}

enum error forecast_plan_steps(const struct forecast_plan *plan, int64_t now, struct arena *arena,
                               struct forecast *forecast)
{
    struct planner planner = {.plan = plan, .forecast = forecast, .arena = arena, .now = now};
    /* Who holds what, or has which MX hosts, is not known, so nothing can be put in order. */
    if (forecast->is_open || forecast->mx_is_open) {
        (void)add_step(&planner, DO_LOOK_AGAIN);
        return ERR_OK;
    }
    size_t most = forecast->facts->host_count + forecast->then->host_count +
                  (forecast->today != NULL ? forecast->today->mx_count : 0) +
                  (plan->policy != NULL ? plan->policy->mx_count : 0);
    planner.lines = arena_array(arena, most, sizeof *planner.lines);
    if (most > 0 && planner.lines == NULL)
        return ERR_MEMORY;
    if (forecast->fault_count > 0 &&
        (enforces(forecast->after) || (forecast->mx_changes && enforces(forecast->today))))
        (void)add_step(&planner, DO_MEND);
    enum error error = forecast->mx_changes ? publish_between(&planner) : ERR_OK;
    if (error == ERR_OK && forecast->mx_changes)
        change_mx(&planner);
    return error == ERR_OK ? publish_after(&planner) : error;
}
