/* Collects the facts of handshakes, those that were done and those that were not. */
#include "scanner/tls/trust.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>

#include "scanner/tls/alert.h"
#include "scanner/tls/ceiling.h"
#include "scanner/tls/cert_cache.h"
#include "scanner/tls/chain.h"
#include "scanner/tls/groups.h"
#include "scanner/wire/cost.h"

static CRYPTO_ONCE certs_index_once = CRYPTO_ONCE_STATIC_INIT;
static int certs_index = -1;

static void take_certs_index(void)
{
    certs_index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

/* Returns the index, -1 if there is none. */
static int get_certs_index(void)
{
    return CRYPTO_THREAD_run_once(&certs_index_once, take_certs_index) == 1 ? certs_index : -1;
}

void tls_context_certs(SSL_CTX *ctx, struct cert_cache *cache)
{
    if (get_certs_index() >= 0)
        (void)SSL_CTX_set_ex_data(ctx, get_certs_index(), cache);
}

static struct cert_cache *cache_of(const SSL *ssl)
{
    return get_certs_index() < 0 ? NULL : SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), get_certs_index());
}

/* Names the digest; NULL for RSA key transport, and if the algorithm has its own digest (Ed25519). */
static const char *signature_digest(SSL *ssl, struct arena *arena)
{
    int nid = NID_undef;
    if (SSL_get_peer_signature_nid(ssl, &nid) != 1 || nid == NID_undef)
        return NULL;
    return arena_string(arena, OBJ_nid2sn(nid));
}

/* Returns the version that was agreed on, from the ServerHello on; 0 if there was none. SSL_version would be
 * that of a later TLS record, if this record says another one. */
static uint16_t version_of(const SSL *ssl)
{
    const SSL_SESSION *session = SSL_get_session(ssl);
    bool agreed = SSL_get_current_cipher(ssl) != NULL || SSL_get_pending_cipher(ssl) != NULL;
    return agreed && session != NULL ? (uint16_t)SSL_SESSION_get_protocol_version(session) : 0;
}

static void collect_session(SSL *ssl, struct arena *arena, struct tls_facts *facts)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
    facts->version = version_of(ssl);
    if (cipher == NULL)
        return;
    const char *name = SSL_CIPHER_standard_name(cipher);
    facts->cipher = arena_string(arena, name != NULL ? name : SSL_CIPHER_get_name(cipher));
    facts->group = tls_exchange_group(ssl, arena);
    facts->signature = signature_digest(ssl, arena);
}

static void collect_chain(SSL *ssl, const char *reference, struct arena *arena, struct tls_facts *facts)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    int count = chain == NULL ? 0 : sk_X509_num(chain);
    if (count <= 0)
        return;
    facts->truncated = count > CHAIN_CERTS_KEPT;
    if (facts->truncated)
        count = CHAIN_CERTS_KEPT;
    /* To X509_check_host a leading dot would mean any subdomain, and an empty name any certificate. */
    if (reference[0] != '\0' && reference[0] != '.')
        facts->name_match =
            X509_check_host(sk_X509_value(chain, 0), reference, 0,
                            X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
                            NULL) == 1;
    uint32_t left_us = COST_FACTS_US;
    facts->certs = arena_array(arena, (size_t)count, sizeof *facts->certs);
    while (facts->certs != NULL && facts->cert_count < (size_t)count &&
           cert_cache_collect(cache_of(ssl), sk_X509_value(chain, (int)facts->cert_count), &left_us, arena,
                              &facts->certs[facts->cert_count]))
        facts->cert_count++;
    facts->truncated = facts->truncated || facts->cert_count < (size_t)count;
}

/* Collects the facts that completed and failed handshakes have in common; starts facts anew. */
static void collect(SSL *ssl, const struct tls_verify *verify, const char *reference, struct arena *arena,
                    struct tls_facts *facts)
{
    *facts = (struct tls_facts){.alert = -1};
    (void)ERR_set_mark();
    collect_session(ssl, arena, facts);
    collect_chain(ssl, reference, arena, facts);
    (void)ERR_pop_to_mark();
    if (verify == NULL)
        return;
    facts->limit = verify->limit;
    tls_facts_dane(SSL_get_peer_cert_chain(ssl), verify->tlsa, facts);
    facts->time = verify->time;
    facts->other_time = verify->other_time;
    memcpy(facts->errors, verify->errors, sizeof facts->errors);
    facts->error_count = verify->error_count;
}

void tls_facts_collect(SSL *ssl, const struct tls_verify *verify, const char *reference, struct arena *arena,
                       struct tls_facts *facts)
{
    collect(ssl, verify, reference, arena, facts);
    facts->end = TLS_DONE;
}

/* Says whether a message exceeded the ceiling that was set here, which is for certificates and for a list of
 * authorities that ours are asked from. The ceilings of other messages are OpenSSL's, and no honest peer
 * comes near them. */
static bool is_past_ceiling(const SSL *ssl, unsigned long error)
{
    const OSSL_HANDSHAKE_STATE at = SSL_get_state(ssl);
    return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_EXCESSIVE_MESSAGE_SIZE &&
           (at == TLS_ST_CR_CERT || at == TLS_ST_CR_CERT_REQ);
}

/* Says whether the peer closed: without a word, or in good order, which leaves no error. */
static bool says_closed(const SSL *ssl, unsigned long error)
{
    if (error == 0)
        return (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
    return ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
}

/* Says whether we ended the handshake: OpenSSL's reason would then be told as theirs. */
static bool is_ours(const struct tls_facts *facts)
{
    return facts->end == TLS_FAILED && facts->limit != TLS_LIMIT_NONE;
}

void tls_facts_error(SSL *ssl, const struct tls_verify *verify, const char *reference, unsigned long error,
                     struct arena *arena, struct tls_facts *facts)
{
    char text[256];
    collect(ssl, verify, reference, arena, facts);
    facts->end = says_closed(ssl, error) ? TLS_CLOSED : TLS_FAILED;
    facts->truncated = facts->truncated || is_past_ceiling(ssl, error);
    if (error == 0 || is_ours(facts))
        return;
    facts->error_reason = ERR_GET_REASON(error);
    facts->alert = tls_alert_of(error);
    if (facts->alert >= 0) {
        facts->error_text = tls_alert_text(facts->alert, arena);
        return;
    }
    const char *reason = ERR_reason_error_string(error);
    if (reason == NULL) {
        ERR_error_string_n(error, text, sizeof text);
        reason = text;
    }
    facts->error_text = arena_string(arena, reason);
}

enum { RECORD_LAYER_FAILURE = 313 }; /* OpenSSL 3.0 has no name for it */

/* Says whether the error is a reason of the TLS library itself, and none that only points at another. */
static bool is_telling(unsigned long error)
{
    int reason = ERR_GET_REASON(error);
    return ERR_GET_LIB(error) == ERR_LIB_SSL && (reason & ERR_RFLAG_COMMON) == 0 &&
           reason != RECORD_LAYER_FAILURE;
}

unsigned long tls_error_told(void)
{
    unsigned long first = ERR_peek_error(), last = ERR_peek_last_error();
    return !is_telling(first) && is_telling(last) ? last : first;
}

void tls_facts_failure(SSL *ssl, const struct tls_verify *verify, const char *reference, struct arena *arena,
                       struct tls_facts *facts)
{
    unsigned long error = tls_error_told();
    tls_facts_error(ssl, verify, reference, error, arena, facts);
    ERR_clear_error();
}
