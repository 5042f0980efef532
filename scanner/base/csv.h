/* Tells how a text becomes a cell of CSV (RFC 4180) that no spreadsheet takes for a formula. Pure. */
#ifndef STSWEEP_BASE_CSV_H
#define STSWEEP_BASE_CSV_H

#include "scanner/base/buf.h"
#include "scanner/base/bytes.h"

struct csv_form {
    bool is_formula; /* a ' goes before it, within the quotes */
    bool is_quoted;
};

/*
 * A spreadsheet takes for a formula what begins with = + - @ or with one of these in full width, be it behind
 * blanks and ends of lines, which some drop. Quotes are for separators (comma, semicolon, tab), quotes and
 * ends of lines, and for formulas.
 */
struct csv_form csv_form_of(struct bytes cell);

/* Appends the cell in its form. False if the buffer's ceiling is reached. */
bool csv_put(struct buf *out, struct bytes cell);

#endif
