/*
 * Knows the words that people write above the columns of their lists, in several languages, and how much a
 * cell looks like a name. Pure. Private to input/.
 */
#ifndef STSWEEP_INPUT_WORDS_H
#define STSWEEP_INPUT_WORDS_H

#include "input/csv.h"

enum word_kind { WORD_DOMAIN, WORD_RANK, WORD_LABEL };

/* Returns the column whose cell is a word of this kind, the best of several; -1 if there is none. next is 0,
 * then the value that the last call left, for the next best. */
int words_find(const struct csv_row *row, enum word_kind kind, size_t *next);

enum word_alone {
    WORD_UNKNOWN,
    WORD_IS_HEADER, /* above a list of names, it is no name itself */
    WORD_MAY_BE_TLD /* it is a top-level domain too */
};

/* Says what a cell is that stands alone in the first line. */
enum word_alone words_alone(struct bytes cell);

/* Says whether a cell of several labels is the name of a column all the same, as t.domain is. */
bool words_are_dotted(struct bytes cell);

/* Says whether the cell says that web origins stand below it. */
bool words_are_origin(struct bytes cell);

/* Says whether a name is what databases and spreadsheets write for no value. */
bool words_are_no_value(const char *domain);

enum { NOT_NAMED = 0, LIKE_A_NAME = 1, NAMED = 2 };

/* Says how much a cell speaks for its column: whether it is a name of two labels or more, or was meant as
 * one (an e-mail address, a URL, an IP address). */
unsigned words_weight(struct bytes cell);

#endif
