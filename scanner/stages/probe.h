/* Runs `stsweep probe`: contacts what one part of a plan says (docs/internals/stages.md). */
#ifndef STSWEEP_STAGES_PROBE_H
#define STSWEEP_STAGES_PROBE_H

#include "scanner/commands/args.h"

/* Returns the exit code; says why on standard error. The word of args is the plan's directory; command_line
 * is for meta.json. */
int probe_main(const struct args *args, const char *command_line);

#endif
