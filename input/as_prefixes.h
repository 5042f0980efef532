/*
 * Reads a file of prefixes and the AS numbers that announce them (safety.as_prefixes), for the AS numbers of
 * an opt-out list. The forms that operators have are told line by line:
 *
 *   192.0.2.0/24 64500, 192.0.2.0/24,AS64500   prefix and AS number, or the other way round, between blanks,
 *                                               tabs, commas, semicolons or bars; further columns do not
 * count 192.0.2.0 <tab> 24 <tab> 64500_64501        CAIDA's pfx2as, with several origins or a set 64500 <tab>
 * 192.0.2.0/24 <tab> 250          RIPE's riswhoisdump; {64500,64501} is a set
 *
 * A prefix of a listed AS number that is too wide to be a network's (ip_prefix_is_too_wide) is refused.
 * Lines that begin with # or % or are blank do not count, nor does a header. Of all prefixes only those are
 * kept whose AS number is listed, so that memory does not grow with the file. It may be packed (gzip, zstd).
 */
#ifndef STSWEEP_INPUT_AS_PREFIXES_H
#define STSWEEP_INPUT_AS_PREFIXES_H

#include "scanner/base/buf.h"
#include "scanner/base/bytes.h"
#include "scanner/base/error.h"
#include "scanner/facts/optout.h"

enum { AS_ORIGINS_MOST = 64 };

struct as_prefix {
    struct ip_prefix prefix;
    uint32_t origins[AS_ORIGINS_MOST]; /* further ones are an error */
    size_t origin_count;
};

/* Reads a number as in 64500, AS64500 or 1.10 (RFC 5396). false: it is none from 1 to 4294967295. */
bool as_number_parse(struct bytes text, uint32_t *asn);

/* Reads a line that has data. Returns NULL, or why it cannot be read. Pure. */
const char *as_prefix_parse(struct bytes line, struct as_prefix *found);

/* Adds what the file says of the AS numbers that are listed, before optout_finish. On failure *why says
 * "file:line: reason". */
enum error as_prefixes_read(const char *path, struct optout *optout, struct buf *why);

#endif
