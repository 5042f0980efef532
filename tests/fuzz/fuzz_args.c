/*
 * Any words as a command line: the first byte chooses the command, a NUL ends a word. They are taken, or
 * refused with a reason that may be printed. lint judges the texts among them: in words that may be printed,
 * or as a line of JSON. No file that a word names is opened: what has a path is left out.
 */
#include <ctype.h>

#include "scanner/base/exit_code.h"
#include "scanner/commands/args.h"
#include "scanner/commands/diff.h"
#include "scanner/commands/diff_side.h"
#include "scanner/commands/flags.h"
#include "scanner/commands/lint.h"
#include "scanner/commands/release.h"
#include "scanner/commands/report.h"
#include "scanner/commands/show.h"
#include "scanner/commands/suggest.h"
#include "scanner/json/json_tree.h"
#include "scanner/stages/status.h"
#include "tests/fuzz/file.h"

enum { WORDS = 32, WHY_BYTES = 1 << 20, ARENA_BYTES = 8 << 20 };

static const char *const commands[] = {"scan",    "check", "suggest", "show",    "lint",  "diff",  "help",
                                       "version", "plan",  "report",  "release", "probe", "merge", "status"};

struct line {
    char *text; /* owned: the words with their NULs */
    char *argv[WORDS + 2];
    int argc;
};

static void read_words(struct line *line, const char *command, const uint8_t *data, size_t size)
{
    line->text = malloc(size + 1);
    if (line->text == NULL)
        abort();
    for (size_t i = 0; i < size; i++)
        line->text[i] = (char)data[i];
    line->text[size] = '\0';
    line->argv[0] = (char *)(uintptr_t)command;
    line->argc = 1;
    for (size_t at = 0; at < size && line->argc <= WORDS; at += strlen(line->text + at) + 1)
        if (strstr(line->text + at, "config") == NULL)
            line->argv[line->argc++] = line->text + at;
    line->argv[line->argc] = NULL;
}

/* Each word is told of once, at most, and what is told of is the table's. */
static void check_flags(struct line *line)
{
    struct flags flags;
    int told = 0;
    flags_begin(&flags, line->argv[0], line->argc - 1, line->argv + 1);
    for (enum flag flag; (flag = flags_next(&flags)) != FLAG_END; told++) {
        expect(flag < FLAG_COUNT ? NULL : "no such flag");
        expect((flag == FLAG_FAULT) <= (flags.fault[0] != '\0') ? NULL : "a fault without its reason");
        expect(flag != FLAG_FAULT || is_tellable(bytes_of(flags.fault)) ? NULL
                                                                        : "a fault that may not be shown");
        expect(flag != FLAG_NAME || flags.value != NULL ? NULL : "a name without its text");
    }
    /* "-vj" are two flags in one word. */
    size_t letters = 0;
    for (int i = 1; i < line->argc; i++)
        letters += 1 + strlen(line->argv[i]);
    expect((size_t)told <= letters ? NULL : "told more often than there are letters");
}

static void check_args(struct line *line)
{
    struct args args;
    struct buf why;
    buf_init(&why, WHY_BYTES);
    enum error error = args_parse(&args, line->argc, line->argv, &why);
    expect_told(error, &why);
    expect(args.name_count < (size_t)line->argc ? NULL : "more names than words");
    args_dispose(&args);
    buf_dispose(&why);
}

static void check_show(struct line *line)
{
    struct show_request request;
    char *said = NULL;
    size_t len = 0;
    FILE *err = open_memstream(&said, &len);
    if (err == NULL)
        abort();
    bool ok = show_args(line->argc - 1, line->argv + 1, &request, err);
    (void)fclose(err);
    expect(ok || len > 0 ? NULL : "refused without a reason");
    if (ok) {
        expect(request.dir != NULL ? NULL : "no directory");
        show_args_dispose(&request);
    }
    free(said);
}

/* ---- commands that are run ----------------------------------------------------------------------------- */

/* What a command said. */
struct said {
    char *text[2]; /* owned: its output, its errors */
    size_t len[2];
    FILE *files[2];
};

static void said_begin(struct said *said)
{
    for (int i = 0; i < 2; i++) {
        said->files[i] = open_memstream(&said->text[i], &said->len[i]);
        if (said->files[i] == NULL)
            abort();
    }
}

static void said_end(struct said *said)
{
    for (int i = 0; i < 2; i++) {
        (void)fclose(said->files[i]);
        expect(is_tellable(bytes_make(said->text[i], said->len[i])) ? NULL
                                                                    : "a command says what may not be shown");
    }
}

static void said_dispose(struct said *said)
{
    free(said->text[0]);
    free(said->text[1]);
}

/* Counts the names; SIZE_MAX: a word before them cannot be taken. */
static size_t count_names(struct line *line)
{
    struct flags flags;
    enum flag flag;
    size_t names = 0;
    flags_begin(&flags, line->argv[0], line->argc - 1, line->argv + 1);
    while ((flag = flags_next(&flags)) != FLAG_END && flag != FLAG_FAULT)
        names += flag == FLAG_NAME;
    return flag == FLAG_FAULT ? SIZE_MAX : names;
}

