/* Reduces facts of domains to contacts, and writes these as json_domain writes records. */
#include "scanner/stages/contacts.h"

#include "output/json/json.h"
#include "scanner/facts/hostname.h"
#include "scanner/reach/addresses.h"
#include "scanner/stages/replay.h"
#include "scanner/sts/record.h"
#include "scanner/verdict/verdict.h"

/* Where contacts are made of. */
struct making {
    const struct domain_facts *facts;
    const struct look *looks; /* of earlier rounds, that go with them */
    size_t look_count;
    const struct optout *optout;
    struct arena *arena;
    contact_take take;
    void *arg;
};

/* Copies the looks at one address of an MX host, or at the policy host. false: out of memory. */
static bool copy_looks(const struct making *making, const char *host, const struct ip_addr *ip,
                       struct domain_facts *facts)
{
    if (making->look_count == 0)
        return true;
    facts->looks = arena_array(making->arena, making->look_count, sizeof *facts->looks);
    if (facts->looks == NULL)
        return false;
    for (size_t i = 0; i < making->look_count; i++) {
        const struct look *look = &making->looks[i];
        bool is_at = host == NULL ? look->policy
                                  : !look->policy && strcmp(look->host, host) == 0 && ip_equal(&look->ip, ip);
        if (is_at)
            facts->looks[facts->look_count++] = *look;
    }
    return true;
}

/* ---- MX hosts ------------------------------------------------------------------------------------------ */

static enum contact_label label_of(const struct domain_facts *facts, const struct host_facts *host)
{
    if (facts->cached != NULL || sts_record_wants_policy(facts->txt.rrs, facts->txt.rr_count))
        return CONTACT_INTENT;
    return host->tlsa.rr_count > 0 ? CONTACT_TLSA : CONTACT_ALL;
}

/* Makes the host its own implicit MX host, with the one address of its addresses that is to be probed. */
static bool make_host(const struct making *making, const struct host_facts *names, struct contact *contact)
{
    struct domain_facts *facts = &contact->facts;
    struct host_facts *host = arena_alloc(making->arena, sizeof *host);
    struct probe_facts *probe = arena_alloc(making->arena, sizeof *probe);
    struct mx_host *mx = arena_alloc(making->arena, sizeof *mx);
    if (host == NULL || probe == NULL || mx == NULL)
        return false;
    *probe = (struct probe_facts){.host = names->host,
                                  .ip = contact->ip,
                                  .not_tried = contact->opted_out ? NOT_TRIED_OPTOUT : NOT_TRIED_ELSEWHERE,
                                  .tls.alert = -1};
    *host = *names;
    host->probes = probe;
    host->probe_count = 1;
    *mx = (struct mx_host){.host = names->host, .implicit = true, .facts = host};
    facts->mx.lookup = (struct lookup_facts){.status = DNS_NODATA, .security = names->address.a.security};
    facts->hosts = mx;
    facts->host_count = 1;
    return copy_looks(making, names->host, &contact->ip, facts);
}

static enum error give_host(const struct making *making, const struct host_facts *host,
                            const struct ip_addr *ip)
{
    const struct domain_facts *facts = making->facts;
    struct contact contact = {.label = label_of(facts, host), .name = host->host, .ip = *ip};
    contact.opted_out =
        optout_has_domain(making->optout, facts->domain) || optout_has_domain(making->optout, host->host) ||
        addresses_opted_out(&host->address, making->optout) || optout_has_ip(making->optout, ip);
    contact.facts =
        (struct domain_facts){.domain = host->host, .tld = hostname_tld(host->host), .time = facts->time};
    contact.facts.policy.fetch.tls.alert = -1;
    contact.facts.label = contact_label_name(contact.label);
    return make_host(making, host, &contact) ? making->take(making->arg, &contact) : ERR_MEMORY;
}

/* ---- the policy host ----------------------------------------------------------------------------------- */

/* Does the list name the domain, the policy host or an alias of it, or all of its addresses? */
static bool is_policy_opted_out(const struct domain_facts *facts, const struct optout *optout)
{
    const struct address_facts *address = &facts->policy.address;
    if (optout_has_domain(optout, facts->domain) || addresses_opted_out(address, optout) ||
        (facts->policy.host != NULL && optout_has_domain(optout, facts->policy.host)))
        return true;
    for (size_t i = 0; i < address->ip_count; i++)
        if (!optout_has_ip(optout, &address->ips[i]))
            return false;
    return true;
}

