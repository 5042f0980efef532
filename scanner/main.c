/* The commands; nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/base/errno_said.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/seed.h"
#include "scanner/commands/args.h"
#include "scanner/commands/check.h"
#include "scanner/commands/diff.h"
#include "scanner/commands/flags.h"
#include "scanner/commands/forecast_command.h"
#include "scanner/commands/lint.h"
#include "scanner/commands/manual.h"
#include "scanner/commands/release.h"
#include "scanner/commands/report.h"
#include "scanner/commands/show.h"
#include "scanner/commands/suggest_command.h"
#include "scanner/commands/version.h"
#include "scanner/machine/announce.h"
#include "scanner/machine/ceilings.h"
#include "scanner/machine/sandbox.h"
#include "scanner/machine/setup.h"
#include "scanner/scan/dryrun.h"
#include "scanner/scan/naming.h"
#include "scanner/scan/scan.h"
#include "scanner/stages/merge.h"
#include "scanner/stages/plan.h"
#include "scanner/stages/probe.h"
#include "scanner/stages/status.h"

/* Read by jemalloc, where it is linked: memory set free goes back to the system after this long, not after
 * ten seconds. */
extern const char *malloc_conf;
const char *malloc_conf = "dirty_decay_ms:3000";

enum { WHY_BYTES = 64 * 1024, COMMAND_LINE_BYTES = 16 * 1024 };

static int run_help(int argc, char **argv)
{
    const char *name = NULL;
    bool all = false;
    enum flag flag;
    struct flags flags;
    flags_begin(&flags, "help", argc - 1, argv + 1);
    while ((flag = flags_next(&flags)) != FLAG_END && flag != FLAG_FAULT) {
        all = all || flag == FLAG_ALL;
        if (flag == FLAG_NAME && name != NULL)
            flag = flags_refuse(&flags, "one command at a time, not also ", flags.value, "");
        if (flag == FLAG_FAULT)
            break;
        if (flag == FLAG_NAME)
            name = flags.value;
    }
    if (flag == FLAG_FAULT) {
        flags_say(&flags, stderr);
        return EXIT_USAGE;
    }
    if (name == NULL)
        return manual_print_all(stdout);
    if (strcmp(name, "scan.ini") == 0) {
        config_print_ini(stdout);
        return EXIT_DONE;
    }
    if (strcmp(name, "exit") == 0)
        return manual_print_exit_codes();
    enum command command = manual_find(name);
    if (command == COMMAND_COUNT)
        return manual_no_such(name);
    manual_print(command, all);
    return EXIT_DONE;
}

static int run_version(int argc, char **argv)
{
    return version_main(argc, argv, stdout, stderr);
}

static int run_lint(int argc, char **argv)
{
    return lint_main(argc - 1, argv + 1, stdout, stderr);
}

static int run_show(int argc, char **argv)
{
    return show_main(argc - 1, argv + 1, stdout, stderr);
}

static int run_diff(int argc, char **argv)
{
    return diff_main(argc - 1, argv + 1, stdout, stderr);
}

static int run_release(int argc, char **argv)
{
    return release_main(argc - 1, argv + 1, stdout, stderr);
}

static int run_report(int argc, char **argv)
{
    return report_main(argc - 1, argv + 1, stdout, stderr);
}

/* Arguments and configuration for scan and check; an exit code, or -1 to go on. */
static int parse(struct args *args, int argc, char **argv)
{
    struct buf why;
    int code = -1;
    buf_init(&why, WHY_BYTES);
    if (args_parse(args, argc, argv, &why) != ERR_OK) {
        (void)fprintf(stderr,
                      "stsweep: the command line or the configuration is not usable:\n%s`stsweep help %s "
                      "--all` says more\n",
                      buf_string(&why), argv[0]);
        code = EXIT_USAGE;
    }
    buf_dispose(&why);
    return code;
}

/* --help of a command, wherever it stands. Of a scan the ceilings are said as well, by the options given. */
static int print_help(const char *name, enum command command, int argc, char **argv)
{
    manual_print(command, flags_have(name, argc - 1, argv + 1, FLAG_ALL));
    if (command == COMMAND_SCAN) {
        struct args args;
        if (parse(&args, argc, argv) < 0) {
            (void)putchar('\n');
            ceilings_print(&args.config, stdout);
        }
        args_dispose(&args);
    }
    return EXIT_DONE;
}

static void join_arguments(struct buf *line, int argc, char **argv)
{
    buf_text(line, "stsweep");
    for (int i = 0; i < argc; i++)
        buf_printf(line, " %s", argv[i]);
}

static int usage(enum command command, const char *reason)
{
    (void)fprintf(stderr, "stsweep: %s\n  stsweep %s\n", reason, manual_get(command)->usage);
    return EXIT_USAGE;
}

