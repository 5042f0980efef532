/*
 * Runs `stsweep suggest DOMAIN…|DIR`, the command around scanner/commands/suggest. It looks at the domains
 * now, or reads what a scan found, and prints or writes what each should publish.
 */
#ifndef STSWEEP_COMMANDS_SUGGEST_COMMAND_H
#define STSWEEP_COMMANDS_SUGGEST_COMMAND_H

/* Runs the command; argv[0] is its name. Returns the exit code: 0 done, 2 usage, also a folder that cannot be
 * used or files that stand already, 4 cannot go on, 5 a domain could not be determined. */
int suggest_main(int argc, char **argv);

#endif
