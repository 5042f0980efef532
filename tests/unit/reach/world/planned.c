/* Contacts of a plan into a world: what the names say of them, in the words of one line. */
#include <string.h>

#include "scanner/reach/contact.h"
#include "scanner/reach/domain.h"
#include "tests/unit/reach/world/script.h"
#include "tests/unit/reach/world/story.h"
#include "tests/unit/reach/world/zone.h"

enum { TLSA_WORDS = 4, LOOKS = 4 };

/* What one line says. */
struct planned {
    struct domain_facts facts;
    struct host_facts host;
    struct arena arena;
};

static void *make(struct planned *planned, size_t count, size_t size)
{
    void *made = arena_array(&planned->arena, count, size);
    if (made == NULL)
        out_of_memory("a contact");
    return made;
}

static bool add_addresses(struct planned *planned, struct address_facts *address, const char *text)
{
    char *rest = arena_string(&planned->arena, text);
    struct ip_addr *ips = make(planned, address->ip_count + strlen(text), sizeof *ips);
    if (address->ip_count > 0)
        memcpy(ips, address->ips, address->ip_count * sizeof *ips);
    address->ips = ips;
    for (char *word = strtok_r(rest, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest))
        if (!ip_parse(word, &ips[address->ip_count++]))
            return false;
    return true;
}

/* USAGE/SELECTOR/MATCHING/BYTE: then the names found the host in a signed zone. */
static bool add_tlsa(struct planned *planned, const char *text)
{
    char *words[TLSA_WORDS], *rest = arena_string(&planned->arena, text);
    struct tlsa_facts *tlsa = &planned->host.tlsa;
    struct bytes rdata;
    for (size_t i = 0; i < TLSA_WORDS; i++)
        if ((words[i] = strtok_r(i == 0 ? rest : NULL, "/", &rest)) == NULL)
            return false;
    if (!rdata_tlsa(words, &planned->arena, &rdata))
        return false;
    planned->host.address.a.security = planned->host.address.aaaa.security = DNSSEC_SECURE;
    planned->facts.mx.lookup.security = DNSSEC_SECURE;
    tlsa->lookup = (struct lookup_facts){.status = DNS_ANSWERED, .security = DNSSEC_SECURE};
    tlsa->base = planned->host.host;
    tlsa->rrs = make(planned, 1, sizeof *tlsa->rrs);
    tlsa->rrs[tlsa->rr_count++] = (struct tlsa_rr){rdata.data[0], rdata.data[1], rdata.data[2],
                                                   bytes_make(rdata.data + 3, rdata.len - 3)};
    return true;
}

/* A look of the round before, at the first address. */
static bool add_look(struct planned *planned, const char *text, bool policy, bool unanswered)
{
    struct domain_facts *facts = &planned->facts;
    const struct address_facts *address = policy ? &facts->policy.address : &planned->host.address;
    enum failure_code code = failure_find(text, strlen(text));
    if (facts->looks == NULL)
        facts->looks = make(planned, LOOKS, sizeof *facts->looks);
    if (code == FAIL_COUNT || facts->look_count == LOOKS)
        return false;
    facts->looks[facts->look_count++] = (struct look){.host = policy ? facts->policy.host : facts->domain,
                                                      .policy = policy,
                                                      .ip = address->ips[0],
                                                      .time = 1,
                                                      .code = code,
                                                      .hello_unanswered = unanswered};
    return true;
}

static bool read_word(struct planned *planned, const char *word, bool policy)
{
    struct fetch_facts *fetch = &planned->facts.policy.fetch;
    const char *value;
    if ((value = words_value(word, "also")) != NULL)
        return add_addresses(planned, &planned->host.address, value);
    if ((value = words_value(word, "tlsa")) != NULL)
        return add_tlsa(planned, value);
    if ((value = words_value(word, "looked")) != NULL)
        return add_look(planned, value, policy, false);
    if ((value = words_value(word, "unanswered")) != NULL)
        return add_look(planned, value, policy, true);
    fetch->not_tried = TRIED;
    fetch->step = FETCH_CONNECT;
    fetch->net = strcmp(word, "silent") == 0 ? NET_TIMEOUT : NET_REFUSED;
    fetch->ip = planned->facts.policy.address.ips[0];
    return policy && (strcmp(word, "silent") == 0 || strcmp(word, "refused") == 0);
}

