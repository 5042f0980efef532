/*
 * Why a TLS handshake did not come about (TLS-4): from the alert, from OpenSSL's reason, and from what a
 * second, permissive handshake with the same server then showed. Pure.
 */
#ifndef STSWEEP_VERDICT_HANDSHAKE_H
#define STSWEEP_VERDICT_HANDSHAKE_H

#include "scanner/facts/record.h"

enum handshake_cause {
    CAUSE_UNTOLD,        /* nothing names it */
    CAUSE_VERSION,       /* no version from TLS 1.2 on */
    CAUSE_CIPHER,        /* no cipher but such as do not encrypt, do not authenticate or are broken */
    CAUSE_SMALL_DH,      /* Diffie-Hellman below 1024 bits */
    CAUSE_SIGNATURE,     /* it can sign the handshake with SHA-1 or MD5 only */
    CAUSE_RENEGOTIATION, /* no RFC 5746 */
    CAUSE_WEAK_KEY,      /* a certificate that OpenSSL would not take even to record it */
    CAUSE_COUNT
};

/* What one handshake told by the way it failed. */
enum handshake_cause handshake_cause_told(const struct tls_facts *tls);

/* By both handshakes; permissive may be NULL. */
enum handshake_cause handshake_cause_of(const struct tls_facts *tls, const struct tls_facts *permissive);

/* Is a second, permissive handshake worth the server's while: can it show a cause of TLS-4? */
bool handshake_wants_second(const struct probe_facts *probe);

/* Did the permissive handshake give a sender that takes anything an encrypted connection? */
bool handshake_encrypts(const struct tls_facts *permissive);

/*
 * The handshake that a DANE sender completes with this address, or NULL. RFC 7672 names no least version, and
 * Postfix takes TLS 1.0 by default: so what the permissive one showed counts where it is of TLS 1.0 or 1.1
 * with a cipher that any sender offers.
 */
const struct tls_facts *handshake_of_dane(const struct probe_facts *probe);

#endif
