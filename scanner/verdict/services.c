/* Judges who runs the MX hosts and the policy host, and how the domain uses Exchange Online (EXO-1). Names
 * alone decide: a service behind another's host cannot be seen from outside. */
#include "scanner/verdict/parts.h"
#include "scanner/verdict/provider.h"

static bool is_listed(const struct judgement *judgement, const char *name)
{
    for (size_t i = 0; i < judgement->provider_mx_count; i++)
        if (strcmp(judgement->providers_mx[i], name) == 0)
            return true;
    return false;
}

static void list_providers(const struct domain_facts *facts, struct arena *arena, struct judgement *judgement)
{
    judgement->providers_mx = arena_array(arena, facts->host_count, sizeof *judgement->providers_mx);
    for (size_t i = 0; judgement->providers_mx != NULL && i < facts->host_count; i++) {
        const char *name = provider_of_mx(facts->hosts[i].host);
        if (name != NULL && !is_listed(judgement, name))
            judgement->providers_mx[judgement->provider_mx_count++] = name;
    }
}

/* Judges the direct or mixed use. The hosts are in preference order: of those that are not the service's,
 * mail meets the first one first. */
static void judge_exchange_online(const struct domain_facts *facts, struct judgement *judgement)
{
    const struct mx_host *service = NULL;
    const struct mx_host *other = NULL;
    for (size_t i = 0; i < facts->host_count; i++) {
        const struct mx_host **kind = provider_is_exchange_online(facts->hosts[i].host) ? &service : &other;
        *kind = *kind == NULL ? &facts->hosts[i] : *kind;
    }
    if (service == NULL)
        return;
    judgement->exo = other == NULL ? EXO_DIRECT : EXO_MIXED;
    if (other == NULL)
        return;
    const char *name = provider_of_mx(other->host);
    judgement->exo_intermediary = name == NULL ? other->host : name;
    judgement->exo_in_front = other->preference < service->preference;
}

/* Finds an MX host of the service that the policy misses: the service gives a domain a new MX name when
 * DNSSEC is switched on for it, and a policy may still list the old one. */
static void find_renamed(const struct domain_facts *facts, struct judgement *judgement)
{
    const struct sts_policy *policy = &judgement->policy;
    for (size_t i = 0; i < judgement->host_count; i++) {
        const char *host = facts->hosts[i].host;
        if (judgement->hosts[i].code != FAIL_MX_NOT_IN_POLICY || !provider_is_exchange_online(host))
            continue;
        for (size_t j = 0; j < policy->mx_count; j++) {
            const char *pattern = policy->mx[j];
            pattern += strncmp(pattern, "*.", 2) == 0 ? 2 : 0;
            if (provider_is_exchange_online(pattern) && judgement->exo_renamed == NULL)
                judgement->exo_renamed = host;
        }
    }
}

void judge_providers(const struct domain_facts *facts, struct arena *arena, struct judgement *judgement)
{
    if (facts->host_count > 0)
        judgement->provider_mx = provider_of_mx(facts->hosts[0].host);
    judgement->provider_policy = provider_of_policy(facts);
    list_providers(facts, arena, judgement);
    judge_exchange_online(facts, judgement);
    find_renamed(facts, judgement);
}
