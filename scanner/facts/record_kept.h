/*
 * How much of what strangers say is kept: each list and each text of the facts has its ceiling here, so that
 * a record stays below RECORD_LINE_BYTES whatever peers and name servers send (tests/unit/reach/test_kept.c
 * builds the largest). What is past a ceiling is cut when it is taken in, before it is judged, and marked;
 * what cannot be judged without it is unknown, never a fault of theirs. A leaf.
 */
#ifndef STSWEEP_FACTS_RECORD_KEPT_H
#define STSWEEP_FACTS_RECORD_KEPT_H

enum {
    RECORD_LINE_BYTES = 8 << 20,    /* one record as JSON */
    ADDRESSES_KEPT = 64,            /* of a family */
    TLSA_RRS_KEPT = 32,             /* of a host, and */
    TLSA_BYTES_KEPT = 8 << 10,      /* of their data */
    CNAME_BYTES_KEPT = 2 << 10,     /* of a chain's names; a longer chain makes the lookup DNS_TOO_LARGE */
    WHY_BOGUS_BYTES_KEPT = 512,     /* of a validator's words */
    DNS_IDS_KEPT = 200,             /* of a certificate, and */
    DNS_ID_BYTES_KEPT = 16 << 10,   /* of their texts */
    POLICY_ADDRESSES_TRIED = 4,     /* of a policy host where none answers */
    POLICY_BYTES_JUDGED = 64 << 10, /* RFC 8461 section 3.3, whatever policy.max_bytes reads (POL-9) */
};

#endif
