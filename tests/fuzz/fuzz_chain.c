/*
 * Any TLSA records over any chain of certificates: our DANE against OpenSSL's. A record is usage, selector,
 * matching type, and what its data are of (a digest or the whole of one of the certificates, or bytes that
 * stand there); certificates follow, each behind two bytes of length. Usage 3 must be judged alike; usage 2
 * passes here only if it does there.
 */
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "scanner/tls/trust.h"
#include "scanner/verdict/tlsa.h"
#include "tests/fuzz/target.h"

enum { CERTS = 5, RECORDS = 4, DATA_BYTES = 4096, RECORD_BYTES = 5, ARENA_BYTES = 8 << 20, OWN_DATA = 255 };

static const char HOST[] = "mx.dane.test";

struct chain {
    STACK_OF(X509) * stack;
    struct tlsa_rr rrs[RECORDS];
    uint8_t data[RECORDS][DATA_BYTES];
    struct tlsa_facts records;
    struct tls_facts tls;
    struct cert_facts certs[CERTS];
    struct arena arena;
};

struct input {
    const uint8_t *data;
    size_t size;
};

static struct bytes take(struct input *input, size_t count)
{
    size_t len = count < input->size ? count : input->size;
    struct bytes part = bytes_make(input->data, len);
    input->data += len;
    input->size -= len;
    return part;
}

static void read_certs(struct chain *chain, struct input *input)
{
    while (input->size > 2 && chain->tls.cert_count < CERTS) {
        struct bytes len = take(input, 2);
        struct bytes der = take(input, (size_t)len.data[0] << 8 | len.data[1]);
        const unsigned char *at = der.data;
        uint32_t left_us = UINT32_MAX;
        X509 *cert = d2i_X509(NULL, &at, (long)der.len);
        ERR_clear_error();
        if (cert == NULL)
            continue;
        struct cert_facts *facts = &chain->certs[chain->tls.cert_count];
        *facts = (struct cert_facts){.signed_by = -1};
        if (cert_facts_collect(cert, &left_us, &chain->arena, facts) && sk_X509_push(chain->stack, cert) > 0)
            chain->tls.cert_count++;
        else
            X509_free(cert);
    }
}

static size_t digested(uint8_t matching, const unsigned char *whole, size_t len, uint8_t *data)
{
    if (matching == 1)
        (void)SHA256(whole, len, data);
    else if (matching == 2)
        (void)SHA512(whole, len, data);
    else if (len <= DATA_BYTES)
        memcpy(data, whole, len);
    return matching == 1 ? 32 : matching == 2 ? 64 : len <= DATA_BYTES ? len : 0;
}

/* what: 0 to 254 is a certificate of the chain, 255 the bytes that stand behind. */
static void make_record(struct chain *chain, struct bytes head, struct input *input)
{
    size_t at = chain->records.rr_count;
    struct tlsa_rr *rr = &chain->rrs[at];
    unsigned char *whole = NULL;
    *rr = (struct tlsa_rr){
        .usage = head.data[0] % 5, .selector = head.data[1] % 3, .matching = head.data[2] % 4};
    if (head.data[3] == OWN_DATA || chain->tls.cert_count == 0) {
        struct bytes own = take(input, head.data[4]);
        memcpy(chain->data[at], own.data, own.len);
        rr->data = bytes_make(chain->data[at], own.len);
    } else {
        X509 *cert = sk_X509_value(chain->stack, head.data[3] % (int)chain->tls.cert_count);
        int len =
            rr->selector == 0 ? i2d_X509(cert, &whole) : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &whole);
        rr->data = bytes_make(chain->data[at],
                              len <= 0 ? 0 : digested(rr->matching, whole, (size_t)len, chain->data[at]));
        OPENSSL_free(whole);
    }
    chain->records.rr_count++;
}

/* The records' heads stand first; what their data are of is known once the certificates are read. */
static void read_all(struct chain *chain, struct input *input)
{
    size_t count = 1 + take(input, 1).data[0] % RECORDS;
    struct bytes heads = take(input, count * RECORD_BYTES);
    chain->records = (struct tlsa_facts){.base = HOST, .rrs = chain->rrs};
    chain->tls = (struct tls_facts){.end = TLS_DONE, .certs = chain->certs};
    struct bytes own = take(input, input->size < 512 ? input->size / 4 : 64);
    read_certs(chain, input);
    struct input rest = {own.data, own.len};
    for (size_t i = 0; i + RECORD_BYTES <= heads.len; i += RECORD_BYTES)
        make_record(chain, bytes_make(heads.data + i, RECORD_BYTES), &rest);
}

