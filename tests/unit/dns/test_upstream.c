/* One resolver as the engine sees it: its health by made-up times, its books and batches against a socket of
 * our own on loopback. Errors of sending are a script. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "scanner/dns/upstream.h"
#include "tests/unit/open_files.h"

enum {
    SOCKETS = 3,
    LIMIT = 1000,
    MANY = 300,
    DEADLINE_MS = 3000,
    START_MS = 50000,
    PATIENCE_MS = 10000,
    ROOMY = 1 << 21,
    HEADER = 12,
    CUT = 2048,
    TURN_MOST = 128,
    SCRIPT_MOST = 8,
    ROUNDS_MOST = 50
};

/* What each call of sendmmsg gives: an errno, or 0 for what the kernel says; past the script the kernel's. */
static struct {
    int errors[SCRIPT_MOST];
    unsigned count, calls, batches[SCRIPT_MOST];
} sending;

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    unsigned call = sending.calls++;
    if (call < SCRIPT_MOST)
        sending.batches[call] = count;
    if (call < sending.count && sending.errors[call] != 0) {
        errno = sending.errors[call];
        return -1;
    }
    return (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
}

/* ---- the world ----------------------------------------------------------------------------------------- */

struct world {
    struct event_base *base;
    struct upstream upstream;
    struct upstream_hooks hooks;
    struct datagrams *datagrams;
    struct entropy entropy;
    int peer; /* the resolver's socket */
    uint16_t port;
    unsigned unreachable, turns, fits, strangers;
    unsigned handed, handed_most; /* in this turn, in any */
    const struct flight *last;
    uint8_t head[HEADER];
    size_t len;
};

static void on_datagram(void *arg, struct upstream *upstream, struct flight *flight, uint8_t *data,
                        size_t len)
{
    struct world *world = arg;
    assert_ptr_equal(upstream, &world->upstream);
    *(flight == NULL ? &world->strangers : &world->fits) += 1;
    world->last = flight;
    world->len = len;
    memcpy(world->head, data, len < HEADER ? len : HEADER);
    if (++world->handed > world->handed_most)
        world->handed_most = world->handed;
}

static void on_unreachable(void *arg)
{
    ((struct world *)arg)->unreachable++;
}

static void on_turn_done(void *arg)
{
    struct world *world = arg;
    world->turns++;
    world->handed = 0;
}

static struct upstream_setup setup_of(struct world *world)
{
    struct upstream_setup setup = {.base = world->base,
                                   .port = world->port,
                                   .sockets = SOCKETS,
                                   .limit = LIMIT,
                                   .deadline_ms = DEADLINE_MS,
                                   .now_ms = START_MS,
                                   .hooks = &world->hooks,
                                   .datagrams = world->datagrams,
                                   .entropy = &world->entropy};
    assert_true(ip_parse("127.0.0.1", &setup.ip));
    return setup;
}

