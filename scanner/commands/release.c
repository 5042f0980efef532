/* Reads the flags, and says what was published. */
#include "scanner/commands/release.h"

#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>

#include "output/release/release.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/shown.h"
#include "scanner/commands/except_list.h"
#include "scanner/commands/flags.h"
#include "scanner/machine/sandbox.h"
#include "scanner/verdict/provider.h"

enum { WHY_BYTES = 16 * 1024, LEAST_OF_A_GROUP = 2 };

static enum flag take(struct flags *flags, enum flag flag, struct release_request *request,
                      struct except_files *except)
{
    if (flag == FLAG_NAME && request->dir != NULL)
        return flags_refuse(flags, "one scan directory at a time, not also ", flags->value, "");
    if (flag == FLAG_NAME)
        request->dir = flags->value;
    if (flag == FLAG_OUT)
        request->out = flags->value;
    (void)except_take(except, flags, flag);
    if (flag == FLAG_LABELS)
        request->labels = true;
    if (flag == FLAG_AGGREGATE && !flags_number(flags, LEAST_OF_A_GROUP, UINT64_MAX, &request->aggregate))
        return flags_refuse(flags, "--aggregate needs how many domains a group has at least, 2 or more, not ",
                            flags->value, "");
    return flag;
}

/* Reads the flags into the request; a fault stays in flags. */
static enum flag read_flags(struct flags *flags, struct release_request *request, struct except_files *except)
{
    enum flag flag = FLAG_NAME;
    while (flag != FLAG_END && flag != FLAG_FAULT)
        flag = take(flags, flags_next(flags), request, except);
    if (flag == FLAG_END && request->dir == NULL)
        return flags_refuse(flags, "name a scan directory", "", "");
    if (flag == FLAG_END && request->out == NULL)
        return flags_refuse(flags, "say with -o which directory is to be made", "", "");
    if (flag == FLAG_END && request->aggregate > 0 && request->labels)
        return flags_refuse(flags, "--aggregate publishes no record, and so no label", "", "");
    return flag;
}

static void tell(const struct release_request *request, const struct release_counts *counts, FILE *out,
                 FILE *err)
{
    const uint64_t *records = counts->records, *left_out = counts->left_out;
    if (request->except != NULL && request->aggregate > 0)
        (void)fprintf(err, "stsweep: left out by --except: %" PRIu64 " domains\n", left_out[VIEW_DOMAINS]);
    else if (request->except != NULL)
        (void)fprintf(err,
                      "stsweep: left out by --except: %" PRIu64 " domains, %" PRIu64
                      " records of hosts, %" PRIu64 " certificates\n",
                      left_out[VIEW_DOMAINS], left_out[VIEW_HOSTS], left_out[VIEW_CERTS]);
    if (counts->labels > 0)
        (void)fprintf(err,
                      "stsweep: the labels of %" PRIu64
                      " domains are left out, as they are notes of the list's owner; --labels keeps them\n",
                      counts->labels);
    if (request->aggregate > 0)
        (void)fprintf(out, "%s: tables of %" PRIu64 " domains, no group below %" PRIu64 "\n",
                      shown(request->out), records[VIEW_DOMAINS], request->aggregate);
    else
        (void)fprintf(out,
                      "%s: %" PRIu64 " domains, %" PRIu64 " records of hosts, %" PRIu64 " certificates\n",
                      shown(request->out), records[VIEW_DOMAINS], records[VIEW_HOSTS], records[VIEW_CERTS]);
    (void)fprintf(out, "Read README.md there before you publish it: it says what it holds, and what not.\n");
}

/* Gives away all but the scan and the directory that the new one is made in. */
static void confine(const struct release_request *request)
{
    char above[PATH_MAX];
    (void)snprintf(above, sizeof above, "%s", request->out);
    sandbox_enter_reader(&(struct sandbox_reader){.read = &request->dir,
                                                  .read_count = 1,
                                                  .folder = dirname(above),
                                                  .unmakes = true,
                                                  .temporary = true});
}

static int run(struct release_request *request, const struct except_files *except, FILE *out, FILE *err)
{
    struct release_counts counts;
    struct except_list list;
    struct buf why;
    buf_init(&why, WHY_BYTES);
    enum error error = except_list_open(&list, except, err, &why);
    bool listed = error == ERR_OK;
    request->except = list.optout;
    confine(request);
    if (listed)
        error = release_make(request, &counts, &why);
    if (error == ERR_OK)
        tell(request, &counts, out, err);
    else
        (void)fprintf(err, "stsweep: release: %s%s%s%s\n", listed ? shown(request->dir) : "",
                      listed ? ": " : "", why.len > 0 ? buf_string(&why) : error_text(error),
                      error_next(error));
    except_list_dispose(&list);
    buf_dispose(&why);
    if (error != ERR_OK)
        return error == ERR_STOPPED ? EXIT_STOPPED : exit_code_of(error);
    return fflush(out) == 0 && !ferror(out) ? EXIT_DONE : EXIT_FAILED;
}

int release_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct release_request request = {.provider = provider_of_mx};
    struct except_files except = {0};
    struct flags flags;
    flags_begin(&flags, "release", argc, argv);
    if (read_flags(&flags, &request, &except) != FLAG_FAULT)
        return run(&request, &except, out, err);
    flags_say(&flags, err);
    return EXIT_USAGE;
}
