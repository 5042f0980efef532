/* The commands; nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "scanner/base/nearest.h"
#include "scanner/base/clock.h"
#include "scanner/base/exit_code.h"
#include "scanner/commands/args.h"
#include "scanner/commands/check.h"
#include "scanner/commands/diff.h"
#include "scanner/commands/flags.h"
#include "scanner/commands/forecast_command.h"
#include "scanner/commands/lint.h"
#include "scanner/commands/release.h"
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

struct command {
    const char *name;
    const char *usage; /* this and what it does: rows of 79 columns at most, behind "  stsweep " the first */
    const char *example; /* of its use, likewise; NULL: none */
    const char *does;
    int (*run)(int argc, char **argv);
};

static int run_scan(int argc, char **argv);
static int run_check(int argc, char **argv);
static int run_lint(int argc, char **argv);
static int run_show(int argc, char **argv);
static int run_diff(int argc, char **argv);
static int run_release(int argc, char **argv);
static int print_exit_codes(void)
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

static int run_help(int argc, char **argv);
static int run_version(int argc, char **argv);

static const struct command commands[] = {
    {"scan",
     "scan [FILE...] -o DIR [--previous OLD] [--resume] [--shard i/n]\n"
     "               [--fail-on OUTCOME,...] [--config FILE] [--section.key=value...]",
     "scan domains.csv.zst -o scan-2026-11 --dns.resolvers=127.0.0.1 \\\n"
     "      --smtp.ehlo=scanner.example.org --safety.optout=optout.txt \\\n"
     "      --smtp.contact=https://scanner.example.org/",
     "Scans the domains of FILE (a name a line, or CSV rank,domain[,label]; also .gz\n"
     "and .zst; - or no FILE is standard input) into the scan directory DIR. -o -\n"
     "streams domain records to standard output and keeps nothing else. --resume goes\n"
     "on after a stop or a crash; speeds, limits and the opt-out list may be others\n"
     "then. --shard scans part i of n. --trace DOMAIN prints what is done for one.\n"
     "--previous OLD reads an earlier scan first: a policy that enforces stays in\n"
     "senders' caches for its max_age, so mail may be refused under one that stands\n"
     "nowhere any more (cached.refused, cached.partial; refused and partial of\n"
     "--fail-on mean these too).\n"
     "Exit 0 done, 1 a record has an outcome of --fail-on, 2 usage, 3 stopped but\n"
     "resumable, 4 cannot go on.",
     run_scan},
    {"check",
     "check DOMAIN... [--json] [-v] [--previous OLD] [--fail-on OUTCOME,...]\n"
     "               [--with-mx HOST,...] [--with-policy FILE]\n"
     "               [--config FILE] [--section.key=value...]",
     "check example.org example.net\n"
     "  stsweep check example.org --with-mx mx1.example.net,mx2.example.net",
     "Looks at domains now and says what was found, what a sender will do and what to\n"
     "mend. -v adds the evidence and a look at this machine; --json prints the\n"
     "records that scan writes; --previous OLD says first what senders do that have\n"
     "the policy which that scan saw. Colours appear on a terminal only, and not if\n"
     "NO_COLOR is set and not empty. Exit 0 all protected, 1 one is not (no-mail\n"
     "among them, and cached.refused or cached.partial by --previous), else 4 if\n"
     "this machine cannot see it (no network, no resolver, port 25 blocked), 5 if one\n"
     "could not be determined, 2 usage; with --fail-on, 1 if a domain has one of these\n"
     "outcomes, also by an earlier policy, else 4, 5 or 0.\n"
     "--with-mx and --with-policy tell what senders will do after a change of MX hosts\n"
     "or policy, until when, and the steps by which no mail is lost; the new hosts are\n"
     "looked at as they stand. Exit 0 nothing is lost, 1 mail is lost or hosts are\n"
     "skipped if it is changed at once.",
     run_check},
    {"lint",
     "lint record TXT... | tlsrpt TXT... | policy FILE|- |\n"
     "               match HOST PATTERN... [--json]",
     "lint record 'v=STSv1; id=20260101T000000;'",
     "Says offline whether a text is valid and, if not, where and why. record is what\n"
     "stands at _mta-sts, tlsrpt what stands at _smtp._tls: each TXT is one record,\n"
     "as several there are a fault of their own. match says whether an mx pattern of\n"
     "a policy names HOST. Exit 0 valid, 1 not, 2 usage.",
     run_lint},
    {"suggest",
     "suggest DOMAIN... | DIR [-o FOLDER] [--force] [--rua URI]\n"
     "               [--remove] [--json] [--except FILE] [--config FILE]\n"
     "               [--section.key=value...]\n"
     "               [--format FORMAT [-o FILE] [--policy-host HOST]]",
     "suggest example.org --rua mailto:tls@example.org -o publish\n"
     "  stsweep suggest scan-2026-11 --format nsupdate --policy-host 192.0.2.7 \\\n"
     "      --rua mailto:tls@example.org -o changes.nsupdate",
     "Says what to publish: the policy file and the records for MTA-STS and TLSRPT,\n"
     "made of the MX hosts that are really in use. The mode is enforce only where\n"
     "senders enforce already and every host is known to pass; else testing, with what\n"
     "must be mended and how long to wait before enforce. Where it could not be\n"
     "determined what senders meet, what is published stays. DIR is a scan: all its\n"
     "domains, as they were then. -o FOLDER writes a folder a domain (mta-sts.txt,\n"
     "records.zone, README.txt) and leaves files that stand there alone unless --force\n"
     "is given. --rua says where reports go; --remove how to take MTA-STS down.\n"
     "--format writes one stream for all domains to standard output or FILE: what\n"
     "changes alone, with what was and the risk (none, low, protection-loss,\n"
     "mail-loss), as records of a zone, for nsupdate, or json; nginx is a\n"
     "configuration that serves all policies. --policy-host is the address or name of\n"
     "the web server with the policies: mta-sts.DOMAIN is made to lead there.\n"
     "--except FILE leaves out of DIR who is on an opt-out list. Exit 0 done, 2 usage\n"
     "or files stand already, 4 cannot go on, 5 a domain could not be determined.",
     suggest_main},
    {"show",
     "show DIR [--outcome OUTCOME,...] [--code CODE,...] [--tld TLD,...]\n"
     "               [--provider NAME,...] [--domain NAME,...] [--label LABEL,...]\n"
     "               [--hosts | --rejects] [--by KIND [--top N]] [--csv | --json]\n"
     "               [--limit N] [--rejudge [--now]] [--fail-on OUTCOME,...]\n"
     "               [--except FILE]",
     "show scan-2026-11 --outcome refused,partial --csv",
     "Shows the records of the scan directory DIR again, also of a scan that still\n"
     "runs or was stopped: a line each for a person, as CSV, or as the JSON that was\n"
     "stored. Domain records, or those of hosts, or what was rejected. A CODE may be\n"
     "the beginning of one, as policy.tls; NAME of --provider a part of one. Filters\n"
     "of different names must all hold. --by counts domains by KIND instead: provider,\n"
     "mx-host, mx-operator (the registrable domain of an MX host), policy-host (the\n"
     "name behind aliases), ip, network (/24 or /48), tld (the last label), label (of\n"
     "the list), who (has to mend) or code. It says of each group the outcomes, what\n"
     "fails there most, and the gain: how many domains that are not protected would\n"
     "be by mending that group alone. Those that gain most come first, --top N of\n"
     "them (20). A domain may be in several groups. What does not fit into 64 MiB\n"
     "goes to TMPDIR.\n"
     "--rejudge judges the stored facts by the rules of this program, as of the time\n"
     "of the scan (--now: of today), and says on standard error what changed; it\n"
     "writes about as much as hosts and certificates take to TMPDIR. --except FILE\n"
     "leaves out who opted out since, also MX hosts that are only theirs (a list as\n"
     "that of safety.optout), and says how many. Exit 0 done, 1 a record shown has an\n"
     "outcome of --fail-on (be it by an earlier policy: cached.refused and\n"
     "cached.partial), 2 usage or no scan directory, 4 it cannot be read whole.",
     run_show},
    {"diff",
     "diff DIR DIR... [--only worse|twice] [--gone-at-most N|N%]\n"
     "               [--except FILE] [--json | --csv]",
     "diff scan-2026-10 scan-2026-11",
     "Compares two scan directories, the old one first, and says of each domain what\n"
     "has changed of MTA-STS, DANE, STARTTLS and TLSRPT, in a word each: DELIVERY\n"
     "(senders lose mail or pass over hosts that they took before), worse (less\n"
     "protection, or another policy under the same id, so that senders keep the old\n"
     "one), better, unclear (not determined in one of them), changed, appeared, gone.\n"
     "If the new one was made with --previous, who loses mail by a policy that\n"
     "senders have cached comes first: DELIVERY, or still if that was so before. At\n"
     "the end it says with which MX host and which provider most of it got worse.\n"
     "Of three directories and more (100 at most, in the order in which their scans\n"
     "began) it says which domains are worse than they were, since when, for how many\n"
     "scans in a row, and what flapped: got worse, then better. A scan in which it\n"
     "could not be determined neither ends a row nor counts in it. --only worse tells\n"
     "only what is worse, --only twice only that of which the last scan is the second\n"
     "in a row; --json and --csv say more of each domain. Scans that were judged by\n"
     "different rules are judged anew first, where they are not by this program's.\n"
     "--gone-at-most says how many domains of the scan before the last, or how many\n"
     "of a hundred, may be gone from the last (50%): more is what a failed export of\n"
     "the list leaves. --except FILE leaves out the domains of an opt-out list in all\n"
     "of them. Exit 0 nothing got worse (--only twice: nothing was told), 1 something\n"
     "did or too many are gone, 2 usage or no scan directory, 3 a scan is\n"
     "not at its end (what it has was compared), 4 one cannot be read whole.",
     run_diff},
    {"release", "release DIR -o OUT [--except FILE] [--labels] | [--aggregate N]",
     "release scan-2026-11 -o mta-sts-2026-11 --except optout.txt",
     "Makes the directory OUT for publication of the scan directory DIR: the records\n"
     "of domains, hosts and certificates, schema and dictionary, macros for DuckDB, a\n"
     "data card (README.md) that says how they came to be, and SHA256SUMS. What is\n"
     "yours stays out: rejected lines, labels (unless --labels), folders, the command\n"
     "line, what the machine is like. --except FILE leaves out who opted out since,\n"
     "with MX hosts and certificates that are only theirs. --aggregate N publishes no\n"
     "record, but tables by top-level domain and provider, without a group of fewer\n"
     "than N domains. The same scan gives the same bytes. Exit 0 done, 2 usage, or OUT\n"
     "is there already, 3 the scan is not at its end, 4 it is damaged, or OUT cannot\n"
     "be written: then nothing is left of it.",
     run_release},
    {"help", "help [COMMAND [--all] | exit | scan.ini]", NULL,
     "Says how a command is used; --all lists all options, not only those that matter\n"
     "most. `help exit` says what the exit codes mean, `help scan.ini` prints a\n"
     "commented configuration file with every option's default.",
     run_help},
    {"version", "version", NULL,
     "Prints the version, the schema of the records, and the number of the rules that\n"
     "it judges by: a stopped scan is gone on with by a program of the same ones.",
     run_version},
};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int no_such_command(const char *name)
{
    struct nearest nearest;
    char rest[NEAREST_TEXT_BYTES];
    nearest_begin(&nearest, name);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        nearest_offer(&nearest, commands[i].name);
    (void)fprintf(stderr, "stsweep: no such command: ");
    for (const char *at = name; *at != '\0' && at < name + NEAREST_WORD_BYTES; at++)
        (void)fputc(*at >= 0x20 && *at < 0x7F ? *at : '?', stderr);
    (void)fprintf(stderr, "%s; `stsweep help` lists them\n", nearest_text(&nearest, rest));
    return EXIT_USAGE;
}

