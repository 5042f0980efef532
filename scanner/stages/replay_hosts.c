/* Joins MX hosts: what came of their addresses takes the place of `elsewhere`, and lookups that were made
 * anew that of the names'. */
#include "scanner/stages/replay_parts.h"

#include "scanner/reach/hostprobes.h"
#include "scanner/reach/tlsa.h"

bool replay_host_waits(const struct replay_host *host, size_t index)
{
    return host->facts->probes[index].not_tried == NOT_TRIED_ELSEWHERE && !host->missed[index];
}

/* Makes room for so many probes; their addresses are the first of facts->address. */
static enum error make_probes(struct replay_host *host, size_t count, struct arena *arena)
{
    host->facts->probes = arena_array(arena, count, sizeof *host->facts->probes);
    host->missed = arena_array(arena, count, sizeof *host->missed);
    if (count > 0 && (host->facts->probes == NULL || host->missed == NULL))
        return ERR_MEMORY;
    host->facts->probe_count = count;
    return ERR_OK;
}

static enum error begin_host(struct replay_host *host, const struct host_facts *names, struct arena *arena)
{
    if (names == NULL)
        return ERR_OK;
    host->names = names;
    host->facts = arena_alloc(arena, sizeof *host->facts);
    if (host->facts == NULL)
        return ERR_MEMORY;
    *host->facts = *names;
    enum error error = make_probes(host, names->probe_count, arena);
    if (error == ERR_OK && names->probe_count > 0)
        memcpy(host->facts->probes, names->probes, names->probe_count * sizeof *names->probes);
    return error;
}

enum error replay_hosts_begin(struct replaying *replaying)
{
    struct domain_facts *facts = replaying->facts;
    enum error error = ERR_OK;
    replaying->hosts = arena_array(replaying->arena, facts->host_count, sizeof *replaying->hosts);
    if (facts->host_count > 0 && replaying->hosts == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < facts->host_count && error == ERR_OK; i++) {
        error = begin_host(&replaying->hosts[i], facts->hosts[i].facts, replaying->arena);
        facts->hosts[i].facts = replaying->hosts[i].facts;
    }
    return error;
}

/* ---- a round ------------------------------------------------------------------------------------------- */

/* What came of the addresses that a host had. */
struct came {
    const struct ip_addr *ips;
    struct replay_look *looks; /* of each; zeroed: nothing came of it */
    size_t count;
    const struct host_facts *newest; /* the lookups that were made last; NULL: none were */
};

/* Have the names decided that the address is not probed for this domain, whoever else has it probed? */
static bool is_decided(const struct replay_host *host, const struct ip_addr *ip)
{
    for (size_t i = 0; i < host->names->probe_count; i++)
        if (ip_equal(&host->names->probes[i].ip, ip))
            return host->names->probes[i].not_tried != NOT_TRIED_ELSEWHERE;
    return false;
}

/* Was the address to be asked in this round? In a pass that goes on only those are that are elsewhere yet. */
static bool is_wanted(const struct replaying *replaying, const struct replay_host *host, size_t index,
                      const struct ip_addr *ip)
{
    if (is_decided(host, ip))
        return false;
    return replaying->rounds == 1 || index >= host->facts->probe_count || replay_host_waits(host, index);
}

static void take_look(struct replay_host *host, struct came *came, size_t index,
                      const struct replay_look *look)
{
    const struct host_facts *lookups = look->lookups;
    bool elsewhere = look->probe != NULL && look->probe->not_tried == NOT_TRIED_ELSEWHERE;
    bool nothing = look->probe == NULL && lookups == NULL;
    if (lookups != NULL && (came->newest == NULL || lookups->asked > came->newest->asked))
        came->newest = lookups;
    if (!elsewhere && !nothing)
        came->looks[index] = *look;
    else if (index < host->facts->probe_count)
        host->missed[index] = true;
}

static enum error find_what_came(const struct replaying *replaying, struct replay_host *host,
                                 struct came *came)
{
    const struct replay_source *source = replaying->source;
    came->looks = arena_array(replaying->arena, came->count, sizeof *came->looks);
    if (came->count > 0 && came->looks == NULL)
        return ERR_MEMORY;
    for (size_t i = 0; i < came->count; i++) {
        struct replay_look look = {NULL, NULL};
        if (!is_wanted(replaying, host, i, &came->ips[i]))
            continue;
        enum error error =
            source->host(source->arg, host->facts->host, &came->ips[i], replaying->round, &look);
        if (error != ERR_OK && error != ERR_NOT_FOUND)
            return error;
        take_look(host, came, i, &look);
    }
    return ERR_OK;
}

static void put_probe(struct replay_host *host, size_t index, const struct probe_facts *probe)
{
    host->facts->probes[index] = *probe;
    host->facts->probes[index].host = host->facts->host;
    host->missed[index] = false;
}

static const struct replay_look *look_at(const struct came *came, const struct ip_addr *ip)
{
    for (size_t i = 0; i < came->count; i++)
        if (came->looks[i].probe != NULL && ip_equal(&came->ips[i], ip))
            return &came->looks[i];
    return NULL;
}

