/* What the cache of certificates gives is what collecting anew gives: facts, cost, and what is left of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "output/json/json.h"
#include "scanner/tls/cert_cache.h"
#include "scanner/tls/trust.h"
#include "scanner/wire/cost.h"
#include "tests/unit/certs.h"

enum { ARENA_BYTES = 1 << 20, LINE_BYTES = 1 << 20, KINDS = 4, CROWD = 300 };

/* A root, an intermediate, a leaf with names, and one that calls itself its issuer and is not. */
struct world {
    struct identity root, mid, leaf, false_root;
    X509 *certs[KINDS];
};

static int world_open(void **state)
{
    static struct world world;
    world.root = make_identity(&(struct cert_spec){.cn = "Root", .ca = true}, NULL);
    world.mid = make_identity(&(struct cert_spec){.cn = "Mid", .ca = true}, &world.root);
    world.leaf = make_identity(&(struct cert_spec){.cn = "mx.example",
                                                   .san = "DNS:mx.example,DNS:*.example.net",
                                                   .aia = "caIssuers;URI:http://ca.example/mid.der"},
                               &world.mid);
    world.false_root = make_identity(&(struct cert_spec){.cn = "Root", .ca = true}, &world.root);
    X509 *certs[KINDS] = {world.root.cert, world.mid.cert, world.leaf.cert, world.false_root.cert};
    memcpy(world.certs, certs, sizeof certs);
    *state = &world;
    return 0;
}

static int world_close(void **state)
{
    struct world *world = *state;
    struct identity *all[] = {&world->root, &world->mid, &world->leaf, &world->false_root};
    for (size_t i = 0; i < KINDS; i++)
        identity_free(all[i]);
    return 0;
}

/* Writes all that is known of the certificate: the facts of the cache, or with NULL those collected anew. */
static void tell(struct cert_cache *cache, X509 *cert, uint32_t *left_us, struct buf *line)
{
    struct arena arena;
    struct cert_facts facts;
    arena_init(&arena, ARENA_BYTES);
    memset(&facts, 0xff, sizeof facts);
    assert_true(cert_cache_collect(cache, cert, left_us, &arena, &facts));
    buf_reset(line);
    assert_true(json_cert(line, &facts));
    assert_true(buf_printf(line, "%d", facts.signed_by));
    arena_dispose(&arena);
}

static void assert_told(struct cert_cache *cache, X509 *cert, uint32_t budget_us)
{
    struct buf own, kept;
    uint32_t own_us = budget_us, kept_us = budget_us;
    buf_init(&own, LINE_BYTES);
    buf_init(&kept, LINE_BYTES);
    tell(NULL, cert, &own_us, &own);
    tell(cache, cert, &kept_us, &kept);
    assert_string_equal(buf_string(&kept), buf_string(&own));
    assert_int_equal(kept_us, own_us);
    buf_dispose(&own);
    buf_dispose(&kept);
}

static void test_the_same(void **state)
{
    struct world *world = *state;
    struct cert_cache *cache = cert_cache_create(CERTS_KEPT_BYTES);
    assert_non_null(cache);
    for (unsigned round = 0; round < 3; round++)
        for (size_t i = 0; i < KINDS; i++)
            assert_told(cache, world->certs[i], COST_FACTS_US);
    assert_int_equal(cert_cache_counts(cache).misses, KINDS);
    assert_int_equal(cert_cache_counts(cache).hits, 2 * KINDS);
    assert_int_equal(cert_cache_counts(cache).kept, KINDS);
    cert_cache_destroy(cache);
    cert_cache_destroy(NULL);
}

/* Where too little is left for its own signature, it is not said to verify, whatever is kept; and that is not
 * kept. */
static void test_too_little_is_left(void **state)
{
    struct world *world = *state;
    struct cert_cache *cache = cert_cache_create(CERTS_KEPT_BYTES);
    assert_non_null(cache);
    assert_told(cache, world->root.cert, 0);
    assert_int_equal(cert_cache_counts(cache).kept, 0);
    assert_told(cache, world->root.cert, COST_FACTS_US);
    assert_int_equal(cert_cache_counts(cache).kept, 1);
    assert_told(cache, world->root.cert, 0);
    assert_told(cache, world->root.cert, 1);
    assert_int_equal(cert_cache_counts(cache).hits, 0);
    assert_told(cache, world->root.cert, COST_FACTS_US);
    assert_int_equal(cert_cache_counts(cache).hits, 1);
    cert_cache_destroy(cache);
}

/* Many leaves: the memory is bounded, and what is used stays. */
static void test_the_ceiling(void **state)
{
    enum { CEILING = 64 << 10 };
    struct world *world = *state;
    struct cert_cache *cache = cert_cache_create(CEILING);
    assert_non_null(cache);
    for (unsigned i = 0; i < CROWD; i++) {
        const struct cert_spec spec = {.cn = "mx.example", .san = "DNS:mx.example"};
        X509 *cert = make_body(&spec, world->leaf.key, &world->mid); /* a serial number of its own */
        must(X509_sign(cert, world->mid.key, EVP_sha256()) > 0);
        assert_told(cache, world->mid.cert, COST_FACTS_US);
        assert_told(cache, cert, COST_FACTS_US);
        assert_true(cert_cache_counts(cache).bytes <= CEILING);
        X509_free(cert);
    }
    assert_int_equal(cert_cache_counts(cache).hits, CROWD - 1);
    assert_in_range(cert_cache_counts(cache).kept, 10, CROWD - 1);
    cert_cache_destroy(cache);
}

/* Without room in the arena nothing is said to be whole. */
static void test_a_full_arena(void **state)
{
    struct world *world = *state;
    struct cert_cache *cache = cert_cache_create(CERTS_KEPT_BYTES);
    assert_non_null(cache);
    assert_told(cache, world->leaf.cert, COST_FACTS_US);
    bool fitted = false;
    for (size_t bytes = 64; !fitted; bytes += 64) {
        struct arena arena;
        struct cert_facts facts;
        uint32_t left_us = COST_FACTS_US;
        arena_init(&arena, bytes);
        fitted = cert_cache_collect(cache, world->leaf.cert, &left_us, &arena, &facts);
        assert_int_equal(fitted, !arena.full);
        arena_dispose(&arena);
    }
    cert_cache_destroy(cache);
}

/* What is larger than all that may be kept is given, and not kept. */
static void test_larger_than_the_cache(void **state)
{
    struct world *world = *state;
    struct cert_cache *cache = cert_cache_create(100);
    assert_non_null(cache);
    for (unsigned i = 0; i < 3; i++)
        assert_told(cache, world->leaf.cert, COST_FACTS_US);
    assert_int_equal(cert_cache_counts(cache).kept, 0);
    assert_int_equal(cert_cache_counts(cache).bytes, 0);
    cert_cache_destroy(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_same),
        cmocka_unit_test(test_too_little_is_left),
        cmocka_unit_test(test_the_ceiling),
        cmocka_unit_test(test_a_full_arena),
        cmocka_unit_test(test_larger_than_the_cache),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
