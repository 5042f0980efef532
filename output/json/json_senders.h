/* Writes as JSON what each kind of sender does. Pure. */
#ifndef STSWEEP_JSON_JSON_SENDERS_H
#define STSWEEP_JSON_JSON_SENDERS_H

#include "output/json/json_write.h"
#include "scanner/facts/record.h"

/*
 * Writes "senders": {…}, of which only what differs. If left out, dane is as mta_sts, mta_sts is as
 * opportunistic, and opportunistic is: every host takes mail, unvalidated. Writes nothing at all if nothing
 * differs, or if no mail is received.
 */
void json_senders(struct json *json, const struct domain_facts *facts, const struct judgement *judgement);

#endif
