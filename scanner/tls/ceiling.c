/* Gives OpenSSL callbacks that run before its work. They compute nothing themselves. Also defines
 * tls_message_seen of trust.h. */
#include "scanner/tls/ceiling.h"

#include "scanner/wire/cost.h"

#include <openssl/err.h>

enum {
    MESSAGE_CERTIFICATE = 11,
    MESSAGE_HEADER_BYTES = 4,
    LENGTH_BYTES = 3,
    GROUP_FFDHE6144 = 0x0103, /* RFC 7919; that of 8192 bits is the next */
    GROUP_FFDHE8192 = 0x0104
};

/* ---- Diffie-Hellman ------------------------------------------------------------------------------------ */

typedef int (*security)(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other,
                        void *more);

/* Says whether a TLS 1.2 server's Diffie-Hellman key is too large; ours is not yet made then. */
static bool is_large_key(int op, void *other)
{
    return op == SSL_SECOP_TMP_DH && other != NULL && EVP_PKEY_get_bits(other) > COST_DH_BITS;
}

/* Says whether a TLS 1.3 group is too large. We offer such groups, as other clients do, and would have to
 * make a key if the server's HelloRetryRequest asked for one. */
static bool is_large_group(const SSL *ssl, int op, const uint8_t *group)
{
    if (op != SSL_SECOP_CURVE_SUPPORTED || ssl == NULL || group == NULL ||
        SSL_get_state(ssl) != TLS_ST_CR_SRVR_HELLO)
        return false;
    int id = group[0] << 8 | group[1];
    return id == GROUP_FFDHE6144 || id == GROUP_FFDHE8192;
}

static void note(const SSL *ssl, enum tls_limit limit)
{
    struct tls_verify *verify = ssl == NULL ? NULL : tls_verify_of(ssl);
    if (verify != NULL && verify->limit == TLS_LIMIT_NONE)
        verify->limit = limit;
}

/* Permits all. Of a Diffie-Hellman key without any security OpenSSL 3.5 leaves an error in the queue before
 * it asks, and would then take the handshake that goes on for one that failed. */
static int permit(int op)
{
    if (op == SSL_SECOP_TMP_DH)
        ERR_clear_error();
    return 1;
}

/* Checks the ceiling, then asks OpenSSL's own callback: more, or NULL. */
static int secure(const SSL *ssl, const SSL_CTX *ctx, int op, int bits, int nid, void *other, void *more)
{
    if (is_large_key(op, other) || is_large_group(ssl, op, other)) {
        note(ssl, TLS_LIMIT_DH);
        return 0;
    }
    return more == NULL ? permit(op) : ((security)(uintptr_t)more)(ssl, ctx, op, bits, nid, other, NULL);
}

void tls_ceiling_setup(SSL_CTX *ctx)
{
    security own = SSL_CTX_get_security_callback(ctx);
    if (own == secure)
        return;
    SSL_CTX_set0_security_ex_data(ctx, (void *)(uintptr_t)own);
    SSL_CTX_set_security_callback(ctx, secure);
}

void tls_ceiling_alone(SSL_CTX *ctx)
{
    SSL_CTX_set0_security_ex_data(ctx, NULL);
}

/* ---- before a chain is read ---------------------------------------------------------------------------- */

/* Takes a value that has a length of `width` bytes before it. */
static bool take_sized(struct bytes *rest, size_t width, struct bytes *taken)
{
    size_t length = 0;
    if (rest->len < width)
        return false;
    for (size_t i = 0; i < width; i++)
        length = length << 8 | rest->data[i];
    if (length > rest->len - width)
        return false;
    *taken = bytes_make(rest->data + width, length);
    *rest = bytes_make(rest->data + width + length, rest->len - width - length);
    return true;
}

/* Adds up a list of certificates (RFC 5246 section 7.4.2); TLS 1.3 has extensions behind each certificate
 * (RFC 8446 section 4.4.2). */
static enum tls_limit look_at_list(struct bytes list, bool extended)
{
    struct chain_cost cost = {0};
    struct bytes certificate, extensions;
    struct key_cost key;
    while (cost.certs <= COST_CERTS && take_sized(&list, LENGTH_BYTES, &certificate)) {
        cost_add(&cost, certificate, &key);
        if (extended && !take_sized(&list, 2, &extensions))
            break;
    }
    return cost_to_read(&cost);
}

/*
 * Makes the handshake fail. OpenSSL has no way to end it here, and reads next the message that it has shown:
 * so the length of the list is made an impossible one. tests/unit/tls/test_ceiling.c checks that this ends
 * the handshake.
 */
