/* Judges which TLSA records can be used, and whether a chain of certificates meets one of them. Pure. */
#include "scanner/verdict/tlsa.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#include "scanner/sts/match.h"
#include "scanner/verdict/tls.h"
#include "scanner/wire/cost.h"

enum { TLSA_SIGNS_BITS = 32, NAME_BYTES = 256 };

/* ---- which records can be used ------------------------------------------------------------------------- */

static bool holds_certificate(struct bytes data)
{
    const uint8_t *end = data.data;
    X509 *cert = data.len > LONG_MAX ? NULL : d2i_X509(NULL, &end, (long)data.len);
    bool whole = cert != NULL && end == data.data + data.len && X509_get0_pubkey(cert) != NULL;
    X509_free(cert);
    return whole;
}

static bool holds_key(struct bytes data)
{
    const uint8_t *end = data.data;
    EVP_PKEY *key = data.len > LONG_MAX ? NULL : d2i_PUBKEY(NULL, &end, (long)data.len);
    bool whole = key != NULL && end == data.data + data.len;
    EVP_PKEY_free(key);
    return whole;
}

static bool is_well_formed(const struct tlsa_rr *rr)
{
    if (rr->matching == MATCHING_SHA256)
        return rr->data.len == SHA256_DIGEST_LENGTH;
    if (rr->matching == MATCHING_SHA512)
        return rr->data.len == SHA512_DIGEST_LENGTH;
    (void)ERR_set_mark();
    bool whole = rr->selector == SELECTOR_CERT ? holds_certificate(rr->data) : holds_key(rr->data);
    (void)ERR_pop_to_mark();
    return whole;
}

static bool is_large(const struct tlsa_rr *rr)
{
    return rr->selector == SELECTOR_CERT ? !cost_lets_read(rr->data) : cost_of_key(rr->data).unreadable;
}

/* Judges one TLSA record without the others. whole: how many certificates and keys may still be read. */
static enum tlsa_use use_alone(const struct tlsa_rr *rr, size_t *whole)
{
    if (rr->usage < USAGE_DANE_TA)
        return TLSA_PKIX;
    if (rr->usage > USAGE_DANE_EE || rr->selector > SELECTOR_SPKI || rr->matching > MATCHING_SHA512)
        return TLSA_UNKNOWN;
    if (rr->matching == MATCHING_FULL && (*whole == 0 || is_large(rr)))
        return TLSA_LARGE;
    *whole -= rr->matching == MATCHING_FULL;
    return is_well_formed(rr) ? TLSA_USABLE : TLSA_MALFORMED;
}

/* Says whether there is a usable TLSA record of SHA-512 beside this one of SHA-256. */
static bool is_outdone(const struct tlsa_set *set, size_t place)
{
    const struct tlsa_rr *weak = &set->facts->rrs[place];
    for (size_t i = 0; weak->matching == MATCHING_SHA256 && i < set->count; i++) {
        const struct tlsa_rr *rr = &set->facts->rrs[i];
        if (set->use[i] == TLSA_USABLE && rr->matching == MATCHING_SHA512 && rr->usage == weak->usage &&
            rr->selector == weak->selector)
            return true;
    }
    return false;
}

void verdict_tlsa_set(const struct tlsa_facts *facts, struct tlsa_set *set)
{
    size_t whole = TLSA_WHOLE_READ;
    set->facts = facts;
    set->usable = 0;
    set->large = 0;
    set->count = facts->rr_count < TLSA_RRS_JUDGED ? facts->rr_count : TLSA_RRS_JUDGED;
    for (size_t i = 0; i < set->count; i++)
        set->use[i] = use_alone(&facts->rrs[i], &whole);
    for (size_t i = 0; i < set->count; i++) {
        if (set->use[i] == TLSA_USABLE && is_outdone(set, i))
            set->use[i] = TLSA_OUTDONE;
        set->large += set->use[i] == TLSA_LARGE;
        set->usable += set->use[i] == TLSA_USABLE || set->use[i] == TLSA_LARGE;
        if (set->use[i] <= TLSA_LARGE && facts->rrs[i].matching == MATCHING_FULL)
            (void)SHA256(facts->rrs[i].data.data, facts->rrs[i].data.len, set->digest[i]);
    }
}

/* ---- a record and a certificate ------------------------------------------------------------------------ */

/* Says whether a TLSA record may match: one that is too large to be read may do so as well as any. */
static bool is_usable(enum tlsa_use use)
{
    return use == TLSA_USABLE || use == TLSA_LARGE;
}

