/* Path validation that records and goes on, certificate facts, handshake failures: over a pair of BIOs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <pthread.h>
#include <time.h>

#include "scanner/tls/trust.h"
#include "scanner/wire/cost.h"
#include "tests/unit/certs.h"

enum { ARENA_BYTES = 1024 * 1024, DAY = 86400, BIO_BYTES = 256 * 1024 };

static const char HOST[] = "mx1.example.test";

/* What all cases share: a trusted root, an intermediate below it, a root nobody trusts. */
struct world {
    struct identity root;
    struct identity intermediate;
    struct identity stranger;
    struct trust *trust;
    SSL_CTX *client;
};

static int world_open(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    char path[] = "/tmp/test-trust-XXXXXX";
    const char *why;
    assert_non_null(world);
    world->root = make_identity(&(struct cert_spec){.cn = "Test Root", .ca = true}, NULL);
    world->intermediate =
        make_identity(&(struct cert_spec){.cn = "Test Intermediate", .ca = true}, &world->root);
    world->stranger = make_identity(&(struct cert_spec){.cn = "Nobody's Root", .ca = true}, NULL);
    write_roots(path, &world->root, 1);
    world->trust = trust_create(path, &why);
    (void)unlink(path);
    assert_non_null(world->trust);
    world->client = SSL_CTX_new(TLS_client_method());
    assert_int_equal(tls_context_setup(world->client, world->trust), ERR_OK);
    *state = world;
    return 0;
}

static int world_close(void **state)
{
    struct world *world = *state;
    SSL_CTX_free(world->client);
    trust_destroy(world->trust);
    identity_free(&world->root);
    identity_free(&world->intermediate);
    identity_free(&world->stranger);
    free(world);
    return 0;
}

/* ---- handshakes in memory ------------------------------------------------------------------------------ */

struct pair {
    SSL *client;
    SSL *server;
    struct tls_verify verify;
    int result; /* of the client's last SSL_connect */
};

static void pair_open(struct pair *pair, SSL_CTX *client, SSL_CTX *server)
{
    BIO *near = NULL;
    BIO *far = NULL;
    assert_int_equal(BIO_new_bio_pair(&near, BIO_BYTES, &far, BIO_BYTES), 1);
    *pair = (struct pair){.client = SSL_new(client), .server = SSL_new(server)};
    SSL_set_bio(pair->client, near, near);
    SSL_set_bio(pair->server, far, far);
    assert_int_equal(SSL_set_tlsext_host_name(pair->client, HOST), 1);
    SSL_set_connect_state(pair->client);
    SSL_set_accept_state(pair->server);
}

static void pair_shake(struct pair *pair)
{
    for (int turn = 0; turn < 50; turn++) {
        ERR_clear_error();
        (void)SSL_do_handshake(pair->server);
        ERR_clear_error();
        pair->result = SSL_do_handshake(pair->client);
        if (pair->result == 1 || SSL_get_error(pair->client, pair->result) != SSL_ERROR_WANT_READ)
            return;
    }
}

static void pair_close(struct pair *pair)
{
    SSL_free(pair->client);
    SSL_free(pair->server);
}

/* A handshake against a server with this identity; what it showed. */
static struct tls_facts shake(SSL_CTX *client, SSL_CTX *server, const char *reference, struct arena *arena)
{
    struct pair pair;
    struct tls_facts facts;
    pair_open(&pair, client, server);
    assert_int_equal(tls_verify_attach(pair.client, &pair.verify), ERR_OK);
    pair_shake(&pair);
    if (pair.result == 1)
        tls_facts_collect(pair.client, &pair.verify, reference, arena, &facts);
    else
        tls_facts_failure(pair.client, &pair.verify, reference, arena, &facts);
    pair_close(&pair);
    return facts;
}

static bool has_error(const struct tls_facts *facts, int x509, int depth)
{
    for (size_t i = 0; i < facts->error_count; i++)
        if (facts->errors[i].x509 == x509 && facts->errors[i].depth == depth)
            return true;
    return false;
}

/* ---- TLS-3, TLS-5: what is wrong with a certificate ---------------------------------------------------- */

enum issuer { BY_INTERMEDIATE, BY_INTERMEDIATE_UNSENT, BY_STRANGER, BY_STRANGER_SENT, BY_ITSELF };

struct chain_case {
    const char *name;
    struct cert_spec spec;
    enum issuer issuer;
    int error; /* at depth 0 unless `depth`; X509_V_OK for none at all */
    int depth;
    bool name_match;
};

#define AIA "caIssuers;URI:http://ca.example.test/i.der"

