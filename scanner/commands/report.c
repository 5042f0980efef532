/* Reads the flags, and has the page written into a file that has its name when it is whole. */
#include "scanner/commands/report.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scanner/base/errno_said.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/commands/flags.h"
#include "scanner/commands/out_file.h"
#include "scanner/commands/report_earlier.h"
#include "scanner/machine/sandbox.h"
#include "scanner/machine/suffixes.h"
#include "scanner/verdict/provider.h"

enum { WHY_BYTES = 16 * 1024 };

struct request {
    const char *dirs[HISTORY_SCANS_MOST + 1]; /* the last is reported; behind it stands that of --against */
    size_t dir_count;
    const char *against, *page;
    struct except_files except;
    bool by_label; /* page is a folder */
};

static enum flag take(struct flags *flags, enum flag flag, struct request *request)
{
    if (flag == FLAG_NAME && request->dir_count == HISTORY_SCANS_MOST)
        return flags_refuse(flags, "100 scan directories at most: leave out the oldest", "", "");
    if (flag == FLAG_NAME)
        request->dirs[request->dir_count++] = flags->value;
    if (flag == FLAG_AGAINST)
        request->against = flags->value;
    if (flag == FLAG_PAGE)
        request->page = flags->value;
    (void)except_take(&request->except, flags, flag);
    if (flag == FLAG_BY && group_kind_find(flags->value) != BY_LABEL)
        return flags_refuse(flags, "pages are made by label alone, not by ", flags->value, "");
    request->by_label = request->by_label || flag == FLAG_BY;
    return flag;
}

/* A page of HTML is not for a terminal, unless it is asked for by name. */
static bool is_for_a_terminal(const struct request *request, FILE *out)
{
    return request->page == NULL && isatty(fileno(out)) == 1;
}

static enum flag read_flags(struct flags *flags, struct request *request, FILE *out)
{
    enum flag flag = FLAG_NAME;
    while (flag != FLAG_END && flag != FLAG_FAULT)
        flag = take(flags, flags_next(flags), request);
    if (flag == FLAG_END && request->dir_count == 0)
        return flags_refuse(flags, "name a scan directory", "", "");
    if (flag == FLAG_END && request->by_label && (request->page == NULL || strcmp(request->page, "-") == 0))
        return flags_refuse(flags, "say with -o which folder the pages are to be made in", "", "");
    if (flag == FLAG_END && is_for_a_terminal(request, out))
        return flags_refuse(
            flags, "standard output is a terminal: name the page, as -o report.html, or say -o -", "", "");
    return flag;
}

/* Gives away all but the scans and the folder that the page is made in. */
static void confine(struct request *request)
{
    char above[PATH_MAX];
    request->dirs[request->dir_count] = request->against;
    bool is_made = request->page != NULL && strcmp(request->page, "-") != 0;
    (void)snprintf(above, sizeof above, "%s", is_made ? request->page : "");
    sandbox_enter_reader(
        &(struct sandbox_reader){.read = request->dirs,
                                 .read_count = request->dir_count + (request->against != NULL),
                                 .folder = is_made ? dirname(above) : NULL,
                                 .unmakes = is_made,
                                 .temporary = true});
}

/* ---- the page's file ----------------------------------------------------------------------------------- */

static bool is_file(const struct request *request)
{
    return !request->by_label && request->page != NULL && strcmp(request->page, "-") != 0;
}

/* Does the file hold nothing that would be lost: a page, as this command makes them, or nothing at all? */
static bool is_page(int fd)
{
    static const char begins[] = "<!DOCTYPE html>";
    char head[sizeof begins - 1];
    ssize_t len = read(fd, head, sizeof head);
    return len == 0 || (len == (ssize_t)sizeof head && strncasecmp(head, begins, sizeof head) == 0);
}

/* Returns why what stands there already is not to be replaced; NULL if it may be, or nothing is there. */
static const char *keep_because(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? NULL : errno_said(errno);
    const char *reason = NULL;
    if (fstat(fd, &status) != 0)
        reason = errno_said(errno);
    else if (S_ISDIR(status.st_mode))
        reason = "it is a directory: give a file, or --by label for a folder";
    else if (!S_ISREG(status.st_mode))
        reason = "it is no file: give one, or leave -o away and redirect the output";
    else if (!is_page(fd))
        reason =
            "it is there already, is no page of HTML, and was left alone: give another file, or remove it";
    (void)close(fd);
    return reason;
}