/* Compares by digests: the certificate's own bytes may be gone, but its digests are facts. */
static bool data_matches(const struct tlsa_set *set, size_t place, const struct cert_facts *cert)
{
    const struct tlsa_rr *rr = &set->facts->rrs[place];
    bool whole = rr->selector == SELECTOR_CERT;
    const uint8_t *sha256 = whole ? cert->sha256 : cert->spki_sha256;
    if (rr->matching == MATCHING_SHA512)
        return memcmp(rr->data.data, whole ? cert->sha512 : cert->spki_sha512, SHA512_DIGEST_LENGTH) == 0;
    if (rr->matching == MATCHING_SHA256)
        return memcmp(rr->data.data, sha256, SHA256_DIGEST_LENGTH) == 0;
    return memcmp(set->digest[place], sha256, SHA256_DIGEST_LENGTH) == 0;
}

/* Returns the index of the first usable TLSA record of this usage that matches, counted from 1; 0: none. */
static size_t find_match(const struct tlsa_set *set, uint8_t usage, const struct cert_facts *cert)
{
    for (size_t i = 0; i < set->count; i++)
        if (is_usable(set->use[i]) && set->facts->rrs[i].usage == usage && data_matches(set, i, cert))
            return i + 1;
    return 0;
}

/* ---- the leaf's path ----------------------------------------------------------------------------------- */

struct path {
    int places[CHAIN_CERTS_KEPT]; /* in the presented chain, leaf first */
    size_t len;
};

static bool is_on(const struct path *path, int place)
{
    for (size_t i = 0; i < path->len; i++)
        if (path->places[i] == place)
            return true;
    return false;
}

static void walk(const struct tls_facts *tls, struct path *path)
{
    int place = 0;
    path->len = 0;
    while (path->len < CHAIN_CERTS_KEPT && place >= 0 && (size_t)place < tls->cert_count &&
           !is_on(path, place)) {
        path->places[path->len++] = place;
        place = tls->certs[place].signed_by;
    }
}

static size_t find_unpresented(const struct tlsa_set *set, const struct tls_facts *tls)
{
    for (size_t i = 0; i < set->count && i < TLSA_SIGNS_BITS; i++) {
        const struct tlsa_rr *rr = &set->facts->rrs[i];
        if (set->use[i] == TLSA_USABLE && rr->usage == USAGE_DANE_TA && rr->matching == MATCHING_FULL &&
            (tls->tlsa_signs >> i & 1) != 0)
            return i + 1;
    }
    return 0;
}

/* Cuts the path at its anchor and returns the TLSA record that names it, counted from 1, or 0. The nearest
 * anchor is the best: each further certificate only adds conditions. The leaf is nobody's issuer. */
static size_t find_anchor(const struct tlsa_set *set, const struct tls_facts *tls, struct path *path,
                          bool *presented)
{
    for (size_t i = 1; i < path->len; i++) {
        size_t match = find_match(set, USAGE_DANE_TA, &tls->certs[path->places[i]]);
        if (match == 0)
            continue;
        path->len = i + 1;
        *presented = true;
        return match;
    }
    *presented = false;
    return find_unpresented(set, tls);
}

/* Says whether an error of path validation is a fault of the chain whatever its anchor is. */
static bool is_fault_of_chain(int x509)
{
    switch (x509) {
    case X509_V_ERR_INVALID_PURPOSE:
    case X509_V_ERR_INVALID_CA:
    case X509_V_ERR_PATH_LENGTH_EXCEEDED:
    case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
    case X509_V_ERR_PERMITTED_VIOLATION:
    case X509_V_ERR_EXCLUDED_VIOLATION:
        return true;
    default:
        return false;
    }
}

static bool is_sound(const struct tls_facts *tls, const struct path *path)
{
    for (size_t i = 1; i < path->len; i++)
        if (!tls->certs[path->places[i]].is_ca)
            return false;
    for (size_t i = 0; i < tls->error_count; i++)
        if (tls->errors[i].depth < (int)path->len && is_fault_of_chain(tls->errors[i].x509))
            return false;
    return true;
}

/* Says whether the path's dates hold. An anchor's own dates count if it is a root, as in senders built on
 * OpenSSL. */
static bool is_in_date(const struct tls_facts *tls, const struct path *path, bool ends_in_anchor, int64_t now)
{
    for (size_t i = 0; i < path->len; i++) {
        const struct cert_facts *cert = &tls->certs[path->places[i]];
        bool is_anchor = ends_in_anchor && i + 1 == path->len;
        if (!(is_anchor && !cert->self_issued) &&
            (now / 1000 < cert->not_before || now / 1000 > cert->not_after))
            return false;
    }
    return true;
}

