/* Computes how long answers hold, and puts earlier ones in the place of failures. */
#include "scanner/reach/hostlookups.h"

#include "scanner/dns/lookup.h"
#include "scanner/facts/fields.h"
#include "scanner/verdict/parts.h"

/* ---- how long answers hold ----------------------------------------------------------------------------- */

static uint32_t shorter(uint32_t seconds, const struct lookup_facts *lookup)
{
    if (lookup->status == DNS_NOT_ASKED)
        return seconds;
    uint32_t holds = lookup_failed(lookup) ? (uint32_t)HOST_FAILURE_HOLDS_S : lookup->ttl;
    return holds < seconds ? holds : seconds;
}

int64_t host_holds_ms(const struct host_facts *facts)
{
    uint32_t seconds = HOST_HOLDS_MOST_S;
    seconds = shorter(seconds, &facts->address.a);
    seconds = shorter(seconds, &facts->address.aaaa);
    seconds = shorter(seconds, &facts->tlsa.lookup);
    return (int64_t)(seconds < HOST_HOLDS_LEAST_S ? HOST_HOLDS_LEAST_S : seconds) * 1000;
}

/* ---- earlier answers ----------------------------------------------------------------------------------- */

static int64_t serves_until(const struct lookup_facts *lookup, int64_t now)
{
    bool good = lookup->status == DNS_ANSWERED || lookup->status == DNS_NODATA;
    if (!good || lookup->security == DNSSEC_SECURE)
        return 0;
    return now + ((int64_t)lookup->ttl + HOST_STALE_SERVES_S) * 1000;
}

struct host_serves host_serves_until(const struct address_facts *address, int64_t now)
{
    struct host_serves serves = {0, 0};
    if (address->ip_count == 0)
        return serves;
    serves.a_until_ms = serves_until(&address->a, now);
    serves.aaaa_until_ms = serves_until(&address->aaaa, now);
    return serves;
}

static bool may_serve(const struct lookup_facts *lookup, int64_t until, int64_t now)
{
    bool bogus = lookup->status == DNS_BOGUS || lookup->security == DNSSEC_BOGUS;
    return lookup_failed(lookup) && !bogus && now < until;
}

/* Takes over the earlier lookup's aliases: they led to the addresses. */
static void take_lookup(struct lookup_facts *lookup, const struct lookup_facts *earlier, struct arena *arena)
{
    struct lookup_facts copy;
    dns_lookup_copy(earlier, arena, &copy);
    lookup->stale = true;
    lookup->cnames = copy.cnames;
    lookup->cname_count = copy.cname_count;
}

static void append(struct address_facts *to, const struct address_facts *from, uint8_t family)
{
    for (size_t i = 0; i < from->ip_count; i++)
        if (from->ips[i].family == family)
            to->ips[to->ip_count++] = from->ips[i];
}

void host_serve_stale(struct address_facts *address, struct host_serves *serves,
                      const struct address_facts *earlier, const struct host_serves *until, int64_t now,
                      struct arena *arena)
{
    const bool a = may_serve(&address->a, until->a_until_ms, now);
    const bool aaaa = may_serve(&address->aaaa, until->aaaa_until_ms, now);
    struct address_facts whole = *address;
    if (!a && !aaaa)
        return;
    whole.ip_count = 0;
    whole.ips = arena_array(arena, address->ip_count + earlier->ip_count + 1, sizeof *whole.ips);
    if (whole.ips == NULL)
        return;
    append(&whole, a ? earlier : address, 4);
    append(&whole, aaaa ? earlier : address, 6);
    if (a) {
        take_lookup(&whole.a, &earlier->a, arena);
        serves->a_until_ms = until->a_until_ms;
    }
    if (aaaa) {
        take_lookup(&whole.aaaa, &earlier->aaaa, arena);
        serves->aaaa_until_ms = until->aaaa_until_ms;
    }
    *address = whole;
}

/* ---- copies -------------------------------------------------------------------------------------------- */

static void copy_records(const struct tlsa_facts *from, struct arena *arena, struct tlsa_facts *to)
{
    to->rrs = arena_array(arena, from->rr_count, sizeof *to->rrs);
    to->rr_count = to->rrs == NULL ? 0 : from->rr_count;
    for (size_t i = 0; i < to->rr_count; i++)
        fields_copy(&fields_tlsa_rr, &from->rrs[i], arena, KEPT, &to->rrs[i]);
}

void host_lookups_copy(const struct host_facts *from, struct arena *arena, struct host_facts *to)
{
    const struct address_facts *address = &from->address;
    to->address = (struct address_facts){0};
    dns_lookup_copy(&address->a, arena, &to->address.a);
    dns_lookup_copy(&address->aaaa, arena, &to->address.aaaa);
    to->address.ips = arena_array(arena, address->ip_count, sizeof *address->ips);
    to->address.ip_count = to->address.ips == NULL ? 0 : address->ip_count;
    if (to->address.ip_count > 0)
        memcpy(to->address.ips, address->ips, address->ip_count * sizeof *address->ips);
    to->tlsa = (struct tlsa_facts){.base = arena_string(arena, from->tlsa.base)};
    dns_lookup_copy(&from->tlsa.lookup, arena, &to->tlsa.lookup);
    copy_records(&from->tlsa, arena, &to->tlsa);
}