static const struct chain_case chain_cases[] = {
    {"TLS-3 good", {.cn = "x", .san = "DNS:mx1.example.test"}, BY_INTERMEDIATE, X509_V_OK, 0, true},
    {"TLS-3 expired",
     {.cn = "x", .san = "DNS:mx1.example.test", .from_s = -9 * DAY, .to_s = -DAY},
     BY_INTERMEDIATE,
     X509_V_ERR_CERT_HAS_EXPIRED,
     0,
     true},
    {"TLS-3 not yet valid",
     {.cn = "x", .san = "DNS:mx1.example.test", .from_s = DAY},
     BY_INTERMEDIATE,
     X509_V_ERR_CERT_NOT_YET_VALID,
     0,
     true},
    {"TLS-3 name mismatch", {.cn = "x", .san = "DNS:mx2.example.test"}, BY_INTERMEDIATE, X509_V_OK, 0, false},
    {"TLS-3 self-signed",
     {.cn = "x", .san = "DNS:mx1.example.test"},
     BY_ITSELF,
     X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT,
     0,
     true},
    {"TLS-3 unknown issuer",
     {.cn = "x", .san = "DNS:mx1.example.test"},
     BY_STRANGER,
     X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     0,
     true},
    {"TLS-3 unknown issuer, sent",
     {.cn = "x", .san = "DNS:mx1.example.test"},
     BY_STRANGER_SENT,
     X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
     1,
     true},
    {"TLS-3 incomplete chain",
     {.cn = "x", .san = "DNS:mx1.example.test", .aia = AIA},
     BY_INTERMEDIATE_UNSENT,
     X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
     0,
     true},
    {"TLS-3 CN does not name", {.cn = "mx1.example.test"}, BY_INTERMEDIATE, X509_V_OK, 0, false},
    {"TLS-3 CN beside another DNS-ID",
     {.cn = "mx1.example.test", .san = "DNS:mx2.example.test"},
     BY_INTERMEDIATE,
     X509_V_OK,
     0,
     false},
    {"POL-3 partial wildcard",
     {.cn = "x", .san = "DNS:mx*.example.test"},
     BY_INTERMEDIATE,
     X509_V_OK,
     0,
     false},
    {"POL-3 wildcard of one label",
     {.cn = "x", .san = "DNS:*.example.test"},
     BY_INTERMEDIATE,
     X509_V_OK,
     0,
     true},
    {"POL-3 wildcard over two labels",
     {.cn = "x", .san = "DNS:*.test"},
     BY_INTERMEDIATE,
     X509_V_OK,
     0,
     false},
    {"TLS-3 case is folded", {.cn = "x", .san = "DNS:MX1.Example.TEST"}, BY_INTERMEDIATE, X509_V_OK, 0, true},
    {"TLS-3 wrong usage",
     {.cn = "x", .san = "DNS:mx1.example.test", .usage = "clientAuth"},
     BY_INTERMEDIATE,
     X509_V_ERR_INVALID_PURPOSE,
     0,
     true},
    {"TLS-3 weak key",
     {.cn = "x", .san = "DNS:mx1.example.test", .rsa_bits = 1024},
     BY_INTERMEDIATE,
     X509_V_ERR_EE_KEY_TOO_SMALL,
     0,
     true},
    {"TLS-3 weak signature",
     {.cn = "x", .san = "DNS:mx1.example.test", .sha1 = true},
     BY_INTERMEDIATE,
     X509_V_ERR_CA_MD_TOO_WEAK,
     0,
     true},
};

static const struct identity *issuer_of(const struct world *world, enum issuer issuer)
{
    if (issuer == BY_ITSELF)
        return NULL;
    return issuer == BY_INTERMEDIATE || issuer == BY_INTERMEDIATE_UNSENT ? &world->intermediate
                                                                         : &world->stranger;
}

static const X509 *sent_with(const struct world *world, enum issuer issuer)
{
    if (issuer == BY_INTERMEDIATE)
        return world->intermediate.cert;
    return issuer == BY_STRANGER_SENT ? world->stranger.cert : NULL;
}

static void check_chain(struct world *world, const struct chain_case *row)
{
    struct arena arena;
    struct identity leaf = make_identity(&row->spec, issuer_of(world, row->issuer));
    SSL_CTX *server = make_server(&leaf, sent_with(world, row->issuer));
    arena_init(&arena, ARENA_BYTES);
    struct tls_facts facts = shake(world->client, server, HOST, &arena);
    bool errors_ok =
        row->error == X509_V_OK ? facts.error_count == 0 : has_error(&facts, row->error, row->depth);
    if (facts.end != TLS_DONE || !errors_ok || facts.name_match != row->name_match)
        fail_msg("%s: end %d, %zu errors (first %d at %d), name_match %d", row->name, (int)facts.end,
                 facts.error_count, facts.errors[0].x509, facts.errors[0].depth, facts.name_match);
    assert_int_equal(facts.cert_count, sent_with(world, row->issuer) == NULL ? 1 : 2);
    assert_int_equal(facts.certs[0].self_signed, row->issuer == BY_ITSELF);
    assert_int_equal(facts.certs[0].aia_issuer != NULL, row->spec.aia != NULL);
    arena_dispose(&arena);
    SSL_CTX_free(server);
    identity_free(&leaf);
}

