/*
 * Runs `stsweep plan`: makes the parts of a plan (plandir.h) of the directories of names, or its next round
 * of these and of what was probed (docs/internals/stages.md).
 */
#ifndef STSWEEP_STAGES_PLAN_H
#define STSWEEP_STAGES_PLAN_H

#include "scanner/commands/args.h"

/* Returns the exit code; says why on standard error. The words of args are the directories. */
int plan_main(const struct args *args);

#endif
