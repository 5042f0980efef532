/*
 * Reads a domain name as a zone file writes it (RFC 1035 section 5.1): with escapes, relative to an origin,
 * or
 * @ for the origin itself. It is kept as labels, since a name may hold bytes that no host name has. Pure.
 * Private to input/.
 */
#ifndef STSWEEP_INPUT_ZONE_NAME_H
#define STSWEEP_INPUT_ZONE_NAME_H

#include "scanner/facts/failure.h"
#include "scanner/facts/hostname.h"

enum {
    ZONE_NAME_BYTES = 255,       /* RFC 1035 section 3.1 */
    ZONE_NAME_TEXT_BYTES = 1024, /* each byte of it may be written as \DDD */
};

/* A name as the DNS sends it, in lower case: each label behind its length, the root's of 0 last. */
struct zone_name {
    uint8_t wire[ZONE_NAME_BYTES];
    size_t len; /* 0: there is no name */
};

/* Returns FAIL_NONE with the name, or the reason why the text is none. origin may be NULL for none: then
 * *is_relative says that it is what the name lacks. */
enum failure_code zone_name_read(struct bytes text, const struct zone_name *origin, struct zone_name *name,
                                 bool *is_relative);

bool zone_name_equal(const struct zone_name *a, const struct zone_name *b);

/* Tells whether the name lies strictly below the other. */
bool zone_name_is_below(const struct zone_name *name, const struct zone_name *above);

/* Writes the name as hostname_normalize has it. FAIL_INPUT_BAD_NAME if it is none of a host or a domain: the
 * root, or one with bytes that those do not have, or with a number as its last label. */
enum failure_code zone_name_write(const struct zone_name *name, char out[HOSTNAME_BYTES]);

#endif
