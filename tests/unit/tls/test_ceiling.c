/*
 * What a handshake may cost, however the server plays: each hostile one against the plain one, in CPU time of
 * this thread, and what is said of what was left out. Then the estimates themselves, and BER.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "scanner/tls/legacy.h"
#include "scanner/verdict/verdict.h"
#include "scanner/wire/cost.h"
#include "tests/unit/hostile_cases.h"

enum { PLAIN_ROUNDS = 40, ROUNDS = 3 };

static int world_open(void **state)
{
    struct hostile_world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    hostile_open(world);
    *state = world;
    return 0;
}

static int world_close(void **state)
{
    hostile_close(*state);
    free(*state);
    return 0;
}

/* ---- what it costs ------------------------------------------------------------------------------------- */

static double plain_us(const struct hostile_world *world, struct arena *arena)
{
    struct tls_facts facts;
    SSL_CTX *server = make_server(&world->leaf, world->intermediate.cert);
    double us = hostile_least(world->client, server, PLAIN_ROUNDS, NULL, arena, &facts);
    assert_int_equal(facts.end, TLS_DONE);
    assert_int_equal(facts.limit, TLS_LIMIT_NONE);
    assert_int_equal(facts.error_count, 0);
    SSL_CTX_free(server);
    return us;
}

static bool holds(const struct hostile_case *row, const struct tls_facts *facts, double times)
{
    bool said = facts->limit == row->limit && facts->end == row->end && times <= row->most;
    /* What was left out is told by nothing else. */
    return said && (row->limit == TLS_LIMIT_NONE || (facts->error_count == 0 && facts->error_text == NULL));
}

static void check_costs(const struct hostile_world *world, SSL_CTX *const servers[HOSTILE_CASES])
{
    struct arena arena;
    struct tls_facts facts;
    int wrong = 0;
    arena_init(&arena, HOSTILE_ARENA_BYTES);
    double plain = plain_us(world, &arena);
    for (size_t i = 0; i < HOSTILE_CASES; i++) {
        double us = hostile_least(world->client, servers[i], ROUNDS, NULL, &arena, &facts);
        bool good = holds(&hostile_cases[i], &facts, us / plain);
        wrong += !good;
        print_message("%-40s %-10s %9.0f us %6.1f x%s\n", hostile_cases[i].name, tls_limit_name(facts.limit),
                      us, us / plain, good ? "" : "  WRONG");
    }
    arena_dispose(&arena);
    assert_int_equal(wrong, 0);
}

static void test_costs(void **state)
{
    const struct hostile_world *world = *state;
    SSL_CTX *servers[HOSTILE_CASES];
    for (size_t i = 0; i < HOSTILE_CASES; i++)
        servers[i] = hostile_cases[i].server(world);
    check_costs(world, servers);
    assert_int_equal(tls_legacy_decoder_use(), tls_legacy_decoder_helps());
    check_costs(world, servers);
    tls_legacy_decoder_drop();
    for (size_t i = 0; i < HOSTILE_CASES; i++)
        SSL_CTX_free(servers[i]);
}

/* ---- what is said -------------------------------------------------------------------------------------- */

/* A handshake of the world's client, or its permissive one. */
static struct tls_facts shake(SSL_CTX *client, SSL_CTX *server, bool without_dh, struct arena *arena)
{
    struct tls_facts facts;
    (void)hostile_once(client, server, without_dh, NULL, arena, &facts);
    return facts;
}

