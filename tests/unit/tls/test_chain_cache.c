/* What the cache of chains recalls is what validation says: over chains good and bad, in many orders, at any
 * time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/err.h>
#include <time.h>

#include "scanner/tls/chain.h"
#include "scanner/tls/trust.h"
#include "tests/unit/certs.h"

enum { ARENA_BYTES = 1 << 20, BIO_BYTES = 1 << 17, DAY = 86400, PRESENTED = 4 };

/* Two roots that are trusted and one that is not; the same intermediate under each of them (cross-signed). */
struct world {
    struct identity roots[2];
    struct identity stranger;
    struct identity mid;
    struct identity mid_other;    /* the same name and key, under the second root */
    struct identity mid_expired;  /* likewise, and expired */
    struct identity mid_stranger; /* likewise, under the root that nobody trusts */
    struct trust *trust;
};

static struct identity same_key(const struct identity *as, const struct cert_spec *spec,
                                const struct identity *issuer)
{
    must(EVP_PKEY_up_ref(as->key) == 1);
    struct identity made = {.key = as->key, .cert = make_body(spec, as->key, issuer)};
    must(X509_sign(made.cert, issuer->key, EVP_sha256()) > 0);
    return made;
}

static int world_open(void **state)
{
    const struct cert_spec mid = {.cn = "Mid", .ca = true};
    const struct cert_spec expired = {.cn = "Mid", .ca = true, .from_s = -9 * DAY, .to_s = -DAY};
    struct world *world = calloc(1, sizeof *world);
    char path[] = "/tmp/test-chains-XXXXXX";
    const char *why;
    must(world != NULL);
    world->roots[0] = make_identity(&(struct cert_spec){.cn = "Root A", .ca = true}, NULL);
    world->roots[1] = make_identity(&(struct cert_spec){.cn = "Root B", .ca = true}, NULL);
    world->stranger = make_identity(&(struct cert_spec){.cn = "Nobody", .ca = true}, NULL);
    world->mid = make_identity(&mid, &world->roots[0]);
    world->mid_other = same_key(&world->mid, &mid, &world->roots[1]);
    world->mid_expired = same_key(&world->mid, &expired, &world->roots[0]);
    world->mid_stranger = same_key(&world->mid, &mid, &world->stranger);
    write_roots(path, world->roots, 2);
    world->trust = trust_create(path, &why);
    (void)unlink(path);
    must(world->trust != NULL);
    *state = world;
    return 0;
}

static int world_close(void **state)
{
    struct world *world = *state;
    struct identity *all[] = {&world->roots[0],  &world->roots[1],    &world->stranger,    &world->mid,
                              &world->mid_other, &world->mid_expired, &world->mid_stranger};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        identity_free(all[i]);
    trust_destroy(world->trust);
    free(world);
    return 0;
}

static SSL_CTX *make_client(struct world *world, struct chain_cache *cache)
{
    SSL_CTX *client = SSL_CTX_new(TLS_client_method());
    assert_int_equal(tls_context_setup(client, world->trust), ERR_OK);
    if (cache != NULL)
        tls_context_cache(client, cache);
    return client;
}

/* What one handshake records; *result is what OpenSSL keeps of it. */
static struct tls_verify shake(SSL_CTX *client, SSL_CTX *server, long *result)
{
    BIO *near = NULL;
    BIO *far = NULL;
    struct tls_verify verify;
    SSL *ours = SSL_new(client);
    SSL *theirs = SSL_new(server);
    int done = -1;
    assert_int_equal(BIO_new_bio_pair(&near, BIO_BYTES, &far, BIO_BYTES), 1);
    SSL_set_bio(ours, near, near);
    SSL_set_bio(theirs, far, far);
    SSL_set_connect_state(ours);
    SSL_set_accept_state(theirs);
    assert_int_equal(tls_verify_attach(ours, &verify), ERR_OK);
    for (int turn = 0; turn < 20 && done != 1; turn++) {
        (void)SSL_do_handshake(theirs);
        ERR_clear_error();
        done = SSL_do_handshake(ours);
    }
    assert_int_equal(done, 1);
    *result = SSL_get_verify_result(ours);
    SSL_free(ours);
    SSL_free(theirs);
    ERR_clear_error();
    return verify;
}

