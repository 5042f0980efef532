/*
 * Reads the words of a command line, for every command, by the table of flags (flags.def): names, --flag,
 * --flag=value, --flag value, -f, -fvalue, -f value, and --section.key=value of the configuration for the
 * commands that have one. All behind -- are names, and so is - alone. A flag's empty value is a missing one,
 * unless the flag sets an option of the configuration, whose default it then is, or names labels, which may
 * be empty. It changes nothing; the texts are argv's own.
 */
#ifndef STSWEEP_COMMANDS_FLAGS_H
#define STSWEEP_COMMANDS_FLAGS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "scanner/commands/values.h"

enum flag {
    FLAG_END,    /* there is no further word */
    FLAG_NAME,   /* value is a name: a domain, a file, a text */
    FLAG_OPTION, /* value is that of the configuration's option `option` */
    FLAG_FAULT,  /* the word cannot be taken: fault says why */
#define FLAG(id, name, letter, commands, needs, kind, option, does) FLAG_##id,
#include "scanner/commands/flags.def"
#undef FLAG
    FLAG_COUNT
};

/* A row of flags.def. */
struct flag_row {
    enum flag flag;
    const char *name;
    char letter; /* 0: none */
    const char *commands, *needs;
    enum value kind;
    const char *option; /* NULL: it sets none */
    const char *does;
};

enum { FLAG_ROWS = FLAG_COUNT - FLAG_FAULT - 1 };
extern const struct flag_row flag_rows[FLAG_ROWS];

/* Does a list of words, a blank between them, have this one? */
bool flags_holds_word(const char *words, const char *word);

/* Does the command know the flag of this row? */
bool flag_is_of(const struct flag_row *row, const char *command);

/* Does the command take --section.key=value? */
bool flags_take_options(const char *command);

/* Returns the option of the configuration that the flag sets; NULL if it sets none, or is no flag. */
const char *flag_option(enum flag flag);

enum { FLAGS_FAULT_BYTES = 320, FLAGS_OPTION_BYTES = 128 };

struct flags {
    const char *command;
    char **argv;
    int argc, at;
    bool only_names;   /* -- has been seen */
    const char *typed; /* the word itself */
    const char *value;
    char option[FLAGS_OPTION_BYTES];
    char fault[FLAGS_FAULT_BYTES]; /* a sentence without its end, printable */
};

/* argv: the words behind the command's name. */
void flags_begin(struct flags *flags, const char *command, int argc, char **argv);

/* Goes to the next word. A fault takes the word with it: what stands behind can still be read. */
enum flag flags_next(struct flags *flags);

/* Is the flag among the words? */
bool flags_have(const char *command, int argc, char **argv, enum flag flag);

/* Makes a fault of a reason and a word from outside, which is cut; all of it is made printable. Returns
 * FLAG_FAULT. */
enum flag flags_refuse(struct flags *flags, const char *reason, const char *word, const char *rest);

/* Prints the fault to out: "stsweep: show: no such flag: --jsn; ...; `stsweep help show` says more". */
void flags_say(const struct flags *flags, FILE *out);

/* Takes value as a whole number from least to most, in decimal digits alone; false, without a fault, if it is
 * none. */
bool flags_number(const struct flags *flags, uint64_t least, uint64_t most, uint64_t *number);

/* Takes value, OUTCOME,..., as bits 1 << enum outcome; false with a fault if one is unknown. */
bool flags_outcomes(struct flags *flags, uint32_t *outcomes);

#endif
