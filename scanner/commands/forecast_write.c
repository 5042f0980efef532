/* Writes a forecast in words. It never decides what is to be done (forecast.c, forecast_steps.c). */
#include <stdio.h>

#include "output/explain/explain_page.h"
#include "scanner/commands/forecast.h"
#include "scanner/sts/match.h"

enum {
    MARGIN = 2,
    TEXT_MARGIN = 6,
    STEP_MARGIN = 7,
    FAULT_MARGIN = 9,
    FAULTS_SHOWN = 24,
    NAMES_SHOWN = 12,
    DAY_S = 86400,
    HOUR_S = 3600,
    MINUTE_S = 60
};

static void say(struct page *page, const char *text)
{
    buf_text(&page->line, text);
    page_fold(page, TEXT_MARGIN, TEXT_MARGIN, "");
}

/* "7 days", "3 hours", "5 minutes", "30 s": rounded up. */
static void put_span(struct page *page, uint32_t seconds)
{
    static const struct {
        uint32_t unit;
        const char *name;
    } units[] = {{DAY_S, "days"}, {HOUR_S, "hours"}, {MINUTE_S, "minutes"}, {1, "s"}};
    size_t i = 0;
    while (units[i].unit > 1 && seconds < 2 * units[i].unit)
        i++;
    buf_printf(&page->line, "%u %s", (unsigned)(((uint64_t)seconds + units[i].unit - 1) / units[i].unit),
               units[i].name);
}

static void put_names(struct page *page, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count && i < NAMES_SHOWN; i++)
        buf_printf(&page->line, "%s%s", i == 0 ? "" : ", ", names[i]);
    if (count > NAMES_SHOWN)
        buf_printf(&page->line, " and %zu more", count - NAMES_SHOWN);
    if (count == 0)
        buf_text(&page->line, "none");
}

/* ---- the change ---------------------------------------------------------------------------------------- */

static void say_head(struct page *page, const struct forecast *forecast)
{
    const char *text = "the planned change loses no mail";
    if (forecast->worst == OUTCOME_REFUSED)
        text = "the planned change loses mail if it is made at once";
    else if (forecast->worst == OUTCOME_PARTIAL)
        text = "senders skip a part of the MX hosts if the planned change is made at once";
    else if (forecast->worst == OUTCOME_UNKNOWN)
        text = "what the planned change does could not be determined";
    buf_printf(&page->line, "%s: %s", forecast->facts->domain, text);
    page_fold(page, 0, 0, "");
    buf_byte(page->out, '\n');
}

/* Why none is in force; senders that hold an earlier one go by that. */
static void put_fault(struct page *page, const struct judgement *judgement)
{
    enum failure_code code =
        judgement->record.code != FAIL_NONE ? judgement->record.code : judgement->policy_code;
    buf_text(&page->line, "none is in force");
    if (code != FAIL_NONE)
        buf_printf(&page->line, ": %s: %s", failure_name(code), failure_get(code)->why);
    if (judgement->outcome == OUTCOME_BROKEN)
        buf_text(&page->line, " Senders that hold an earlier policy go by that until it expires.");
}

static void put_policy_line(struct page *page, const struct sts_policy *policy)
{
    buf_printf(&page->line, "mode %s, max_age %u (", sts_mode_name(policy->mode), policy->max_age);
    put_span(page, policy->max_age);
    buf_text(&page->line, "), mx ");
    put_names(page, policy->mx, policy->mx_count);
}

static void say_policies(struct page *page, const struct forecast *forecast)
{
    if (forecast->is_open)
        buf_text(&page->line, "could not be determined");
    else if (forecast->today == NULL)
        put_fault(page, forecast->judgement);
    else
        put_policy_line(page, forecast->today);
    page_step(page, forecast->is_open ? MARK_UNKNOWN : MARK_NOTE, "policy");
    if (forecast->policy_changes) {
        put_policy_line(page, forecast->after);
        page_step(page, MARK_NOTE, "planned");
    }
}