/* Gives the policy host with the addresses from `next` on, and what was seen at those before. */
static enum error give_policy(const struct making *making, size_t next, const struct fetch_facts *trouble)
{
    const struct domain_facts *facts = making->facts;
    struct contact contact = {.label = CONTACT_POLICY, .name = facts->domain};
    struct address_facts *address = &contact.facts.policy.address;
    contact.opted_out = is_policy_opted_out(facts, making->optout);
    contact.facts = (struct domain_facts){.domain = facts->domain,
                                          .unicode = facts->unicode,
                                          .label = contact_label_name(CONTACT_POLICY),
                                          .tld = facts->tld,
                                          .psl_suffix = facts->psl_suffix,
                                          .is_public_suffix = facts->is_public_suffix,
                                          .time = facts->time,
                                          .txt = facts->txt,
                                          .policy = facts->policy};
    address->ips += next;
    address->ip_count -= next;
    contact.ip = address->ips[0];
    contact.facts.policy.fetch = *trouble;
    if (contact.opted_out) /* without an address: see contact_is_opted_out() */
        contact.facts.policy.fetch = (struct fetch_facts){.not_tried = NOT_TRIED_OPTOUT, .tls.alert = -1};
    return copy_looks(making, NULL, NULL, &contact.facts) ? making->take(making->arg, &contact) : ERR_MEMORY;
}

/* ---- of a domain --------------------------------------------------------------------------------------- */

enum error contacts_of_replay(const struct domain_facts *facts, const struct replay_end *end,
                              const struct optout *optout, struct arena *arena, contact_take take, void *arg)
{
    const struct making making = {facts, end->looks, end->look_count, optout, arena, take, arg};
    enum error error = ERR_OK;
    for (size_t i = 0; i < end->contact_count && error == ERR_OK; i++) {
        const struct replay_contact *wanted = &end->contacts[i];
        if (wanted->policy)
            error = give_policy(&making, wanted->next, &end->trouble);
        else
            error = give_host(&making, wanted->known, &wanted->ip);
    }
    return error;
}

/* ---- its line ------------------------------------------------------------------------------------------ */

enum error contact_line(const struct contact *contact, struct arena *arena, struct buf *out)
{
    struct judgement judgement;
    verdict_judge(&contact->facts, BY_OWN_TIME, arena, &judgement);
    if (arena->full)
        return ERR_MEMORY;
    return json_domain(out, &contact->facts, &judgement) ? ERR_OK : ERR_LIMIT;
}

static bool append(struct buf *out, struct bytes text)
{
    return buf_append(out, text.data, text.len);
}

/* Returns what of the line stands behind the first such text, and that in *before; zeroed if there is none.
 */
static struct bytes split(struct bytes line, const char *text, struct bytes *before)
{
    const uint8_t *at = line.len == 0 ? NULL : memmem(line.data, line.len, text, strlen(text));
    if (at == NULL)
        return (struct bytes){NULL, 0};
    *before = bytes_make(line.data, (size_t)(at - line.data));
    return bytes_behind(line, before->len + strlen(text));
}

/* A quote within a text is written behind a backslash, so that what is looked for here and below stands in
 * none. */
struct contact_glance contact_glance(struct bytes line)
{
    struct contact_glance glance = {.policy = bytes_hold(line, "\"label\":\"policy\""),
                                    .over = bytes_hold(line, "\"label\":\"over\""),
                                    .family = 4};
    const char *at = glance.policy ? "\"addresses\":[\"" : "\"ips\":[{\"ip\":\"";
    struct bytes before, ip, address = split(line, at, &before);
    if (split(address, "\"", &ip).data != NULL && ip.len > 0 && memchr(ip.data, ':', ip.len) != NULL)
        glance.family = 6;
    /* Beside an address of its fetch it is the trouble there; looks have addresses too. */
    struct bytes own, looks = split(line, "\"looks\":[", &own);
    bool trouble = glance.policy && bytes_hold(looks.data == NULL ? line : own, "\"ip\":\"");
    glance.opted_out = !trouble && bytes_hold(line, "\"not_tried\":\"optout\"");
    return glance;
}

bool contact_seal(struct bytes line, uint64_t ordinal, enum contact_label label, struct buf *out)
{
    struct bytes head, middle, old;
    const struct bytes behind = split(line, "\"ordinal\":0,", &head);
    const struct bytes labelled = split(behind, "\"label\":\"", &middle);
    const struct bytes rest = split(labelled, "\"", &old);
    return rest.len > 0 && append(out, head) &&
           buf_printf(out, "\"ordinal\":%llu,", (unsigned long long)ordinal) && append(out, middle) &&
           buf_printf(out, "\"label\":\"%s\"", contact_label_name(label)) && append(out, rest);
}
