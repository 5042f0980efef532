/* What one call of OpenSSL's may swallow, and what a connection may bring: over a pair of sockets, the peer
 * in the same thread. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/err.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "scanner/tls/flow.h"
#include "scanner/tls/trust.h"
#include "tests/unit/certs.h"

enum {
    ROOMY = 1 << 20,
    TOTAL = 256 * 1024,
    PIECE = 4096,
    ROUNDS = 20000,
    LONG_CHAIN = 150,
    RECORD_REQUESTS = 4000
};

struct link {
    SSL_CTX *server_ctx, *client_ctx;
    SSL *server, *client;
    struct flow *flow;
    int peer, fd; /* the server's end and the client's */
};

static void on_message(int written, int version, int type, const void *data, size_t len, SSL *ssl, void *arg)
{
    (void)version;
    (void)arg;
    flow_message(ssl, written, type, data, len);
}

/* version 0: the server's side is played by hand. chain: how often the certificate's issuer stands behind it.
 */
static struct link link_open(int version, int chain)
{
    struct link link = {.client_ctx = SSL_CTX_new(TLS_client_method())};
    struct identity root = make_identity(&(struct cert_spec){.cn = "Root", .ca = true}, NULL);
    struct identity leaf = make_identity(&(struct cert_spec){.cn = "x", .san = "DNS:x.test"}, &root);
    int ends[2];
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    link.peer = ends[0];
    link.fd = ends[1];
    (void)setsockopt(link.peer, SOL_SOCKET, SO_SNDBUF, &(int){ROOMY}, sizeof(int));
    link.server_ctx = make_server(&leaf, NULL);
    for (int i = 0; i < chain; i++)
        must(SSL_CTX_add1_chain_cert(link.server_ctx, root.cert) == 1);
    if (version != 0)
        (void)SSL_CTX_set_max_proto_version(link.server_ctx, version);
    SSL_CTX_set_verify(link.client_ctx, SSL_VERIFY_NONE, NULL);
    SSL_CTX_set_max_cert_list(link.client_ctx, FLOW_CERTIFICATES);
    SSL_CTX_set_options(link.client_ctx, SSL_OP_NO_RENEGOTIATION);
    link.server = SSL_new(link.server_ctx);
    link.client = SSL_new(link.client_ctx);
    must(SSL_set_fd(link.server, link.peer) == 1 && SSL_set_fd(link.client, link.fd) == 1);
    SSL_set_accept_state(link.server);
    SSL_set_connect_state(link.client);
    SSL_set_msg_callback(link.client, on_message);
    link.flow = flow_attach(link.client, TOTAL);
    must(link.flow != NULL);
    identity_free(&root);
    identity_free(&leaf);
    return link;
}

static void link_close(struct link *link)
{
    SSL_free(link->server);
    SSL_free(link->client);
    flow_release(link->flow);
    SSL_CTX_free(link->server_ctx);
    SSL_CTX_free(link->client_ctx);
    (void)close(link->peer);
    (void)close(link->fd);
}

static int waiting(const struct link *link)
{
    int bytes = 0;
    must(ioctl(link->fd, FIONREAD, &bytes) == 0);
    return bytes;
}

static bool shake(struct link *link)
{
    int client = 0;
    int server = 0;
    for (int i = 0; i < 100 && (client != 1 || server != 1); i++) {
        flow_turn();
        client = SSL_do_handshake(link->client);
        server = SSL_do_handshake(link->server);
    }
    return client == 1 && server == 1;
}

/* ---- a turn's portion ---------------------------------------------------------------------------------- */

/* As much as the sockets take, of records with so many HelloRequests each. */
static void fill(const struct link *link, size_t requests)
{
    const uint8_t head[] = {22, 3, 3, (uint8_t)(requests * 4 >> 8), (uint8_t)(requests * 4)};
    uint8_t block[5 + 4 * RECORD_REQUESTS] = {0};
    size_t record = sizeof head + 4 * requests;
    size_t len = sizeof block / record * record;
    for (size_t at = 0; at < len; at += record)
        memcpy(block + at, head, sizeof head);
    while (send(link->peer, block, len, MSG_NOSIGNAL) == (ssize_t)len)
        continue;
}

