/* Batches of questions against a socket on loopback: what goes out, byte for byte, whether the kernel cuts
 * messages apart or not, and when it refuses. Errors of sending are a script. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "scanner/dns/outgoing.h"

enum { PATIENCE_MS = 10000, ROOMY = 1 << 21, SCRIPT_MOST = 8, TAKES_ONE = -1 };

/* What the calls of sendmmsg give, and what they were called with. Past the script it is what the kernel
 * says. */
static struct {
    bool knows;              /* UDP_SEGMENT */
    int errors[SCRIPT_MOST]; /* an errno, 0, or TAKES_ONE of the messages and no more */
    unsigned calls, wholes;  /* wholes: messages of several questions that the kernel took */
} kernel;

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    unsigned call = kernel.calls++;
    if (call < SCRIPT_MOST && kernel.errors[call] > 0) {
        errno = kernel.errors[call];
        return -1;
    }
    if (call < SCRIPT_MOST && kernel.errors[call] == TAKES_ONE)
        count = 1;
    int sent = (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
    for (int i = 0; i < sent; i++)
        kernel.wholes += messages[i].msg_hdr.msg_iovlen > 1;
    return sent;
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    if (level == IPPROTO_UDP && option == UDP_SEGMENT && !kernel.knows) {
        errno = ENOPROTOOPT;
        return -1;
    }
    return (int)syscall(SYS_setsockopt, fd, level, option, value, len);
}

struct world {
    struct outgoing *outgoing;
    int client, peer;
    unsigned told;
};

static void on_error(void *arg, int error)
{
    struct world *world = arg;
    world->told++;
    assert_true(error > 0);
}

