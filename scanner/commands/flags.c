/* Compares words with the table of flags, and says which flag a wrong one may be meant to be. */
#include "scanner/commands/flags.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/base/bytes.h"
#include "scanner/base/nearest.h"
#include "scanner/base/utf8.h"
#include "scanner/facts/record.h"

enum { WORD_BYTES = 80 };

const struct flag_row flag_rows[FLAG_ROWS] = {
#define FLAG(id, name, letter, commands, needs, kind, option, does)                                          \
    {FLAG_##id, name, letter, commands, needs, VALUE_##kind, option, does},
#include "scanner/commands/flags.def"
#undef FLAG
};

/* The commands that take --section.key=value. */
static const char with_options[] = "scan check suggest plan probe merge";

bool flags_holds_word(const char *words, const char *word)
{
    size_t len = strlen(word);
    for (const char *at = words; (at = strstr(at, word)) != NULL; at += len)
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == 0))
            return true;
    return false;
}

bool flag_is_of(const struct flag_row *row, const char *command)
{
    return flags_holds_word(row->commands, command);
}

bool flags_take_options(const char *command)
{
    return flags_holds_word(with_options, command);
}

const char *flag_option(enum flag flag)
{
    for (size_t i = 0; i < FLAG_ROWS; i++)
        if (flag_rows[i].flag == flag)
            return flag_rows[i].option;
    return NULL;
}

void flags_begin(struct flags *flags, const char *command, int argc, char **argv)
{
    *flags = (struct flags){.command = command, .argv = argv, .argc = argc};
}

enum flag flags_refuse(struct flags *flags, const char *reason, const char *word, const char *rest)
{
    char copy[WORD_BYTES], fault[FLAGS_FAULT_BYTES];
    size_t len = strnlen(word, sizeof copy - 1);
    utf8_show(bytes_make(word, len), '?', copy);
    (void)snprintf(fault, sizeof fault, "%s%s%s%s", reason, copy, word[len] == 0 ? "" : "...", rest);
    utf8_show(bytes_of(fault), '?', flags->fault); /* the reason may have a word of the line in it, too */
    return FLAG_FAULT;
}

/* Makes a fault of the flag as it was typed. */
static enum flag refuse_row(struct flags *flags, const struct flag_row *row, const char *reason,
                            const char *word)
{
    char text[FLAGS_FAULT_BYTES];
    if (flags->typed[1] == '-')
        (void)snprintf(text, sizeof text, "--%s%s", row->name, reason);
    else
        (void)snprintf(text, sizeof text, "-%c%s", row->letter, reason);
    return flags_refuse(flags, text, word, "");
}

/* Is the argument this flag? *value is what it holds of a value itself; NULL: nothing. */
static bool is_called(const struct flag_row *row, const char *argument, const char **value)
{
    *value = NULL;
    if (argument[1] == '-') {
        size_t len = strcspn(argument + 2, "=");
        if (len != strlen(row->name) || strncmp(argument + 2, row->name, len) != 0)
            return false;
        if (argument[2 + len] == '=')
            *value = argument + 2 + len + 1;
        return true;
    }
    if (row->letter == 0 || argument[1] != row->letter)
        return false;
    if (argument[2] != 0)
        *value = argument + 2 + (argument[2] == '=');
    return true;
}

/* Returns the command's flag of this name; else another command's; else NULL. */
static const struct flag_row *find(const char *command, const char *argument, const char **value)
{
    const struct flag_row *others = NULL;
    for (size_t i = 0; i < FLAG_ROWS; i++) {
        if (!is_called(&flag_rows[i], argument, value))
            continue;
        if (flag_is_of(&flag_rows[i], command))
            return &flag_rows[i];
        others = &flag_rows[i];
    }
    return others;
}

static bool is_flag(const char *word)
{
    return word[0] == '-' && word[1] != 0;
}

/* Takes the next word as the value of what was just read. A flag is none: it was forgotten then. */
static bool take_next(struct flags *flags)
{
    flags->value = flags->at < flags->argc ? flags->argv[flags->at] : NULL;
    if (flags->value == NULL || is_flag(flags->value))
        return false;
    flags->at++;
    return true;
}

static enum flag take_value(struct flags *flags, const struct flag_row *row, const char *value)
{
    char reason[FLAGS_FAULT_BYTES];
    flags->value = value;
    bool given = value != NULL || take_next(flags), empty = given && flags->value[0] == 0;
    if (given && (!empty || row->option != NULL || row->kind == VALUE_LABELS))
        return row->flag;
    bool is_other = !given && flags->value != NULL;
    (void)snprintf(reason, sizeof reason, " needs %s%s", row->needs,
                   empty      ? ", and was given nothing"
                   : is_other ? ", and no flag is one: "
                              : "");
    return refuse_row(flags, row, reason, is_other ? flags->value : "");
}

