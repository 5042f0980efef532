/* Looks of earlier passes (TLS-7) as JSON; read again by the table of fields. Pure. */
#ifndef STSWEEP_JSON_JSON_LOOKS_H
#define STSWEEP_JSON_JSON_LOOKS_H

#include "output/json/json_write.h"
#include "scanner/facts/record.h"

/* "looks": […], nothing where there are none; "one_look". */
void json_looks(struct json *json, const struct domain_facts *facts, const struct judgement *judgement);

#endif
