/* Connecting without blocking, and what waits where TLS should begin. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "scanner/smtp/socket.h"
#include "tests/unit/smtp_peer.h"

enum { PATIENCE_MS = 10000, DRAINED = 8 * 4096 };

static int refusal; /* what socket() says instead of a socket, or 0 */

int socket(int family, int type, int protocol)
{
    if (refusal != 0) {
        errno = refusal;
        return -1;
    }
    return (int)syscall(SYS_socket, family, type, protocol);
}

static struct ip_addr address_of(const char *text)
{
    struct ip_addr ip;
    assert_true(ip_parse(text, &ip));
    return ip;
}

static bool settled(int fd)
{
    struct pollfd wait = {fd, POLLOUT, 0};
    return poll(&wait, 1, PATIENCE_MS) == 1;
}

/* A connection to ourselves: *peer is the other end. */
static int open_pair(int *peer)
{
    struct ip_addr ip = address_of("127.0.0.1");
    uint16_t port = 0;
    int error = -1;
    int listener = peer_listen(AF_INET, 4, &port);
    assert_true(listener >= 0);
    int fd = smtp_connect(&ip, port, &error);
    assert_true(fd >= 0);
    assert_true(error == 0 || error == EINPROGRESS);
    assert_true(settled(fd));
    assert_int_equal(smtp_connect_result(fd), 0);
    *peer = accept(listener, NULL, NULL);
    assert_true(*peer >= 0);
    (void)close(listener);
    return fd;
}

static void a_socket_is_as_it_is_to_be(void **state)
{
    int peer, on = 0;
    socklen_t len = sizeof on;
    (void)state;
    int fd = open_pair(&peer);
    assert_int_not_equal(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
    assert_int_not_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len), 0);
    assert_int_not_equal(on, 0);
    (void)close(fd);
    (void)close(peer);
}

static void how_a_connect_went(void **state)
{
    struct ip_addr ip = address_of("127.0.0.1");
    struct ip_addr refused = address_of("127.255.255.255");
    uint16_t port = 0;
    int error = 0;
    (void)state;
    int listener = peer_listen(AF_INET, 1, &port);
    assert_true(listener >= 0 && close(listener) == 0);
    int fd = smtp_connect(&ip, port, &error);
    assert_true(fd < 0 || settled(fd));
    assert_int_equal(fd < 0 ? error : smtp_connect_result(fd), ECONNREFUSED);
    if (fd >= 0)
        (void)close(fd);
    int lowest = dup(0);
    assert_true(lowest >= 0 && close(lowest) == 0);
    assert_int_equal(smtp_connect(&refused, port, &error), -1);
    assert_int_not_equal(error, 0);
    assert_int_not_equal(error, EINPROGRESS);
    fd = dup(0); /* the socket has been closed again */
    assert_int_equal(fd, lowest);
    (void)close(fd);
    refusal = EMFILE;
    error = 0;
    assert_int_equal(smtp_connect(&ip, port, &error), -1);
    assert_int_equal(error, EMFILE);
    refusal = 0;
    assert_int_equal(smtp_connect_result(-1), EBADF);
}

static int waiting(int fd)
{
    int bytes = 0;
    assert_int_equal(ioctl(fd, FIONREAD, &bytes), 0);
    return bytes;
}

static void send_and_see(int from, int to, size_t len)
{
    static const char bytes[DRAINED];
    assert_true(len <= sizeof bytes);
    for (size_t sent = 0; sent < len;) {
        ssize_t n = send(from, bytes + sent, len - sent, MSG_NOSIGNAL);
        assert_true(n > 0);
        sent += (size_t)n;
    }
    for (int i = 0; i < PATIENCE_MS && waiting(to) < (int)len; i++)
        (void)poll(NULL, 0, 1);
    assert_int_equal(waiting(to), len);
}

/* What waits is thrown away, up to a bound; the end of a connection is nothing that waits. */
static void what_waits_is_thrown_away(void **state)
{
    int peer, size = 4 * DRAINED;
    (void)state;
    int fd = open_pair(&peer);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
    assert_false(smtp_drain(fd));
    send_and_see(peer, fd, 1);
    assert_true(smtp_drain(fd));
    assert_int_equal(waiting(fd), 0);
    assert_false(smtp_drain(fd));
    send_and_see(peer, fd, 5000);
    assert_true(smtp_drain(fd));
    assert_int_equal(waiting(fd), 0);
    send_and_see(peer, fd, DRAINED);
    (void)send(peer, "more", 4, MSG_NOSIGNAL);
    for (int i = 0; i < PATIENCE_MS && waiting(fd) < DRAINED + 4; i++)
        (void)poll(NULL, 0, 1);
    assert_true(smtp_drain(fd));
    assert_int_equal(waiting(fd), 4);
    assert_true(smtp_drain(fd));
    (void)close(peer);
    assert_true(settled(fd));
    assert_false(smtp_drain(fd));
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_is_as_it_is_to_be),
        cmocka_unit_test(how_a_connect_went),
        cmocka_unit_test(what_waits_is_thrown_away),
    };
    return cmocka_run_group_tests_name("smtp socket", tests, NULL, NULL);
}
