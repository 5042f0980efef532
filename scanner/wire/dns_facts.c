/*
 * Turns DNS answers into the facts of scanner/facts/record.h: deep copies in the arena of those facts, sorted
 * if the order of an RRset means nothing. Malformed rdata is left out, whichever engine let it through. No
 * I/O.
 */
#include <stdlib.h>

#include "scanner/facts/record_kept.h"
#include "scanner/wire/dns_message.h"
#include "scanner/wire/dns_name.h"

enum { A_BYTES = 4, AAAA_BYTES = 16, MX_FIXED_BYTES = 2, TLSA_FIXED_BYTES = 3 };

/* ---- is it well-formed? -------------------------------------------------------------------------------- */

/* Says whether one character-string or more fill the rdata exactly (RFC 1035 section 3.3.14). */
static bool txt_valid(struct bytes rdata)
{
    size_t pos = 0;
    while (pos < rdata.len)
        pos += (size_t)rdata.data[pos] + 1;
    return rdata.len > 0 && pos == rdata.len;
}

static bool mx_valid(struct bytes rdata)
{
    return rdata.len > MX_FIXED_BYTES && dns_name_valid(bytes_behind(rdata, MX_FIXED_BYTES));
}

bool dns_rdata_valid(uint16_t type, struct bytes rdata)
{
    switch (type) {
    case DNS_TYPE_A:
        return rdata.len == A_BYTES;
    case DNS_TYPE_AAAA:
        return rdata.len == AAAA_BYTES;
    case DNS_TYPE_CNAME:
        return dns_name_valid(rdata);
    case DNS_TYPE_TXT:
        return txt_valid(rdata);
    case DNS_TYPE_MX:
        return mx_valid(rdata);
    case DNS_TYPE_TLSA:
        return rdata.len >= TLSA_FIXED_BYTES;
    default:
        return true;
    }
}

static bool usable(const struct dns_answer *answer, uint16_t type, size_t index)
{
    return answer->type == type && dns_rdata_valid(type, answer->rrs[index].rdata);
}

/* ---- copies -------------------------------------------------------------------------------------------- */

static void copy_edes(const struct lookup_facts *from, struct arena *arena, struct lookup_facts *to)
{
    to->edes = from->ede_count == 0 ? NULL : arena_array(arena, from->ede_count, sizeof *to->edes);
    to->ede_count = to->edes == NULL ? 0 : from->ede_count;
    for (size_t i = 0; i < to->ede_count; i++)
        to->edes[i] = (struct dns_ede){from->edes[i].code, arena_bytes(arena, from->edes[i].text)};
}

/* Reduces a lookup of which nothing can be kept. */
static void make_too_large(struct lookup_facts *lookup)
{
    *lookup = (struct lookup_facts){.status = DNS_TOO_LARGE, .security = lookup->security};
}

/* Copies a validator's words up to a ceiling: they hold the names that it met, and so as many bytes as
 * somebody likes. */
static const char *copy_words(const char *words, struct arena *arena)
{
    return words == NULL ? NULL : arena_copy(arena, words, strnlen(words, WHY_BOGUS_BYTES_KEPT));
}

static bool copy_chain(const struct lookup_facts *from, struct arena *arena, struct lookup_facts *to)
{
    size_t len = 0;
    for (size_t i = 0; i < from->cname_count; i++)
        len += strlen(from->cnames[i]);
    const char **cnames =
        len > CNAME_BYTES_KEPT ? NULL : arena_array(arena, from->cname_count, sizeof *cnames);
    if (cnames == NULL)
        return false;
    to->cnames = cnames;
    for (size_t i = 0; i < from->cname_count; i++)
        if ((cnames[to->cname_count++] = arena_string(arena, from->cnames[i])) == NULL)
            return false;
    return true;
}

void dns_lookup_copy(const struct lookup_facts *from, struct arena *arena, struct lookup_facts *to)
{
    *to = (struct lookup_facts){.status = from->status,
                                .security = from->security,
                                .ttl = from->ttl,
                                .stale = from->stale,
                                .truncated = from->truncated};
    copy_edes(from, arena, to);
    to->why_bogus = copy_words(from->why_bogus, arena);
    if (from->cname_count > 0 && !copy_chain(from, arena, to))
        make_too_large(to);
}