static int set_up(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int size = ROOMY;
    assert_non_null(world);
    memset(&sending, 0, sizeof sending);
    world->base = event_base_new();
    world->datagrams = datagrams_create();
    world->hooks = (struct upstream_hooks){on_datagram, on_unreachable, on_turn_done, world};
    world->peer = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(world->peer, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    assert_int_equal(bind(world->peer, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(getsockname(world->peer, (struct sockaddr *)&address, &len), 0);
    world->port = ntohs(address.sin_port);
    assert_true(entropy_init(&world->entropy));
    const struct upstream_setup setup = setup_of(world);
    assert_true(upstream_init(&world->upstream, &setup));
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;
    upstream_dispose(&world->upstream);
    free(world->datagrams);
    event_base_free(world->base);
    if (world->peer >= 0)
        (void)close(world->peer);
    free(world);
    return 0;
}

/* Whose flight it is stands in the message, behind the id. */
static void send_flight(struct world *world, struct flight *flight, uint8_t tag)
{
    uint8_t wire[HEADER] = {0};
    upstream_book(&world->upstream, flight, START_MS);
    wire[0] = (uint8_t)(flight->id >> 8);
    wire[1] = (uint8_t)flight->id;
    wire[3] = tag;
    upstream_send(&world->upstream, flight, bytes_make(wire, sizeof wire));
}

/* What has come to the resolver, or comes within so long. */
static bool receive_within(struct world *world, int ms, uint8_t *data, struct sockaddr_in *from)
{
    struct pollfd wait = {world->peer, POLLIN, 0};
    socklen_t len = sizeof *from;
    return poll(&wait, 1, ms) == 1 &&
           recvfrom(world->peer, data, HEADER, MSG_DONTWAIT, (struct sockaddr *)from, &len) == HEADER;
}

static bool receive(struct world *world, uint8_t *data, struct sockaddr_in *from)
{
    return receive_within(world, PATIENCE_MS, data, from);
}

/* How many come: waits for those that are expected, and for no more. */
static unsigned receive_all(struct world *world, unsigned expected)
{
    uint8_t data[HEADER];
    struct sockaddr_in from;
    unsigned count = 0;
    while (receive_within(world, count < expected ? PATIENCE_MS : 0, data, &from))
        count++;
    return count;
}

static void reply(struct world *world, const uint8_t *data, size_t len, const struct sockaddr_in *to)
{
    assert_int_equal(sendto(world->peer, data, len, 0, (const struct sockaddr *)to, sizeof *to), len);
}

static void turn(struct world *world)
{
    assert_true(event_base_loop(world->base, EVLOOP_ONCE | EVLOOP_NONBLOCK) >= 0);
}

static void turn_until(struct world *world, const unsigned *count, unsigned wanted)
{
    struct timespec pause = {.tv_nsec = 1000000};
    for (int i = 0; i < PATIENCE_MS && *count < wanted; i++) {
        turn(world);
        if (*count < wanted)
            (void)nanosleep(&pause, NULL);
    }
    assert_int_equal(*count, wanted);
}

/* ---- health -------------------------------------------------------------------------------------------- */

static void fail_times(struct upstream *upstream, unsigned times, int64_t now_ms)
{
    for (unsigned i = 0; i < times; i++)
        upstream_refused(upstream, now_ms);
}

static void many_failures_in_a_row_set_it_aside(void **state)
{
    struct world *world = *state;
    struct upstream *upstream = &world->upstream;
    fail_times(upstream, UPSTREAM_FAILURES - 1, START_MS);
    upstream_served(upstream);
    fail_times(upstream, UPSTREAM_FAILURES - 1, START_MS);
    assert_false(upstream->aside);
    assert_false(upstream_probe_due(upstream, START_MS + DEADLINE_MS));
    upstream_lost(upstream, START_MS, START_MS); /* whichever kind they are of */
    assert_true(upstream->aside);
    assert_int_equal(upstream->probe_at_ms, START_MS + 1000);
    upstream_served(upstream);
    assert_false(upstream->aside);
    fail_times(upstream, UPSTREAM_FAILURES - 1, START_MS);
    assert_false(upstream->aside);
}

/* Those that were under way when it was set aside say nothing new; once a try is due they do. */
static void only_a_try_makes_the_wait_longer(void **state)
{
    struct world *world = *state;
    struct upstream *upstream = &world->upstream;
    fail_times(upstream, UPSTREAM_FAILURES, START_MS);
    fail_times(upstream, 20, START_MS + 999);
    assert_int_equal(upstream->probe_at_ms, START_MS + 1000);
    fail_times(upstream, 1, START_MS + 1000);
    assert_int_equal(upstream->probe_at_ms, START_MS + 1000 + 2000);
}

static void it_is_tried_ever_more_seldom(void **state)
{
    static const int64_t waits[] = {2000, 4000, 8000, 16000, 30000, 30000};
    struct world *world = *state;
    struct upstream *upstream = &world->upstream;
    int64_t now = START_MS;
    upstream_set_aside(upstream, now);
    now += 1000;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        assert_false(upstream_probe_due(upstream, now - 1));
        assert_true(upstream_probe_due(upstream, now));
        assert_false(upstream_probe_due(upstream, now)); /* once each time */
        assert_int_equal(upstream->probe_at_ms, now + waits[i]);
        assert_true(upstream->aside);
        now += waits[i];
    }
    upstream_served(upstream);
    upstream_set_aside(upstream, now); /* anew */
    assert_int_equal(upstream->probe_at_ms, now + 1000);
    upstream->in_flight = LIMIT; /* no room for it */
    assert_false(upstream_probe_due(upstream, now + 1000));
    upstream->in_flight = 0;
    assert_true(upstream_probe_due(upstream, now + 1000));
}

static void the_window_is_told(void **state)
{
    struct world *world = *state;
    struct upstream *upstream = &world->upstream;
    struct flight flight;
    upstream_book(upstream, &flight, START_MS);
    upstream_answered(upstream, START_MS, START_MS + 7);
    upstream_lost(upstream, START_MS, START_MS + 8);
    assert_int_equal(upstream->window.now.sent, 1);
    assert_int_equal(upstream->window.now.peak, 1);
    assert_int_equal(upstream->window.now.arrived, 1);
    assert_int_equal(upstream->window.now.latency_ms, 7);
    assert_int_equal(upstream->window.now.lost, 1);
    assert_int_equal(upstream->window.limit, LIMIT);
    assert_int_equal(upstream->window.period_ms, DEADLINE_MS);
    assert_int_equal(upstream->window.now.start_ms, START_MS);
    upstream_forget(upstream, &flight);
}

/* ---- the books ----------------------------------------------------------------------------------------- */

/* More in flight than there are buckets; each answer finds its own. */
static void an_answer_finds_its_question(void **state)
{
    struct world *world = *state;
    static struct flight flights[MANY];
    unsigned sockets[SOCKETS] = {0};
    static uint8_t data[MANY][HEADER];
    static struct sockaddr_in from[MANY];
    world->upstream.bucket_mask = 7; /* many of one bucket */
    for (unsigned i = 0; i < MANY; i++) {
        send_flight(world, &flights[i], (uint8_t)i);
        upstream_flush(&world->upstream);
        assert_int_equal(world->upstream.in_flight, i + 1);
        sockets[flights[i].socket]++;
        assert_true(receive(world, data[i], &from[i]));
    }
    assert_true(sockets[0] > 0 && sockets[1] > 0 && sockets[2] > 0);
    for (unsigned i = 0; i < MANY; i++) {
        reply(world, data[i], HEADER, &from[i]);
        turn_until(world, &world->fits, i + 1);
        assert_ptr_equal(world->last, &flights[i]);
        assert_int_equal(world->head[3], (uint8_t)i);
        upstream_forget(&world->upstream, &flights[i]);
        assert_int_equal(world->upstream.in_flight, MANY - i - 1);
    }
    reply(world, data[0], HEADER, &from[0]); /* once more: it is no longer in flight */
    turn_until(world, &world->strangers, 1);
    assert_int_equal(world->fits, MANY);
    assert_null(world->last);
    for (unsigned i = 0; i <= world->upstream.bucket_mask; i++)
        assert_null(world->upstream.buckets[i]);
}

/* The id alone does not do: it is another socket's. */
static void an_answer_by_another_socket_is_a_strangers(void **state)
{
    struct world *world = *state;
    struct flight first, other;
    uint8_t data[HEADER], scrap[HEADER];
    struct sockaddr_in from, elsewhere;
    send_flight(world, &first, 1);
    upstream_flush(&world->upstream);
    assert_true(receive(world, data, &from));
    do {
        send_flight(world, &other, 2);
        upstream_flush(&world->upstream);
        assert_true(receive(world, scrap, &elsewhere));
        upstream_forget(&world->upstream, &other);
    } while (other.socket == first.socket || other.id == first.id);
    assert_int_not_equal(from.sin_port, elsewhere.sin_port);
    world->upstream.bucket_mask = 0; /* all of one bucket */
    world->upstream.buckets[0] = &first;
    reply(world, data, sizeof data, &elsewhere);
    turn_until(world, &world->strangers, 1);
    reply(world, data, sizeof data, &from);
    turn_until(world, &world->fits, 1);
}

static void ids_in_flight_are_not_drawn_again(void **state)
{
    struct world *world = *state;
    struct flight first, second, third;
    world->upstream.socket_count = 1;
    struct entropy *entropy = &world->entropy;
    entropy->left = 8;
    for (unsigned i = 0; i < 8; i++)
        entropy->words[i] = 0x4321; /* seven draws of the same, then another */
    entropy->words[0] = 0x0f00;
    send_flight(world, &first, 0);
    upstream_book(&world->upstream, &second, START_MS);
    assert_int_equal(first.id, 0x4321);
    assert_int_equal(second.id, 0x0f00);
    upstream_forget(&world->upstream, &first);
    entropy->left = 1;
    entropy->words[0] = 0x4321;
    upstream_book(&world->upstream, &third, START_MS); /* it is free again */
    assert_int_equal(third.id, 0x4321);
    upstream_forget(&world->upstream, &second);
    upstream_forget(&world->upstream, &third);
    world->upstream.socket_count = SOCKETS;
}

static void short_and_long_datagrams(void **state)
{
    struct world *world = *state;
    struct flight flight;
    static uint8_t data[CUT + 1];
    struct sockaddr_in from;
    send_flight(world, &flight, 0);
    upstream_flush(&world->upstream);
    assert_true(receive(world, data, &from));
    reply(world, data, HEADER - 1, &from);
    turn_until(world, &world->strangers, 1);
    assert_int_equal(world->len, HEADER - 1);
    reply(world, data, HEADER, &from);
    turn_until(world, &world->fits, 1);
    assert_int_equal(world->len, HEADER);
    reply(world, data, CUT, &from); /* just fits */
    turn_until(world, &world->fits, 2);
    assert_int_equal(world->len, CUT);
    assert_int_equal(world->head[2], 0);
    data[2] = 0x81;
    reply(world, data, CUT + 1, &from); /* is cut: as if TC were set */
    turn_until(world, &world->fits, 3);
    assert_int_equal(world->len, CUT);
    assert_int_equal(world->head[2], 0x83);
    upstream_forget(&world->upstream, &flight);
}

/* ---- batches ------------------------------------------------------------------------------------------- */

static void a_full_batch_goes_at_once_by_one_socket(void **state)
{
    struct world *world = *state;
    static struct flight flights[UPSTREAM_BATCH + 1];
    for (unsigned i = 0; i < UPSTREAM_BATCH - 1; i++) {
        send_flight(world, &flights[i], 0);
        assert_int_equal(flights[i].socket, flights[0].socket);
    }
    assert_int_equal(sending.calls, 0);
    assert_int_equal(receive_all(world, 0), 0);
    send_flight(world, &flights[UPSTREAM_BATCH - 1], 0);
    assert_int_equal(sending.calls, 1);
    assert_int_equal(receive_all(world, UPSTREAM_BATCH), UPSTREAM_BATCH);
    send_flight(world, &flights[UPSTREAM_BATCH], 0);
    assert_int_equal(receive_all(world, 0), 0);
    upstream_flush(&world->upstream);
    assert_int_equal(receive_all(world, 1), 1);
    upstream_flush(&world->upstream); /* nothing is left */
    assert_int_equal(sending.calls, 2);
    assert_int_equal(receive_all(world, 0), 0);
}

/* A turn takes two batches: what else has come waits for the next one. */
static void a_turn_has_an_end(void **state)
{
    struct world *world = *state;
    struct flight flight;
    uint8_t data[HEADER];
    struct sockaddr_in from;
    send_flight(world, &flight, 0);
    upstream_flush(&world->upstream);
    assert_true(receive(world, data, &from));
    for (unsigned round = 1; round <= ROUNDS_MOST && world->handed_most < TURN_MOST; round++) {
        for (unsigned i = 0; i < MANY; i++)
            reply(world, data, sizeof data, &from);
        turn_until(world, &world->fits, round * MANY);
    }
    assert_int_equal(world->handed_most, TURN_MOST);
    assert_true(world->turns >= 3);
    upstream_forget(&world->upstream, &flight);
}

static void what_is_too_long_is_not_sent(void **state)
{
    struct world *world = *state;
    struct flight flight;
    uint8_t wire[UPSTREAM_MESSAGE_BYTES + 1] = {0};
    upstream_book(&world->upstream, &flight, START_MS);
    upstream_send(&world->upstream, &flight, bytes_make(wire, UPSTREAM_MESSAGE_BYTES + 1));
    upstream_flush(&world->upstream);
    assert_int_equal(sending.calls, 0);
    upstream_send(&world->upstream, &flight, bytes_make(wire, UPSTREAM_MESSAGE_BYTES));
    flight.socket++; /* of another batch */
    upstream_send(&world->upstream, &flight, bytes_make(wire, HEADER));
    flight.socket--;
    upstream_flush(&world->upstream);
    assert_int_equal(receive_all(world, 1), 1);
    upstream_forget(&world->upstream, &flight);
}

/* ---- errors -------------------------------------------------------------------------------------------- */

/* Three questions of one length are one message. The first error is an earlier datagram's: the same is sent
 * again. Two in a row are this one's: then each question goes by itself (test_outgoing.c). */
static void errors_of_sending(void **state)
{
    static const struct {
        int errors[SCRIPT_MOST];
        unsigned arrive, calls, unreachable;
    } rows[] = {
        {{0}, 3, 1, 0},
        {{ENOBUFS}, 3, 2, 0},
        {{ENOBUFS, ENOBUFS}, 3, 3, 0},
        {{ENOBUFS, ENOBUFS, ENOBUFS}, 3, 4, 0},
        {{ENOBUFS, ENOBUFS, ENOBUFS, ENOBUFS, ENOBUFS, ENOBUFS}, 1, 7, 0},
        {{ECONNREFUSED}, 3, 2, 1},
        {{EHOSTUNREACH}, 3, 2, 1},
        {{ENETUNREACH}, 3, 2, 1},
        {{EACCES}, 3, 2, 1},
        {{EPERM, EPERM}, 3, 3, 1}, /* said once */
    };
    struct world *world = *state;
    struct flight flights[3];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memset(&sending, 0, sizeof sending);
        memcpy(sending.errors, rows[i].errors, sizeof sending.errors);
        sending.count = SCRIPT_MOST;
        world->unreachable = 0;
        world->upstream.unreachable = false;
        for (unsigned k = 0; k < 3; k++)
            send_flight(world, &flights[k], 0);
        upstream_flush(&world->upstream);
        unsigned arrived = receive_all(world, rows[i].arrive);
        if (arrived != rows[i].arrive || sending.calls != rows[i].calls ||
            world->unreachable != rows[i].unreachable)
            fail_msg("row %zu: %u arrived, %u calls, %u times unreachable", i, arrived, sending.calls,
                     world->unreachable);
        assert_int_equal(world->upstream.unreachable, rows[i].unreachable > 0);
        for (unsigned k = 0; k < 3; k++)
            upstream_forget(&world->upstream, &flights[k]);
    }
}

/* An error that an answer would have come by is told as well, and ends the turn. */
static void a_closed_port_is_told_by_the_socket(void **state)
{
    struct world *world = *state;
    struct flight flight;
    (void)close(world->peer);
    world->peer = -1;
    send_flight(world, &flight, 0);
    upstream_flush(&world->upstream);
    for (int i = 0; i < PATIENCE_MS && world->unreachable == 0; i++) {
        turn(world);
        (void)poll(NULL, 0, 1);
    }
    assert_int_equal(world->unreachable, 1);
    assert_true(world->upstream.unreachable);
    assert_true(world->turns > 0);
    assert_int_equal(world->fits + world->strangers, 0);
    upstream_forget(&world->upstream, &flight);
}

/* ---- birth and death ----------------------------------------------------------------------------------- */

/* A power of two, at least as many as may be in flight. */
static void buckets_hold_what_may_be_in_flight(void **state)
{
    static const struct {
        uint32_t limit, mask;
    } rows[] = {{1, 63}, {64, 63}, {65, 127}, {128, 127}, {1000, 1023}};
    struct world *world = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct upstream upstream;
        struct upstream_setup setup = setup_of(world);
        setup.limit = rows[i].limit;
        assert_true(upstream_init(&upstream, &setup));
        assert_int_equal(upstream.bucket_mask, rows[i].mask);
        upstream_dispose(&upstream);
    }
}

