/* Walks once over one kind of records and prints them. It writes nothing but its answer. */
#include "scanner/commands/show.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "output/json/json_write.h"
#include "output/readback/cached_read.h"
#include "scanner/base/clock.h"
#include "scanner/base/exit_code.h"
#include "scanner/base/put_bytes.h"
#include "scanner/base/shown.h"
#include "scanner/commands/show_cells.h"
#include "scanner/commands/show_groups.h"
#include "scanner/commands/show_judge.h"
#include "scanner/commands/show_optout.h"
#include "scanner/commands/show_tool.h"
#include "scanner/machine/sandbox.h"

enum { WHY_BYTES = 16 * 1024, WIDTH_UNKNOWN = 80, WIDTH_LEAST = 20 };

struct show {
    const struct show_request *request;
    FILE *out, *err;
    struct scanview *view;
    struct except_list except;
    struct show_cells cells;
    struct csv_out csv;
    struct show_judge judge;
    struct show_groups groups; /* with --by */
    bool by_groups;
    bool reads_cells; /* the filters or the judge look at them, or they are shown */
    struct buf why, line;
    uint64_t records, shown;
    uint64_t outcomes[OUTCOME_COUNT];        /* of what was shown */
    uint64_t cached_refused, cached_partial; /* likewise: what an earlier policy does */
    size_t width;                            /* of the terminal; 0: out is none */
    bool full;                               /* --limit is reached */
};

/* ---- one record ---------------------------------------------------------------------------------------- */

static void write_record(struct show *show, struct bytes line)
{
    switch (show->request->form) {
    case SHOW_JSON:
        buf_reset(&show->line);
        if (json_show(&show->line, line))
            (void)put_bytes(show->out, buf_bytes(&show->line));
        (void)fputc('\n', show->out);
        break;
    case SHOW_CSV:
        show_csv_line(&show->csv, &show->cells);
        break;
    case SHOW_TOOL:
        show_tool_record(show->out, show->request, &show->cells);
        break;
    case SHOW_TEXT:
        show_text_line(show->out, &show->cells, show->width);
        break;
    }
}

/* Puts the cells of the record judged anew in the place of the stored one's. */
static enum error rejudge(struct show *show, const struct view_record *record, struct bytes *line)
{
    unsigned before = show_cells_outcome(&show->cells);
    *line = show_judge_line(&show->judge, record);
    enum error error = show_cells_read(&show->cells, *line);
    if (show->request->kind == SHOW_DOMAINS && error == ERR_OK)
        show_judge_count(&show->judge, before, show_cells_outcome(&show->cells));
    return error;
}

/* Reads a record's cells, as it is judged here. */
static enum error read_cells(struct show *show, const struct view_record *record, struct bytes *line)
{
    enum error error = show_cells_read(&show->cells, *line);
    if (error == ERR_OK && record->found != VIEW_AS_STORED)
        error = rejudge(show, record, line);
    return error;
}

/* Counts the record in its groups, if the filters let it through. */
static enum error on_grouped(struct show *show, struct bytes line)
{
    const struct show_request *request = show->request;
    enum error error = cached_is_named(line) ? show_groups_read(&show->groups, line) : ERR_SYNTAX;
    unsigned outcome = show->groups.record.outcome;
    if (error != ERR_OK || (request->outcomes != 0 && (request->outcomes >> outcome & 1) == 0))
        return error;
    show->shown++;
    show->outcomes[outcome]++;
    enum outcome by_cached = outcome_by_cached(&show->groups.record.codes);
    show->cached_refused += by_cached == OUTCOME_REFUSED;
    show->cached_partial += by_cached == OUTCOME_PARTIAL;
    return show_groups_count(&show->groups, &show->why);
}

static enum error on_shown(struct show *show, struct bytes line)
{
    show->shown++;
    show->outcomes[show_cells_outcome(&show->cells)]++;
    show->cached_refused += show_cells_cached(&show->cells) == FAIL_CACHED_REFUSED;
    show->cached_partial += show_cells_cached(&show->cells) == FAIL_CACHED_PARTIAL;
    write_record(show, line);
    show->full = show->request->limit > 0 && show->shown == show->request->limit;
    return show->full || ferror(show->out) ? ERR_STOPPED : ERR_OK;
}

static enum error on_record(void *arg, const struct view_record *record)
{
    struct show *show = arg;
    struct bytes line = record->line;
    show->records++;
    enum error error = show->reads_cells ? read_cells(show, record, &line) : ERR_OK;
    if (error == ERR_OK && show->reads_cells && !show_cells_pass(&show->cells, show->request))
        return ERR_OK;
    if (error == ERR_OK)
        error = show->by_groups ? on_grouped(show, line) : on_shown(show, line);
    return scanview_refuse(show->view, error, NULL);
}

