/* Maps failed handshakes to causes. It knows no failure code: tls.c has them. */
#include "scanner/verdict/handshake.h"

#include <openssl/sslerr.h>

/* Alerts of RFC 8446 section 6. */
enum { ALERT_HANDSHAKE_FAILURE = 40, ALERT_PROTOCOL_VERSION = 70, ALERT_INSUFFICIENT_SECURITY = 71 };

enum { TLS_1_0 = 0x0301, TLS_1_2 = 0x0303 };

/*
 * Maps reasons that only a TLS client can meet. Each library of OpenSSL numbers its own reasons, and the
 * facts keep only the number: so no reason is here whose number another library uses too (theirs end below
 * 250).
 */
static enum handshake_cause reason_cause(int reason)
{
    switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER: /* of a TLS record: "doesn't look like TLS" (ssl3_record.c) */
        return CAUSE_NOT_TLS;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
        return CAUSE_VERSION;
    case SSL_R_WRONG_CIPHER_RETURNED:
        return CAUSE_CIPHER;
    case SSL_R_DH_KEY_TOO_SMALL:
        return CAUSE_SMALL_DH;
    case SSL_R_WRONG_CURVE:
        return CAUSE_CURVE;
    case SSL_R_WRONG_SIGNATURE_TYPE:
    case SSL_R_LEGACY_SIGALG_DISALLOWED_OR_UNSUPPORTED:
        return CAUSE_SIGNATURE;
    case SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED:
        return CAUSE_RENEGOTIATION;
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_KEY_TOO_SMALL:
    case SSL_R_CA_MD_TOO_WEAK:
        return CAUSE_WEAK_KEY;
    default:
        return CAUSE_UNTOLD;
    }
}

enum handshake_cause handshake_cause_told(const struct tls_facts *tls)
{
    if (tls->end != TLS_FAILED)
        return CAUSE_UNTOLD;
    if (tls->alert == ALERT_PROTOCOL_VERSION)
        return CAUSE_VERSION;
    if (tls->alert == ALERT_INSUFFICIENT_SECURITY)
        return CAUSE_CIPHER;
    const enum handshake_cause cause = tls->alert >= 0 ? CAUSE_UNTOLD : reason_cause(tls->error_reason);
    bool spoke = tls->version != 0; /* what has begun as TLS and goes on otherwise is a broken handshake */
    return cause == CAUSE_NOT_TLS && spoke ? CAUSE_UNTOLD : cause;
}

/* Says whether a cipher, by its IANA name, is one that a first handshake never offers. */
static bool is_cipher_outdated(const char *cipher)
{
    static const char *const marks[] = {"_anon_", "WITH_NULL", "_RC4_", "_RC2_", "DES_", "DES40", "EXPORT"};
    for (size_t i = 0; cipher != NULL && i < sizeof marks / sizeof *marks; i++)
        if (strstr(cipher, marks[i]) != NULL)
            return true;
    return false;
}

static bool is_digest_outdated(const char *digest)
{
    return digest != NULL && (strcmp(digest, "SHA1") == 0 || strncmp(digest, "MD5", 3) == 0);
}

/* Says whether the key of the server's certificate lies on a curve that a first handshake never offers. */
static bool is_curve_unusual(const struct tls_facts *tls)
{
    static const char *const usual[] = {"EC P-256", "EC P-384", "EC P-521"};
    const char *key = tls->cert_count == 0 ? NULL : tls->certs[0].key_type;
    if (key == NULL || strncmp(key, "EC ", 3) != 0)
        return false;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
        if (strcmp(key, usual[i]) == 0)
            return false;
    return true;
}

/* Returns what the permissive handshake needed and the first did not offer. */
static enum handshake_cause shown_cause(const struct tls_facts *permissive)
{
    if (is_cipher_outdated(permissive->cipher))
        return CAUSE_CIPHER;
    if (is_curve_unusual(permissive))
        return CAUSE_CURVE;
    return is_digest_outdated(permissive->signature) ? CAUSE_SIGNATURE : CAUSE_UNTOLD;
}

enum handshake_cause handshake_cause_of(const struct tls_facts *tls, const struct tls_facts *permissive)
{
    enum handshake_cause told = handshake_cause_told(tls);
    if (tls->end != TLS_FAILED || permissive == NULL || permissive->end != TLS_DONE)
        return told;
    /* Both sides take the best version that they have in common, so a server with TLS 1.2 would have shown
     * it; and one that has shown it was not refusing for want of it, whatever it said. */
    if (permissive->version < TLS_1_2)
        return CAUSE_VERSION;
    bool shown = told == CAUSE_UNTOLD || told == CAUSE_VERSION;
    return shown ? shown_cause(permissive) : told;
}

bool handshake_wants_second(const struct probe_facts *probe)
{
    const struct tls_facts *tls = &probe->tls;
    if (probe->end != SMTP_END_TLS || tls->end != TLS_FAILED)
        return false;
    if (tls->limit != TLS_LIMIT_NONE)
        return tls->limit == TLS_LIMIT_DH; /* without DHE: its other ways may show the rest */
    /* A server that refuses after its certificate does so for another reason: most often it wants a client
     * certificate. */
    bool refused = tls->alert == ALERT_HANDSHAKE_FAILURE && tls->cert_count == 0;
    enum handshake_cause told = handshake_cause_told(tls);
    return refused || (told != CAUSE_UNTOLD && told != CAUSE_NOT_TLS);
}

bool handshake_leaves_open(const struct tls_facts *tls)
{
    return tls->hello_unanswered && tls->end != TLS_FAILED;
}

static bool wants_small(const struct tls_facts *tls, enum earlier_hello earlier)
{
    if (handshake_leaves_open(tls))
        return earlier == HELLO_UNANSWERED;
    /* A certificate came behind an answer to the ClientHello. */
    bool refused = tls->end == TLS_FAILED && tls->cert_count == 0 && tls->limit == TLS_LIMIT_NONE &&
                   !tls->truncated && handshake_cause_told(tls) == CAUSE_UNTOLD;
    return refused && (tls->alert != ALERT_INTERNAL_ERROR || earlier != HELLO_UNTRIED);
}

bool handshake_wants_small(const struct probe_facts *probe, enum earlier_hello earlier)
{
    return probe->not_tried == TRIED && probe->step == SMTP_HANDSHAKE && wants_small(&probe->tls, earlier);
}

bool handshake_of_policy_wants_small(const struct fetch_facts *fetch, enum earlier_hello earlier)
{
    return fetch->not_tried == TRIED && fetch->step == FETCH_TLS && wants_small(&fetch->tls, earlier);
}

bool handshake_encrypts(const struct tls_facts *permissive)
{
    return permissive != NULL && permissive->end == TLS_DONE && permissive->cipher != NULL &&
           strstr(permissive->cipher, "WITH_NULL") == NULL;
}

const struct tls_facts *handshake_of_dane(const struct probe_facts *probe)
{
    const struct tls_facts *old = probe->legacy;
    if (probe->not_tried != TRIED)
        return NULL;
    if (probe->tls.end == TLS_DONE)
        return &probe->tls;
    if (old == NULL || old->end != TLS_DONE || old->version < TLS_1_0 || old->version >= TLS_1_2)
        return NULL;
    return is_cipher_outdated(old->cipher) ? NULL : old;
}
