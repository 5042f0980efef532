/* The commands; nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/base/exit_code.h"
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
#include "scanner/facts/record.h"
#include "scanner/machine/ceilings.h"
#include "scanner/machine/sandbox.h"
#include "scanner/scan/scan.h"

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
    struct flags flags;
    flags_begin(&flags, "version", argc - 1, argv + 1);
    enum flag flag = flags_next(&flags);
    if (flag == FLAG_NAME)
        flag = flags_refuse(&flags, "it takes no word: ", flags.value, "");
    if (flag == FLAG_FAULT) {
        flags_say(&flags, stderr);
        return EXIT_USAGE;
    }
    (void)printf("stsweep " STSWEEP_VERSION "\nschema %d, rules %d\n", RECORD_SCHEMA_VERSION, RECORD_RULES);
    return EXIT_DONE;
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
        (void)fprintf(stderr, "stsweep: the command line or the configuration is not usable:\n%s",
                      buf_string(&why));
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
    (void)fprintf(stderr, "stsweep: %s\n  stsweep %s\n", reason, manual_usage(command));
    return EXIT_USAGE;
}

static int scan_with(const struct args *args, int argc, char **argv)
{
    struct buf line;
    static const char *const standard_input[] = {"-"};
    buf_init(&line, COMMAND_LINE_BYTES);
    join_arguments(&line, argc, argv);
    struct scan_request request = {.config = &args->config,
                                   .files =
                                       args->name_count > 0 ? args->names : (const char **)standard_input,
                                   .file_count = args->name_count > 0 ? args->name_count : 1,
                                   .resume = args->resume,
                                   .quiet = args->quiet,
                                   .command_line = buf_string(&line),
                                   .trace = args->trace,
                                   .fail_on = args->fail_on};
    if (args->name_count == 0 && isatty(STDIN_FILENO) == 1)
        (void)fputs("stsweep: no FILE is given: names are read from standard input, up to Ctrl-D\n", stderr);
    int code = scan_main(&request);
    buf_dispose(&line);
    return code;
}

static int run_scan(int argc, char **argv)
{
    struct args args;
    int code = parse(&args, argc, argv);
    if (code < 0 && args.config.output_dir[0] == 0)
        code = usage(COMMAND_SCAN, "say where to write: -o DIR, or -o - for standard output");
    if (code < 0 && args.resume && strcmp(args.config.output_dir, "-") == 0)
        code = usage(COMMAND_SCAN, "--resume needs a scan directory");
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
    if (code < 0 && !args_names_are_domains(&args))
        code = EXIT_USAGE;
    if (code < 0 && (args.with_mx != NULL || args.with_policy != NULL)) {
        code = forecast_main(&args);
    } else if (code < 0) {
        struct check_request request = {.config = &args.config,
                                        .names = args.names,
                                        .name_count = args.name_count,
                                        .json = args.json,
                                        .verbose = args.verbose,
                                        .trace = args.trace,
                                        .fail_on = args.fail_on};
        code = check_main(&request);
    }
    args_dispose(&args);
    return code;
}

static int (*const runs[COMMAND_COUNT])(int argc, char **argv) = {
    [COMMAND_SCAN] = run_scan,        [COMMAND_CHECK] = run_check,   [COMMAND_LINT] = run_lint,
    [COMMAND_SUGGEST] = suggest_main, [COMMAND_SHOW] = run_show,     [COMMAND_DIFF] = run_diff,
    [COMMAND_RELEASE] = run_release,  [COMMAND_REPORT] = run_report, [COMMAND_HELP] = run_help,
    [COMMAND_VERSION] = run_version,
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
        (void)fprintf(stderr, "stsweep: standard output cannot be written%s%s\n", number == 0 ? "" : ": ",
                      number == 0 ? "" : strerror(number));
    return EXIT_FAILED;
}

int main(int argc, char **argv)
{
    fill_descriptors();
    sandbox_permit();
    clock_keep();
    (void)signal(SIGPIPE, SIG_IGN);
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
    bool words_only = command == COMMAND_SCAN && (fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY;
    return words_only ? code : written(code); /* a scan's records are safe when its words are lost */
}
