/* "looks" and "one_look" out of a domain record's JSON: the mirror of output/json/json_looks. Pure. */
#ifndef STSWEEP_READBACK_FACTS_LOOKS_H
#define STSWEEP_READBACK_FACTS_LOOKS_H

#include "output/readback/facts_fields.h"

void read_looks(struct read_fields *read, const struct json_node *root, struct domain_facts *facts);

#endif