/* Adds why the file cannot be made. */
static void explain(struct buf *why, enum error error)
{
    if (error == ERR_MEMORY)
        buf_text(why, error_text(error));
    else if (errno == ENOENT)
        buf_printf(why, "%s; make the directory that it is to stand in first", strerror(errno));
    else
        buf_text(why, errno_said(errno));
}

/* ---- the command --------------------------------------------------------------------------------------- */

/* What is at work. */
struct making {
    const struct request *request;
    FILE *out; /* without a file */
    struct report_result result;
    struct side_reader reader;
    struct earlier earlier;
    bool has_opened; /* the scans; what goes wrong before names the one that it is of */
    struct buf why;
};

static const char *dir_of(const struct making *making)
{
    return making->request->dirs[making->request->dir_count - 1];
}

/* Has the page written into its file, which gets its name if the page is whole. */
static enum error make_file(struct making *making, const struct report_request *wanted)
{
    struct out_file file;
    enum error error = out_file_open(&file, making->request->page, true);
    if (error != ERR_OK) {
        making->result.fault = REPORT_OF_OUT;
        explain(&making->why, error);
        (void)out_file_close(&file, false);
        return error;
    }
    error = report_write(wanted, file.out, &making->result, &making->why);
    bool is_whole = error == ERR_OK || error == ERR_CORRUPT;
    enum error closed = out_file_close(&file, is_whole);
    if (!is_whole || closed == ERR_OK)
        return error;
    making->result.fault = REPORT_OF_OUT;
    buf_reset(&making->why);
    explain(&making->why, closed);
    return closed;
}

/* Opens the scans, and only then what the page of the last is written to. */
static enum error make(struct making *making)
{
    const struct request *request = making->request;
    struct report_request wanted = {.provider = provider_of_mx,
                                    .folder = request->by_label ? request->page : NULL,
                                    .except = request->except.list,
                                    .as_prefixes = request->except.as_prefixes};
    enum error error =
        earlier_open(&making->earlier, &making->reader, request->dirs, request->dir_count, request->against);
    making->has_opened = error == ERR_OK;
    if (error != ERR_OK)
        return error;
    earlier_use(&making->earlier, &wanted);
    return is_file(request) ? make_file(making, &wanted)
                            : report_write(&wanted, making->out, &making->result, &making->why);
}

static int finish(struct making *making, enum error error, FILE *err)
{
    const struct request *request = making->request;
    enum report_fault fault = making->result.fault;
    bool of_page = fault == REPORT_OF_OUT && request->page != NULL;
    if (error == ERR_OK)
        return EXIT_DONE;
    (void)fprintf(err, "stsweep: report: %s", of_page ? "-o " : "");
    /* Only the page and temporary files can be too large for their disk. */
    bool of_scan = fault == REPORT_OF_SCAN && making->has_opened && error != ERR_FULL;
    if (of_page || of_scan)
        (void)fprintf(err, "%s: ", shown(of_page ? request->page : dir_of(making)));
    (void)fprintf(err, "%s%s\n", making->why.len > 0 ? buf_string(&making->why) : error_text(error),
                  error_next(error));
    return exit_code_of(error);
}

static int run(struct request *request, FILE *out, FILE *err)
{
    struct making *making = calloc(1, sizeof *making);
    const char *reason = is_file(request) ? keep_because(request->page) : NULL;
    if (reason != NULL) {
        (void)fprintf(err, "stsweep: report: -o %s: %s\n", shown(request->page), reason);
        free(making);
        return EXIT_USAGE;
    }
    if (making == NULL)
        return exit_code_of(ERR_MEMORY);
    making->request = request;
    making->out = out;
    buf_init(&making->why, WHY_BYTES);
    enum error error = side_reader_init(&making->reader, "report", err, &request->except, &making->why);
    suffixes_load();
    confine(request);
    if (error == ERR_OK)
        error = make(making);
    int code = finish(making, error, err);
    earlier_close(&making->earlier);
    side_reader_dispose(&making->reader);
    buf_dispose(&making->why);
    free(making);
    return code;
}

int report_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct request request = {.page = NULL};
    struct flags flags;
    flags_begin(&flags, "report", argc, argv);
    if (read_flags(&flags, &request, out) != FLAG_FAULT)
        return run(&request, out, err);
    flags_say(&flags, err);
    return EXIT_USAGE;
}
