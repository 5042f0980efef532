/* Makes a page for people of a scan directory: `stsweep report`. */
#ifndef STSWEEP_COMMANDS_REPORT_H
#define STSWEEP_COMMANDS_REPORT_H

#include <stdio.h>

/* argv: the words behind the command's name. Returns an exit code (base/exit_code.h). */
int report_main(int argc, char **argv, FILE *out, FILE *err);

#endif
