/*
 * Bounds how much of a stranger's answer is kept. Each list and each text of the facts has its ceiling here,
 * so that a record stays below RECORD_LINE_BYTES whatever peers and name servers send
 * (tests/unit/reach/test_kept.c builds the largest). Anything past a ceiling is cut on arrival, before it is
 * judged, and the cut is marked. A question that hangs on the cut part is unknown, never a fault of theirs.
 */
#ifndef STSWEEP_FACTS_RECORD_KEPT_H
#define STSWEEP_FACTS_RECORD_KEPT_H

#include <stddef.h>
#include <stdint.h>

enum {
    RECORD_LINE_BYTES = 8 << 20,    /* one record as JSON */
    DNS_RRS_KEPT = 256,             /* of the type asked for, of an answer */
    DNS_CNAMES_KEPT = 16,           /* of a chain */
    MX_HOSTS_MOST = 100,            /* of a domain: smtp.max_hosts permits no more */
    PROBES_MOST = 64,               /* of a host: smtp.max_addresses permits no more */
    ADDRESSES_KEPT = 64,            /* of a family */
    TLSA_RRS_KEPT = 32,             /* of a host */
    TLSA_BYTES_KEPT = 8 << 10,      /* of the data of those */
    CNAME_BYTES_KEPT = 2 << 10,     /* of a chain's names; a longer chain makes the lookup DNS_TOO_LARGE */
    WHY_BOGUS_BYTES_KEPT = 512,     /* of a validator's words */
    DNS_IDS_KEPT = 200,             /* of a certificate */
    DNS_ID_BYTES_KEPT = 16 << 10,   /* of the texts of those */
    POLICY_ADDRESSES_TRIED = 4,     /* of a policy host, if none answers */
    POLICY_REFUSAL_BYTES = 8 << 10, /* read of the body of a 403, 429 or 503 */
    POLICY_CODING_BYTES = 256,      /* of Content-Encoding */
    POLICY_SIGNS_BYTES = 512,       /* of the header lines that tell a guard against bots */
    POLICY_BYTES_JUDGED = 64 << 10, /* RFC 8461 section 3.3, whatever policy.max_bytes reads (POL-9) */
    POLICY_MX_MOST = POLICY_BYTES_JUDGED / 4, /* of a policy: a line of the shortest is "mx:a\n" */
};

/* Returns how many bytes of a policy are read with this policy.max_bytes: never fewer than are judged, so
 * that the option decides no outcome. */
static inline size_t policy_bytes_read(int64_t max_bytes)
{
    return max_bytes > POLICY_BYTES_JUDGED ? (size_t)max_bytes : POLICY_BYTES_JUDGED;
}

#endif
