/* Makes one connection a question: truncation is rare enough that keeping connections would not pay. */
#include "scanner/dns/tcp.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "scanner/wire/dns_message.h"

enum { PREFIX_BYTES = 2 };

struct dns_tcp {
    int fd;
    struct event *writable;
    struct event *readable;
    uint8_t out[PREFIX_BYTES + DNS_QUERY_BYTES];
    size_t out_len;
    size_t out_sent;
    uint8_t prefix[PREFIX_BYTES];
    size_t in_len;    /* prefix included */
    uint8_t *message; /* NULL until the prefix has come */
    size_t message_len;
    dns_tcp_done done;
    void *arg;
};

/* Calls back, which may destroy tcp: nothing of it is touched afterwards. */
static void finish(struct dns_tcp *tcp, struct bytes message)
{
    (void)event_del(tcp->writable);
    (void)event_del(tcp->readable);
    tcp->done(tcp->arg, message);
}

static void fail(struct dns_tcp *tcp)
{
    finish(tcp, (struct bytes){NULL, 0});
}

static bool would_block(int error)
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/* Sends the question. This also ends the non-blocking connect: a failed one shows as the error of send. */
static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct dns_tcp *tcp = arg;
    (void)what;
    ssize_t n = send(fd, tcp->out + tcp->out_sent, tcp->out_len - tcp->out_sent, MSG_NOSIGNAL);
    if (n < 0 && !would_block(errno)) {
        fail(tcp);
        return;
    }
    if (n > 0)
        tcp->out_sent += (size_t)n;
    if (tcp->out_sent < tcp->out_len)
        return;
    (void)event_del(tcp->writable);
    if (event_add(tcp->readable, NULL) != 0)
        fail(tcp);
}

/* Returns the buffer for the next read: the rest of the prefix, then of the message. */
static struct iovec next_part(struct dns_tcp *tcp)
{
    if (tcp->in_len < PREFIX_BYTES)
        return (struct iovec){tcp->prefix + tcp->in_len, PREFIX_BYTES - tcp->in_len};
    size_t got = tcp->in_len - PREFIX_BYTES;
    return (struct iovec){tcp->message + got, tcp->message_len - got};
}

/* Allocates the message when the prefix has come. false for an empty one or without memory. */
static bool expect_message(struct dns_tcp *tcp)
{
    tcp->message_len = (size_t)tcp->prefix[0] << 8 | tcp->prefix[1];
    if (tcp->message_len > 0)
        tcp->message = malloc(tcp->message_len);
    return tcp->message != NULL;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
    struct dns_tcp *tcp = arg;
    (void)what;
    struct iovec part = next_part(tcp);
    ssize_t n = recv(fd, part.iov_base, part.iov_len, 0);
    if (n < 0 && would_block(errno))
        return;
    if (n <= 0) {
        fail(tcp);
        return;
    }
    tcp->in_len += (size_t)n;
    if (tcp->in_len == PREFIX_BYTES && !expect_message(tcp))
        fail(tcp);
    else if (tcp->in_len > PREFIX_BYTES && tcp->in_len == PREFIX_BYTES + tcp->message_len)
        finish(tcp, bytes_make(tcp->message, tcp->message_len));
}

static bool open_connection(struct dns_tcp *tcp, struct event_base *base, const struct sockaddr *address,
                            socklen_t address_len)
{
    tcp->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (tcp->fd < 0 || (connect(tcp->fd, address, address_len) != 0 && errno != EINPROGRESS))
        return false;
    tcp->writable = event_new(base, tcp->fd, EV_WRITE | EV_PERSIST, on_writable, tcp);
    tcp->readable = event_new(base, tcp->fd, EV_READ | EV_PERSIST, on_readable, tcp);
    return tcp->writable != NULL && tcp->readable != NULL && event_add(tcp->writable, NULL) == 0;
}

struct dns_tcp *dns_tcp_start(struct event_base *base, const struct sockaddr *address, socklen_t address_len,
                              struct bytes question, dns_tcp_done done, void *arg)
{
    struct dns_tcp *tcp = question.len > DNS_QUERY_BYTES ? NULL : calloc(1, sizeof *tcp);
    if (tcp == NULL)
        return NULL;
    tcp->done = done;
    tcp->arg = arg;
    tcp->out[0] = (uint8_t)(question.len >> 8);
    tcp->out[1] = (uint8_t)question.len;
    memcpy(tcp->out + PREFIX_BYTES, question.data, question.len);
    tcp->out_len = PREFIX_BYTES + question.len;
    if (open_connection(tcp, base, address, address_len))
        return tcp;
    dns_tcp_destroy(tcp);
    return NULL;
}

void dns_tcp_destroy(struct dns_tcp *tcp)
{
    if (tcp == NULL)
        return;
    if (tcp->writable != NULL)
        event_free(tcp->writable);
    if (tcp->readable != NULL)
        event_free(tcp->readable);
    if (tcp->fd >= 0)
        (void)close(tcp->fd);
    free(tcp->message);
    free(tcp);
}
