/*
 * The socket of a probe: connecting without blocking, and plaintext where TLS should be.
 */
#ifndef STSWEEP_SMTP_SOCKET_H
#define STSWEEP_SMTP_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/ip.h"

/* A non-blocking, close-on-exec TCP socket whose connect has begun (*sys_errno 0 or EINPROGRESS), or -1 with
 * *sys_errno. */
int smtp_connect(const struct ip_addr *ip, uint16_t port, int *sys_errno);

/* How the connect that had begun went: 0 or an errno. */
int smtp_connect_result(int fd);

/* Are plaintext bytes waiting to be read? They are read and thrown away, up to a bound. */
bool smtp_drain(int fd);

#endif
