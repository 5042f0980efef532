/*
 * Unpacks one member of a gzip file (RFC 1952) after the other, in steps, and checks lengths and sums. It is
 * made over ISA-L if the machine has that, else over zlib (gunzip_isal.c, gunzip_zlib.c; the Makefile takes
 * one): most of the time that a zone file costs is spent here. Does no I/O. Private to input/.
 */
#ifndef STSWEEP_INPUT_GUNZIP_H
#define STSWEEP_INPUT_GUNZIP_H

#include "scanner/base/bytes.h"

struct gunzip;

enum gunzip_result {
    GUNZIP_MORE,    /* wants more input, or has more output */
    GUNZIP_END,     /* the member is at its end; what is left of the input is behind it */
    GUNZIP_CORRUPT, /* *reason says why: static text */
    GUNZIP_MEMORY
};

/* Returns an unpacker at the beginning of a member, which the caller owns; NULL without memory. */
struct gunzip *gunzip_new(void);
void gunzip_free(struct gunzip *gunzip);

/* Makes it ready for the next member. */
void gunzip_reset(struct gunzip *gunzip);

/* Unpacks of *in, which then begins behind what was read, into out of `room` bytes (1 to 2^31 - 1), of which
 * *len are filled. *in may be empty: there may be output of what was read before. */
enum gunzip_result gunzip_step(struct gunzip *gunzip, struct bytes *in, uint8_t *out, size_t room,
                               size_t *len, const char **reason);

#endif
