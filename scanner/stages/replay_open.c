/* Lists the contacts that another round is to make. */
#include "scanner/stages/replay_parts.h"

#include "scanner/reach/looks.h"
#include "scanner/verdict/looks.h"
#include "scanner/verdict/parts.h"
#include "scanner/verdict/verdict.h"

static enum error make_room(const struct replaying *replaying, struct replay_end *end)
{
    size_t most = 1; /* of the policy */
    for (size_t i = 0; i < replaying->facts->host_count; i++)
        if (replaying->hosts[i].facts != NULL)
            most += replaying->hosts[i].facts->probe_count + 1;
    end->contacts = arena_array(replaying->arena, most, sizeof *end->contacts);
    end->contact_count = 0;
    return end->contacts == NULL ? ERR_MEMORY : ERR_OK;
}

static void add_host(struct replay_end *end, size_t host, const struct host_facts *known,
                     const struct ip_addr *ip)
{
    end->contacts[end->contact_count++] = (struct replay_contact){.host = host, .ip = *ip, .known = known};
}

static void add_policy(const struct replaying *replaying, struct replay_end *end, bool anew)
{
    const struct replay_policy *policy = &replaying->policy;
    const struct address_facts *address = &replaying->facts->policy.address;
    size_t next = anew ? 0 : policy->next;
    end->contacts[end->contact_count++] =
        (struct replay_contact){.policy = true, .ip = address->ips[next], .next = next};
    end->trouble = (struct fetch_facts){.not_tried = NOT_TRIED_ELSEWHERE, .ip = address->ips[next]};
    end->trouble.tls.alert = -1;
    if (anew || policy->trouble == TROUBLE_NONE || policy->kept.not_tried != TRIED)
        return;
    end->trouble = policy->kept;
    end->trouble.not_tried = NOT_TRIED_ELSEWHERE;
}

enum error replay_list_waiting(const struct replaying *replaying, struct replay_end *end)
{
    enum error error = make_room(replaying, end);
    if (error != ERR_OK)
        return error;
    for (size_t i = 0; i < replaying->facts->host_count; i++) {
        const struct replay_host *host = &replaying->hosts[i];
        for (size_t j = 0; host->facts != NULL && j < host->facts->probe_count; j++)
            if (replay_host_waits(host, j))
                add_host(end, i, host->facts, &host->facts->probes[j].ip);
    }
    if (replay_policy_waits(replaying))
        add_policy(replaying, end, false);
    return ERR_OK;
}

/* ---- the next pass ------------------------------------------------------------------------------------- */

static bool is_tried_again(enum failure_code code)
{
    return verdict_retry(code) == RETRY_PASSES;
}

/* Did lookups fail that a contact made anew? Then it asks again. */
static bool lookups_failed(const struct host_facts *facts)
{
    return facts->asked != 0 && (lookup_failed(&facts->address.a) || lookup_failed(&facts->address.aaaa) ||
                                 lookup_failed(&facts->tlsa.lookup));
}

static void list_host(const struct replaying *replaying, size_t index, const struct domain_facts *next,
                      struct replay_end *end)
{
    const struct replay_host *host = &replaying->hosts[index];
    const size_t before = end->contact_count;
    const struct looks_again again = looks_again(next, host->facts->host, replaying->arena);
    for (size_t i = 0; i < host->facts->probe_count; i++) {
        const struct probe_facts *probe = &host->facts->probes[i];
        if (replay_host_waits(host, i) || looks_is_old(&again, probe) ||
            is_tried_again(verdict_probe(probe, BY_OWN_TIME)))
            add_host(end, index, host->facts, &probe->ip);
    }
    if (end->contact_count > before || !lookups_failed(host->facts))
        return;
    const struct host_facts *known = host->facts->probe_count > 0 ? host->facts : host->names;
    if (known->probe_count > 0)
        add_host(end, index, known, &known->probes[0].ip);
}

/* Does the policy host get a second look (verdict/looks), or may its trouble pass? */
static bool is_policy_due(const struct replaying *replaying, const struct judgement *judgement)
{
    const struct domain_facts *facts = replaying->facts;
    bool looked = false;
    if (!replaying->policy.wanted)
        return false;
    for (size_t i = 0; i < facts->look_count; i++)
        looked = looked || facts->looks[i].policy;
    bool due = look_at_policy_asks_again(&facts->policy.fetch) && !looked;
    return due || is_tried_again(judgement->policy_code) || replay_policy_waits(replaying);
}

enum error replay_list_again(const struct replaying *replaying, const struct judgement *judgement,
                             struct replay_end *end)
{
    struct domain_facts next = *replaying->facts;
    enum error error = make_room(replaying, end);
    next.looks = end->looks;
    next.look_count = end->look_count;
    for (size_t i = 0; error == ERR_OK && i < next.host_count; i++)
        if (replaying->hosts[i].facts != NULL)
            list_host(replaying, i, &next, end);
    if (error == ERR_OK && is_policy_due(replaying, judgement))
        add_policy(replaying, end, true);
    return error;
}
