/* What a ClientHello offers by tls.groups, read by a server, and how records name the group of a handshake.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/err.h>

#include "scanner/facts/tls_group.h"
#include "scanner/tls/groups.h"
#include "scanner/tls/trust.h"
#include "tests/unit/certs.h"

enum { ARENA_BYTES = 1 << 20, BIO_BYTES = 64 * 1024, SEGMENT_BYTES = 1460, HYBRIDS = 305 };

#define USUAL "X25519 P-256 X448 P-521 P-384 ffdhe2048 ffdhe3072 ffdhe4096 ffdhe6144 ffdhe8192"

struct world {
    struct identity root, leaf;
    struct trust *trust;
    struct arena arena;
};

static int world_open(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    char path[] = "/tmp/test-groups-XXXXXX";
    const char *why;
    must(world != NULL);
    world->root = make_identity(&(struct cert_spec){.cn = "Test Root", .ca = true}, NULL);
    world->leaf = make_identity(&(struct cert_spec){.cn = "x"}, &world->root);
    write_roots(path, &world->root, 1);
    world->trust = trust_create(path, &why);
    (void)unlink(path);
    must(world->trust != NULL);
    arena_init(&world->arena, ARENA_BYTES);
    *state = world;
    return 0;
}

static int world_close(void **state)
{
    struct world *world = *state;
    trust_destroy(world->trust);
    identity_free(&world->root);
    identity_free(&world->leaf);
    arena_dispose(&world->arena);
    free(world);
    return 0;
}

static unsigned release_here(void)
{
    return OPENSSL_version_major() * 100 + OPENSSL_version_minor();
}

/* ---- a handshake in memory ----------------------------------------------------------------------------- */

/* What a server reads in a ClientHello. */
struct hello {
    char groups[512]; /* names between blanks */
    char shares[512];
    size_t bytes;
};

static void add_name(char text[512], unsigned id)
{
    char space[TLS_GROUP_TEXT_BYTES];
    size_t len = strlen(text);
    (void)snprintf(text + len, 512 - len, "%s%s", len > 0 ? " " : "", tls_group_name((uint16_t)id, space));
}

static unsigned number_at(const unsigned char *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

static int on_hello(SSL *ssl, int *alert, void *arg)
{
    struct hello *hello = arg;
    const unsigned char *at;
    size_t len;
    (void)alert;
    if (hello->groups[0] != '\0')
        return SSL_CLIENT_HELLO_SUCCESS; /* the answer to a HelloRetryRequest: a server may rather have
                                            another group */
    must(SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_supported_groups, &at, &len) == 1);
    for (size_t i = 2; i + 1 < len; i += 2)
        add_name(hello->groups, number_at(at + i));
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_key_share, &at, &len) == 1)
        for (size_t i = 2; i + 3 < len; i += 4 + number_at(at + i + 2))
            add_name(hello->shares, number_at(at + i));
    return SSL_CLIENT_HELLO_SUCCESS;
}

static void on_message(int written, int version, int type, const void *data, size_t len, SSL *ssl, void *arg)
{
    struct hello *hello = arg;
    (void)version, (void)ssl;
    if (written && type == SSL3_RT_HANDSHAKE && hello->bytes == 0 && *(const uint8_t *)data == 1)
        hello->bytes = len;
}

/* A handshake with a server that has these groups alone ("" for its own list). NULL groups in facts: none. */
static struct tls_facts shake(struct world *world, SSL_CTX *client, const char *groups, int version,
                              struct hello *hello)
{
    BIO *near = NULL, *far = NULL;
    struct tls_verify verify;
    struct tls_facts facts;
    SSL_CTX *server = make_server(&world->leaf, NULL);
    must(groups[0] == '\0' || SSL_CTX_set1_groups_list(server, groups) == 1);
    must(SSL_CTX_set_max_proto_version(server, version) == 1);
    *hello = (struct hello){.bytes = 0};
    SSL_CTX_set_client_hello_cb(server, on_hello, hello);
    must(BIO_new_bio_pair(&near, BIO_BYTES, &far, BIO_BYTES) == 1);
    SSL *ours = SSL_new(client), *theirs = SSL_new(server);
    SSL_set_bio(ours, near, near);
    SSL_set_bio(theirs, far, far);
    SSL_set_msg_callback(ours, on_message);
    SSL_set_msg_callback_arg(ours, hello);
    SSL_set_connect_state(ours);
    SSL_set_accept_state(theirs);
    must(tls_verify_attach(ours, &verify) == ERR_OK);
    int done = 0;
    for (int turn = 0; turn < 20 && done != 1; turn++) {
        done = SSL_do_handshake(ours);
        (void)SSL_do_handshake(theirs);
        ERR_clear_error();
    }
    if (done == 1)
        tls_facts_collect(ours, &verify, "x", &world->arena, &facts);
    else
        tls_facts_failure(ours, &verify, "x", &world->arena, &facts);
    SSL_free(ours);
    SSL_free(theirs);
    SSL_CTX_free(server);
    return facts;
}