static size_t hand_over(SSL *ssl, const struct chain *chain, uint8_t usage)
{
    size_t taken = 0;
    if (SSL_dane_enable(ssl, HOST) <= 0)
        abort();
    (void)SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    for (size_t i = 0; i < chain->records.rr_count; i++) {
        const struct tlsa_rr *rr = &chain->rrs[i];
        if (rr->usage == usage)
            taken += SSL_dane_tlsa_add(ssl, rr->usage, rr->selector, rr->matching, rr->data.data,
                                       rr->data.len) == 1;
    }
    return taken;
}

/* Does OpenSSL take the chain by the records of this usage? With a key that it cannot read, or finds too
 * weak, there would have been no handshake; where it cannot read an extension of the leaf, it says nothing.
 */
enum answer { TAKES, REFUSES, SAYS_NOTHING };

static enum answer openssl_takes(SSL_CTX *context, const struct chain *chain, uint8_t usage)
{
    SSL *ssl = SSL_new(context);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    bool is_readable = X509_get0_pubkey(sk_X509_value(chain->stack, 0)) != NULL;
    enum answer answer = is_readable ? REFUSES : SAYS_NOTHING;
    if (ssl == NULL || store == NULL || ctx == NULL)
        abort();
    if (is_readable && hand_over(ssl, chain, usage) > 0 &&
        X509_STORE_CTX_init(ctx, store, sk_X509_value(chain->stack, 0), chain->stack) == 1) {
        X509_STORE_CTX_set0_dane(ctx, SSL_get0_dane(ssl));
        (void)X509_STORE_CTX_set_default(ctx, "ssl_server");
        (void)X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(ctx), SSL_get0_param(ssl));
        bool takes = X509_verify_cert(ctx) == 1;
        int error = X509_STORE_CTX_get_error(ctx);
        answer = takes                                                                     ? TAKES
                 : error == X509_V_ERR_EE_KEY_TOO_SMALL || error == X509_V_ERR_UNSPECIFIED ? SAYS_NOTHING
                                                                                           : REFUSES;
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    SSL_free(ssl);
    ERR_clear_error();
    return answer;
}

static enum failure_code ours(const struct chain *chain, uint8_t usage, size_t *matched)
{
    static const struct reference_names names = {{HOST, HOST, NULL}};
    struct tlsa_rr rrs[RECORDS];
    struct tlsa_facts records = {.base = HOST, .rrs = rrs};
    struct tlsa_set set;
    for (size_t i = 0; i < chain->records.rr_count; i++)
        if (chain->rrs[i].usage == usage)
            rrs[records.rr_count++] = chain->rrs[i];
    verdict_tlsa_set(&records, &set);
    *matched = 0;
    return set.usable == 0 ? FAIL_DANE_UNUSABLE
                           : verdict_tlsa(&set, &chain->tls, &names, (int64_t)time(NULL) * 1000, matched);
}

static void compare(SSL_CTX *context, struct chain *chain)
{
    size_t matched;
    tls_facts_dane(chain->stack, &chain->records, &chain->tls);
    enum failure_code leaf = ours(chain, 3, &matched);
    expect(matched <= chain->records.rr_count ? NULL : "a record that is not there matches");
    enum answer theirs = openssl_takes(context, chain, 3);
    bool is_plain = leaf == FAIL_NONE || leaf == FAIL_DANE_MISMATCH || leaf == FAIL_DANE_UNUSABLE;
    if (is_plain && theirs != SAYS_NOTHING)
        expect((leaf == FAIL_NONE) == (theirs == TAKES) ? NULL
                                                        : "usage 3 is judged otherwise than by OpenSSL");
    enum failure_code anchor = ours(chain, 2, &matched);
    if (anchor == FAIL_NONE)
        expect(openssl_takes(context, chain, 2) != REFUSES ? NULL
                                                           : "usage 2 passes here, and not with OpenSSL");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static SSL_CTX *context;
    static struct chain chain;
    struct input input = {data, size};
    if (size < 1 + RECORD_BYTES)
        return 0;
    if (context == NULL) {
        context = SSL_CTX_new(TLS_client_method());
        if (context == NULL || SSL_CTX_dane_enable(context) != 1)
            abort();
    }
    arena_init(&chain.arena, ARENA_BYTES);
    chain.stack = sk_X509_new_null();
    read_all(&chain, &input);
    if (chain.tls.cert_count > 0)
        compare(context, &chain);
    sk_X509_pop_free(chain.stack, X509_free);
    arena_dispose(&chain.arena);
    return 0;
}
