/* Prints which program this is: `stsweep version`, with -v what it is made of, as a report of a fault wants
 * it. */
#ifndef STSWEEP_COMMANDS_VERSION_H
#define STSWEEP_COMMANDS_VERSION_H

#include <stdio.h>

/* argv[0] is the command's name. Returns the exit code. */
int version_main(int argc, char **argv, FILE *out, FILE *err);

#endif
