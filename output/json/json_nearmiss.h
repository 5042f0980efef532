/* Writes as JSON the search for TXT records at the wrong name. Pure. */
#ifndef STSWEEP_JSON_JSON_NEARMISS_H
#define STSWEEP_JSON_JSON_NEARMISS_H

#include "output/json/json_write.h"
#include "scanner/facts/record.h"

/* Writes "near_miss": {…}; nothing if it was not looked for. It holds what was asked, and every RR that
 * stands there; what they mean is among the findings of txt and tlsrpt. */
void json_near_miss(struct json *json, const struct near_miss_facts *found);

#endif