static void assert_same(const struct tls_verify *a, const struct tls_verify *b)
{
    assert_int_equal(a->error_count, b->error_count);
    for (size_t i = 0; i < a->error_count; i++) {
        assert_int_equal(a->errors[i].x509, b->errors[i].x509);
        assert_int_equal(a->errors[i].depth, b->errors[i].depth);
    }
}

/* Plainly, then into the cache, then out of it. */
static void compare(struct world *world, struct chain_cache *cache, const struct identity *leaf,
                    const struct identity *const sent[], size_t count)
{
    SSL_CTX *clients[] = {make_client(world, NULL), make_client(world, cache), make_client(world, cache)};
    SSL_CTX *server = make_server(leaf, NULL);
    struct tls_verify verify[3];
    long results[3];
    for (size_t i = 0; i < count; i++)
        assert_int_equal(SSL_CTX_add1_chain_cert(server, sent[i]->cert), 1);
    uint64_t hits = chain_cache_counts(cache).hits;
    for (size_t i = 0; i < 3; i++)
        verify[i] = shake(clients[i], server, &results[i]);
    assert_true(chain_cache_counts(cache).hits > hits);
    for (size_t i = 1; i < 3; i++) {
        assert_same(&verify[0], &verify[i]);
        assert_int_equal(results[0], results[i]);
    }
    for (size_t i = 0; i < 3; i++)
        SSL_CTX_free(clients[i]);
    SSL_CTX_free(server);
}

static void test_recalled_is_what_validation_says(void **state)
{
    struct world *world = *state;
    struct chain_cache *cache = chain_cache_create(CHAINS_KEPT, trust_dates(world->trust));
    const struct cert_spec specs[] = {
        {.cn = "x", .san = "DNS:mx.test"},
        {.cn = "x", .san = "DNS:mx.test", .from_s = -9 * DAY, .to_s = -DAY},
        {.cn = "x", .san = "DNS:mx.test", .from_s = DAY},
        {.cn = "x", .san = "DNS:mx.test", .usage = "clientAuth"},
        {.cn = "x", .san = "DNS:mx.test", .rsa_bits = 1024, .from_s = -9 * DAY, .to_s = -DAY},
        {.cn = "x", .san = "DNS:mx.test", .sha1 = true},
    };
    const struct identity *issuers[] = {&world->mid, &world->roots[0], &world->stranger, NULL};
    const struct identity *pool[] = {&world->mid,          &world->mid_other, &world->mid_expired,
                                     &world->mid_stranger, &world->stranger,  &world->roots[0]};
    unsigned random = 7;
    assert_non_null(cache);
    for (size_t i = 0; i < sizeof specs / sizeof specs[0]; i++) {
        for (size_t by = 0; by < sizeof issuers / sizeof issuers[0]; by++) {
            struct identity leaf = make_identity(&specs[i], issuers[by]);
            for (int round = 0; round < 10; round++) {
                const struct identity *sent[PRESENTED];
                for (size_t k = 0; k < PRESENTED; k++) {
                    random = random * 1103515245 + 12345;
                    sent[k] = pool[(random >> 16) % (sizeof pool / sizeof pool[0])];
                }
                compare(world, cache, &leaf, sent, (random >> 8) % (PRESENTED + 1));
            }
            identity_free(&leaf);
        }
    }
    chain_cache_destroy(cache);
}

/* A verdict from before a date does not hold after it. */
static void test_dates_that_come(void **state)
{
    struct world *world = *state;
    struct chain_cache *cache = chain_cache_create(CHAINS_KEPT, trust_dates(world->trust));
    struct identity early =
        make_identity(&(struct cert_spec){.cn = "x", .san = "DNS:mx.test", .from_s = 2}, &world->roots[0]);
    struct identity late =
        make_identity(&(struct cert_spec){.cn = "x", .san = "DNS:mx.test", .to_s = 2}, &world->roots[0]);
    SSL_CTX *client = make_client(world, cache);
    SSL_CTX *early_server = make_server(&early, NULL);
    SSL_CTX *late_server = make_server(&late, NULL);
    long result;
    for (int i = 0; i < 2; i++) {
        struct tls_verify verify = shake(client, early_server, &result);
        assert_int_equal(verify.errors[0].x509, X509_V_ERR_CERT_NOT_YET_VALID);
        verify = shake(client, late_server, &result);
        assert_int_equal(verify.error_count, 0);
    }
    assert_int_equal(chain_cache_counts(cache).hits, 2);
    (void)nanosleep(&(struct timespec){.tv_sec = 3}, NULL);
    struct tls_verify verify = shake(client, early_server, &result);
    assert_int_equal(verify.error_count, 0);
    verify = shake(client, late_server, &result);
    assert_int_equal(verify.errors[0].x509, X509_V_ERR_CERT_HAS_EXPIRED);
    assert_int_equal(chain_cache_counts(cache).hits, 2);
    SSL_CTX_free(client);
    SSL_CTX_free(early_server);
    SSL_CTX_free(late_server);
    identity_free(&early);
    identity_free(&late);
    chain_cache_destroy(cache);
}

