/* Maps errno to enum net_error, for every kind of connection. */
#include "scanner/facts/net.h"

#include <errno.h>

enum net_error net_error_of(int sys_errno)
{
    switch (sys_errno) {
    case ECONNREFUSED:
        return NET_REFUSED;
    case ETIMEDOUT:
        return NET_TIMEOUT;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
        return NET_RESET;
    case ENETUNREACH:
    case EHOSTUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
    case EACCES:
    case EPERM:
        return NET_UNREACHABLE;
    case EMFILE: /* what this machine has run out of */
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EAGAIN: /* of connect(2): entries of the routing cache */
        return NET_RESOURCES;
    default:
        return NET_OTHER;
    }
}
