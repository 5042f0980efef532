/* Reads the flags, and has the page written into a file that has its name when it is whole. */
#include "scanner/commands/report.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/report/report.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/commands/except_list.h"
#include "scanner/commands/flags.h"
#include "scanner/commands/out_file.h"
#include "scanner/machine/sandbox.h"
#include "scanner/machine/suffixes.h"
#include "scanner/verdict/provider.h"

enum { WHY_BYTES = 16 * 1024 };

struct request {
    const char *dir, *page;
    struct except_files except;
    bool by_label; /* page is a folder */
};

static enum flag take(struct flags *flags, enum flag flag, struct request *request)
{
    if (flag == FLAG_NAME && request->dir != NULL)
        return flags_refuse(flags, "one scan directory at a time, not also ", flags->value, "");
    if (flag == FLAG_NAME)
        request->dir = flags->value;
    if (flag == FLAG_PAGE)
        request->page = flags->value;
    (void)except_take(&request->except, flags, flag);
    if (flag == FLAG_BY && group_kind_find(flags->value) != BY_LABEL)
        return flags_refuse(flags, "pages are made by label alone, not by ", flags->value, "");
    request->by_label = request->by_label || flag == FLAG_BY;
    return flag;
}

static enum flag read_flags(struct flags *flags, struct request *request)
{
    enum flag flag = FLAG_NAME;
    while (flag != FLAG_END && flag != FLAG_FAULT)
        flag = take(flags, flags_next(flags), request);
    if (flag == FLAG_END && request->dir == NULL)
        return flags_refuse(flags, "name a scan directory", "", "");
    if (flag == FLAG_END && request->by_label && (request->page == NULL || strcmp(request->page, "-") == 0))
        return flags_refuse(flags, "say with -o which folder the pages are to be made in", "", "");
    return flag;
}

/* Gives away all but the scan and the folder that the page is made in. */
static void confine(const struct request *request)
{
    char above[PATH_MAX];
    bool is_made = request->page != NULL && strcmp(request->page, "-") != 0;
    (void)snprintf(above, sizeof above, "%s", is_made ? request->page : "");
    sandbox_enter_reader(&(struct sandbox_reader){.read = &request->dir,
                                                  .read_count = 1,
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
        return errno == ENOENT || errno == ENOTDIR ? NULL : strerror(errno);
    const char *reason = NULL;
    if (fstat(fd, &status) != 0)
        reason = strerror(errno);
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
    else
        buf_printf(why, "%s%s", strerror(errno),
                   errno == ENOENT ? "; make the directory that it is to stand in first" : "");
}

/* ---- the command --------------------------------------------------------------------------------------- */

/* What is at work. */
struct making {
    const struct request *request;
    FILE *out; /* without a file */
    struct report_result result;
    struct buf why;
};

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

/* Opens the scan, and only then what the page of it is written to. */
static enum error make(struct making *making, const struct except_list *list)
{
    const struct request *request = making->request;
    struct report_request wanted = {.dir = request->dir,
                                    .provider = provider_of_mx,
                                    .folder = request->by_label ? request->page : NULL,
                                    .except = request->except.list,
                                    .as_prefixes = request->except.as_prefixes};
    enum error error = scanview_open(request->dir, &wanted.view, &making->why);
    if (error == ERR_OK)
        error = except_list_use(list, wanted.view);
    if (error == ERR_OK && is_file(request))
        error = make_file(making, &wanted);
    else if (error == ERR_OK)
        error = report_write(&wanted, making->out, &making->result, &making->why);
    scanview_close(wanted.view);
    return error;
}

static int finish(struct making *making, enum error error, FILE *err)
{
    const struct request *request = making->request;
    enum report_fault fault = making->result.fault;
    bool of_page = fault == REPORT_OF_OUT && request->page != NULL;
    if (making->result.unreadable > 0)
        (void)fprintf(err, "stsweep: %" PRIu64 " lines are no records\n", making->result.unreadable);
    if (error == ERR_OK)
        return EXIT_DONE;
    (void)fprintf(err, "stsweep: report: %s", of_page ? "-o " : "");
    if (of_page || fault == REPORT_OF_SCAN)
        (void)fprintf(err, "%s: ", shown(of_page ? request->page : request->dir));
    (void)fprintf(err, "%s%s\n", making->why.len > 0 ? buf_string(&making->why) : error_text(error),
                  error_next(error));
    return exit_code_of(error);
}

static int run(const struct request *request, FILE *out, FILE *err)
{
    struct except_list list;
    struct making making = {.request = request, .out = out};
    const char *reason = is_file(request) ? keep_because(request->page) : NULL;
    if (reason != NULL) {
        (void)fprintf(err, "stsweep: report: -o %s: %s\n", shown(request->page), reason);
        return EXIT_USAGE;
    }
    buf_init(&making.why, WHY_BYTES);
    enum error error = except_list_open(&list, &request->except, err, &making.why);
    suffixes_load();
    confine(request);
    if (error == ERR_OK)
        error = make(&making, &list);
    int code = finish(&making, error, err);
    except_list_dispose(&list);
    buf_dispose(&making.why);
    return code;
}

int report_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct request request = {.dir = NULL};
    struct flags flags;
    flags_begin(&flags, "report", argc, argv);
    if (read_flags(&flags, &request) != FLAG_FAULT)
        return run(&request, out, err);
    flags_say(&flags, err);
    return EXIT_USAGE;
}
