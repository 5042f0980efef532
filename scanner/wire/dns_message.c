/*
 * Writes questions and reads responses. The whole message is read here and not by ldns, so that a hostile one
 * costs bounded work, one bad RR does not spoil the others, and an answer costs no allocation but the arena's
 * (ldns' own reader was a fifth of the stub engine's time). ldns gives the constants, and is the oracle of
 * tests/fuzz/fuzz_message. No I/O, no clock.
 */
#include "scanner/wire/dns_message.h"

#include <ldns/ldns.h>

#include "scanner/wire/dns_name.h"

enum {
    HEADER_BYTES = LDNS_HEADER_SIZE,
    OPT_BYTES = 11,
    TYPE_NS = LDNS_RR_TYPE_NS,
    TYPE_PTR = LDNS_RR_TYPE_PTR,
    TYPE_OPT = LDNS_RR_TYPE_OPT,
    CLASS_IN = LDNS_RR_CLASS_IN,
    RECORDS_KEPT = DNS_RRS_KEPT + 2 * DNS_CNAMES_KEPT,
    PREFERENCE_BYTES = 2,
    OPTION_EDE = 15,
    OPTION_HEAD_BYTES = 4,
    SOA_TIMES_BYTES = 20 /* serial, refresh, retry, expire, minimum */
};

/* The places of the parts of one DNS record in the message. */
struct record {
    uint16_t type;
    uint16_t rrclass;
    uint32_t ttl;
    size_t owner;
    size_t rdata; /* offset of the two bytes of its length */
    size_t next;
};

struct reader {
    struct bytes message;
    const struct dns_expect *expect;
    struct arena *arena;
    struct dns_answer *answer;
    struct record kept[RECORDS_KEPT]; /* of the answer section: the type asked for, and CNAMEs */
    size_t kept_count;
    bool cut;                      /* there were more of them */
    bool nameless;                 /* one of them has a name that cannot be read */
    struct record soa;             /* type 0 if there is none */
    struct record opt;             /* likewise */
    bool referral;                 /* NS in the authority section */
    unsigned rcode;                /* with EDNS' upper bits */
    uint8_t owner[DNS_NAME_BYTES]; /* the name at the chain's end, so far */
    size_t owner_len;
};

/* ---- the question -------------------------------------------------------------------------------------- */

static size_t put_u16(uint8_t *wire, size_t at, unsigned value)
{
    wire[at] = (uint8_t)(value >> 8);
    wire[at + 1] = (uint8_t)value;
    return at + 2;
}

size_t dns_query_write(uint8_t *wire, const char *name, uint16_t type, uint16_t id, bool checking_disabled)
{
    static const uint8_t opt[OPT_BYTES] = {0, 0, TYPE_OPT, DNS_EDNS_BYTES >> 8, DNS_EDNS_BYTES & 0xff,
                                           0, 0, 0x80};
    memset(wire, 0, HEADER_BYTES);
    (void)put_u16(wire, 0, id);
    LDNS_RD_SET(wire);
    if (checking_disabled)
        LDNS_CD_SET(wire);
    wire[LDNS_QDCOUNT_OFF + 1] = 1;
    wire[LDNS_ARCOUNT_OFF + 1] = 1;
    size_t len = dns_name_from_text(wire + HEADER_BYTES, name);
    if (len == 0)
        return 0;
    len = put_u16(wire, HEADER_BYTES + len, type);
    len = put_u16(wire, len, CLASS_IN);
    memcpy(wire + len, opt, sizeof opt);
    return len + sizeof opt;
}

size_t dns_query_strip_edns(uint8_t *wire, size_t len)
{
    wire[LDNS_ARCOUNT_OFF + 1] = 0;
    return len - OPT_BYTES;
}

/* ---- walking the message ------------------------------------------------------------------------------- */

/* Says whether the message is a whole response to this very question. Leaves *pos behind the question. */
static bool is_ours(struct reader *reader, size_t *pos)
{
    const uint8_t *wire = reader->message.data;
    uint8_t asked[DNS_NAME_BYTES];
    if (reader->message.len < HEADER_BYTES || !LDNS_QR_WIRE(wire) ||
        LDNS_OPCODE_WIRE(wire) != LDNS_PACKET_QUERY || LDNS_ID_WIRE(wire) != reader->expect->id ||
        LDNS_QDCOUNT(wire) != 1)
        return false;
    size_t asked_len = dns_name_from_text(asked, reader->expect->name);
    reader->owner_len = dns_name_read(reader->message, HEADER_BYTES, reader->owner);
    size_t end = dns_name_skip(reader->message, HEADER_BYTES);
    if (asked_len == 0 || end != HEADER_BYTES + reader->owner_len || reader->message.len < end + 4 ||
        !dns_name_equal(bytes_make(asked, asked_len), bytes_make(reader->owner, reader->owner_len)))
        return false;
    *pos = end + 4;
    return ldns_read_uint16(wire + end) == reader->expect->type &&
           ldns_read_uint16(wire + end + 2) == CLASS_IN;
}

