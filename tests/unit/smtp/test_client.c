/* The name that a session gives as its own, and the one that it asks for. The machine's name is a script. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "scanner/smtp/client.h"
#include "scanner/tls/chain_cache.h"
#include "tests/unit/certs.h"

static const char *machine; /* NULL: it cannot be told */

int gethostname(char *name, size_t size)
{
    if (machine == NULL)
        return -1;
    (void)snprintf(name, size, "%s", machine);
    return 0;
}

static void the_own_name_is_one_that_others_take(void **state)
{
    static const struct {
        const char *configured, *machine, *name;
    } rows[] = {
        {"probe.example", "other.example", "probe.example"},
        {"probe.example", NULL, "probe.example"},
        {"", "host-1.Example", "host-1.Example"},
        {"", "host", "host"},
        {"", NULL, "localhost"},
        {"", "", "localhost"},
        {"", "my_host", "localhost"},
        {"", "a b", "localhost"},
        {"", "host\r\nMAIL FROM:<>", "localhost"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[256];
        machine = rows[i].machine;
        smtp_own_name(rows[i].configured, name, sizeof name);
        assert_string_equal(name, rows[i].name);
    }
}

/* What servers refuse in EHLO (504, 550): a name that is not fully qualified, an address, nobody's name. */
static void a_name_that_is_refused_is_known_before(void **state)
{
    static const struct {
        const char *name;
        bool good;
    } rows[] = {
        {"scan.example.net", true}, {"a.b.c.example.org", true}, {"host", false},
        {"localhost", false},       {"LOCALHOST", false},        {"localhost.localdomain", false},
        {"scan.local", false},      {"box.lan", false},          {"192.0.2.1", false},
        {"2001:db8::1", false},     {"host.Internal", false},    {"mx.test", false},
        {"scan.testing.net", true}, {"local.example.net", true}, {"router.home.arpa", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((smtp_name_fault(rows[i].name) == NULL) != rows[i].good)
            fail_msg("%s", rows[i].name);
}

/* RFC 6066 section 3: 255 bytes at most; what is longer is asked for without a name. */
static void a_name_is_given_where_it_fits(void **state)
{
    static const struct {
        size_t len;
        bool given;
    } rows[] = {{0, false}, {1, true}, {254, true}, {255, true}, {256, false}, {1000, false}};
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    (void)state;
    assert_non_null(ctx);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char host[1001];
        SSL *ssl = SSL_new(ctx);
        assert_non_null(ssl);
        memset(host, 'a', rows[i].len);
        host[rows[i].len] = 0;
        assert_true(smtp_name_host(ssl, host, false));
        const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
        if (rows[i].given)
            assert_string_equal(name, host);
        else
            assert_null(name);
        SSL_free(ssl);
    }
    SSL_CTX_free(ctx);
}

static struct trust *trust_of_one(void)
{
    char path[] = "/tmp/test-client-XXXXXX";
    const char *why;
    struct identity root = make_identity(&(struct cert_spec){.cn = "Test Root", .ca = true}, NULL);
    write_roots(path, &root, 1);
    struct trust *trust = trust_create(path, &why);
    assert_non_null(trust);
    assert_int_equal(unlink(path), 0);
    identity_free(&root);
    return trust;
}

static bool offers_dh(SSL *ssl)
{
    STACK_OF(SSL_CIPHER) *ciphers = SSL_get_ciphers(ssl);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++)
        if (SSL_CIPHER_get_kx_nid(sk_SSL_CIPHER_value(ciphers, i)) == NID_kx_dhe)
            return true;
    return false;
}

static size_t largest; /* record that was written */

static void on_message(int written, int version, int type, const void *data, size_t len, SSL *ssl, void *arg)
{
    const uint8_t *head = data;
    (void)version, (void)ssl, (void)arg;
    if (!written || type != SSL3_RT_HEADER)
        return;
    assert_int_equal(len, SSL3_RT_HEADER_LENGTH);
    size_t size = (size_t)head[3] << 8 | head[4];
    largest = size > largest ? size : largest;
}

/* A whole session between the two; what the client then writes. */
static void write_much(SSL *client, SSL *server)
{
    static const char much[16384];
    BIO *ends[2];
    int done = 0;
    assert_int_equal(BIO_new_bio_pair(&ends[0], 1 << 17, &ends[1], 1 << 17), 1);
    SSL_set_msg_callback(client,
                         on_message); /* before there is a record: OpenSSL 3.2 and later asks no more */
    SSL_set_bio(client, ends[0], ends[0]);
    SSL_set_bio(server, ends[1], ends[1]);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    for (int i = 0; i < 10 && done != 2; i++)
        done = (SSL_do_handshake(client) == 1) + (SSL_do_handshake(server) == 1);
    assert_int_equal(done, 2);
    largest = 0;
    assert_int_equal(SSL_write(client, much, sizeof much), sizeof much);
}

/* TLS-4: one that honours MTA-STS, and one that takes what is outdated. */
static void the_two_ways_to_speak_TLS_4(void **state)
{
    static const bool permissive[] = {false, true};
    struct trust *trust = trust_of_one();
    struct chain_cache *chains = chain_cache_create(10, trust_dates(trust));
    struct identity leaf = make_identity(&(struct cert_spec){.cn = "x", .san = "DNS:x.test"}, NULL);
    SSL_CTX *servers = make_server(&leaf, NULL);
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *ctx = smtp_context(trust, chains, NULL, permissive[i]);
        struct tls_verify verify = {.time = 0};
        assert_non_null(ctx);
        assert_int_equal(SSL_CTX_get_mode(ctx) & SSL_MODE_AUTO_RETRY, 0);
        assert_int_equal(SSL_CTX_get_min_proto_version(ctx) == TLS1_2_VERSION, !permissive[i]);
        SSL *ssl = SSL_new(ctx), *server = SSL_new(servers);
        assert_int_equal(tls_verify_attach(ssl, &verify), ERR_OK);
        write_much(ssl, server);
        assert_in_range(largest, 4096, 4096 + 256); /* and not 16 KiB */
        SSL_free(ssl);
        SSL_free(server);
        for (size_t k = 0; permissive[i] && k < 2; k++) {
            ssl = SSL_new(ctx);
            assert_true(offers_dh(ssl));
            assert_true(smtp_name_host(ssl, "mx.example", k == 1));
            assert_int_equal(offers_dh(ssl), k == 0);
            assert_string_equal(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name), "mx.example");
            SSL_free(ssl);
        }
        SSL_CTX_free(ctx);
    }
    SSL_CTX_free(servers);
    identity_free(&leaf);
    chain_cache_destroy(chains);
    trust_destroy(trust);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_own_name_is_one_that_others_take),
        cmocka_unit_test(a_name_that_is_refused_is_known_before),
        cmocka_unit_test(a_name_is_given_where_it_fits),
        cmocka_unit_test(the_two_ways_to_speak_TLS_4),
    };
    return cmocka_run_group_tests_name("smtp client", tests, NULL, NULL);
}
