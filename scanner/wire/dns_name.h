/*
 * Reads, writes and compares domain names in wire form (RFC 1035 sections 3.1 and 4.1.4). Pure; bounded on
 * hostile input: pointers lead strictly backwards, and a name has at most 127.
 */
#ifndef STSWEEP_WIRE_DNS_NAME_H
#define STSWEEP_WIRE_DNS_NAME_H

#include "scanner/base/bytes.h"

enum { DNS_NAME_BYTES = 255, DNS_LABEL_BYTES = 63 };

/* Writes an absolute name into wire[DNS_NAME_BYTES] from text, with or without the trailing dot; \DDD and \X
 * escapes are read, "." is the root. Returns the length, 0 if the text is no name. */
size_t dns_name_from_text(uint8_t *wire, const char *text);

/* Returns the position behind the name at pos, compressed or not; 0 if it leaves the message. Pointers are
 * not followed. */
size_t dns_name_skip(struct bytes message, size_t pos);

/* Decompresses the name at pos into wire[DNS_NAME_BYTES]. Returns its length, 0 if it is malformed. */
size_t dns_name_read(struct bytes message, size_t pos, uint8_t *wire);

/* Says whether both are the same name, ASCII case apart (RFC 4343). Both are uncompressed. */
bool dns_name_equal(struct bytes a, struct bytes b);

/* Says whether wire is exactly one uncompressed name. */
bool dns_name_valid(struct bytes wire);

#endif
