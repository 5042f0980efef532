/* Runs `stsweep release DIR -o OUT`: makes a directory for publication (output/release/release.h). */
#ifndef STSWEEP_COMMANDS_RELEASE_H
#define STSWEEP_COMMANDS_RELEASE_H

#include <stdio.h>

/* Runs the command. argv: the words behind `release`. Exit code: 0 done, 2 usage, also what is no scan
 * directory or stands in the way, 3 the scan is not at its end, 4 it is damaged, or OUT cannot be written. */
int release_main(int argc, char **argv, FILE *out, FILE *err);

#endif
