/*
 * TLSA records against the certificates that a host presented (RFC 6698 section 2.1, RFC 7671, RFC 7672
 * section 3). Pure; used by dane.c and its tests.
 *
 * A record of usage 3 is compared with the leaf and with nothing else: neither names nor dates matter. One of
 * usage 2 is compared with the issuers on the leaf's path, by signed_by; it counts where each issuer may be
 * one (CA), all dates below the anchor hold at `now` and the leaf carries one of the reference names. An
 * anchor's own dates count where it is a root: senders built on OpenSSL have it so, though RFC 5280
 * section 6.1.1 knows an anchor by name and key alone. It need not have been presented where its record holds
 * it whole (2 0 0, 2 1 0).
 */
#ifndef STSWEEP_VERDICT_TLSA_H
#define STSWEEP_VERDICT_TLSA_H

#include "scanner/facts/record.h"

/* What a record is to an SMTP client. */
enum tlsa_use {
    TLSA_USABLE,
    TLSA_PKIX,      /* usage 0 or 1: not for SMTP (RFC 7672 section 3.1.3) */
    TLSA_UNKNOWN,   /* a usage, selector or matching type that nobody has defined */
    TLSA_MALFORMED, /* a digest of the wrong length, or what is no certificate resp. key */
    TLSA_LARGE,     /* holds what would cost too much to read: whether it is well-formed is open */
    TLSA_OUTDONE    /* a stronger digest stands for the same usage and selector (RFC 7671 section 9) */
};

/* At most DNS_RRS_KEPT records; those past so many are not looked at. Of certificates and keys that stand in
 * them whole so many are read. */
enum { TLSA_RRS_JUDGED = 256, TLSA_WHOLE_READ = 64 };

struct tlsa_set {
    const struct tlsa_facts *facts;
    enum tlsa_use use[TLSA_RRS_JUDGED];
    size_t count;
    size_t usable; /* among them those that are too large */
    size_t large;
    uint8_t digest[TLSA_RRS_JUDGED][32]; /* SHA-256 of those that are compared whole */
};

void verdict_tlsa_set(const struct tlsa_facts *facts, struct tlsa_set *set);

/* The names that a certificate may carry for usage 2 (RFC 7672 section 3.2.2); NULL ones are left out. */
enum { REFERENCE_NAMES = 3 };
struct reference_names {
    const char *names[REFERENCE_NAMES]; /* the TLSA base domain, the MX host, the domain */
};

/*
 * A completed handshake: FAIL_NONE, or DANE_MISMATCH, DANE_EXPIRED, DANE_NAME_MISMATCH; SMTP_TLS_TOO_LARGE
 * where that hangs on what was cut, DANE_LARGE_RECORD or SMTP_TLS_LARGE_… where it costs too much to tell.
 * *matched, counted
 * from 1, is the record whose data matched (also where date or name fail), or 0. now: wall clock in ms.
 */
enum failure_code verdict_tlsa(const struct tlsa_set *set, const struct tls_facts *tls,
                               const struct reference_names *names, int64_t now, size_t *matched);

#endif
