/* Says in a line what a list was taken for. Pure. Private to input/. */
#ifndef STSWEEP_INPUT_FORM_TEXT_H
#define STSWEEP_INPUT_FORM_TEXT_H

#include "input/input.h"

/* Writes "list.csv: CSV with commas, …; first names: a.example, b.example". */
void form_describe(const char *path, const struct input_form *form, const char *const *names, size_t count,
                   struct buf *out);

/* Writes what a zone file held: "com.zone: the zone com: 9 names in 20 NS records; passed over: …". */
void form_describe_zone(const char *path, const struct input_zone *zone, uint64_t names, struct buf *out);

#endif
