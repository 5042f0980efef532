/*
 * Splits a row of CSV into cells; form.c tells what they are, and reader.c makes names of them. It reads
 * RFC 4180, also with the separators of spreadsheets and databases. Pure. Private to input/.
 */
#ifndef STSWEEP_INPUT_CSV_H
#define STSWEEP_INPUT_CSV_H

#include "input/input.h"
#include "scanner/base/bytes.h"

struct csv_row {
    struct bytes cells[INPUT_COLUMNS]; /* trimmed; point into the row or into scratch */
    size_t count;
    bool malformed; /* a quote that is not closed, or text behind a closing one */
    bool open;      /* of these, the first: the row may go on in the next line */
};

/* Splits a row into the cells of *row. scratch holds the quoted cells: it has at least text.len bytes and
 * lives as long as the row. */
void csv_split(struct bytes text, uint8_t separator, uint8_t *scratch, struct csv_row *row);

/* Returns a cell of the row, empty if there is none. */
struct bytes csv_cell(const struct csv_row *row, int column);

/* Tells whether the cell is only digits, at least one; or digits with a point among them, as a score has. */
bool csv_is_number(struct bytes cell);
bool csv_is_decimal(struct bytes cell);

#endif
