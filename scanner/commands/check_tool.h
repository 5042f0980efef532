/*
 * Tells of a check in the forms for tools (output/explain/tool.h): `stsweep check --format`. A tool that
 * waits for a text gets one whatever happened, as long as the command line was of use.
 */
#ifndef STSWEEP_COMMANDS_CHECK_TOOL_H
#define STSWEEP_COMMANDS_CHECK_TOOL_H

#include <stdio.h>

#include "output/explain/tool.h"

/* Appends a domain; false if it does not fit. */
bool check_tool_put(struct buf *text, enum tool_form form, const struct domain_facts *facts,
                    const struct judgement *judgement, enum tool_verdict verdict);

/* Prints the texts of all domains, and what stands around them. One without a text was left out by the
 * opt-out list. names: as they were given; lenient: as of input.lenient. An error stays in out. */
struct check_told {
    enum tool_form form;
    const char *const *names;
    size_t count;
    bool lenient;
};
void check_tool_print(const struct check_told *told, const struct buf *texts, FILE *out);

/* Prints for each domain that this machine kept it from being looked at, and why. */
void check_tool_print_machine(const struct check_told *told, const char *why, FILE *out);

#endif
