/* Writes looks of earlier passes (TLS-7) as JSON, which the table of fields reads again. Pure. */
#ifndef STSWEEP_JSON_JSON_LOOKS_H
#define STSWEEP_JSON_JSON_LOOKS_H

#include "output/json/json_write.h"
#include "scanner/facts/record.h"

/* Writes "looks": […], nothing if there are none; and "one_look". */
void json_looks(struct json *json, const struct domain_facts *facts, const struct judgement *judgement);

#endif
