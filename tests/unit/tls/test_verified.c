/*
 * Signatures that are verified once: what was found good is found again, and nothing else ever is. Each case
 * is held against OpenSSL without the memory.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/rsa.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "scanner/tls/legacy.h"
#include "scanner/tls/trust.h"
#include "scanner/tls/verified.h"
#include "tests/unit/certs.h"

enum { THREADS = 4, ROUNDS = 50, MANY = 6000, DER_BYTES = 8192 };

struct signed_cert {
    unsigned char der[DER_BYTES];
    int len;
};

/* A certificate that a key signs for itself. */
static struct signed_cert make(EVP_PKEY *key, const EVP_MD *md, const char *name)
{
    struct signed_cert made;
    const struct cert_spec spec = {.cn = name, .san = "DNS:made.test", .ca = true};
    X509 *cert = make_body(&spec, key, NULL);
    assert_true(X509_sign(cert, key, md) > 0);
    assert_in_range(i2d_X509(cert, NULL), 1, DER_BYTES);
    unsigned char *to = made.der;
    made.len = i2d_X509(cert, &to);
    X509_free(cert);
    return made;
}

static X509 *cert_of(const struct signed_cert *made)
{
    const unsigned char *from = made->der;
    return d2i_X509(NULL, &from, made->len);
}

/* Verifies the certificate by its own key; in_path says whether that is of a path. */
static bool verifies(const struct signed_cert *made, bool in_path)
{
    X509 *cert = cert_of(made);
    if (in_path)
        tls_verified_begin();
    bool good =
        cert != NULL && X509_get0_pubkey(cert) != NULL && X509_verify(cert, X509_get0_pubkey(cert)) == 1;
    tls_verified_end();
    X509_free(cert);
    ERR_clear_error();
    return good;
}

static uint64_t asked(void)
{
    return tls_verified_count().asked;
}

static uint64_t known(void)
{
    return tls_verified_count().known;
}

static int set_up(void **state)
{
    (void)state;
    tls_library_init();
    if (!tls_legacy_decoder_use())
        return 0; /* it is not used on this OpenSSL: nothing may be asked of it */
    return tls_verified_use() ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    tls_verified_drop();
    tls_legacy_decoder_drop();
    return 0;
}

struct kind {
    const char *what;
    EVP_PKEY *(*make_key)(void);
    const EVP_MD *(*md)(void);
    bool kept;
};

static EVP_PKEY *ec_256(void)
{
    return EVP_EC_gen("P-256");
}
static EVP_PKEY *ec_384(void)
{
    return EVP_EC_gen("P-384");
}
static EVP_PKEY *ec_521(void)
{
    return EVP_EC_gen("P-521");
}
static EVP_PKEY *rsa_2048(void)
{
    return EVP_RSA_gen(2048);
}
static EVP_PKEY *rsa_1024(void)
{
    return EVP_RSA_gen(1024);
}
static EVP_PKEY *ed25519(void)
{
    return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
}
static const EVP_MD *none(void)
{
    return NULL;
}

static EVP_PKEY *explicit_256(void)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM params[] = {OSSL_PARAM_utf8_string("group", (char[]){"P-256"}, 5),
                           OSSL_PARAM_utf8_string("encoding", (char[]){"explicit"}, 8), OSSL_PARAM_END};
    assert_true(ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_CTX_set_params(ctx, params) == 1);
    assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static const struct kind kinds[] = {
    {"EC P-256", ec_256, EVP_sha256, true},
    {"EC P-384", ec_384, EVP_sha384, true},
    {"EC P-521", ec_521, EVP_sha512, true},
    {"RSA 2048", rsa_2048, EVP_sha256, true},
    {"RSA, SHA-512", rsa_1024, EVP_sha512, true},
    {"RSA, SHA-1", rsa_1024, EVP_sha1, true},
    {"Ed25519", ed25519, none, false},
    {"EC, spelled out", explicit_256, EVP_sha256, false},
};