/* ---- the directory ------------------------------------------------------------------------------------- */

/* Says when the scan is not at its end, or was judged by other rules; what is there is shown all the same. */
static enum error look_at_meta(struct show *show)
{
    const struct show_request *request = show->request;
    enum error error = scanview_open(request->dir, &show->view, &show->why);
    if (error == ERR_OK)
        error = except_list_use(&show->except, show->view);
    if (error != ERR_OK)
        return error;
    const struct meta_stored *stored = scanview_meta(show->view);
    enum view_state state = scanview_state(show->view);
    if (state == VIEW_STOPPED)
        (void)fputs("stsweep: this scan was stopped before its end; what it has is shown\n", show->err);
    else if (state != VIEW_DONE)
        (void)fputs("stsweep: this scan still runs or was cut off; what is durable by now is shown\n",
                    show->err);
    if (stored->sample.take[0] != 0)
        (void)fprintf(
            show->err,
            "stsweep: the names are a sample of the list (%s%s%s); the intervals for all of it are in "
            "summary.json\n",
            stored->sample.take, strcmp(stored->sample.strata, "none") == 0 ? "" : ", by ",
            strcmp(stored->sample.strata, "none") == 0 ? "" : stored->sample.strata);
    if (request->rejudge)
        return meta_may_rejudge(stored, &show->why);
    if (request->kind != SHOW_REJECTS)
        meta_tell_rules(stored, show->err);
    return ERR_OK;
}

static const enum view_stream streams[] = {
    [SHOW_DOMAINS] = VIEW_DOMAINS, [SHOW_HOSTS] = VIEW_HOSTS, [SHOW_REJECTS] = VIEW_REJECTS};

static enum error walk(struct show *show)
{
    const struct show_request *request = show->request;
    enum error error = look_at_meta(show);
    if (error == ERR_OK && request->rejudge)
        error = show_judge_init(&show->judge, show->view, request->now ? clock_wall_ms() : 0, &show->why);
    if (error == ERR_OK && request->optout)
        return show_optout(request, show->view, show->out, &show->why);
    if (error == ERR_OK && show->by_groups)
        error = show_groups_init(&show->groups, request);
    if (error != ERR_OK)
        return error;
    if (request->form == SHOW_CSV && !show->by_groups) {
        csv_out_begin(&show->csv, show->out, &request->csv);
        show_csv_head(&show->csv, request->kind);
    }
    if (request->form == SHOW_TOOL)
        show_tool_head(show->out, request);
    error = scanview_records(show->view, streams[request->kind], on_record, show, &show->why);
    if (request->form == SHOW_TOOL) /* what was told is whole, though the scan may not be */
        show_tool_foot(show->out, request);
    if (error != ERR_STOPPED)
        return error;
    bool refused = scanview_tell_refused(show->view, streams[request->kind], &show->why);
    return refused ? ERR_CORRUPT : ERR_OK;
}

/* ---- the end ------------------------------------------------------------------------------------------- */

/* Says how many of those shown lose mail by a policy that is published no more. */
static void write_cached(struct show *show)
{
    if (show->cached_refused + show->cached_partial > 0)
        (void)fprintf(show->out,
                      "under an earlier policy that senders have cached: refused %llu, partial %llu\n",
                      (unsigned long long)show->cached_refused, (unsigned long long)show->cached_partial);
}

static void write_counts(struct show *show)
{
    write_cached(show);
    const char *between = ":";
    int column =
        fprintf(show->out, "%llu of %llu records%s", (unsigned long long)show->shown,
                (unsigned long long)show->records, show->full ? " (as far as --limit let them come)" : "");
    for (unsigned outcome = OUTCOME_NONE + 1; outcome < OUTCOME_COUNT; outcome++) {
        char text[64];
        if (show->outcomes[outcome] == 0)
            continue;
        int len = snprintf(text, sizeof text, " %s %llu", outcome_name((enum outcome)outcome),
                           (unsigned long long)show->outcomes[outcome]);
        bool fits = show->width == 0 || (size_t)(column + len) + 2 <= show->width;
        (void)fprintf(show->out, "%s%s%s", between, fits ? "" : "\n ", text);
        column = (fits ? column + 1 : 1) + len;
        between = ",";
    }
    (void)fputc('\n', show->out);
}