/* The chain is not read in either version: its list stands elsewhere in TLS 1.3. */
static void test_versions(void **state)
{
    const struct hostile_world *world = *state;
    struct arena arena;
    SSL_CTX *server = many_certificates(world);
    arena_init(&arena, HOSTILE_ARENA_BYTES);
    struct tls_facts facts = shake(world->client, server, false, &arena);
    assert_int_equal(facts.version, TLS1_3_VERSION);
    assert_int_equal(facts.limit, TLS_LIMIT_CHAIN);
    assert_int_equal(facts.cert_count, 0);
    SSL_CTX_set_max_proto_version(server, TLS1_2_VERSION);
    facts = shake(world->client, server, false, &arena);
    assert_int_equal(facts.end, TLS_FAILED);
    assert_int_equal(facts.limit, TLS_LIMIT_CHAIN);
    assert_int_equal(facts.cert_count, 0);
    assert_int_equal(facts.error_reason, 0);
    arena_dispose(&arena);
    SSL_CTX_free(server);
}

/* The second handshake has the ceiling too; without finite fields it gets through where the server has
 * another way. */
static void test_permissive(void **state)
{
    const struct hostile_world *world = *state;
    struct arena arena;
    SSL_CTX *server = dhe_4104(world);
    arena_init(&arena, HOSTILE_ARENA_BYTES);
    struct tls_facts facts = shake(world->permissive, server, false, &arena);
    assert_int_equal(facts.end, TLS_FAILED);
    assert_int_equal(facts.limit, TLS_LIMIT_DH);
    assert_int_equal(facts.cert_count, 2);
    facts = shake(world->permissive, server, true, &arena);
    assert_int_equal(facts.end, TLS_FAILED);
    assert_int_equal(facts.limit, TLS_LIMIT_NONE);
    must(SSL_CTX_set_cipher_list(server, "DHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256") == 1);
    SSL_CTX_set_options(server, SSL_OP_CIPHER_SERVER_PREFERENCE);
    facts = shake(world->permissive, server, true, &arena);
    assert_int_equal(facts.end, TLS_DONE);
    assert_string_equal(facts.group, "X25519");
    SSL_CTX_free(server);
    server = ffdhe8192(world);
    facts = shake(world->permissive, server, true, &arena);
    assert_int_equal(facts.end, TLS_FAILED); /* no group in common */
    assert_int_equal(facts.limit, TLS_LIMIT_NONE);
    arena_dispose(&arena);
    SSL_CTX_free(server);
}

/* An issuer whose key verifies nothing is left out, and the path that does without it is good. */
static void test_light_path(void **state)
{
    const struct hostile_world *world = *state;
    struct arena arena;
    struct buf key = der_new();
    hostile_rsa(&key, 16384, 17);
    X509 *heavy = der_x509(&(struct der_cert){.cn = "Inter",
                                              .issuer = "Root",
                                              .key = buf_bytes(&key),
                                              .algorithm = BY_EC,
                                              .signature = bytes_make(two_numbers, sizeof two_numbers)});
    SSL_CTX *server = make_server(&world->leaf, heavy);
    arena_init(&arena, HOSTILE_ARENA_BYTES);
    struct tls_facts facts = shake(world->client, server, false, &arena);
    assert_int_equal(facts.end, TLS_DONE);
    assert_int_equal(facts.limit, TLS_LIMIT_KEY);
    assert_int_equal(facts.error_count, 0);
    assert_int_equal(facts.cert_count, 2);
    assert_true(facts.name_match);
    must(SSL_CTX_add1_chain_cert(server, world->intermediate.cert) == 1);
    facts = shake(world->client, server, false, &arena);
    assert_int_equal(facts.end, TLS_DONE);
    assert_int_equal(facts.limit, TLS_LIMIT_NONE);
    assert_int_equal(facts.error_count, 0);
    assert_int_equal(facts.cert_count, 3);
    arena_dispose(&arena);
    X509_free(heavy);
    SSL_CTX_free(server);
    buf_dispose(&key);
}