static void spoil(const uint8_t *length)
{
    memset((void *)(uintptr_t)length, 0xff, LENGTH_BYTES);
}

void tls_message_seen(int written, int version, int type, const void *data, size_t len, const SSL *ssl)
{
    struct bytes body = bytes_make(data, len), context, list;
    if (written || type != SSL3_RT_HANDSHAKE || len < MESSAGE_HEADER_BYTES ||
        body.data[0] != MESSAGE_CERTIFICATE)
        return;
    bool extended = version == TLS1_3_VERSION;
    body = bytes_make(body.data + MESSAGE_HEADER_BYTES, len - MESSAGE_HEADER_BYTES);
    if (extended && !take_sized(&body, 1, &context))
        return;
    const uint8_t *length = body.data;
    if (!take_sized(&body, LENGTH_BYTES, &list))
        return;
    enum tls_limit limit = look_at_list(list, extended);
    if (limit == TLS_LIMIT_NONE)
        return;
    note(ssl, limit);
    spoil(length);
}

/* ---- before it is validated ---------------------------------------------------------------------------- */

/* The result of adding up a presented chain; not a look at an address. */
struct chain_look {
    enum tls_limit limit;   /* TLS_LIMIT_CHAIN: it is not to be validated at all */
    bool heavy_leaf;        /* no signature of the leaf may be verified */
    STACK_OF(X509) * light; /* the chain without issuers whose keys verify nothing; NULL if there are none */
};

static struct key_cost add(struct chain_cost *cost, const X509 *cert)
{
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    struct key_cost key = {.heavy = true};
    if (len > 0)
        cost_add(cost, bytes_make(der, (size_t)len), &key);
    OPENSSL_free(der);
    return key;
}

static struct chain_look look_at_chain(const STACK_OF(X509) * presented)
{
    struct chain_look look = {.light = sk_X509_new_null()};
    struct chain_cost cost = {0};
    for (int i = 0; i < sk_X509_num(presented); i++) {
        X509 *cert = sk_X509_value(presented, i);
        struct key_cost key = add(&cost, cert);
        if (look.light != NULL && (i == 0 || !key.heavy))
            (void)sk_X509_push(look.light, cert);
    }
    look.heavy_leaf = cost.heavy_leaf;
    look.limit = cost_to_validate(&cost);
    if (!cost.heavy_issuer || look.limit != TLS_LIMIT_NONE) {
        sk_X509_free(look.light);
        look.light = NULL;
    }
    return look;
}

/* Notes that validation was left out, and drops its errors: nothing is known then, and no errors do not mean
 * a good chain. */
static void leave_out(struct tls_verify *verify, enum tls_limit limit)
{
    if (verify == NULL)
        return;
    verify->limit = limit;
    verify->error_count = 0;
    memset(verify->errors, 0, sizeof verify->errors);
}

/* Ends the handshake: the server signs it with a key that costs too much to verify with. */
static int end_handshake(X509_STORE_CTX *store_ctx, SSL *ssl, struct tls_verify *verify)
{
    leave_out(verify, TLS_LIMIT_KEY);
    X509_STORE_CTX_set_error(store_ctx, X509_V_ERR_APPLICATION_VERIFICATION);
    if (ssl != NULL)
        SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
    return 0;
}

/* Validates without the issuers whose keys verify nothing. A path without them is as good as any; if there is
 * none, that says nothing. */
static void validate_light(X509_STORE_CTX *store_ctx, STACK_OF(X509) * light, struct tls_verify *verify,
                           tls_validate *validate)
{
    STACK_OF(X509) *presented = X509_STORE_CTX_get0_untrusted(store_ctx);
    X509_STORE_CTX_set0_untrusted(store_ctx, light);
    validate(store_ctx, verify);
    X509_STORE_CTX_set0_untrusted(store_ctx, presented);
    if (verify != NULL && verify->error_count > 0)
        leave_out(verify, TLS_LIMIT_KEY);
}

int tls_ceiling_validate(X509_STORE_CTX *store_ctx, SSL *ssl, tls_validate *validate)
{
    struct tls_verify *verify = ssl == NULL ? NULL : tls_verify_of(ssl);
    struct chain_look look = look_at_chain(X509_STORE_CTX_get0_untrusted(store_ctx));
    if (look.heavy_leaf)
        (void)end_handshake(store_ctx, ssl, verify);
    else if (look.limit != TLS_LIMIT_NONE)
        leave_out(verify, look.limit);
    else if (look.light != NULL)
        validate_light(store_ctx, look.light, verify, validate);
    else
        validate(store_ctx, verify);
    sk_X509_free(look.light);
    return !look.heavy_leaf;
}
