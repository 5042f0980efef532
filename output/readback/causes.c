/* Finds what a change hangs on. */
#include "output/readback/causes.h"

#include <string.h>

static bool is_told(const struct causes *causes, const struct cause *cause)
{
    for (size_t i = 0; i < causes->count; i++)
        if (causes->list[i].code == cause->code && strcmp(causes->list[i].prefix, cause->prefix) == 0 &&
            strcmp(causes->list[i].host, cause->host) == 0)
            return true;
    return false;
}

static void add(struct causes *causes, const char *prefix, const char *host, enum failure_code code)
{
    struct cause cause = {prefix, host, code};
    if (code != FAIL_NONE && causes->count < CAUSES_MOST && !is_told(causes, &cause))
        causes->list[causes->count++] = cause;
}

static bool is_by_hosts(enum outcome outcome)
{
    return outcome == OUTCOME_REFUSED || outcome == OUTCOME_PARTIAL;
}

static void add_hosts(struct causes *causes, const struct stand *stand)
{
    for (size_t i = 0; i < stand->host_count; i++)
        add(causes, "", stand->hosts[i].host, stand->hosts[i].code);
}

/* A policy that counts fails by its hosts; else the record or the policy is at fault. */
static void add_of_policy(struct causes *causes, const struct stand *stand)
{
    if (is_by_hosts(stand->outcome) || is_by_hosts(stand->would_be))
        add_hosts(causes, stand);
    else if (stand->fault_is_record)
        add(causes, "_mta-sts.", stand->domain, stand->fault);
    else if (stand->policy_host != NULL && stand->policy_host[0] != 0)
        add(causes, "", stand->policy_host, stand->fault);
    else
        add(causes, "mta-sts.", stand->domain, stand->fault);
}

/* What is wrong with a host of a policy's is nothing of its TLS. */
static void add_of_starttls(struct causes *causes, const struct stand *stand)
{
    for (size_t i = 0; i < stand->host_count; i++)
        if (failure_get(stand->hosts[i].code)->stage == STAGE_SMTP)
            add(causes, "", stand->hosts[i].host, stand->hosts[i].code);
}

struct causes stand_causes(const struct stand *stand, unsigned aspects)
{
    struct causes causes = {.count = 0};
    if (stand->cached.code != FAIL_NONE)
        add_hosts(&causes, stand);
    if ((aspects >> ASPECT_MTA_STS & 1) != 0)
        add_of_policy(&causes, stand);
    if ((aspects >> ASPECT_STARTTLS & 1) != 0)
        add_of_starttls(&causes, stand);
    for (size_t i = 0; (aspects >> ASPECT_DANE & 1) != 0 && i < stand->dane_count; i++)
        add(&causes, "", stand->dane[i].host, stand->dane[i].code);
    if ((aspects >> ASPECT_TLSRPT & 1) != 0)
        add(&causes, "_smtp._tls.", stand->domain, stand->tlsrpt);
    if (causes.count == 0 && aspects != 0)
        add(&causes, "", stand->open.host == NULL ? stand->domain : stand->open.host, stand->open.code);
    return causes;
}

/* Of a domain that is new there is something to say if what it publishes does not hold. */
static bool is_new_and_bad(const struct stand *stand)
{
    return stand->outcome == OUTCOME_BROKEN || is_by_hosts(stand->outcome) || is_by_hosts(stand->would_be);
}

/* What only got better has no cause to be told, but for a policy that is not held yet. */
static bool is_asked(const struct stand_change *told, enum aspect aspect)
{
    if (!stand_change_has(told, aspect))
        return false;
    struct change_courses courses =
        change_courses(aspect, told->before->states[aspect], told->after->states[aspect]);
    bool is_better = courses.delivery == COURSE_BETTER || courses.protection == COURSE_BETTER;
    bool is_worse = courses.delivery == COURSE_WORSE || courses.protection == COURSE_WORSE;
    return aspect == ASPECT_MTA_STS || is_worse || !is_better;
}

struct causes stand_change_causes(const struct stand_change *told)
{
    unsigned aspects = 0;
    if (told->after == NULL)
        return (struct causes){.count = 0};
    if (told->before == NULL)
        return stand_causes(told->after, is_new_and_bad(told->after) ? 1u << ASPECT_MTA_STS : 0);
    for (unsigned aspect = 0; aspect < ASPECT_COUNT; aspect++)
        aspects |= (unsigned)is_asked(told, (enum aspect)aspect) << aspect;
    if (told->after->cached.code != FAIL_NONE && told->after->fault != FAIL_NONE)
        aspects |= 1u << ASPECT_MTA_STS; /* why they find no newer policy */
    return stand_causes(told->after, aspects);
}

void causes_put(struct buf *to, const struct causes *causes)
{
    for (size_t i = 0; i < causes->count; i++)
        buf_printf(to, "%s%s%s %s", i == 0 ? "" : ", ", causes->list[i].prefix, causes->list[i].host,
                   failure_name(causes->list[i].code));
}

void causes_put_codes(struct buf *to, const struct stand *stand, size_t hosts, const struct causes *causes)
{
    for (size_t i = 0; i < causes->count; i++) {
        enum failure_code code = causes->list[i].code;
        bool is_there = false;
        for (size_t j = 0; j < hosts; j++)
            is_there = is_there || stand->hosts[j].code == code;
        for (size_t j = 0; j < i; j++)
            is_there = is_there || causes->list[j].code == code;
        if (!is_there)
            buf_printf(to, "%s%s", to->len == 0 ? "" : " ", failure_name(code));
    }
}

/* ---- gravity ------------------------------------------------------------------------------------------- */

static bool is_refused(const struct stand *stand)
{
    return stand->outcome == OUTCOME_REFUSED ||
           stand->states[ASPECT_DANE] == dane_state(DANE_OUTCOME_REFUSED);
}

enum gravity stand_gravity(const struct stand_change *told)
{
    const struct change_courses *courses = &told->courses;
    if (stand_change_victim(told) != NULL)
        return GRAVITY_VICTIM;
    if (told->before == NULL || told->after == NULL)
        return told->before == NULL ? GRAVITY_NEW : GRAVITY_GONE;
    if (courses->delivery == COURSE_WORSE)
        return is_refused(told->after) ? GRAVITY_REFUSED : GRAVITY_PARTIAL;
    if (courses->protection == COURSE_WORSE)
        return GRAVITY_PROTECTION;
    if (told->keeps_id)
        return GRAVITY_SAME_ID;
    if (courses->delivery == COURSE_UNCLEAR || courses->protection == COURSE_UNCLEAR)
        return GRAVITY_UNCLEAR;
    bool better = courses->delivery == COURSE_BETTER || courses->protection == COURSE_BETTER;
    return better ? GRAVITY_BETTER : GRAVITY_CHANGED;
}