/* Prints a line to err: dir and why may hold bytes of the directory's. */
static void say(FILE *err, const char *dir, const char *why, enum error error)
{
    (void)fprintf(err, "stsweep: %s: %s%s\n", shown(dir), shown(why), error_next(error));
}

/* Prints the groups of what could be read, also if some could not. */
static enum error print_groups(struct show *show, enum error error)
{
    struct buf why;
    if (show->groups.counts == NULL || (error != ERR_OK && error != ERR_CORRUPT))
        return error;
    buf_init(&why, WHY_BYTES);
    enum error printed =
        show_groups_print(&show->groups, show->request, show->width, show->out, show->err, &why);
    if (printed != ERR_OK)
        buf_text(&show->why, buf_string(&why));
    buf_dispose(&why);
    return error == ERR_OK ? printed : error;
}

/* Has a record shown an outcome of --fail-on, be it by an earlier policy that senders have cached? */
static bool has_fail_on(const struct show *show)
{
    uint32_t found = 0;
    for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++)
        found |= (uint32_t)(show->outcomes[outcome] > 0) << outcome;
    found |= (uint32_t)(show->cached_refused > 0) << OUTCOME_REFUSED;
    found |= (uint32_t)(show->cached_partial > 0) << OUTCOME_PARTIAL;
    return (found & show->request->fail_on) != 0;
}

static int finish(struct show *show, enum error error)
{
    error = print_groups(show, error);
    if (show->judge.view != NULL)
        show_judge_print(&show->judge, show->err);
    bool damaged = show->judge.view != NULL && scanview_damage(show->view)[0] != 0;
    if (error != ERR_OK) {
        say(show->err, show->request->dir, show->why.len > 0 ? buf_string(&show->why) : error_text(error),
            error);
        return exit_code_of(error);
    }
    if (show->request->form == SHOW_TEXT && !show->request->optout)
        write_counts(show);
    except_list_tell(&show->except, show->view, streams[show->request->kind], NULL, show->err);
    if (fflush(show->out) != 0 || ferror(show->out) || damaged)
        return EXIT_FAILED;
    return has_fail_on(show) ? EXIT_NO : EXIT_DONE;
}

/* Says why the list of --except is no use. */
static int finish_without(struct show *show, enum error error)
{
    say(show->err, "show", show->why.len > 0 ? buf_string(&show->why) : error_text(error), error);
    return exit_code_of(error);
}

/* Returns the columns of the terminal, or 0 if out is none: what goes to a file or a pipe is not cut. The
 * last one stays free, as some terminals wrap there. */
static size_t width_of(FILE *out)
{
    struct winsize size;
    const char *columns = getenv("COLUMNS");
    int fd = fileno(out);
    if (fd < 0 || isatty(fd) != 1)
        return 0;
    size_t width = columns == NULL ? 0 : strtoul(columns, NULL, 10);
    if (width == 0 && ioctl(fd, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    if (width == 0)
        width = WIDTH_UNKNOWN;
    return (width < WIDTH_LEAST ? WIDTH_LEAST : width) - 1;
}

static int run(const struct show_request *request, FILE *out, FILE *err)
{
    struct show show = {.request = request, .out = out, .err = err, .width = width_of(out)};
    show.by_groups = request->by != GROUP_KIND_COUNT;
    show.reads_cells = !show.by_groups || request->rejudge ||
                       request->codes.count + request->tlds.count + request->providers.count +
                               request->domains.count + request->labels.count >
                           0;
    buf_init(&show.why, WHY_BYTES);
    buf_init(&show.line, SHOW_LINE_BYTES);
    show_cells_init(&show.cells, request->kind);
    if (show.by_groups)
        show_cells_for_filters(&show.cells, request);
    enum error error = except_list_open(&show.except, &request->except, err, &show.why);
    sandbox_enter_reader(&(struct sandbox_reader){
        .read = &request->dir, .read_count = 1, .temporary = request->rejudge || show.by_groups});
    int code = error == ERR_OK ? finish(&show, walk(&show)) : finish_without(&show, error);
    show_judge_dispose(&show.judge);
    show_groups_dispose(&show.groups);
    show_cells_dispose(&show.cells);
    csv_out_dispose(&show.csv);
    buf_dispose(&show.why);
    buf_dispose(&show.line);
    scanview_close(show.view);
    except_list_dispose(&show.except);
    return code;
}

int show_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct show_request request;
    (void)signal(SIGPIPE, SIG_IGN);
    int code = show_args(argc, argv, &request, err) ? run(&request, out, err) : EXIT_USAGE;
    show_args_dispose(&request);
    return code;
}
