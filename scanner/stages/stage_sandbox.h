/* What is given away (scanner/machine/sandbox) by who makes a plan or merges: directories that others filled,
 * on other machines perhaps, are read there, and nobody is contacted. */
#ifndef STSWEEP_STAGES_STAGE_SANDBOX_H
#define STSWEEP_STAGES_STAGE_SANDBOX_H

#include "scanner/commands/args.h"

/* Gives away all but the directories of the stages before (args->names), the lists of safety.*, and the
 * directory `out`, which is there or will be made. safety.sandbox=no leaves it out. */
void stage_sandbox_enter(const struct args *args, const char *out);

#endif
