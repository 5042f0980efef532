/* Writes what both ways of diff, over two scans and over many, say of a domain in the same form. */
#ifndef STSWEEP_COMMANDS_DIFF_PARTS_H
#define STSWEEP_COMMANDS_DIFF_PARTS_H

#include "output/json/json_write.h"
#include "output/readback/compare.h"

/* Writes "hosts", those that fail and by which code; nothing if there are none. */
void diff_put_hosts(struct json *json, const struct stand *stand);

#endif
