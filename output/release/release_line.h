/*
 * Makes of a stored record the line that is published: whole JSON, and without the label, which is a note of
 * the list's owner. Pure.
 */
#ifndef STSWEEP_RELEASE_RELEASE_LINE_H
#define STSWEEP_RELEASE_RELEASE_LINE_H

#include "scanner/base/buf.h"

enum release_label {
    RELEASE_NO_LABEL,    /* there is none */
    RELEASE_LABEL_CUT,   /* it is taken out */
    RELEASE_LABEL_KEPT,  /* it may be there: labels were asked for */
    RELEASE_LABEL_STAYS, /* it stands where no scan writes one, or is spelt otherwise: that is not published
                          */
    RELEASE_NO_RECORD    /* the line is no whole JSON object: nor is that */
};

/*
 * Appends the line (a record, without a \n) to out, and says what it is with its label: RELEASE_LABEL_KEPT if
 * labels are asked for, else its member "label" of the top level is left out. Readers find no label in what
 * is appended for RELEASE_NO_LABEL and RELEASE_LABEL_CUT. What is appended for the last two is not to be
 * published. ERR_LIMIT if there is no room in out, ERR_MEMORY.
 */
enum error release_line(struct bytes line, bool labels, struct buf *out, enum release_label *label);

#endif
