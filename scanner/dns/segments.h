/*
 * Sorts the datagrams of a batch into messages that the kernel cuts apart (UDP_SEGMENT, Linux 4.18): all
 * datagrams of a message are of one length, and the last may be shorter. None is made longer: a question in
 * clear text is never padded (RFC 7830 section 6). Pure.
 */
#ifndef STSWEEP_DNS_SEGMENTS_H
#define STSWEEP_DNS_SEGMENTS_H

#include <stdint.h>

/* What one message holds at most: datagrams, and bytes in all, which is what a UDP datagram over IPv4 holds.
 */
enum { SEGMENTS_MOST = 64, SEGMENTS_BYTES = 65507 };

/* A message: `count` of the sorted datagrams, from number `first` on. */
struct segments_message {
    uint8_t first;
    uint8_t count;
};

struct segments {
    uint8_t order[SEGMENTS_MOST]; /* numbers of the datagrams, long ones first */
    struct segments_message messages[SEGMENTS_MOST];
    unsigned message_count;
};

/* Sorts datagrams of these lengths, each 1 … SEGMENTS_BYTES, count at most SEGMENTS_MOST. Those of one length
 * stay in their order. */
void segments_sort(const uint16_t *lengths, unsigned count, struct segments *segments);

#endif
