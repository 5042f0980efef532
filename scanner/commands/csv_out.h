/*
 * Writes the CSV of every command (RFC 4180): in the style of the flags --separator and --bom, each cell as
 * base/csv has it, so that no spreadsheet takes it for a formula or for two cells, whatever the separator.
 */
#ifndef STSWEEP_COMMANDS_CSV_OUT_H
#define STSWEEP_COMMANDS_CSV_OUT_H

#include <stdint.h>
#include <stdio.h>

#include "scanner/base/buf.h"
#include "scanner/commands/flags.h"

/* What the flags say. */
struct csv_style {
    char separator; /* 0: not given, a comma */
    bool bom; /* U+FEFF comes first: some spreadsheets take a file without it for one that is no UTF-8 */
};

/* Returns a word for a separator, NULL behind the last. */
const char *csv_style_word(size_t index);

/* Takes --separator or --bom; nothing of another flag. False with a fault if the value is no separator. */
bool csv_style_take(struct csv_style *style, enum flag flag, struct flags *flags);

/* Is the style of use? False with a fault if it was given and there is no CSV. */
bool csv_style_fits(const struct csv_style *style, bool is_csv, struct flags *flags);

struct csv_out {
    FILE *out;
    char separator;
    struct buf row; /* so far */
    bool follows;   /* a cell of the row came before */
};

/* Begins a table on out, which outlives it: writes the byte order mark if there is to be one. */
void csv_out_begin(struct csv_out *csv, FILE *out, const struct csv_style *style);
void csv_out_dispose(struct csv_out *csv); /* one that was never begun, all zeros, is fine */

/* Add a cell to the row. What is no text (json_is_text) stands as its base64. */
void csv_out_cell(struct csv_out *csv, struct bytes cell);
void csv_out_text(struct csv_out *csv, const char *text);
void csv_out_number(struct csv_out *csv, uint64_t number);

/* Add three cells that say in words what stands in a cell of codes, which blanks part: why, who mends it and
 * what mends it. Several codes have a part each, in their order, with CSV_OUT_BETWEEN between; that of a code
 * that this program does not know is empty. The head names the columns. */
#define CSV_OUT_BETWEEN " | "
void csv_out_words_head(struct csv_out *csv);
void csv_out_words(struct csv_out *csv, struct bytes codes);

/* Ends the row and writes it. An error stays in the FILE. */
void csv_out_end_row(struct csv_out *csv);

#endif
