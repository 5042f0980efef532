/* The look for records at the wrong name as JSON. Pure. */
#ifndef STSWEEP_JSON_JSON_NEARMISS_H
#define STSWEEP_JSON_JSON_NEARMISS_H

#include "output/json/json_write.h"
#include "scanner/facts/record.h"

/* "near_miss": {…}; nothing where it was not looked for. What was asked, and every RR that stands there; what
 * it means is among the findings of txt and tlsrpt. */
void json_near_miss(struct json *json, const struct near_miss_facts *found);

#endif