static int run_refused(struct line *line, struct said *said)
{
    if (strcmp(line->argv[0], "diff") == 0)
        return diff_main(line->argc - 1, line->argv + 1, said->files[0], said->files[1]);
    if (strcmp(line->argv[0], "report") == 0)
        return report_main(line->argc - 1, line->argv + 1, said->files[0], said->files[1]);
    if (strcmp(line->argv[0], "release") == 0)
        return release_main(line->argc - 1, line->argv + 1, said->files[0], said->files[1]);
    return status_main(line->argc, line->argv, said->files[0], said->files[1]);
}

/* A command that is told of too few directories opens none: it refuses, and says why, whatever else it is
 * told. */
static void check_refused(struct line *line)
{
    size_t least = strcmp(line->argv[0], "diff") == 0 ? 2 : 1, names = count_names(line);
    struct said said;
    if (names != SIZE_MAX && names >= least)
        return;
    said_begin(&said);
    int code = run_refused(line, &said);
    said_end(&said);
    expect(code == EXIT_USAGE && said.len[0] == 0 && said.len[1] > 0 ? NULL : "not refused with a reason");
    said_dispose(&said);
}

static void check_lint_json(const struct said *said, int code)
{
    struct arena arena;
    const struct json_node *root = NULL;
    arena_init(&arena, ARENA_BYTES);
    bool is_line =
        said->len[0] > 0 && memchr(said->text[0], '\n', said->len[0]) == said->text[0] + said->len[0] - 1;
    expect(is_line ? NULL : "not one line of JSON");
    enum error error = json_tree_parse(bytes_make(said->text[0], said->len[0] - 1), &arena, &root);
    expect(error == ERR_OK ? NULL : "no JSON");
    const struct json_node *valid = json_tree_at(root, "valid");
    expect(valid != NULL && valid->kind == JSON_BOOL && (code != EXIT_DONE || valid->truth)
               ? NULL
               : "an exit code of another answer");
    arena_dispose(&arena);
}

/* lint, but of no file. */
static void check_lint(struct line *line)
{
    struct said said;
    bool as_json = flags_have("lint", line->argc - 1, line->argv + 1, FLAG_JSON);
    for (int i = 1; i < line->argc; i++)
        if (strcmp(line->argv[i], "policy") == 0)
            return;
    said_begin(&said);
    int code = lint_main(line->argc - 1, line->argv + 1, said.files[0], said.files[1]);
    said_end(&said);
    expect(code == EXIT_USAGE || code == EXIT_DONE || code == EXIT_NO ? NULL : "no such exit code");
    expect(said.len[code == EXIT_USAGE] > 0 ? NULL : "an exit code without a word");
    if (code != EXIT_USAGE && as_json)
        check_lint_json(&said, code);
    said_dispose(&said);
}

/* ---- values -------------------------------------------------------------------------------------------- */

static void check_bound(const char *text)
{
    struct gone_bound bound;
    size_t digits = strspn(text, "0123456789");
    bool is_share = text[digits] == '%';
    if (!gone_bound_read(text, &bound))
        return;
    expect(digits > 0 && text[digits + is_share] == 0 ? NULL : "a bound that is no number is taken");
    expect(bound.is_share == is_share && (!is_share || bound.most <= 100) ? NULL
                                                                          : "more than all may be gone");
}

/* What reports are sent to stands in a record, and in a shell's line. */
static void check_rua(const char *text)
{
    if (!suggest_rua_is_valid(text))
        return;
    bool known = strncasecmp(text, "mailto:", 7) == 0 || strncasecmp(text, "https:", 6) == 0;
    expect(known && strpbrk(text, " ;,!") == NULL ? NULL : "an address for reports that is two, or none");
    for (const char *at = text; *at != 0; at++)
        expect(isgraph((unsigned char)*at) ? NULL : "an address for reports that may not be printed");
}

static void check_values(const struct line *line)
{
    for (int i = 1; i < line->argc; i++) {
        const char *behind = strchr(line->argv[i], '=');
        check_bound(line->argv[i]);
        check_rua(line->argv[i]);
        check_rua(behind == NULL ? "" : behind + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct line line;
    if (size == 0)
        return 0;
    size_t command = data[0] % (sizeof commands / sizeof *commands);
    read_words(&line, commands[command], data + 1, size - 1);
    check_flags(&line);
    if (flags_holds_word("scan check suggest plan probe merge", commands[command]))
        check_args(&line);
    if (flags_holds_word("diff report release status", commands[command]))
        check_refused(&line);
    if (flags_holds_word("show", commands[command]))
        check_show(&line);
    if (flags_holds_word("lint", commands[command]))
        check_lint(&line);
    check_values(&line);
    free(line.text);
    return 0;
}
