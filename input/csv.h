/*
 * Splits a line of CSV into cells and tells which column holds what; reader.c makes names of them. It reads
 * RFC 4180, one row a line, also with the semicolons or tabs of spreadsheets. rank,domain[,label],
 * domain,label and domain are told apart by a header's words, else by the cells of the first rows. Pure.
 * Private to input/.
 */
#ifndef STSWEEP_INPUT_CSV_H
#define STSWEEP_INPUT_CSV_H

#include "scanner/base/bytes.h"

enum { CSV_CELLS = 32 }; /* further cells of a row are not looked at */

struct csv_row {
    struct bytes cells[CSV_CELLS]; /* trimmed; point into the line or into scratch */
    size_t count;
    bool malformed; /* a quote that is not closed in its line, or text behind a closing one */
};

/* Splits a line into the cells of *row. scratch holds the quoted cells: it has at least line.len bytes and
 * lives as long as the row. */
void csv_split(struct bytes line, uint8_t separator, uint8_t *scratch, struct csv_row *row);

/* The columns are indexes into csv_row.cells, -1 for none. */
struct csv_columns {
    int domain;
    int rank;
    int label;
};

/* A census counts what the cells of the first rows are, by column. */
struct csv_census {
    size_t rows; /* of two cells or more */
    size_t widest;
    size_t names[CSV_CELLS];
    size_t numbers[CSV_CELLS];
};

/* Counts the row; true if it looks like a row of a list of domains: two cells or a quoted one, and a name, an
 * e-mail address, a URL or an IP address in one of them. */
bool csv_census_add(struct csv_census *census, const struct csv_row *row, bool quoted);

struct csv_columns csv_census_decide(const struct csv_census *census);

/* Tells whether the row is a header. *columns then has what its words say; domain is -1 if they do not
 * say. */
bool csv_header(const struct csv_row *row, struct csv_columns *columns);

/* Returns a cell of the row, empty if there is none. */
struct bytes csv_cell(const struct csv_row *row, int column);

/* Tells whether the cell is only digits, at least one. */
bool csv_is_number(struct bytes cell);

#endif
