/*
 * dns/message on any bytes. The question that is expected is the message's own, so that what lies behind it
 * is reached; ldns' reader of whole records is the oracle: each record that we take, it must have read just
 * so; each that it reads of the name and type that we answer for, we must have taken; and how long an absence
 * holds is what its SOA says. Its reader of whole messages is one for the whole: what it takes we take, with
 * the same rcode and AD bit, unless rdata that we read is malformed; what it refuses we take only if the
 * fault is in a single record.
 */
#include <ldns/ldns.h>
#include <stdlib.h>

#include "scanner/wire/dns_message.h"
#include "scanner/wire/dns_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);

/* ldns_wire2pkt (1.8.3) gives a record of some messages up that it does not free. The program itself takes no
 * memory of ldns's. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libldns";
}

const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

enum { ARENA_BYTES = 4 << 20, HEADER_BYTES = 12, SOA_FIELDS = 7 };

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* The question's name as text; NULL where there is none. Leaves its type in *type. */
static const char *own_question(struct bytes message, struct arena *arena, uint16_t *type)
{
    uint8_t name[DNS_NAME_BYTES];
    if (message.len < HEADER_BYTES)
        return NULL;
    size_t len = dns_name_read(message, HEADER_BYTES, name);
    size_t end = dns_name_skip(message, HEADER_BYTES);
    if (len == 0 || end == 0 || message.len - end < 2)
        return NULL;
    *type = (uint16_t)(message.data[end] << 8 | message.data[end + 1]);
    return dns_name_text(bytes_make(name, len), arena);
}

/* Text and wire lead to each other. */
static void check_name(const char *text, struct arena *arena)
{
    uint8_t wire[DNS_NAME_BYTES];
    size_t len = dns_name_from_text(wire, text);
    must(len > 0);
    const char *again = dns_name_text(bytes_make(wire, len), arena);
    must(again == NULL ? arena->full : strcmp(again, text) == 0);
}

static bool same_rdata(const ldns_rr *rr, struct bytes rdata)
{
    size_t at = 0;
    for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *field = ldns_rr_rdf(rr, i);
        size_t len = ldns_rdf_size(field);
        if (len > rdata.len - at || (len > 0 && memcmp(rdata.data + at, ldns_rdf_data(field), len) != 0))
            return false;
        at += len;
    }
    return at == rdata.len;
}

/* ldns' reader of one record at *pos, which goes on to the next one, where ldns itself would lose its place.
 * NULL for a record that ldns will not have or has not read to its end. */
static ldns_rr *oracle_record(struct bytes message, size_t *pos)
{
    ldns_rr *rr = NULL;
    size_t start = *pos;
    size_t fixed = dns_name_skip(message, start);
    size_t read = start;
    *pos = fixed + 10 + (size_t)(message.data[fixed + 8] << 8 | message.data[fixed + 9]);
    if (ldns_wire2rr(&rr, message.data, *pos, &read, LDNS_SECTION_ANSWER) != LDNS_STATUS_OK)
        return NULL;
    if (read == *pos)
        return rr;
    ldns_rr_free(rr);
    return NULL;
}

static bool oracle_has(struct bytes message, uint16_t type, struct bytes rdata)
{
    size_t pos = dns_name_skip(message, HEADER_BYTES) + 4;
    bool found = false;
    for (unsigned left = LDNS_ANCOUNT(message.data); left > 0 && !found; left--) {
        ldns_rr *rr = oracle_record(message, &pos);
        found = rr != NULL && ldns_rr_get_type(rr) == (ldns_rr_type)type && same_rdata(rr, rdata);
        ldns_rr_free(rr);
    }
    return found;
}

/* Does a name inside the rdata point where dns_name_read will not follow? */
static bool has_odd_names(struct bytes within, size_t rdata, uint16_t type, uint8_t *name)
{
    switch (type) {
    case DNS_TYPE_MX:
        return dns_name_read(within, rdata + 2, name) == 0;
    case DNS_TYPE_CNAME:
        return dns_name_read(within, rdata, name) == 0;
    case DNS_TYPE_SOA:
        return dns_name_read(within, rdata, name) == 0 ||
               dns_name_read(within, dns_name_skip(within, rdata), name) == 0;
    default:
        return false;
    }
}

