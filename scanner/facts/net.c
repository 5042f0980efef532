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
    default:
        return NET_OTHER;
    }
}
