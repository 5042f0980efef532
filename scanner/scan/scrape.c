/* A small server of HTTP/1, with a bound for everything. */
#include "scanner/scan/scrape.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "scanner/base/list.h"

enum { PAUSE_MS = 1000, HEAD_BYTES = 512 };

struct scrape {
    struct event_base *base;
    struct event *ready;
    struct event *again; /* after descriptors were lacking */
    int listener;
    const struct buf *(*page)(void *arg);
    void *arg;
    struct list connections; /* the oldest first */
    size_t live;
};

struct connection {
    struct list link;
    struct scrape *scrape;
    struct bufferevent *stream;
    struct event *deadline;
    bool answered;
};

/* ---- what is asked ------------------------------------------------------------------------------------- */

size_t scrape_request_len(struct bytes received)
{
    for (size_t i = 0; i + 1 < received.len; i++) {
        if (received.data[i] != '\n')
            continue;
        if (received.data[i + 1] == '\n')
            return i + 2;
        if (received.data[i + 1] == '\r' && i + 2 < received.len && received.data[i + 2] == '\n')
            return i + 3;
    }
    return 0;
}

static bool is_word(struct bytes line, size_t from, size_t end, const char *word)
{
    return end - from == strlen(word) && memcmp(line.data + from, word, end - from) == 0;
}

enum scrape_answer scrape_read(struct bytes request)
{
    static const char version[] = "HTTP/1.";
    const uint8_t *newline = memchr(request.data, '\n', request.len);
    size_t len = newline == NULL ? 0 : (size_t)(newline - request.data);
    if (len > 0 && request.data[len - 1] == '\r')
        len--;
    const uint8_t *first = memchr(request.data, ' ', len);
    size_t method = first == NULL ? 0 : (size_t)(first - request.data);
    const uint8_t *second = first == NULL ? NULL : memchr(first + 1, ' ', len - method - 1);
    size_t target = second == NULL ? 0 : (size_t)(second - request.data);
    if (method == 0 || target < method + 2 || len - target - 1 != sizeof version ||
        memcmp(second + 1, version, sizeof version - 1) != 0)
        return SCRAPE_BAD_REQUEST;
    bool is_head = is_word(request, 0, method, "HEAD");
    if (!is_head && !is_word(request, 0, method, "GET"))
        return SCRAPE_NOT_ALLOWED;
    const uint8_t *query = memchr(first + 1, '?', target - method - 1);
    size_t path = query == NULL ? target : (size_t)(query - request.data);
    if (!is_word(request, method + 1, path, "/metrics"))
        return SCRAPE_NOT_FOUND;
    return is_head ? SCRAPE_HEAD : SCRAPE_PAGE;
}

/* ---- connections --------------------------------------------------------------------------------------- */

static void drop(struct connection *connection)
{
    list_remove(&connection->link);
    connection->scrape->live--;
    if (connection->deadline != NULL)
        event_free(connection->deadline);
    bufferevent_free(connection->stream);
    free(connection);
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    drop(arg);
}

/* All is written. */
static void on_written(struct bufferevent *stream, void *arg)
{
    struct connection *connection = arg;
    if (!connection->answered)
        return;
    (void)shutdown(bufferevent_getfd(stream), SHUT_RDWR);
    drop(connection);
}

static void on_event(struct bufferevent *stream, short what, void *arg)
{
    struct connection *connection = arg;
    (void)stream;
    if (!connection->answered || (what & BEV_EVENT_ERROR) != 0)
        drop(connection);
}

static void answer(struct connection *connection, enum scrape_answer how)
{
    static const char *const lines[] = {
        [SCRAPE_PAGE] = "200 OK",
        [SCRAPE_HEAD] = "200 OK",
        [SCRAPE_BAD_REQUEST] = "400 Bad Request",
        [SCRAPE_NOT_FOUND] = "404 Not Found",
        [SCRAPE_NOT_ALLOWED] = "405 Method Not Allowed\r\nAllow: GET, HEAD",
        [SCRAPE_TOO_LARGE] = "431 Request Header Fields Too Large",
        [SCRAPE_NOTHING_YET] = "503 Service Unavailable",
    };
    static const char other[] = "The metrics are at /metrics\n";
    const struct scrape *scrape = connection->scrape;
    char head[HEAD_BYTES];
    struct bytes body = bytes_of(other);
    bool is_page = how == SCRAPE_PAGE || how == SCRAPE_HEAD;
    const struct buf *page = is_page ? scrape->page(scrape->arg) : NULL;
    if (page != NULL)
        body = buf_bytes(page);
    else if (is_page)
        how = SCRAPE_NOTHING_YET;
    int len = snprintf(head, sizeof head,
                       "HTTP/1.1 %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
                       "Content-Length: %zu\r\nConnection: close\r\n\r\n",
                       lines[how], body.len);
    connection->answered = true;
    (void)bufferevent_disable(connection->stream, EV_READ);
    if (bufferevent_write(connection->stream, head, (size_t)len) != 0 ||
        (how != SCRAPE_HEAD && bufferevent_write(connection->stream, body.data, body.len) != 0))
        drop(connection);
}