static SSL_CTX *make_client(struct world *world, const char *groups, bool small)
{
    struct buf why;
    buf_init(&why, 1024);
    SSL_CTX *client = SSL_CTX_new(TLS_client_method());
    if (trust_offer(world->trust, groups, &why) != ERR_OK)
        fail_msg("%s", buf_string(&why));
    must(tls_context_setup(client, world->trust) == ERR_OK);
    must(!small || tls_context_small(client, world->trust) == ERR_OK);
    buf_dispose(&why);
    return client;
}

/* ---- what is offered ----------------------------------------------------------------------------------- */

struct offer_case {
    const char *groups; /* tls.groups */
    unsigned release;   /* of OpenSSL that the case needs */
    const char *offered, *shares;
    bool large;
};

/* The same on every release: one key share, but for a large group, which gets the first small one beside it.
 */
static const struct offer_case offers[] = {
    {"", 300, USUAL, "X25519", false},
    {"X25519", 300, USUAL, "X25519", false},
    {"P-384", 300, "P-384 X25519 P-256 X448 P-521 ffdhe2048 ffdhe3072 ffdhe4096 ffdhe6144 ffdhe8192", "P-384",
     false},
    {" secp256r1 , x448", 300,
     "P-256 X448 X25519 P-521 P-384 ffdhe2048 ffdhe3072 ffdhe4096 ffdhe6144 ffdhe8192", "P-256", false},
    {"X25519MLKEM768", 305, "X25519MLKEM768 " USUAL, "X25519MLKEM768 X25519", true},
    {"SecP256r1MLKEM768,P-256", 305,
     "SecP256r1MLKEM768 P-256 X25519 X448 P-521 P-384 ffdhe2048 ffdhe3072 ffdhe4096 ffdhe6144 ffdhe8192",
     "SecP256r1MLKEM768 P-256", true},
    {"X25519MLKEM768,X25519", 305, "X25519MLKEM768 " USUAL, "X25519MLKEM768 X25519", true},
    {"X25519MLKEM768,SecP256r1MLKEM768,X25519", 305, "X25519MLKEM768 SecP256r1MLKEM768 " USUAL,
     "X25519MLKEM768 X25519", true},
    {"X25519MLKEM768,P-384,X25519", 305,
     "X25519MLKEM768 P-384 X25519 P-256 X448 P-521 ffdhe2048 ffdhe3072 ffdhe4096 ffdhe6144 ffdhe8192",
     "X25519MLKEM768 P-384", true},
    {"X25519,X25519MLKEM768", 305,
     "X25519 X25519MLKEM768 P-256 X448 P-521 P-384 ffdhe2048 ffdhe3072 ffdhe4096 ffdhe6144 ffdhe8192",
     "X25519", false},
};

static void check_offer(struct world *world, const struct offer_case *row)
{
    struct hello hello;
    SSL_CTX *client = make_client(world, row->groups, false);
    struct tls_facts facts = shake(world, client, "", TLS1_3_VERSION, &hello);
    assert_int_equal(facts.end, TLS_DONE);
    assert_string_equal(hello.groups, row->offered);
    assert_string_equal(hello.shares, row->shares);
    assert_int_equal(trust_offers_large(world->trust), row->large);
    assert_int_equal(hello.bytes > SEGMENT_BYTES, row->large);
    SSL_CTX_free(client);
    client = make_client(world, row->groups, true);
    (void)shake(world, client, "", TLS1_3_VERSION, &hello);
    assert_string_equal(hello.groups, USUAL);
    assert_string_equal(hello.shares, "X25519");
    assert_true(hello.bytes < 500);
    SSL_CTX_free(client);
}

static void test_offers(void **state)
{
    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++)
        if (release_here() >= offers[i].release)
            check_offer(*state, &offers[i]);
}

