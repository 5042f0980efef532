/*
 * Prints what a shell completes the program's command lines by: a frame of docs/completions, which is read,
 * with what is made of the tables of commands, flags and options in place of its lines @...@.
 *
 *     make_completions bash <docs/completions/stsweep.bash
 *     make_completions zsh <docs/completions/stsweep.zsh
 *     make_completions fish <docs/completions/stsweep.fish
 */
#include <stdio.h>
#include <string.h>

#include "scanner/commands/flags.h"
#include "scanner/commands/manual.h"
#include "scanner/config/config_table.h"

enum { LINE_BYTES = 4096, BRIEF_BYTES = 73 };

/* ---- what all shells have ------------------------------------------------------------------------------ */

/* Prints the beginning of a text: of a sentence up to a full stop, a colon or a semicolon, cut behind a word.
 * Each character in `escaped` gets a backslash; ' is written so that it stands in single quotes. */
static void print_brief(const char *text, const char *quote, const char *escaped)
{
    size_t len = 0, most = 0;
    for (; text[len] != 0; len++)
        if (strchr(".;:", text[len]) != NULL && (text[len + 1] == 0 || text[len + 1] == ' '))
            break;
    if (len >= BRIEF_BYTES)
        for (most = len = BRIEF_BYTES; text[len] != ' '; len--)
            ;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '\'') {
            fputs(quote, stdout);
            continue;
        }
        if (strchr(escaped, text[i]) != NULL)
            putchar('\\');
        putchar(text[i]);
    }
    if (most > 0)
        fputs(" ...", stdout);
}

/* The kinds that have words, once for report too, which has others. */
static bool has_words(enum value kind)
{
    return value_with(kind) == WITH_WORDS || value_with(kind) == WITH_LIST;
}

static const char *kind_name(enum value kind)
{
    static const char *const names[VALUE_COUNT] = {
#define KIND_NAME(kind, called, with) #kind,
        VALUE_TABLE(KIND_NAME)
#undef KIND_NAME
    };
    return names[kind];
}

static enum value_with option_with(const struct config_option *option)
{
    switch (option->type) {
    case CONFIG_IS_FILE:
        return WITH_FILES;
    case CONFIG_IS_FOLDER:
        return WITH_FOLDERS;
    case CONFIG_IS_CHOICE:
        return WITH_WORDS;
    default:
        return WITH_NOTHING;
    }
}

/* Prints the choices of an option, a blank between them. */
static void print_choices(const struct config_option *option)
{
    for (const char *at = option->choices; *at != 0; at++)
        putchar(*at == '|' ? ' ' : *at);
}

/* A word may hold blanks, and nothing else that a shell reads (tests/unit/commands/test_args.c). */
static void print_words(enum value kind, const char *command, const char *before)
{
    const char *word;
    for (size_t i = 0; (word = value_word(kind, command, i)) != NULL; i++)
        printf(strchr(word, ' ') != NULL ? "%s'%s'" : "%s%s", before, word);
}

/* Are only the first of a command's words of this kind? */
static bool is_first_alone(enum value kind)
{
    return kind == VALUE_TEXTS || kind == VALUE_TOPICS;
}

/* ---- bash ---------------------------------------------------------------------------------------------- */

static void bash_flags(void)
{
    puts("# The flags of a command, then the options that it takes.\n_stsweep_flags() {\n    case $1 in");
    for (enum command command = 0; command < COMMAND_COUNT; command++) {
        const char *name = manual_get(command)->name;
        printf("    %s) echo", name);
        for (size_t i = 0; i < FLAG_ROWS; i++) {
            if (!flag_is_of(&flag_rows[i], name))
                continue;
            if (flag_rows[i].letter != 0)
                printf(" -%c", flag_rows[i].letter);
            printf(" --%s", flag_rows[i].name);
        }
        puts(flags_take_options(name) ? " $(_stsweep_options) ;;" : " ;;");
    }
    puts("    esac\n}\n\n_stsweep_options() {\n    echo \\");
    for (size_t i = 0; i < config_option_count; i++)
        printf("        --%s.%s%s\n", config_options[i].section, config_options[i].key,
               i + 1 < config_option_count ? " \\" : "");
    puts("}\n");
}

