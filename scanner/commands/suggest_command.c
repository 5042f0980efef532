/* Reads the suggest command's arguments, and decides who looks at the domains. */
#include "scanner/commands/suggest_command.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scanner/base/clock.h"
#include "scanner/base/errno_said.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/commands/args.h"
#include "scanner/commands/check.h"
#include "scanner/commands/suggest_scan.h"
#include "scanner/commands/out_file.h"
#include "scanner/facts/hostname.h"
#include "scanner/machine/sandbox.h"

enum { WHY_BYTES = 64 * 1024 };

static int usage(const char *reason)
{
    (void)fprintf(stderr, "stsweep: suggest: %s; `stsweep help suggest` says more\n", reason);
    return EXIT_USAGE;
}

static bool render(void *arg, struct buf *text, const struct domain_facts *facts,
                   const struct judgement *judgement)
{
    return suggest_run_domain(arg, text, facts, judgement);
}

/* Puts head and end of a stream around what was found; nothing if nothing could be looked at. */
static int wrap(struct suggest_run *run, int code, size_t domains, const char *text, size_t len)
{
    if (code == EXIT_USAGE || code == EXIT_FAILED)
        return code;
    bool written = suggest_run_head(run, domains) == ERR_OK && fwrite(text, 1, len, run->out) == len &&
                   suggest_run_foot(run) == ERR_OK;
    return written ? EXIT_DONE : EXIT_FAILED;
}

/* Returns the directory that files are made in: the folder of -o, or the one that its file stands in; NULL if
 * nothing is written. */
static const char *written_below(const struct args *args)
{
    static char above[PATH_MAX];
    if (args->folder == NULL || args->format == NULL)
        return args->folder;
    (void)snprintf(above, sizeof above, "%s", shown(args->folder));
    return dirname(above);
}

static int look_now(const struct args *args, struct suggest_run *run)
{
    if (!args_names_are_domains(args))
        return EXIT_USAGE;
    char *text = NULL;
    size_t len = 0;
    struct check_request request = {.config = &args->config,
                                    .names = args->names,
                                    .name_count = args->name_count,
                                    .verbose = args->verbose,
                                    .trace = args->trace,
                                    .render = render,
                                    .render_arg = run,
                                    .out = open_memstream(&text, &len),
                                    .folder = written_below(args)};
    if (request.out == NULL)
        return EXIT_FAILED;
    int code = check_main(&request);
    if (fclose(request.out) != 0)
        code = EXIT_FAILED;
    code = wrap(run, code, args->name_count, text, len);
    free(text);
    return code == EXIT_DONE ? suggest_run_end(run) : code;
}

/* Is it a scan directory, and not a folder that happens to be called like a domain? No domain has a slash. */
static bool is_scan(const char *name)
{
    char meta[PATH_MAX];
    struct stat status;
    if (strchr(name, '/') != NULL)
        return strstr(name, "://") == NULL;
    int len = snprintf(meta, sizeof meta, "%s/meta.json", name);
    return len > 0 && (size_t)len < sizeof meta && stat(meta, &status) == 0;
}

static int read_scan(const struct args *args, struct suggest_run *run)
{
    const char *dir = args->names[0];
    const char *const given[] = {dir, args->except.list, args->except.as_prefixes};
    const char *read[sizeof given / sizeof *given];
    size_t count = 0;
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i] != NULL)
            read[count++] = given[i];
    struct buf why;
    buf_init(&why, WHY_BYTES);
    sandbox_enter_reader(&(struct sandbox_reader){
        .read = read, .read_count = count, .temporary = true, .folder = written_below(args)});
    enum error error = suggest_scan(dir, &args->except, run, &why);
    if (error != ERR_OK)
        (void)fprintf(stderr, "stsweep: %s: %s%s\n", shown(dir),
                      why.len > 0 ? buf_string(&why) : error_text(error), error_next(error));
    buf_dispose(&why);
    if (error == ERR_CORRUPT)
        (void)suggest_run_end(run);
    if (error != ERR_OK)
        return exit_code_of(error);
    bool is_written = fflush(run->out) == 0 && ferror(run->out) == 0;
    return is_written ? suggest_run_end(run) : EXIT_FAILED;
}

