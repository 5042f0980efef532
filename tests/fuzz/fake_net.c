/* Plays the sockets and the random numbers of a kernel. */
#include "tests/fuzz/fake_calls.h"
#include "tests/fuzz/fake_net.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FIRST_FD = 1 << 20, QUEUE_MOST = 128 };

struct datagram {
    struct datagram *next;
    size_t len;
    uint8_t data[];
};

enum stream_state { STREAM_CONNECTING, STREAM_OPEN, STREAM_REFUSED, STREAM_CLOSED, STREAM_RESET };

struct fake_socket {
    bool open, stream;
    struct sockaddr_storage peer;
    int error; /* that the next call meets */
    struct datagram *first, *last;
    unsigned queued;
    enum stream_state state;
    uint8_t *heard, *told; /* owned: what the client has sent, and what it has yet to read */
    size_t heard_len, told_len;
};

static struct net {
    uint64_t random, open_files;
    bool cuts; /* it knows UDP_SEGMENT */
    net_heard heard;
    void *arg;
    struct fake_socket sockets[NET_SOCKETS];
    struct {
        unsigned count;
        int error;
    } faults[NET_CALLS];
    unsigned short_datagrams, short_bytes; /* 0: not shortened */
} net;

static struct fake_socket *socket_of(int fd)
{
    return fd >= FIRST_FD && fd < FIRST_FD + NET_SOCKETS ? &net.sockets[fd - FIRST_FD] : NULL;
}

bool net_fails(enum net_call call)
{
    if (net.faults[call].count == 0)
        return false;
    net.faults[call].count--;
    errno = net.faults[call].error;
    return true;
}

static void *taken(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

/* ---- numbers of the kernel --------------------------------------------------------------------------- */

ssize_t fake_getrandom(void *data, size_t len, unsigned flags)
{
    (void)flags;
    for (size_t i = 0; i < len; i++) {
        net.random ^= net.random << 13;
        net.random ^= net.random >> 7;
        net.random ^= net.random << 17;
        ((uint8_t *)data)[i] = (uint8_t)(net.random >> 24);
    }
    return (ssize_t)len;
}

int fake_getrlimit(int resource, struct rlimit *limit)
{
    (void)resource;
    *limit = (struct rlimit){net.open_files, net.open_files};
    return 0;
}

/* ---- sockets --------------------------------------------------------------------------------------------- */

int fake_socket(int family, int type, int protocol)
{
    (void)family;
    (void)protocol;
    if (net_fails(NET_SOCKET))
        return -1;
    for (unsigned i = 0; i < NET_SOCKETS; i++)
        if (!net.sockets[i].open) {
            net.sockets[i] = (struct fake_socket){.open = true, .stream = (type & 0xf) == SOCK_STREAM};
            return FIRST_FD + (int)i;
        }
    errno = EMFILE;
    return -1;
}

int fake_connect(int fd, const struct sockaddr *address, socklen_t len)
{
    struct fake_socket *socket = socket_of(fd);
    if (net_fails(NET_CONNECT))
        return -1;
    memcpy(&socket->peer, address, len);
    errno = EINPROGRESS;
    return socket->stream ? -1 : 0;
}

int fake_setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
    (void)value;
    (void)len;
    errno = ENOPROTOOPT;
    return socket_of(fd) == NULL || (level == IPPROTO_UDP && option == UDP_SEGMENT && !net.cuts) ? -1 : 0;
}

/* The error that waits for the socket's next call. */
static bool meets_error(struct fake_socket *socket)
{
    errno = socket->error;
    socket->error = 0;
    return errno != 0;
}

/* Cuts a message apart as the kernel does, and is as strict: RFC 7830 section 6 would have a padded question
 * end the run. */
static void hear(unsigned number, const struct msghdr *message)
{
    uint16_t length = 0;
    for (size_t i = 0; i < message->msg_iovlen; i++) {
        const struct iovec *part = &message->msg_iov[i];
        if (message->msg_iovlen > 1)
            memcpy(&length, CMSG_DATA(CMSG_FIRSTHDR(message)), sizeof length);
        bool last = i + 1 == message->msg_iovlen;
        if (message->msg_iovlen > 1 && (last ? part->iov_len > length : part->iov_len != length))
            abort();
        net.heard(net.arg, number, bytes_make(part->iov_base, part->iov_len));
    }
}

int fake_sendmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags)
{
    struct fake_socket *socket = socket_of(fd);
    (void)flags;
    if (meets_error(socket) || net_fails(NET_SENDMMSG))
        return -1;
    unsigned most = net.short_datagrams > 0 && net.short_datagrams < count ? net.short_datagrams : count;
    net.short_datagrams = 0;
    for (unsigned i = 0; i < most; i++) {
        hear((unsigned)(fd - FIRST_FD), &headers[i].msg_hdr);
    }
    return (int)most;
}

static void take_datagram(struct fake_socket *socket, struct mmsghdr *header)
{
    struct datagram *datagram = socket->first;
    struct iovec *part = header->msg_hdr.msg_iov;
    size_t len = datagram->len < part->iov_len ? datagram->len : part->iov_len;
    memcpy(part->iov_base, datagram->data, len);
    header->msg_len = (unsigned)len;
    header->msg_hdr.msg_flags = len < datagram->len ? MSG_TRUNC : 0;
    socket->first = datagram->next;
    socket->queued--;
    free(datagram);
}

int fake_recvmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags, struct timespec *timeout)
{
    struct fake_socket *socket = socket_of(fd);
    unsigned got = 0;
    (void)flags;
    (void)timeout;
    if (meets_error(socket))
        return -1;
    while (got < count && socket->first != NULL)
        take_datagram(socket, &headers[got++]);
    errno = EAGAIN;
    return got == 0 ? -1 : (int)got;
}

