/* Reads a line of a plain list: one name a line, comments with #. Pure. Private to input/. */
#ifndef STSWEEP_INPUT_PLAIN_H
#define STSWEEP_INPUT_PLAIN_H

#include "scanner/base/bytes.h"

/* Tells whether the line holds anything beside whitespace and a comment that begins it. */
bool plain_has_data(struct bytes line);

/* Returns the text before a comment (# behind whitespace), trimmed. */
struct bytes plain_name(struct bytes line);

#endif
