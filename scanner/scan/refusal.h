/*
 * Refuses a scan that cannot start or go on, in a line that names the file, the option or the directory. It
 * does so before anybody is contacted, if it can be told then.
 */
#ifndef STSWEEP_SCAN_REFUSAL_H
#define STSWEEP_SCAN_REFUSAL_H

#include <stdio.h>

#include "input/input.h"
#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/config/config.h"
#include "scanner/scan/scan.h"

/* Returns what the configuration says of the lists. It borrows the configuration's texts. */
struct input_asked refusal_asked(const struct config *config);

/* Checks whether every input can be read and is a list, as far as its first lines tell, and whether the scan
 * directory can be made, or gone on with. Makes and changes nothing. ERR_RULES if what is to be gone on with
 * was begun under other rules than this program's. ERR_CONFIG, ERR_NOT_FOUND or ERR_EXISTS is for the command
 * line to mend; ERR_IO and ERR_FULL are not. */
enum error refusal_check(const struct scan_request *request, const struct config *config, struct buf *why);

/* Returns true for ERR_OK; else prints a line about the error (further ones are indented). what is NULL if
 * *why names its file or option itself: a general error's own text would add nothing to it. */
bool refusal_say(const char *what, enum error error, const struct buf *why, FILE *out);

#endif
