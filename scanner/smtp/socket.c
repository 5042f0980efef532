/* Does non-blocking TCP. */
#include "scanner/smtp/socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <unistd.h>

enum { DRAIN_BYTES = 4096, DRAIN_READS = 8 };

int smtp_connect(const struct ip_addr *ip, uint16_t port, int *sys_errno)
{
    struct sockaddr_storage address;
    socklen_t len = ip_sockaddr(ip, port, &address);
    int on = 1;
    int fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    *sys_errno = 0;
    if (fd < 0) {
        *sys_errno = errno;
        return -1;
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, (const struct sockaddr *)&address, len) == 0 || errno == EINPROGRESS)
        return fd;
    *sys_errno = errno;
    close(fd);
    return -1;
}

int smtp_connect_result(int fd)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        return errno;
    return error;
}

bool smtp_drain(int fd)
{
    uint8_t space[DRAIN_BYTES];
    bool found = false;
    for (int i = 0; i < DRAIN_READS; i++) {
        ssize_t got = recv(fd, space, sizeof space, MSG_DONTWAIT);
        if (got <= 0)
            break;
        found = true;
    }
    return found;
}