/* Names the scan directory, if none was given; an exit code, or -1 to go on. */
static int name_directory(struct args *args, const struct scan_request *request)
{
    struct buf why;
    char name[NAMING_BYTES];
    enum error error = ERR_OK;
    if (args->config.output_dir[0] != 0)
        return -1;
    buf_init(&why, WHY_BYTES);
    if (args->resume)
        error = naming_unfinished(request->files, request->file_count, name, &why);
    else
        error = naming_new(clock_wall_ms(), name, &why);
    if (error == ERR_OK)
        error = config_set(&args->config, config_flag('o'), name, "the directory's name", &why);
    if (error != ERR_OK)
        (void)fprintf(stderr, "stsweep: %s\n", buf_string(&why));
    else if (args->resume)
        (void)fprintf(stderr,
                      "stsweep: goes on with %s, the one scan of this list here that is not at its end\n",
                      name);
    else if (!args->dry_run)
        (void)fprintf(stderr, "stsweep: no -o DIR is given: the scan goes into %s\n", name);
    buf_dispose(&why);
    return error == ERR_OK ? -1 : error == ERR_IO ? EXIT_FAILED : EXIT_USAGE;
}

/* Writes the command that goes on with the scan, if who scans may not know it: there is no configuration. */
static void write_go_on(const struct args *args, bool was_named, int argc, char **argv, struct buf *command)
{
    static const char *const program[] = {"stsweep"}, *const resume[] = {"--resume"};
    const char *const named[] = {"-o", args->config.output_dir};
    if (args->configured || args->resume || args->dry_run || strcmp(args->config.output_dir, "-") == 0)
        return;
    naming_command(command, program, 1);
    naming_command(command, (const char *const *)argv, (size_t)argc);
    if (was_named)
        naming_command(command, named, 2);
    naming_command(command, resume, 1);
}

static int scan_with(struct args *args, int argc, char **argv)
{
    struct buf line, go_on;
    static const char *const standard_input[] = {"-"};
    bool was_named = args->config.output_dir[0] == 0;
    buf_init(&line, COMMAND_LINE_BYTES);
    buf_init(&go_on, COMMAND_LINE_BYTES);
    join_arguments(&line, argc, argv);
    struct scan_request request = {.config = &args->config,
                                   .files =
                                       args->name_count > 0 ? args->names : (const char **)standard_input,
                                   .file_count = args->name_count > 0 ? args->name_count : 1,
                                   .resume = args->resume,
                                   .quiet = args->quiet,
                                   .command_line = buf_string(&line),
                                   .trace = args->trace,
                                   .fail_on = args->fail_on,
                                   .json = args->json,
                                   .measure = args->measure};
    int code = name_directory(args, &request);
    if (code < 0) {
        write_go_on(args, was_named, argc, argv, &go_on);
        request.go_on = go_on.len > 0 ? buf_string(&go_on) : NULL;
        if (args->name_count == 0 && isatty(STDIN_FILENO) == 1)
            (void)fputs("stsweep: no FILE is given: names are read from standard input, up to Ctrl-D\n",
                        stderr);
        code = args->dry_run ? dryrun_main(&request, stdout) : scan_main(&request);
    }
    buf_dispose(&line);
    buf_dispose(&go_on);
    return code;
}

static int run_scan(int argc, char **argv)
{
    struct args args;
    int code = parse(&args, argc, argv);
    if (code < 0 && args.name_count == 0 && args.config.output_dir[0] == 0)
        code =
            usage(COMMAND_SCAN, "name a list (- for standard input), and with -o where to write if you like");
    if (code < 0 && args.resume && strcmp(args.config.output_dir, "-") == 0)
        code = usage(COMMAND_SCAN, "--resume needs a scan directory");
    if (code < 0 && args.resume && args.dry_run)
        code = usage(COMMAND_SCAN, "--dry-run is of a scan that begins: leave out --resume");
    if (code < 0 && (args.json || args.measure > 0) && !args.dry_run)
        code = usage(COMMAND_SCAN, "--json and --measure are of --dry-run; a scan's records are JSON anyway");
    if (code < 0)
        code = scan_with(&args, argc, argv);
    args_dispose(&args);
    return code;
}

static int run_check(int argc, char **argv)
{
    struct args args;
    int code = parse(&args, argc, argv);
    if (code < 0 && args.name_count == 0)
        code = usage(COMMAND_CHECK, "name a domain");
    if (code < 0 && args.json && args.form != TOOL_NONE)
        code = usage(COMMAND_CHECK, "--json is a format of its own: leave it out, or the other --format");
    if (code < 0 && args.form != TOOL_NONE && (args.with_mx != NULL || args.with_policy != NULL))
        code = usage(COMMAND_CHECK, "what --with-mx and --with-policy tell is text or JSON");
    if (code < 0 && !args_names_are_domains(&args))
        code = EXIT_USAGE;
    if (code < 0 && (args.with_mx != NULL || args.with_policy != NULL)) {
        code = forecast_main(&args);
    } else if (code < 0) {
        struct check_request request = {.config = &args.config,
                                        .names = args.names,
                                        .name_count = args.name_count,
                                        .json = args.json,
                                        .form = args.form,
                                        .verbose = args.verbose,
                                        .trace = args.trace,
                                        .fail_on = args.fail_on};
        code = check_main(&request);
    }
    args_dispose(&args);
    return code;
}

