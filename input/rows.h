/*
 * Makes a row of CSV of lines: of one, or of several if a quoted cell goes over their ends (RFC 4180 section
 * 2). A quote that is never closed costs its own line, not those behind it. Pure. Private to input/.
 */
#ifndef STSWEEP_INPUT_ROWS_H
#define STSWEEP_INPUT_ROWS_H

#include "input/csv.h"
#include "input/lines.h"

enum { ROW_BYTES = 4 * LINE_BYTES, ROW_LINES = 64 };

/* The room that a row takes; its cells point into it. */
struct rows {
    uint8_t text[ROW_BYTES];
    uint8_t scratch[ROW_BYTES];
};

/* Splits the row that begins in lines[0] and returns how many lines it takes. 0: they end within it, more may
 * come (last is false), and the row may still become one. What is no row is lines[0] alone, malformed. */
size_t rows_take(struct rows *rows, const struct line *lines, size_t count, bool last, uint8_t separator,
                 struct csv_row *row);

#endif
