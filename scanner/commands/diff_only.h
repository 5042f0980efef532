/* Names what --only of diff tells, beside everything. */
#ifndef STSWEEP_COMMANDS_DIFF_ONLY_H
#define STSWEEP_COMMANDS_DIFF_ONLY_H

#include <stddef.h>

enum diff_only { DIFF_ALL, DIFF_WORSE, DIFF_TWICE, DIFF_ONLY_COUNT };

/* DIFF_ALL: no value of --only is called so. */
enum diff_only diff_only_find(const char *word);

/* Returns the value of --only with this index, from 0; NULL if there are no more. */
const char *diff_only_word(size_t index);

#endif
