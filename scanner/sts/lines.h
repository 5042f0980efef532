/*
 * The lines of a policy file. LF and CRLF end a line (RFC 8461 erratum 6253); so that what follows can still
 * be read and reported, a CR alone does too, and is a fault that the caller finds with lines_find_bare_cr.
 * Pure.
 */
#ifndef STSWEEP_STS_LINES_H
#define STSWEEP_STS_LINES_H

#include "scanner/base/bytes.h"

struct lines {
    struct bytes body;
    size_t at;     /* where the next line begins */
    size_t number; /* of the last line given, from 1 */
    bool after_cr; /* the last line given ended in a CR alone */
};

struct line {
    struct bytes text;   /* without what ends it */
    size_t number;       /* from 1 */
    size_t first_column; /* of text's first byte, from 1: more than 1 behind a byte order mark */
    bool after_cr;       /* a CR alone stands before it */
};

/* Steps over a byte order mark. */
struct lines lines_start(struct bytes body);

/* false at the end. A line end at the very end begins no further line. */
bool lines_next(struct lines *lines, struct line *line);

bool lines_have_bom(struct bytes body);

/* Offset of the first CR that no LF follows, or body.len. */
size_t lines_find_bare_cr(struct bytes body);

/* Where the line ends that holds the byte at offset: behind its LF, CRLF or CR, or body.len. */
size_t lines_end_of(struct bytes body, size_t offset);

/* Line and column, both from 1, of a byte of the body; what ends a line belongs to it. */
void lines_place(struct bytes body, size_t offset, size_t *line, size_t *column);

#endif
