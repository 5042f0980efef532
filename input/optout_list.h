/*
 * Reads the opt-out list: a domain, a suffix with a leading dot or a prefix a line, comments with #.
 */
#ifndef STSWEEP_INPUT_OPTOUT_LIST_H
#define STSWEEP_INPUT_OPTOUT_LIST_H

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/facts/optout.h"

/* Reads the list into *optout, ready to be asked; path "" makes an empty one. On failure *why says
 * "file:line: reason". */
enum error optout_read(const char *path, struct optout **optout, struct buf *why);

#endif
