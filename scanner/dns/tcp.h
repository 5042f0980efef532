/*
 * Asks one question over TCP (RFC 7766): connects, sends, reads one message. It has no deadline of its own
 * (the engine's list of deadlines covers it) and does not interpret the message. One loop.
 */
#ifndef STSWEEP_DNS_TCP_H
#define STSWEEP_DNS_TCP_H

#include <event2/event.h>
#include <sys/socket.h>

#include "scanner/base/bytes.h"

struct dns_tcp;

/* Called once, from the event loop, never from inside dns_tcp_start. message.len is 0 if none came. The
 * message is gone when the exchange is destroyed, which the callback may do. */
typedef void (*dns_tcp_done)(void *arg, struct bytes message);

/* Starts an exchange. The question (at most DNS_QUERY_BYTES) is copied. NULL if it fails at once. */
struct dns_tcp *dns_tcp_start(struct event_base *base, const struct sockaddr *address, socklen_t address_len,
                              struct bytes question, dns_tcp_done done, void *arg);

/* Ends an exchange: no callback comes after this. NULL is fine. */
void dns_tcp_destroy(struct dns_tcp *tcp);

#endif
