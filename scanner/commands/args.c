/* Leads from argv to a configuration. */
#include "scanner/commands/args.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scanner/base/shown.h"
#include "scanner/commands/flags.h"
#include "scanner/facts/hostname.h"

static const char origin[] = "command line";

enum { MEASURE_MOST = 10000, PARTS_MOST = 10000, VANTAGE_MOST = 63 };

/* Reads the files of --config before all else, so that the command line wins. */
static enum error read_config_files(struct args *args, int argc, char **argv, struct buf *why)
{
    enum error error = ERR_OK;
    enum flag flag;
    struct flags flags;
    flags_begin(&flags, argv[0], argc - 1, argv + 1);
    while ((flag = flags_next(&flags)) != FLAG_END) {
        args->configured = args->configured || flag == FLAG_CONFIG;
        if (flag == FLAG_CONFIG && config_read_file(&args->config, flags.value, why) != ERR_OK)
            error = ERR_CONFIG;
    }
    return error;
}

static bool take_trace(struct args *args, struct flags *flags)
{
    char name[HOSTNAME_BYTES];
    args->trace = flags->value;
    if (hostname_normalize(bytes_of(flags->value), name) == FAIL_NONE)
        return true;
    (void)flags_refuse(flags, "--trace needs a domain, which this is not: ", flags->value, "");
    return false;
}

/* Takes how check tells what it found; --json and --format json are the same. */
static bool take_tell(struct args *args, struct flags *flags)
{
    args->json = args->json || strcmp(flags->value, "json") == 0;
    args->form = tool_form_find(flags->value);
    if (args->form != TOOL_NONE || strcmp(flags->value, "json") == 0 || strcmp(flags->value, "text") == 0)
        return true;
    (void)flags_refuse(flags, "--format is text, json, junit, github or markdown, not ", flags->value, "");
    return false;
}

/* Takes how many names of a list a dry run asks about. */
static bool take_measure(struct args *args, struct flags *flags)
{
    uint64_t number;
    if (flags_number(flags, 1, MEASURE_MOST, &number)) {
        args->measure = (uint32_t)number;
        return true;
    }
    (void)flags_refuse(
        flags, "--measure needs a number of names from 1 to 10000, which this is not: ", flags->value, "");
    return false;
}

/* Takes a number of parts, or of one of them. */
static bool take_part(struct flags *flags, uint32_t *part)
{
    uint64_t number;
    if (flags_number(flags, 1, PARTS_MOST, &number)) {
        *part = (uint32_t)number;
        return true;
    }
    (void)flags_refuse(flags, "parts count from 1 to 10000, not ", flags->value, "");
    return false;
}

/* Takes where probes are made from: a short word that is fit for a file name. */
static bool take_vantage(struct args *args, struct flags *flags)
{
    static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    args->vantage = flags->value;
    if (strspn(args->vantage, fit) == strlen(args->vantage) && strlen(args->vantage) <= VANTAGE_MOST)
        return true;
    (void)flags_refuse(flags, "--vantage is a word of up to 63 letters, digits, -, _ and ., not ",
                       flags->value, "");
    return false;
}

