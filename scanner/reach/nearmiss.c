/* Asks the questions of the search in two steps: is there a sign, and what stands at which name? */
#include "scanner/reach/nearmiss.h"

#include "scanner/facts/hostname.h"
#include "scanner/sts/record.h"
#include "scanner/sts/tlsrpt.h"

/* The longest name, and room for the longest prefix. */
enum { NAME_BYTES = 256 + 32 };

static const char unpublished[] = "_no-record-stands-here.";

static bool has_record(const struct domain_facts *facts)
{
    return sts_record_wants_policy(facts->txt.rrs, facts->txt.rr_count);
}

/* Says whether the answer tells that there is no record. */
static bool lacks_record(const struct txt_facts *txt)
{
    return dns_says_no(txt->lookup.status) || (txt->lookup.status == DNS_ANSWERED && !txt->lookup.truncated &&
                                               !sts_record_wants_policy(txt->rrs, txt->rr_count));
}

static bool has_tlsrpt(const struct txt_facts *tlsrpt)
{
    for (size_t i = 0; i < tlsrpt->rr_count; i++)
        if (tlsrpt_is_candidate(tlsrpt->rrs[i]))
            return true;
    return false;
}

static bool lacks_tlsrpt(const struct txt_facts *tlsrpt)
{
    return dns_says_no(tlsrpt->lookup.status) ||
           (tlsrpt->lookup.status == DNS_ANSWERED && !tlsrpt->lookup.truncated && !has_tlsrpt(tlsrpt));
}

bool near_miss_is_due(const struct domain_facts *facts)
{
    if (facts->mx.lookup.status == DNS_NXDOMAIN || mx_names_nobody(facts))
        return false;
    return has_record(facts) ? lacks_tlsrpt(&facts->tlsrpt) : lacks_record(&facts->txt);
}

static struct lookup_handle ask(struct near_miss_look *look, const char *prefix, uint16_t type,
                                lookup_done done, void *arg)
{
    char name[NAME_BYTES];
    look->asked++;
    (void)hostname_below(name, sizeof name, prefix, look->facts->domain);
    return lookup_start(look->dns, name, type, done, arg);
}

/* ---- places -------------------------------------------------------------------------------------------- */

static void on_place(void *arg, const struct dns_answer *answer)
{
    struct near_miss_place *place = arg;
    struct near_miss_look *look = place->look;
    place->handle = (struct lookup_handle){0};
    dns_txt_facts(answer, look->arena, place->facts);
    if (--look->pending == 0)
        look->done(look->arg);
}

static void ask_place(struct near_miss_look *look, const char *prefix, struct txt_facts *facts)
{
    if (look->asked == NEAR_MISS_QUERIES)
        return;
    struct near_miss_place *place = &look->places[look->place_count++];
    *place = (struct near_miss_place){.look = look, .facts = facts};
    look->pending++;
    place->handle = ask(look, prefix, DNS_TYPE_TXT, on_place, place);
}

static void ask_places(struct near_miss_look *look)
{
    struct near_miss_facts *found = &look->facts->near_miss;
    if (look->facts->txt.lookup.status == DNS_ANSWERED)
        ask_place(look, unpublished, &found->wildcard);
    ask_place(look, "", &found->apex);
    ask_place(look, "mta-sts.", &found->policy_host);
    ask_place(look, "_mta_sts.", &found->underscore);
    if (!has_tlsrpt(&look->facts->tlsrpt))
        ask_place(look, "_smtp-tlsrpt.", &found->tlsrpt);
}

/* ---- the sign ------------------------------------------------------------------------------------------ */

static void on_address(void *arg, const struct dns_answer *answer);

static void ask_address(struct near_miss_look *look, uint16_t type)
{
    look->address_type = type;
    look->address = ask(look, "mta-sts.", type, on_address, look);
}

static void on_address(void *arg, const struct dns_answer *answer)
{
    struct near_miss_look *look = arg;
    struct lookup_facts *found = &look->facts->near_miss.address;
    look->address = (struct lookup_handle){0};
    dns_lookup_copy(&answer->lookup, look->arena, found);
    if (found->status == DNS_ANSWERED)
        ask_places(look);
    else if (found->status == DNS_NODATA && look->address_type == DNS_TYPE_A)
        ask_address(look, DNS_TYPE_AAAA);
    else
        look->done(look->arg);
}

/* ---- start and end ------------------------------------------------------------------------------------- */

void near_miss_start(struct near_miss_look *look, struct lookup_engine *dns, struct arena *arena,
                     struct domain_facts *facts, void (*done)(void *arg), void *arg)
{
    *look = (struct near_miss_look){.dns = dns, .arena = arena, .facts = facts, .done = done, .arg = arg};
    if (has_record(facts))
        ask_place(look, "_smtp-tlsrpt.", &facts->near_miss.tlsrpt);
    else if (has_tlsrpt(&facts->tlsrpt))
        ask_places(look);
    else
        ask_address(look, DNS_TYPE_A);
}

void near_miss_cancel(struct near_miss_look *look)
{
    if (look->dns == NULL)
        return;
    lookup_cancel(look->dns, look->address);
    for (size_t i = 0; i < look->place_count; i++)
        lookup_cancel(look->dns, look->places[i].handle);
}
