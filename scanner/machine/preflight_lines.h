/*
 * The lines that a look at this machine leaves: what preflight says, and meta.json keeps.
 */
#ifndef STSWEEP_MACHINE_PREFLIGHT_LINES_H
#define STSWEEP_MACHINE_PREFLIGHT_LINES_H

#include "scanner/machine/preflight.h"

/* One more line, empty so far; its text, to be filled by preflight_append. */
char *preflight_add(struct preflight *preflight, const char *name, bool ok);

/* What does not fit is cut. */
void preflight_append(char text[PREFLIGHT_TEXT_BYTES], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The next item of a list that is separated by commas and spaces; false at its end. One too long is cut. */
enum { PREFLIGHT_NAME_BYTES = 256 };
bool preflight_item(const char **list, char item[PREFLIGHT_NAME_BYTES]);

#endif
