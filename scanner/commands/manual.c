/* Prints how the commands are used. */
#include "scanner/commands/manual.h"

#include <string.h>
#include <sys/stat.h>

#include "scanner/base/exit_code.h"
#include "scanner/base/nearest.h"
#include "scanner/commands/flags.h"
#include "scanner/config/config.h"

static const struct manual manuals[COMMAND_COUNT] = {
#define COMMAND(id, name, usage, example, does, brief, words)                                                \
    {name, usage, example, does, brief, VALUE_##words},
#include "scanner/commands/commands.def"
#undef COMMAND
};

enum command manual_find(const char *name)
{
    enum command command = 0;
    while (command < COMMAND_COUNT && strcmp(manuals[command].name, name) != 0)
        command++;
    return command;
}

const struct manual *manual_get(enum command command)
{
    return &manuals[command];
}

/* Which command takes what stands in a command's place: a list, a scan directory or a domain. */
static const char *meant(const char *name)
{
    struct stat status;
    if (stat(name, &status) == 0)
        return S_ISDIR(status.st_mode) ? "; it is a directory: `stsweep show DIR` reads a scan"
                                       : "; it is a file: `stsweep scan FILE` looks at the domains of a list";
    return strchr(name, '.') != NULL ? "; `stsweep check DOMAIN` looks at one domain" : "";
}

int manual_no_such(const char *name)
{
    struct nearest nearest;
    char rest[NEAREST_TEXT_BYTES];
    nearest_begin(&nearest, name);
    for (enum command i = 0; i < COMMAND_COUNT; i++)
        nearest_offer(&nearest, manuals[i].name);
    (void)fprintf(stderr, "stsweep: no such command: ");
    for (const char *at = name; *at != '\0' && at < name + NEAREST_WORD_BYTES; at++)
        (void)fputc(*at >= 0x20 && *at < 0x7F ? *at : '?', stderr);
    (void)fprintf(stderr, "%s%s; `stsweep help` lists them\n", nearest_text(&nearest, rest), meant(name));
    return EXIT_USAGE;
}

/* What each flag does, behind its names: "  -o, --output DIR". */
static void print_flags(const char *command)
{
    (void)printf("\nFlags:\n\n");
    for (size_t i = 0; i < FLAG_ROWS; i++) {
        const struct flag_row *row = &flag_rows[i];
        if (!flag_is_of(row, command))
            continue;
        char letter[8] = "";
        if (row->letter != 0)
            (void)snprintf(letter, sizeof letter, "-%c, ", row->letter);
        (void)printf("  %s--%s%s%s\n", letter, row->name, row->needs == NULL ? "" : " ",
                     value_called(row->kind));
        config_print_text(stdout, "        ", row->does);
    }
}

/* The options of a command: those that matter most, or all. */
static void print_options(enum command command, bool all)
{
    bool scans = command == COMMAND_SCAN;
    if (!flags_take_options(manuals[command].name))
        return;
    (void)printf("\n%s, in a file given with --config or as --section.key=value:\n\n",
                 all ? "Options" : "Options that matter");
    if (all)
        config_print_help(stdout, scans ? "" : "scan input output");
    else
        config_print_first(stdout);
    if (!all)
        (void)printf("\n`stsweep help %s --all` lists all of them.\n", manuals[command].name);
}

void manual_print(enum command command, bool all)
{
    const struct manual *manual = &manuals[command];
    (void)printf("stsweep %s\n", manual->usage);
    if (manual->example != NULL)
        (void)printf("\nFor example:\n\n  stsweep %s\n", manual->example);
    (void)printf("\n%s\n", manual->does);
    print_flags(manual->name);
    print_options(command, all);
}

int manual_print_all(FILE *out)
{
    (void)fputs("stsweep scans mail transport security (MTA-STS, TLSRPT, STARTTLS, DANE) in bulk.\n\n", out);
    for (enum command i = 0; i < COMMAND_COUNT; i++)
        (void)fprintf(out, "  %-8s %s\n", manuals[i].name, manuals[i].brief);
    (void)fputs("\nBegin with one domain, then a list (a name a line, or CSV), then a page of it:\n\n"
                "  stsweep check your.domain\n"
                "  stsweep scan list.csv -o scan-1\n"
                "  stsweep report scan-1 -o report.html\n\n"
                "`stsweep help COMMAND` says how a command is used, `stsweep help exit` what exit\n"
                "codes mean, `stsweep help scan.ini` all options; `man stsweep` has the whole.\n",
                out);
    return EXIT_DONE;
}

int manual_print_exit_codes(void)
{
    static const struct {
        int number;
        const char *text;
    } rows[] = {
#define EXIT_CODE_ROW(name, number, text) {number, text},
        EXIT_CODE_TABLE(EXIT_CODE_ROW)
#undef EXIT_CODE_ROW
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)printf("  %d\n", rows[i].number);
        config_print_text(stdout, "     ", rows[i].text);
    }
    return EXIT_DONE;
}
