/* One question over TCP, as the kernel may take and give it: in pieces, late, not at all. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scanner/dns/tcp.h"
#include "scanner/wire/dns_message.h"
#include "tests/unit/open_files.h"

enum { PATIENCE_MS = 10000, QUESTION = 40, LONGEST = 65535, PREFIX = 2 };

/* How the client's calls go: so many bytes at most, and each time one that is an error before. */
static struct {
    size_t most; /* 0: as the kernel likes */
    int error;   /* 0: none */
    bool always; /* the error alone */
    bool turn;   /* the next call is the error */
    unsigned errors;
} kernel;

static bool goes_wrong(void)
{
    kernel.turn = !kernel.turn;
    if (kernel.error == 0 || (!kernel.turn && !kernel.always))
        return false;
    kernel.errors++;
    errno = kernel.error;
    return true;
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
    assert_int_equal(flags, MSG_NOSIGNAL);
    if (goes_wrong())
        return -1;
    return sendto(fd, data, kernel.most != 0 && len > kernel.most ? kernel.most : len, flags, NULL, 0);
}

ssize_t recv(int fd, void *data, size_t len, int flags)
{
    assert_true(len > 0);
    if (goes_wrong())
        return -1;
    return recvfrom(fd, data, kernel.most != 0 && len > kernel.most ? kernel.most : len, flags, NULL, NULL);
}

/* ---- the world ----------------------------------------------------------------------------------------- */

struct world {
    struct event_base *base;
    struct sockaddr_in address;
    int listener, peer; /* -1: none */
    struct dns_tcp *tcp;
    uint8_t question[DNS_QUERY_BYTES + 1];
    uint8_t answer[PREFIX + LONGEST];
    uint8_t got[LONGEST];
    size_t len;
    unsigned calls;
    bool destroys; /* from inside the callback */
    int files;
};

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    socklen_t len = sizeof world->address;
    assert_non_null(world);
    memset(&kernel, 0, sizeof kernel);
    world->base = event_base_new();
    world->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    world->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    world->peer = -1;
    assert_int_equal(bind(world->listener, (struct sockaddr *)&world->address, len), 0);
    assert_int_equal(listen(world->listener, 8), 0);
    assert_int_equal(getsockname(world->listener, (struct sockaddr *)&world->address, &len), 0);
    for (size_t i = 0; i < sizeof world->question; i++)
        world->question[i] = (uint8_t)(i + 1);
    for (size_t i = 0; i < sizeof world->answer; i++)
        world->answer[i] = (uint8_t)(i * 7);
    world->files = open_files();
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    dns_tcp_destroy(world->tcp);
    assert_int_equal(event_base_get_num_events(world->base, EVENT_BASE_COUNT_ADDED), 0);
    if (world->peer >= 0)
        (void)close(world->peer);
    assert_int_equal(open_files(), world->files);
    (void)close(world->listener);
    event_base_free(world->base);
    free(world);
    return 0;
}

static void on_done(void *arg, struct bytes message)
{
    struct world *world = arg;
    world->calls++;
    world->len = message.len;
    assert_true(message.len <= sizeof world->got);
    if (message.len > 0)
        memcpy(world->got, message.data, message.len);
    if (world->destroys) {
        dns_tcp_destroy(world->tcp);
        world->tcp = NULL;
    }
}

static struct dns_tcp *start(struct world *world, size_t len)
{
    world->tcp = dns_tcp_start(world->base, (struct sockaddr *)&world->address, sizeof world->address,
                               bytes_make(world->question, len), on_done, world);
    return world->tcp;
}

static void turn(struct world *world)
{
    assert_true(event_base_loop(world->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) >= 0);
}

/* Reads the question where it comes; false where the client is done before. */
static void take_question(struct world *world, size_t len)
{
    uint8_t data[PREFIX + DNS_QUERY_BYTES];
    size_t got = 0;
    world->peer = accept4(world->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(world->peer >= 0);
    for (int i = 0; i < PATIENCE_MS && got < PREFIX + len; i++) {
        struct pollfd wait = {world->peer, POLLIN, 0};
        turn(world);
        (void)poll(&wait, 1, 1);
        ssize_t n = read(world->peer, data + got, sizeof data - got);
        got += n > 0 ? (size_t)n : 0;
    }
    assert_int_equal(got, PREFIX + len);
    assert_int_equal(data[0] << 8 | data[1], len);
    assert_memory_equal(data + PREFIX, world->question, len);
}

/* The prefix says `says`; `len` bytes in all are sent, then the connection is closed where `closes` is set.
 */
static void answer(struct world *world, size_t says, size_t len, bool closes)
{
    size_t sent = 0;
    world->answer[0] = (uint8_t)(says >> 8);
    world->answer[1] = (uint8_t)says;
    for (int i = 0; i < PATIENCE_MS && sent < len; i++) {
        ssize_t n = write(world->peer, world->answer + sent, len - sent);
        sent += n > 0 ? (size_t)n : 0;
        turn(world);
    }
    assert_int_equal(sent, len);
    if (closes) {
        (void)close(world->peer);
        world->peer = -1;
    }
    for (int i = 0; i < PATIENCE_MS && world->calls == 0; i++) {
        turn(world);
        (void)poll(NULL, 0, i < 1000 ? 0 : 1);
    }
    assert_int_equal(world->calls, 1);
}

/* ---- the cases ----------------------------------------------------------------------------------------- */

/* Whatever the kernel takes and gives at a time, with calls that must be made again between them. */
static void a_question_and_its_answer(void **state)
{
    static const struct {
        size_t most, question, answer;
        int error;
        bool destroys;
    } rows[] = {
        {0, QUESTION, 100, 0, false},    {0, DNS_QUERY_BYTES, 1, 0, true}, {1, QUESTION, 100, 0, true},
        {1, QUESTION, 1, EAGAIN, true},  {1, QUESTION, 100, EINTR, false}, {3, QUESTION, 257, EAGAIN, true},
        {0, QUESTION, LONGEST, 0, true}, {0, QUESTION, 256, EINTR, true},
    };
    struct world *world = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memset(&kernel, 0, sizeof kernel);
        kernel.most = rows[i].most;
        kernel.error = rows[i].error;
        world->calls = 0;
        world->destroys = rows[i].destroys;
        assert_non_null(start(world, rows[i].question));
        assert_int_equal(event_base_get_num_events(world->base, EVENT_BASE_COUNT_ADDED), 1);
        take_question(world, rows[i].question);
        assert_int_equal(world->calls, 0);
        answer(world, rows[i].answer, PREFIX + rows[i].answer, false);
        assert_int_equal(world->len, rows[i].answer);
        assert_memory_equal(world->got, world->answer + PREFIX, rows[i].answer);
        assert_true((kernel.errors > 1) == (rows[i].error != 0));
        assert_int_equal(event_base_get_num_events(world->base, EVENT_BASE_COUNT_ADDED), 0);
        assert_int_equal(world->tcp == NULL, rows[i].destroys);
        (void)!write(world->peer, "more", 4);
        turn(world);
        assert_int_equal(world->calls, 1);
        dns_tcp_destroy(world->tcp);
        world->tcp = NULL;
        (void)close(world->peer);
        world->peer = -1;
        assert_int_equal(open_files(), world->files);
    }
}