static void nothing_is_left_of_it(void **state)
{
    struct world *world = *state;
    struct upstream upstream;
    struct upstream_setup setup = setup_of(world);
    int files = open_files();
    int events = event_base_get_num_events(world->base, EVENT_BASE_COUNT_ADDED);
    assert_true(upstream_init(&upstream, &setup));
    assert_int_equal(open_files(), files + SOCKETS);
    assert_int_equal(upstream.socket_count, SOCKETS);
    assert_int_equal(event_base_get_num_events(world->base, EVENT_BASE_COUNT_ADDED), events + SOCKETS);
    for (uint16_t i = 0; i < SOCKETS; i++)
        assert_int_equal(upstream.sockets[i].index, i);
    upstream_dispose(&upstream);
    assert_int_equal(open_files(), files);
    assert_int_equal(event_base_get_num_events(world->base, EVENT_BASE_COUNT_ADDED), events);
    upstream_dispose(&upstream);                         /* once more is fine */
    assert_true(ip_parse("255.255.255.255", &setup.ip)); /* connect is refused */
    assert_false(upstream_init(&upstream, &setup));
    assert_int_equal(open_files(), files);
    assert_int_equal(upstream.socket_count, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(many_failures_in_a_row_set_it_aside),
        TEST(only_a_try_makes_the_wait_longer),
        TEST(it_is_tried_ever_more_seldom),
        TEST(the_window_is_told),
        TEST(an_answer_finds_its_question),
        TEST(an_answer_by_another_socket_is_a_strangers),
        TEST(ids_in_flight_are_not_drawn_again),
        TEST(short_and_long_datagrams),
        TEST(a_full_batch_goes_at_once_by_one_socket),
        TEST(a_turn_has_an_end),
        TEST(what_is_too_long_is_not_sent),
        TEST(errors_of_sending),
        TEST(a_closed_port_is_told_by_the_socket),
        TEST(buckets_hold_what_may_be_in_flight),
        TEST(nothing_is_left_of_it),
    };
    return cmocka_run_group_tests_name("upstream", tests, NULL, NULL);
}
