/*
 * CSV (RFC 4180, one row a line; also with the semicolons or tabs of spreadsheets): cells, and which column
 * holds what. rank,domain[,label], domain,label and domain are told by a header's words, else by what the
 * cells of the first rows are. Pure. Private to input/.
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

/* scratch holds what was quoted: at least line.len bytes, as long alive as the row. */
void csv_split(struct bytes line, uint8_t separator, uint8_t *scratch, struct csv_row *row);

/* Indexes into csv_row.cells, -1 for none. */
struct csv_columns {
    int domain;
    int rank;
    int label;
};

/* What the cells of the first rows were. */
struct csv_census {
    size_t rows; /* of two cells or more */
    size_t widest;
    size_t names[CSV_CELLS];
    size_t numbers[CSV_CELLS];
};

/* Counts the row; true where it looks like a row of a list of domains: two cells or a quoted one, and a name,
 * an e-mail address, a URL or an IP address in one of them. */
bool csv_census_add(struct csv_census *census, const struct csv_row *row, bool quoted);

struct csv_columns csv_census_decide(const struct csv_census *census);

/* Is it a header? *columns then has what its words say; domain is -1 where they do not say. */
bool csv_header(const struct csv_row *row, struct csv_columns *columns);

/* A cell of the row, empty where there is none. */
struct bytes csv_cell(const struct csv_row *row, int column);

/* Only digits, at least one. */
bool csv_is_number(struct bytes cell);

#endif
