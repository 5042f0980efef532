/* Leads from argv to a configuration. */
#include "scanner/commands/args.h"

#include <stdlib.h>
#include <string.h>

#include "scanner/base/nearest.h"
#include "scanner/config/config_table.h"
#include "scanner/facts/hostname.h"
#include "scanner/facts/record.h"

enum { OUTCOME_NAME_BYTES = 32 };

static const char origin[] = "command line";

/* The flags that are no options of the table, and the commands that know them. A flag that means nothing to a
 * command is refused, lest somebody think that it did something. */
static const struct flag {
    const char *name;
    const char *commands;
    const char *needs; /* the value; NULL if it takes none */
} flags[] = {
    {"--config", "scan check suggest", "a file"},
    {"--trace", "scan check suggest", "a domain"},
    {"--fail-on", "scan check", "outcomes, as in --fail-on refused,partial"},
    {"--shard", "scan", "i/n"},
    {"--resume", "scan", NULL},
    {"--json", "check suggest", NULL},
    {"--verbose", "check suggest", NULL},
    {"-v", "check suggest", NULL},
    {"--help", "scan check suggest", NULL},
    {"-h", "scan check suggest", NULL},
    {"-o", "scan suggest", "a directory"},
    {"--rua", "suggest", "a mailto: or https: URI"},
    {"--force", "suggest", NULL},
    {"--remove", "suggest", NULL},
};

static bool is_flag_of(const struct flag *flag, const char *command)
{
    size_t len = strlen(command);
    for (const char *at = flag->commands; (at = strstr(at, command)) != NULL; at += len)
        if ((at == flag->commands || at[-1] == ' ') && (at[len] == ' ' || at[len] == 0))
            return true;
    return false;
}

/* Is the argument --name, --name=value, or -lvalue? */
static bool is_called(const struct flag *flag, const char *argument)
{
    size_t len = strlen(flag->name);
    if (strncmp(argument, flag->name, len) != 0)
        return false;
    return argument[len] == 0 || (flag->needs != NULL && (argument[len] == '=' || len == 2));
}

/* Checks that the argument may be read: a flag of another command, or one without its value, may not. */
static enum error check_flag(const char *command, int left, char **argv, struct buf *why)
{
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        const struct flag *flag = &flags[i];
        if (!is_called(flag, argv[0]))
            continue;
        if (!is_flag_of(flag, command)) {
            (void)buf_printf(why, "%s: %s is no flag of `stsweep %s`\n", origin, flag->name, command);
            return ERR_CONFIG;
        }
        if (flag->needs != NULL && argv[0][strlen(flag->name)] == 0 && left < 2) {
            (void)buf_printf(why, "%s: %s needs %s\n", origin, flag->name, flag->needs);
            return ERR_CONFIG;
        }
    }
    return ERR_OK;
}

/* Says which flag of the command --name may be meant for; false if none is near. */
static bool near_flag(const char *command, const char *name, char rest[NEAREST_TEXT_BYTES])
{
    struct nearest nearest;
    nearest_begin(&nearest, name);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flags[i].name[1] == '-' && is_flag_of(&flags[i], command))
            nearest_offer_as(&nearest, flags[i].name + 2, flags[i].name);
    return nearest_text(&nearest, rest)[0] != '\0';
}

/* Returns the value of --name=value or --name value; NULL if the argument is another. *used counts what was
 * taken. */
static const char *flag_value(const char *name, int left, char **argv, int *used)
{
    size_t len = strlen(name);
    if (strncmp(argv[0], name, len) != 0)
        return NULL;
    if (argv[0][len] == '=') {
        *used = 1;
        return argv[0] + len + 1;
    }
    if (argv[0][len] != 0 || left < 2)
        return NULL;
    *used = 2;
    return argv[1];
}

static enum error read_config_files(struct args *args, int argc, char **argv, struct buf *why)
{
    enum error error = ERR_OK;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        int used = 0;
        const char *path = flag_value("--config", argc - i, argv + i, &used);
        if (path != NULL && config_read_file(&args->config, path, why) != ERR_OK)
            error = ERR_CONFIG;
        if (used == 2)
            i++;
    }
    return error;
}

/* Takes --section.key=value or --section.key value. */
static enum error take_option(struct args *args, const char *command, int left, char **argv, int *used,
                              struct buf *why)
{
    char name[128], rest[NEAREST_TEXT_BYTES];
    const char *equals = strchr(argv[0], '=');
    size_t len = equals == NULL ? strlen(argv[0] + 2) : (size_t)(equals - argv[0] - 2);
    if (len >= sizeof name) {
        (void)buf_printf(why, "%s: %.40s…: no such option\n", origin, argv[0]);
        return ERR_CONFIG;
    }
    memcpy(name, argv[0] + 2, len);
    name[len] = 0;
    *used = equals == NULL ? 2 : 1;
    if (strchr(name, '.') == NULL && near_flag(command, name, rest)) {
        *used = 1;
        config_fault(why, origin, "unknown flag", argv[0], rest);
        return ERR_CONFIG;
    }
    if (equals == NULL && (left < 2 || strchr(name, '.') == NULL)) {
        *used = 1;
        if (strchr(name, '.') != NULL) {
            (void)buf_printf(why, "%s: --%s needs a value\n", origin, name);
            return ERR_CONFIG;
        }
        return config_set(&args->config, name, "", origin, why);
    }
    return config_set(&args->config, name, equals == NULL ? argv[1] : equals + 1, origin, why);
}