/* The options of a command: those that matter most, or all. */
static void print_options(const struct command *command, bool all)
{
    bool scans = command->run == run_scan;
    if (!scans && command->run != run_check && command->run != suggest_main)
        return;
    (void)printf("\n%s, in a file given with --config or as --section.key=value:\n\n",
                 all ? "Options" : "Options that matter");
    if (all)
        config_print_help(stdout, scans ? "" : "scan input output");
    else
        config_print_first(stdout);
    if (!all)
        (void)printf("\n`stsweep help %s --all` lists all of them.\n", command->name);
}

static void print_command(const struct command *command, bool all)
{
    (void)printf("stsweep %s\n", command->usage);
    if (command->example != NULL)
        (void)printf("\nFor example:\n\n  stsweep %s\n", command->example);
    (void)printf("\n%s\n", command->does);
    print_options(command, all);
}

static int print_commands(FILE *out)
{
    (void)fputs("stsweep scans mail transport security (MTA-STS, TLSRPT, STARTTLS, DANE) in bulk.\n\n", out);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        (void)fprintf(out, "  stsweep %s\n", commands[i].usage);
    (void)fputs("\n`stsweep help COMMAND` says more, `stsweep help exit` what exit codes mean.\n", out);
    return EXIT_DONE;
}

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
        return print_commands(stdout);
    if (strcmp(name, "scan.ini") == 0) {
        config_print_ini(stdout);
        return EXIT_DONE;
    }
    if (strcmp(name, "exit") == 0)
        return print_exit_codes();
    const struct command *command = find_command(name);
    if (command == NULL)
        return no_such_command(name);
    print_command(command, all);
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
static int print_help(const struct command *command, int argc, char **argv)
{
    print_command(command, flags_have(command->name, argc - 1, argv + 1, FLAG_ALL));
    if (command->run == run_scan) {
        struct args args;
        if (parse(&args, argc, argv) < 0) {
            (void)putchar('\n');
            ceilings_print(&args.config, stdout);
        }
        args_dispose(&args);
    }
    return EXIT_DONE;
}

static int usage(const char *command, const char *reason)
{
    (void)fprintf(stderr, "stsweep: %s\n  stsweep %s\n", reason, find_command(command)->usage);
    return EXIT_USAGE;
}

static void join_arguments(struct buf *line, int argc, char **argv)
{
    buf_text(line, "stsweep");
    for (int i = 0; i < argc; i++)
        buf_printf(line, " %s", argv[i]);
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
        code = usage("scan", "say where to write: -o DIR, or -o - for standard output");
    if (code < 0 && args.resume && strcmp(args.config.output_dir, "-") == 0)
        code = usage("scan", "--resume needs a scan directory");
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
        code = usage("check", "name a domain");
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
        (void)print_commands(stderr);
        return EXIT_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    const struct command *command = find_command(name);
    if (command == NULL)
        return no_such_command(name);
    if (flags_have(name, argc - 2, argv + 2, FLAG_HELP))
        return written(print_help(command, argc - 1, argv + 1));
    int code = command->run(argc - 1, argv + 1);
    bool words_only = command->run == run_scan && (fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) == O_RDONLY;
    return words_only ? code : written(code); /* a scan's records are safe when its words are lost */
}