static bool record_at(struct bytes message, size_t pos, struct record *record)
{
    size_t fixed = dns_name_skip(message, pos);
    if (fixed == 0 || message.len - fixed < 10)
        return false;
    const uint8_t *wire = message.data + fixed;
    *record = (struct record){.type = ldns_read_uint16(wire),
                              .rrclass = ldns_read_uint16(wire + 2),
                              .ttl = ldns_read_uint32(wire + 4),
                              .owner = pos,
                              .rdata = fixed + 8,
                              .next = fixed + 10 + ldns_read_uint16(wire + 8)};
    if (record->type != TYPE_OPT && record->ttl > INT32_MAX)
        record->ttl = 0; /* RFC 2181 section 8 */
    return record->next <= message.len;
}

static void take_answer(struct reader *reader, const struct record *record)
{
    bool wanted = record->type == reader->expect->type || record->type == DNS_TYPE_CNAME;
    uint8_t name[DNS_NAME_BYTES];
    if (!wanted || record->rrclass != CLASS_IN)
        return;
    if (dns_name_read(reader->message, record->owner, name) == 0)
        reader->nameless = true; /* it may be the one that was asked for: no absence follows of it */
    if (reader->kept_count < RECORDS_KEPT)
        reader->kept[reader->kept_count++] = *record;
    else
        reader->cut = true;
}

static void take_authority(struct reader *reader, const struct record *record)
{
    if (record->type == DNS_TYPE_SOA && reader->soa.type == 0)
        reader->soa = *record;
    if (record->type == TYPE_NS)
        reader->referral = true;
}

static void take_additional(struct reader *reader, const struct record *record)
{
    if (record->type != TYPE_OPT)
        return;
    reader->rcode |= (record->ttl >> 24) << 4;
    if (reader->opt.type == 0)
        reader->opt = *record;
}

static bool walk(struct reader *reader, size_t pos)
{
    static void (*const takes[])(struct reader *, const struct record *) = {take_answer, take_authority,
                                                                            take_additional};
    const uint8_t *wire = reader->message.data;
    const unsigned counts[] = {LDNS_ANCOUNT(wire), LDNS_NSCOUNT(wire), LDNS_ARCOUNT(wire)};
    for (size_t section = 0; section < 3; section++) {
        for (unsigned i = 0; i < counts[section]; i++) {
            struct record record;
            if (!record_at(reader->message, pos, &record))
                return false;
            takes[section](reader, &record);
            pos = record.next;
        }
    }
    return true;
}

/* ---- inside a DNS record ------------------------------------------------------------------------------- */

/* The shape of rdata that hold names: bytes before them, how many names, and bytes behind them. */
struct shape {
    size_t before;
    size_t names;
    size_t behind;
};

static struct shape shape_of(uint16_t type)
{
    switch (type) {
    case DNS_TYPE_MX:
        return (struct shape){PREFERENCE_BYTES, 1, 0};
    case DNS_TYPE_SOA:
        return (struct shape){0, 2, SOA_TIMES_BYTES};
    case DNS_TYPE_CNAME:
    case TYPE_NS:
    case TYPE_PTR:
        return (struct shape){0, 1, 0};
    default:
        return (struct shape){0, 0, 0};
    }
}

/* Writes rdata with its names decompressed into space. Returns the length, 0 if it is malformed. */
static size_t expand(struct bytes within, size_t at, struct shape shape, uint8_t *space)
{
    size_t used = shape.before;
    if (within.len - at < shape.before)
        return 0;
    memcpy(space, within.data + at, shape.before);
    at += shape.before;
    for (size_t i = 0; i < shape.names; i++) {
        size_t len = dns_name_read(within, at, space + used);
        if (len == 0)
            return 0;
        used += len;
        at = dns_name_skip(within, at);
    }
    if (within.len - at != shape.behind)
        return 0;
    memcpy(space + used, within.data + at, shape.behind);
    return used + shape.behind;
}

/* Copies a DNS record's rdata into the arena, names decompressed; data is NULL if it is malformed or there is
 * no room. */
static struct bytes read_rdata(struct reader *reader, const struct record *record)
{
    uint8_t space[PREFERENCE_BYTES + 2 * DNS_NAME_BYTES + SOA_TIMES_BYTES];
    struct bytes within = bytes_make(reader->message.data, record->next);
    size_t at = record->rdata + 2;
    struct shape shape = shape_of(record->type);
    struct bytes rdata = bytes_behind(within, at);
    if (shape.names > 0)
        rdata = bytes_make(space, expand(within, at, shape, space));
    bool good = (shape.names == 0 || rdata.len > 0) && dns_rdata_valid(record->type, rdata);
    return good ? arena_bytes(reader->arena, rdata) : (struct bytes){NULL, 0};
}

