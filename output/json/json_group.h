/* Writes what is counted of a group of domains: a line of `show --by … --json`, an element of summary.json.
 */
#ifndef STSWEEP_JSON_JSON_GROUP_H
#define STSWEEP_JSON_JSON_GROUP_H

#include "output/json/json_write.h"
#include "scanner/facts/group.h"

/* Writes one object, an element or the whole value. with_kind: it says the kind as "by". */
void json_group(struct json *json, const struct group_row *row, bool with_kind);

#endif