static void test_window(void **state)
{
    int64_t list[] = {-50, 100, 100, 200, 300};
    const struct chain_dates roots = {list, 5, 5};
    const struct chain_dates none = {NULL, 0, 0};
    const int64_t rows[][3] = {{-51, INT64_MIN, -50}, {-50, -50, 100}, {99, -50, 100},
                               {100, 100, 200},       {299, 200, 300}, {300, 300, INT64_MAX}};
    int64_t from, until;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        chain_window(NULL, &roots, rows[i][0], &from, &until);
        assert_true(from == rows[i][1] && until == rows[i][2]);
    }
    chain_window(NULL, &none, 5, &from, &until);
    assert_true(from == INT64_MIN && until == INT64_MAX);
}

static void test_window_of_a_certificate(void **state)
{
    struct world *world = *state;
    STACK_OF(X509) *presented = sk_X509_new_null();
    const struct chain_dates none = {NULL, 0, 0};
    struct chain_dates dates = {0};
    int64_t from, until;
    assert_true(sk_X509_push(presented, world->mid.cert) == 1);
    assert_true(chain_dates_add(&dates, world->mid.cert));
    chain_dates_sort(&dates);
    assert_int_equal(dates.count, 2);
    chain_window(presented, &none, dates.list[0], &from, &until);
    assert_true(from == dates.list[0] && until == dates.list[1]);
    chain_window(presented, &none, dates.list[0] - 1, &from, &until);
    assert_true(from == INT64_MIN && until == dates.list[0]);
    chain_window(presented, &none, dates.list[1], &from, &until);
    assert_true(from == dates.list[1] && until == INT64_MAX);
    chain_dates_dispose(&dates);
    sk_X509_free(presented);
}

static void test_bounded(void **state)
{
    const struct chain_dates none = {NULL, 0, 0};
    struct chain_cache *cache = chain_cache_create(3, &none);
    struct chain_verdict verdict = {.from = 10, .until = 20};
    (void)state;
    assert_non_null(cache);
    for (uint8_t i = 0; i < 5; i++) {
        const uint8_t key[CHAIN_KEY_BYTES] = {i};
        const uint8_t first[CHAIN_KEY_BYTES] = {0};
        verdict.last_error = i;
        chain_cache_add(cache, key, &verdict);
        assert_non_null(chain_cache_find(cache, first, 15)); /* used again and again, so it stays */
    }
    assert_int_equal(chain_cache_counts(cache).kept, 3);
    for (uint8_t i = 0; i < 5; i++) {
        const uint8_t key[CHAIN_KEY_BYTES] = {i};
        const struct chain_verdict *found = chain_cache_find(cache, key, 15);
        assert_int_equal(found != NULL, i == 0 || i >= 3);
        assert_true(found == NULL || found->last_error == i);
        assert_null(chain_cache_find(cache, key, 9));
        assert_null(chain_cache_find(cache, key, 20));
    }
    verdict.from = 20;
    verdict.until = 30;
    chain_cache_add(cache, (const uint8_t[CHAIN_KEY_BYTES]){4}, &verdict); /* in place of the old one */
    assert_non_null(chain_cache_find(cache, (const uint8_t[CHAIN_KEY_BYTES]){4}, 20));
    assert_null(chain_cache_find(cache, (const uint8_t[CHAIN_KEY_BYTES]){4}, 15));
    assert_int_equal(chain_cache_counts(cache).kept, 3);
    chain_cache_destroy(cache);
    chain_cache_destroy(NULL);
}

int main(void)
{
    tls_library_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recalled_is_what_validation_says),
        cmocka_unit_test(test_dates_that_come),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_window_of_a_certificate),
        cmocka_unit_test(test_bounded),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
