/* Reads the lines of files that the system writes, or whoever set it up. */
#ifndef STSWEEP_MACHINE_SYSTEM_LINE_H
#define STSWEEP_MACHINE_SYSTEM_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Gives the next line as a string without its end. One with a NUL, or of `size` bytes and more, is passed
 * over as a whole: no part of it is a line. false: there is no further line. */
static inline bool system_line(FILE *file, char *line, size_t size)
{
    size_t len = 0;
    bool fits = true;
    for (int byte = getc(file); byte != EOF; byte = getc(file)) {
        bool ends = byte == '\n';
        if (ends && fits)
            break;
        fits = ends || (fits && byte != 0 && len + 1 < size);
        if (ends)
            len = 0;
        else if (fits)
            line[len++] = (char)byte;
    }
    line[len] = 0;
    return fits && (len > 0 || feof(file) == 0);
}

#endif