/* The server would sign the handshake with such a key: it ends, and its facts are kept. */
static void test_heavy_leaf(void **state)
{
    const struct hostile_world *world = *state;
    struct arena arena;
    struct identity leaf = {.key = EVP_EC_gen("sect571r1")};
    leaf.cert = make_body(&(struct cert_spec){.cn = "x", .san = "DNS:mx1.example.test"}, leaf.key,
                          &world->intermediate);
    must(X509_sign(leaf.cert, world->intermediate.key, EVP_sha256()) > 0);
    SSL_CTX *server = make_server(&leaf, world->intermediate.cert);
    SSL_CTX *client = hostile_client(world->trust, true);
    must(SSL_CTX_set1_groups_list(client, "X25519:sect571r1") == 1);
    must(SSL_CTX_set1_groups_list(server, "X25519:sect571r1") == 1);
    SSL_CTX_set_max_proto_version(server, TLS1_2_VERSION);
    arena_init(&arena, HOSTILE_ARENA_BYTES);
    struct tls_facts facts = shake(client, server, false, &arena);
    assert_int_equal(facts.end, TLS_FAILED);
    assert_int_equal(facts.limit, TLS_LIMIT_KEY);
    assert_int_equal(facts.cert_count, 2);
    assert_string_equal(facts.certs[0].key_type, "EC sect571r1");
    assert_true(facts.name_match);
    assert_int_equal(facts.error_count, 0);
    assert_null(facts.error_text);
    arena_dispose(&arena);
    SSL_CTX_free(server);
    SSL_CTX_free(client);
    identity_free(&leaf);
}

/* ---- estimates ----------------------------------------------------------------------------------------- */

static struct key_cost rsa_cost_of(int bits, int exponent_bits)
{
    struct buf key = der_new();
    hostile_rsa(&key, bits, exponent_bits);
    struct key_cost cost = cost_of_key(buf_bytes(&key));
    buf_dispose(&key);
    return cost;
}

static void test_rsa_keys(void **state)
{
    (void)state;
    assert_false(rsa_cost_of(2048, 17).heavy);
    assert_false(rsa_cost_of(8192, 32).heavy);
    assert_true(rsa_cost_of(8193, 17).heavy);
    assert_true(rsa_cost_of(2048, 33).heavy);
    assert_true(rsa_cost_of(1024, 1024).heavy);
    assert_false(rsa_cost_of(16384, 17).unreadable);
    assert_true(rsa_cost_of(8192, 17).verify_us > rsa_cost_of(4096, 17).verify_us);
    assert_true(rsa_cost_of(4096, 32).verify_us > rsa_cost_of(4096, 17).verify_us);
}

static void check_curve(const char *name, bool unreadable, bool heavy)
{
    struct buf key = der_new();
    hostile_compressed(&key, name);
    struct key_cost cost = cost_of_key(buf_bytes(&key));
    if (cost.unreadable != unreadable || cost.heavy != heavy)
        fail_msg("%s: unreadable %d, heavy %d", name, cost.unreadable, cost.heavy);
    buf_dispose(&key);
}

static void test_curves(void **state)
{
    (void)state;
    check_curve("prime256v1", false, false);
    check_curve("secp384r1", false, false);
    check_curve("secp521r1", false, false);
    check_curve("secp224r1", true, false);
    check_curve("brainpoolP384r1", false, false);
    check_curve("sect233r1", true, true);
    EVP_PKEY *binary = EVP_EC_gen("sect233r1"); /* not compressed: read quickly, verified slowly */
    struct buf key = der_new();
    der_key(&key, binary);
    struct key_cost cost = cost_of_key(buf_bytes(&key));
    assert_true(cost.heavy && !cost.unreadable);
    buf_reset(&key);
    hostile_curve(&key, HOSTILE_EC);
    cost = cost_of_key(buf_bytes(&key));
    assert_true(cost.heavy && cost.unreadable);
    EVP_PKEY_free(binary);
    buf_dispose(&key);
}

static void test_other_keys(void **state)
{
    struct buf key = der_new();
    (void)state;
    hostile_dsa(&key, 3072);
    assert_false(cost_of_key(buf_bytes(&key)).heavy);
    buf_reset(&key);
    hostile_dsa(&key, 3073);
    assert_true(cost_of_key(buf_bytes(&key)).heavy);
    for (size_t len = 0; len < key.len; len++) /* cut off anywhere: nothing that can be read */
        assert_false(cost_of_key(bytes_make(key.data, len)).unreadable);
    buf_dispose(&key);
}