/* Copies the lookup and allocates its RRs; NULL if there are none to copy. */
static void *start_rrs(const struct dns_answer *answer, struct arena *arena, size_t size,
                       struct lookup_facts *lookup)
{
    dns_lookup_copy(&answer->lookup, arena, lookup);
    if (answer->rr_count == 0 || lookup->status == DNS_TOO_LARGE)
        return NULL;
    void *rrs = arena_array(arena, answer->rr_count, size);
    if (rrs == NULL)
        make_too_large(lookup);
    return rrs;
}

/* Joins the strings of one RR with nothing between them (TXT-1). */
static struct bytes join_strings(struct bytes rdata, struct arena *arena)
{
    uint8_t *text = arena_alloc(arena, rdata.len); /* its length bytes are room to spare */
    size_t used = 0;
    if (text == NULL)
        return (struct bytes){NULL, 0};
    for (size_t pos = 0; pos < rdata.len; pos += (size_t)rdata.data[pos] + 1) {
        memcpy(text + used, rdata.data + pos + 1, rdata.data[pos]);
        used += rdata.data[pos];
    }
    return bytes_make(text, used);
}

void dns_txt_facts(const struct dns_answer *answer, struct arena *arena, struct txt_facts *facts)
{
    *facts = (struct txt_facts){0};
    facts->rrs = start_rrs(answer, arena, sizeof *facts->rrs, &facts->lookup);
    for (size_t i = 0; facts->rrs != NULL && i < answer->rr_count; i++) {
        if (!usable(answer, DNS_TYPE_TXT, i))
            continue;
        struct bytes text = join_strings(answer->rrs[i].rdata, arena);
        facts->rrs[facts->rr_count++] = text;
        if (text.data == NULL) {
            make_too_large(&facts->lookup);
            *facts = (struct txt_facts){.lookup = facts->lookup};
        }
    }
}

static int compare_mx(const void *a, const void *b)
{
    const struct mx_rr *left = a;
    const struct mx_rr *right = b;
    if (left->preference != right->preference)
        return left->preference < right->preference ? -1 : 1;
    return strcmp(left->host, right->host);
}

static struct mx_rr read_mx(struct bytes rdata, struct arena *arena)
{
    struct bytes name = bytes_behind(rdata, MX_FIXED_BYTES);
    return (struct mx_rr){(uint16_t)(rdata.data[0] << 8 | rdata.data[1]), dns_name_text(name, arena)};
}

void dns_mx_facts(const struct dns_answer *answer, struct arena *arena, struct mx_facts *facts)
{
    *facts = (struct mx_facts){0};
    facts->rrs = start_rrs(answer, arena, sizeof *facts->rrs, &facts->lookup);
    for (size_t i = 0; facts->rrs != NULL && i < answer->rr_count; i++) {
        if (!usable(answer, DNS_TYPE_MX, i))
            continue;
        struct mx_rr rr = read_mx(answer->rrs[i].rdata, arena);
        facts->rrs[facts->rr_count++] = rr;
        if (rr.host == NULL) {
            make_too_large(&facts->lookup);
            *facts = (struct mx_facts){.lookup = facts->lookup};
        }
    }
    if (facts->rr_count > 1)
        qsort(facts->rrs, facts->rr_count, sizeof *facts->rrs, compare_mx);
}

static int compare_tlsa(const void *a, const void *b)
{
    const struct tlsa_rr *left = a;
    const struct tlsa_rr *right = b;
    const uint8_t of_left[] = {left->usage, left->selector, left->matching};
    const uint8_t of_right[] = {right->usage, right->selector, right->matching};
    size_t common = left->data.len < right->data.len ? left->data.len : right->data.len;
    int order = memcmp(of_left, of_right, sizeof of_left);
    if (order == 0 && common > 0)
        order = memcmp(left->data.data, right->data.data, common);
    if (order == 0 && left->data.len != right->data.len)
        order = left->data.len < right->data.len ? -1 : 1;
    return order;
}

static struct tlsa_rr read_tlsa(struct bytes rdata)
{
    struct bytes data = bytes_behind(rdata, TLSA_FIXED_BYTES);
    return (struct tlsa_rr){rdata.data[0], rdata.data[1], rdata.data[2], data};
}

