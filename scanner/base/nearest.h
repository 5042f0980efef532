/*
 * Finds the known word that a misspelt one may have been meant to be. None is named if all of them differ in
 * more than a third of the letters, and one.
 *
 *     struct nearest nearest;
 *     nearest_begin(&nearest, "protectde");
 *     nearest_offer(&nearest, "protected");   for each known word
 *     nearest_text(&nearest, rest);           "; the nearest known one is protected"
 */
#ifndef STSWEEP_BASE_NEAREST_H
#define STSWEEP_BASE_NEAREST_H

#include <stddef.h>

enum { NEAREST_WORD_BYTES = 64, NEAREST_TEXT_BYTES = 128 };

struct nearest {
    char word[NEAREST_WORD_BYTES]; /* cut there */
    char best[NEAREST_WORD_BYTES]; /* as it is named; "": none is near */
    size_t least;                  /* how far the best is */
};

void nearest_begin(struct nearest *nearest, const char *word);

/* Among equals the first that was offered stays. */
void nearest_offer(struct nearest *nearest, const char *known);

/* Offers a word that is compared as `known`, but named as `shown`. */
void nearest_offer_as(struct nearest *nearest, const char *known, const char *shown);

/* "; the nearest known one is BEST", or nothing. Returns text. */
char *nearest_text(const struct nearest *nearest, char text[NEAREST_TEXT_BYTES]);

/* How many letters must be put in, left out, replaced or swapped with their neighbour to make b from a; of
 * longer words NEAREST_WORD_BYTES are looked at. */
size_t nearest_distance(const char *a, const char *b);

#endif
