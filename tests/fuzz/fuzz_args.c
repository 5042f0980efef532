/*
 * Any words as a command line: the first byte chooses the command, a NUL ends a word. They are taken, or
 * refused with a reason that may be printed. No file that a word names is opened: what has a path is left
 * out.
 */
#include "scanner/commands/args.h"
#include "scanner/commands/flags.h"
#include "scanner/commands/show.h"
#include "tests/fuzz/file.h"

enum { WORDS = 32, WHY_BYTES = 1 << 20 };

static const char *const commands[] = {"scan", "check", "suggest", "show", "lint", "diff", "help", "version"};

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct line line;
    if (size == 0)
        return 0;
    size_t command = data[0] % (sizeof commands / sizeof *commands);
    read_words(&line, commands[command], data + 1, size - 1);
    check_flags(&line);
    if (command < 3)
        check_args(&line);
    if (command == 3)
        check_show(&line);
    free(line.text);
    return 0;
}