static int run_plan(int argc, char **argv)
{
    struct args args;
    int code = parse(&args, argc, argv);
    if (code < 0 && args.name_count == 0)
        code = usage(COMMAND_PLAN, "name the directories of the names");
    if (code < 0 && args.again == NULL && (args.parts == 0 || args.config.output_dir[0] == 0))
        code = usage(COMMAND_PLAN, "say with --parts into how many parts, and with -o where to");
    if (code < 0 && args.again != NULL && (args.parts != 0 || args.config.output_dir[0] != 0))
        code = usage(COMMAND_PLAN, "the next round goes into the plan of --again, in as many parts");
    if (code < 0)
        code = plan_main(&args);
    args_dispose(&args);
    return code;
}

static int run_probe(int argc, char **argv)
{
    struct args args;
    struct buf line;
    int code = parse(&args, argc, argv);
    buf_init(&line, COMMAND_LINE_BYTES);
    join_arguments(&line, argc, argv);
    if (code < 0 && (args.name_count != 1 || args.part == 0 || args.config.output_dir[0] == 0))
        code = usage(COMMAND_PROBE, "name one plan, with --part which part of it, and with -o where to");
    if (code < 0)
        code = probe_main(&args, buf_string(&line));
    buf_dispose(&line);
    args_dispose(&args);
    return code;
}

static int run_merge(int argc, char **argv)
{
    struct args args;
    struct buf line;
    int code = parse(&args, argc, argv);
    buf_init(&line, COMMAND_LINE_BYTES);
    join_arguments(&line, argc, argv);
    if (code < 0 && (args.name_count == 0 || args.config.output_dir[0] == 0))
        code = usage(COMMAND_MERGE, "name the directories of names and probes, and with -o where to");
    if (code < 0)
        code = merge_main(&args, buf_string(&line));
    buf_dispose(&line);
    args_dispose(&args);
    return code;
}

static int run_status(int argc, char **argv)
{
    return status_main(argc, argv, stdout, stderr);
}

static int (*const runs[COMMAND_COUNT])(int argc, char **argv) = {
    [COMMAND_SCAN] = run_scan,        [COMMAND_CHECK] = run_check,     [COMMAND_LINT] = run_lint,
    [COMMAND_SUGGEST] = suggest_main, [COMMAND_SHOW] = run_show,       [COMMAND_DIFF] = run_diff,
    [COMMAND_RELEASE] = run_release,  [COMMAND_REPORT] = run_report,   [COMMAND_HELP] = run_help,
    [COMMAND_PLAN] = run_plan,        [COMMAND_PROBE] = run_probe,     [COMMAND_MERGE] = run_merge,
    [COMMAND_STATUS] = run_status,    [COMMAND_VERSION] = run_version,
};

/* A file opened later would else take the place of a closed standard descriptor, and messages land in it.
 * Input that is read and output that is written all the same fail, as they did when closed; words are lost.
 */
static void fill_descriptors(void)
{
    static const int modes[] = {
        [STDIN_FILENO] = O_WRONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_WRONLY};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd)
            _exit(EXIT_USAGE);
}

/* An answer that could not be written whole is none, whatever the command found. A reader that went away has
 * had enough, and is told nothing. */
static int written(int code)
{
    struct pollfd reader = {.fd = STDOUT_FILENO, .events = POLLOUT};
    errno = 0;
    if (fflush(stdout) == 0 && ferror(stdout) == 0)
        return code;
    int number = errno;
    if (poll(&reader, 1, 0) != 1 || (reader.revents & POLLERR) == 0)
        (void)fprintf(stderr, "stsweep: standard output cannot be written%s%s\n",
                      number == 0 ? "; give it a file or a program that takes all of it" : ": ",
                      number == 0 ? "" : errno_said(number));
    return EXIT_FAILED;
}

int main(int argc, char **argv)
{
    fill_descriptors();
    sandbox_permit();
    announce_permit();
    setup_loop_faults();
    clock_keep();
    hash_seed_set(setup_random());
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a write beyond ulimit -f fails with EFBIG, and is told */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    if (argc < 2) {
        (void)manual_print_all(stderr);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    enum command command = manual_find(name);
    if (command == COMMAND_COUNT)
        return manual_no_such(name);
    if (flags_have(name, argc - 2, argv + 2, FLAG_HELP))
        return written(print_help(name, command, argc - 1, argv + 1));
    int code = runs[command](argc - 1, argv + 1);
    bool is_dry = command == COMMAND_SCAN && flags_have(name, argc - 2, argv + 2, FLAG_DRY_RUN);
    bool words_only =
        command == COMMAND_SCAN && !is_dry && (fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY;
    return words_only ? code : written(code); /* a scan's records are safe when its words are lost */
}
