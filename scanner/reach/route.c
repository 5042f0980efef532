/* Tells whether this machine has a route to an address. It asks the kernel, alone in this file, so that a
 * test can answer in its place. */
#include "scanner/reach/worker.h"

#include <errno.h>
#include <unistd.h>

/* Connects a datagram socket, which sends nothing. A host that a router, or a route of ours, calls
 * unreachable is another matter (EHOSTUNREACH). */
bool worker_lacks_route(const struct ip_addr *ip)
{
    struct sockaddr_storage address;
    socklen_t len = ip_sockaddr(ip, 53, &address);
    int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    bool failed = connect(fd, (const struct sockaddr *)&address, len) != 0;
    bool lacks = failed && (errno == ENETUNREACH || errno == EADDRNOTAVAIL || errno == ENETDOWN);
    close(fd);
    return lacks;
}