/* One turn of a handshake: how many bytes were swallowed; a second call in it swallows none. */
static int turn(struct link *link)
{
    int before = waiting(link);
    flow_turn();
    assert_int_equal(SSL_get_error(link->client, SSL_do_handshake(link->client)), SSL_ERROR_WANT_READ);
    int after = waiting(link);
    assert_int_equal(SSL_get_error(link->client, SSL_do_handshake(link->client)), SSL_ERROR_WANT_READ);
    assert_int_equal(waiting(link), after);
    assert_int_equal(flow_excess(link->flow), FLOW_WITHIN);
    return before - after;
}

/* In records that are as large as can be, a turn's portion is a matter of bytes. */
static void test_bytes_a_turn(void **state)
{
    (void)state;
    struct link link = link_open(0, 0);
    fill(&link, RECORD_REQUESTS);
    must(waiting(&link) > FLOW_IDLE + 2 * FLOW_PORTION);
    int swallowed = turn(&link);
    assert_in_range(swallowed, FLOW_PORTION / 2, FLOW_PORTION);
    swallowed += turn(&link);
    for (int i = 0; i < 3 && flow_excess(link.flow) == FLOW_WITHIN; i++) {
        int before = waiting(&link);
        flow_turn();
        (void)SSL_do_handshake(link.client);
        swallowed += before - waiting(&link);
    }
    assert_int_equal(flow_excess(link.flow), FLOW_TOO_IDLE);
    assert_in_range(swallowed, FLOW_IDLE, FLOW_IDLE + RECORD_REQUESTS * 4 + 5);
    link_close(&link);
}

/* In small ones, of calls; and the ceiling is met within a record of it. */
static void test_reads_a_turn(void **state)
{
    (void)state;
    struct link link = link_open(0, 0);
    int swallowed = 0;
    fill(&link, 1);
    must(waiting(&link) > FLOW_IDLE + PIECE);
    while (swallowed + FLOW_READS / 2 * 9 <= FLOW_IDLE) {
        int now = turn(&link);
        assert_in_range(now, FLOW_READS / 2 * 9 - 9, FLOW_READS / 2 * 9);
        swallowed += now;
    }
    int before = waiting(&link);
    flow_turn();
    assert_int_equal(SSL_get_error(link.client, SSL_do_handshake(link.client)), SSL_ERROR_SYSCALL);
    swallowed += before - waiting(&link);
    assert_int_equal(flow_excess(link.flow), FLOW_TOO_IDLE);
    assert_in_range(swallowed, FLOW_IDLE, FLOW_IDLE + 9);
    link_close(&link);
}

/* ---- what a connection may bring ----------------------------------------------------------------------- */

static bool send_ticket(struct link *link)
{
    return SSL_new_session_ticket(link->server) == 1 && SSL_do_handshake(link->server) == 1;
}

