/*
 * Reads a body in chunks (RFC 9112 section 7.1) as its bytes come in, in pieces of any size. Pure. It reads
 * as loosely as clients agree to: blanks and CR may stand behind a chunk's size, anything in an extension,
 * and a line may end with LF alone. The body is whole with the chunk of size 0; what follows that is not
 * read.
 */
#ifndef STSWEEP_HTTPS_CHUNKS_H
#define STSWEEP_HTTPS_CHUNKS_H

#include "scanner/base/bytes.h"

enum chunks_state {
    CHUNKS_SIZE,      /* before the first digit of a size */
    CHUNKS_DIGITS,    /* among the digits of a size */
    CHUNKS_SIZED,     /* behind them, before an extension or the line's end */
    CHUNKS_EXTENSION, /* behind the semicolon, until the line ends */
    CHUNKS_DATA,
    CHUNKS_DATA_END, /* the line's end behind the data */
    CHUNKS_WHOLE,
    CHUNKS_BAD,
};

struct chunks {
    enum chunks_state state;
    unsigned digits; /* of a size, so far */
    uint64_t left;   /* bytes of the chunk that are still to come; among digits the size so far */
};

/* Returns the next run of data in *rest, and takes what was read from *rest. An empty one: nothing is left of
 * *rest, or the body has ended (CHUNKS_WHOLE, CHUNKS_BAD). A struct chunks of zeros is at its beginning. */
struct bytes chunks_take(struct chunks *chunks, struct bytes *rest);

#endif