/* ---- the chain and the RRs at its end ------------------------------------------------------------------ */

static void lower_ttl(struct reader *reader, uint32_t ttl)
{
    if (ttl < reader->answer->lookup.ttl)
        reader->answer->lookup.ttl = ttl;
}

static bool owned(const struct reader *reader, const struct record *record, uint16_t type)
{
    uint8_t name[DNS_NAME_BYTES];
    if (record->type != type)
        return false;
    size_t len = dns_name_read(reader->message, record->owner, name);
    return dns_name_equal(bytes_make(name, len), bytes_make(reader->owner, reader->owner_len));
}

static const struct record *find_owned(const struct reader *reader, uint16_t type)
{
    for (size_t i = 0; i < reader->kept_count; i++)
        if (owned(reader, &reader->kept[i], type))
            return &reader->kept[i];
    return NULL;
}

/* Goes on to the CNAME's target and notes it; false if it is no name or there is no room. */
static bool step(struct reader *reader, const struct record *cname)
{
    struct lookup_facts *lookup = &reader->answer->lookup;
    struct bytes target = read_rdata(reader, cname);
    if (target.data == NULL)
        return false;
    if (lookup->cnames == NULL)
        lookup->cnames = arena_array(reader->arena, DNS_CNAMES_KEPT, sizeof *lookup->cnames);
    const char *text = dns_name_text(target, reader->arena);
    if (lookup->cnames == NULL || text == NULL)
        return false;
    lookup->cnames[lookup->cname_count++] = text;
    lower_ttl(reader, cname->ttl);
    memcpy(reader->owner, target.data, target.len);
    reader->owner_len = target.len;
    return true;
}

/* Follows the CNAME chain from the question's name to its end. A circle shows as a chain that is too long. */
static enum dns_read follow_chain(struct reader *reader)
{
    for (;;) {
        if (find_owned(reader, reader->expect->type) != NULL)
            return DNS_READ_ANSWER;
        const struct record *cname = find_owned(reader, DNS_TYPE_CNAME);
        if (cname == NULL)
            return DNS_READ_ANSWER;
        if (reader->answer->lookup.cname_count == DNS_CNAMES_KEPT) {
            reader->answer->lookup.status = DNS_LOOP;
            return DNS_READ_ANSWER;
        }
        if (!step(reader, cname))
            return DNS_READ_MALFORMED;
    }
}

static enum dns_read take_records(struct reader *reader)
{
    struct dns_answer *answer = reader->answer;
    size_t matching = 0;
    for (size_t i = 0; i < reader->kept_count; i++) {
        if (!owned(reader, &reader->kept[i], reader->expect->type))
            continue;
        matching++;
        if (answer->rr_count == DNS_RRS_KEPT) {
            reader->cut = true;
            break;
        }
        struct bytes rdata = read_rdata(reader, &reader->kept[i]);
        if (rdata.data == NULL)
            continue;
        if (answer->rrs == NULL)
            answer->rrs = arena_array(reader->arena, reader->kept_count, sizeof *answer->rrs);
        if (answer->rrs == NULL)
            return DNS_READ_MALFORMED;
        answer->rrs[answer->rr_count++].rdata = rdata;
        lower_ttl(reader, reader->kept[i].ttl);
    }
    if (matching > 0 && answer->rr_count == 0)
        return DNS_READ_MALFORMED;
    answer->lookup.status = matching > 0 ? DNS_ANSWERED : reader->cut ? DNS_TOO_LARGE : DNS_NODATA;
    answer->lookup.truncated = matching > 0 && reader->cut;
    return DNS_READ_ANSWER;
}

/* Takes how long the absence holds (RFC 2308 section 5); without a SOA, not at all. */
static void take_negative_ttl(struct reader *reader)
{
    struct bytes rdata = {NULL, 0};
    if (reader->soa.type != 0)
        rdata = read_rdata(reader, &reader->soa);
    uint32_t ttl = 0;
    if (rdata.len >= SOA_TIMES_BYTES) {
        ttl = ldns_read_uint32(rdata.data + rdata.len - 4);
        ttl = ttl < reader->soa.ttl ? ttl : reader->soa.ttl;
    }
    lower_ttl(reader, ttl);
}

