/* Domains into a world, and what comes of them. */
#include <string.h>

#include "scanner/reach/domain.h"
#include "scanner/reach/looks.h"
#include "scanner/verdict/verdict.h"
#include "tests/unit/reach/world/fake_clock.h"
#include "tests/unit/reach/world/story.h"
#include "tests/unit/reach/world/world.h"

static void *make(struct world *world, size_t count, size_t size)
{
    void *made = arena_array(&world->arena, count + 1, size);
    if (made == NULL)
        out_of_memory("what a world has seen");
    return made;
}

/* ---- hosts --------------------------------------------------------------------------------------------- */

static void on_host(void *arg, struct worker *worker, const struct probe_facts *probe)
{
    struct world *world = arg;
    struct seen_host *seen = make(world, 1, sizeof *seen);
    char ip[IP_TEXT_BYTES];
    (void)worker;
    *seen = (struct seen_host){.next = world->hosts,
                               .host = arena_string(&world->arena, probe->host),
                               .ip = probe->ip,
                               .time = probe->time,
                               .code = verdict_probe(probe, BY_OWN_TIME),
                               .shared = probe->shared,
                               .again = probe->again,
                               .legacy = probe->legacy != NULL,
                               .pass = probe->pass};
    world->hosts = seen;
    story_tell("record of %s at %s: %s%s", probe->host, ip_format(&probe->ip, ip), failure_name(seen->code),
               probe->shared ? ", shared" : "");
}

static bool has_record(const struct world *world, const struct probe_facts *probe)
{
    for (const struct seen_host *seen = world->hosts; seen != NULL; seen = seen->next)
        if (strcmp(seen->host, probe->host) == 0 && ip_equal(&seen->ip, &probe->ip) &&
            seen->time == probe->time)
            return true;
    return false;
}

/* ---- domains ------------------------------------------------------------------------------------------- */

/* Records of hosts come before those of the domains that refer to them. */
static void take_address(struct world *world, struct seen_domain *seen, const struct mx_host *host,
                         const struct probe_facts *probe, const struct ip_verdict *verdict)
{
    struct seen_address *address = &seen->addresses[seen->address_count++];
    address->host = arena_string(&world->arena, host->host);
    address->ip = probe->ip;
    address->code = verdict->code;
    address->stale = host->facts->address.a.stale;
    if (probe->not_tried == TRIED && !has_record(world, probe))
        world_miss(world, NULL, "%s refers to a probe of %s that no record told of before", seen->name,
                   host->host);
}

static void take_addresses(struct world *world, struct seen_domain *seen, const struct domain_facts *facts,
                           const struct judgement *judgement)
{
    size_t count = 0;
    for (size_t i = 0; i < judgement->host_count; i++)
        count += judgement->hosts[i].ip_count;
    seen->addresses = make(world, count, sizeof *seen->addresses);
    for (size_t i = 0; i < judgement->host_count; i++)
        for (size_t j = 0; j < judgement->hosts[i].ip_count; j++)
            take_address(world, seen, &facts->hosts[i], &facts->hosts[i].facts->probes[j],
                         &judgement->hosts[i].ips[j]);
}

static void take_looks(struct world *world, struct seen_domain *seen, const struct domain_facts *facts,
                       const struct judgement *judgement)
{
    struct buf looks;
    buf_init(&looks, LOOKS_BYTES);
    (void)looks_write(&looks, facts, judgement);
    seen->looks = arena_bytes(&world->arena, buf_bytes(&looks));
    buf_dispose(&looks);
}

static void tell_domain(const struct seen_domain *seen)
{
    story_tell("%s: %s%s", seen->name, outcome_name(seen->outcome),
               seen->put_off ? ", to be tried again" : "");
    for (enum failure_code code = 1; code < FAIL_COUNT; code++)
        if (code_set_has(&seen->codes, code))
            story_tell("    %s", failure_name(code));
    for (size_t i = 0; i < seen->address_count; i++) {
        char ip[IP_TEXT_BYTES];
        story_tell("    %s at %s: %s", seen->addresses[i].host, ip_format(&seen->addresses[i].ip, ip),
                   failure_name(seen->addresses[i].code));
    }
}

/* As a scan does, of a domain: tried again where something may pass, was open to doubt, or one look does not
 * decide. */
static bool is_put_off(const struct worker *worker, const struct domain_facts *facts,
                       const struct judgement *judgement)
{
    bool in_doubt = clock_monotonic_ms() - facts->ms < worker_doubted_until_ms(worker->context);
    return judgement->look_due || verdict_may_pass(judgement) || (in_doubt && verdict_has_passing(judgement));
}

static void on_domain(void *arg, struct worker *worker, const struct domain_facts *facts,
                      const struct judgement *judgement)
{
    struct world *world = arg;
    struct seen_domain *seen = make(world, 1, sizeof *seen);
    *seen = (struct seen_domain){.next = world->domains,
                                 .name = arena_string(&world->arena, facts->domain),
                                 .pass = worker->pass,
                                 .at_us = fake_clock_us(),
                                 .put_off = facts->label == NULL && is_put_off(worker, facts, judgement),
                                 .outcome = judgement->outcome,
                                 .would_be = judgement->would_be,
                                 .dane = judgement->dane,
                                 .tls = judgement->tls,
                                 .incomplete = judgement->incomplete,
                                 .codes = judgement->codes,
                                 .policy_addresses = facts->policy.address.ip_count};
    const struct host_facts *host =
        facts->label == NULL || facts->host_count == 0 ? NULL : facts->hosts[0].facts;
    seen->asked = host != NULL && host->asked != 0;
    seen->changed = host != NULL && host->before != NULL;
    take_addresses(world, seen, facts, judgement);
    take_looks(world, seen, facts, judgement);
    world->domains = seen;
    world->ended++;
    tell_domain(seen);
}

static void on_release(void *arg, struct worker *worker)
{
    struct world *world = arg;
    (void)worker;
    world->released++;
}

static void on_crowded(void *arg, const struct crowd *crowd)
{
    struct world *world = arg;
    char ip[IP_TEXT_BYTES];
    world->crowded++;
    story_tell("  %s is crowded: %zu wait", ip_format(&crowd->ip, ip), crowd->waiting);
}

struct results world_results(struct world *world)
{
    return (struct results){
        .arg = world, .host = on_host, .domain = on_domain, .release = on_release, .crowded = on_crowded};
}

/* ---- into the world ------------------------------------------------------------------------------------ */

static const struct cached_policy *earlier_of(const struct world *world, const char *name)
{
    for (const struct earlier_policy *earlier = world->earlier; earlier != NULL; earlier = earlier->next)
        if (strcmp(earlier->domain, name) == 0)
            return &earlier->policy;
    return NULL;
}

void world_start_domain(struct world *world, const char *name, struct bytes looks)
{
    struct domain_input input = {.ordinal = ++world->started, .domain = name, .looks = looks};
    input.cached = earlier_of(world, name);
    story_tell("%s begins", name);
    if (domain_start(&world->workers[world->started % world->count], &input) != ERR_OK)
        out_of_memory("a domain");
}

void world_start_put_off(struct world *world)
{
    struct seen_domain *seen = world->domains;
    for (; seen != NULL; seen = seen->next)
        if (seen->put_off) {
            seen->put_off = false;
            world_start_domain(world, seen->name, seen->looks);
        }
}
