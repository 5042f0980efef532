/*
 * Finds why a TLS handshake failed (TLS-4): from the alert, from OpenSSL's reason, and from a second,
 * permissive handshake with the same server. Pure.
 */
#ifndef STSWEEP_VERDICT_HANDSHAKE_H
#define STSWEEP_VERDICT_HANDSHAKE_H

#include "scanner/facts/record.h"

enum handshake_cause {
    CAUSE_UNTOLD,        /* nothing names it */
    CAUSE_NOT_TLS,       /* text, or another protocol, in answer to the ClientHello */
    CAUSE_VERSION,       /* no version from TLS 1.2 on */
    CAUSE_CIPHER,        /* only ciphers that do not encrypt, do not authenticate or are broken */
    CAUSE_SMALL_DH,      /* Diffie-Hellman below 1024 bits */
    CAUSE_SIGNATURE,     /* it can sign the handshake with SHA-1 or MD5 only */
    CAUSE_RENEGOTIATION, /* no RFC 5746 */
    CAUSE_CURVE,         /* an elliptic curve that no usual client offers */
    CAUSE_WEAK_KEY,      /* a certificate that OpenSSL refuses even if it is only to be recorded */
    CAUSE_COUNT
};

/* Returns the cause that one handshake told by the way it failed. */
enum handshake_cause handshake_cause_told(const struct tls_facts *tls);

/* Returns the cause by both handshakes; permissive may be NULL. */
enum handshake_cause handshake_cause_of(const struct tls_facts *tls, const struct tls_facts *permissive);

/* Says whether a second, permissive handshake is worth the server's while: whether it can show a cause of
 * TLS-4. */
bool handshake_wants_second(const struct probe_facts *probe);

/* What earlier looks at an address say of its answer to a ClientHello. */
enum earlier_hello {
    HELLO_UNTRIED,   /* no look failed, or one passed */
    HELLO_FAILED,    /* one failed, in another way */
    HELLO_UNANSWERED /* one got no answer to a ClientHello that may be more than one segment */
};

/*
 * Says whether a ClientHello with the groups of tls.groups, of which the first has a long key share, is to be
 * followed by a small one at the same address, so that no server fails by our choice. If it was refused
 * without a reason that names something else, or OpenSSL took no answer to it, a small one follows at once.
 * If nothing came back, that may pass by itself: the small one follows only if it was so at an earlier look
 * too (TLS-7). The alert internal_error may pass likewise, but it decides if it stands: the small one follows
 * if an earlier look failed in whatever way.
 */
bool handshake_wants_small(const struct probe_facts *probe, enum earlier_hello earlier);
bool handshake_of_policy_wants_small(const struct fetch_facts *fetch, enum earlier_hello earlier);

/* Says whether that nothing answered a ClientHello decides nothing, so that it may stand though no small one
 * could be sent. A refusal would decide, and may be because of what we chose to offer. */
bool handshake_leaves_open(const struct tls_facts *tls);

/* Says whether the permissive handshake gave an encrypted connection to a sender that takes anything. */
bool handshake_encrypts(const struct tls_facts *permissive);

/*
 * Returns the handshake that a DANE sender completes with this address, or NULL. RFC 7672 names no least
 * version, and Postfix takes TLS 1.0 by default: so the permissive handshake counts if it is TLS 1.0 or 1.1
 * with a cipher that any sender offers.
 */
const struct tls_facts *handshake_of_dane(const struct probe_facts *probe);

#endif
