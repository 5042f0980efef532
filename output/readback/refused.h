/*
 * Counts what cannot be read of a stream of records, and keeps which one was the first, and why: a reader
 * goes on with the rest, and says it at the end. Pure; one thread.
 */
#ifndef STSWEEP_READBACK_REFUSED_H
#define STSWEEP_READBACK_REFUSED_H

#include <stdint.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"

enum { REFUSED_REASON_BYTES = 256 };

/* All zero at first. */
struct refused {
    uint64_t number;       /* of the record at hand, from 1 */
    uint64_t last;         /* the last that was refused; 0: none was */
    uint64_t count, first; /* how many were, and the first of them */
    char reason[REFUSED_REASON_BYTES];
};

/* Tells whether an error is the record's: it is none (ERR_SYNTAX), or past a ceiling (ERR_LIMIT). Any other
 * is of this machine or of what is done with the record. */
bool refused_is_of_record(enum error error);

/* Goes to the next record. */
void refused_next(struct refused *refused);

/* Refuses the record at hand, once however often it is called: ERR_SYNTAX or ERR_LIMIT, and why; NULL or ""
 * if the error says it. */
void refused_add(struct refused *refused, enum error error, const char *reason);

/* Appends to *why what was refused of the stream of this name; returns false if nothing was. */
bool refused_tell(const struct refused *refused, const char *stream, struct buf *why);

/* Returns why a line is none that a scan writes, as far as a glance tells: it is not within braces, or no
 * UTF-8. NULL if it may be one. */
const char *refused_shape(struct bytes line);

#endif
