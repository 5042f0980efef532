/*
 * Runs `stsweep merge`: joins the directories of names with those of probes, judges, and writes a scan
 * directory (docs/internals/stages.md).
 */
#ifndef STSWEEP_STAGES_MERGE_H
#define STSWEEP_STAGES_MERGE_H

#include "scanner/commands/args.h"

/* Returns the exit code; says why on standard error. The words of args are the directories; command_line is
 * for meta.json. */
int merge_main(const struct args *args, const char *command_line);

#endif
