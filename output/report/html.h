/*
 * Writes pieces of an HTML page. Whatever text comes from outside goes through html_text, in which nothing is
 * markup and nothing hides: what may not be shown (base/utf8.h) stands there as \xNN. Errors stay with the
 * stream (ferror).
 */
#ifndef STSWEEP_REPORT_HTML_H
#define STSWEEP_REPORT_HTML_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "scanner/base/bytes.h"

/* Write text, also within the quotes of an attribute. */
void html_text(FILE *out, struct bytes text);
void html_string(FILE *out, const char *text);

/* Writes 1,234,567. */
void html_count(FILE *out, uint64_t count);

/* Writes 12.3 %, or "-" of nothing. What is not 0 never reads as 0, and what is not all never as 100. */
void html_share(FILE *out, uint64_t part, uint64_t whole);

/* A flag of a command with its value; NULL: it was not given. */
struct html_flag {
    const char *name; /* "--except" */
    const char *value;
};

/* Writes a command to type, as code: "stsweep show ", what stands behind it, and the flags that were given;
 * dir and values are quoted for a shell. */
void html_command(FILE *out, const char *dir, const char *rest, const struct html_flag *flags, size_t count);

/* Writes likewise "stsweep diff OLD NEW --json", the flags, and what takes some of its lines. */
void html_diff_command(FILE *out, const char *old, const char *new, const struct html_flag *flags,
                       size_t count, const char *filter);

/* ---- tables -------------------------------------------------------------------------------------------- */

/* A column; numbers stand at the right and are sorted as such. */
struct html_column {
    const char *head;
    bool is_number;
};

/* Begins a table. can_filter: the page's script may offer to filter its rows; all of them can be sorted. */
void html_table_begin(FILE *out, const char *caption, const struct html_column *columns, size_t count,
                      bool can_filter);
void html_table_end(FILE *out);

void html_row_begin(FILE *out);
void html_row_end(FILE *out);
void html_cell(FILE *out, struct bytes text);
void html_cell_string(FILE *out, const char *text);
void html_cell_count(FILE *out, uint64_t count);
void html_cell_share(FILE *out, uint64_t part, uint64_t whole);

/* ---- charts -------------------------------------------------------------------------------------------- */

struct html_bar {
    const char *name; /* told and shown beside it */
    const char *kind; /* of its colour: a class of page.css, "good", "bad", … */
    uint64_t count;
};

/* Draws a row of bars one below the other, each with its name and number, as inline SVG that a screen reader
 * reads as its title and text. */
void html_bars(FILE *out, const char *title, const struct html_bar *bars, size_t count, uint64_t whole);

#endif