static struct signed_cert make_kind(const struct kind *kind, const char *name)
{
    /* Keys are made without the ENGINE, which takes that away. */
    tls_verified_drop();
    tls_legacy_decoder_drop();
    EVP_PKEY *key = kind->make_key();
    assert_non_null(key);
    struct signed_cert made = make(key, kind->md(), name);
    EVP_PKEY_free(key);
    assert_int_equal(set_up(NULL), 0);
    return made;
}

static void the_second_time_is_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct signed_cert made = make_kind(&kinds[i], "once");
        bool good = verifies(&made, true);
        assert_true(good || !kinds[i].kept);
        const uint64_t found = known(), first = asked();
        assert_int_equal(verifies(&made, true), good);
        uint64_t expected = kinds[i].kept && tls_legacy_decoder_helps();
        if (known() - found != expected || asked() - first != expected)
            fail_msg("%s: found %d times", kinds[i].what, (int)(known() - found));
    }
}

/* Each bit of what is signed, of the key and of the signature, by turns: none is found good, known or not. */
static void a_changed_bit_is_never_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct signed_cert made = make_kind(&kinds[i], "changed");
        bool good = verifies(&made, true);
        for (int bit = 0; bit < made.len * 8; bit += 7) {
            made.der[bit / 8] ^= (unsigned char)(1u << bit % 8);
            bool in_path = verifies(&made, true), plain = verifies(&made, false);
            if (in_path != plain)
                fail_msg("%s, bit %d: %d with the memory, %d without", kinds[i].what, bit, in_path, plain);
            made.der[bit / 8] ^= (unsigned char)(1u << bit % 8);
        }
        assert_int_equal(verifies(&made, true), good);
    }
}

static void outside_of_a_path_nothing_is_asked(void **state)
{
    (void)state;
    struct signed_cert made = make_kind(&kinds[0], "outside");
    assert_true(verifies(&made, false));
    assert_true(verifies(&made, false));
    assert_int_equal(asked(), 0);
    assert_true(verifies(&made, true));
    assert_true(verifies(&made, true));
    assert_int_equal(known(), tls_legacy_decoder_helps());
}

/* What was found often stays, however many others come by that are seen once. */
static void what_comes_again_stays(void **state)
{
    (void)state;
    if (!tls_legacy_decoder_helps())
        skip();
    struct signed_cert often = make_kind(&kinds[0], "often");
    assert_true(verifies(&often, true));
    tls_verified_drop();
    tls_legacy_decoder_drop();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct signed_cert *once = calloc(MANY, sizeof *once);
    assert_non_null(once);
    for (unsigned i = 0; i < MANY; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "n%u", i);
        once[i] = make(key, EVP_sha256(), name);
    }
    EVP_PKEY_free(key);
    assert_int_equal(set_up(NULL), 0);
    assert_true(verifies(&often, true));
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(verifies(&once[i], true));
        if (i % 100 == 0)
            assert_true(verifies(&often, true));
    }
    assert_int_equal(known(), MANY / 100);
    free(once);
}

static void *verify_rounds(void *arg)
{
    const struct signed_cert *made = arg;
    size_t wrong = 0;
    for (int round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < 2; i++) {
            struct signed_cert bad = made[i];
            bad.der[bad.len - 1] ^= 1;
            wrong += !verifies(&made[i], true) || verifies(&bad, true);
        }
    return (void *)wrong;
}

static void threads_share_it(void **state)
{
    (void)state;
    const struct signed_cert made[2] = {make_kind(&kinds[0], "shared"), make_kind(&kinds[3], "shared")};
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, verify_rounds, (void *)(uintptr_t)made), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *wrong = NULL;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_second_time_is_known, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_changed_bit_is_never_good, set_up, tear_down),
        cmocka_unit_test_setup_teardown(outside_of_a_path_nothing_is_asked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_comes_again_stays, set_up, tear_down),
        cmocka_unit_test_setup_teardown(threads_share_it, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
