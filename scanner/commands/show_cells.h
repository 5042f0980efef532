/*
 * Reads a record as cells, one for each column of its kind, without building a tree. It says which cells a
 * request lets through, and prints them. Pure but for the FILE that is written to.
 */
#ifndef STSWEEP_COMMANDS_SHOW_CELLS_H
#define STSWEEP_COMMANDS_SHOW_CELLS_H

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/commands/csv_out.h"
#include "scanner/commands/show.h"
#include "scanner/facts/failure.h"

enum { SHOW_COLUMNS = 22, SHOW_CELL_BYTES = 64 << 10 };

struct show_cells {
    enum show_kind kind;
    struct buf cells[SHOW_COLUMNS]; /* a list's elements with a space between */
    uint32_t wanted;                /* bit i: column i is read */
    uint32_t seen;                  /* and it has been; once all have, the line is read no further */
};

void show_cells_init(struct show_cells *cells, enum show_kind kind);
void show_cells_dispose(struct show_cells *cells);

/* Makes it read those columns alone that the request's filters look at, and the outcome. Of a line that is no
 * record further on nothing is noticed then. */
void show_cells_for_filters(struct show_cells *cells, const struct show_request *request);

/* Reads a line's cells. ERR_SYNTAX if line is no JSON object. */
enum error show_cells_read(struct show_cells *cells, struct bytes line);

/* Returns the cell of a column; "" if the kind has none of this name. */
struct bytes show_cell(const struct show_cells *cells, const char *column);

/* Returns the outcome in a domain record's cells as enum outcome; 0 for none that is known. */
unsigned show_cells_outcome(const struct show_cells *cells);

/* Returns cached.refused or cached.partial if a domain record's cells have one; else FAIL_NONE. */
enum failure_code show_cells_cached(const struct show_cells *cells);

/* Do the filters let it through? */
bool show_cells_pass(const struct show_cells *cells, const struct show_request *request);

/* Prints a row of CSV: a kind's columns, and its codes in words (csv_out_words). */
void show_csv_head(struct csv_out *csv, enum show_kind kind);
void show_csv_line(struct csv_out *csv, const struct show_cells *cells);

/* Prints a line for a person: printable ASCII, other bytes as \DDD. It has width columns at most (0: any): a
 * narrow one leaves out DANE and TLS and shows fewer codes, and what does not fit even so is cut with a >. */
void show_text_line(FILE *out, const struct show_cells *cells, size_t width);

#endif