ssize_t fake_send(int fd, const void *data, size_t len, int flags)
{
    struct fake_socket *socket = socket_of(fd);
    (void)flags;
    errno = socket->state == STREAM_REFUSED ? ECONNREFUSED
            : socket->state == STREAM_RESET ? ECONNRESET
                                            : EPIPE;
    if (socket->state != STREAM_OPEN)
        return -1;
    len = net.short_bytes > 0 && net.short_bytes < len ? net.short_bytes : len;
    net.short_bytes = 0;
    if (socket->heard == NULL)
        socket->heard = taken(malloc(NET_STREAM_BYTES));
    if (socket->heard_len + len > NET_STREAM_BYTES)
        abort();
    memcpy(socket->heard + socket->heard_len, data, len);
    socket->heard_len += len;
    return (ssize_t)len;
}

ssize_t fake_recv(int fd, void *data, size_t len, int flags)
{
    struct fake_socket *socket = socket_of(fd);
    (void)flags;
    errno = socket->state == STREAM_RESET ? ECONNRESET : EAGAIN;
    if (socket->state == STREAM_RESET || (socket->told_len == 0 && socket->state == STREAM_OPEN))
        return -1;
    if (len == 0)
        abort(); /* nobody reads nothing: that would pass for the end */
    len = socket->told_len < len ? socket->told_len : len;
    if (len == 0)
        return 0; /* the end */
    memcpy(data, socket->told, len);
    memmove(socket->told, socket->told + len, socket->told_len - len);
    socket->told_len -= len;
    return (ssize_t)len;
}

int fake_close(int fd)
{
    struct fake_socket *socket = socket_of(fd);
    if (socket == NULL || !socket->open)
        abort(); /* closed twice: the number may be another's by now */
    while (socket->first != NULL) {
        struct datagram *next = socket->first->next;
        free(socket->first);
        socket->first = next;
    }
    free(socket->heard);
    free(socket->told);
    *socket = (struct fake_socket){.open = false};
    return 0;
}

short net_ready(int fd)
{
    const struct fake_socket *socket = socket_of(fd);
    if (socket == NULL || !socket->open)
        return 0;
    if (!socket->stream)
        return socket->first != NULL || socket->error != 0 ? EV_READ : 0;
    if (socket->state == STREAM_CONNECTING)
        return 0;
    return socket->state == STREAM_OPEN && socket->told_len == 0 ? EV_WRITE : EV_READ | EV_WRITE;
}

/* ---- what the test does -------------------------------------------------------------------------------- */

void net_begin(uint64_t seed, uint64_t open_files, net_heard heard, void *arg)
{
    loop_begin();
    net = (struct net){
        .random = seed * 2 + 1, .open_files = open_files, .cuts = seed % 4 != 3, .heard = heard, .arg = arg};
}

void net_fail(enum net_call call, unsigned count, int error)
{
    net.faults[call].count = count;
    net.faults[call].error = error;
}

void net_shorten(unsigned datagrams, unsigned bytes)
{
    net.short_datagrams = datagrams;
    net.short_bytes = bytes;
}

unsigned net_open_sockets(void)
{
    unsigned count = 0;
    for (unsigned i = 0; i < NET_SOCKETS; i++)
        count += net.sockets[i].open;
    return count;
}

unsigned net_streams(unsigned *numbers, unsigned most)
{
    unsigned count = 0;
    for (unsigned i = 0; i < NET_SOCKETS && count < most; i++)
        if (net.sockets[i].open && net.sockets[i].stream)
            numbers[count++] = i;
    return count;
}

struct sockaddr_storage net_peer(unsigned number)
{
    return net.sockets[number].peer;
}

void net_give(unsigned number, struct bytes data)
{
    struct fake_socket *socket = &net.sockets[number];
    if (!socket->open || socket->stream || socket->queued == QUEUE_MOST)
        return;
    struct datagram *datagram = taken(malloc(sizeof *datagram + data.len));
    *datagram = (struct datagram){.len = data.len};
    memcpy(datagram->data, data.data, data.len);
    if (socket->first == NULL)
        socket->first = datagram;
    else
        socket->last->next = datagram;
    socket->last = datagram;
    socket->queued++;
}

void net_icmp(unsigned number, int error)
{
    if (net.sockets[number].open && !net.sockets[number].stream)
        net.sockets[number].error = error;
}

static void set_stream(unsigned number, enum stream_state from, enum stream_state to)
{
    struct fake_socket *socket = &net.sockets[number];
    if (socket->open && socket->stream && socket->state == from)
        socket->state = to;
}

void net_accept(unsigned number)
{
    set_stream(number, STREAM_CONNECTING, STREAM_OPEN);
}

void net_refuse(unsigned number)
{
    set_stream(number, STREAM_CONNECTING, STREAM_REFUSED);
}

void net_stream_end(unsigned number, bool reset)
{
    set_stream(number, STREAM_OPEN, reset ? STREAM_RESET : STREAM_CLOSED);
}

void net_stream_give(unsigned number, struct bytes data)
{
    struct fake_socket *socket = &net.sockets[number];
    if (!socket->open || socket->state != STREAM_OPEN || socket->told_len + data.len > NET_STREAM_BYTES)
        return;
    if (socket->told == NULL)
        socket->told = taken(malloc(NET_STREAM_BYTES));
    memcpy(socket->told + socket->told_len, data.data, data.len);
    socket->told_len += data.len;
}

struct bytes net_stream_heard(unsigned number)
{
    return bytes_make(net.sockets[number].heard, net.sockets[number].heard_len);
}

void net_end(void)
{
    for (unsigned i = 0; i < NET_SOCKETS; i++)
        if (net.sockets[i].open)
            (void)fake_close(FIRST_FD + (int)i);
    loop_end();
}
