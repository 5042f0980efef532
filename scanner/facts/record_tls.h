/*
 * Defines the facts about a TLS handshake and its certificates: a part of record.h, whose rules of ownership
 * and of texts hold here too. Never a judgement.
 */
#ifndef STSWEEP_FACTS_RECORD_TLS_H
#define STSWEEP_FACTS_RECORD_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/bytes.h"

enum { CERT_SERIAL_BYTES = 64 }; /* RFC 5280 allows 20 */

struct cert_facts {
    uint8_t sha256[32]; /* of the DER */
    uint8_t sha512[64];
    uint8_t spki_sha256[32];
    uint8_t spki_sha512[64];
    struct bytes serial; /* its number without sign, at most CERT_SERIAL_BYTES of it */
    const char *subject; /* RFC 2253 form, escaped to printable ASCII */
    const char *issuer;
    const char **dns_names; /* DNS-IDs of the subject alternative names, escaped */
    size_t dns_name_count;
    bool names_cut;       /* there are more DNS-IDs, or more of the subject, than are kept */
    int64_t not_before;   /* seconds since 1970; 0 if it cannot be read */
    int64_t not_after;    /* 0 if one of the two cannot be read: it is valid at no time then */
    const char *key_type; /* "RSA", "EC P-256", "Ed25519", … */
    uint32_t key_bits;
    const char *signature; /* "sha256WithRSAEncryption", … */
    bool self_issued;      /* subject equals issuer */
    bool self_signed;      /* self-issued, and the signature verifies with its own key */
    bool is_ca;
    int signed_by; /* index in the presented chain of the certificate that issued this one, by its names, key
                      usage and signature (its own if self-signed); -1: none is there, or none was looked for,
                      as when there is no TLSA record of usage 2 */
    const char *aia_issuer; /* first caIssuers URL, or NULL */
    struct bytes der;       /* empty once it has been written */
};

struct chain_error {
    int x509; /* X509_V_ERR_… */
    int depth;
};

enum tls_end {
    TLS_NOT_TRIED,
    TLS_DONE,    /* the handshake completed (the certificate may still be wrong) */
    TLS_FAILED,  /* a protocol error; see error and alert */
    TLS_TIMEOUT, /* the deadline passed in the handshake */
    TLS_CLOSED,  /* the peer closed or reset in the handshake */
    TLS_FLOODED, /* we ended it: more TLS records without data came than any honest handshake has */
    TLS_END_COUNT
};

/* A computation that we left out because it would have cost too much (scanner/wire/cost.h). That is our
 * limit, never a finding. */
enum tls_limit {
    TLS_LIMIT_NONE,
    TLS_LIMIT_DH,    /* the Diffie-Hellman group: the handshake was ended */
    TLS_LIMIT_KEY,   /* a key: the handshake was ended if it is the leaf's, or was not even read */
    TLS_LIMIT_CHAIN, /* the chain: it was not read (then the handshake was ended), or not validated */
    TLS_LIMIT_COUNT
};

enum { CHAIN_ERRORS_KEPT = 8, CHAIN_CERTS_KEPT = 10 };

/* The alert of RFC 8446 section 6.2 by which a server says that the trouble is its own: it may pass. */
enum { ALERT_INTERNAL_ERROR = 80 };

struct tls_facts {
    enum tls_end end;
    int64_t time; /* wall clock, ms: when the chain was validated; its dates are judged by this. 0: no chain
                     was, or the facts come from a record without it */
    int64_t other_time;       /* if this machine's clock was set during the scan: the time by CLOCK_BOOTTIME
                                 since the start, ms; 0: the same within a minute */
    enum tls_limit limit;     /* if set, path validation says nothing: errors is empty */
    uint16_t version;         /* 0x0304 for TLS 1.3; 0 if none was agreed */
    const char *cipher;       /* OpenSSL's (IANA) name, or NULL */
    const char *group;        /* key exchange group, or NULL */
    const char *signature;    /* digest with which the server signed the handshake: "SHA256"; or NULL */
    int alert;                /* the alert received, or -1 */
    int error_reason;         /* OpenSSL's number of the reason (tls_error_told), or 0 */
    const char *error_text;   /* the alert's name, or the reason's text, or NULL; nothing is judged by it */
    struct cert_facts *certs; /* as presented, leaf first */
    size_t cert_count;
    bool truncated; /* more certificates came than are kept, or not all their signatures were verified */
    struct chain_error errors[CHAIN_ERRORS_KEPT]; /* of path validation, in the order OpenSSL met them */
    size_t error_count;
    uint32_t tlsa_signs;   /* bit i: TLSA record i (usage 2, matching type 0) holds the issuer of the last
                              certificate of the leaf's path, which need not have been presented */
    bool hello_unanswered; /* it ended without a byte of an answer to a ClientHello that may be more than one
                              segment, by the groups that tls.groups has it offer; or with internal_error in
                              the place of a certificate: both may pass by themselves */
    bool hello_intolerant; /* this ClientHello was a small one, and was answered; those before it, of the same
                              address, were not small, and were not answered or were refused */
    bool name_match; /* a DNS-ID of the leaf matches the reference name (RFC 6125; no CN, no partial wildcard)
                      */
};

#endif
