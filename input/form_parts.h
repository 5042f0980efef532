/* The parts of form.c: what the first lines hold, as rows of CSV and as names. Pure. Private to form*.c. */
#ifndef STSWEEP_INPUT_FORM_PARTS_H
#define STSWEEP_INPUT_FORM_PARTS_H

#include "input/form.h"

bool form_holds_data(const struct line *line);

/* Returns the first line from `from` on that holds data, or how many there are. */
size_t form_first_data(const struct form_sample *sample, size_t from);

/* ---- several names a line ------------------------------------------------------------------------------ */

/* Are there several names on a line? UNSURE_NAMES: or columns of them. */
enum names_answer { NOT_NAMES, SURE_NAMES, UNSURE_NAMES };

enum names_answer form_are_names(const struct form_sample *sample, size_t from);

/* ---- rows ---------------------------------------------------------------------------------------------- */

/* The census counts what the cells of rows are, by column. */
struct census {
    size_t rows;    /* of two cells or more */
    size_t singles; /* of one */
    size_t widest;
    size_t weights[INPUT_COLUMNS];
    size_t names[INPUT_COLUMNS]; /* cells that are names, or were meant as one */
    size_t full_names[INPUT_COLUMNS];
    size_t numbers[INPUT_COLUMNS];
    size_t decimals[INPUT_COLUMNS];
    size_t single_names;
    size_t listed; /* rows that are of a list of domains: two cells or a quoted one, and a name in one */
};

/* Takes the row at *at, and moves *at behind it and behind what holds no data. */
void form_take_row(const struct form_sample *sample, size_t *at, uint8_t separator, struct csv_row *row);

struct census form_census(const struct form_sample *sample, size_t from, uint8_t separator);

bool form_is_numeric(const struct census *census, int column);

/* Returns the column beside the domain that is neither the rank, nor of scores, nor beyond the known layouts.
 */
int form_label_beside(const struct input_columns *columns, const struct census *census, size_t width);

int form_column_of_names(const struct census *census);

/* Returns what the cells say of the columns. */
struct input_columns form_columns_by_cells(const struct census *census);

#endif