/* A large share without a hybrid, so that every release can send one: tests of what follows use it. */
static void test_a_large_share_of_every_release(void **state)
{
    struct world *world = *state;
    struct hello hello;
    SSL_CTX *client = make_client(world, "ffdhe4096", false);
    (void)shake(world, client, "", TLS1_3_VERSION, &hello);
    assert_true(trust_offers_large(world->trust));
    assert_true(strncmp(hello.groups, "ffdhe4096 X25519 ", 17) == 0);
    assert_true(hello.bytes > 650);
    SSL_CTX_free(client);
}

static void test_refusals(void **state)
{
    static const struct {
        const char *groups, *says;
    } cases[] = {
        {"foo", "tls.groups: foo: no group of TLS that is known here"},
        {"X25519:P-256", "tls.groups: X25519:P-256: no group"},
        {"X25519,,P-256", "tls.groups: a group is missing before a comma"},
        {",X25519", "tls.groups: a group is missing before a comma"},
        {"X25519,x25519", "tls.groups: x25519: named twice"},
        {"P-256,secp256r1", "tls.groups: secp256r1: named twice"},
        {"ffdhe8192", "tls.groups: ffdhe8192: a group of more than 4096 bits"},
        {"ffdhe6144", "tls.groups: ffdhe6144: a group of more than 4096 bits"},
        {"secp256k1", "tls.groups: secp256k1: no release of OpenSSL offers this group"},
        {"X25519Kyber768Draft00", "tls.groups: X25519Kyber768Draft00: no release of OpenSSL"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tls_offer offer;
        struct buf why;
        buf_init(&why, 1024);
        assert_false(tls_offer_make(cases[i].groups, &offer, &why));
        if (strncmp(buf_string(&why), cases[i].says, strlen(cases[i].says)) != 0)
            fail_msg("%s: %s", cases[i].groups, buf_string(&why));
        buf_dispose(&why);
    }
    assert_int_equal(ERR_peek_error(), 0);
}

/* The release that has it is named, where this one has not. */
static void test_a_release_that_lacks_it(void **state)
{
    struct tls_offer offer;
    struct buf why;
    (void)state;
    buf_init(&why, 1024);
    bool good = tls_offer_make("X25519MLKEM768", &offer, &why);
    assert_int_equal(good, release_here() >= HYBRIDS);
    if (!good) {
        assert_non_null(strstr(buf_string(&why), "OpenSSL 3.5 is the first that has"));
        assert_non_null(strstr(buf_string(&why), OpenSSL_version(OPENSSL_VERSION_STRING)));
    }
    buf_dispose(&why);
}

/* ---- what a handshake is said to have taken ------------------------------------------------------------ */

static void check_name(struct world *world, SSL_CTX *client, const char *name, int version)
{
    struct hello hello;
    struct tls_facts facts = shake(world, client, name, version, &hello);
    if (facts.end != TLS_DONE || facts.group == NULL || strcmp(facts.group, name) != 0)
        fail_msg("%s: %s", name, facts.group == NULL ? "none" : facts.group);
    assert_int_equal(facts.version, version);
}

/* By the table's name, whatever the release; elliptic curves in TLS 1.2, too. */
static void test_names_of_handshakes(void **state)
{
    static const char *const both[] = {"X25519", "P-256", "X448", "P-521", "P-384"};
    static const char *const newer[] = {"ffdhe2048", "ffdhe3072"};
    struct world *world = *state;
    SSL_CTX *client = make_client(world, "", false);
    for (size_t i = 0; i < sizeof both / sizeof *both; i++) {
        check_name(world, client, both[i], TLS1_2_VERSION);
        check_name(world, client, both[i], TLS1_3_VERSION);
    }
    for (size_t i = 0; i < sizeof newer / sizeof *newer; i++)
        check_name(world, client, newer[i], TLS1_3_VERSION);
    SSL_CTX_free(client);
}

/* OpenSSL has no number of its own for a hybrid group, and no key that names it. */
static void test_names_of_hybrids(void **state)
{
    static const char *const names[] = {"X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024"};
    struct world *world = *state;
    if (release_here() < HYBRIDS) {
        print_message("OpenSSL %s has no hybrid groups\n", OpenSSL_version(OPENSSL_VERSION_STRING));
        skip();
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        SSL_CTX *client = make_client(world, names[i], false);
        check_name(world, client, names[i], TLS1_3_VERSION);
        check_name(world, client, "P-384", TLS1_2_VERSION);
        SSL_CTX_free(client);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offers),
        cmocka_unit_test(test_a_large_share_of_every_release),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_a_release_that_lacks_it),
        cmocka_unit_test(test_names_of_handshakes),
        cmocka_unit_test(test_names_of_hybrids),
    };
    return cmocka_run_group_tests_name("groups", tests, world_open, world_close);
}