static void test_chains(void **state)
{
    for (size_t i = 0; i < sizeof chain_cases / sizeof chain_cases[0]; i++)
        check_chain(*state, &chain_cases[i]);
}

static void test_all_errors_are_kept(void **state)
{
    struct world *world = *state;
    struct arena arena;
    struct cert_spec spec = {
        .cn = "x", .san = "DNS:a.test", .from_s = -9 * DAY, .to_s = -DAY, .usage = "clientAuth"};
    struct identity leaf = make_identity(&spec, &world->stranger);
    SSL_CTX *server = make_server(&leaf, NULL);
    arena_init(&arena, ARENA_BYTES);
    struct tls_facts facts = shake(world->client, server, HOST, &arena);
    assert_true(has_error(&facts, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0));
    assert_true(has_error(&facts, X509_V_ERR_INVALID_PURPOSE, 0));
    assert_true(has_error(&facts, X509_V_ERR_CERT_HAS_EXPIRED, 0));
    assert_false(facts.name_match);
    arena_dispose(&arena);
    SSL_CTX_free(server);
    identity_free(&leaf);
}

/* Nine expired intermediates have more errors than there is room for; the leaf's own, met last, must be
 * there. */
static void test_leaf_errors_survive_a_long_chain(void **state)
{
    enum { LINKS = 9 };
    struct world *world = *state;
    struct arena arena;
    struct identity links[LINKS];
    struct cert_spec old = {.cn = "Old", .ca = true, .from_s = -9 * DAY, .to_s = -DAY};
    struct cert_spec spec = {.cn = "x", .san = "DNS:mx1.example.test", .from_s = -9 * DAY, .to_s = -DAY};
    for (int i = 0; i < LINKS; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "Old %d", i);
        old.cn = name;
        links[i] = make_identity(&old, i == 0 ? &world->root : &links[i - 1]);
    }
    struct identity leaf = make_identity(&spec, &links[LINKS - 1]);
    SSL_CTX *server = make_server(&leaf, NULL);
    for (int i = LINKS - 1; i >= 0; i--)
        assert_int_equal(SSL_CTX_add1_chain_cert(server, links[i].cert), 1);
    arena_init(&arena, ARENA_BYTES);
    struct tls_facts facts = shake(world->client, server, HOST, &arena);
    assert_int_equal(facts.error_count, CHAIN_ERRORS_KEPT);
    assert_int_equal(facts.cert_count, CHAIN_CERTS_KEPT);
    assert_true(has_error(&facts, X509_V_ERR_CERT_HAS_EXPIRED, 0));
    assert_int_equal(facts.errors[0].depth, LINKS);
    arena_dispose(&arena);
    SSL_CTX_free(server);
    identity_free(&leaf);
    for (int i = 0; i < LINKS; i++)
        identity_free(&links[i]);
}

static void test_without_verify_attached(void **state)
{
    struct world *world = *state;
    struct pair pair;
    struct identity leaf = make_identity(&(struct cert_spec){.cn = "x"}, &world->stranger);
    SSL_CTX *server = make_server(&leaf, NULL);
    pair_open(&pair, world->client, server);
    pair_shake(&pair);
    assert_int_equal(pair.result, 1);
    pair_close(&pair);
    SSL_CTX_free(server);
    identity_free(&leaf);
}

/* ---- the session's facts ------------------------------------------------------------------------------- */

static void test_session(void **state)
{
    struct world *world = *state;
    struct arena arena;
    struct identity leaf = make_identity(&(struct cert_spec){.cn = "x", .rsa_bits = 2048}, &world->root);
    SSL_CTX *server = make_server(&leaf, NULL);
    arena_init(&arena, ARENA_BYTES);
    struct tls_facts facts = shake(world->client, server, HOST, &arena);
    assert_int_equal(facts.version, TLS1_3_VERSION);
    assert_string_equal(facts.cipher, "TLS_AES_256_GCM_SHA384");
    assert_string_equal(facts.group, "X25519");
    assert_int_equal(facts.alert, -1);
    SSL_CTX_set_max_proto_version(server, TLS1_2_VERSION);
    SSL_CTX_set1_groups_list(server, "P-384");
    facts = shake(world->client, server, HOST, &arena);
    assert_int_equal(facts.version, TLS1_2_VERSION);
    assert_string_equal(facts.cipher, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384");
    assert_string_equal(facts.group, "P-384");
    assert_string_equal(facts.certs[0].key_type, "RSA");
    SSL_CTX_set_cipher_list(server, "AES128-SHA");
    facts = shake(world->client, server, HOST, &arena);
    assert_string_equal(facts.cipher, "TLS_RSA_WITH_AES_128_CBC_SHA");
    assert_null(facts.group);
    arena_dispose(&arena);
    SSL_CTX_free(server);
    identity_free(&leaf);
}

/* The signature algorithms that a ClientHello offers. */
static uint8_t offered[128];
static size_t offered_len;

static int note_offer(SSL *ssl, int *alert, void *arg)
{
    const uint8_t *data = NULL;
    (void)alert, (void)arg;
    must(SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_signature_algorithms, &data, &offered_len) == 1 &&
         offered_len <= sizeof offered);
    memcpy(offered, data, offered_len);
    return SSL_CLIENT_HELLO_SUCCESS;
}

