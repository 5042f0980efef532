/*
 * Compares TLSA records with the certificates that a host presented (RFC 6698 section 2.1, RFC 7671, RFC 7672
 * section 3). Pure.
 *
 * A TLSA record of usage 3 is compared with the leaf alone: neither names nor dates matter. One of usage 2 is
 * compared with the issuers on the leaf's path, by signed_by; it counts if each issuer may be one (CA), all
 * dates below the anchor hold at `now` and the leaf carries one of the reference names. An anchor's own dates
 * count if it is a root: senders built on OpenSSL do so, though RFC 5280 section 6.1.1 knows an anchor by
 * name and key alone. The anchor need not have been presented if its record holds it whole (2 0 0, 2 1 0).
 */
#ifndef STSWEEP_VERDICT_TLSA_H
#define STSWEEP_VERDICT_TLSA_H

#include "scanner/facts/record.h"

/* Whether an SMTP client can use a TLSA record. */
enum tlsa_use {
    TLSA_USABLE,
    TLSA_PKIX,      /* usage 0 or 1: not for SMTP (RFC 7672 section 3.1.3) */
    TLSA_UNKNOWN,   /* a usage, selector or matching type that nobody has defined */
    TLSA_MALFORMED, /* a digest of the wrong length, or data that are no certificate or key */
    TLSA_LARGE,     /* its data would cost too much to read: whether it is well-formed is unknown */
    TLSA_OUTDONE    /* there is a stronger digest for the same usage and selector (RFC 7671 section 9) */
};

/* TLSA_RRS_JUDGED (DNS_RRS_KEPT): TLSA records past it are not looked at. TLSA_WHOLE_READ: how many of the
 * certificates and keys that TLSA records hold whole are read. */
enum { TLSA_RRS_JUDGED = 256, TLSA_WHOLE_READ = 64 };

struct tlsa_set {
    const struct tlsa_facts *facts;
    enum tlsa_use use[TLSA_RRS_JUDGED];
    size_t count;
    size_t usable; /* including those that are too large */
    size_t large;
    uint8_t digest[TLSA_RRS_JUDGED][32]; /* SHA-256 of those that are compared whole */
};

/* Judges which TLSA records can be used. */
void verdict_tlsa_set(const struct tlsa_facts *facts, struct tlsa_set *set);

/* The names that a certificate may carry for usage 2 (RFC 7672 section 3.2.2); NULL ones are left out. */
enum { REFERENCE_NAMES = 3 };
struct reference_names {
    const char *names[REFERENCE_NAMES]; /* the TLSA base domain, the MX host, the domain */
};

/*
 * Judges a completed handshake: FAIL_NONE, or DANE_MISMATCH, DANE_EXPIRED, DANE_NAME_MISMATCH;
 * SMTP_TLS_TOO_LARGE if that hangs on certificates that were cut, DANE_LARGE_RECORD or SMTP_TLS_LARGE_… if it
 * costs too much to tell. *matched, counted from 1, is the TLSA record whose data matched (even if date or
 * name fail), or 0. now: wall clock in ms.
 */
enum failure_code verdict_tlsa(const struct tlsa_set *set, const struct tls_facts *tls,
                               const struct reference_names *names, int64_t now, size_t *matched);

#endif
