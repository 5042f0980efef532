/* Reads the suggest command's arguments, and decides who looks at the domains. */
#include "scanner/commands/suggest_command.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "scanner/base/exit_code.h"
#include "scanner/commands/args.h"
#include "scanner/commands/check.h"
#include "scanner/commands/suggest_scan.h"

enum { WHY_BYTES = 64 * 1024 };

/* What belongs to this command alone; the rest is the configuration's. */
struct own {
    const char *folder;
    const char *rua;
    bool force;
    bool remove;
};

static int usage(const char *reason)
{
    (void)fprintf(stderr, "stsweep: suggest: %s; `stsweep help suggest` says more\n", reason);
    return EXIT_USAGE;
}

/* Returns the value of --name=value, --name value, or of a letter's -nvalue; NULL if the argument is
 * another. */
static const char *value_of(const char *name, char **argv, int left, int *used)
{
    size_t len = strlen(name);
    *used = 1;
    if (strncmp(argv[0], name, len) != 0)
        return NULL;
    const char *rest = argv[0] + len;
    if (rest[0] == '=' && name[1] == '-')
        return rest + 1;
    if (rest[0] != 0 && name[1] != '-')
        return rest;
    if (rest[0] != 0)
        return NULL;
    *used = 2;
    return left > 1 ? argv[1] : "";
}

/* Takes out of argv what is this command's own; *argc is what is left. */
static void take_own(struct own *own, int *argc, char **argv)
{
    int kept = 1;
    for (int i = 1, used = 1; i < *argc; i += used) {
        const char *value;
        used = 1;
        if (strcmp(argv[i], "--") == 0) {
            while (i < *argc)
                argv[kept++] = argv[i++];
        } else if (strcmp(argv[i], "--force") == 0) {
            own->force = true;
        } else if (strcmp(argv[i], "--remove") == 0) {
            own->remove = true;
        } else if ((value = value_of("--rua", argv + i, *argc - i, &used)) != NULL) {
            own->rua = value;
        } else if ((value = value_of("-o", argv + i, *argc - i, &used)) != NULL) {
            own->folder = value;
        } else {
            used = 1;
            argv[kept++] = argv[i];
        }
    }
    *argc = kept;
}

static bool render(void *arg, struct buf *text, const struct domain_facts *facts,
                   const struct judgement *judgement)
{
    return suggest_run_domain(arg, text, facts, judgement);
}

static int look_now(const struct args *args, struct suggest_run *run)
{
    struct check_request request = {.config = &args->config,
                                    .names = args->names,
                                    .name_count = args->name_count,
                                    .verbose = args->verbose,
                                    .trace = args->trace,
                                    .render = render,
                                    .render_arg = run};
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

static int read_scan(const char *dir, struct suggest_run *run)
{
    struct buf why;
    buf_init(&why, WHY_BYTES);
    enum error error = suggest_scan(dir, run, &why);
    if (error != ERR_OK)
        (void)fprintf(stderr, "stsweep: %s: %s\n", dir, why.len > 0 ? buf_string(&why) : error_text(error));
    buf_dispose(&why);
    return error == ERR_OK ? suggest_run_end(run) : EXIT_FAILED;
}

static int run_with(const struct args *args, const struct own *own)
{
    struct suggest_folder folder = {.fd = -1};
    struct suggest_run run = {.options = {.rua = own->rua, .remove = own->remove}, .json = args->json};
    if (own->folder != NULL) {
        if (suggest_folder_open(&folder, own->folder, own->force) != ERR_OK) {
            perror(own->folder);
            return EXIT_FAILED;
        }
        run.folder = &folder;
    }
    int code = is_scan(args->names[0]) ? read_scan(args->names[0], &run) : look_now(args, &run);
    suggest_folder_close(&folder);
    return code;
}

static int check_words(const struct args *args, const struct own *own)
{
    if (args->name_count == 0)
        return usage("name a domain, or a scan directory");
    for (size_t i = 0; args->name_count > 1 && i < args->name_count; i++)
        if (is_scan(args->names[i]))
            return usage("give one scan directory, or domains");
    if (own->folder != NULL && own->folder[0] == 0)
        return usage("-o needs a folder");
    if (own->rua != NULL && !suggest_rua_is_valid(own->rua))
        return usage("--rua is no mailto: or https: URI");
    if (own->force && own->folder == NULL)
        return usage("--force is for -o FOLDER");
    return 0;
}

int suggest_main(int argc, char **argv)
{
    struct own own = {0};
    struct args args;
    struct buf why;
    buf_init(&why, WHY_BYTES);
    take_own(&own, &argc, argv);
    int code = 0;
    if (args_parse(&args, argc, argv, &why) != ERR_OK) {
        (void)fprintf(stderr, "stsweep: the command line or the configuration is not usable:\n%s",
                      buf_string(&why));
        code = EXIT_USAGE;
    } else {
        code = check_words(&args, &own);
    }
    if (code == 0)
        code = run_with(&args, &own);
    args_dispose(&args);
    buf_dispose(&why);
    return code;
}
