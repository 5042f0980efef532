/*
 * Why a scan does not start, or cannot go on: told before anybody is contacted where it can be, and said in a
 * line that names the file, the option or the directory.
 */
#ifndef STSWEEP_SCAN_REFUSAL_H
#define STSWEEP_SCAN_REFUSAL_H

#include <stdio.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/config/config.h"
#include "scanner/scan/scan.h"

/* Whether every input could be read and the scan directory be made, or gone on with. Makes and changes
 * nothing. ERR_RULES where other rules than this program's began what is to be gone on with. ERR_NOT_FOUND or
 * ERR_EXISTS is for the command line to mend; ERR_IO and ERR_FULL are not. */
enum error refusal_check(const struct scan_request *request, const struct config *config, struct buf *why);

/* True for ERR_OK; else a line about it (further ones are indented). what is NULL where *why names its file
 * or option itself: a general error's own text would add nothing to it. */
bool refusal_say(const char *what, enum error error, const struct buf *why, FILE *out);

#endif