static bool plan_policy(struct planned *planned, const struct line *line)
{
    static const char record[] = "v=STSv1; id=1;";
    struct domain_facts *facts = &planned->facts;
    struct buf host;
    buf_init(&host, 512);
    (void)buf_printf(&host, "mta-sts.%s", line->words[1]);
    facts->policy.host = arena_string(&planned->arena, buf_string(&host));
    buf_dispose(&host);
    facts->txt.lookup = (struct lookup_facts){.status = DNS_ANSWERED, .security = DNSSEC_INSECURE};
    facts->txt.rrs = make(planned, 1, sizeof *facts->txt.rrs);
    facts->txt.rrs[facts->txt.rr_count++] = bytes_of(record);
    facts->policy.address.a = facts->txt.lookup;
    facts->policy.address.aaaa = (struct lookup_facts){.status = DNS_NODATA, .security = DNSSEC_INSECURE};
    facts->policy.fetch = (struct fetch_facts){.not_tried = NOT_TRIED_ELSEWHERE, .tls.alert = -1};
    return add_addresses(planned, &facts->policy.address, line->words[2]);
}

static bool plan_host(struct planned *planned, const struct line *line)
{
    struct domain_facts *facts = &planned->facts;
    struct host_facts *host = &planned->host;
    facts->mx.lookup = (struct lookup_facts){.status = DNS_NODATA, .security = DNSSEC_INSECURE};
    host->host = facts->domain;
    host->address.a = (struct lookup_facts){.status = DNS_ANSWERED, .security = DNSSEC_INSECURE};
    host->address.aaaa = (struct lookup_facts){.status = DNS_NODATA, .security = DNSSEC_INSECURE};
    if (!add_addresses(planned, &host->address, line->words[2]))
        return false;
    host->probes = make(planned, 1, sizeof *host->probes);
    host->probe_count = 1;
    host->probes[0] = (struct probe_facts){
        .host = host->host, .ip = host->address.ips[0], .not_tried = NOT_TRIED_ELSEWHERE, .tls.alert = -1};
    return true;
}

static bool plan(struct planned *planned, const struct line *line)
{
    struct domain_facts *facts = &planned->facts;
    facts->domain = arena_string(&planned->arena, line->words[1]);
    facts->label = line->words[3];
    facts->policy.fetch.tls.alert = -1;
    bool policy = contact_label_of(facts->label) == CONTACT_POLICY;
    bool good = policy ? plan_policy(planned, line) : plan_host(planned, line);
    for (size_t i = 4; good && i < line->count; i++)
        good = read_word(planned, line->words[i], policy);
    if (policy)
        return good;
    struct host_facts *host = make(planned, 1, sizeof *host);
    *host = planned->host;
    facts->hosts = make(planned, 1, sizeof *facts->hosts);
    facts->hosts[facts->host_count++] =
        (struct mx_host){.host = facts->domain, .implicit = true, .facts = host};
    return good;
}

bool script_contact(struct world *world, const struct line *line)
{
    struct planned planned = {.facts = {.ordinal = world->started + 1}};
    arena_init_small(&planned.arena, DOMAIN_ARENA_BYTES, 1024);
    if (!plan(&planned, line) || contact_fault(&planned.facts) != NULL) {
        arena_dispose(&planned.arena);
        return false;
    }
    world->started++;
    story_tell("contact of %s at %s begins: %s", line->words[1], line->words[2], line->words[3]);
    if (contact_start(&world->workers[world->started % world->count], &planned.facts, &planned.arena) !=
        ERR_OK)
        out_of_memory("a contact");
    return true;
}
