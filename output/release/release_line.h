/* Takes the label, which is a note of the list's owner, out of a domain record. Pure. */
#ifndef STSWEEP_RELEASE_RELEASE_LINE_H
#define STSWEEP_RELEASE_RELEASE_LINE_H

#include "scanner/base/buf.h"

/* Appends the line (a JSON object, without a \n) to out without its member "label" of the
 * top level. Returns whether there was one. A line that is none is appended as it is. */
bool release_cut_label(struct bytes line, struct buf *out);

#endif
