/*
 * A group of facts out of its JSON by the table of fields (scanner/facts/fields.def). Pure. What the table
 * calls by hand is read by facts_groups, facts_host and facts_read.
 */
#ifndef STSWEEP_READBACK_FACTS_WALK_H
#define STSWEEP_READBACK_FACTS_WALK_H

#include "output/readback/facts_fields.h"
#include "scanner/facts/fields.h"

/*
 * Fills in the members of *facts that group has keys for; the others stay as they are. What object (NULL: an
 * empty one) lacks is zero, NULL, or the row's `missing`; a fault where there is no such thing as none.
 */
void read_group(struct read_fields *read, const struct json_node *object, const struct field_group *group,
                void *facts);

/* One of the words of an enum; missing where none stands there. */
unsigned read_word(struct read_fields *read, const struct json_node *object, const char *key,
                   const struct field_words *words, unsigned missing);

#endif