/* Keeps the first of the sorted RRs up to the ceilings, so that the order in which they came does not matter.
 */
static void cut_tlsa(struct tlsa_facts *facts)
{
    size_t kept = 0, len = 0;
    while (kept < facts->rr_count && kept < TLSA_RRS_KEPT &&
           facts->rrs[kept].data.len <= TLSA_BYTES_KEPT - len)
        len += facts->rrs[kept++].data.len;
    facts->lookup.truncated = facts->lookup.truncated || kept < facts->rr_count;
    facts->rr_count = kept;
}

void dns_tlsa_facts(const struct dns_answer *answer, struct arena *arena, struct tlsa_facts *facts)
{
    *facts = (struct tlsa_facts){0};
    facts->rrs = start_rrs(answer, arena, sizeof *facts->rrs, &facts->lookup);
    for (size_t i = 0; facts->rrs != NULL && i < answer->rr_count; i++)
        if (usable(answer, DNS_TYPE_TLSA, i))
            facts->rrs[facts->rr_count++] = read_tlsa(answer->rrs[i].rdata);
    if (facts->rr_count > 1)
        qsort(facts->rrs, facts->rr_count, sizeof *facts->rrs, compare_tlsa);
    cut_tlsa(facts);
    for (size_t i = 0; i < facts->rr_count; i++) {
        facts->rrs[i].data = arena_bytes(arena, facts->rrs[i].data);
        if (facts->rrs[i].data.data == NULL) {
            make_too_large(&facts->lookup);
            *facts = (struct tlsa_facts){.lookup = facts->lookup};
        }
    }
}

/* ---- addresses ----------------------------------------------------------------------------------------- */

static int compare_ips(const void *a, const void *b)
{
    const struct ip_addr *left = a;
    const struct ip_addr *right = b;
    return memcmp(left->bytes, right->bytes, sizeof left->bytes);
}

static size_t unique(struct ip_addr *ips, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || compare_ips(&ips[kept - 1], &ips[i]) != 0)
            ips[kept++] = ips[i];
    return kept;
}

/* Appends one family's addresses, sorted, unique, and no more than are kept. */
static void add_family(const struct dns_answer *answer, uint16_t type, struct address_facts *facts,
                       struct lookup_facts *lookup)
{
    struct ip_addr *first = facts->ips + facts->ip_count;
    size_t count = 0;
    for (size_t i = 0; i < answer->rr_count; i++) {
        const uint8_t *rdata = answer->rrs[i].rdata.data;
        if (usable(answer, type, i))
            first[count++] = type == DNS_TYPE_A ? ip_v4(rdata) : ip_v6(rdata);
    }
    if (count > 1)
        qsort(first, count, sizeof *first, compare_ips);
    count = unique(first, count);
    lookup->truncated = lookup->truncated || count > ADDRESSES_KEPT;
    facts->ip_count += count > ADDRESSES_KEPT ? ADDRESSES_KEPT : count;
}

/* Copies the lookup and returns how many RRs of the answer are to be copied: none if the lookup could not be.
 */
static size_t copy_lookup(const struct dns_answer *answer, struct arena *arena, struct lookup_facts *lookup)
{
    if (answer == NULL)
        return 0;
    dns_lookup_copy(&answer->lookup, arena, lookup);
    return lookup->status == DNS_TOO_LARGE ? 0 : answer->rr_count;
}

void dns_address_facts(const struct dns_answer *a, const struct dns_answer *aaaa, struct arena *arena,
                       struct address_facts *facts)
{
    *facts = (struct address_facts){0};
    size_t fours = copy_lookup(a, arena, &facts->a);
    size_t sixes = copy_lookup(aaaa, arena, &facts->aaaa);
    if (fours + sixes == 0)
        return;
    facts->ips = arena_array(arena, fours + sixes, sizeof *facts->ips);
    if (facts->ips == NULL) {
        if (fours > 0)
            make_too_large(&facts->a);
        if (sixes > 0)
            make_too_large(&facts->aaaa);
        return;
    }
    if (fours > 0)
        add_family(a, DNS_TYPE_A, facts, &facts->a);
    if (sixes > 0)
        add_family(aaaa, DNS_TYPE_AAAA, facts, &facts->aaaa);
}