static void an_answer_that_is_none(void **state)
{
    static const struct {
        size_t says, len;
        bool closes;
    } rows[] = {{0, 0, true}, {9, 1, true}, {9, 2, true}, {9, 10, true}, {0, 2, false}, {256, 257, true}};
    struct world *world = *state;
    world->destroys = true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world->calls = 0;
        world->len = 1;
        assert_non_null(start(world, QUESTION));
        take_question(world, QUESTION);
        answer(world, rows[i].says, rows[i].len, rows[i].closes);
        assert_int_equal(world->len, 0);
        assert_null(world->tcp);
        if (world->peer >= 0)
            (void)close(world->peer);
        world->peer = -1;
        assert_int_equal(open_files(), world->files);
    }
}

/* Sending and receiving meet an error that does not pass. */
static void errors_end_it(void **state)
{
    struct world *world = *state;
    world->destroys = true;
    kernel.error = EPIPE;
    kernel.always = true;
    assert_non_null(start(world, QUESTION));
    for (int i = 0; i < PATIENCE_MS && world->calls == 0; i++) {
        turn(world);
        (void)poll(NULL, 0, 1);
    }
    assert_int_equal(world->calls, 1);
    assert_int_equal(world->len, 0);
    assert_int_equal(kernel.errors, 1);
    (void)close(accept(world->listener, NULL, NULL));

    world->calls = 0;
    kernel.error = 0;
    assert_non_null(start(world, QUESTION));
    take_question(world, QUESTION);
    kernel.error = ECONNRESET;
    answer(world, 9, 11, false);
    assert_int_equal(world->len, 0);
    assert_int_equal(kernel.errors, 2);
}

/* Nobody listens: told by the callback. What the kernel refuses at once, and a question that is too long:
 * there is nothing then. */
static void where_there_is_no_connection(void **state)
{
    struct world *world = *state;
    struct sockaddr_in good = world->address;
    (void)close(world->listener);
    assert_int_equal(world->listener, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    assert_non_null(start(world, QUESTION));
    for (int i = 0; i < PATIENCE_MS && world->calls == 0; i++) {
        turn(world);
        (void)poll(NULL, 0, 1);
    }
    assert_int_equal(world->calls, 1);
    assert_int_equal(world->len, 0);
    dns_tcp_destroy(world->tcp);
    assert_int_equal(open_files(), world->files);
    world->address.sin_addr.s_addr = htonl(INADDR_BROADCAST);
    assert_null(start(world, QUESTION));
    assert_int_equal(open_files(), world->files);
    world->address = good;
    world->address.sin_family = AF_UNSPEC;
    assert_null(start(world, QUESTION));
    world->address = good;
    assert_null(start(world, DNS_QUERY_BYTES + 1));
    assert_int_equal(open_files(), world->files);
    assert_int_equal(event_base_get_num_events(world->base, EVENT_BASE_COUNT_ADDED), 0);
}

/* At whatever point it is destroyed, nothing is left and nobody is called. */
static void it_may_go_at_any_time(void **state)
{
    struct world *world = *state;
    dns_tcp_destroy(NULL);
    for (int stage = 0; stage < 3; stage++) {
        assert_non_null(start(world, QUESTION));
        if (stage > 0)
            take_question(world, QUESTION);
        else
            world->peer = accept(world->listener, NULL, NULL);
        if (stage > 1) {
            assert_int_equal(write(world->peer, "\0\7abc", 5), 5);
            for (int i = 0; i < 10; i++)
                turn(world);
        }
        dns_tcp_destroy(world->tcp);
        world->tcp = NULL;
        (void)close(world->peer);
        world->peer = -1;
        turn(world);
        assert_int_equal(world->calls, 0);
        assert_int_equal(open_files(), world->files);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_question_and_its_answer),    TEST(an_answer_that_is_none), TEST(errors_end_it),
        TEST(where_there_is_no_connection), TEST(it_may_go_at_any_time),
    };
    return cmocka_run_group_tests_name("dns tcp", tests, NULL, NULL);
}
