/*
 * Defines the facts about DNS lookups: a part of record.h, whose rules of ownership and of texts hold here
 * too. Never a judgement.
 */
#ifndef STSWEEP_FACTS_RECORD_DNS_H
#define STSWEEP_FACTS_RECORD_DNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/bytes.h"
#include "scanner/base/ip.h"

enum dns_status {
    DNS_NOT_ASKED,
    DNS_ANSWERED, /* at least one record of the type asked for */
    DNS_NXDOMAIN,
    DNS_NODATA,
    DNS_SERVFAIL,
    DNS_REFUSED,
    DNS_TIMEOUT,
    DNS_BOGUS,
    DNS_FORMERR,
    DNS_TRUNCATED_NO_TCP,
    DNS_LOOP,
    DNS_LAME,
    DNS_OPTOUT,    /* it failed, and a name server in a prefix of safety.optout was not asked meanwhile: the
                      embedded    resolver cannot tell which of the two is the reason */
    DNS_TOO_LARGE, /* the answer exceeds what may be kept (scanner/facts/record_kept.h), so none of it was */
    DNS_STATUS_COUNT
};

/* Says whether the answer was that there are no such records. */
static inline bool dns_says_no(enum dns_status status)
{
    return status == DNS_NXDOMAIN || status == DNS_NODATA;
}

/* Says whether the answer tells if there are such records. Only then do the records read mean anything. */
static inline bool dns_says_anything(enum dns_status status)
{
    return status == DNS_ANSWERED || dns_says_no(status);
}

enum dns_security {
    DNSSEC_UNVALIDATED, /* no validator that we trust has checked it */
    DNSSEC_INSECURE,
    DNSSEC_SECURE,
    DNSSEC_BOGUS,
    DNSSEC_COUNT
};

/* A resolver's reason for its answer (RFC 8914): evidence that is never judged. */
enum { DNS_EDES_KEPT = 2, DNS_EDE_TEXT_BYTES = 64 };
struct dns_ede {
    uint16_t code;     /* of IANA's registry: dns_ede_name */
    struct bytes text; /* the resolver's words, cut at DNS_EDE_TEXT_BYTES; may be empty */
};

/* The course of one lookup. */
struct lookup_facts {
    enum dns_status status;
    enum dns_security security;
    uint32_t ttl; /* seconds; the smallest of the chain and the records, or of the negative answer */
    uint32_t cname_count;
    const char **cnames;   /* targets of the CNAME chain in order; NULL if there is none */
    const char *why_bogus; /* the validator's words, or NULL */
    struct dns_ede *edes;  /* the first DNS_EDES_KEPT of the answer; NULL if there is none */
    uint32_t ede_count;
    bool stale;     /* of an MX host's addresses: this lookup failed, and those of an earlier answer are used
                       instead */
    bool truncated; /* the answer had more records than are kept: the missing ones may decide */
};

struct txt_facts {
    struct lookup_facts lookup;
    struct bytes *rrs; /* one RR each, its strings joined with nothing between (TXT-1) */
    size_t rr_count;
};

struct mx_rr {
    uint16_t preference;
    const char *host; /* "." for the root */
};

struct mx_facts {
    struct lookup_facts lookup;
    struct mx_rr *rrs; /* by preference, then by name */
    size_t rr_count;
};

struct address_facts {
    struct lookup_facts a;
    struct lookup_facts aaaa;
    struct ip_addr *ips; /* A before AAAA, each in ascending order, no duplicates */
    size_t ip_count;
};

/* Returns the lookup whose CNAMEs are told: the chain is the same for both, unless one lookup failed. */
static inline const struct lookup_facts *address_chain(const struct address_facts *address)
{
    return address->a.cname_count > 0 ? &address->a : &address->aaaa;
}

/* Returns what the name is an alias of at first, or NULL. */
static inline const char *address_alias(const struct address_facts *address)
{
    const struct lookup_facts *chain = address_chain(address);
    return chain->cname_count > 0 ? chain->cnames[0] : NULL;
}

/* Returns the end of the chain of CNAMEs, or NULL. */
static inline const char *address_chain_end(const struct address_facts *address)
{
    const struct lookup_facts *chain = address_chain(address);
    return chain->cname_count > 0 ? chain->cnames[chain->cname_count - 1] : NULL;
}

/* The values of RFC 6698 section 2.1; a TLSA record may hold any other number. */
enum { USAGE_PKIX_TA, USAGE_PKIX_EE, USAGE_DANE_TA, USAGE_DANE_EE };
enum { SELECTOR_CERT, SELECTOR_SPKI };
enum { MATCHING_FULL, MATCHING_SHA256, MATCHING_SHA512 };

struct tlsa_rr {
    uint8_t usage;
    uint8_t selector;
    uint8_t matching;
    struct bytes data;
};

struct tlsa_facts {
    struct lookup_facts lookup;
    const char *base; /* the TLSA base domain that was used (RFC 7672 section 2.2.2), or NULL */
    struct tlsa_rr *rrs;
    size_t rr_count;
};

#endif
