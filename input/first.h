/*
 * Tells where the first so many different names of a list end: the limit. It knows the names that it has seen
 * by 128 bits of a hash, in 16 bytes a name, at most half of its table full. One thread.
 */
#ifndef STSWEEP_INPUT_FIRST_H
#define STSWEEP_INPUT_FIRST_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/base/error.h"

struct first;

/* NULL: out of memory. limit: above 0. */
struct first *first_create(uint64_t limit);
void first_destroy(struct first *first); /* NULL is fine */

/* Gives the next name of the list. *within: it is not behind the name with which the limit is reached; what
 * is behind it is not, be it a name that was there before. ERR_MEMORY. */
enum error first_take(struct first *first, const char *name, bool *within);

#endif
