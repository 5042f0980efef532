/*
 * OpenSSL's own decoder of keys and the inherited one, held against each other: the roots that this machine
 * trusts, keys of many kinds, what is left of them with bytes changed, and threads that use both at once. On
 * releases that are read one way only, the two sides are the same, and must be.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <pthread.h>

#include "scanner/tls/legacy.h"
#include "scanner/tls/trust.h"
#include "scanner/wire/cost.h"
#include "tests/unit/certs.h"

static const char ROOTS[] = "/etc/ssl/certs/ca-certificates.crt";

enum { ARENA_BYTES = 1 << 20, MOST = 600, TAMPERED_ROUNDS = 5, THREADS = 4, ROUNDS = 10 };

struct der {
    unsigned char *data;
    int len;
};

/* Certificates as bytes, so that each way reads them anew. */
struct corpus {
    struct der certs[MOST];
    int count;
};

static void corpus_add(struct corpus *corpus, X509 *cert)
{
    struct der *der = &corpus->certs[corpus->count++];
    assert_true(corpus->count < MOST);
    der->len = i2d_X509(cert, &der->data);
    assert_true(der->len > 0);
}

static void add_roots(struct corpus *corpus)
{
    FILE *file = fopen(ROOTS, "r");
    assert_non_null(file);
    for (X509 *cert; (cert = PEM_read_X509(file, NULL, NULL, NULL)) != NULL; X509_free(cert))
        corpus_add(corpus, cert);
    ERR_clear_error();
    (void)fclose(file);
    assert_true(corpus->count > 50);
}

static void add_made(struct corpus *corpus, EVP_PKEY *key)
{
    const struct cert_spec spec = {.cn = "made", .san = "DNS:made.test", .ca = true};
    assert_non_null(key);
    X509 *cert = make_body(&spec, key, NULL);
    int type = EVP_PKEY_get_base_id(key);
    bool digests_itself = type == EVP_PKEY_ED25519 || type == EVP_PKEY_ED448;
    assert_true(X509_sign(cert, key, digests_itself ? NULL : EVP_sha256()) > 0);
    corpus_add(corpus, cert);
    X509_free(cert);
    EVP_PKEY_free(key);
}

/* A curve spelled out in parameters in place of its name (explicit), or points in compressed form. */
static EVP_PKEY *odd_ec_key(const char *encoding, const char *format)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM params[] = {OSSL_PARAM_utf8_string("group", (char[]){"P-256"}, 5),
                           OSSL_PARAM_utf8_string("encoding", (char *)(uintptr_t)encoding, strlen(encoding)),
                           OSSL_PARAM_utf8_string("point-format", (char *)(uintptr_t)format, strlen(format)),
                           OSSL_PARAM_END};
    assert_true(ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_CTX_set_params(ctx, params) == 1);
    assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static void add_kinds(struct corpus *corpus)
{
    static const char *const curves[] = {"P-224",     "P-256",           "P-384",    "P-521",
                                         "secp256k1", "brainpoolP256r1", "sect283r1"};
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
        add_made(corpus, EVP_EC_gen(curves[i]));
    add_made(corpus, odd_ec_key("explicit", "uncompressed"));
    add_made(corpus, odd_ec_key("named_curve", "compressed"));
    for (unsigned bits = 512; bits <= 3072; bits += 512)
        add_made(corpus, EVP_RSA_gen(bits));
    add_made(corpus, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"));
    add_made(corpus, EVP_PKEY_Q_keygen(NULL, NULL, "ED448"));
    EVP_PKEY *pss = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
    assert_true(EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) == 1);
    assert_int_equal(EVP_PKEY_generate(ctx, &pss), 1);
    EVP_PKEY_CTX_free(ctx);
    add_made(corpus, pss);
}

static void corpus_free(struct corpus *corpus)
{
    for (int i = 0; i < corpus->count; i++)
        OPENSSL_free(corpus->certs[i].data);
}