/* Would dns_rdata_valid have it? ldns takes a TXT without any string. */
static bool is_valid(const ldns_rr *rr, struct arena *arena)
{
    size_t len = 0;
    uint8_t *rdata = arena_alloc(arena, UINT16_MAX);
    for (size_t i = 0; rdata != NULL && i < ldns_rr_rd_count(rr); i++) {
        const ldns_rdf *field = ldns_rr_rdf(rr, i);
        must(ldns_rdf_size(field) <= UINT16_MAX - len);
        memcpy(rdata + len, ldns_rdf_data(field), ldns_rdf_size(field));
        len += ldns_rdf_size(field);
    }
    return rdata != NULL && dns_rdata_valid((uint16_t)ldns_rr_get_type(rr), bytes_make(rdata, len));
}

static bool we_have(const struct dns_answer *answer, const ldns_rr *rr)
{
    for (size_t i = 0; i < answer->rr_count; i++)
        if (same_rdata(rr, answer->rrs[i].rdata))
            return true;
    return false;
}

static bool is_owner(struct bytes message, size_t pos, const char *owner, struct arena *arena)
{
    uint8_t name[DNS_NAME_BYTES];
    const char *text = dns_name_text(bytes_make(name, dns_name_read(message, pos, name)), arena);
    return text != NULL && strcmp(text, owner) == 0;
}

/* What ldns reads of the type and owner that we answer for, we have, but for names whose pointers we do not
 * follow. */
static void check_complete(struct bytes message, const struct dns_answer *answer, struct arena *arena)
{
    size_t pos = dns_name_skip(message, HEADER_BYTES) + 4;
    if (answer->lookup.status != DNS_ANSWERED || LDNS_ANCOUNT(message.data) > DNS_RRS_KEPT)
        return;
    for (unsigned left = LDNS_ANCOUNT(message.data); left > 0; left--) {
        struct bytes within = bytes_make(message.data, message.len);
        size_t start = pos;
        size_t rdata = dns_name_skip(message, pos) + 10;
        ldns_rr *rr = oracle_record(message, &pos);
        uint8_t name[DNS_NAME_BYTES];
        within.len = pos;
        if (rr != NULL && ldns_rr_get_class(rr) == LDNS_RR_CLASS_IN &&
            ldns_rr_get_type(rr) == (ldns_rr_type)answer->type &&
            is_owner(message, start, answer->owner, arena) &&
            !has_odd_names(within, rdata, answer->type, name) && is_valid(rr, arena))
            must(we_have(answer, rr));
        ldns_rr_free(rr);
    }
}

/* The least of the first SOA's own TTL and its last field, where nothing on the way there was shorter. */
static void check_negative_ttl(struct bytes message, const struct dns_answer *answer)
{
    ldns_pkt *packet = NULL;
    if ((answer->lookup.status != DNS_NODATA && answer->lookup.status != DNS_NXDOMAIN) ||
        ldns_wire2pkt(&packet, message.data, message.len) != LDNS_STATUS_OK)
        return;
    ldns_rr_list *list = ldns_pkt_authority(packet);
    for (size_t i = 0; i < ldns_rr_list_rr_count(list); i++) {
        const ldns_rr *soa = ldns_rr_list_rr(list, i);
        if (ldns_rr_get_type(soa) != LDNS_RR_TYPE_SOA)
            continue;
        if (ldns_rr_rd_count(soa) != SOA_FIELDS)
            break; /* ldns takes one without any */
        uint32_t minimum = ldns_rdf2native_int32(ldns_rr_rdf(soa, SOA_FIELDS - 1));
        uint32_t ttl = ldns_rr_ttl(soa) > INT32_MAX ? 0 : ldns_rr_ttl(soa);
        must(answer->lookup.ttl <= (minimum < ttl ? minimum : ttl));
        must(answer->lookup.cname_count > 0 || answer->lookup.ttl == (minimum < ttl ? minimum : ttl) ||
             answer->lookup.ttl == 0);
        break;
    }
    ldns_pkt_free(packet);
}

