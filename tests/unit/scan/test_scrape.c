/* Who asks for metrics: what is answered, and that nobody holds anything, whatever is sent or not sent. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scanner/scan/scrape.h"

static void test_requests(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum scrape_answer answer;
    } cases[] = {
        {"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", SCRAPE_PAGE},
        {"GET /metrics HTTP/1.0\n\n", SCRAPE_PAGE},
        {"GET /metrics?collect=all HTTP/1.1\r\n\r\n", SCRAPE_PAGE},
        {"HEAD /metrics HTTP/1.1\r\n\r\n", SCRAPE_HEAD},
        {"GET / HTTP/1.1\r\n\r\n", SCRAPE_NOT_FOUND},
        {"GET /metrics/ HTTP/1.1\r\n\r\n", SCRAPE_NOT_FOUND},
        {"GET /metricss HTTP/1.1\r\n\r\n", SCRAPE_NOT_FOUND},
        {"GET ?/metrics HTTP/1.1\r\n\r\n", SCRAPE_NOT_FOUND},
        {"GET http://x/metrics HTTP/1.1\r\n\r\n", SCRAPE_NOT_FOUND},
        {"POST /metrics HTTP/1.1\r\nContent-Length: 9\r\n\r\n", SCRAPE_NOT_ALLOWED},
        {"get /metrics HTTP/1.1\r\n\r\n", SCRAPE_NOT_ALLOWED},
        {"GETS /metrics HTTP/1.1\r\n\r\n", SCRAPE_NOT_ALLOWED},
        {"GET /metrics HTTP/2.0\r\n\r\n", SCRAPE_BAD_REQUEST},
        {"GET /metrics HTTP/1.11\r\n\r\n", SCRAPE_BAD_REQUEST},
        {"GET /metrics\r\n\r\n", SCRAPE_BAD_REQUEST},
        {"GET  HTTP/1.1\r\n\r\n", SCRAPE_BAD_REQUEST},
        {" /metrics HTTP/1.1\r\n\r\n", SCRAPE_BAD_REQUEST},
        {"GET /metrics HTTP/1.1 \r\n\r\n", SCRAPE_BAD_REQUEST},
        {"\r\n\r\n", SCRAPE_BAD_REQUEST},
        {"\n\n", SCRAPE_BAD_REQUEST},
        {"\x16\x03\x01\x02\n\n", SCRAPE_BAD_REQUEST},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (scrape_read(bytes_of(cases[i].text)) != cases[i].answer)
            fail_msg("%s: %d", cases[i].text, (int)scrape_read(bytes_of(cases[i].text)));
}

/* Every beginning of a request is no request. */
static void test_ends(void **state)
{
    (void)state;
    static const char *const requests[] = {"GET /metrics HTTP/1.1\r\nA: b\r\n\r\n", "GET / HTTP/1.0\n\n",
                                           "GET / HTTP/1.0\r\n\n"};
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++) {
        size_t whole = strlen(requests[i]);
        char text[256];
        (void)snprintf(text, sizeof text, "%sbehind\r\n\r\n", requests[i]);
        for (size_t len = 0; len < whole; len++)
            assert_int_equal(scrape_request_len(bytes_make(text, len)), 0);
        assert_int_equal(scrape_request_len(bytes_of(text)), whole);
    }
}

/* ---- over sockets -------------------------------------------------------------------------------------- */

static struct event_base *base;
static struct scrape *scrape;
static struct sockaddr_in address;
static struct buf shown_page;
static bool has_page;
static int listener;

static const struct buf *page(void *arg)
{
    assert_ptr_equal(arg, &shown_page);
    return has_page ? &shown_page : NULL;
}

static int begin(void **state)
{
    socklen_t len = sizeof address;
    (void)state;
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (bind(listener, (struct sockaddr *)&address, len) != 0 || listen(listener, 64) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &len) != 0)
        return 1;
    buf_init(&shown_page, 1 << 22);
    (void)buf_text(&shown_page, "stsweep_again 3\n");
    has_page = true;
    base = event_base_new();
    scrape = scrape_create(base, listener, page, &shown_page);
    return scrape == NULL;
}

static int end(void **state)
{
    (void)state;
    scrape_destroy(scrape);
    event_base_free(base);
    buf_dispose(&shown_page);
    return close(listener);
}

static int ask(const char *text)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
    return fd;
}

static void turn(int times)
{
    for (int i = 0; i < times; i++) {
        (void)event_base_loop(base, EVLOOP_NONBLOCK);
        (void)usleep(1000);
    }
}