/* They are the same with every release of OpenSSL: those that 3.0 offers by itself. */
static void test_signatures_offered(void **state)
{
    static const uint8_t expected[] = {0, 40, 4, 3, 5, 3, 6, 3, 8, 7, 8, 8, 8, 9, 8, 10, 8, 11, 8, 4, 8,
                                       5, 8,  6, 4, 1, 5, 1, 6, 1, 3, 3, 3, 1, 3, 2, 4,  2, 5,  2, 6, 2};
    struct world *world = *state;
    struct arena arena;
    struct identity leaf = make_identity(&(struct cert_spec){.cn = "x", .rsa_bits = 2048}, &world->root);
    SSL_CTX *server = make_server(&leaf, NULL);
    SSL_CTX_set_client_hello_cb(server, note_offer, NULL);
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(shake(world->client, server, HOST, &arena).end, TLS_DONE);
    assert_int_equal(offered_len, sizeof expected);
    assert_memory_equal(offered, expected, sizeof expected);
    arena_dispose(&arena);
    SSL_CTX_free(server);
    identity_free(&leaf);
}

static void test_reference_must_be_a_name(void **state)
{
    struct world *world = *state;
    struct arena arena;
    struct identity leaf =
        make_identity(&(struct cert_spec){.cn = "x", .san = "DNS:mx1.example.test"}, &world->root);
    SSL_CTX *server = make_server(&leaf, NULL);
    arena_init(&arena, ARENA_BYTES);
    assert_false(shake(world->client, server, "", &arena).name_match);
    assert_false(shake(world->client, server, ".example.test", &arena).name_match);
    assert_false(shake(world->client, server, "example.test", &arena).name_match);
    assert_true(shake(world->client, server, HOST, &arena).name_match);
    arena_dispose(&arena);
    SSL_CTX_free(server);
    identity_free(&leaf);
}

/* ---- handshakes that fail ------------------------------------------------------------------------------ */