/* Rdata of other types than we ask for is taken as it is. */
static bool is_asked_for(uint16_t type)
{
    static const uint16_t types[] = {DNS_TYPE_A,   DNS_TYPE_CNAME, DNS_TYPE_SOA, DNS_TYPE_MX,
                                     DNS_TYPE_TXT, DNS_TYPE_AAAA,  DNS_TYPE_TLSA};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i] == type)
            return true;
    return false;
}

static void ask_oracle(struct bytes message, const struct dns_answer *answer, struct arena *arena)
{
    for (size_t i = 0; i < answer->rr_count && is_asked_for(answer->type); i++)
        must(oracle_has(message, answer->type, answer->rrs[i].rdata));
    if (is_asked_for(answer->type))
        check_complete(message, answer, arena);
    check_negative_ttl(message, answer);
    must(answer->lookup.status != DNS_NXDOMAIN || LDNS_RCODE_WIRE(message.data) == LDNS_RCODE_NXDOMAIN);
}

/* ---- the message as a whole ---------------------------------------------------------------------------- */

/* What is said of the records of a message, one by one. */
struct parts {
    bool ldns_refuses; /* one of any section */
    bool we_may;       /* one of the answer has an owner, or is of a type that we read and has rdata, that is
                          malformed to us */
};

/* ldns takes an SOA that ends behind its names. */
static bool is_short_soa(const ldns_rr *rr)
{
    return ldns_rr_get_type(rr) == LDNS_RR_TYPE_SOA && ldns_rr_rd_count(rr) != SOA_FIELDS;
}

static struct parts look_at_parts(struct bytes message, uint16_t type, struct arena *arena)
{
    struct parts parts = {false, false};
    size_t pos = dns_name_skip(message, HEADER_BYTES) + 4;
    const unsigned answers = LDNS_ANCOUNT(message.data);
    const unsigned all = answers + LDNS_NSCOUNT(message.data) + LDNS_ARCOUNT(message.data);
    for (unsigned i = 0; i < all; i++) {
        uint8_t name[DNS_NAME_BYTES];
        size_t fixed = dns_name_skip(message, pos);
        if (fixed == 0 || message.len - fixed < 10 ||
            message.len - fixed - 10 < (size_t)(message.data[fixed + 8] << 8 | message.data[fixed + 9]))
            return (struct parts){true, true};                  /* the message ends before its records do */
        bool has_owner = dns_name_read(message, pos, name) > 0; /* a pointer into the header leads to none */
        ldns_rr *rr = oracle_record(message, &pos);
        uint16_t its = (uint16_t)(message.data[fixed] << 8 | message.data[fixed + 1]);
        parts.ldns_refuses |= rr == NULL;
        parts.we_may |= i < answers && !has_owner;
        if (i < answers && (its == type || its == DNS_TYPE_CNAME))
            parts.we_may |= rr == NULL || !is_valid(rr, arena) || is_short_soa(rr) ||
                            has_odd_names(bytes_make(message.data, pos), fixed + 10, its, name);
        ldns_rr_free(rr);
    }
    return parts;
}

static bool is_status_of(enum dns_status status, unsigned rcode)
{
    switch (rcode) {
    case LDNS_RCODE_NOERROR:
        return status == DNS_ANSWERED || status == DNS_NODATA || status == DNS_LOOP || status == DNS_LAME ||
               status == DNS_TOO_LARGE;
    case LDNS_RCODE_NXDOMAIN:
        return status == DNS_NXDOMAIN || status == DNS_LOOP;
    case LDNS_RCODE_REFUSED:
        return status == DNS_REFUSED;
    case LDNS_RCODE_FORMERR:
    case LDNS_RCODE_NOTIMPL:
        return status == DNS_FORMERR;
    default:
        return status == DNS_SERVFAIL;
    }
}

