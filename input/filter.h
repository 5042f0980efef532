/*
 * Tells which names of the lists are meant at all: those of input.only, without those of input.except. Once
 * it is made it does not change.
 */
#ifndef STSWEEP_INPUT_FILTER_H
#define STSWEEP_INPUT_FILTER_H

#include <stdbool.h>

#include "scanner/base/buf.h"
#include "scanner/base/error.h"

struct filter;

enum { FILTER_SHA256_BYTES = 65 };

/*
 * Makes the filter. only: names and .suffixes (.example.com: it and all below it) with commas between; ""
 * means all. except: a file of names and .suffixes, one a line, comments with #; "" means none. sha256 gets
 * the hex hash of the file, "" without one. ERR_CONFIG with *why if one of the two is no use, or an error of
 * files.
 */
enum error filter_create(const char *only, const char *except, struct filter **filter,
                         char sha256[FILTER_SHA256_BYTES], struct buf *why);
void filter_destroy(struct filter *filter); /* NULL is fine */

/* Is the name meant? */
bool filter_passes(const struct filter *filter, const char *domain);

#endif