static const char *bash_with(enum value_with with)
{
    static const char *const names[] = {[WITH_NOTHING] = "nothing",
                                        [WITH_FILES] = "files",
                                        [WITH_FOLDERS] = "folders",
                                        [WITH_WORDS] = "words",
                                        [WITH_LIST] = "list"};
    return names[with];
}

static void bash_kind(enum value kind)
{
    printf(") with=%s", bash_with(value_with(kind)));
    if (has_words(kind))
        printf(" of=%s", kind_name(kind));
    puts(" ;;");
}

static void bash_values(void)
{
    puts("# Says in `with` and `of` what the flag of a command is completed with; false if it takes no "
         "value. In place of a\n"
         "# flag may stand * for any word that is none, or 1 for the first.\n_stsweep_value() {\n    case "
         "\"$1 $2\" in");
    for (enum command command = 0; command < COMMAND_COUNT; command++) {
        const struct manual *manual = manual_get(command);
        for (size_t i = 0; i < FLAG_ROWS; i++) {
            const struct flag_row *row = &flag_rows[i];
            if (!flag_is_of(row, manual->name) || row->needs == NULL)
                continue;
            printf("    '%s --%s'", manual->name, row->name);
            if (row->letter != 0)
                printf(" | '%s -%c'", manual->name, row->letter);
            bash_kind(row->kind);
        }
        if (manual->words == VALUE_NONE)
            continue;
        printf("    '%s %s'", manual->name, is_first_alone(manual->words) ? "1" : "*");
        bash_kind(manual->words);
    }
    puts("    'lint '[2-9]) with=files ;;");
    for (size_t i = 0; i < config_option_count; i++) {
        enum value_with with = option_with(&config_options[i]);
        printf("    *' --%s.%s') with=%s", config_options[i].section, config_options[i].key, bash_with(with));
        if (with == WITH_WORDS)
            printf(" of=%s.%s", config_options[i].section, config_options[i].key);
        puts(" ;;");
    }
    puts("    *) return 1 ;;\n    esac\n}\n");
}

static void bash_words(void)
{
    puts("# Prints the words of a kind, one a row; of a command, if it has others.\n_stsweep_words() {\n    "
         "case \"$1 $2\" in");
    printf("    'COMMANDS '*) printf '%%s\\n'");
    for (enum command command = 0; command < COMMAND_COUNT; command++)
        printf(" %s", manual_get(command)->name);
    puts(" --help --version ;;\n    'GROUPS report') echo label ;;");
    for (enum value kind = 0; kind < VALUE_COUNT; kind++) {
        if (!has_words(kind))
            continue;
        printf("    '%s '*) printf '%%s\\n'", kind_name(kind));
        print_words(kind, "", value_word(kind, "", 20) == NULL ? " " : " \\\n        ");
        puts(" ;;");
    }
    for (size_t i = 0; i < config_option_count; i++) {
        if (config_options[i].type != CONFIG_IS_CHOICE)
            continue;
        printf("    '%s.%s '*) printf '%%s\\n' ", config_options[i].section, config_options[i].key);
        print_choices(&config_options[i]);
        puts(" ;;");
    }
    puts("    esac\n}");
}

static void bash_tables(void)
{
    bash_flags();
    bash_values();
    bash_words();
}

/* ---- zsh ----------------------------------------------------------------------------------------------- */

static void zsh_words(void)
{
    puts("_stsweep_groups_of_report() { compadd \"$@\" - label }");
    for (enum value kind = 0; kind < VALUE_COUNT; kind++) {
        if (!has_words(kind))
            continue;
        printf("_stsweep_%s() {\n    compadd \"$@\" -", kind_name(kind));
        print_words(kind, "", " \\\n        ");
        puts("\n}");
    }
}