static void test_version_too_old(void **state)
{
    struct world *world = *state;
    struct arena arena;
    struct identity leaf = make_identity(&(struct cert_spec){.cn = "x", .rsa_bits = 2048}, &world->root);
    SSL_CTX *server = make_server(&leaf, NULL);
    SSL_CTX_set_min_proto_version(server, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(server, TLS1_1_VERSION);
    arena_init(&arena, ARENA_BYTES);
    struct tls_facts facts = shake(world->client, server, HOST, &arena);
    assert_int_equal(facts.end, TLS_FAILED);
    assert_int_equal(facts.alert, SSL_AD_PROTOCOL_VERSION);
    assert_int_equal(facts.error_reason, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION);
    assert_string_equal(facts.error_text, "alert protocol version");
    assert_int_equal(facts.version, 0);
    assert_int_equal(facts.cert_count, 0);
    assert_int_equal(ERR_peek_error(), 0);
    arena_dispose(&arena);
    SSL_CTX_free(server);
    identity_free(&leaf);
}

static void test_no_cipher_in_common(void **state)
{
    struct world *world = *state;
    struct arena arena;
    struct identity leaf = make_identity(&(struct cert_spec){.cn = "x", .rsa_bits = 2048}, &world->root);
    SSL_CTX *server = make_server(&leaf, NULL);
    SSL_CTX_set_max_proto_version(server, TLS1_2_VERSION);
    SSL_CTX_set_cipher_list(server, "NULL-SHA256");
    arena_init(&arena, ARENA_BYTES);
    struct tls_facts facts = shake(world->client, server, HOST, &arena);
    assert_int_equal(facts.end, TLS_FAILED);
    assert_int_equal(facts.alert, SSL_AD_HANDSHAKE_FAILURE);
    arena_dispose(&arena);
    SSL_CTX_free(server);
    identity_free(&leaf);
}

/* What the peer writes instead of a ServerHello, and how it ends. */
struct raw_case {
    const char *name;
    struct bytes bytes;
    bool close;
    enum tls_end end;
    int reason;
    int version; /* that was agreed on */
};

/* A ServerHello of TLS 1.2, and a record that says another version. */
#define HELLO_1_2  "\x16\3\3\0\x31\2\0\0\x2d\3\3rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr\0\xc0\x2f\0\0\5\xff\1\0\1\0"
#define RECORD_1_0 "\x16\3\1\0\4\x0b\0\0\0"

#define RAW(text)                                                                                            \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }

static const struct raw_case raw_cases[] = {
    {"TLS-5 plaintext", RAW("500 what?\r\n"), false, TLS_FAILED, SSL_R_WRONG_VERSION_NUMBER, 0},
    {"TLS-5 closed", RAW(""), true, TLS_CLOSED, SSL_R_UNEXPECTED_EOF_WHILE_READING, 0},
    {"TLS-5 a ServerHello of 16 MiB", RAW("\x16\3\3\0\4\2\xff\xff\xff"), false, TLS_FAILED,
     SSL_R_EXCESSIVE_MESSAGE_SIZE, 0},
    {"TLS-5 another version behind the ServerHello", RAW(HELLO_1_2 RECORD_1_0), false, TLS_FAILED,
     SSL_R_WRONG_VERSION_NUMBER, TLS1_2_VERSION},
    {"TLS-5 plaintext behind the ServerHello", RAW(HELLO_1_2 "500 what?\r\n"), false, TLS_FAILED,
     SSL_R_WRONG_VERSION_NUMBER, TLS1_2_VERSION},
};

static void check_raw(struct world *world, const struct raw_case *row)
{
    struct arena arena;
    struct tls_facts facts;
    struct tls_verify verify;
    BIO *in = BIO_new_mem_buf(row->bytes.data, (int)row->bytes.len);
    BIO_set_mem_eof_return(in, row->close ? 0 : -1);
    SSL *ssl = SSL_new(world->client);
    SSL_set_bio(ssl, in, BIO_new(BIO_s_mem()));
    assert_int_equal(tls_verify_attach(ssl, &verify), ERR_OK);
    ERR_clear_error();
    assert_int_not_equal(SSL_connect(ssl), 1);
    arena_init(&arena, ARENA_BYTES);
    tls_facts_failure(ssl, &verify, HOST, &arena, &facts);
    if (facts.end != row->end || facts.error_reason != row->reason || facts.alert != -1 || facts.truncated ||
        facts.version != row->version)
        fail_msg("%s: end %d, reason %d, alert %d, version %x", row->name, (int)facts.end, facts.error_reason,
                 facts.alert, facts.version);
    arena_dispose(&arena);
    SSL_free(ssl);
}

static void test_raw_peers(void **state)
{
    for (size_t i = 0; i < sizeof raw_cases / sizeof raw_cases[0]; i++)
        check_raw(*state, &raw_cases[i]);
}

static void test_certificate_list_is_bounded(void **state)
{
    struct world *world = *state;
    struct arena arena;
    struct identity leaf = make_identity(&(struct cert_spec){.cn = "x"}, &world->root);
    SSL_CTX *server = make_server(&leaf, NULL);
    for (int i = 0; i < 400; i++)
        assert_int_equal(SSL_CTX_add1_chain_cert(server, world->intermediate.cert), 1);
    arena_init(&arena, ARENA_BYTES);
    struct tls_facts facts = shake(world->client, server, HOST, &arena);
    assert_int_equal(facts.end, TLS_FAILED);
    assert_int_equal(facts.error_reason, SSL_R_EXCESSIVE_MESSAGE_SIZE);
    assert_true(facts.truncated); /* the ceiling is ours */
    arena_dispose(&arena);
    SSL_CTX_free(server);
    identity_free(&leaf);
}

/* ---- one certificate ----------------------------------------------------------------------------------- */

static void test_digests(void **state)
{
    struct world *world = *state;
    struct arena arena;
    struct cert_facts facts;
    uint8_t expected[64];
    unsigned char *spki = NULL;
    arena_init(&arena, ARENA_BYTES);
    assert_true(cert_facts_collect(world->root.cert, &(uint32_t){COST_FACTS_US}, &arena, &facts));
    assert_int_equal(X509_digest(world->root.cert, EVP_sha256(), expected, NULL), 1);
    assert_memory_equal(facts.sha256, expected, 32);
    assert_int_equal(X509_digest(world->root.cert, EVP_sha512(), expected, NULL), 1);
    assert_memory_equal(facts.sha512, expected, 64);
    int len = i2d_PUBKEY(world->root.key, &spki);
    assert_true(len > 0);
    assert_int_equal(EVP_Digest(spki, (size_t)len, expected, NULL, EVP_sha256(), NULL), 1);
    assert_memory_equal(facts.spki_sha256, expected, 32);
    assert_int_equal(EVP_Digest(spki, (size_t)len, expected, NULL, EVP_sha512(), NULL), 1);
    assert_memory_equal(facts.spki_sha512, expected, 64);
    OPENSSL_free(spki);
    arena_dispose(&arena);
}

static void test_fields(void **state)
{
    struct world *world = *state;
    struct arena arena;
    struct cert_facts facts;
    time_t now = time(NULL);
    struct identity leaf = make_identity(&(struct cert_spec){.cn = "a, b\x01\xc3\xa9",
                                                             .san = "DNS:one.test,IP:192.0.2.1,DNS:two.test",
                                                             .aia = AIA},
                                         &world->intermediate);
    arena_init(&arena, ARENA_BYTES);
    assert_true(cert_facts_collect(leaf.cert, &(uint32_t){COST_FACTS_US}, &arena, &facts));
    assert_string_equal(facts.subject, "CN=a\\, b\\01\\C3\\A9");
    assert_string_equal(facts.issuer, "CN=Test Intermediate");
    assert_int_equal(facts.serial.len, 2);
    assert_int_equal(facts.serial.data[0] << 8 | facts.serial.data[1],
                     ASN1_INTEGER_get(X509_get0_serialNumber(leaf.cert)));
    assert_int_equal(facts.dns_name_count, 2);
    assert_string_equal(facts.dns_names[0], "one.test");
    assert_string_equal(facts.dns_names[1], "two.test");
    assert_in_range(facts.not_before, now - DAY - 60, now - DAY + 60);
    assert_in_range(facts.not_after, now + 30 * DAY - 60, now + 30 * DAY + 60);
    assert_string_equal(facts.key_type, "EC P-256");
    assert_int_equal(facts.key_bits, 256);
    assert_string_equal(facts.signature, "ecdsa-with-SHA256");
    assert_string_equal(facts.aia_issuer, "http://ca.example.test/i.der");
    assert_false(facts.is_ca || facts.self_issued || facts.self_signed);
    assert_true(cert_facts_collect(world->root.cert, &(uint32_t){COST_FACTS_US}, &arena, &facts));
    assert_true(facts.is_ca && facts.self_issued && facts.self_signed);
    assert_null(facts.aia_issuer);
    arena_dispose(&arena);
    identity_free(&leaf);
}

static void test_long_serial_is_cut(void **state)
{
    struct world *world = *state;
    struct arena arena;
    struct cert_facts facts;
    uint8_t number[CERT_SERIAL_BYTES + 1];
    X509 *cert = make_body(&(struct cert_spec){.cn = "k"}, world->root.key, &world->root);
    memset(number, 0x7a, sizeof number);
    must(ASN1_STRING_set(X509_get_serialNumber(cert), number, sizeof number) == 1);
    assert_true(X509_sign(cert, world->root.key, EVP_sha256()) > 0);
    arena_init(&arena, ARENA_BYTES);
    assert_true(cert_facts_collect(cert, &(uint32_t){COST_FACTS_US}, &arena, &facts));
    assert_int_equal(facts.serial.len, CERT_SERIAL_BYTES);
    assert_memory_equal(facts.serial.data, number, CERT_SERIAL_BYTES);
    arena_dispose(&arena);
    X509_free(cert);
}

/* A certificate of which one date is none is valid at no time. One that begins in 1970 may be valid. */
static void test_dates_that_are_none(void **state)
{
    static const struct {
        const char *begins, *ends;
        int64_t not_before, not_after;
    } cases[] = {
        {"700101000000Z", "700101000100Z", 0, 60},
        {"700101000000Z", "491231235959Z", 0, 2524607999},
        {"261330000000Z", "491231235959Z", 0, 0},
        {"260130000000Z", "4912312359xxZ", 1769731200, 0},
        {"", "491231235959Z", 0, 0},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena arena;
        struct cert_facts facts;
        X509 *cert = make_body(&(struct cert_spec){.cn = "k"}, world->root.key, &world->root);
        must(ASN1_STRING_set(X509_getm_notBefore(cert), cases[i].begins, -1) == 1);
        must(ASN1_STRING_set(X509_getm_notAfter(cert), cases[i].ends, -1) == 1);
        must(X509_sign(cert, world->root.key, EVP_sha256()) > 0);
        arena_init(&arena, ARENA_BYTES);
        assert_true(cert_facts_collect(cert, &(uint32_t){COST_FACTS_US}, &arena, &facts));
        assert_int_equal(facts.not_before, cases[i].not_before);
        assert_int_equal(facts.not_after, cases[i].not_after);
        arena_dispose(&arena);
        X509_free(cert);
    }
}

static void check_key(struct identity *root, EVP_PKEY *key, const char *type, uint32_t bits)
{
    struct arena arena;
    struct cert_facts facts;
    X509 *cert = make_body(&(struct cert_spec){.cn = "k"}, key, root);
    assert_true(X509_sign(cert, root->key, EVP_sha256()) > 0);
    arena_init(&arena, ARENA_BYTES);
    assert_true(cert_facts_collect(cert, &(uint32_t){COST_FACTS_US}, &arena, &facts));
    assert_string_equal(facts.key_type, type);
    assert_int_equal(facts.key_bits, bits);
    arena_dispose(&arena);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void test_key_types(void **state)
{
    struct world *world = *state;
    check_key(&world->root, EVP_RSA_gen(2048), "RSA", 2048);
    check_key(&world->root, EVP_EC_gen("P-256"), "EC P-256", 256);
    check_key(&world->root, EVP_EC_gen("P-384"), "EC P-384", 384);
    check_key(&world->root, EVP_EC_gen("P-521"), "EC P-521", 521);
    check_key(&world->root, EVP_EC_gen("secp256k1"), "EC secp256k1", 256);
    check_key(&world->root, EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), "Ed25519", 256);
    check_key(&world->root, EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), "Ed448", 456);
}

