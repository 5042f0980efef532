/*
 * Tells of stored domain records in the forms for tools (output/explain/tool.h): `stsweep show --format`. It
 * says what their codes mean; what was seen of each stands in the records.
 */
#ifndef STSWEEP_COMMANDS_SHOW_TOOL_H
#define STSWEEP_COMMANDS_SHOW_TOOL_H

#include "output/explain/tool.h"
#include "scanner/commands/show_cells.h"

/* Print what comes before all domains, a domain record's cells, and what comes behind. A domain fails as one
 * of `check` does, by the request's --fail-on. An error stays in out. */
void show_tool_head(FILE *out, const struct show_request *request);
void show_tool_record(FILE *out, const struct show_request *request, const struct show_cells *cells);
void show_tool_foot(FILE *out, const struct show_request *request);

#endif
