/*
 * Reads a group of facts from its JSON by the table of fields (scanner/facts/fields.def). Pure. Fields that
 * the table leaves to code are read by facts_groups, facts_host and facts_read.
 */
#ifndef STSWEEP_READBACK_FACTS_WALK_H
#define STSWEEP_READBACK_FACTS_WALK_H

#include "output/readback/facts_fields.h"
#include "scanner/facts/fields.h"

/*
 * Fills in the members of *facts that group has keys for; the others stay as they are. A member that object
 * (NULL: an empty one) lacks is zero, NULL, or the row's `missing`; or it is a fault, if it must be there.
 */
void read_group(struct read_fields *read, const struct json_node *object, const struct field_group *group,
                void *facts);

/* Reads one of the words of an enum; `missing` if none stands there. */
unsigned read_word(struct read_fields *read, const struct json_node *object, const char *key,
                   const struct field_words *words, unsigned missing);

#endif
