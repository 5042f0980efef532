/* Bytes in and out, plain and inside TLS, and why none moved: over a pair of sockets, the peer in the same
 * thread. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include "scanner/smtp/transfer.h"
#include "scanner/tls/trust.h"
#include "tests/unit/certs.h"

enum { FULL = 1 << 20, SPACE = 4096, ROUNDS = 100, NONE = -1 };

static void assert_transfer(struct transfer is, size_t len, short wants, int error, int alert)
{
    if (is.len != len || is.wants != wants || is.error != error || is.alert != alert)
        fail_msg("%zu bytes, wants %d, error %d, alert %d", is.len, is.wants, is.error, is.alert);
}

static void open_pair(int ends[2])
{
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
}

static uint8_t space[SPACE], sent[FULL];

/* ---- outside TLS --------------------------------------------------------------------------------------- */

static void plain_bytes(void **state)
{
    int ends[2];
    (void)state;
    open_pair(ends);
    assert_transfer(transfer_read(NULL, ends[0], space, SPACE), 0, EV_READ, 0, NONE);
    must(write(ends[1], "hello", 5) == 5);
    assert_transfer(transfer_read(NULL, ends[0], space, 3), 3, 0, 0, NONE);
    assert_memory_equal(space, "hel", 3);
    assert_transfer(transfer_read(NULL, ends[0], space, SPACE), 2, 0, 0, NONE);
    assert_transfer(transfer_write(NULL, ends[0], bytes_make("abc", 3)), 3, 0, 0, NONE);
    must(read(ends[1], space, SPACE) == 3);
    assert_memory_equal(space, "abc", 3);
    struct transfer put = {.len = 1};
    for (int i = 0; i < ROUNDS && put.len > 0; i++)
        put = transfer_write(NULL, ends[0], bytes_make(sent, FULL));
    assert_transfer(put, 0, EV_WRITE, 0, NONE);
    (void)close(ends[1]);
    assert_transfer(transfer_write(NULL, ends[0], bytes_make("abc", 3)), 0, 0, EPIPE, NONE);
    (void)close(ends[0]);
    open_pair(ends);
    (void)close(ends[1]);
    assert_transfer(transfer_read(NULL, ends[0], space, SPACE), 0, 0, 0, NONE);
    (void)close(ends[0]);
    assert_transfer(transfer_read(NULL, -1, space, SPACE), 0, 0, EBADF, NONE);
}

/* ---- inside TLS ---------------------------------------------------------------------------------------- */

struct link {
    SSL_CTX *server_ctx, *client_ctx;
    SSL *server, *client;
    int ends[2];
};

static struct link link_open(int version)
{
    struct link link = {.client_ctx = SSL_CTX_new(TLS_client_method())};
    struct identity leaf = make_identity(&(struct cert_spec){.cn = "x", .san = "DNS:x.test"}, NULL);
    int client = 0, server = 0;
    open_pair(link.ends);
    link.server_ctx = make_server(&leaf, NULL);
    must(SSL_CTX_set_max_proto_version(link.server_ctx, version) == 1);
    SSL_CTX_set_verify(link.client_ctx, SSL_VERIFY_NONE, NULL);
    (void)SSL_CTX_clear_mode(link.client_ctx, SSL_MODE_AUTO_RETRY);
    link.server = SSL_new(link.server_ctx);
    link.client = SSL_new(link.client_ctx);
    must(SSL_set_fd(link.server, link.ends[1]) == 1 && SSL_set_fd(link.client, link.ends[0]) == 1);
    SSL_set_accept_state(link.server);
    SSL_set_connect_state(link.client);
    for (int i = 0; i < ROUNDS && (client != 1 || server != 1); i++) {
        client = SSL_do_handshake(link.client);
        server = SSL_do_handshake(link.server);
    }
    must(client == 1 && server == 1);
    identity_free(&leaf);
    return link;
}

static void link_close(struct link *link)
{
    SSL_free(link->server);
    SSL_free(link->client);
    SSL_CTX_free(link->server_ctx);
    SSL_CTX_free(link->client_ctx);
    (void)close(link->ends[0]);
    if (link->ends[1] >= 0)
        (void)close(link->ends[1]);
}

/* Tickets come first, in TLS 1.3. */
static struct transfer read_on(struct link *link)
{
    struct transfer got = {.wants = EV_READ};
    for (int i = 0; i < ROUNDS && got.wants != 0; i++)
        got = transfer_read(link->client, link->ends[0], space, SPACE);
    return got;
}