/* A whole chain of the web's costs next to nothing. */
static void test_honest(void **state)
{
    const struct hostile_world *world = *state;
    struct chain_cost cost = {0};
    struct key_cost key;
    X509 *certs[] = {world->rsa_leaf.cert, world->intermediate.cert, world->root.cert};
    for (size_t i = 0; i < 3; i++) {
        unsigned char *der = NULL;
        int len = i2d_X509(certs[i], &der);
        cost_add(&cost, bytes_make(der, (size_t)len), &key);
        OPENSSL_free(der);
    }
    assert_int_equal(cost_to_read(&cost), TLS_LIMIT_NONE);
    assert_int_equal(cost_to_validate(&cost), TLS_LIMIT_NONE);
    assert_int_equal(cost.certs, 3);
    assert_int_equal(cost.names, 4); /* three subjects, one alternative name */
    assert_true(cost.elements > 60 && cost.elements < 250);
    assert_false(cost.is_ber);
}

/* ---- BER ----------------------------------------------------------------------------------------------- */

struct ber_case {
    const char *name;
    const char *bytes;
    size_t len;
    size_t count;
    bool is_ber;
};

#define BYTES(text) (text), sizeof(text) - 1

static const struct ber_case ber_cases[] = {
    {"nothing", BYTES(""), 0, false},
    {"one number", BYTES("\x02\x01\x05"), 1, false},
    {"a sequence of two", BYTES("\x30\x06\x02\x01\x05\x02\x01\x06"), 3, false},
    {"a string of octets that is no sequence", BYTES("\x04\x03\x02\x01\x05"), 1, false},
    {"a string of octets that is one", BYTES("\x04\x05\x30\x03\x02\x01\x05"), 3, false},
    {"a sequence behind a long tag", BYTES("\x04\x06\x3f\x10\x03\x02\x01\x05"), 3, false},
    {"a tag past 30", BYTES("\x9f\x81\x01\x00"), 1, false},
    {"a length with zeros before it", BYTES("\x02\x84\x00\x00\x00\x01\x05"), 1, false},
    {"a length that is not told", BYTES("\x30\x80\x02\x01\x05\x00\x00"), 0, true},
    {"the same in an extension", BYTES("\x04\x07\x30\x80\x02\x01\x05\x00\x00"), 1, true},
    {"a string in pieces", BYTES("\x24\x05\x04\x03\x01\x02\x03"), 0, true},
    {"past the end", BYTES("\x30\x06\x02\x01\x05"), 0, false},
    {"a child past its parent's end", BYTES("\x30\x03\x02\x05\x01\x02\x01\x05"), 2, false},
    {"half a tag", BYTES("\x1f"), 0, false},
    {"half a length", BYTES("\x02\x82\x01"), 0, false},
    {"a length past all numbers", BYTES("\x02\x89\x01\x01\x01\x01\x01\x01\x01\x01\x01\x05"), 0, false},
};

static void test_ber(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ber_cases / sizeof ber_cases[0]; i++) {
        const struct ber_case *row = &ber_cases[i];
        bool is_ber = false;
        size_t count = der_count(bytes_make(row->bytes, row->len), &is_ber);
        if (count != row->count || is_ber != row->is_ber)
            fail_msg("%s: %zu elements, BER %d", row->name, count, is_ber);
    }
}

/* ---- policies ------------------------------------------------------------------------------------------ */

enum { POLICY_HOSTS = 20, POLICY_MOST = 60 };

/* As many patterns as 64 KiB hold, none of which the hosts match; `form` has a number. */
static void fill_policy(struct buf *body, const char *form)
{
    char line[64];
    (void)buf_text(body, "version: STSv1\nmode: enforce\nmax_age: 604800\n");
    for (unsigned i = 0;; i++) {
        int len = snprintf(line, sizeof line, form, i % 1000);
        if (body->len + (size_t)len > 64 * 1024)
            return;
        (void)buf_text(body, line);
    }
}

