/* Writes what both ways of diff, over two scans and over many, say of a domain in the same form. */
#ifndef STSWEEP_COMMANDS_DIFF_PARTS_H
#define STSWEEP_COMMANDS_DIFF_PARTS_H

#include <stdio.h>

#include "output/json/json_write.h"
#include "output/readback/causes.h"
#include "output/readback/worse_groups.h"

/* Writes "hosts", those that fail and by which code; nothing if there are none. */
void diff_put_hosts(struct json *json, const struct stand *stand);

/* Writes "causes": "at", the name of a host or of a record, and "code"; nothing if there are none. */
void diff_put_causes(struct json *json, const struct causes *causes);

/* Prints the largest groups, once all are counted: "12 domains got worse with the MX host mx.example"; verb:
 * "got worse". Errors as of worse_groups_end. */
enum error diff_put_worse(FILE *out, const char *verb, struct worse_groups *worse, struct buf *why);

#endif
