/* How every kind of record begins to be read and ends; private to output/readback/facts_*. Pure. */
#ifndef STSWEEP_READBACK_FACTS_LINE_H
#define STSWEEP_READBACK_FACTS_LINE_H

#include "output/readback/facts_fields.h"

/* The line's tree, of a schema that is known. */
enum error facts_line_start(struct bytes line, struct arena *arena, struct read_fields *read,
                            const struct json_node **root, struct buf *why);

/* What the reads came to. */
enum error facts_line_end(const struct read_fields *read);

#endif
