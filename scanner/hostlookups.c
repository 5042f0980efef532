/* TTLs, failures, and earlier answers in their place. */
#include "scanner/hostlookups.h"

#include "scanner/dns/lookup.h"
#include "scanner/verdict_parts.h"

/* ---- how long answers hold ------------------------------------------------------------------------- */

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

/* ---- earlier answers --------------------------------------------------------------------------------- */

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

/* The aliases are those that led to the addresses. */
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
