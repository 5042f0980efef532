/*
 * Says how each command is used, by the table of commands (commands.def).
 */
#ifndef STSWEEP_COMMANDS_MANUAL_H
#define STSWEEP_COMMANDS_MANUAL_H

#include <stdbool.h>
#include <stdio.h>

enum command {
#define COMMAND(id, name, usage, example, does) COMMAND_##id,
#include "scanner/commands/commands.def"
#undef COMMAND
    COMMAND_COUNT
};

/* The command of this name, or COMMAND_COUNT. */
enum command manual_find(const char *name);

/* Its usage, without the program's name; of one row or several. */
const char *manual_usage(enum command command);

/* Prints usage, example, what the command does and its options, those that matter most or all, to stdout. */
void manual_print(enum command command, bool all);

/* Prints a command a row; the exit codes, to stdout. Both return EXIT_DONE. */
int manual_print_all(FILE *out);
int manual_print_exit_codes(void);

/* Says on stderr that there is no such command, and which name is near; returns EXIT_USAGE. */
int manual_no_such(const char *name);

#endif
