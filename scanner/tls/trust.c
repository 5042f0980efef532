/*
 * Loads the process's roots, and validates paths without aborting. It
 * decides nothing about the peer, opens no socket and reads only the file of roots.
 */
#include "scanner/tls/trust.h"

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "scanner/base/clock.h"
#include "scanner/tls/alert.h"
#include "scanner/tls/ceiling.h"
#include "scanner/tls/chain.h"
#include "scanner/tls/chain_cache.h"
#include "scanner/tls/flow.h"
#include "scanner/tls/groups.h"
#include "scanner/tls/signatures.h"
#include "scanner/tls/verified.h"
#include "scanner/wire/cost.h"

/* CHAIN_DEPTH: validation of a stranger's chain costs at most so many signatures and two more. */
enum { CHAIN_DEPTH = 10, CERT_LIST_BYTES = FLOW_CERTIFICATES };

/*
 * SSL_OP_NO_TX_CERTIFICATE_COMPRESSION and SSL_OP_NO_RX_CERTIFICATE_COMPRESSION of OpenSSL 3.2: certificates
 * that are unpacked would have another ceiling than those sent plain. They stand here by their values, since
 * what is built with the headers of 3.0 may run with a later release; 3.0 and 3.1 have nothing at these bits.
 */
#define NO_COMPRESSED_CERTIFICATES ((uint64_t)3 << 32)
#ifdef SSL_OP_NO_RX_CERTIFICATE_COMPRESSION
_Static_assert(NO_COMPRESSED_CERTIFICATES ==
                   (SSL_OP_NO_TX_CERTIFICATE_COMPRESSION | SSL_OP_NO_RX_CERTIFICATE_COMPRESSION),
               "the values are OpenSSL's");
#endif

struct trust {
    X509_STORE *store;
    size_t roots;
    struct chain_dates dates; /* the roots' */
    struct tls_offer offer;
};

/* ---- roots --------------------------------------------------------------------------------------------- */

void tls_library_init(void)
{
    const uint64_t common = OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS;
    (void)OPENSSL_init_crypto(common, NULL);
    (void)OPENSSL_init_ssl(common | OPENSSL_INIT_LOAD_SSL_STRINGS, NULL);
}

/*
 * Counts the certificates of the store and notes their dates. OpenSSL reads a certificate's extensions at
 * their first use. They are used here, before there are threads, so that no loop waits for another's reading
 * or races it.
 */
static bool survey_roots(struct trust *trust)
{
    STACK_OF(X509_OBJECT) *objects = X509_STORE_get0_objects(trust->store);
    bool noted = true;
    for (int i = 0; noted && i < sk_X509_OBJECT_num(objects); i++) {
        X509 *root = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (root == NULL)
            continue;
        trust->roots++;
        (void)X509_check_purpose(root, -1, 0);
        noted = chain_dates_add(&trust->dates, root);
    }
    chain_dates_sort(&trust->dates);
    return noted;
}

/* Returns why OpenSSL would not load the file, in words for a person. */
static const char *load_failure(const char *ca_file)
{
    FILE *file = fopen(ca_file, "re");
    if (file == NULL)
        return "the file of trusted roots cannot be read: install the package ca-certificates, or name "
               "another";
    (void)fclose(file);
    return "the file of trusted roots holds no usable certificate";
}

struct trust *trust_create(const char *ca_file, const char **why)
{
    tls_library_init();
    struct trust *trust = calloc(1, sizeof *trust);
    *why = "out of memory";
    if (trust == NULL)
        return NULL;
    trust->store = X509_STORE_new();
    if (trust->store == NULL)
        goto failed;
    ERR_clear_error();
    bool loaded = X509_STORE_load_file(trust->store, ca_file) == 1;
    ERR_clear_error();
    if (!survey_roots(trust))
        goto failed;
    if (!loaded || trust->roots == 0) {
        *why = load_failure(ca_file);
        goto failed;
    }
    if (trust_offer(trust, "", NULL) != ERR_OK)
        goto failed;
    *why = NULL;
    return trust;
failed:
    trust_destroy(trust);
    return NULL;
}

void trust_destroy(struct trust *trust)
{
    if (trust == NULL)
        return;
    X509_STORE_free(trust->store);
    chain_dates_dispose(&trust->dates);
    free(trust);
}

enum error trust_offer(struct trust *trust, const char *groups, struct buf *why)
{
    return tls_offer_make(groups, &trust->offer, why) ? ERR_OK : ERR_CONFIG;
}

bool trust_offers_large(const struct trust *trust)
{
    return trust->offer.large;
}

X509_STORE *trust_store(struct trust *trust)
{
    return trust->store;
}

size_t trust_root_count(const struct trust *trust)
{
    return trust->roots;
}

