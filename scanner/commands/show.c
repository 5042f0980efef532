/* The show command: one walk over one kind of records. It writes nothing but its answer. */
#include "scanner/commands/show.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "output/frames/frames.h"
#include "output/readback/meta_read.h"
#include "scanner/base/clock.h"
#include "scanner/commands/show_cells.h"
#include "scanner/commands/show_judge.h"

enum { EXIT_DONE = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_FAILED = 4 };
enum { WHY_BYTES = 16 * 1024 };

struct show {
    const struct show_request *request;
    FILE *out, *err;
    int dir_fd;
    struct show_cells cells;
    struct show_judge judge;
    struct buf why;
    uint64_t records, shown, unreadable;
    uint64_t outcomes[OUTCOME_COUNT]; /* of what was shown */
    bool full;                        /* --limit is reached */
};

/* ---- one record --------------------------------------------------------------------------------------- */

static void write_record(struct show *show, struct bytes line)
{
    switch (show->request->form) {
    case SHOW_JSON:
        (void)fwrite(line.data, 1, line.len, show->out);
        (void)fputc('\n', show->out);
        break;
    case SHOW_CSV:
        show_csv_line(show->out, &show->cells);
        break;
    case SHOW_TEXT:
        show_text_line(show->out, &show->cells);
        break;
    }
}

/* The stored record's cells, or those of the record judged anew. */
static enum error rejudge(struct show *show, struct bytes *line)
{
    struct bytes judged;
    unsigned before = show_cells_outcome(&show->cells);
    bool hosts = show->request->kind == SHOW_HOSTS;
    enum error error = hosts ? show_judge_host(&show->judge, *line, &judged, &show->why)
                             : show_judge_domain(&show->judge, *line, &judged, &show->why);
    if (error != ERR_OK)
        return error;
    *line = judged;
    error = show_cells_read(&show->cells, judged);
    if (!hosts && error == ERR_OK)
        show_judge_count(&show->judge, before, show_cells_outcome(&show->cells));
    return error;
}

static enum error on_line(void *arg, struct bytes line)
{
    struct show *show = arg;
    show->records++;
    enum error error = show_cells_read(&show->cells, line);
    if (error == ERR_OK && show->request->rejudge)
        error = rejudge(show, &line);
    if (error == ERR_SYNTAX) {
        show->unreadable++;
        return ERR_OK;
    }
    if (error != ERR_OK || !show_cells_pass(&show->cells, show->request))
        return error;
    show->shown++;
    show->outcomes[show_cells_outcome(&show->cells)]++;
    write_record(show, line);
    show->full = show->request->limit > 0 && show->shown == show->request->limit;
    return show->full || ferror(show->out) ? ERR_STOPPED : ERR_OK;
}

/* ---- the directory ------------------------------------------------------------------------------------ */

/* Says where the scan is not at its end, or judged by other rules; what is there is shown all the same. */
static enum error look_at_meta(struct show *show)
{
    const struct show_request *request = show->request;
    struct meta_stored stored;
    enum error error = meta_read_in(show->dir_fd, &stored, &show->why);
    if (error == ERR_OK && strcmp(stored.state, "stopped") == 0)
        (void)fputs("stsweep: this scan was stopped before its end; what it has is shown\n", show->err);
    else if (error == ERR_OK && strcmp(stored.state, "done") != 0)
        (void)fputs("stsweep: this scan still runs or was cut off; what is durable by now is shown\n",
                    show->err);
    if (error == ERR_OK && request->rejudge)
        return meta_may_rejudge(&stored, &show->why);
    if (error == ERR_OK && request->kind != SHOW_REJECTS)
        meta_tell_rules(&stored, show->err);
    return error;
}

static enum error walk(struct show *show)
{
    static const char *const names[] = {
        [SHOW_DOMAINS] = "domains", [SHOW_HOSTS] = "hosts", [SHOW_REJECTS] = "rejects"};
    enum error error = look_at_meta(show);
    if (error == ERR_OK && show->request->rejudge)
        error =
            show_judge_init(&show->judge, show->dir_fd, show->request->now ? clock_wall_ms() : 0, &show->why);
    if (error != ERR_OK)
        return error;
    if (show->request->form == SHOW_CSV)
        show_csv_head(show->out, show->request->kind);
    error = frames_read(show->dir_fd, names[show->request->kind], on_line, show, &show->why);
    return error == ERR_STOPPED ? ERR_OK : error;
}

/* ---- the end ------------------------------------------------------------------------------------------ */

static void write_counts(struct show *show)
{
    const char *between = ": ";
    (void)fprintf(show->out, "%llu of %llu records%s", (unsigned long long)show->shown,
                  (unsigned long long)show->records, show->full ? " (as far as --limit let them come)" : "");
    for (unsigned outcome = OUTCOME_NONE + 1; outcome < OUTCOME_COUNT; outcome++) {
        if (show->outcomes[outcome] == 0)
            continue;
        (void)fprintf(show->out, "%s%s %llu", between, outcome_name((enum outcome)outcome),
                      (unsigned long long)show->outcomes[outcome]);
        between = ", ";
    }
    (void)fputc('\n', show->out);
}

/* what was written to it may hold bytes of the directory's. */
static void say(FILE *err, const char *dir, const char *why)
{
    (void)fputs("stsweep: ", err);
    for (const char *texts[] = {dir, ": ", why, NULL}, **text = texts; *text != NULL; text++)
        for (const char *place = *text; *place != 0; place++)
            (void)fputc(*place >= 0x20 && *place < 0x7F ? *place : '?', err);
    (void)fputc('\n', err);
}

static int finish(struct show *show, enum error error)
{
    if (show->judge.index != NULL)
        show_judge_print(&show->judge, show->err);
    if (show->unreadable > 0)
        (void)fprintf(show->err, "stsweep: %llu lines are no records\n",
                      (unsigned long long)show->unreadable);
    bool damaged = show->judge.index != NULL && facts_index_damage(show->judge.index)[0] != 0;
    if (error != ERR_OK) {
        say(show->err, show->request->dir, show->why.len > 0 ? buf_string(&show->why) : error_text(error));
        return EXIT_FAILED;
    }
    if (show->request->form == SHOW_TEXT)
        write_counts(show);
    if (fflush(show->out) != 0 || ferror(show->out) || damaged)
        return EXIT_FAILED;
    for (unsigned outcome = 0; outcome < OUTCOME_COUNT; outcome++)
        if (show->outcomes[outcome] > 0 && (show->request->fail_on >> outcome & 1) != 0)
            return EXIT_NO;
    return EXIT_DONE;
}

static int run(const struct show_request *request, FILE *out, FILE *err)
{
    struct show show = {.request = request, .out = out, .err = err};
    show.dir_fd = open(request->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (show.dir_fd < 0) {
        say(err, request->dir, strerror(errno));
        return EXIT_FAILED;
    }
    buf_init(&show.why, WHY_BYTES);
    show_cells_init(&show.cells, request->kind);
    int code = finish(&show, walk(&show));
    show_judge_dispose(&show.judge);
    show_cells_dispose(&show.cells);
    buf_dispose(&show.why);
    (void)close(show.dir_fd);
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