static void zsh_commands(void)
{
    for (enum command command = 0; command < COMMAND_COUNT; command++) {
        printf("        '%s:", manual_get(command)->name);
        print_brief(manual_get(command)->brief, "'\\''", "\\:");
        puts("'");
    }
    puts("        '--help:lists the commands'\n        '--version:prints the version'");
}

/* The end of a specification: what the value is called, and how it is completed. */
static void zsh_action(enum value kind, const char *command)
{
    bool of_report = kind == VALUE_GROUPS && strcmp(command, "report") == 0;
    printf(":%s:", value_called(kind));
    switch (value_with(kind)) {
    case WITH_FILES:
        printf("_files");
        break;
    case WITH_FOLDERS:
        printf("_files -/");
        break;
    case WITH_WORDS:
        printf("_stsweep_%s", of_report ? "groups_of_report" : kind_name(kind));
        break;
    case WITH_LIST:
        printf("_sequence _stsweep_%s -", kind_name(kind));
        break;
    case WITH_NOTHING:
        putchar(' ');
    }
}

static void zsh_flag(const struct flag_row *row, const char *command, bool letter)
{
    printf(" \\\n            '");
    if (row->letter != 0)
        printf("(-%c --%s)", row->letter, row->name);
    else if (value_with(row->kind) == WITH_LIST)
        putchar('*');
    if (letter)
        printf("-%c%s[", row->letter, row->needs != NULL ? "+" : "");
    else
        printf("--%s%s[", row->name, row->needs != NULL ? "=" : "");
    print_brief(row->does, "'\\''", "\\[]:");
    putchar(']');
    if (row->needs != NULL)
        zsh_action(row->kind, command);
    putchar('\'');
}

static void zsh_options(void)
{
    puts("    # The options that some commands take.");
    puts("    local -a options\n    options=(");
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        printf("        '--%s.%s=[", option->section, option->key);
        print_brief(option->help, "'\\''", "\\[]:");
        printf("]:%s:", option->key);
        if (option->type == CONFIG_IS_CHOICE) {
            putchar('(');
            print_choices(option);
            putchar(')');
        } else {
            enum value_with with = option_with(option);
            printf(with == WITH_FILES ? "_files" : with == WITH_FOLDERS ? "_files -/" : " ");
        }
        puts("'");
    }
    puts("    )");
}

static void zsh_arguments(void)
{
    for (enum command command = 0; command < COMMAND_COUNT; command++) {
        const struct manual *manual = manual_get(command);
        printf("    %s)\n        _arguments -S :", manual->name);
        for (size_t i = 0; i < FLAG_ROWS; i++) {
            if (!flag_is_of(&flag_rows[i], manual->name))
                continue;
            if (flag_rows[i].letter != 0)
                zsh_flag(&flag_rows[i], manual->name, true);
            zsh_flag(&flag_rows[i], manual->name, false);
        }
        if (flags_take_options(manual->name))
            printf(" \\\n            $options");
        if (manual->words != VALUE_NONE) {
            printf(" \\\n            '%c", is_first_alone(manual->words) ? '1' : '*');
            zsh_action(manual->words, manual->name);
            putchar('\'');
        }
        if (manual->words == VALUE_TEXTS)
            printf(" \\\n            '*:FILE:_files'");
        puts(" && ret=0\n        ;;");
    }
}

/* ---- fish ---------------------------------------------------------------------------------------------- */

static void fish_words(void)
{
    puts("function __stsweep_words\n    switch \"$argv\"\n        case 'GROUPS report'\n            echo "
         "label");
    for (enum value kind = 0; kind < VALUE_COUNT; kind++) {
        if (!has_words(kind))
            continue;
        printf("        case '%s*'\n            printf '%%s\\n'", kind_name(kind));
        print_words(kind, "", value_word(kind, "", 20) == NULL ? " " : " \\\n                ");
        puts("");
    }
    puts("    end\nend");
}

