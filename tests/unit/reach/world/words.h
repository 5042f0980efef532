/*
 * The words of a world's file: a line is one statement, its words stand apart by blanks; "words in quotes"
 * are one; what follows a ; is for the reader. `each 1-40 STATEMENT` is forty statements, with the number for
 * every # in them.
 */
#ifndef TESTS_REACH_WORLD_WORDS_H
#define TESTS_REACH_WORLD_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/base/arena.h"

struct line {
    struct line *next;
    unsigned number;
    char **words;
    size_t count;
};

/* The statements of a text, in their order; NULL and *wrong, the number of a line, where it cannot be read.
 * Those of an empty text: NULL, and 0. */
struct line *words_read(const char *text, struct arena *arena, unsigned *wrong);

/* "3s", "250ms", "1h30m", "0" in microseconds. */
bool words_time(const char *text, int64_t *us);

/* "KEY=VALUE": the value, where the word is of this key; else NULL. */
const char *words_value(const char *word, const char *key);

bool words_number(const char *text, int64_t *number);

#endif