/* A subject alternative name made of raw bytes, as no honest tool would make it. */
static void add_raw_names(X509 *cert, const char *bytes, int len, int count)
{
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    for (int i = 0; i < count; i++) {
        GENERAL_NAME *name = GENERAL_NAME_new();
        ASN1_IA5STRING *text = ASN1_IA5STRING_new();
        must(name != NULL && text != NULL && ASN1_STRING_set(text, bytes, len) == 1);
        GENERAL_NAME_set0_value(name, GEN_DNS, text);
        must(sk_GENERAL_NAME_push(names, name) > 0);
    }
    must(X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_REPLACE) == 1);
    GENERAL_NAMES_free(names);
}

static struct cert_facts collect_raw(struct world *world, struct arena *arena, const char *bytes, int len,
                                     int count)
{
    struct cert_facts facts;
    struct cert_spec spec = {.cn = "r"};
    EVP_PKEY *key = make_key(&spec);
    X509 *cert = make_body(&spec, key, &world->root);
    add_raw_names(cert, bytes, len, count);
    assert_true(X509_sign(cert, world->root.key, EVP_sha256()) > 0);
    assert_true(cert_facts_collect(cert, &(uint32_t){COST_FACTS_US}, arena, &facts));
    X509_free(cert);
    EVP_PKEY_free(key);
    return facts;
}

