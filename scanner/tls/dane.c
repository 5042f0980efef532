/*
 * Collects the facts that only TLSA records of usage 2 need (RFC 7672 section 3.1.2): which certificate of
 * the chain signed which, and whether a trust anchor that was not presented signed its end. It decides
 * nothing, and verifies nothing if there is no TLSA record of usage 2: a signature costs up to a millisecond.
 */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "scanner/facts/record_kept.h"
#include "scanner/tls/trust.h"
#include "scanner/wire/cost.h"

/* SIGNATURES_VERIFIED: how many signatures are verified for one handshake, as chains and TLSA sets are
 * strangers'; past it the facts are truncated. */
enum { SIGNATURES_VERIFIED = 2 * CHAIN_CERTS_KEPT, TLSA_SIGNS_BITS = TLSA_RRS_KEPT };

static bool wants_path(const struct tlsa_facts *tlsa)
{
    for (size_t i = 0; i < tlsa->rr_count; i++)
        if (tlsa->rrs[i].usage == USAGE_DANE_TA)
            return true;
    return false;
}

/* The number and the cost of the signatures that may still be verified. */
struct allowance {
    unsigned left;
    uint32_t left_us;
    bool is_short; /* one was not verified */
};

static bool affords(struct allowance *allowance, const struct key_cost *cost)
{
    bool affords = allowance->left > 0 && !cost->heavy && cost->verify_us <= allowance->left_us;
    allowance->is_short = allowance->is_short || !affords;
    if (!affords)
        return false;
    allowance->left--;
    allowance->left_us -= cost->verify_us;
    return true;
}

/* Says whether one certificate issued another: names, key identifiers and key usage tell that it may be, the
 * signature that it is. */
static bool issued(X509 *issuer, X509 *cert, struct allowance *allowance)
{
    EVP_PKEY *key = X509_get0_pubkey(issuer);
    if (key == NULL || X509_check_issued(issuer, cert) != X509_V_OK)
        return false;
    struct key_cost cost = cert_key_cost(issuer);
    return affords(allowance, &cost) && X509_verify(cert, key) == 1;
}

static int find_signer(const STACK_OF(X509) * chain, int cert, int count, struct allowance *allowance)
{
    for (int i = 0; i < count; i++) {
        int place = (cert + 1 + i) % count; /* the next is the issuer in an honest chain, itself comes last */
        if (issued(sk_X509_value(chain, place), sk_X509_value(chain, cert), allowance))
            return place;
    }
    return -1;
}

/* Returns the index of the certificate at the end of the leaf's path. */
static int path_end(const struct tls_facts *facts)
{
    int place = 0;
    for (size_t steps = 0; steps < facts->cert_count; steps++) {
        int next = facts->certs[place].signed_by;
        if (next < 0 || next == place)
            break;
        place = next;
    }
    return place;
}

static bool certificate_signs(struct bytes data, X509 *cert, struct allowance *allowance)
{
    const uint8_t *end = data.data;
    if (!cost_lets_read(data)) {
        allowance->is_short = true;
        return false;
    }
    X509 *anchor = d2i_X509(NULL, &end, (long)data.len);
    bool signs = anchor != NULL && X509_cmp(anchor, cert) != 0 && issued(anchor, cert, allowance);
    X509_free(anchor);
    return signs;
}

static bool key_signs(struct bytes data, X509 *cert, struct allowance *allowance)
{
    const uint8_t *end = data.data;
    struct key_cost cost = cost_of_key(data);
    if (cost.unreadable || !affords(allowance, &cost)) {
        allowance->is_short = true;
        return false;
    }
    EVP_PKEY *key = d2i_PUBKEY(NULL, &end, (long)data.len);
    bool signs = key != NULL && X509_verify(cert, key) == 1;
    EVP_PKEY_free(key);
    return signs;
}

static bool record_signs(const struct tlsa_rr *rr, X509 *cert, struct allowance *allowance)
{
    if (rr->usage != USAGE_DANE_TA || rr->matching != MATCHING_FULL || rr->data.len > LONG_MAX)
        return false;
    if (rr->selector == SELECTOR_CERT)
        return certificate_signs(rr->data, cert, allowance);
    return rr->selector == SELECTOR_SPKI && key_signs(rr->data, cert, allowance);
}

void tls_facts_dane(const STACK_OF(X509) * chain, const struct tlsa_facts *tlsa, struct tls_facts *facts)
{
    struct allowance allowance = {.left = SIGNATURES_VERIFIED, .left_us = COST_FACTS_US};
    if (tlsa == NULL || facts->cert_count == 0 || !wants_path(tlsa))
        return;
    (void)ERR_set_mark();
    for (size_t i = 0; i < facts->cert_count; i++)
        facts->certs[i].signed_by = find_signer(chain, (int)i, (int)facts->cert_count, &allowance);
    X509 *last = sk_X509_value(chain, path_end(facts));
    for (size_t i = 0; i < tlsa->rr_count && i < TLSA_SIGNS_BITS; i++)
        if (record_signs(&tlsa->rrs[i], last, &allowance))
            facts->tlsa_signs |= UINT32_C(1) << i;
    (void)ERR_pop_to_mark();
    facts->truncated = facts->truncated || allowance.is_short;
}
