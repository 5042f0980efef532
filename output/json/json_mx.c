/* Writes MX set and hosts as JSON. Says nothing twice: rrs and addresses leave out what the hosts already
 * tell. */
#include "output/json/json_mx.h"

#include "output/json/json_facts.h"

/* Tells whether the hosts listed hold every RR of the answer, in its order. */
static bool hosts_tell_all(const struct domain_facts *facts)
{
    if (facts->mx.rr_count == 0)
        return true;
    if (facts->mx.rr_count != facts->host_count)
        return false;
    for (size_t i = 0; i < facts->host_count; i++)
        if (facts->hosts[i].preference != facts->mx.rrs[i].preference ||
            strcmp(facts->hosts[i].host, facts->mx.rrs[i].host) != 0)
            return false;
    return true;
}

static void write_rrs(struct json *json, const struct mx_facts *mx)
{
    json_open_array(json, "rrs");
    for (size_t i = 0; i < mx->rr_count; i++) {
        json_open(json, NULL);
        json_put_string(json, "host", mx->rrs[i].host);
        json_put_unsigned(json, "pref", mx->rrs[i].preference);
        json_close(json);
    }
    json_close_array(json);
}

static void write_tlsa(struct json *json, const struct tlsa_facts *tlsa)
{
    if (tlsa->lookup.status == DNS_NOT_ASKED)
        return;
    json_open(json, "tlsa");
    json_lookup(json, &tlsa->lookup);
    json_security(json, "dnssec", &tlsa->lookup);
    json_ttl(json, &tlsa->lookup);
    json_put_optional(json, "base", tlsa->base);
    if (tlsa->rr_count > 0)
        json_open_array(json, "rrs");
    for (size_t i = 0; i < tlsa->rr_count; i++) {
        json_open(json, NULL);
        json_put_unsigned(json, "usage", tlsa->rrs[i].usage);
        json_put_unsigned(json, "selector", tlsa->rrs[i].selector);
        json_put_unsigned(json, "matching", tlsa->rrs[i].matching);
        json_put_hex(json, "data", tlsa->rrs[i].data);
        json_close(json);
    }
    if (tlsa->rr_count > 0)
        json_close_array(json);
    json_close(json);
}

/* Writes when the lookups were made anew, and what they gave before if that was something else. */
static void write_asked(struct json *json, const struct host_facts *facts, enum dns_security known)
{
    const struct host_before *before = facts->before;
    if (facts->asked != 0)
        json_put_time(json, "asked", facts->asked);
    if (before == NULL)
        return;
    json_open(json, "before");
    json_address_lookups(json, &before->address, known);
    json_addresses(json, &before->address);
    write_tlsa(json, &before->tlsa);
    json_close(json);
}

enum { NEAR_MS = 60000 };

/* Tells whether the record names which of the address's host records is meant: if there may be several, or if
 * a reader would not expect it, as it is not of the domain's own time. */
static bool is_named(const struct domain_facts *facts, const struct probe_facts *probe)
{
    int64_t apart = probe->time - facts->time;
    if (probe->not_tried != TRIED || probe->time == 0 || facts->untimed)
        return false;
    return probe->again || apart > NEAR_MS || apart < -NEAR_MS;
}

static void write_ip(struct json *json, const struct domain_facts *facts, const struct probe_facts *probe,
                     const struct host_verdict *host, const struct ip_verdict *verdict)
{
    json_open(json, NULL);
    json_ip(json, "ip", &probe->ip);
    if (is_named(facts, probe))
        json_put_time(json, "time", probe->time);
    json_put_string(json, "code", failure_name(verdict->code));
    if (probe->not_tried != TRIED)
        json_put_string(json, "not_tried", not_tried_name(probe->not_tried));
    if (host->dane_applies) {
        json_put_string(json, "dane", failure_name(verdict->dane));
        if (verdict->tlsa > 0)
            json_put_unsigned(json, "tlsa", verdict->tlsa);
    }
    json_close(json);
}

static void write_ips(struct json *json, const struct domain_facts *domain, const struct host_facts *facts,
                      const struct host_verdict *verdict)
{
    size_t count = verdict == NULL                          ? 0
                   : verdict->ip_count < facts->probe_count ? verdict->ip_count
                                                            : facts->probe_count;
    if (count < facts->address.ip_count)
        json_addresses(json, &facts->address);
    if (count == 0)
        return;
    json_open_array(json, "ips");
    for (size_t i = 0; i < count; i++)
        write_ip(json, domain, &facts->probes[i], verdict, &verdict->ips[i]);
    json_close_array(json);
}

static void write_host(struct json *json, const struct domain_facts *facts, const struct mx_host *host,
                       const struct host_verdict *verdict, bool policy_usable)
{
    json_open(json, NULL);
    json_put_string(json, "host", host->host);
    json_put_unsigned(json, "pref", host->preference);
    json_put_flag(json, "implicit", host->implicit);
    json_put_flag(json, "address_literal", host->address_literal);
    if (verdict != NULL) {
        if (policy_usable)
            json_put_bool(json, "policy_match", verdict->policy_match);
        json_put_string(json, "code", failure_name(verdict->code));
        json_put_flag(json, "certificates_differ", verdict->certificates_differ);
        json_put_string(json, "dane", dane_outcome_name(verdict->dane));
        if (verdict->dane_code != FAIL_NONE)
            json_put_string(json, "dane_code", failure_name(verdict->dane_code));
    }
    if (host->facts != NULL) {
        json_address_lookups(json, &host->facts->address, facts->mx.lookup.security);
        write_tlsa(json, &host->facts->tlsa);
        write_asked(json, host->facts, facts->mx.lookup.security);
        write_ips(json, facts, host->facts, verdict);
    }
    json_close(json);
}

static void write_hosts(struct json *json, const struct domain_facts *facts,
                        const struct judgement *judgement)
{
    bool usable = judgement_has_policy(judgement);
    if (facts->host_count == 0)
        return;
    json_open_array(json, "hosts");
    for (size_t i = 0; i < facts->host_count; i++)
        write_host(json, facts, &facts->hosts[i], i < judgement->host_count ? &judgement->hosts[i] : NULL,
                   usable);
    json_close_array(json);
}

void json_mx(struct json *json, const struct domain_facts *facts, const struct judgement *judgement)
{
    json_open(json, "mx");
    json_lookup(json, &facts->mx.lookup);
    json_security(json, "dnssec", &facts->mx.lookup);
    json_put_flag(json, "null", mx_is_null(&facts->mx));
    if (!hosts_tell_all(facts))
        write_rrs(json, &facts->mx);
    write_hosts(json, facts, judgement);
    json_close(json);
}