static enum dns_read take_existing(struct reader *reader)
{
    struct lookup_facts *lookup = &reader->answer->lookup;
    enum dns_read read = follow_chain(reader);
    if (read != DNS_READ_ANSWER || lookup->status == DNS_LOOP)
        return read;
    if (reader->rcode == LDNS_RCODE_NXDOMAIN)
        lookup->status = DNS_NXDOMAIN;
    else
        read = take_records(reader);
    if (lookup->status == DNS_NODATA && reader->referral && reader->soa.type == 0 &&
        !LDNS_RA_WIRE(reader->message.data))
        lookup->status = DNS_LAME;
    if (lookup->status != DNS_ANSWERED)
        take_negative_ttl(reader);
    return read;
}

static enum dns_status failed_status(unsigned rcode)
{
    switch (rcode) {
    case LDNS_RCODE_REFUSED:
        return DNS_REFUSED;
    case LDNS_RCODE_FORMERR:
    case LDNS_RCODE_NOTIMPL:
        return DNS_FORMERR;
    default:
        return DNS_SERVFAIL;
    }
}

static enum dns_read take_rcode(struct reader *reader)
{
    struct lookup_facts *lookup = &reader->answer->lookup;
    if (reader->rcode == LDNS_RCODE_NOERROR || reader->rcode == LDNS_RCODE_NXDOMAIN) {
        lookup->ttl = UINT32_MAX;
        enum dns_read read = take_existing(reader);
        if (lookup->status == DNS_LOOP || lookup->status == DNS_LAME || lookup->status == DNS_TOO_LARGE)
            lookup->ttl = 0;
        return read;
    }
    lookup->status = failed_status(reader->rcode);
    return DNS_READ_ANSWER;
}

static void take_security(struct reader *reader)
{
    struct lookup_facts *lookup = &reader->answer->lookup;
    bool judged = dns_says_anything(lookup->status);
    lookup->security = DNSSEC_UNVALIDATED;
    if (judged && reader->expect->trust_ad)
        lookup->security = LDNS_AD_WIRE(reader->message.data) ? DNSSEC_SECURE : DNSSEC_INSECURE;
}

static void keep_ede(struct reader *reader, struct bytes option)
{
    struct lookup_facts *lookup = &reader->answer->lookup;
    if (option.len < 2 || lookup->ede_count == DNS_EDES_KEPT)
        return;
    if (lookup->edes == NULL)
        lookup->edes = arena_array(reader->arena, DNS_EDES_KEPT, sizeof *lookup->edes);
    if (lookup->edes == NULL)
        return;
    size_t len = option.len - 2 > DNS_EDE_TEXT_BYTES ? DNS_EDE_TEXT_BYTES : option.len - 2;
    lookup->edes[lookup->ede_count++] =
        (struct dns_ede){.code = ldns_read_uint16(option.data),
                         .text = arena_bytes(reader->arena, bytes_make(option.data + 2, len))};
}

/* Takes the resolver's reasons (RFC 8914). Options past a malformed one are left out. */
static void take_edes(struct reader *reader)
{
    const uint8_t *wire = reader->message.data;
    size_t end = reader->opt.next;
    if (reader->opt.type == 0)
        return;
    for (size_t at = reader->opt.rdata + 2; end - at >= OPTION_HEAD_BYTES;) {
        size_t len = ldns_read_uint16(wire + at + 2);
        if (len > end - at - OPTION_HEAD_BYTES)
            return;
        if (ldns_read_uint16(wire + at) == OPTION_EDE)
            keep_ede(reader, bytes_make(wire + at + OPTION_HEAD_BYTES, len));
        at += OPTION_HEAD_BYTES + len;
    }
}

enum dns_read dns_answer_read(struct bytes wire, const struct dns_expect *expect, struct arena *arena,
                              struct dns_answer *answer)
{
    struct reader reader;
    size_t pos;
    reader.message = wire;
    reader.expect = expect;
    reader.arena = arena;
    reader.answer = answer;
    reader.kept_count = 0;
    reader.cut = false;
    reader.nameless = false;
    reader.soa.type = 0;
    reader.opt.type = 0;
    reader.referral = false;
    *answer = (struct dns_answer){.type = expect->type};
    if (!is_ours(&reader, &pos))
        return DNS_READ_NOT_OURS;
    if (LDNS_TC_WIRE(wire.data))
        return DNS_READ_TRUNCATED;
    reader.rcode = LDNS_RCODE_WIRE(wire.data);
    if (!walk(&reader, pos) || reader.nameless)
        return DNS_READ_MALFORMED;
    enum dns_read read = take_rcode(&reader);
    if (read != DNS_READ_ANSWER)
        return read;
    take_security(&reader);
    take_edes(&reader);
    answer->owner = dns_name_text(bytes_make(reader.owner, reader.owner_len), arena);
    return answer->owner == NULL ? DNS_READ_MALFORMED : DNS_READ_ANSWER;
}
