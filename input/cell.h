/* Reads what stands in a cell of a list, beside the name or as one. Pure. Private to input/. */
#ifndef STSWEEP_INPUT_CELL_H
#define STSWEEP_INPUT_CELL_H

#include <stdint.h>

#include "scanner/base/bytes.h"

enum { CELL_LABEL_BYTES = 255 };

/* Copies a label, cut at a code point's start, into out and returns it; NULL for an empty cell. A line's end
 * in it becomes a blank; what is no UTF-8 counts as ISO 8859-1. */
const char *cell_label(struct bytes label, char out[CELL_LABEL_BYTES + 1]);

/* Returns the rank, or 0 if the cell is none. */
uint32_t cell_rank(struct bytes cell);

/* Tells whether the text is a web origin (RFC 6454 section 6.2): a scheme and a host, and nothing behind the
 * host but its port. */
bool cell_is_origin(struct bytes text);

#endif