/* Takes -oDIR or -o DIR. */
static enum error take_letter(struct args *args, int left, char **argv, int *used, struct buf *why)
{
    const char *name = config_flag(argv[0][1]);
    *used = argv[0][2] == 0 ? 2 : 1;
    if (name == NULL) {
        (void)buf_printf(why, "%s: %s: no such flag; `stsweep help` lists them\n", origin, argv[0]);
        return ERR_CONFIG;
    }
    if (*used == 2 && left < 2) {
        (void)buf_printf(why, "%s: %s needs a value\n", origin, argv[0]);
        *used = 1;
        return ERR_CONFIG;
    }
    return config_set(&args->config, name, *used == 2 ? argv[1] : argv[0] + 2, origin, why);
}

static bool take_switch(struct args *args, const char *argument)
{
    struct {
        const char *text;
        bool *value;
    } switches[] = {{"--resume", &args->resume}, {"--json", &args->json}, {"--verbose", &args->verbose},
                    {"-v", &args->verbose},      {"--help", &args->help}, {"-h", &args->help}};
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        if (strcmp(argument, switches[i].text) == 0) {
            *switches[i].value = true;
            return true;
        }
    }
    return false;
}

void args_offer_outcomes(struct nearest *nearest)
{
    for (enum outcome outcome = OUTCOME_NONE + 1; outcome < OUTCOME_COUNT; outcome++)
        nearest_offer(nearest, outcome_name(outcome));
}

/* Returns the outcome of this name; OUTCOME_NONE if there is none, and rest then says which one may be meant.
 */
static enum outcome find_outcome(const char *name, char rest[NEAREST_TEXT_BYTES])
{
    struct nearest nearest;
    nearest_begin(&nearest, name);
    args_offer_outcomes(&nearest);
    (void)nearest_text(&nearest, rest);
    return outcome_find(bytes_of(name));
}

/* Takes OUTCOME,… of --fail-on. */
static enum error take_outcomes(struct args *args, const char *list, struct buf *why)
{
    char name[OUTCOME_NAME_BYTES];
    enum error error = ERR_OK;
    for (const char *rest = list; rest != NULL;) {
        size_t len = strcspn(rest, ",");
        char known[NEAREST_TEXT_BYTES];
        (void)snprintf(name, sizeof name, "%.*s", len < sizeof name ? (int)len : (int)sizeof name - 1, rest);
        enum outcome outcome = find_outcome(name, known);
        if (outcome == OUTCOME_NONE) {
            config_fault(why, origin, "--fail-on: unknown outcome", name, known);
            error = ERR_CONFIG;
        } else {
            args->fail_on |= UINT32_C(1) << outcome;
        }
        rest = rest[len] == ',' ? rest + len + 1 : NULL;
    }
    return error;
}

static enum error take_trace(struct args *args, const char *domain, struct buf *why)
{
    char name[HOSTNAME_BYTES];
    args->trace = domain;
    if (hostname_normalize(bytes_of(domain), name) == FAIL_NONE)
        return ERR_OK;
    (void)buf_printf(why, "%s: --trace: \"%s\" is no domain name\n", origin, domain);
    return ERR_CONFIG;
}

static enum error take_flag(struct args *args, const char *command, int left, char **argv, int *used,
                            struct buf *why)
{
    *used = 1;
    if (check_flag(command, left, argv, why) != ERR_OK)
        return ERR_CONFIG;
    if (take_switch(args, argv[0]))
        return ERR_OK;
    if (flag_value("--config", left, argv, used) != NULL)
        return ERR_OK;
    const char *trace = flag_value("--trace", left, argv, used);
    if (trace != NULL)
        return take_trace(args, trace, why);
    const char *outcomes = flag_value("--fail-on", left, argv, used);
    if (outcomes != NULL)
        return take_outcomes(args, outcomes, why);
    /* --shard i/n is how people think of it; the option is scan.shard. */
    const char *shard = flag_value("--shard", left, argv, used);
    if (shard != NULL)
        return config_set(&args->config, "scan.shard", shard, origin, why);
    return argv[0][1] == '-' ? take_option(args, command, left, argv, used, why)
                             : take_letter(args, left, argv, used, why);
}

static enum error take_all(struct args *args, int argc, char **argv, struct buf *why)
{
    enum error error = ERR_OK;
    bool only_names = false;
    for (int i = 1; i < argc; i++) {
        int used = 1;
        if (!only_names && strcmp(argv[i], "--") == 0) {
            only_names = true;
        } else if (only_names || argv[i][0] != '-' || argv[i][1] == 0) {
            args->names[args->name_count++] = argv[i];
        } else {
            if (take_flag(args, argv[0], argc - i, argv + i, &used, why) != ERR_OK)
                error = ERR_CONFIG;
            i += used - 1;
        }
    }
    return error;
}

enum error args_parse(struct args *args, int argc, char **argv, struct buf *why)
{
    *args = (struct args){0};
    enum error error = config_init(&args->config);
    args->names = calloc((size_t)argc, sizeof *args->names);
    if (error != ERR_OK || args->names == NULL)
        return ERR_MEMORY;
    error = read_config_files(args, argc, argv, why);
    if (take_all(args, argc, argv, why) != ERR_OK)
        error = ERR_CONFIG;
    if (error == ERR_OK)
        error = config_check(&args->config, why);
    return error;
}

void args_dispose(struct args *args)
{
    config_dispose(&args->config);
    free(args->names);
    args->names = NULL;
}
