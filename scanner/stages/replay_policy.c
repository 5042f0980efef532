/* Joins the policy host: its addresses are tried in order, as reach/policyhost tries them, but each part only
 * those that it owns. */
#include "scanner/stages/replay_parts.h"

#include "scanner/facts/part.h"

void replay_policy_begin(struct replaying *replaying)
{
    const struct policy_facts *policy = &replaying->facts->policy;
    replaying->policy = (struct replay_policy){.wanted = policy->fetch.not_tried == NOT_TRIED_ELSEWHERE &&
                                                         policy->address.ip_count > 0};
}

bool replay_policy_waits(const struct replaying *replaying)
{
    const struct replay_policy *policy = &replaying->policy;
    return policy->wanted && !policy->done && !policy->missed;
}

/* Returns the index of the first address behind `next` that another part owns, or the number of addresses. */
static size_t end_of_part(const struct replaying *replaying, size_t next)
{
    const struct address_facts *address = &replaying->facts->policy.address;
    const struct replay_rules *rules = replaying->rules;
    uint32_t parts = rules->parts[replaying->round - 1];
    size_t end = next + 1;
    if (parts <= 1)
        return address->ip_count;
    uint32_t owner = part_of(&address->ips[next], rules->seed, parts);
    while (end < address->ip_count && part_of(&address->ips[end], rules->seed, parts) == owner)
        end++;
    return end;
}

/* Returns the index of the address at which the part stopped, as it tells: of its addresses the first is the
 * one that is still to be tried. */
static size_t stopped_at(const struct replaying *replaying, const struct policy_facts *found)
{
    const struct address_facts *address = &replaying->facts->policy.address;
    const size_t next = replaying->policy.next;
    for (size_t i = next; found->address.ip_count > 0 && i < address->ip_count; i++)
        if (ip_equal(&address->ips[i], &found->address.ips[0]))
            return i;
    return next;
}

static struct fetch_facts elsewhere_at(const struct ip_addr *ip)
{
    struct fetch_facts fetch = {.not_tried = NOT_TRIED_ELSEWHERE, .ip = *ip};
    fetch.tls.alert = -1;
    return fetch;
}

/* Tells of the address whose trouble may pass, else of the next one, of which nothing is known. */
static void tell_waiting(struct replaying *replaying)
{
    struct replay_policy *policy = &replaying->policy;
    struct policy_facts *facts = &replaying->facts->policy;
    facts->fetch =
        policy->trouble == TROUBLE_PASSING ? policy->kept : elsewhere_at(&facts->address.ips[policy->next]);
}

/* Keeps what came of an address that did not answer. If the part stopped behind it, that is told as
 * elsewhere, and the rest of the facts is of the address. Returns how much it counts. */
static enum policy_trouble keep_trouble(struct replaying *replaying, struct fetch_facts fetch)
{
    struct replay_policy *policy = &replaying->policy;
    if (fetch.not_tried == NOT_TRIED_ELSEWHERE && fetch.step == FETCH_NONE)
        return TROUBLE_NONE;
    if (fetch.not_tried == NOT_TRIED_ELSEWHERE)
        fetch.not_tried = TRIED;
    enum policy_trouble trouble = policy_trouble_of(&replaying->facts->policy.address, &fetch);
    if (trouble > policy->trouble) {
        policy->trouble = trouble;
        policy->kept = fetch;
    }
    return trouble;
}

/* Goes on to the next address that another part owns, if the part did not try all that are left. */
static void go_on(struct replaying *replaying, const struct policy_facts *found)
{
    struct replay_policy *policy = &replaying->policy;
    const size_t before = policy->next, count = replaying->facts->policy.address.ip_count;
    enum policy_trouble trouble = keep_trouble(replaying, found->fetch);
    if (found->fetch.not_tried == NOT_TRIED_ELSEWHERE) {
        policy->next = stopped_at(replaying, found);
        policy->missed = policy->next == before; /* it owns none of them */
    } else {
        policy->next = trouble == TROUBLE_PASSING ? end_of_part(replaying, before) : count;
    }
    policy->done = policy->next >= count;
}

static void take(struct replaying *replaying, const struct policy_facts *found)
{
    struct replay_policy *policy = &replaying->policy;
    struct policy_facts *facts = &replaying->facts->policy;
    const struct fetch_facts *fetch = &found->fetch;
    if (fetch->step > FETCH_CONNECT) { /* the address answered, for all of them */
        facts->fetch = *fetch;
        policy->done = true;
        return;
    }
    go_on(replaying, found);
    if (!policy->done)
        tell_waiting(replaying);
    else
        facts->fetch = policy->trouble == TROUBLE_NONE ? *fetch : policy->kept;
}

enum error replay_policy_take(struct replaying *replaying)
{
    struct replay_policy *policy = &replaying->policy;
    const struct replay_source *source = replaying->source;
    struct policy_facts found;
    if (!policy->wanted || (replaying->rounds > 1 && !replay_policy_waits(replaying)))
        return ERR_OK;
    enum error error = source->policy(source->arg, replaying->facts->domain, replaying->round, &found);
    if (error == ERR_NOT_FOUND) {
        policy->missed = !policy->done;
        return ERR_OK;
    }
    if (error != ERR_OK)
        return error;
    if (replaying->rounds == 1)
        *policy = (struct replay_policy){.wanted = true};
    take(replaying, &found);
    return ERR_OK;
}

void replay_policy_drop_looks(struct domain_facts *facts)
{
    size_t kept = 0;
    for (size_t i = 0; i < facts->look_count; i++)
        if (!facts->looks[i].policy || facts->looks[i].time != facts->policy.fetch.time)
            facts->looks[kept++] = facts->looks[i];
    facts->look_count = kept;
}