/* Today's MX hosts, and what keeps that from being all of them. */
static void say_set(struct page *page, const struct forecast *forecast)
{
    const struct domain_facts *facts = forecast->facts;
    const struct lookup_facts *lookup = &facts->mx.lookup;
    size_t unseen = mx_hosts_unseen(facts);
    for (size_t i = 0; i < facts->host_count && i < NAMES_SHOWN; i++)
        buf_printf(&page->line, "%s%s", i == 0 ? "" : ", ", facts->hosts[i].host);
    if (facts->host_count > NAMES_SHOWN)
        buf_printf(&page->line, " and %zu more", facts->host_count - NAMES_SHOWN);
    if (!dns_says_anything(lookup->status))
        buf_text(&page->line, "could not be determined");
    else if (facts->host_count == 0)
        buf_text(&page->line, "none");
    if (dns_status_code(lookup->status) != FAIL_NONE && !dns_says_no(lookup->status))
        buf_printf(&page->line, ": %s", failure_name(dns_status_code(lookup->status)));
    if (unseen > 0)
        buf_printf(&page->line, ", and %zu that were not looked at (smtp.max_hosts)", unseen);
    if (lookup->truncated)
        buf_text(&page->line, ", and others: the answer holds more than are kept");
    page_step(page, forecast->mx_is_open ? MARK_UNKNOWN : MARK_NOTE, "MX");
}

/* ---- the hosts as they stand --------------------------------------------------------------------------- */

static bool names_it(const struct sts_policy *policy, const char *host)
{
    return mx_pattern_match_any(host, policy->mx, policy->mx_count);
}

static bool counts(const struct sts_policy *policy)
{
    return policy != NULL && policy->mode != STS_MODE_NONE;
}

static enum mark mark_of(const struct forecast *forecast, enum failure_code code)
{
    if (code == FAIL_NONE)
        return MARK_OK;
    if (failure_get(code)->effect != EFFECT_HOST_FAILS)
        return MARK_UNKNOWN;
    return counts(forecast->today) || counts(forecast->after) ? MARK_FAIL : MARK_WARNING;
}

static void say_address(struct page *page, const struct forecast *forecast, const struct ip_addr *ip,
                        enum failure_code code)
{
    char text[IP_TEXT_BYTES];
    buf_text(&page->line, ip_format(ip, text));
    if (code == FAIL_NONE)
        buf_text(&page->line, " passes: STARTTLS, and a certificate for its name");
    else
        buf_printf(&page->line, " %s: %s", failure_name(code), failure_get(code)->why);
    page_step(page, mark_of(forecast, code), "  address");
}

static void say_host(struct page *page, const struct forecast *forecast, size_t i)
{
    const struct mx_host *host = &forecast->then->hosts[i];
    const struct host_verdict *verdict = &forecast->then_judgement->hosts[i];
    bool by_policy = verdict->code == FAIL_NONE || verdict->code == FAIL_MX_NOT_IN_POLICY;
    enum failure_code code = by_policy ? FAIL_NONE : verdict->code;
    buf_text(&page->line, host->host);
    if (counts(forecast->today)) {
        bool named = names_it(forecast->today, host->host);
        buf_printf(&page->line, ", %snamed by today's policy", named ? "" : "not ");
        code = code == FAIL_NONE && !named ? FAIL_MX_NOT_IN_POLICY : code;
    }
    if (counts(forecast->after) && forecast->policy_changes) {
        bool named = names_it(forecast->after, host->host);
        buf_printf(&page->line, ", %snamed by the planned one", named ? "" : "not ");
        code = code == FAIL_NONE && !named ? FAIL_MX_NOT_IN_POLICY : code;
    }
    if (!by_policy)
        buf_printf(&page->line, ": %s: %s", failure_name(verdict->code), failure_get(verdict->code)->why);
    page_step(page, mark_of(forecast, code), forecast->mx_changes ? "new MX" : "MX");
    for (size_t j = 0; j < verdict->ip_count; j++)
        say_address(page, forecast, &host->facts->probes[j].ip, verdict->ips[j].code);
}

/* ---- what senders do ----------------------------------------------------------------------------------- */

static const char *does(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_PROTECTED:
        return "deliver, to hosts that pass";
    case OUTCOME_PARTIAL:
        return "skip the hosts or addresses that fail, and deliver to the others";
    case OUTCOME_REFUSED:
        return "skip every MX host: mail is kept, tried again, and returned in the end";
    case OUTCOME_NO_MAIL:
        return "have nowhere to deliver: the domain receives no mail";
    default:
        return "do what could not be determined";
    }
}

