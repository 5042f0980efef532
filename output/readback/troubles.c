/* Finds what stands between a domain and a good outcome, from what its record says of it. */
#include "output/readback/groups.h"

struct search {
    const struct group_record *record;
    struct arena *arena;
    const struct trouble **end;
    bool fails;  /* something does */
    bool passes; /* with all failures mended, some address passes */
    bool no_room;
};

static bool has_effect(enum failure_code code, enum failure_effect effect)
{
    return code != FAIL_NONE && code < FAIL_COUNT && failure_get(code)->effect == effect;
}

static void add(struct search *search, struct trouble trouble)
{
    struct trouble *kept = arena_alloc(search->arena, sizeof *kept);
    if (kept == NULL) {
        search->no_room = true;
        return;
    }
    *kept = trouble;
    *search->end = kept;
    search->end = &kept->next;
    search->fails = search->fails || !trouble.open;
}

/* ---- MX hosts ------------------------------------------------------------------------------------------ */

static void find_at_address(struct search *search, const struct group_host *host, const struct group_ip *ip)
{
    if (has_effect(ip->code, EFFECT_HOST_FAILS)) {
        add(search, (struct trouble){.code = ip->code, .host = host, .ip = ip});
        search->passes = true;
    } else if (has_effect(ip->code, EFFECT_UNKNOWN)) {
        add(search, (struct trouble){.code = ip->code, .open = true, .host = host, .ip = ip});
    }
    search->passes = search->passes || ip->code == FAIL_NONE;
}

static void find_at_host(struct search *search, const struct group_host *host)
{
    const bool looked_at = host->code == FAIL_NONE || host->code == FAIL_MX_NOT_IN_POLICY;
    if (host->code == FAIL_MX_PLACEHOLDER)
        return;
    if (host->unmatched && search->record->policy_code == FAIL_NONE)
        add(search, (struct trouble){.code = FAIL_MX_NOT_IN_POLICY, .at_policy = true, .host = host});
    for (const struct group_ip *ip = looked_at ? host->ips : NULL; ip != NULL; ip = ip->next)
        find_at_address(search, host, ip);
    if (looked_at)
        return;
    if (has_effect(host->code, EFFECT_HOST_FAILS)) {
        add(search, (struct trouble){.code = host->code, .host = host});
        search->passes = true;
    } else if (has_effect(host->code, EFFECT_UNKNOWN)) {
        add(search, (struct trouble){.code = host->code, .open = true, .host = host});
    }
}

/* ---- the domain ---------------------------------------------------------------------------------------- */

/* Is there a policy that may be honoured, and is it not? */
static bool is_open_or_bad(const struct group_record *record)
{
    switch (record->outcome) {
    case OUTCOME_UNKNOWN:
    case OUTCOME_BROKEN:
    case OUTCOME_PARTIAL:
    case OUTCOME_REFUSED:
        return true;
    case OUTCOME_TESTING:
        return record->would_be != OUTCOME_PROTECTED;
    default:
        return false;
    }
}

static bool failed(enum dns_status status)
{
    return status != DNS_NOT_ASKED && !dns_says_anything(status);
}

/* Finds what is wrong with the record at _mta-sts. Returns false if nothing is known of what is behind it. */
static bool find_at_record(struct search *search)
{
    const struct group_record *record = search->record;
    if (failed(record->txt))
        add(search, (struct trouble){.code = dns_status_code(record->txt), .open = true});
    else if (has_effect(record->txt_code, EFFECT_NO_POLICY))
        add(search, (struct trouble){.code = record->txt_code});
    else if (has_effect(record->txt_code, EFFECT_UNKNOWN))
        add(search, (struct trouble){.code = record->txt_code, .open = true});
    return record->txt_code == FAIL_NONE && !failed(record->txt);
}

/* Finds what is wrong with the policy. Returns false if it would not be honoured with that mended. */
static bool find_at_policy(struct search *search)
{
    const struct group_record *record = search->record;
    const bool fails = has_effect(record->policy_code, EFFECT_NO_POLICY);
    const bool open = has_effect(record->policy_code, EFFECT_UNKNOWN);
    if (fails || open)
        add(search, (struct trouble){.code = record->policy_code, .open = open, .at_policy = true});
    return record->looked_for_policy && record->mode != STS_MODE_NONE &&
           (fails || record->policy_code == FAIL_NONE);
}

bool troubles_find(const struct group_record *record, struct arena *arena, struct troubles *troubles)
{
    struct search search = {.record = record, .arena = arena, .end = &troubles->first};
    *troubles = (struct troubles){.first = NULL};
    if (!is_open_or_bad(record))
        return true;
    if (!find_at_record(&search))
        return !search.no_room;
    if (failed(record->mx))
        add(&search, (struct trouble){.code = dns_status_code(record->mx), .open = true});
    bool honoured = find_at_policy(&search);
    for (const struct group_host *host = record->hosts; host != NULL; host = host->next)
        find_at_host(&search, host);
    troubles->gains = search.fails && search.passes && honoured;
    return !search.no_room;
}
