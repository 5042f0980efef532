/* Begins and ends the reading of a record of any kind. Private to output/readback/facts_*. Pure. */
#ifndef STSWEEP_READBACK_FACTS_LINE_H
#define STSWEEP_READBACK_FACTS_LINE_H

#include "output/readback/facts_fields.h"

/* Parses the line into its tree, and checks that its schema is known. */
enum error facts_line_start(struct bytes line, struct arena *arena, struct read_fields *read,
                            const struct json_node **root, struct buf *why);

/* Returns the error that the reads came to, if any. */
enum error facts_line_end(const struct read_fields *read);

#endif
