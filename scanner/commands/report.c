/* Reads the flags, and has the page written into a file that has its name when it is whole. */
#include "scanner/commands/report.h"

#include <libgen.h>
#include <limits.h>
#include <string.h>

#include "output/report/report.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
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
    if (flag == FLAG_END && request->page != NULL && request->page[0] == 0)
        return flags_refuse(flags, "say behind -o which file is to be made", "", "");
    if (flag == FLAG_END && request->by_label && (request->page == NULL || strcmp(request->page, "-") == 0))
        return flags_refuse(flags, "say with -o which folder the pages are to be made in", "", "");
    return flag;
}

/* Gives away all but the scan and the folder that the page is made in. */
static void confine(const struct request *request)
{
    char above[PATH_MAX];
    bool is_file = request->page != NULL && strcmp(request->page, "-") != 0;
    (void)snprintf(above, sizeof above, "%s", is_file ? request->page : "");
    sandbox_enter_reader(&(struct sandbox_reader){.read = &request->dir,
                                                  .read_count = 1,
                                                  .folder = is_file ? dirname(above) : NULL,
                                                  .unmakes = is_file,
                                                  .temporary = true});
}

/* Opens the scan, and writes the page of it. */
static enum error make(const struct request *request, const struct except_list *list, FILE *out,
                       struct buf *why)
{
    struct report_request wanted = {
        .dir = request->dir, .provider = provider_of_mx, .folder = request->by_label ? request->page : NULL};
    enum error error = scanview_open(request->dir, &wanted.view, why);
    if (error == ERR_OK)
        error = except_list_use(list, wanted.view);
    if (error == ERR_OK)
        error = report_write(&wanted, out, why);
    scanview_close(wanted.view);
    return error;
}

static int finish(const struct request *request, enum error error, struct buf *why, FILE *err)
{
    if (error == ERR_OK)
        return EXIT_DONE;
    (void)fprintf(err, "stsweep: report: %s: %s\n", shown(request->dir),
                  why->len > 0 ? buf_string(why) : error_text(error));
    return exit_code_of(error);
}

static int run(const struct request *request, FILE *out, FILE *err)
{
    struct except_list list;
    struct out_file file = {.out = NULL};
    struct buf why;
    buf_init(&why, WHY_BYTES);
    enum error error = except_list_open(&list, &request->except, err, &why);
    suffixes_load();
    confine(request);
    bool is_file = !request->by_label && request->page != NULL && strcmp(request->page, "-") != 0;
    if (error == ERR_OK && is_file)
        error = out_file_open(&file, request->page, true);
    if (error == ERR_OK)
        error = make(request, &list, is_file ? file.out : out, &why);
    bool is_whole = error == ERR_OK || error == ERR_CORRUPT;
    if (is_file) {
        enum error closed = out_file_close(&file, is_whole);
        error = is_whole && closed != ERR_OK ? closed : error;
    }
    int code = finish(request, error, &why, err);
    except_list_dispose(&list);
    buf_dispose(&why);
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
