/*
 * Splits a policy file into lines. LF and CRLF end a line (RFC 8461 erratum 6253). A CR alone does too, so
 * that the rest can still be read and reported; it is a fault that the caller finds with lines_find_bare_cr.
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
    struct bytes text;   /* without the line end */
    size_t number;       /* from 1 */
    size_t first_column; /* of text's first byte, from 1: more than 1 behind a byte order mark */
    bool after_cr;       /* a CR alone ends the line before it */
};

/* Starts at the first line, behind a byte order mark if there is one. */
struct lines lines_start(struct bytes body);

/* Gives the next line; false at the end. A line end at the very end begins no further line. */
bool lines_next(struct lines *lines, struct line *line);

bool lines_have_bom(struct bytes body);

/* Returns the offset of the first CR that no LF follows, or body.len. */
size_t lines_find_bare_cr(struct bytes body);

/* Returns the end of the line that holds the byte at offset: behind its LF, CRLF or CR, or body.len. */
size_t lines_end_of(struct bytes body, size_t offset);

/* Finds the line and column, both from 1, of a byte of the body; a line end belongs to its line. */
void lines_place(struct bytes body, size_t offset, size_t *line, size_t *column);

#endif
