/*
 * Writes DNS questions, reads responses (RFC 1035, RFC 6891) and turns them into facts. Pure. A hostile
 * message costs bounded work: at most 64 KiB, and no more records are kept than scanner/facts/record_kept.h
 * says.
 */
#ifndef STSWEEP_WIRE_DNS_MESSAGE_H
#define STSWEEP_WIRE_DNS_MESSAGE_H

#include "scanner/base/arena.h"
#include "scanner/facts/record.h"
#include "scanner/facts/record_kept.h"

enum {
    DNS_TYPE_A = 1,
    DNS_TYPE_CNAME = 5,
    DNS_TYPE_SOA = 6,
    DNS_TYPE_MX = 15,
    DNS_TYPE_TXT = 16,
    DNS_TYPE_AAAA = 28,
    DNS_TYPE_TLSA = 52
};

enum { DNS_QUERY_BYTES = 320, DNS_EDNS_BYTES = 1232 };

/* A response that was read. rrs holds the RRs of the type asked for, at the end of the CNAME chain. */
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
 * Writes a question into wire[DNS_QUERY_BYTES]: RD, EDNS with DO, CD as asked. Returns the length, 0 if name
 * is no name. The case of the name is kept.
 */
size_t dns_query_write(uint8_t *wire, const char *name, uint16_t type, uint16_t id, bool checking_disabled);

/* Takes EDNS out of a question that dns_query_write wrote, for servers that refuse it. Returns the new
 * length.
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
 * Reads a response to the question that `expect` describes. NOERROR with RRs gives DNS_ANSWERED, without
 * DNS_NODATA; a CNAME circle or too long a chain DNS_LOOP; NXDOMAIN, SERVFAIL, REFUSED and FORMERR (also
 * NOTIMP) the status of that name; other rcodes DNS_SERVFAIL. A referral (no RRs, no SOA, NS in the authority
 * section, RA clear) is not NODATA but DNS_LAME.
 *
 * security means something for ANSWERED, NODATA and NXDOMAIN only: with expect->trust_ad it is DNSSEC_SECURE
 * for AD and DNSSEC_INSECURE without, else DNSSEC_UNVALIDATED. RRs with malformed rdata are left out; if all
 * of them are malformed, so is the message. If the section holds more RRs than are read, an answer is
 * truncated, and one without RRs is DNS_TOO_LARGE, as they may be among those. Everything in *answer lives in
 * arena, of which 256 KiB are enough for any message.
 */
enum dns_read dns_answer_read(struct bytes wire, const struct dns_expect *expect, struct arena *arena,
                              struct dns_answer *answer);

/* Says whether rdata is well-formed for this type. Types that dns_*_facts do not read are taken as they are.
 */
bool dns_rdata_valid(uint16_t type, struct bytes rdata);

/* Copies a lookup deeply into arena. If its chain's names exceed what is kept, or the arena is full, the copy
 * becomes DNS_TOO_LARGE. */
void dns_lookup_copy(const struct lookup_facts *from, struct arena *arena, struct lookup_facts *to);

/* Copy an answer deeply into facts that live in arena. RRs with malformed rdata are left out. MX, TLSA and
 * addresses are sorted, since resolvers rotate them, and then cut to what is kept
 * (scanner/facts/record_kept.h): then the lookup is truncated. If dns_lookup_copy fails or the arena is full,
 * the lookup becomes DNS_TOO_LARGE without RRs: nothing passes for absent. */
void dns_txt_facts(const struct dns_answer *answer, struct arena *arena, struct txt_facts *facts);
void dns_mx_facts(const struct dns_answer *answer, struct arena *arena, struct mx_facts *facts);
void dns_tlsa_facts(const struct dns_answer *answer, struct arena *arena, struct tlsa_facts *facts);

/* Copies the addresses of an A and an AAAA answer (either may be NULL), sorted and unique, A before AAAA. */
void dns_address_facts(const struct dns_answer *a, const struct dns_answer *aaaa, struct arena *arena,
                       struct address_facts *facts);

/* Makes lower-case text of a name in wire form (uncompressed), without trailing dot ("." for the root); bytes
 * that are not printable become \DDD. NULL if it is malformed or the arena is full. */
const char *dns_name_text(struct bytes wire, struct arena *arena);

#endif
