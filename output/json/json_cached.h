/* Writes as JSON the policy that senders may have in their caches, and what follows from it. Pure. */
#ifndef STSWEEP_JSON_JSON_CACHED_H
#define STSWEEP_JSON_JSON_CACHED_H

#include "output/json/json_write.h"
#include "scanner/facts/record.h"

/* Writes "cached": {…}; nothing if no earlier scan saw a policy that is still alive. */
void json_cached(struct json *json, const struct domain_facts *facts, const struct judgement *judgement);

/* Writes the fields of the policy itself, the facts, into the object that is open. */
void json_cached_policy(struct json *json, const struct cached_policy *policy);

#endif