static void put_who(struct page *page, const struct forecast *forecast, enum forecast_who who, int64_t now)
{
    const struct forecast_case *found = &forecast->cases[who];
    if (who == FORECAST_FRESH) {
        buf_text(&page->line, forecast->after == NULL
                                  ? "All find no policy, and"
                                  : "Those that hold none, or look for a new one, fetch ");
        if (forecast->after != NULL)
            buf_printf(&page->line, "%s (%s), and",
                       forecast->policy_changes ? "the planned policy" : "today's policy",
                       sts_mode_name(found->mode));
        return;
    }
    buf_printf(&page->line, "Those that %s (",
               who == FORECAST_HOLDS ? "hold today's policy" : "have today's MX records still");
    if (who == FORECAST_HOLDS)
        buf_printf(&page->line, "%s, ", sts_mode_name(found->mode));
    if (found->until_open) {
        buf_text(&page->line, "how long is not known");
    } else {
        buf_text(&page->line, "for ");
        put_span(page, found->until_s);
        buf_text(&page->line, " at the longest: until ");
        page_time(page, now / 1000 + found->until_s);
    }
    buf_text(&page->line, who == FORECAST_HOLDS ? ")" : ") and the planned policy");
}

static void say_case(struct page *page, const struct forecast *forecast, enum forecast_who who, int64_t now)
{
    const struct forecast_case *found = &forecast->cases[who];
    if (!found->applies)
        return;
    put_who(page, forecast, who, now);
    if (found->mode == STS_MODE_ENFORCE)
        buf_printf(&page->line, " %s.", does(found->enforced.outcome));
    else if (found->mode == STS_MODE_TESTING)
        buf_printf(&page->line,
                   " deliver all the same and report what fails; were they to enforce, they would %s.",
                   does(found->enforced.outcome));
    else
        buf_text(&page->line, " deliver without checking whom they talk to.");
    page_fold(page, TEXT_MARGIN, TEXT_MARGIN, "");
}

/* ---- the steps ----------------------------------------------------------------------------------------- */

static void say_faults(struct page *page, const struct forecast *forecast)
{
    char ip[IP_TEXT_BYTES];
    for (size_t i = 0; i < forecast->fault_count && i < FAULTS_SHOWN; i++) {
        const struct forecast_fault *fault = &forecast->faults[i];
        const struct failure *failure = failure_get(fault->code);
        buf_text(&page->line, fault->host);
        if (fault->ip != NULL)
            buf_printf(&page->line, " [%s]", ip_format(fault->ip, ip));
        buf_printf(&page->line, " %s: %s %s", failure->code, failure->why, failure->mend);
        page_fold(page, FAULT_MARGIN, FAULT_MARGIN + MARGIN, "");
    }
    if (forecast->fault_count > FAULTS_SHOWN) {
        buf_printf(&page->line, "and %zu more", forecast->fault_count - FAULTS_SHOWN);
        page_fold(page, FAULT_MARGIN, FAULT_MARGIN, "");
    }
}

/* Writes the policy whole, so that it can be copied: it holds names and digits alone. */
static void put_policy(struct page *page, const struct forecast *forecast, const struct forecast_step *step)
{
    bool begins = true;
    for (size_t i = 0; i < step->policy.len; i++) {
        uint8_t byte = step->policy.data[i];
        if (byte == '\r')
            continue;
        if (begins)
            buf_text(page->out, "           ");
        buf_byte(page->out, byte);
        begins = byte == '\n';
    }
    buf_printf(page->out, "           _mta-sts.%s. IN TXT \"%s\"\n", forecast->facts->domain, step->txt);
}

