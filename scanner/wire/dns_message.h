/*
 * DNS messages: building a question and reading an answer (RFC 1035, 6891), with ldns. Pure.
 * A hostile message costs bounded work: at most 64 KiB, at most 16 CNAMEs, at most 256 records kept.
 */
#ifndef STSWEEP_WIRE_DNS_MESSAGE_H
#define STSWEEP_WIRE_DNS_MESSAGE_H

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"

enum {
    DNS_TYPE_A = 1,
    DNS_TYPE_CNAME = 5,
    DNS_TYPE_SOA = 6,
    DNS_TYPE_MX = 15,
    DNS_TYPE_TXT = 16,
    DNS_TYPE_AAAA = 28,
    DNS_TYPE_TLSA = 52
};

enum { DNS_QUERY_BYTES = 320, DNS_EDNS_BYTES = 1232, DNS_CNAMES_KEPT = 16, DNS_RRS_KEPT = 256 };

/* What an answer says, once read. `rdata` holds the RRs of the type asked for, at the end of the CNAME chain.
 */
struct dns_answer {
    struct lookup_facts lookup; /* status, security, ttl, cnames */
    uint16_t type;
    const char *owner; /* the name at the end of the chain */
    struct dns_rr {
        struct bytes rdata; /* wire form, names inside decompressed */
    } * rrs;
    size_t rr_count;
};

/*
 * Writes a question into wire[DNS_QUERY_BYTES]: RD, EDNS with DO, CD as asked. Returns the length, 0 where
 * the name is not a name. The case of the name is kept.
 */
size_t dns_query_write(uint8_t *wire, const char *name, uint16_t type, uint16_t id, bool checking_disabled);

/* Takes EDNS out of a question that dns_query_write wrote, for servers that cannot have it; the new length.
 */
size_t dns_query_strip_edns(uint8_t *wire, size_t len);

enum dns_read {
    DNS_READ_ANSWER,    /* *answer is filled in */
    DNS_READ_NOT_OURS,  /* id or question differ, or not a response: drop it and go on waiting */
    DNS_READ_TRUNCATED, /* TC: ask again over TCP */
    DNS_READ_MALFORMED
};

struct dns_expect {
    uint16_t id;
    const char *name;
    uint16_t type;
    bool trust_ad;
};

/*
 * Reads a response to the question that `expect` describes. NOERROR with records → DNS_ANSWERED, without →
 * DNS_NODATA; a CNAME circle or too long a chain → DNS_LOOP; NXDOMAIN, SERVFAIL, REFUSED, FORMERR (also
 * NOTIMP) as they are; other rcodes → DNS_SERVFAIL. A referral (no records, no SOA, NS in the authority
 * section, RA clear) is no NODATA: DNS_LAME. security, of ANSWERED, NODATA and NXDOMAIN only, is
 * DNSSEC_SECURE for AD where trusted, DNSSEC_INSECURE for no AD where trusted, else DNSSEC_UNVALIDATED.
 * Records of malformed rdata are left out; where all of them are malformed, so is the message. Where the
 * section holds more records than are read, an answer is truncated, and none is DNS_TOO_LARGE, as it may be
 * among them. Everything in *answer lives in arena, of which 256 KiB are enough for any message.
 */
enum dns_read dns_answer_read(struct bytes wire, const struct dns_expect *expect, struct arena *arena,
                              struct dns_answer *answer);

/* Is it the rdata of a record of this type? Types that dns_*_facts do not read are taken as they are. */
bool dns_rdata_valid(uint16_t type, struct bytes rdata);

/* From an answer into facts that live in arena (deep copies). Records whose rdata is malformed are left out;
 * MX, TLSA and addresses are sorted, since resolvers rotate them, and then cut to what is kept
 * (scanner/facts/record_kept.h): the lookup is truncated. Where the chain's names are more than is kept, or
 * the arena is full, the lookup becomes DNS_TOO_LARGE, without records: nothing passes for absent. */
void dns_lookup_copy(const struct lookup_facts *from, struct arena *arena, struct lookup_facts *to);
void dns_txt_facts(const struct dns_answer *answer, struct arena *arena, struct txt_facts *facts);
void dns_mx_facts(const struct dns_answer *answer, struct arena *arena, struct mx_facts *facts);
void dns_tlsa_facts(const struct dns_answer *answer, struct arena *arena, struct tlsa_facts *facts);

/* The addresses of an A and an AAAA answer (either may be NULL), sorted and unique, A before AAAA. */
void dns_address_facts(const struct dns_answer *a, const struct dns_answer *aaaa, struct arena *arena,
                       struct address_facts *facts);

/* A wire-form name (uncompressed) as lower-case text without trailing dot ("." for the root), escaped \DDD
 * where not printable; NULL where malformed or the arena is full. */
const char *dns_name_text(struct bytes wire, struct arena *arena);

#endif
