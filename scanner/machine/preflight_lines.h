/*
 * Makes the lines that a look at this machine leaves: preflight prints them, and meta.json keeps them.
 */
#ifndef STSWEEP_MACHINE_PREFLIGHT_LINES_H
#define STSWEEP_MACHINE_PREFLIGHT_LINES_H

#include "scanner/machine/preflight.h"

/* Adds a line, empty so far; returns its text, to be filled by preflight_append. */
char *preflight_add(struct preflight *preflight, const char *name, bool ok);

/* Appends to a line's text; what does not fit is cut. */
void preflight_append(char text[PREFLIGHT_TEXT_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Gives the next item of a list that is separated by commas and spaces; false at its end. One too long is
 * cut. */
enum { PREFLIGHT_NAME_BYTES = 256 };
bool preflight_item(const char **list, char item[PREFLIGHT_NAME_BYTES]);

#endif
