/*
 * Tells how a list is to be read, from its first lines: a name a line, several, or CSV with which columns. A
 * name that would be lost in silence is worse than a question: what could be two things is refused, with the
 * option that decides. Pure. Private to input/.
 */
#ifndef STSWEEP_INPUT_FORM_H
#define STSWEEP_INPUT_FORM_H

#include "input/refused.h"
#include "input/rows.h"

/* The first lines of a list. Some may hold no data. */
struct form_sample {
    const struct line *lines;
    size_t count;
    struct rows *rows; /* room to work in */
};

/* Tells the form. false: it is no list, or not sure, and *refused says why. */
bool form_decide(const struct input_asked *asked, const struct form_sample *sample, struct input_form *form,
                 struct refused *refused);

/* Tells whether the lines are of a zone file. If they are of one that cannot be read, *refused says why and
 * has a text. */
bool form_is_zone(const struct form_sample *sample, struct refused *refused);

/* Takes the next of several words on a line, without quotes around it; empty at the end. */
struct bytes form_next_word(struct bytes *rest);

/* Returns what stands behind "mydestination =", or the whole line, trimmed, if there is no such key. */
struct bytes form_behind_key(struct bytes line);

#endif