static void fish_action(enum value kind, const char *command)
{
    switch (value_with(kind)) {
    case WITH_FILES:
        printf(" -r -F");
        break;
    case WITH_FOLDERS:
        printf(" -x -a '(__fish_complete_directories)'");
        break;
    case WITH_WORDS:
        printf(" -x -a '(__stsweep_words %s %s)'", kind_name(kind), command);
        break;
    case WITH_LIST:
        printf(" -x -a '(__stsweep_list %s)'", kind_name(kind));
        break;
    case WITH_NOTHING:
        printf(" -x");
    }
}

static void fish_command(const struct manual *manual)
{
    printf("complete -c stsweep -n __stsweep_is -a %s -d '", manual->name);
    print_brief(manual->brief, "\\'", "\\");
    puts("'");
    for (size_t i = 0; i < FLAG_ROWS; i++) {
        const struct flag_row *row = &flag_rows[i];
        if (!flag_is_of(row, manual->name))
            continue;
        printf("complete -c stsweep -n '__stsweep_is %s' -l %s", manual->name, row->name);
        if (row->letter != 0)
            printf(" -s %c", row->letter);
        if (row->needs != NULL)
            fish_action(row->kind, manual->name);
        printf(" -d '");
        print_brief(row->does, "\\'", "\\");
        puts("'");
    }
    if (manual->words == VALUE_NONE || value_with(manual->words) == WITH_NOTHING)
        return;
    printf("complete -c stsweep -n '__stsweep_is%s %s'", is_first_alone(manual->words) ? "_first" : "",
           manual->name);
    fish_action(manual->words, manual->name);
    puts("");
}

static void fish_completes(void)
{
    for (enum command command = 0; command < COMMAND_COUNT; command++)
        fish_command(manual_get(command));
    puts("complete -c stsweep -n '__stsweep_is lint; and not __stsweep_is_first lint' -F");
    puts("complete -c stsweep -n __stsweep_is -l help -s h -d 'lists the commands'");
    puts("complete -c stsweep -n __stsweep_is -l version -s V -d 'prints the version'");
    for (size_t i = 0; i < config_option_count; i++) {
        const struct config_option *option = &config_options[i];
        printf("complete -c stsweep -n '__stsweep_is");
        for (enum command command = 0; command < COMMAND_COUNT; command++)
            if (flags_take_options(manual_get(command)->name))
                printf(" %s", manual_get(command)->name);
        printf("' -l %s.%s", option->section, option->key);
        if (option->type == CONFIG_IS_CHOICE) {
            printf(" -x -a '");
            print_choices(option);
            putchar('\'');
        } else {
            enum value_with with = option_with(option);
            printf(with == WITH_FILES     ? " -r -F"
                   : with == WITH_FOLDERS ? " -x -a '(__fish_complete_directories)'"
                                          : " -x");
        }
        printf(" -d '");
        print_brief(option->help, "\\'", "\\");
        puts("'");
    }
}

/* ---- the frames ---------------------------------------------------------------------------------------- */

static const struct {
    const char *shell, *mark;
    void (*print)(void);
} parts[] = {
    {"bash", "@tables@\n", bash_tables},       {"zsh", "@words@\n", zsh_words},
    {"zsh", "@commands@\n", zsh_commands},     {"zsh", "@options@\n", zsh_options},
    {"zsh", "@arguments@\n", zsh_arguments},   {"fish", "@words@\n", fish_words},
    {"fish", "@completes@\n", fish_completes},
};

int main(int argc, char **argv)
{
    char line[LINE_BYTES];
    size_t made = 0;
    while (argc == 2 && fgets(line, sizeof line, stdin) != NULL) {
        size_t i = 0;
        while (i < sizeof parts / sizeof *parts &&
               (strcmp(parts[i].shell, argv[1]) != 0 || strcmp(parts[i].mark, line) != 0))
            i++;
        if (i == sizeof parts / sizeof *parts) {
            fputs(line, stdout);
            continue;
        }
        parts[i].print();
        made++;
    }
    if (made == 0) {
        (void)fputs("usage: make_completions bash|zsh|fish <docs/completions/stsweep.SHELL\n", stderr);
        return 2;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