/* What one way makes of a certificate. */
struct reading {
    X509 *cert; /* NULL: no certificate */
    EVP_PKEY *key;
    int verified; /* its signature, by its own key */
    struct arena arena;
    bool collected;
    struct cert_facts facts;
};

static void read_one(const struct der *der, struct reading *reading)
{
    const unsigned char *data = der->data;
    *reading = (struct reading){.cert = d2i_X509(NULL, &data, der->len)};
    arena_init(&reading->arena, ARENA_BYTES);
    if (reading->cert != NULL) {
        reading->key = X509_get0_pubkey(reading->cert);
        reading->verified = reading->key == NULL ? 0 : X509_verify(reading->cert, reading->key) == 1;
        reading->collected =
            cert_facts_collect(reading->cert, &(uint32_t){COST_FACTS_US}, &reading->arena, &reading->facts);
    }
    ERR_clear_error();
}

static void reading_free(struct reading *reading)
{
    X509_free(reading->cert);
    arena_dispose(&reading->arena);
}

static void assert_same_facts(const struct cert_facts *a, const struct cert_facts *b)
{
    assert_memory_equal(a->sha256, b->sha256, sizeof a->sha256);
    assert_memory_equal(a->spki_sha256, b->spki_sha256, sizeof a->spki_sha256);
    assert_memory_equal(a->spki_sha512, b->spki_sha512, sizeof a->spki_sha512);
    assert_string_equal(a->key_type, b->key_type);
    assert_int_equal(a->key_bits, b->key_bits);
    assert_string_equal(a->signature, b->signature);
    assert_string_equal(a->subject, b->subject);
    assert_int_equal(a->self_signed, b->self_signed);
    assert_int_equal(a->is_ca, b->is_ca);
}

static void assert_same(int place, const struct reading *plain, const struct reading *legacy)
{
    if ((plain->cert == NULL) != (legacy->cert == NULL) || (plain->key == NULL) != (legacy->key == NULL) ||
        plain->verified != legacy->verified || plain->collected != legacy->collected)
        fail_msg("certificate %d (%s): certificate %d and %d, key %d and %d, verified %d and %d", place,
                 plain->collected ? plain->facts.key_type : "?", plain->cert != NULL, legacy->cert != NULL,
                 plain->key != NULL, legacy->key != NULL, plain->verified, legacy->verified);
    if (plain->key != NULL && EVP_PKEY_eq(plain->key, legacy->key) != 1)
        fail_msg("certificate %d (%s): the keys differ", place, plain->facts.key_type);
    if (plain->collected)
        assert_same_facts(&plain->facts, &legacy->facts);
}

/* Reads all of them plainly, then the other way, and compares. Gives how many verified themselves. */
static int compare(const struct corpus *corpus)
{
    struct reading *plain = calloc((size_t)corpus->count, sizeof *plain);
    int verified = 0;
    assert_non_null(plain);
    for (int i = 0; i < corpus->count; i++)
        read_one(&corpus->certs[i], &plain[i]);
    assert_int_equal(tls_legacy_decoder_use(), tls_legacy_decoder_helps());
    for (int i = 0; i < corpus->count; i++) {
        struct reading legacy;
        read_one(&corpus->certs[i], &legacy);
        assert_same(i, &plain[i], &legacy);
        verified += legacy.verified;
        reading_free(&legacy);
    }
    tls_legacy_decoder_drop();
    for (int i = 0; i < corpus->count; i++)
        reading_free(&plain[i]);
    free(plain);
    return verified;
}

static void test_roots(void **state)
{
    struct corpus corpus = {.count = 0};
    (void)state;
    add_roots(&corpus);
    assert_int_equal(compare(&corpus), corpus.count);
    corpus_free(&corpus);
}

static void test_kinds_of_keys(void **state)
{
    struct corpus corpus = {.count = 0};
    (void)state;
    add_kinds(&corpus);
    assert_true(compare(&corpus) >= corpus.count - 1); /* the one of explicit parameters may be refused */
    corpus_free(&corpus);
}