static void test_hostile_names(void **state)
{
    struct arena arena;
    char longest[3000];
    memset(longest, 'a', sizeof longest);
    arena_init(&arena, ARENA_BYTES);
    struct cert_facts facts = collect_raw(*state, &arena, "a\0b\\\xff\n.test", 11, 1);
    assert_string_equal(facts.dns_names[0], "a\\000b\\092\\255\\010.test");
    facts = collect_raw(*state, &arena, longest, sizeof longest, 1);
    assert_int_equal(strlen(facts.dns_names[0]), 255);
    facts = collect_raw(*state, &arena, "many.test", 9, 1000);
    assert_int_equal(facts.dns_name_count, 200);
    assert_string_equal(facts.dns_names[199], "many.test");
    facts = collect_raw(*state, &arena, "", 0, 1);
    assert_string_equal(facts.dns_names[0], "");
    arena_dispose(&arena);
}

static void test_long_subject_is_cut(void **state)
{
    struct world *world = *state;
    struct arena arena;
    struct cert_facts facts;
    struct cert_spec spec = {.cn = "s"};
    unsigned char unit[60];
    EVP_PKEY *key = make_key(&spec);
    X509 *cert = make_body(&spec, key, &world->root);
    memset(unit, 'u', sizeof unit);
    for (int i = 0; i < 40; i++)
        must(X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "OU", MBSTRING_ASC, unit, sizeof unit,
                                        -1, 0) == 1);
    assert_true(X509_sign(cert, world->root.key, EVP_sha256()) > 0);
    arena_init(&arena, ARENA_BYTES);
    assert_true(cert_facts_collect(cert, &(uint32_t){COST_FACTS_US}, &arena, &facts));
    assert_int_equal(strlen(facts.subject), 512);
    arena_dispose(&arena);
    X509_free(cert);
    EVP_PKEY_free(key);
}