static double judge_us(struct bytes body)
{
    static const char name[] = "mx.a-host-that-no-pattern-names.example.org";
    struct bytes txt = bytes_of("v=STSv1; id=1;");
    struct cert_facts leaf = {.not_after = INT64_MAX / 1000};
    const struct lookup_facts found = {.status = DNS_ANSWERED};
    struct ip_addr ip = ip_v4((const uint8_t[]){192, 0, 2, 1});
    struct mx_rr rrs[POLICY_HOSTS];
    struct mx_host hosts[POLICY_HOSTS];
    struct domain_facts facts = {
        .domain = "example.org", .tld = "org", .txt = {found, &txt, 1}, .hosts = hosts};
    for (facts.host_count = 0; facts.host_count < POLICY_HOSTS; facts.host_count++) {
        rrs[facts.host_count] = (struct mx_rr){10, name};
        hosts[facts.host_count] = (struct mx_host){.host = name, .preference = 10};
    }
    facts.mx = (struct mx_facts){.lookup = found, .rrs = rrs, .rr_count = POLICY_HOSTS};
    facts.policy = (struct policy_facts){
        .host = "mta-sts.example.org",
        .address = {.a = found, .aaaa = {.status = DNS_NODATA}, .ips = &ip, .ip_count = 1},
        .fetch = {
            .step = FETCH_DONE, .ip = ip, .http_status = 200, .media_type = "text/plain", .body = body}};
    facts.policy.fetch.tls =
        (struct tls_facts){.end = TLS_DONE, .alert = -1, .certs = &leaf, .cert_count = 1, .name_match = true};
    double least = 1e12;
    for (int i = 0; i < ROUNDS; i++) {
        struct arena arena;
        struct judgement judgement;
        arena_init(&arena, 16 << 20);
        double before = hostile_cpu_us();
        verdict_judge(&facts, BY_OWN_TIME, &arena, &judgement);
        double us = hostile_cpu_us() - before;
        least = us < least ? us : least;
        assert_int_equal(judgement.policy_code, FAIL_NONE);
        assert_true(code_set_has(&judgement.codes, FAIL_POLICY_WEAK_MX_UNUSED));
        arena_dispose(&arena);
    }
    return least;
}

/* Every pattern against every host: as many of either as there may be. */
static void test_patterns(void **state)
{
    static const char *const forms[] = {"mx:a%u\n", "mx:*.a%u\n", "mx:*.a.b%u\n",
                                        "mx:a-host-that-no-pattern-names.%u.org\n",
                                        "mx:*.a-host-that-no-pattern-name%u.example.org\n"};
    struct arena arena;
    arena_init(&arena, HOSTILE_ARENA_BYTES);
    double plain = plain_us(*state, &arena);
    arena_dispose(&arena);
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct buf body;
        buf_init(&body, 128 * 1024);
        fill_policy(&body, forms[i]);
        double us = judge_us(buf_bytes(&body));
        print_message("%-51.*s %9.0f us %6.1f x\n", (int)strcspn(forms[i], "\n"), forms[i], us, us / plain);
        buf_dispose(&body);
        assert_true(us / plain < POLICY_MOST);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_costs),      cmocka_unit_test(test_versions),
        cmocka_unit_test(test_permissive), cmocka_unit_test(test_light_path),
        cmocka_unit_test(test_heavy_leaf), cmocka_unit_test(test_rsa_keys),
        cmocka_unit_test(test_curves),     cmocka_unit_test(test_other_keys),
        cmocka_unit_test(test_honest),     cmocka_unit_test(test_ber),
        cmocka_unit_test(test_patterns),
    };
    return cmocka_run_group_tests(tests, world_open, world_close);
}
