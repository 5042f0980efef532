/* Writes the earlier policy as it was seen, and beside it what was judged. */
#include "output/json/json_cached.h"

#include "output/json/json_facts.h"

/* Writes the MX hosts that fail under it, or of which it is open. */
static void write_hosts(struct json *json, const struct domain_facts *facts, const struct enforced *would_be)
{
    size_t written = 0;
    for (size_t i = 0; i < would_be->host_count && i < facts->host_count; i++) {
        if (would_be->codes[i] == FAIL_NONE)
            continue;
        if (written++ == 0)
            json_open_array(json, "hosts");
        json_open(json, NULL);
        json_put_string(json, "host", facts->hosts[i].host);
        json_put_string(json, "code", failure_name(would_be->codes[i]));
        json_close(json);
    }
    if (written > 0)
        json_close_array(json);
}

void json_cached_policy(struct json *json, const struct cached_policy *policy)
{
    json_put_string(json, "id", policy->id);
    json_put_string(json, "mode", sts_mode_name(policy->mode));
    json_strings(json, "mx", policy->mx, policy->mx_count);
    json_put_unsigned(json, "max_age", policy->max_age);
    json_put_time(json, "fetched", policy->fetched);
    if (policy->since != 0)
        json_put_time(json, "since", policy->since);
}

void json_cached(struct json *json, const struct domain_facts *facts, const struct judgement *judgement)
{
    const struct cached_policy *policy = facts->cached;
    const struct cached_verdict *cached = &judgement->cached;
    if (policy == NULL)
        return;
    json_open(json, "cached");
    json_cached_policy(json, policy);
    json_put_string(json, "found", cached_found_name(cached->found));
    if (cached->would_be.outcome != OUTCOME_NONE)
        json_put_string(json, "would_be", outcome_name(cached->would_be.outcome));
    json_put_flag(json, "incomplete", cached->would_be.incomplete);
    json_put_time(json, "sure_until", cached->sure_until);
    if (cached->none_after != 0)
        json_put_time(json, "none_after", cached->none_after);
    write_hosts(json, facts, &cached->would_be);
    json_close(json);
}