static enum flag take_flag(struct flags *flags, const struct flag_row *row, const char *value)
{
    if (!flag_is_of(row, flags->command)) {
        char reason[64];
        (void)snprintf(reason, sizeof reason, " is no flag of `stsweep %.16s`", flags->command);
        return refuse_row(flags, row, reason, "");
    }
    if (row->needs != NULL)
        return take_value(flags, row, value);
    return value == NULL ? row->flag : refuse_row(flags, row, " takes no value: it was given ", value);
}

/* Says which flag of the command may be meant; false if none is near. */
static bool near_flag(const char *command, const char *name, char rest[NEAREST_TEXT_BYTES])
{
    struct nearest nearest;
    nearest_begin(&nearest, name);
    for (size_t i = 0; i < FLAG_ROWS; i++) {
        char text[NEAREST_WORD_BYTES];
        (void)snprintf(text, sizeof text, "--%s", flag_rows[i].name);
        if (flag_is_of(&flag_rows[i], command))
            nearest_offer_as(&nearest, flag_rows[i].name, text);
    }
    return nearest_text(&nearest, rest)[0] != 0;
}

/* Takes --section.key=value or --section.key value. A name without a dot is left to the configuration to
 * refuse, which knows what is near. */
static enum flag take_option(struct flags *flags, const char *equals)
{
    bool dotted = strchr(flags->option, '.') != NULL;
    flags->value = equals != NULL ? equals + 1 : "";
    if (equals != NULL || !dotted || take_next(flags))
        return FLAG_OPTION;
    char reason[FLAGS_OPTION_BYTES + 64];
    (void)snprintf(reason, sizeof reason, "--%s needs a value%s", flags->option,
                   flags->value == NULL ? "" : ", and no flag is one: ");
    return flags_refuse(flags, reason, flags->value == NULL ? "" : flags->value, "");
}

/* Takes what is in no row. */
static enum flag take_other(struct flags *flags, const char *argument)
{
    char rest[NEAREST_TEXT_BYTES] = "";
    const char *name = argument + strspn(argument, "-");
    size_t len = strcspn(name, "=");
    bool fits = argument[1] == '-' && len < sizeof flags->option;
    (void)snprintf(flags->option, sizeof flags->option, "%.*s", fits ? (int)len : 0, name);
    if (fits && (strchr(flags->option, '.') != NULL || !near_flag(flags->command, flags->option, rest)) &&
        flags_take_options(flags->command))
        return take_option(flags, name[len] == '=' ? name + len : NULL);
    return flags_refuse(flags, "no such flag: ", argument, rest);
}

enum flag flags_next(struct flags *flags)
{
    if (flags->at < flags->argc && !flags->only_names && strcmp(flags->argv[flags->at], "--") == 0) {
        flags->only_names = true;
        flags->at++;
    }
    if (flags->at >= flags->argc)
        return FLAG_END;
    const char *argument = flags->argv[flags->at++], *value;
    flags->value = flags->typed = argument;
    if (flags->only_names || !is_flag(argument))
        return FLAG_NAME;
    const struct flag_row *row = find(flags->command, argument, &value);
    return row == NULL ? take_other(flags, argument) : take_flag(flags, row, value);
}

bool flags_have(const char *command, int argc, char **argv, enum flag flag)
{
    struct flags flags;
    enum flag next;
    flags_begin(&flags, command, argc, argv);
    while ((next = flags_next(&flags)) != FLAG_END)
        if (next == flag)
            return true;
    return false;
}

void flags_say(const struct flags *flags, FILE *out)
{
    (void)fprintf(out, "stsweep: %s: %s; `stsweep help %s` says more\n", flags->command, flags->fault,
                  flags->command);
}

bool flags_number(const struct flags *flags, uint64_t least, uint64_t most, uint64_t *number)
{
    char *end;
    errno = 0;
    *number = strtoull(flags->value, &end, 10);
    return flags->value[0] >= '0' && flags->value[0] <= '9' && *end == 0 && errno == 0 && *number >= least &&
           *number <= most;
}

bool flags_outcomes(struct flags *flags, uint32_t *outcomes)
{
    for (const char *rest = flags->value; rest != NULL;) {
        size_t len = strcspn(rest, ",");
        enum outcome outcome = outcome_find(bytes_make(rest, len));
        if (outcome == OUTCOME_NONE) {
            struct nearest nearest;
            char word[NEAREST_WORD_BYTES], text[NEAREST_TEXT_BYTES];
            (void)snprintf(word, sizeof word, "%.*s", len < sizeof word ? (int)len : (int)sizeof word - 1,
                           rest);
            nearest_begin(&nearest, word);
            for (unsigned known = OUTCOME_NONE + 1; known < OUTCOME_COUNT; known++)
                nearest_offer(&nearest, outcome_name((enum outcome)known));
            (void)flags_refuse(flags, "no such outcome: ", word, nearest_text(&nearest, text));
            return false;
        }
        *outcomes |= UINT32_C(1) << outcome;
        rest = rest[len] == ',' ? rest + len + 1 : NULL;
    }
    return true;
}
