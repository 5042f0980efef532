/*
 * Connects the socket of a probe without blocking, and finds plaintext in the place of TLS.
 */
#ifndef STSWEEP_SMTP_SOCKET_H
#define STSWEEP_SMTP_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/ip.h"

/* Opens a non-blocking, close-on-exec TCP socket and begins to connect it (*sys_errno is 0 or EINPROGRESS);
 * -1 with *sys_errno on failure. */
int smtp_connect(const struct ip_addr *ip, uint16_t port, int *sys_errno);

/* Returns the result of the connect that had begun: 0 or an errno. */
int smtp_connect_result(int fd);

/* Says whether plaintext bytes were waiting; reads them and throws them away, up to a bound. */
bool smtp_drain(int fd);

#endif