/* Says what keeps -o from being used. */
static int refuse_output(const struct args *args, enum error error, int number)
{
    if (error == ERR_EXISTS)
        (void)fprintf(
            stderr, "stsweep: suggest: -o %s: it is there already, and was left alone: --force replaces it\n",
            shown(args->folder));
    else
        (void)fprintf(stderr, "stsweep: suggest: -o %s: %s%s\n", shown(args->folder),
                      number == ENOENT ? strerror(number) : errno_said(number),
                      number == ENOENT ? "; make the directory that it is to stand in first" : "");
    return exit_code_of(error);
}

static int run_to(const struct args *args, struct suggest_run *run)
{
    return is_scan(args->names[0]) ? read_scan(args, run) : look_now(args, run);
}

static int run_stream(const struct args *args, struct suggest_run *run)
{
    struct out_file stream;
    enum error error = out_file_open(&stream, args->folder, args->force);
    int code = EXIT_DONE;
    if (error == ERR_OK) {
        run->out = stream.out;
        code = run_to(args, run);
    }
    int number = errno;
    if (error != ERR_OK)
        code = refuse_output(args, error, number);
    error = out_file_close(&stream, code == EXIT_DONE || code == EXIT_UNKNOWN);
    if (error != ERR_OK && args->folder != NULL)
        code = refuse_output(args, error, errno);
    return error != ERR_OK && code == EXIT_DONE ? EXIT_FAILED : code;
}

static int run_folder(const struct args *args, struct suggest_run *run)
{
    struct suggest_folder folder = {.fd = -1};
    if (args->folder != NULL) {
        enum error error = suggest_folder_open(&folder, args->folder, args->force);
        if (error != ERR_OK)
            return refuse_output(args, error, errno);
        run->folder = &folder;
    }
    int code = run_to(args, run);
    suggest_folder_close(&folder);
    return code;
}

static int run_with(const struct args *args, const char *policy_host)
{
    struct suggest_run run = {
        .options = {.rua = args->rua, .policy_host = policy_host, .remove = args->remove},
        .out = stdout,
        .now = clock_wall_ms(),
        .json = args->json,
        .format = args->format != NULL ? suggest_format_find(args->format) : FORMAT_NONE};
    return run.format == FORMAT_NONE ? run_folder(args, &run) : run_stream(args, &run);
}

/* Takes the web server's address or name as it is to stand in a record. */
static bool take_policy_host(const char *text, char where[HOSTNAME_BYTES])
{
    struct ip_addr ip;
    if (ip_parse(text, &ip))
        return ip_format(&ip, where) != NULL;
    return hostname_normalize(bytes_of(text), where) == FAIL_NONE && suggest_host_type(where) != NULL;
}

static int check_format(const struct args *args)
{
    if (args->format != NULL && suggest_format_find(args->format) == FORMAT_NONE)
        return usage("--format is zone, nsupdate, nginx or json");
    if (args->format != NULL && args->json)
        return usage("--json is a format of its own; --format json has what changes");
    if (args->format == NULL && args->policy_host != NULL)
        return usage("--policy-host is for --format");
    return 0;
}

static int check_words(const struct args *args)
{
    if (args->name_count == 0)
        return usage("name a domain, or a scan directory");
    for (size_t i = 0; args->name_count > 1 && i < args->name_count; i++)
        if (is_scan(args->names[i]))
            return usage("give one scan directory, or domains");
    if ((args->except.list != NULL || args->except.as_prefixes != NULL) && !is_scan(args->names[0]))
        return usage("--except is for a scan directory; who is looked at now is left out by safety.optout");
    if (args->rua != NULL && !suggest_rua_is_valid(args->rua))
        return usage("--rua is no mailto: or https: URI");
    if (args->force && args->folder == NULL)
        return usage("--force is for -o");
    return check_format(args);
}

int suggest_main(int argc, char **argv)
{
    struct args args;
    struct buf why;
    char policy_host[HOSTNAME_BYTES];
    buf_init(&why, WHY_BYTES);
    int code = 0;
    if (args_parse(&args, argc, argv, &why) != ERR_OK) {
        (void)fprintf(
            stderr,
            "stsweep: the command line or the configuration is not usable:\n%s`stsweep help suggest "
            "--all` says more\n",
            buf_string(&why));
        code = EXIT_USAGE;
    } else {
        code = check_words(&args);
    }
    if (code == 0 && args.policy_host != NULL && !take_policy_host(args.policy_host, policy_host))
        code = usage("--policy-host is no address and no name of a host");
    if (code == 0)
        code = run_with(&args, args.policy_host != NULL ? policy_host : NULL);
    args_dispose(&args);
    buf_dispose(&why);
    return code;
}
