/*
 * A batch of questions that go out together by one connected UDP socket, in one call of the kernel's.
 * Questions of one length go as one message that the kernel cuts apart (dns/segments), if it can do that;
 * a kernel or a device that refuses is not asked again, and what it refused goes out question by question.
 */
#ifndef STSWEEP_DNS_OUTGOING_H
#define STSWEEP_DNS_OUTGOING_H

#include "scanner/base/bytes.h"
#include "scanner/dns/segments.h"

enum { OUTGOING_MOST = SEGMENTS_MOST, OUTGOING_BYTES = 320 };

struct outgoing;

/* Told of an error of sending: most likely an earlier datagram's, brought back by ICMP. */
typedef void (*outgoing_error)(void *arg, int error);

/* NULL without memory. socket: one of those that batches will go by; it tells whether the kernel knows
 * UDP_SEGMENT. Older ones would send a whole message as one datagram. */
struct outgoing *outgoing_create(int socket);
void outgoing_destroy(struct outgoing *outgoing);

unsigned outgoing_count(const struct outgoing *outgoing);

/* Adds a question, OUTGOING_BYTES at most, to a batch of less than OUTGOING_MOST. */
void outgoing_add(struct outgoing *outgoing, struct bytes message);

/* Sends the batch, which is empty afterwards. A question that the kernel refuses twice by itself is lost like
 * any other. */
void outgoing_send(struct outgoing *outgoing, int socket, outgoing_error error, void *arg);

#endif