/* Reads until the other side closes, while the loop turns; closes. */
static const char *answer(int fd)
{
    static char text[1 << 20];
    size_t len = 0;
    ssize_t got;
    assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
    do {
        turn(1);
        got = recv(fd, text + len, sizeof text - 1 - len, 0);
        len += got > 0 ? (size_t)got : 0;
    } while (got != 0 && len < sizeof text - 1 && (got > 0 || errno == EAGAIN));
    text[len] = '\0';
    (void)close(fd);
    return text;
}

/* Has it been closed by the other side? */
static bool is_closed(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
    return got == 0 || (got < 0 && errno != EAGAIN);
}

static void test_answers(void **state)
{
    (void)state;
    const char *text = answer(ask("GET /metrics HTTP/1.1\r\n\r\n"));
    assert_int_equal(strncmp(text, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4;", 56), 0);
    assert_non_null(strstr(text, "\r\nContent-Length: 16\r\n"));
    assert_non_null(strstr(text, "\r\n\r\nstsweep_again 3\n"));
    text = answer(ask("HEAD /metrics HTTP/1.1\r\n\r\n"));
    assert_non_null(strstr(text, "\r\nContent-Length: 16\r\n"));
    assert_string_equal(text + strlen(text) - 4, "\r\n\r\n");
    assert_int_equal(strncmp(answer(ask("GET /x HTTP/1.1\r\n\r\n")), "HTTP/1.1 404 ", 13), 0);
    assert_non_null(strstr(answer(ask("PUT /metrics HTTP/1.1\r\n\r\n")),
                           " 405 Method Not Allowed\r\nAllow: GET, HEAD\r\n"));
    assert_int_equal(strncmp(answer(ask("nonsense\n\n")), "HTTP/1.1 400 ", 13), 0);
    has_page = false;
    assert_int_equal(strncmp(answer(ask("GET /metrics HTTP/1.1\r\n\r\n")), "HTTP/1.1 503 ", 13), 0);
}

static void test_too_large(void **state)
{
    (void)state;
    char text[SCRAPE_REQUEST_BYTES + 1];
    (void)memset(text, 'a', sizeof text);
    (void)memcpy(text, "GET /metrics HTTP/1.1\r\nA: ", 26);
    text[SCRAPE_REQUEST_BYTES] = '\0';
    assert_int_equal(strncmp(answer(ask(text)), "HTTP/1.1 431 ", 13), 0);
}

/* Who sends nothing, or half, does not keep others out: the oldest goes. */
static void test_crowd(void **state)
{
    (void)state;
    int fds[3 * SCRAPE_LIVE];
    for (size_t i = 0; i < 3 * SCRAPE_LIVE; i++) {
        fds[i] = ask(i % 2 == 0 ? "" : "GET /met");
        turn(2);
    }
    const char *text = answer(ask("GET /metrics HTTP/1.1\r\n\r\n"));
    assert_int_equal(strncmp(text, "HTTP/1.1 200 ", 13), 0);
    size_t open_ones = 0;
    for (size_t i = 0; i < 3 * SCRAPE_LIVE; i++) {
        open_ones += !is_closed(fds[i]);
        (void)close(fds[i]);
    }
    assert_int_equal(open_ones, SCRAPE_LIVE - 1); /* one went for who was answered */
}

/* Who asks and does not read is let go after the time of a connection, and the same for who drips. */
static void test_deadline(void **state)
{
    (void)state;
    while (shown_page.len < 3 << 20)
        (void)buf_text(&shown_page, "stsweep_again 3, and much beside it\n");
    int reads_not = ask("GET /metrics HTTP/1.1\r\n\r\n"), drips = ask("GET ");
    bool closed = false;
    for (int i = 0; i < 600 && !closed; i++) {
        turn(20);
        closed = is_closed(drips);
        (void)send(drips, "a", 1, MSG_NOSIGNAL);
    }
    assert_true(closed);
    turn(20);
    size_t len = strlen(answer(reads_not));
    assert_true(len < shown_page.len); /* what the kernel had taken */
    (void)close(drips);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_ends),
        cmocka_unit_test_setup_teardown(test_answers, begin, end),
        cmocka_unit_test_setup_teardown(test_too_large, begin, end),
        cmocka_unit_test_setup_teardown(test_crowd, begin, end),
        cmocka_unit_test_setup_teardown(test_deadline, begin, end),
    };
    return cmocka_run_group_tests_name("scrape", tests, NULL, NULL);
}
