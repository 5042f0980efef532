/* Reads the suggest command's arguments, and decides who looks at the domains. */
#include "scanner/commands/suggest_command.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scanner/base/exit_code.h"
#include "scanner/commands/args.h"
#include "scanner/commands/check.h"
#include "scanner/commands/suggest_scan.h"
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

static int look_now(const struct args *args, struct suggest_run *run)
{
    if (!args_names_are_domains(args))
        return EXIT_USAGE;
    struct check_request request = {.config = &args->config,
                                    .names = args->names,
                                    .name_count = args->name_count,
                                    .verbose = args->verbose,
                                    .trace = args->trace,
                                    .render = render,
                                    .render_arg = run,
                                    .folder = args->folder};
    int code = check_main(&request);
    return code == EXIT_USAGE || code == EXIT_FAILED ? code : suggest_run_end(run);
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

static int read_scan(const char *dir, const char *folder, struct suggest_run *run)
{
    struct buf why;
    buf_init(&why, WHY_BYTES);
    sandbox_enter_reader(&(struct sandbox_reader){.read = {dir}, .temporary = true, .folder = folder});
    enum error error = suggest_scan(dir, run, &why);
    if (error != ERR_OK)
        (void)fprintf(stderr, "stsweep: %s: %s\n", dir, why.len > 0 ? buf_string(&why) : error_text(error));
    buf_dispose(&why);
    if (error != ERR_OK)
        return exit_code_of(error);
    bool is_written = fflush(stdout) == 0 && ferror(stdout) == 0;
    return is_written ? suggest_run_end(run) : EXIT_FAILED;
}

static int run_with(const struct args *args)
{
    struct suggest_folder folder = {.fd = -1};
    struct suggest_run run = {.options = {.rua = args->rua, .remove = args->remove}, .json = args->json};
    if (args->folder != NULL) {
        enum error error = suggest_folder_open(&folder, args->folder, args->force);
        if (error != ERR_OK) {
            (void)fprintf(stderr, "stsweep: suggest: -o %s: %s%s\n", args->folder, strerror(errno),
                          errno == ENOENT ? "; make the directory that it is to stand in first" : "");
            return exit_code_of(error);
        }
        run.folder = &folder;
    }
    int code = is_scan(args->names[0]) ? read_scan(args->names[0], args->folder, &run) : look_now(args, &run);
    suggest_folder_close(&folder);
    return code;
}

static int check_words(const struct args *args)
{
    if (args->name_count == 0)
        return usage("name a domain, or a scan directory");
    for (size_t i = 0; args->name_count > 1 && i < args->name_count; i++)
        if (is_scan(args->names[i]))
            return usage("give one scan directory, or domains");
    if (args->folder != NULL && args->folder[0] == 0)
        return usage("-o needs a folder");
    if (args->rua != NULL && !suggest_rua_is_valid(args->rua))
        return usage("--rua is no mailto: or https: URI");
    if (args->force && args->folder == NULL)
        return usage("--force is for -o FOLDER");
    return 0;
}

int suggest_main(int argc, char **argv)
{
    struct args args;
    struct buf why;
    buf_init(&why, WHY_BYTES);
    int code = 0;
    if (args_parse(&args, argc, argv, &why) != ERR_OK) {
        (void)fprintf(stderr, "stsweep: the command line or the configuration is not usable:\n%s",
                      buf_string(&why));
        code = EXIT_USAGE;
    } else {
        code = check_words(&args);
    }
    if (code == 0)
        code = run_with(&args);
    args_dispose(&args);
    buf_dispose(&why);
    return code;
}
