/*
 * Says how each command is used, by the table of commands (commands.def).
 */
#ifndef STSWEEP_COMMANDS_MANUAL_H
#define STSWEEP_COMMANDS_MANUAL_H

#include <stdbool.h>
#include <stdio.h>

#include "scanner/commands/values.h"

enum command {
#define COMMAND(id, name, usage, example, does, brief, words) COMMAND_##id,
#include "scanner/commands/commands.def"
#undef COMMAND
    COMMAND_COUNT
};

struct manual {
    const char *name;
    const char *usage;   /* without the program's name; of one row or several */
    const char *example; /* NULL: none */
    const char *does;
    const char *brief; /* in a few words, its verb first */
    enum value words;  /* what its words are that are no flags */
};

/* The command of this name, or COMMAND_COUNT. */
enum command manual_find(const char *name);

const struct manual *manual_get(enum command command);

/* Prints usage, example, what the command does, its flags and its options, those that matter most or all, to
 * stdout. */
void manual_print(enum command command, bool all);

/* Prints a command a row and how to begin, on one screen; the exit codes, to stdout. Both return EXIT_DONE.
 */
int manual_print_all(FILE *out);
int manual_print_exit_codes(void);

/* Says on stderr that there is no such command, which name is near, and, if it is a file, a directory or
 * looks like a domain, which command takes that; returns EXIT_USAGE. */
int manual_no_such(const char *name);

#endif