/* Does it stand beside other TLSA records? What was not tried does. */
static bool holds(const struct probe_facts *probe, const struct tlsa_facts *then,
                  const struct tlsa_facts *now)
{
    return probe->not_tried != TRIED || host_probes_hold(then, now);
}

/* Takes what was seen at the address, if it can be judged by the records that stand now (RFC 7672: keys and
 * records are changed together); else it is to be probed again. `before`: the host until now. */
static void settle(struct replay_host *host, size_t index, const struct came *came,
                   const struct replay_host *before)
{
    const struct ip_addr *ip = &host->facts->address.ips[index];
    const struct tlsa_facts *now = &host->facts->tlsa;
    const struct replay_look *look = look_at(came, ip);
    const struct tlsa_facts *then =
        look != NULL && look->lookups != NULL ? &look->lookups->tlsa : &before->facts->tlsa;
    struct probe_facts *probe = &host->facts->probes[index];
    *probe = (struct probe_facts){.host = host->facts->host, .ip = *ip, .not_tried = NOT_TRIED_ELSEWHERE};
    probe->tls.alert = -1;
    if (look != NULL && holds(look->probe, then, now)) {
        put_probe(host, index, look->probe);
        return;
    }
    for (size_t i = 0; look == NULL && i < before->facts->probe_count; i++)
        if (ip_equal(&before->facts->probes[i].ip, ip) &&
            holds(&before->facts->probes[i], &before->facts->tlsa, now)) {
            put_probe(host, index, &before->facts->probes[i]);
            host->missed[index] = before->missed[i];
        }
}

static bool same_answer(const struct lookup_facts *a, const struct lookup_facts *b)
{
    return a->status == b->status && a->security == b->security;
}

/* Do both say the same of the host? Addresses are in order. */
static bool is_same(const struct host_facts *a, const struct host_facts *b)
{
    bool same = same_answer(&a->address.a, &b->address.a) &&
                same_answer(&a->address.aaaa, &b->address.aaaa) &&
                same_answer(&a->tlsa.lookup, &b->tlsa.lookup) && tlsa_same_records(&a->tlsa, &b->tlsa) &&
                a->address.ip_count == b->address.ip_count;
    for (size_t i = 0; same && i < a->address.ip_count; i++)
        same = ip_equal(&a->address.ips[i], &b->address.ips[i]);
    return same;
}

/* Notes what the names found, if that was something else. */
static enum error note_before(struct replay_host *host, struct arena *arena)
{
    host->facts->before = NULL;
    if (is_same(host->names, host->facts))
        return ERR_OK;
    struct host_before *before = arena_alloc(arena, sizeof *before);
    if (before == NULL)
        return ERR_MEMORY;
    *before = (struct host_before){.address = host->names->address, .tlsa = host->names->tlsa};
    host->facts->before = before;
    return ERR_OK;
}

/* Puts the newest lookups in the place of those until now. */
static enum error adopt(const struct replaying *replaying, struct replay_host *host, const struct came *came)
{
    const struct host_facts earlier = *host->facts;
    const struct replay_host before = {.facts = host->facts, .missed = host->missed};
    const struct host_facts *newest = came->newest;
    size_t count = newest->address.ip_count;
    struct host_facts *facts = arena_alloc(replaying->arena, sizeof *facts);
    if (facts == NULL)
        return ERR_MEMORY;
    *facts = *newest;
    facts->host = earlier.host;
    host->facts = facts;
    enum error error =
        make_probes(host, count < replaying->rules->max_addresses ? count : replaying->rules->max_addresses,
                    replaying->arena);
    for (size_t i = 0; error == ERR_OK && i < host->facts->probe_count; i++)
        settle(host, i, came, &before);
    return error == ERR_OK ? note_before(host, replaying->arena) : error;
}

static enum error take_host(const struct replaying *replaying, struct replay_host *host)
{
    struct came came = {.ips = host->facts->address.ips, .count = host->facts->probe_count};
    /* Of a host whose addresses could not be looked up anew, one that the names knew asks again. */
    if (came.count == 0 && host->facts->asked != 0 && host->names->probe_count > 0)
        came = (struct came){.ips = host->names->address.ips, .count = 1};
    enum error error = find_what_came(replaying, host, &came);
    if (error != ERR_OK)
        return error;
    if (came.newest != NULL)
        return adopt(replaying, host, &came);
    for (size_t i = 0; i < host->facts->probe_count; i++)
        if (came.looks[i].probe != NULL)
            put_probe(host, i, came.looks[i].probe);
    return ERR_OK;
}

enum error replay_hosts_take(struct replaying *replaying)
{
    enum error error = ERR_OK;
    for (size_t i = 0; i < replaying->facts->host_count && error == ERR_OK; i++) {
        if (replaying->hosts[i].facts == NULL)
            continue;
        error = take_host(replaying, &replaying->hosts[i]);
        replaying->facts->hosts[i].facts = replaying->hosts[i].facts;
    }
    return error;
}