/* Every ceiling from nothing to enough: false or the whole, never half. */
static void test_full_arena(void **state)
{
    struct world *world = *state;
    struct identity leaf = make_identity(
        &(struct cert_spec){.cn = "x", .san = "DNS:one.test,DNS:two.test", .aia = AIA}, &world->intermediate);
    SSL_CTX *server = make_server(&leaf, world->intermediate.cert);
    bool fitted = false;
    for (size_t ceiling = 0; ceiling < 4096; ceiling += 16) {
        struct arena arena;
        struct cert_facts facts;
        arena_init(&arena, ceiling);
        bool fits = cert_facts_collect(leaf.cert, &(uint32_t){COST_FACTS_US}, &arena, &facts);
        assert_true(fits || !fitted);
        if (fits)
            assert_true(facts.aia_issuer != NULL && facts.dns_name_count == 2 && facts.subject != NULL);
        fitted = fits;
        arena_dispose(&arena);
    }
    assert_true(fitted);
    for (size_t ceiling = 0; ceiling < 8192; ceiling += 512) {
        struct arena arena;
        arena_init(&arena, ceiling);
        struct tls_facts facts = shake(world->client, server, "one.test", &arena);
        assert_int_equal(facts.end, TLS_DONE);
        assert_true(facts.name_match);
        assert_true(facts.cert_count == 2 || ceiling < 7168);
        arena_dispose(&arena);
    }
    SSL_CTX_free(server);
    identity_free(&leaf);
}

/* ---- the roots ----------------------------------------------------------------------------------------- */

static void test_roots(void **state)
{
    struct world *world = *state;
    const char *why = NULL;
    char path[] = "/tmp/test-trust-XXXXXX";
    char empty[] = "/tmp/test-trust-XXXXXX";
    struct identity roots[] = {world->root, world->stranger};
    write_roots(path, roots, 2);
    struct trust *trust = trust_create(path, &why);
    assert_non_null(trust);
    assert_null(why);
    assert_int_equal(trust_root_count(trust), 2);
    assert_non_null(trust_store(trust));
    trust_destroy(trust);
    write_roots(empty, roots, 0);
    assert_null(trust_create(empty, &why));
    assert_string_equal(why, "the file of trusted roots holds no usable certificate");
    assert_null(trust_create("/nonexistent/roots.pem", &why));
    assert_string_equal(
        why,
        "the file of trusted roots cannot be read: install the package ca-certificates, or name another");
    assert_int_equal(ERR_peek_error(), 0);
    trust_destroy(NULL);
    (void)unlink(path);
    (void)unlink(empty);
}

/* ---- threads ------------------------------------------------------------------------------------------- */

enum { THREADS = 4, SHAKES = 25 };

struct runner {
    pthread_t thread;
    struct world *world;
    struct identity leaf;
    int good;
};

/* A context of its own, as libcurl makes one for each connection, on the one store. */
static void *run_shakes(void *arg)
{
    struct runner *runner = arg;
    SSL_CTX *server = make_server(&runner->leaf, runner->world->intermediate.cert);
    for (int i = 0; i < SHAKES; i++) {
        struct arena arena;
        SSL_CTX *client = SSL_CTX_new(TLS_client_method());
        arena_init(&arena, ARENA_BYTES);
        must(tls_context_setup(client, runner->world->trust) == ERR_OK);
        struct tls_facts facts = shake(client, server, HOST, &arena);
        runner->good += facts.end == TLS_DONE && facts.error_count == 0 && facts.name_match;
        arena_dispose(&arena);
        SSL_CTX_free(client);
    }
    SSL_CTX_free(server);
    return NULL;
}

static void test_threads(void **state)
{
    struct runner runners[THREADS];
    struct world *world = *state;
    for (int i = 0; i < THREADS; i++) {
        struct cert_spec spec = {.cn = "x", .san = "DNS:mx1.example.test"};
        runners[i] = (struct runner){.world = world, .leaf = make_identity(&spec, &world->intermediate)};
        assert_int_equal(pthread_create(&runners[i].thread, NULL, run_shakes, &runners[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(runners[i].thread, NULL), 0);
        assert_int_equal(runners[i].good, SHAKES);
        identity_free(&runners[i].leaf);
    }
}

/* Compressed certificates are refused, whichever release's headers this is built with: bits 32 and 33. */
static void test_no_compression(void **state)
{
    const struct world *world = *state;
    assert_int_equal(SSL_CTX_get_options(world->client) >> 32 & 3, 3);
}

int main(void)
{
    tls_library_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_compression),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_all_errors_are_kept),
        cmocka_unit_test(test_leaf_errors_survive_a_long_chain),
        cmocka_unit_test(test_without_verify_attached),
        cmocka_unit_test(test_session),
        cmocka_unit_test(test_signatures_offered),
        cmocka_unit_test(test_reference_must_be_a_name),
        cmocka_unit_test(test_version_too_old),
        cmocka_unit_test(test_no_cipher_in_common),
        cmocka_unit_test(test_raw_peers),
        cmocka_unit_test(test_certificate_list_is_bounded),
        cmocka_unit_test(test_digests),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_key_types),
        cmocka_unit_test(test_hostile_names),
        cmocka_unit_test(test_long_subject_is_cut),
        cmocka_unit_test(test_long_serial_is_cut),
        cmocka_unit_test(test_dates_that_are_none),
        cmocka_unit_test(test_full_arena),
        cmocka_unit_test(test_roots),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests_name("trust", tests, world_open, world_close);
}
