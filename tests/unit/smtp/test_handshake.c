/* From a connected socket to an SSL, and what a handshake that came to nothing leaves as facts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <openssl/err.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "scanner/smtp/handshake.h"
#include "tests/unit/certs.h"

#define HOST "mx.example"

enum { ARENA_BYTES = 1 << 20, FLOOD_MOST = 1 << 20 };

struct world {
    SSL_CTX *ctx;
    SSL *ssl;
    struct flow *flow;
    struct tls_verify verify;
    struct tlsa_facts tlsa;
    struct probe_facts facts;
    struct arena arena;
    struct probe_request request;
    int ends[2]; /* ours, the peer's */
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    must(world != NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    tls_library_init();
    world->ctx = SSL_CTX_new(TLS_client_method());
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, world->ends) == 0);
    arena_init(&world->arena, ARENA_BYTES);
    world->request = (struct probe_request){
        .host = HOST, .tlsa = &world->tlsa, .arena = &world->arena, .facts = &world->facts};
    world->facts.tls.alert = -1;
    world->ssl = handshake_create(world->ctx, world->ends[0], &world->request, &world->verify, &world->flow);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    SSL_free(world->ssl);
    flow_release(world->flow);
    SSL_CTX_free(world->ctx);
    arena_dispose(&world->arena);
    (void)close(world->ends[0]);
    (void)close(world->ends[1]);
    free(world);
    return 0;
}

static void an_ssl_is_a_clients(void **state)
{
    struct world *world = *state;
    assert_non_null(world->ssl);
    assert_non_null(world->flow);
    assert_int_equal(SSL_get_fd(world->ssl), world->ends[0]);
    assert_int_equal(SSL_is_server(world->ssl), 0);
    assert_string_equal(SSL_get_servername(world->ssl, TLSEXT_NAMETYPE_host_name), HOST);
    assert_ptr_equal(world->verify.tlsa, &world->tlsa);
    assert_int_equal(SSL_do_handshake(world->ssl),
                     -1); /* a ClientHello goes out, and is answered by nobody */
    assert_int_equal(SSL_get_error(world->ssl, -1), SSL_ERROR_WANT_READ);
    uint8_t first = 0;
    must(read(world->ends[1], &first, 1) == 1);
    assert_int_equal(first, SSL3_RT_HANDSHAKE);
}

static void why_it_stopped(void **state)
{
    static const struct {
        int error;
        enum tls_end end;
        enum net_error net;
    } rows[] = {
        {ETIMEDOUT, TLS_TIMEOUT, NET_TIMEOUT},
        {ECONNRESET, TLS_CLOSED, NET_RESET},
        {EPIPE, TLS_CLOSED, NET_RESET},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world->facts = (struct probe_facts){.tls = {.alert = -1}};
        ERR_clear_error();
        handshake_failed(world->ssl, &world->verify, &world->request, rows[i].error, world->flow);
        if (world->facts.tls.end != rows[i].end || world->facts.net != rows[i].net)
            fail_msg("%s: %s, %s", strerror(rows[i].error), tls_end_name(world->facts.tls.end),
                     net_error_name(world->facts.net));
        assert_int_equal(world->facts.sys_errno, rows[i].error);
    }
    world->facts = (struct probe_facts){.tls = {.alert = -1}, .net = NET_OK};
    ERR_clear_error();
    ERR_raise(ERR_LIB_SSL, SSL_R_WRONG_VERSION_NUMBER);
    handshake_failed(world->ssl, &world->verify, &world->request, 0, world->flow);
    assert_int_equal(world->facts.tls.end, TLS_FAILED);
    assert_int_equal(world->facts.tls.error_reason, SSL_R_WRONG_VERSION_NUMBER);
    assert_int_equal(world->facts.net, NET_OK);
    assert_int_equal(world->facts.sys_errno, 0);
}

static void on_message(int written, int version, int type, const void *data, size_t len, SSL *ssl, void *arg)
{
    (void)version;
    (void)arg;
    flow_message(ssl, written, type, data, len);
}

/* Records without data, and no end to them: that is said, and not the errno that it seems to end with. */
static void a_flood_is_said(void **state)
{
    static const uint8_t hello_request[] = {0x16, 3, 3, 0, 4, 0, 0, 0, 0};
    struct world *world = *state;
    SSL_set_msg_callback(world->ssl, on_message);
    int result = SSL_do_handshake(world->ssl);
    for (size_t sent = 0; sent < FLOOD_MOST && flow_excess(world->flow) == FLOW_WITHIN;
         sent += sizeof hello_request) {
        must(write(world->ends[1], hello_request, sizeof hello_request) == sizeof hello_request);
        flow_turn();
        ERR_clear_error();
        result = SSL_do_handshake(world->ssl);
    }
    assert_true(result <= 0);
    assert_int_not_equal(flow_excess(world->flow), FLOW_WITHIN);
    handshake_failed(world->ssl, &world->verify, &world->request, ECONNRESET, world->flow);
    assert_int_equal(world->facts.tls.end, TLS_FLOODED);
    assert_int_equal(world->facts.net, NET_OK);
    assert_int_equal(world->facts.sys_errno, 0);
}

static void a_late_refusal_is_a_handshake_that_failed(void **state)
{
    struct world *world = *state;
    world->facts.tls.end = TLS_DONE;
    handshake_refused_late(&world->request, SSL_AD_CERTIFICATE_REQUIRED);
    assert_int_equal(world->facts.tls.end, TLS_FAILED);
    assert_int_equal(world->facts.tls.alert, SSL_AD_CERTIFICATE_REQUIRED);
    assert_int_equal(world->facts.tls.error_reason, SSL_AD_REASON_OFFSET + SSL_AD_CERTIFICATE_REQUIRED);
    assert_string_equal(world->facts.tls.error_text, "alert certificate required");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_ssl_is_a_clients),
        TEST(why_it_stopped),
        TEST(a_flood_is_said),
        TEST(a_late_refusal_is_a_handshake_that_failed),
    };
    return cmocka_run_group_tests_name("smtp handshake", tests, NULL, NULL);
}
