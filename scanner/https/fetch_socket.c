/* Makes a socket that libcurl closes, and tells it from others by the kernel's cookie. */
#include "scanner/https/fetch_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* Returns the kernel's cookie of a socket, 0 if there is none. */
static uint64_t cookie_of(int fd)
{
    uint64_t cookie = 0;
    socklen_t len = sizeof cookie;
    return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) == 0 ? cookie : 0;
}

static bool is_requested(const struct fetch_socket *asked, const struct curl_sockaddr *address)
{
    struct sockaddr_storage expected = {0};
    struct sockaddr_storage given = {0};
    socklen_t len = ip_sockaddr(&asked->ip, asked->port, &expected);
    if (address->addrlen != len || len > sizeof given)
        return false;
    memcpy(&given, &address->addr, len);
    return memcmp(&given, &expected, len) == 0;
}

/* Opens a socket to the one address, and to no other that libcurl may ask for. */
curl_socket_t fetch_socket_open(struct fetch_socket *asked, curlsocktype purpose,
                                const struct curl_sockaddr *address)
{
    if (purpose != CURLSOCKTYPE_IPCXN || !is_requested(asked, address))
        return CURL_SOCKET_BAD;
    asked->fd = socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
    if (asked->fd < 0) {
        asked->sys_errno = errno;
        return CURL_SOCKET_BAD;
    }
    asked->cookie = cookie_of(asked->fd);
    return asked->fd;
}

/* Shuts the socket down. Its number may be another socket's by now; the cookie never is. */
void fetch_socket_end(struct fetch_socket *asked)
{
    if (asked->fd >= 0 && asked->cookie != 0 && cookie_of(asked->fd) == asked->cookie)
        (void)shutdown(asked->fd, SHUT_RDWR);
    asked->fd = -1;
}