static bool send_key_update(struct link *link)
{
    return SSL_key_update(link->server, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
           SSL_do_handshake(link->server) == 1;
}

static bool send_hello_request(struct link *link)
{
    return SSL_renegotiate(link->server) == 1 && SSL_do_handshake(link->server) == 1;
}

static bool send_byte(struct link *link)
{
    return SSL_write(link->server, "x", 1) == 1;
}

static bool send_nothing(struct link *link)
{
    (void)link;
    return true;
}

/* Reads all that there is; data counts as such. */
static void read_all(struct link *link)
{
    uint8_t space[PIECE];
    int got;
    do {
        flow_turn();
        ERR_clear_error();
        got = SSL_read(link->client, space, sizeof space);
        if (got > 0)
            flow_data(link->client);
    } while (got > 0);
}

/* The peer does it again and again, until the client has had enough. */
static void play(struct link *link, bool (*act)(struct link *link))
{
    for (int i = 0; i < ROUNDS && flow_excess(link->flow) == FLOW_WITHIN && act(link); i++)
        read_all(link);
}

static void test_connections(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int version, chain;
        bool (*act)(struct link *link);
        enum flow_excess excess;
    } cases[] = {
        {"a handshake of TLS 1.2", TLS1_2_VERSION, 1, send_nothing, FLOW_WITHIN},
        {"a handshake of TLS 1.3, two tickets", TLS1_3_VERSION, 1, send_nothing, FLOW_WITHIN},
        {"a long chain, TLS 1.2", TLS1_2_VERSION, LONG_CHAIN, send_nothing, FLOW_WITHIN},
        {"a long chain, TLS 1.3", TLS1_3_VERSION, LONG_CHAIN, send_nothing, FLOW_WITHIN},
        {"tickets, over and over", TLS1_3_VERSION, 1, send_ticket, FLOW_TOO_IDLE},
        {"tickets behind a long chain", TLS1_3_VERSION, LONG_CHAIN, send_ticket, FLOW_TOO_IDLE},
        {"key updates, over and over", TLS1_3_VERSION, 1, send_key_update, FLOW_TOO_IDLE},
        {"HelloRequests behind the handshake", TLS1_2_VERSION, 1, send_hello_request, FLOW_TOO_IDLE},
        {"data, a byte a record", TLS1_3_VERSION, 1, send_byte, FLOW_TOO_MUCH},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct link link = link_open(cases[i].version, cases[i].chain);
        if (!shake(&link))
            fail_msg("%s: no handshake", cases[i].name);
        play(&link, cases[i].act);
        if (flow_excess(link.flow) != cases[i].excess)
            fail_msg("%s: excess %d", cases[i].name, flow_excess(link.flow));
        link_close(&link);
    }
}

/* Each call for other keys costs both sides some computing, and an answer: they are counted, and their bytes
 * are far from the ceiling. */
static void test_calls(void **state)
{
    (void)state;
    static const struct {
        int version;
        bool (*act)(struct link *link);
    } cases[] = {{TLS1_3_VERSION, send_key_update}, {TLS1_2_VERSION, send_hello_request}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct link link = link_open(cases[i].version, 1);
        assert_true(shake(&link));
        for (int call = 0; call < FLOW_CALLS; call++) {
            assert_true(cases[i].act(&link));
            read_all(&link);
            assert_int_equal(flow_excess(link.flow), FLOW_WITHIN);
        }
        assert_true(cases[i].act(&link));
        read_all(&link);
        assert_int_equal(flow_excess(link.flow), FLOW_TOO_IDLE);
        link_close(&link);
    }
}

/* ---- its end ------------------------------------------------------------------------------------------- */

static void test_closed(void **state)
{
    (void)state;
    uint8_t space[PIECE];
    struct link link = link_open(TLS1_3_VERSION, 1);
    assert_true(shake(&link) && send_byte(&link));
    int before = waiting(&link);
    flow_close(link.flow);
    flow_turn();
    ERR_clear_error();
    assert_int_equal(SSL_get_error(link.client, SSL_read(link.client, space, sizeof space)),
                     SSL_ERROR_SYSCALL);
    assert_int_equal(waiting(&link), before);
    assert_int_equal(flow_excess(link.flow), FLOW_WITHIN);
    link_close(&link);
}

/* Either of its two owners may go first; whoever has none may ask. */
static void test_owners(void **state)
{
    (void)state;
    struct link link = link_open(TLS1_3_VERSION, 1);
    flow_release(link.flow);
    link.flow = NULL;
    assert_true(shake(&link));
    link_close(&link);
    flow_release(NULL);
    flow_close(NULL);
    assert_int_equal(flow_excess(NULL), FLOW_WITHIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_a_turn), cmocka_unit_test(test_reads_a_turn),
        cmocka_unit_test(test_connections),  cmocka_unit_test(test_closed),
        cmocka_unit_test(test_owners),       cmocka_unit_test(test_calls),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    tls_library_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
