/* Runs `stsweep status`: says which stages of a scan are whole (docs/internals/stages.md). */
#ifndef STSWEEP_STAGES_STATUS_H
#define STSWEEP_STAGES_STATUS_H

#include <stdio.h>

/* argv[0] is the command's name. Returns the exit code. */
int status_main(int argc, char **argv, FILE *out, FILE *err);

#endif