static void bytes_in_tls(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct link link = link_open(versions[i]);
        struct transfer got = {.wants = EV_READ};
        for (int k = 0; k < ROUNDS; k++)
            got = transfer_read(link.client, link.ends[0], space, SPACE);
        assert_transfer(got, 0, EV_READ, 0, NONE);
        must(SSL_write(link.server, "hello", 5) == 5);
        assert_transfer(transfer_read(link.client, link.ends[0], space, 3), 3, 0, 0, NONE);
        assert_memory_equal(space, "hel", 3);
        assert_transfer(transfer_read(link.client, link.ends[0], space, SPACE), 2, 0, 0, NONE);
        ERR_raise(ERR_LIB_SSL, SSL_AD_REASON_OFFSET + SSL_AD_DECODE_ERROR); /* another's error is not ours */
        assert_transfer(transfer_read(link.client, link.ends[0], space, SPACE), 0, EV_READ, 0, NONE);
        ERR_raise(ERR_LIB_SSL, SSL_AD_REASON_OFFSET + SSL_AD_DECODE_ERROR);
        struct transfer put = transfer_write(link.client, link.ends[0], bytes_make("abc", 3));
        assert_transfer(put, 3, 0, 0, NONE);
        must(SSL_read(link.server, space, SPACE) == 3);
        put.len = 1;
        for (int k = 0; k < ROUNDS && put.len > 0; k++)
            put = transfer_write(link.client, link.ends[0], bytes_make(sent, SPACE * 4));
        assert_transfer(put, 0, EV_WRITE, 0, NONE);
        ERR_raise(ERR_LIB_SSL, SSL_AD_REASON_OFFSET + SSL_AD_DECODE_ERROR);
        put = transfer_write(link.client, link.ends[0], bytes_make(sent, SPACE * 4));
        assert_transfer(put, 0, EV_WRITE, 0, NONE);
        link_close(&link);
    }
}

/* Closed in good order or not, it is a close; a fatal alert is told as such. */
static void the_end_in_tls(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    static const char garbage[] = "\x17\x03\x03\x00\x20 these are no bytes for this ...";
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct link link = link_open(versions[i]);
        (void)SSL_shutdown(link.server);
        assert_transfer(read_on(&link), 0, 0, 0, NONE);
        link_close(&link);

        link = link_open(versions[i]);
        (void)close(link.ends[1]);
        link.ends[1] = -1;
        assert_transfer(read_on(&link), 0, 0, 0, NONE);
        assert_transfer(transfer_write(link.client, link.ends[0], bytes_make("abc", 3)), 0, 0, 0, NONE);
        link_close(&link);

        link = link_open(versions[i]);
        (void)shutdown(link.ends[0], SHUT_WR);
        assert_transfer(transfer_write(link.client, link.ends[0], bytes_make("abc", 3)), 0, 0, EPIPE, NONE);
        link_close(&link);

        link = link_open(versions[i]);
        must(write(link.ends[0], garbage, sizeof garbage - 1) == sizeof garbage - 1);
        must(SSL_read(link.server, space, SPACE) <= 0); /* says that the record is bad */
        assert_transfer(read_on(&link), 0, 0, 0, SSL_AD_BAD_RECORD_MAC);
        link_close(&link);

        link = link_open(versions[i]);
        must(write(link.ends[1], garbage, sizeof garbage - 1) == sizeof garbage - 1);
        assert_transfer(read_on(&link), 0, 0, 0, NONE); /* an error of ours is no alert of theirs */
        errno = EIO; /* from here on OpenSSL fails without a call of the kernel's */
        assert_transfer(transfer_write(link.client, link.ends[0], bytes_make("abc", 3)), 0, 0, 0, NONE);
        errno = EIO;
        assert_transfer(transfer_read(link.client, link.ends[0], space, SPACE), 0, 0, 0, NONE);
        link_close(&link);
    }
}

static int fail_without_errno(BIO *bio, const char *data, int len)
{
    (void)data;
    (void)len;
    BIO_clear_retry_flags(bio);
    return -1;
}

static int fail_to_read(BIO *bio, char *data, int len)
{
    (void)data;
    return fail_without_errno(bio, NULL, len);
}

static long control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static BIO *failing_bio(const BIO_METHOD *method)
{
    BIO *bio = BIO_new(method);
    must(bio != NULL);
    return bio;
}

/* The errno of a call that failed, and none that is left from before. */
static void an_errno_is_the_calls_own(void **state)
{
    (void)state;
    struct link link = link_open(TLS1_2_VERSION);
    (void)close(link.ends[1]);
    link.ends[1] = -1;
    errno = EIO;
    assert_transfer(read_on(&link), 0, 0, 0, NONE);
    link_close(&link);
    link = link_open(TLS1_2_VERSION);
    int fd = dup(link.ends[0]);
    (void)close(link.ends[0]);
    assert_transfer(transfer_read(link.client, fd, space, SPACE), 0, 0, EBADF, NONE);
    link.ends[0] = fd;
    link_close(&link);
    link = link_open(TLS1_2_VERSION);
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "failing");
    must(method != NULL && BIO_meth_set_write(method, fail_without_errno) == 1 &&
         BIO_meth_set_read(method, fail_to_read) == 1 && BIO_meth_set_ctrl(method, control) == 1);
    SSL_set0_wbio(link.client, failing_bio(method));
    errno = EIO;
    assert_transfer(transfer_write(link.client, link.ends[0], bytes_make("abc", 3)), 0, 0, 0, NONE);
    link_close(&link);
    link = link_open(TLS1_2_VERSION);
    SSL_set0_rbio(link.client, failing_bio(method));
    errno = EIO;
    assert_transfer(transfer_read(link.client, link.ends[0], space, SPACE), 0, 0, 0, NONE);
    link_close(&link);
    BIO_meth_free(method);
}

static int open_group(void **state)
{
    (void)state;
    (void)signal(SIGPIPE, SIG_IGN);
    tls_library_init();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_bytes),
        cmocka_unit_test(bytes_in_tls),
        cmocka_unit_test(the_end_in_tls),
        cmocka_unit_test(an_errno_is_the_calls_own),
    };
    return cmocka_run_group_tests_name("smtp transfer", tests, open_group, NULL);
}
