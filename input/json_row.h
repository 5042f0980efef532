/*
 * Reads a line of a list of JSON lines: an object, with the name or names of domains in one of its fields,
 * and perhaps a rank and a label in others. A field is named by its key, or by two with a dot between them:
 * that of an object and that within it. Pure. Private to input/.
 */
#ifndef STSWEEP_INPUT_JSON_ROW_H
#define STSWEEP_INPUT_JSON_ROW_H

#include "input/form.h"

enum { JSON_ROW_NAMES = 64 };

struct json_row {
    struct bytes names[JSON_ROW_NAMES]; /* point into room */
    size_t count;
    bool more; /* there are further names, which are not here */
    struct bytes rank, label;
};

/* Takes a line apart. room: for the texts of the row, as many bytes as the line has. false: it is no object,
 * or has no text in the field. */
bool json_row_take(struct bytes line, const char *field, uint8_t *room, struct json_row *row);

/* Tells whether the lines are objects, one a line, that hold names, and in which field: the one that is asked
 * for, else the one that is called as names of domains are, else the only one that holds any. false with
 * nothing in *refused: they are not; with a reason: they are, and it cannot be told, or the field that is
 * asked for is not there. */
bool form_is_json(const struct form_sample *sample, const struct input_asked *asked, struct input_form *form,
                  struct refused *refused);

#endif