/* One byte changed, anywhere. The same is read by both ways, and no signature holds. */
static void test_tampered(void **state)
{
    struct corpus corpus = {.count = 0};
    unsigned random = 1;
    (void)state;
    add_roots(&corpus);
    add_kinds(&corpus);
    for (int round = 0; round < TAMPERED_ROUNDS; round++) {
        int at[MOST];
        unsigned char with[MOST];
        for (int i = 0; i < corpus.count; i++) {
            random = random * 1103515245 + 12345;
            at[i] = (int)(random >> 8) % corpus.certs[i].len;
            with[i] = (unsigned char)(1u << (random >> 4 & 7));
            corpus.certs[i].data[at[i]] ^= with[i];
        }
        (void)compare(&corpus);
        for (int i = 0; i < corpus.count; i++)
            corpus.certs[i].data[at[i]] ^= with[i];
    }
    corpus_free(&corpus);
}

/* A byte of the signature itself: the certificate is read, and rejected. */
static void test_tampered_signatures_are_rejected(void **state)
{
    struct corpus corpus = {.count = 0};
    (void)state;
    add_roots(&corpus);
    add_kinds(&corpus);
    for (int i = 0; i < corpus.count; i++)
        corpus.certs[i].data[corpus.certs[i].len - 1] ^= 1;
    assert_int_equal(compare(&corpus), 0);
    corpus_free(&corpus);
}

/* ---- handshakes ---------------------------------------------------------------------------------------- */

enum { BIO_BYTES = 1 << 16 };

static SSL_CTX *make_client(struct trust *trust, const char *group, int version)
{
    SSL_CTX *client = SSL_CTX_new(TLS_client_method());
    assert_int_equal(tls_context_setup(client, trust), ERR_OK);
    assert_int_equal(SSL_CTX_set1_groups_list(client, group), 1);
    assert_int_equal(SSL_CTX_set_max_proto_version(client, version), 1);
    return client;
}

static struct tls_facts shake(SSL_CTX *client, SSL_CTX *server, struct arena *arena)
{
    BIO *near = NULL;
    BIO *far = NULL;
    struct tls_verify verify;
    struct tls_facts facts;
    SSL *ours = SSL_new(client);
    SSL *theirs = SSL_new(server);
    int result = -1;
    assert_int_equal(BIO_new_bio_pair(&near, BIO_BYTES, &far, BIO_BYTES), 1);
    SSL_set_bio(ours, near, near);
    SSL_set_bio(theirs, far, far);
    SSL_set_connect_state(ours);
    SSL_set_accept_state(theirs);
    assert_int_equal(tls_verify_attach(ours, &verify), ERR_OK);
    for (int turn = 0; turn < 20 && result != 1; turn++) {
        (void)SSL_do_handshake(theirs);
        ERR_clear_error();
        result = SSL_do_handshake(ours);
    }
    if (result == 1)
        tls_facts_collect(ours, &verify, "mx.test", arena, &facts);
    else
        tls_facts_failure(ours, &verify, "mx.test", arena, &facts);
    SSL_free(ours);
    SSL_free(theirs);
    ERR_clear_error();
    return facts;
}

static void assert_same_text(const char *a, const char *b)
{
    assert_string_equal(a == NULL ? "-" : a, b == NULL ? "-" : b);
}

