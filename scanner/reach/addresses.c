/* Makes both lookups and puts their facts together. */
#include "scanner/reach/addresses.h"

static void finish(struct address_query *query)
{
    if (--query->pending > 0)
        return;
    struct address_facts *facts = query->facts;
    const struct address_facts *six = &query->aaaa_part;
    facts->aaaa = six->aaaa;
    if (six->ip_count > 0) {
        size_t count = facts->ip_count + six->ip_count;
        struct ip_addr *ips = arena_array(query->arena, count, sizeof *ips);
        if (ips == NULL) {
            facts->aaaa = (struct lookup_facts){.status = DNS_TOO_LARGE, .security = six->aaaa.security};
        } else {
            if (facts->ip_count > 0)
                memcpy(ips, facts->ips, facts->ip_count * sizeof *ips);
            memcpy(ips + facts->ip_count, six->ips, six->ip_count * sizeof *ips);
            facts->ips = ips;
            facts->ip_count = count;
        }
    }
    query->done(query->arg);
}

static void on_a(void *arg, const struct dns_answer *answer)
{
    struct address_query *query = arg;
    query->a = (struct lookup_handle){0};
    dns_address_facts(answer, NULL, query->arena, query->facts);
    finish(query);
}

static void on_aaaa(void *arg, const struct dns_answer *answer)
{
    struct address_query *query = arg;
    query->aaaa = (struct lookup_handle){0};
    dns_address_facts(NULL, answer, query->arena, &query->aaaa_part);
    finish(query);
}

void address_query_start(struct address_query *query, struct lookup_engine *dns, const char *name,
                         struct arena *arena, struct address_facts *facts, addresses_done done, void *arg)
{
    *query = (struct address_query){
        .dns = dns, .arena = arena, .facts = facts, .pending = 2, .done = done, .arg = arg};
    query->a = lookup_start(dns, name, DNS_TYPE_A, on_a, query);
    query->aaaa = lookup_start(dns, name, DNS_TYPE_AAAA, on_aaaa, query);
}

void address_query_cancel(struct address_query *query)
{
    if (query->pending == 0)
        return;
    lookup_cancel(query->dns, query->a);
    lookup_cancel(query->dns, query->aaaa);
    query->pending = 0;
}

bool addresses_surely_none(const struct address_facts *facts)
{
    return facts->ip_count == 0 && dns_says_no(facts->a.status) && dns_says_no(facts->aaaa.status);
}

bool lookup_opted_out(const struct lookup_facts *lookup, const struct optout *optout)
{
    for (size_t i = 0; i < lookup->cname_count; i++)
        if (optout_has_domain(optout, lookup->cnames[i]))
            return true;
    return false;
}

bool addresses_opted_out(const struct address_facts *facts, const struct optout *optout)
{
    return lookup_opted_out(&facts->a, optout) || lookup_opted_out(&facts->aaaa, optout);
}