static void open_world(struct world *world, bool knows)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int size = ROOMY;
    memset(&kernel, 0, sizeof kernel);
    kernel.knows = knows;
    *world = (struct world){.client = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
                            .peer = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    assert_int_equal(setsockopt(world->peer, SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
    assert_int_equal(bind(world->peer, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(world->peer, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(connect(world->client, (struct sockaddr *)&address, sizeof address), 0);
    world->outgoing = outgoing_create(world->client);
    assert_non_null(world->outgoing);
}

static void close_world(struct world *world)
{
    outgoing_destroy(world->outgoing);
    (void)close(world->client);
    (void)close(world->peer);
}

/* Question `number` of a length: all bytes of it tell whose they are. */
static void add(struct world *world, unsigned number, size_t length)
{
    uint8_t wire[OUTGOING_BYTES];
    memset(wire, (int)number, length);
    outgoing_add(world->outgoing, bytes_make(wire, length));
}

/* Receives `expected` datagrams, and no more. Notes in lengths what has come of each number; a number that
 * comes twice, or with another's bytes, fails. */
static void receive(const struct world *world, unsigned expected, size_t lengths[OUTGOING_MOST])
{
    memset(lengths, 0, OUTGOING_MOST * sizeof *lengths);
    for (unsigned got = 0;; got++) {
        uint8_t data[OUTGOING_BYTES + 1];
        struct pollfd wait = {world->peer, POLLIN, 0};
        if (poll(&wait, 1, got < expected ? PATIENCE_MS : 0) != 1) {
            assert_int_equal(got, expected);
            return;
        }
        ssize_t len = recv(world->peer, data, sizeof data, MSG_DONTWAIT);
        assert_in_range(len, 1, OUTGOING_BYTES);
        assert_in_range(data[0], 0, OUTGOING_MOST - 1);
        assert_int_equal(lengths[data[0]], 0);
        for (ssize_t i = 1; i < len; i++)
            assert_int_equal(data[i], data[0]);
        lengths[data[0]] = (size_t)len;
    }
}

/* A full batch of mixed lengths arrives, each question as long as it was: nothing is padded. */
static void check_batch(bool knows)
{
    struct world world;
    size_t lengths[OUTGOING_MOST];
    open_world(&world, knows);
    for (unsigned i = 0; i < OUTGOING_MOST; i++)
        add(&world, i, i == 0 ? OUTGOING_BYTES : 30 + i * 7 % 11);
    assert_int_equal(outgoing_count(world.outgoing), OUTGOING_MOST);
    outgoing_send(world.outgoing, world.client, on_error, &world);
    assert_int_equal(outgoing_count(world.outgoing), 0);
    receive(&world, OUTGOING_MOST, lengths);
    for (unsigned i = 0; i < OUTGOING_MOST; i++)
        assert_int_equal(lengths[i], i == 0 ? OUTGOING_BYTES : 30 + i * 7 % 11);
    assert_int_equal(kernel.calls, 1);
    assert_int_equal(world.told, 0);
    outgoing_send(world.outgoing, world.client, on_error, &world); /* nothing is left */
    assert_int_equal(kernel.calls, 1);
    close_world(&world);
}

static void a_batch_arrives_as_it_was(void **state)
{
    (void)state;
    check_batch(true);
    assert_true(kernel.wholes > 0); /* Linux 4.18 */
    check_batch(false);
    assert_int_equal(kernel.wholes, 0);
}

/* Five questions: two messages if the kernel cuts, else five. Whoever is lost is so by itself, the first ones
 * first. */
static void errors_lose_no_more_than_they_must(void **state)
{
    static const size_t sizes[] = {40, 40, 30, 30, 20};
    static const struct {
        bool knows;
        int errors[SCRIPT_MOST];
        unsigned lost, calls, told;
        bool cuts_again;
    } rows[] = {
        {true, {0}, 0, 1, 0, true},
        {true, {EIO}, 0, 2, 0, false},
        {true, {EINVAL}, 0, 2, 0, false},
        {true, {EMSGSIZE}, 0, 2, 0, false},
        {true, {ENOPROTOOPT}, 0, 2, 0, false},
        {true, {EOPNOTSUPP}, 0, 2, 0, false},
        {true, {ECONNREFUSED}, 0, 2, 1, true},       /* an earlier one's */
        {true, {ECONNREFUSED, EIO}, 0, 3, 1, false}, /* then its own */
        {true, {ENOBUFS, ENOBUFS}, 0, 3, 2, true},   /* then one by one */
        {true, {EIO, ENOBUFS}, 0, 3, 1, false},
        {true, {EIO, EINVAL, EINVAL}, 1, 4, 2, false}, /* one by itself is lost */
        {true, {ENOBUFS, ENOBUFS, ENOBUFS, ENOBUFS}, 1, 5, 4, true},
        {false, {0}, 0, 1, 0, false},
        {false, {ENOBUFS}, 0, 2, 1, false},
        {false, {ENOBUFS, ENOBUFS}, 1, 3, 2, false},
        {false, {EIO, EIO, EINVAL, EINVAL}, 2, 5, 4, false},
        {false, {ENOBUFS, TAKES_ONE, ENOBUFS}, 0, 4, 2, false}, /* one error of each is no second one */
        {true, {ENOBUFS, TAKES_ONE, ENOBUFS}, 0, 4, 2, true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world world;
        size_t lengths[OUTGOING_MOST];
        open_world(&world, rows[i].knows);
        memcpy(kernel.errors, rows[i].errors, sizeof kernel.errors);
        for (unsigned k = 0; k < 5; k++)
            add(&world, k, sizes[k]);
        outgoing_send(world.outgoing, world.client, on_error, &world);
        receive(&world, 5 - rows[i].lost, lengths);
        for (unsigned k = 0; k < 5; k++)
            assert_true(lengths[k] == sizes[k] || (lengths[k] == 0 && k < rows[i].lost));
        if (kernel.calls != rows[i].calls || world.told != rows[i].told)
            fail_msg("row %zu: %u calls, %u errors told", i, kernel.calls, world.told);
        kernel.wholes = 0; /* the next batch, without errors */
        for (unsigned k = 0; k < 5; k++)
            add(&world, k, sizes[k]);
        outgoing_send(world.outgoing, world.client, on_error, &world);
        receive(&world, 5, lengths);
        assert_int_equal(kernel.wholes, rows[i].cuts_again ? 2 : 0);
        close_world(&world);
    }
}

/* The second message is refused: the first has gone out, and does not go again. */
static void what_is_out_is_not_sent_again(void **state)
{
    static const size_t sizes[] = {40, 40, 30, 30, 20};
    struct world world;
    size_t lengths[OUTGOING_MOST];
    (void)state;
    open_world(&world, true);
    for (unsigned k = 0; k < 5; k++)
        add(&world, k, sizes[k]);
    kernel.errors[0] = TAKES_ONE;
    kernel.errors[1] = EIO;
    outgoing_send(world.outgoing, world.client, on_error, &world);
    receive(&world, 5, lengths);
    assert_memory_equal(lengths, sizes, sizeof sizes);
    assert_int_equal(kernel.calls, 3);
    assert_int_equal(kernel.wholes, 1);
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_arrives_as_it_was),
        cmocka_unit_test(errors_lose_no_more_than_they_must),
        cmocka_unit_test(what_is_out_is_not_sent_again),
    };
    return cmocka_run_group_tests_name("outgoing", tests, NULL, NULL);
}
