/* Writes a forecast as a line of JSON. */
#include "output/json/json_write.h"
#include "scanner/commands/forecast.h"
#include "scanner/sts/match.h"

static void put_policy(struct json *json, const char *key, const struct sts_policy *policy)
{
    if (policy == NULL) {
        json_put_null(json, key);
        return;
    }
    json_open(json, key);
    json_put_string(json, "mode", sts_mode_name(policy->mode));
    json_put_unsigned(json, "max_age", policy->max_age);
    json_open_array(json, "mx");
    for (size_t i = 0; i < policy->mx_count; i++)
        json_put_string(json, NULL, policy->mx[i]);
    json_close_array(json);
    json_close(json);
}

static void put_host(struct json *json, const struct forecast *forecast, size_t i)
{
    const struct mx_host *host = &forecast->then->hosts[i];
    const struct host_verdict *verdict = &forecast->then_judgement->hosts[i];
    bool by_policy = verdict->code == FAIL_NONE || verdict->code == FAIL_MX_NOT_IN_POLICY;
    char ip[IP_TEXT_BYTES];
    json_open(json, NULL);
    json_put_string(json, "host", host->host);
    json_put_optional(json, "code", by_policy ? NULL : failure_name(verdict->code));
    if (forecast->today != NULL)
        json_put_bool(json, "in_today",
                      mx_pattern_match_any(host->host, forecast->today->mx, forecast->today->mx_count));
    if (forecast->after != NULL)
        json_put_bool(json, "in_after",
                      mx_pattern_match_any(host->host, forecast->after->mx, forecast->after->mx_count));
    json_open_array(json, "ips");
    for (size_t j = 0; j < verdict->ip_count; j++) {
        enum failure_code code = verdict->ips[j].code;
        json_open(json, NULL);
        json_put_string(json, "ip", ip_format(&host->facts->probes[j].ip, ip));
        json_put_optional(json, "code", code == FAIL_NONE ? NULL : failure_name(code));
        json_close(json);
    }
    json_close_array(json);
    json_close(json);
}

static void put_case(struct json *json, const struct forecast *forecast, enum forecast_who who, int64_t now)
{
    const struct forecast_case *found = &forecast->cases[who];
    if (!found->applies)
        return;
    json_open(json, NULL);
    json_put_string(json, "who", forecast_who_name(who));
    json_put_optional(json, "mode", found->mode == STS_MODE_UNSET ? NULL : sts_mode_name(found->mode));
    json_put_optional(json, "outcome",
                      found->enforced.outcome == OUTCOME_NONE ? NULL : outcome_name(found->enforced.outcome));
    json_put_flag(json, "incomplete", found->enforced.incomplete);
    if (who != FORECAST_FRESH && !found->until_open) {
        json_put_unsigned(json, "until_s", found->until_s);
        json_put_time(json, "until", now + (int64_t)found->until_s * 1000);
    }
    json_close(json);
}

static void put_faults(struct json *json, const struct forecast *forecast)
{
    char ip[IP_TEXT_BYTES];
    json_open_array(json, "faults");
    for (size_t i = 0; i < forecast->fault_count; i++) {
        const struct forecast_fault *fault = &forecast->faults[i];
        json_open(json, NULL);
        json_put_string(json, "host", fault->host);
        if (fault->ip != NULL)
            json_put_string(json, "ip", ip_format(fault->ip, ip));
        json_put_string(json, "code", failure_name(fault->code));
        json_close(json);
    }
    json_close_array(json);
}

static void put_step(struct json *json, const struct forecast_step *step)
{
    static const char *const whys[] = {
        [WAIT_MAX_AGE] = "max-age", [WAIT_TTL] = "ttl", [WAIT_REPORTS] = "reports"};
    json_open(json, NULL);
    json_put_string(json, "do", forecast_do_name(step->what));
    if (step->what == DO_PUBLISH) {
        json_put_string(json, "mode", sts_mode_name(step->mode));
        json_put_text(json, "policy", step->policy);
        json_put_string(json, "txt", step->txt);
        json_put_flag(json, "between", step->is_between);
    }
    if (step->what == DO_MX) {
        json_open_array(json, "mx");
        for (size_t i = 0; i < step->mx_count; i++)
            json_put_string(json, NULL, step->mx[i]);
        json_close_array(json);
    }
    if (step->why != WAIT_NONE) {
        json_put_unsigned(json, "wait_s", step->wait_s);
        json_put_string(json, "why", whys[step->why]);
    }
    json_close(json);
}

bool forecast_json(struct buf *out, const struct forecast *forecast, int64_t now)
{
    struct json json;
    json_start(&json, out);
    json_open(&json, NULL);
    json_put_string(&json, "domain", forecast->facts->domain);
    json_put_time(&json, "time", now);
    json_put_string(&json, "worst", outcome_name(forecast->worst));
    json_put_flag(&json, "open", forecast->is_open || forecast->mx_is_open);
    put_policy(&json, "today", forecast->today);
    put_policy(&json, "after", forecast->after);
    json_open_array(&json, "hosts");
    for (size_t i = 0; i < forecast->then_judgement->host_count; i++)
        put_host(&json, forecast, i);
    json_close_array(&json);
    json_open_array(&json, "senders");
    for (unsigned who = FORECAST_HOLDS; who < FORECAST_WHO_COUNT; who++)
        put_case(&json, forecast, (enum forecast_who)who, now);
    json_close_array(&json);
    put_faults(&json, forecast);
    json_open_array(&json, "steps");
    for (size_t i = 0; i < forecast->step_count; i++)
        put_step(&json, &forecast->steps[i]);
    json_close_array(&json);
    json_close(&json);
    return json_finish(&json);
}