static void compare_whole(struct bytes message, enum dns_read read, const struct dns_answer *answer,
                          struct arena *arena)
{
    ldns_pkt *packet = NULL;
    bool takes = ldns_wire2pkt(&packet, message.data, message.len) == LDNS_STATUS_OK;
    struct parts parts = look_at_parts(message, answer->type, arena);
    if (!takes) {
        must(read != DNS_READ_ANSWER || parts.ldns_refuses);
        return;
    }
    if (parts.ldns_refuses) {
        ldns_pkt_free(packet); /* it has lost its place, and reads the rest as something else */
        return;
    }
    must(read != DNS_READ_MALFORMED || parts.we_may || arena->full);
    if (read == DNS_READ_ANSWER) {
        unsigned rcode = (unsigned)ldns_pkt_get_rcode(packet) | (unsigned)ldns_pkt_edns_extended_rcode(packet)
                                                                    << 4;
        bool tells = dns_says_anything(answer->lookup.status);
        must(is_status_of(answer->lookup.status, rcode));
        must(answer->lookup.security == (!tells                ? DNSSEC_UNVALIDATED
                                         : ldns_pkt_ad(packet) ? DNSSEC_SECURE
                                                               : DNSSEC_INSECURE));
    }
    must(read != DNS_READ_TRUNCATED || ldns_pkt_tc(packet));
    must(read == DNS_READ_NOT_OURS || ldns_pkt_qr(packet));
    ldns_pkt_free(packet);
}

/* ---- what is made of it -------------------------------------------------------------------------------- */

static void check_facts(const struct dns_answer *answer, struct arena *arena)
{
    struct txt_facts txt;
    struct mx_facts mx;
    struct tlsa_facts tlsa;
    struct address_facts address;
    dns_txt_facts(answer, arena, &txt);
    dns_mx_facts(answer, arena, &mx);
    dns_tlsa_facts(answer, arena, &tlsa);
    dns_address_facts(answer, answer, arena, &address);
    must(txt.rr_count <= answer->rr_count && mx.rr_count <= answer->rr_count);
    must(tlsa.rr_count <= answer->rr_count && address.ip_count <= answer->rr_count);
    for (size_t i = 0; i < mx.rr_count; i++)
        check_name(mx.rrs[i].host, arena);
    for (size_t i = 1; i < mx.rr_count; i++)
        must(mx.rrs[i - 1].preference <= mx.rrs[i].preference);
}

static void check_answer(struct bytes message, const struct dns_answer *answer, struct arena *arena)
{
    must((answer->lookup.status == DNS_ANSWERED) == (answer->rr_count > 0));
    must(answer->rr_count <= DNS_RRS_KEPT && answer->lookup.cname_count <= DNS_CNAMES_KEPT);
    must(answer->lookup.status > DNS_NOT_ASKED && answer->lookup.status < DNS_STATUS_COUNT);
    check_name(answer->owner, arena);
    for (size_t i = 0; i < answer->lookup.cname_count; i++)
        check_name(answer->lookup.cnames[i], arena);
    for (size_t i = 0; i < answer->rr_count; i++)
        must(dns_rdata_valid(answer->type, answer->rrs[i].rdata));
    ask_oracle(message, answer, arena);
    check_facts(answer, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes message = bytes_make(data, size);
    struct dns_expect expect = {.trust_ad = true};
    struct dns_answer answer;
    struct arena arena;
    if (size > UINT16_MAX)
        return 0;
    arena_init(&arena, ARENA_BYTES);
    expect.name = own_question(message, &arena, &expect.type);
    if (expect.name != NULL) {
        expect.id = (uint16_t)(data[0] << 8 | data[1]);
        enum dns_read read = dns_answer_read(message, &expect, &arena, &answer);
        if (read != DNS_READ_NOT_OURS)
            compare_whole(message, read, &answer, &arena);
        if (read == DNS_READ_ANSWER)
            check_answer(message, &answer, &arena);
    }
    arena_dispose(&arena);
    return 0;
}