const struct chain_dates *trust_dates(const struct trust *trust)
{
    return &trust->dates;
}

/* ---- validation that goes on --------------------------------------------------------------------------- */

/* The index under which an SSL keeps its struct tls_verify; OpenSSL gives it out once a process. */
static CRYPTO_ONCE verify_index_once = CRYPTO_ONCE_STATIC_INIT;
static int verify_index = -1;

static void take_verify_index(void)
{
    verify_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);
}

/* Returns the index, -1 if there is none. */
static int get_verify_index(void)
{
    if (CRYPTO_THREAD_run_once(&verify_index_once, take_verify_index) != 1)
        return -1;
    return verify_index;
}

struct tls_verify *tls_verify_of(const SSL *ssl)
{
    int index = get_verify_index();
    return index < 0 ? NULL : SSL_get_ex_data(ssl, index);
}

static SSL *ssl_of(X509_STORE_CTX *store_ctx)
{
    return X509_STORE_CTX_get_ex_data(store_ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
}

static struct tls_verify *verify_of(X509_STORE_CTX *store_ctx)
{
    const SSL *ssl = ssl_of(store_ctx);
    return ssl == NULL ? NULL : tls_verify_of(ssl);
}

/* Makes room for an error of the leaf. OpenSSL checks the leaf last: a long chain full of faults must not
 * hide the leaf's. */
static bool make_room(struct tls_verify *verify)
{
    size_t place = CHAIN_ERRORS_KEPT;
    while (place > 0 && verify->errors[place - 1].depth == 0)
        place--;
    if (place == 0)
        return false;
    size_t behind = CHAIN_ERRORS_KEPT - place;
    memmove(&verify->errors[place - 1], &verify->errors[place], behind * sizeof verify->errors[0]);
    verify->error_count--;
    return true;
}

static void record_error(struct tls_verify *verify, int x509, int depth)
{
    for (size_t i = 0; i < verify->error_count; i++)
        if (verify->errors[i].x509 == x509 && verify->errors[i].depth == depth)
            return;
    if (verify->error_count == CHAIN_ERRORS_KEPT && (depth != 0 || !make_room(verify)))
        return;
    verify->errors[verify->error_count++] = (struct chain_error){.x509 = x509, .depth = depth};
}

static int on_chain_error(int ok, X509_STORE_CTX *store_ctx)
{
    struct tls_verify *verify = verify_of(store_ctx);
    if (!ok && verify != NULL)
        record_error(verify, X509_STORE_CTX_get_error(store_ctx), X509_STORE_CTX_get_error_depth(store_ctx));
    return 1;
}

/* Validates the path without a cache. */
static void validate_anew(X509_STORE_CTX *store_ctx, struct tls_verify *verify)
{
    X509_STORE_CTX_set_verify_cb(store_ctx, on_chain_error);
    tls_verified_begin();
    int valid = X509_verify_cert(store_ctx);
    tls_verified_end();
    /* Validation can give up without asking the callback (no memory): that must not look like a good chain.
     */
    if (valid <= 0 && verify != NULL && verify->error_count == 0) {
        int x509 = X509_STORE_CTX_get_error(store_ctx);
        record_error(verify, x509 == X509_V_OK ? X509_V_ERR_UNSPECIFIED : x509, 0);
    }
}

static void recall(X509_STORE_CTX *store_ctx, const struct chain_verdict *known, struct tls_verify *verify)
{
    memcpy(verify->errors, known->errors, sizeof verify->errors);
    verify->error_count = known->error_count;
    X509_STORE_CTX_set_error(store_ctx, known->last_error);
}

/* Says whether the errors are of the chain. One inside OpenSSL says nothing of the chain and is not kept. */
static bool is_of_the_chain(const struct tls_verify *verify)
{
    for (size_t i = 0; i < verify->error_count; i++)
        if (verify->errors[i].x509 == X509_V_ERR_OUT_OF_MEM ||
            verify->errors[i].x509 == X509_V_ERR_UNSPECIFIED)
            return false;
    return true;
}

static void keep(struct chain_cache *cache, X509_STORE_CTX *store_ctx, const uint8_t *key,
                 const struct tls_verify *verify, int64_t now)
{
    struct chain_verdict found = {.error_count = verify->error_count,
                                  .last_error = X509_STORE_CTX_get_error(store_ctx)};
    memcpy(found.errors, verify->errors, sizeof found.errors);
    chain_window(X509_STORE_CTX_get0_untrusted(store_ctx), chain_cache_roots(cache), now, &found.from,
                 &found.until);
    if (is_of_the_chain(verify))
        chain_cache_add(cache, key, &found);
}

/* Notes the time of validation. A clock that was set during the scan leaves two readings, and neither is
 * known to be right. */
static void note_time(struct tls_verify *verify, int64_t now_ms)
{
    int64_t kept_ms = clock_kept_ms();
    int64_t apart_ms = kept_ms > now_ms ? kept_ms - now_ms : now_ms - kept_ms;
    verify->time = now_ms;
    verify->other_time = apart_ms > CLOCK_STEP_MS ? kept_ms : 0;
}

/* Replaces OpenSSL's own verification. It says no only if the handshake would cost too much; else the
 * handshake goes on (TLS-5). */
static int validate(X509_STORE_CTX *store_ctx, void *arg)
{
    struct chain_cache *cache = arg;
    struct tls_verify *verify = verify_of(store_ctx);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(store_ctx);
    const int64_t now_ms = clock_wall_ms();
    const int64_t now = now_ms / 1000;
    uint8_t key[CHAIN_KEY_BYTES];
    if (verify != NULL)
        note_time(verify, now_ms);
    X509_VERIFY_PARAM_set_auth_level(param, 2);
    X509_VERIFY_PARAM_set_depth(param, CHAIN_DEPTH);
    bool cached = cache != NULL && verify != NULL && verify->error_count == 0 && chain_key(store_ctx, key);
    const struct chain_verdict *known = cached ? chain_cache_find(cache, key, now) : NULL;
    if (known != NULL) {
        recall(store_ctx, known, verify);
        return 1;
    }
    X509_VERIFY_PARAM_set_time(param, (time_t)now);
    int goes_on = tls_ceiling_validate(store_ctx, ssl_of(store_ctx), validate_anew);
    if (cached && verify->limit == TLS_LIMIT_NONE)
        keep(cache, store_ctx, key, verify, now);
    return goes_on;
}

void tls_context_cache(SSL_CTX *ctx, struct chain_cache *cache)
{
    SSL_CTX_set_cert_verify_callback(ctx, validate, cache);
}

enum error tls_context_setup(SSL_CTX *ctx, struct trust *trust)
{
    if (get_verify_index() < 0 || SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set1_groups_list(ctx, trust->offer.groups) != 1 ||
        SSL_CTX_set1_sigalgs_list(ctx, TLS_SIGNATURES) != 1)
        return ERR_LIBRARY;
    SSL_CTX_set1_cert_store(ctx, trust->store);
    SSL_CTX_set_cert_verify_callback(ctx, validate, NULL);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_security_level(ctx, 1);
    tls_ceiling_setup(ctx);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_max_cert_list(ctx, CERT_LIST_BYTES);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_options(ctx, NO_COMPRESSED_CERTIFICATES);
    return ERR_OK;
}

enum error tls_context_small(SSL_CTX *ctx, const struct trust *trust)
{
    return SSL_CTX_set1_groups_list(ctx, trust->offer.small) == 1 ? ERR_OK : ERR_LIBRARY;
}

#define USUAL_GROUPS   "X25519:P-256:X448:P-521:P-384" /* OpenSSL's own, in its order */
#define UNUSUAL_CURVES "secp256k1:brainpoolP256r1:brainpoolP384r1:brainpoolP512r1:P-224:P-192"

enum error tls_context_permit(SSL_CTX *ctx)
{
    SSL_CTX_set_security_level(ctx, 0);
    /* Curves that certificates may be on and no usual client offers. Under TLS 1.3 nobody could use them (RFC
     * 8446 section 4.2.3 binds the algorithm to the curve), so the handshake stops at 1.2. */
    if (SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) != 1)
        return ERR_LIBRARY;
    if (SSL_CTX_set1_groups_list(ctx, USUAL_GROUPS ":" UNUSUAL_CURVES) != 1)
        ERR_clear_error();  /* a build without them has no name for their fault */
    tls_ceiling_alone(ctx); /* even at level 0 OpenSSL's own callback refuses groups below 1024 bits */
    if (SSL_CTX_set_min_proto_version(ctx, 0) != 1 ||
        SSL_CTX_set_cipher_list(ctx, "ALL:COMPLEMENTOFALL:@SECLEVEL=0") != 1)
        return ERR_LIBRARY;
    SSL_CTX_set_options(ctx, SSL_OP_LEGACY_SERVER_CONNECT);
    return ERR_OK;
}

bool tls_leave_out_dh(SSL *ssl)
{
    return SSL_set_cipher_list(ssl, "ALL:COMPLEMENTOFALL:!kDHE:@SECLEVEL=0") == 1 &&
           SSL_set_max_proto_version(ssl, 0) == 1 && SSL_set1_groups_list(ssl, USUAL_GROUPS) == 1;
}

enum error tls_verify_attach(SSL *ssl, struct tls_verify *verify)
{
    int index = get_verify_index();
    *verify = (struct tls_verify){0};
    if (index < 0 || SSL_set_ex_data(ssl, index, verify) != 1)
        return ERR_LIBRARY;
    return ERR_OK;
}
