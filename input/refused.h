/*
 * Knows what people give in the place of a list (a hosts file, JSON, a spreadsheet, a page that says that
 * there is none) by its first lines, and the command that makes a list of it. Pure. Private to input/.
 */
#ifndef STSWEEP_INPUT_REFUSED_H
#define STSWEEP_INPUT_REFUSED_H

#include "input/lines.h"
#include "scanner/base/buf.h"

enum { REFUSED_TEXT_BYTES = 400, REFUSED_COMMAND_BYTES = 160 };

/* Why a list is not read. */
struct refused {
    uint64_t line; /* at which; 0 for the whole of it */
    char text[REFUSED_TEXT_BYTES];
    char command[REFUSED_COMMAND_BYTES]; /* makes a list of %f, or of %s or a pipe; "" for none */
};

/* Says it of the whole. */
void refused_say(struct refused *refused, const char *command, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Tells whether the lines are of no list. Only of bytes that none holds if text_too is false. */
bool refused_look(const struct line *lines, size_t count, bool text_too, struct refused *refused);

/* Writes why the list of this path is not read, with the command line that would mend it. unpacker is what
 * unpacks the file ("zcat"), or "". */
void refused_write(const struct refused *refused, const char *path, const char *unpacker, struct buf *why);

#endif