/* Says the same of an anchor that only its TLSA record holds. */
static bool is_record_in_date(const struct tlsa_rr *rr, int64_t now)
{
    time_t seconds = (time_t)(now / 1000);
    const uint8_t *data = rr->data.data;
    if (rr->selector != SELECTOR_CERT)
        return true;
    (void)ERR_set_mark();
    X509 *anchor = d2i_X509(NULL, &data, (long)rr->data.len);
    bool is_root =
        anchor != NULL && X509_NAME_cmp(X509_get_subject_name(anchor), X509_get_issuer_name(anchor)) == 0;
    bool good = !is_root || (X509_cmp_time(X509_get0_notBefore(anchor), &seconds) < 0 &&
                             X509_cmp_time(X509_get0_notAfter(anchor), &seconds) > 0);
    X509_free(anchor);
    (void)ERR_pop_to_mark();
    return good;
}

/* ---- names --------------------------------------------------------------------------------------------- */

static bool is_named(const char *presented, size_t len, const struct reference_names *names)
{
    char text[NAME_BYTES];
    if (len >= sizeof text)
        return false;
    memcpy(text, presented, len);
    text[len] = '\0';
    for (size_t i = 0; i < REFERENCE_NAMES; i++)
        if (names->names[i] != NULL && mx_pattern_match(names->names[i], text))
            return true;
    return false;
}

/* Says whether a common name of an RFC 2253 subject is a reference name. One that needs an escape is no
 * host's. */
static bool is_common_name(const char *subject, const struct reference_names *names)
{
    while (subject != NULL && *subject != '\0') {
        size_t len = strcspn(subject, ",+");
        if (len > 3 && memcmp(subject, "CN=", 3) == 0 && is_named(subject + 3, len - 3, names))
            return true;
        subject += len + (subject[len] != '\0');
    }
    return false;
}

/* Says whether the leaf carries a reference name. The common name counts only if there is no DNS-ID at all
 * (RFC 7672 section 3.2.3). */
static bool carries_name(const struct tls_facts *tls, const struct reference_names *names)
{
    const struct cert_facts *leaf = &tls->certs[0];
    if (tls->name_match)
        return true;
    for (size_t i = 0; i < leaf->dns_name_count; i++)
        if (is_named(leaf->dns_names[i], strlen(leaf->dns_names[i]), names))
            return true;
    return leaf->dns_name_count == 0 && is_common_name(leaf->subject, names);
}

static bool has_usage(const struct tlsa_set *set, uint8_t usage)
{
    for (size_t i = 0; i < set->count; i++)
        if (is_usable(set->use[i]) && set->facts->rrs[i].usage == usage)
            return true;
    return false;
}

/* ---- the whole ----------------------------------------------------------------------------------------- */

/* Returns the code if nothing matches: something that cost too much to look at might have. */
static enum failure_code unmatched(const struct tlsa_set *set, const struct tls_facts *tls)
{
    if (has_usage(set, USAGE_DANE_TA) && tls->truncated)
        return FAIL_SMTP_TLS_TOO_LARGE;
    if (has_usage(set, USAGE_DANE_TA) && tls->limit != TLS_LIMIT_NONE)
        return verdict_limit(tls->limit, STAGE_SMTP);
    return set->large > 0 ? FAIL_DANE_LARGE_RECORD : FAIL_DANE_MISMATCH;
}

enum failure_code verdict_tlsa(const struct tlsa_set *set, const struct tls_facts *tls,
                               const struct reference_names *names, int64_t now, size_t *matched)
{
    struct path path;
    bool presented;
    *matched = 0;
    if (tls->cert_count == 0)
        return tls->truncated ? FAIL_SMTP_TLS_TOO_LARGE : FAIL_DANE_MISMATCH;
    *matched = find_match(set, USAGE_DANE_EE, &tls->certs[0]);
    if (*matched != 0)
        return FAIL_NONE;
    walk(tls, &path);
    *matched = find_anchor(set, tls, &path, &presented);
    if (*matched == 0)
        return unmatched(set, tls);
    if (tls->limit != TLS_LIMIT_NONE) /* whether the chain is sound is unknown */
        return verdict_limit(tls->limit, STAGE_SMTP);
    if (!is_sound(tls, &path))
        return FAIL_DANE_MISMATCH;
    if (!is_in_date(tls, &path, presented, now) ||
        (!presented && !is_record_in_date(&set->facts->rrs[*matched - 1], now)))
        return FAIL_DANE_EXPIRED;
    if (carries_name(tls, names))
        return FAIL_NONE;
    return tls->certs[0].names_cut ? FAIL_SMTP_TLS_TOO_LARGE : FAIL_DANE_NAME_MISMATCH;
}
