/*
 * Writes records as JSON, one line each. Pure. What peers sent is made valid JSON: text that is UTF-8 without
 * control characters other than \t \r \n stands as it is; any other is written as an object {"base64": "…"}
 * in its place. Schema: docs/schema.json.
 */
#ifndef STSWEEP_JSON_JSON_H
#define STSWEEP_JSON_JSON_H

#include "scanner/base/buf.h"
#include "scanner/facts/record.h"

/* Each appends one object and a newline; false (and *out as before) if out's ceiling or memory is reached. */
bool json_domain(struct buf *out, const struct domain_facts *facts, const struct judgement *judgement);
bool json_host(struct buf *out, const struct probe_facts *probe, enum failure_code code);
bool json_cert(struct buf *out, const struct cert_facts *cert);
bool json_reject(struct buf *out, const struct reject_line *reject);

#endif