static void compare_handshakes(struct trust *trust, const struct identity *leaf, const char *group,
                               int version)
{
    struct tls_facts facts[2];
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    for (int way = 0; way < 2; way++) {
        SSL_CTX *client = make_client(trust, group, version);
        SSL_CTX *server = make_server(leaf, NULL);
        SSL_CTX_set_dh_auto(server, 1);
        if (way == 1)
            (void)tls_legacy_decoder_use();
        facts[way] = shake(client, server, &arena);
        tls_legacy_decoder_drop();
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
    assert_int_equal(facts[0].end, facts[1].end);
    assert_int_equal(facts[0].version, facts[1].version);
    assert_same_text(facts[0].cipher, facts[1].cipher);
    assert_same_text(facts[0].group, facts[1].group);
    assert_same_text(facts[0].signature, facts[1].signature);
    assert_int_equal(facts[0].error_count, facts[1].error_count);
    assert_int_equal(facts[0].name_match, facts[1].name_match);
    assert_int_equal(facts[0].cert_count, facts[1].cert_count);
    for (size_t i = 0; i < facts[0].cert_count; i++)
        assert_same_facts(&facts[0].certs[i], &facts[1].certs[i]);
    for (size_t i = 0; i < facts[0].error_count; i++)
        assert_memory_equal(&facts[0].errors[i], &facts[1].errors[i], sizeof facts[0].errors[i]);
    arena_dispose(&arena);
}

/* Our half of the key exchange is made while the ENGINE stands for EC, too. */
static void test_handshakes(void **state)
{
    static const char *const groups[] = {"X25519", "X448", "P-256", "P-384", "P-521", "ffdhe2048"};
    char path[] = "/tmp/test-legacy-XXXXXX";
    const char *why = NULL;
    const struct cert_spec specs[] = {{.cn = "x", .san = "DNS:mx.test"},
                                      {.cn = "x", .san = "DNS:mx.test", .rsa_bits = 2048},
                                      {.cn = "x", .san = "DNS:mx.test", .rsa_bits = 1024},
                                      {.cn = "x", .san = "DNS:mx.test", .from_s = -9 * 86400, .to_s = -86400},
                                      {.cn = "x", .san = "DNS:other.test", .sha1 = true}};
    struct identity root = make_identity(&(struct cert_spec){.cn = "Root", .ca = true}, NULL);
    (void)state;
    write_roots(path, &root, 1);
    struct trust *trust = trust_create(path, &why);
    (void)unlink(path);
    assert_non_null(trust);
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        struct identity leaf = make_identity(&specs[i], &root);
        for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
            compare_handshakes(trust, &leaf, groups[g], TLS1_2_VERSION);
            compare_handshakes(trust, &leaf, groups[g], TLS1_3_VERSION);
        }
        identity_free(&leaf);
    }
    trust_destroy(trust);
    identity_free(&root);
}

/* ---- threads ------------------------------------------------------------------------------------------- */

static void *run_reads(void *arg)
{
    const struct corpus *corpus = arg;
    intptr_t verified = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < corpus->count; i++) {
            struct reading reading;
            read_one(&corpus->certs[i], &reading);
            verified += reading.verified;
            reading_free(&reading);
        }
    }
    return (void *)verified;
}

static void test_threads(void **state)
{
    struct corpus corpus = {.count = 0};
    pthread_t threads[THREADS];
    (void)state;
    add_kinds(&corpus);
    int expected = compare(&corpus) * ROUNDS;
    assert_int_equal(tls_legacy_decoder_use(), tls_legacy_decoder_helps());
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, run_reads, &corpus), 0);
    for (int i = 0; i < THREADS; i++) {
        void *verified = NULL;
        assert_int_equal(pthread_join(threads[i], &verified), 0);
        assert_int_equal((intptr_t)verified, expected);
    }
    tls_legacy_decoder_drop();
    corpus_free(&corpus);
}

static void test_again_does_no_harm(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(tls_legacy_decoder_use(), tls_legacy_decoder_helps());
    tls_legacy_decoder_drop();
    tls_legacy_decoder_drop();
    assert_int_equal(tls_legacy_decoder_use(), tls_legacy_decoder_helps());
    tls_legacy_decoder_drop();
}

int main(void)
{
    tls_library_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_kinds_of_keys),
        cmocka_unit_test(test_tampered),
        cmocka_unit_test(test_tampered_signatures_are_rejected),
        cmocka_unit_test(test_handshakes),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_again_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