/* Takes a flag that is no option of the configuration; false with a fault. */
static bool take_own(struct args *args, enum flag flag, struct flags *flags)
{
    switch (flag) {
    case FLAG_TRACE:
        return take_trace(args, flags);
    case FLAG_FAIL_ON:
        return flags_outcomes(flags, &args->fail_on);
    case FLAG_PARTS:
        return take_part(flags, &args->parts);
    case FLAG_PART:
        return take_part(flags, &args->part);
    case FLAG_AGAIN:
        args->again = flags->value;
        return true;
    case FLAG_VANTAGE:
        return take_vantage(args, flags);
    case FLAG_RESUME:
        args->resume = true;
        return true;
    case FLAG_DRY_RUN:
        args->dry_run = true;
        return true;
    case FLAG_MEASURE:
        return take_measure(args, flags);
    case FLAG_QUIET:
        args->quiet = true;
        return true;
    case FLAG_JSON:
        args->json = true;
        return true;
    case FLAG_TELL:
        return take_tell(args, flags);
    case FLAG_VERBOSE:
        args->verbose = true;
        return true;
    case FLAG_FORCE:
        args->force = true;
        return true;
    case FLAG_REMOVE:
        args->remove = true;
        return true;
    case FLAG_FOLDER:
        args->folder = flags->value;
        return true;
    case FLAG_EXCEPT:
    case FLAG_AS_PREFIXES:
        return except_take(&args->except, flags, flag);
    case FLAG_RUA:
        args->rua = flags->value;
        return true;
    case FLAG_WITH_MX:
        args->with_mx = flags->value;
        return true;
    case FLAG_WITH_POLICY:
        args->with_policy = flags->value;
        return true;
    case FLAG_FORMAT:
        args->format = flags->value;
        return true;
    case FLAG_POLICY_HOST:
        args->policy_host = flags->value;
        return true;
    case FLAG_ALL:
        (void)flags_refuse(flags, "--all needs --help", "", "");
        return flags_have(flags->command, flags->argc, flags->argv, FLAG_HELP);
    default: /* --config was read before, --help is looked for before */
        return flag != FLAG_FAULT;
    }
}

static enum error take(struct args *args, enum flag flag, struct flags *flags, struct buf *why)
{
    const char *option = flag_option(flag);
    if (option != NULL)
        return config_set(&args->config, option, flags->value, origin, why);
    switch (flag) {
    case FLAG_NAME:
        args->names[args->name_count++] = flags->value;
        return ERR_OK;
    case FLAG_OPTION:
        return config_set(&args->config, flags->option, flags->value, origin, why);
    case FLAG_DIR:
        return config_set(&args->config, config_flag('o'), flags->value, origin, why);
    default:
        if (take_own(args, flag, flags))
            return ERR_OK;
        buf_printf(why, "%s: %s\n", origin, flags->fault);
        return ERR_CONFIG;
    }
}

static enum error take_all(struct args *args, int argc, char **argv, struct buf *why)
{
    enum error error = ERR_OK;
    enum flag flag;
    struct flags flags;
    flags_begin(&flags, argv[0], argc - 1, argv + 1);
    while ((flag = flags_next(&flags)) != FLAG_END)
        if (take(args, flag, &flags, why) != ERR_OK)
            error = ERR_CONFIG;
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

/* Says that a word is taken for a domain if it may mean something else: a file or directory is called so, or
 * it has no dot, as the misspelt name of a scan directory. */
static void say_if_taken(const char *name)
{
    struct stat status;
    bool is_there = stat(name, &status) == 0, is_dir = is_there && S_ISDIR(status.st_mode);
    if (is_there && !is_dir)
        (void)fprintf(stderr,
                      "stsweep: %s: taken for a domain, but a file is called so: `stsweep scan FILE` "
                      "looks at the domains of a list\n",
                      shown(name));
    else if (strchr(name, '.') == NULL)
        (void)fprintf(stderr, "stsweep: %s: taken for a domain, though it has no dot%s\n", shown(name),
                      is_dir ? "; a directory is called so, and `stsweep show DIR` reads a scan"
                             : "; no scan directory here is called so");
}

bool args_names_are_domains(const struct args *args)
{
    for (size_t i = 0; i < args->name_count; i++) {
        char name[HOSTNAME_BYTES];
        enum failure_code code = hostname_normalize(bytes_of(args->names[i]), name);
        if (code == FAIL_NONE) {
            say_if_taken(args->names[i]);
            continue;
        }
        struct flags flags;
        (void)flags_refuse(&flags, "no domain name: ", args->names[i], "");
        (void)fprintf(stderr, "stsweep: %s\n  %s: %s %s\n", flags.fault, failure_name(code),
                      failure_get(code)->why, failure_get(code)->mend);
        return false;
    }
    return true;
}

void args_dispose(struct args *args)
{
    config_dispose(&args->config);
    free(args->names);
    args->names = NULL;
}
