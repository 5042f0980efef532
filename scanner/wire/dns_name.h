/*
 * Domain names in wire form (RFC 1035 sections 3.1 and 4.1.4): from text, out of a message, compared. Private
 * to scanner/dns. Pure; bounded on hostile input: pointers lead strictly backwards and are at most 127 in a
 * name.
 */
#ifndef STSWEEP_WIRE_DNS_NAME_H
#define STSWEEP_WIRE_DNS_NAME_H

#include "scanner/base/bytes.h"

enum { DNS_NAME_BYTES = 255, DNS_LABEL_BYTES = 63 };

/* An absolute name as text, with or without the trailing dot, \DDD and \X escapes read; "." is the root.
 * Returns the length in wire[DNS_NAME_BYTES], 0 where the text is no name. */
size_t dns_name_from_text(uint8_t *wire, const char *text);

/* The position behind the name that stands at pos, compressed or not; 0 where it leaves the message. Pointers
 * are not followed. */
size_t dns_name_skip(struct bytes message, size_t pos);

/* The name at pos, decompressed, into wire[DNS_NAME_BYTES]. Returns its length, 0 where it is malformed. */
size_t dns_name_read(struct bytes message, size_t pos, uint8_t *wire);

/* The same name, ASCII case apart (RFC 4343)? Both uncompressed. */
bool dns_name_equal(struct bytes a, struct bytes b);

/* Is it exactly one uncompressed name? */
bool dns_name_valid(struct bytes wire);

#endif