static void say_wait(struct page *page, const struct forecast_step *step, int64_t now)
{
    if (step->why == WAIT_NONE)
        return;
    buf_text(&page->line, "Then wait ");
    put_span(page, step->wait_s);
    if (step->why == WAIT_MAX_AGE) {
        buf_text(&page->line, ", today's max_age (if the step is made now, until ");
        page_time(page, now / 1000 + step->wait_s);
        buf_text(&page->line, "): that long senders may go by the policy that they hold.");
    } else if (step->why == WAIT_TTL) {
        buf_text(&page->line,
                 ", the TTL of today's MX records as it was seen now (the zone's own may be longer): "
                 "that long senders may go by the old records.");
    } else {
        buf_text(&page->line, ": reports must show no failure for that long.");
    }
    page_fold(page, STEP_MARGIN, STEP_MARGIN, "");
}

/* More hosts than smtp.max_hosts are so at any time: then a larger one helps. */
static void put_look_again(struct page *page, const struct forecast *forecast)
{
    const struct domain_facts *facts = forecast->facts;
    bool is_whole = dns_says_anything(facts->mx.lookup.status) && !facts->mx.lookup.truncated;
    buf_text(&page->line, "Change nothing yet, and look again ");
    if (forecast->is_open)
        buf_text(&page->line, "later: what is published today, and so what senders hold, could not be "
                              "determined.");
    else if (is_whole)
        buf_printf(&page->line, "with --smtp.max_hosts=%zu: not all of today's MX hosts were looked at.",
                   facts->host_count + mx_hosts_unseen(facts));
    else
        buf_text(&page->line, "later: today's MX hosts, to which senders go that still have their records, "
                              "could not all be determined.");
}

static void put_step(struct page *page, const struct forecast *forecast, const struct forecast_step *step)
{
    switch (step->what) {
    case DO_LOOK_AGAIN:
        put_look_again(page, forecast);
        break;
    case DO_MEND:
        buf_text(&page->line, "Mend these first, or look at them again:");
        break;
    case DO_PUBLISH:
        buf_printf(&page->line,
                   "Serve this policy (mode %s%s%s), and then publish the record with its new id:",
                   sts_mode_name(step->mode), step->is_between ? "; it names old and new hosts" : "",
                   step->is_completed ? "; it has the lines that the planned one lacks" : "");
        break;
    case DO_MX:
        buf_text(&page->line, "Change the MX records to ");
        put_names(page, step->mx, step->mx_count);
        buf_text(&page->line, ", and keep the old hosts running meanwhile.");
        break;
    default:
        buf_printf(&page->line, "Remove the record at _mta-sts.%s, and after it the policy and its host.",
                   forecast->facts->domain);
        break;
    }
}

static void say_steps(struct page *page, const struct forecast *forecast, int64_t now)
{
    buf_byte(page->out, '\n');
    buf_text(&page->line,
             forecast->step_count == 0 ? "Nothing needs to be published." : "The steps, in order");
    page_fold(page, MARGIN, MARGIN, "");
    for (size_t i = 0; i < forecast->step_count; i++) {
        char head[sizeof "18446744073709551615."];
        const struct forecast_step *step = &forecast->steps[i];
        (void)snprintf(head, sizeof head, "%zu.", i + 1);
        put_step(page, forecast, step);
        page_fold(page, MARGIN + MARGIN, STEP_MARGIN, head);
        if (step->what == DO_MEND)
            say_faults(page, forecast);
        if (step->what == DO_PUBLISH)
            put_policy(page, forecast, step);
        say_wait(page, step, now);
    }
}

bool forecast_text(struct buf *out, const struct forecast *forecast, int64_t now)
{
    struct page page;
    page_begin(&page, out, false);
    say_head(&page, forecast);
    say_policies(&page, forecast);
    if (forecast->mx_changes)
        say_set(&page, forecast);
    for (size_t i = 0; i < forecast->then_judgement->host_count; i++)
        say_host(&page, forecast, i);
    buf_byte(out, '\n');
    buf_text(&page.line, "What senders do if all of it changes at once");
    page_fold(&page, MARGIN, MARGIN, "");
    for (unsigned who = FORECAST_HOLDS; who < FORECAST_WHO_COUNT; who++)
        say_case(&page, forecast, (enum forecast_who)who, now);
    if (forecast->is_one_look)
        say(&page, "What fails at the new hosts rests on one look: look again, as it may pass.");
    if (forecast->after != NULL)
        say(&page, "All others deliver without checking whom they talk to.");
    say_steps(&page, forecast, now);
    buf_byte(out, '\n');
    return page_end(&page);
}