static void on_readable(struct bufferevent *stream, void *arg)
{
    struct connection *connection = arg;
    struct evbuffer *input = bufferevent_get_input(stream);
    size_t len = evbuffer_get_length(input);
    uint8_t received[SCRAPE_REQUEST_BYTES];
    if (connection->answered)
        return;
    len = len < sizeof received ? len : sizeof received;
    if (evbuffer_copyout(input, received, len) < 0) {
        drop(connection);
        return;
    }
    size_t request = scrape_request_len(bytes_make(received, len));
    if (request > 0)
        answer(connection, scrape_read(bytes_make(received, request)));
    else if (len == sizeof received)
        answer(connection, SCRAPE_TOO_LARGE);
}

/* Takes over the descriptor. */
static void begin(struct scrape *scrape, int fd)
{
    const struct timeval most = {.tv_sec = SCRAPE_MS / 1000};
    struct connection *connection = calloc(1, sizeof *connection);
    struct bufferevent *stream =
        connection == NULL ? NULL : bufferevent_socket_new(scrape->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (stream == NULL) {
        free(connection);
        (void)close(fd);
        return;
    }
    if (scrape->live == SCRAPE_LIVE)
        drop(list_entry(list_first(&scrape->connections), struct connection, link));
    *connection = (struct connection){.scrape = scrape, .stream = stream};
    list_add(&scrape->connections, &connection->link);
    scrape->live++;
    bufferevent_setcb(stream, on_readable, on_written, on_event, connection);
    bufferevent_setwatermark(stream, EV_READ, 0, SCRAPE_REQUEST_BYTES);
    connection->deadline = evtimer_new(scrape->base, on_deadline, connection);
    if (connection->deadline == NULL || event_add(connection->deadline, &most) != 0 ||
        bufferevent_enable(stream, EV_READ | EV_WRITE) != 0)
        drop(connection);
}

/* ---- the listener -------------------------------------------------------------------------------------- */

static void on_again(evutil_socket_t fd, short what, void *arg)
{
    struct scrape *scrape = arg;
    (void)fd;
    (void)what;
    (void)event_add(scrape->ready, NULL);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    struct scrape *scrape = arg;
    (void)what;
    int connected = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (connected >= 0) {
        begin(scrape, connected);
        return;
    }
    if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
        return;
    /* Descriptors are lacking: whoever waits would wake us again and again. */
    const struct timeval pause = {.tv_sec = PAUSE_MS / 1000};
    (void)event_del(scrape->ready);
    (void)event_add(scrape->again, &pause);
}

struct scrape *scrape_create(struct event_base *base, int listener, const struct buf *(*page)(void *arg),
                             void *arg)
{
    struct scrape *scrape = calloc(1, sizeof *scrape);
    if (scrape == NULL)
        return NULL;
    *scrape = (struct scrape){.base = base, .listener = listener, .page = page, .arg = arg};
    list_init(&scrape->connections);
    scrape->ready = event_new(base, listener, EV_READ | EV_PERSIST, on_ready, scrape);
    scrape->again = evtimer_new(base, on_again, scrape);
    if (scrape->ready != NULL && scrape->again != NULL && event_add(scrape->ready, NULL) == 0)
        return scrape;
    scrape_destroy(scrape);
    return NULL;
}

void scrape_destroy(struct scrape *scrape)
{
    if (scrape == NULL)
        return;
    while (scrape->live > 0)
        drop(list_entry(list_first(&scrape->connections), struct connection, link));
    if (scrape->ready != NULL)
        event_free(scrape->ready);
    if (scrape->again != NULL)
        event_free(scrape->again);
    free(scrape);
}
