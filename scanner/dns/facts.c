/*
 * From answers into the facts of output/record.h: deep copies in the record's own arena, sorted where the
 * order of an RRset means nothing. Malformed rdata is left out, whichever engine let it through. No I/O.
 */
#include <stdlib.h>

#include "scanner/dns/message.h"
#include "scanner/dns/name.h"

enum { A_BYTES = 4, AAAA_BYTES = 16, MX_FIXED_BYTES = 2, TLSA_FIXED_BYTES = 3 };

/* ---- is it well-formed? ---- */

/* One character-string or more, which fill the rdata exactly (RFC 1035 section 3.3.14). */
static bool txt_valid(struct bytes rdata)
{
    size_t pos = 0;
    while (pos < rdata.len)
        pos += (size_t)rdata.data[pos] + 1;
    return rdata.len > 0 && pos == rdata.len;
}

static bool mx_valid(struct bytes rdata)
{
    return rdata.len > MX_FIXED_BYTES &&
           dns_name_valid(bytes_make(rdata.data + MX_FIXED_BYTES, rdata.len - MX_FIXED_BYTES));
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

/* ---- copies ---- */

static void copy_edes(const struct lookup_facts *from, struct arena *arena, struct lookup_facts *to)
{
    to->edes = from->ede_count == 0 ? NULL : arena_array(arena, from->ede_count, sizeof *to->edes);
    to->ede_count = to->edes == NULL ? 0 : from->ede_count;
    for (size_t i = 0; i < to->ede_count; i++)
        to->edes[i] = (struct dns_ede){from->edes[i].code, arena_bytes(arena, from->edes[i].text)};
}

void dns_lookup_copy(const struct lookup_facts *from, struct arena *arena, struct lookup_facts *to)
{
    *to = *from;
    to->cnames = NULL;
    to->cname_count = 0;
    copy_edes(from, arena, to);
    to->why_bogus = arena_string(arena, from->why_bogus);
    if (from->cname_count == 0)
        return;
    const char **cnames = arena_array(arena, from->cname_count, sizeof *cnames);
    if (cnames == NULL)
        return;
    to->cnames = cnames;
    for (size_t i = 0; i < from->cname_count; i++) {
        cnames[i] = arena_string(arena, from->cnames[i]);
        if (cnames[i] == NULL)
            return;
        to->cname_count++;
    }
}

/* TXT-1: the strings of one RR with nothing between them. */
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
    dns_lookup_copy(&answer->lookup, arena, &facts->lookup);
    if (answer->rr_count == 0)
        return;
    facts->rrs = arena_array(arena, answer->rr_count, sizeof *facts->rrs);
    for (size_t i = 0; i < answer->rr_count && facts->rrs != NULL; i++) {
        if (!usable(answer, DNS_TYPE_TXT, i))
            continue;
        struct bytes text = join_strings(answer->rrs[i].rdata, arena);
        if (text.data != NULL)
            facts->rrs[facts->rr_count++] = text;
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

void dns_mx_facts(const struct dns_answer *answer, struct arena *arena, struct mx_facts *facts)
{
    *facts = (struct mx_facts){0};
    dns_lookup_copy(&answer->lookup, arena, &facts->lookup);
    if (answer->rr_count == 0)
        return;
    facts->rrs = arena_array(arena, answer->rr_count, sizeof *facts->rrs);
    for (size_t i = 0; i < answer->rr_count && facts->rrs != NULL; i++) {
        if (!usable(answer, DNS_TYPE_MX, i))
            continue;
        struct bytes rdata = answer->rrs[i].rdata;
        struct bytes name = bytes_make(rdata.data + MX_FIXED_BYTES, rdata.len - MX_FIXED_BYTES);
        const char *host = dns_name_text(name, arena);
        if (host != NULL)
            facts->rrs[facts->rr_count++] =
                (struct mx_rr){(uint16_t)(rdata.data[0] << 8 | rdata.data[1]), host};
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

void dns_tlsa_facts(const struct dns_answer *answer, struct arena *arena, struct tlsa_facts *facts)
{
    *facts = (struct tlsa_facts){0};
    dns_lookup_copy(&answer->lookup, arena, &facts->lookup);
    if (answer->rr_count == 0)
        return;
    facts->rrs = arena_array(arena, answer->rr_count, sizeof *facts->rrs);
    for (size_t i = 0; i < answer->rr_count && facts->rrs != NULL; i++) {
        if (!usable(answer, DNS_TYPE_TLSA, i))
            continue;
        struct bytes rdata = answer->rrs[i].rdata;
        struct bytes data = bytes_make(rdata.data + TLSA_FIXED_BYTES, rdata.len - TLSA_FIXED_BYTES);
        data = arena_bytes(arena, data);
        if (data.data != NULL)
            facts->rrs[facts->rr_count++] =
                (struct tlsa_rr){rdata.data[0], rdata.data[1], rdata.data[2], data};
    }
    if (facts->rr_count > 1)
        qsort(facts->rrs, facts->rr_count, sizeof *facts->rrs, compare_tlsa);
}

/* ---- addresses ---- */

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

/* Adds one family's addresses behind those that are there, sorted and unique. */
static void add_family(const struct dns_answer *answer, uint16_t type, struct address_facts *facts)
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
    facts->ip_count += unique(first, count);
}

void dns_address_facts(const struct dns_answer *a, const struct dns_answer *aaaa, struct arena *arena,
                       struct address_facts *facts)
{
    *facts = (struct address_facts){0};
    size_t count = (a == NULL ? 0 : a->rr_count) + (aaaa == NULL ? 0 : aaaa->rr_count);
    if (a != NULL)
        dns_lookup_copy(&a->lookup, arena, &facts->a);
    if (aaaa != NULL)
        dns_lookup_copy(&aaaa->lookup, arena, &facts->aaaa);
    if (count > 0)
        facts->ips = arena_array(arena, count, sizeof *facts->ips);
    if (facts->ips == NULL)
        return;
    if (a != NULL)
        add_family(a, DNS_TYPE_A, facts);
    if (aaaa != NULL)
        add_family(aaaa, DNS_TYPE_AAAA, facts);
}
