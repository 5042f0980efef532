/* Asks at the base domains one after the other, until one has TLSA records or a lookup fails. Opens no socket
 * itself. */
#include "scanner/reach/tlsa.h"

#include <string.h>

#include "scanner/base/buf.h"

enum { NAME_BYTES = 4 * 255 + 32 }; /* each byte of the longest name escaped, and the labels before it */

static bool is_answer_of(const struct lookup_facts *lookup, enum dns_security security)
{
    return lookup->status == DNS_ANSWERED && lookup->security == security;
}

enum tlsa_plan tlsa_plan(const struct address_facts *address)
{
    const struct lookup_facts *signed_one =
        is_answer_of(&address->a, DNSSEC_SECURE) ? &address->a : &address->aaaa;
    bool unsigned_one =
        is_answer_of(&address->a, DNSSEC_INSECURE) || is_answer_of(&address->aaaa, DNSSEC_INSECURE);
    bool alias = address->a.cname_count > 0 || address->aaaa.cname_count > 0;
    if (unsigned_one)
        return alias ? TLSA_IF_ALIAS : TLSA_NOWHERE;
    if (!is_answer_of(signed_one, DNSSEC_SECURE))
        return TLSA_NOWHERE;
    return signed_one->cname_count > 0 ? TLSA_EXPANDED : TLSA_HOST;
}

static const char *expanded_name(const struct address_facts *address)
{
    const struct lookup_facts *lookup =
        is_answer_of(&address->a, DNSSEC_SECURE) ? &address->a : &address->aaaa;
    return lookup->cnames[lookup->cname_count - 1];
}

static void finish(struct tlsa_query *query)
{
    tlsa_done done = query->done;
    query->done = NULL;
    done(query->arg);
}

static void ask(struct tlsa_query *query, const char *base);

/* Has the name surely no records that count, so that the next is asked? An unsigned answer has none either
 * (section 2.2). */
static bool has_none(const struct lookup_facts *lookup)
{
    return dns_says_no(lookup->status) || is_answer_of(lookup, DNSSEC_INSECURE);
}

static void on_tlsa(void *arg, const struct dns_answer *answer)
{
    struct tlsa_query *query = arg;
    const char *base = query->facts->base;
    query->lookup = (struct lookup_handle){0};
    dns_tlsa_facts(answer, query->arena, query->facts);
    query->facts->base = base;
    const char *next = query->next;
    query->next = NULL;
    if (next != NULL && has_none(&query->facts->lookup))
        ask(query, next);
    else
        finish(query);
}

static void ask(struct tlsa_query *query, const char *base)
{
    struct buf name;
    buf_init(&name, NAME_BYTES);
    query->facts->base = arena_string(query->arena, base);
    buf_printf(&name, "_%lld._tcp.%s", (long long)query->port, base);
    query->lookup = lookup_start(query->dns, buf_string(&name), DNS_TYPE_TLSA, on_tlsa, query);
    buf_dispose(&name);
}

/* Is the alias itself in a signed zone? (section 2.2.2) If that cannot be told a sender defers, as on the
 * records themselves. */
static void on_alias(void *arg, const struct dns_answer *answer)
{
    struct tlsa_query *query = arg;
    query->lookup = (struct lookup_handle){0};
    if (is_answer_of(&answer->lookup, DNSSEC_SECURE)) {
        ask(query, query->host);
        return;
    }
    if (answer->lookup.status != DNS_ANSWERED && !has_none(&answer->lookup))
        dns_lookup_copy(&answer->lookup, query->arena, &query->facts->lookup);
    finish(query);
}

bool tlsa_query_start(struct tlsa_query *query, struct lookup_engine *dns, const char *host, int64_t port,
                      const struct address_facts *address, struct arena *arena, struct tlsa_facts *facts,
                      tlsa_done done, void *arg)
{
    *query = (struct tlsa_query){
        .dns = dns, .host = host, .port = port, .arena = arena, .facts = facts, .done = done, .arg = arg};
    *facts = (struct tlsa_facts){0};
    switch (tlsa_plan(address)) {
    case TLSA_EXPANDED:
        query->next = strcmp(expanded_name(address), host) == 0 ? NULL : host;
        ask(query, expanded_name(address));
        return true;
    case TLSA_HOST:
        ask(query, host);
        return true;
    case TLSA_IF_ALIAS:
        query->lookup = lookup_start(dns, host, DNS_TYPE_CNAME, on_alias, query);
        return true;
    case TLSA_NOWHERE:
        break;
    }
    return false;
}

bool tlsa_same_records(const struct tlsa_facts *a, const struct tlsa_facts *b)
{
    if (a->rr_count != b->rr_count)
        return false;
    for (size_t i = 0; i < a->rr_count; i++) {
        const struct tlsa_rr *left = &a->rrs[i];
        const struct tlsa_rr *right = &b->rrs[i];
        if (left->usage != right->usage || left->selector != right->selector ||
            left->matching != right->matching || !bytes_equal(left->data, right->data))
            return false;
    }
    return true;
}

void tlsa_query_cancel(struct tlsa_query *query)
{
    if (query->done != NULL)
        lookup_cancel(query->dns, query->lookup);
    query->done = NULL;
}
