/* What three kinds of sender do, as JSON. Pure. */
#ifndef STSWEEP_JSON_JSON_SENDERS_H
#define STSWEEP_JSON_JSON_SENDERS_H

#include "output/json/json_write.h"
#include "scanner/facts/record.h"

/*
 * "senders": {…}, of which only what differs is written. Left out, dane is as mta_sts, mta_sts is as
 * opportunistic, and opportunistic is: every host takes mail, unvalidated. Nothing at all where nothing
 * differs, and where no mail is received.
 */
void json_senders(struct json *json, const struct domain_facts *facts, const struct judgement *judgement);

#endif
