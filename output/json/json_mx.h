/* Writes the mx group of a domain record: the MX set, and each host with its addresses and what is said of
 * them. Pure. */
#ifndef STSWEEP_JSON_JSON_MX_H
#define STSWEEP_JSON_JSON_MX_H

#include "output/json/json_write.h"
#include "scanner/facts/record.h"

/* Writes "mx": {…}. */
void json_mx(struct json *json, const struct domain_facts *facts, const struct judgement *judgement);

#endif
