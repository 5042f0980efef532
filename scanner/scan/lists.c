/* The lists of a scan: which of their names, read into a spool, each once. */
#include <stdlib.h>

#include "scanner/base/clock.h"
#include "scanner/reach/own.h"
#include "scanner/scan/begin.h"
#include "scanner/scan/closing.h"
#include "scanner/scan/intake.h"
#include "scanner/scan/optouts.h"
#include "scanner/scan/refusal.h"
#include "scanner/scan/resumed.h"
#include "scanner/scan/task.h"

/* Reads what decides which names are scanned. */
static bool choose(struct scan *scan)
{
    const struct config *config = scan->config;
    if (!scan_say(scan, NULL, choice_create(config, &scan->choice, scan->except_sha256, &scan->why)))
        return false;
    if (config->sample_take[0] == '\0')
        return true;
    scan->sample = summary_sample_create(config->sample_take, config->sample_key,
                                         (enum strata_kind)config->sample_strata);
    return scan_say(scan, "sample", scan->sample == NULL ? ERR_MEMORY : ERR_OK);
}

static bool open_lists(struct scan *scan)
{
    enum error error = sources_init(&scan->sources, scan->request->files, scan->request->file_count);
    if (error != ERR_OK)
        return scan_say(scan, "the lists", error);
    for (size_t i = 0; i < scan->request->file_count; i++)
        scan->confine.files[i].source = sources_name(&scan->sources, i);
    scan->opted_by = calloc(optout_count(scan->context.optout) + 1, sizeof *scan->opted_by);
    struct spooled_options options = {.config = scan->config,
                                      .seed = scan->meta.seed,
                                      .directory = spooled_directory(scan->config),
                                      .store = scan->store,
                                      .sources = (const char *const *)scan->sources.names,
                                      .source_count = scan->sources.count,
                                      .choice = scan->choice,
                                      .optout = scan->context.optout,
                                      .opted_by = scan->opted_by,
                                      .stopped = scan_is_stopped,
                                      .stopped_arg = scan};
    scan->names = scan->opted_by == NULL ? NULL : spooled_create(&options);
    return scan_say(scan, "names", scan->names == NULL ? ERR_MEMORY : ERR_OK);
}

static struct source source(struct scan *scan)
{
    return spooled_source(scan->names);
}

/* Reads the input. That it is the one of a resumed scan counts before what it holds. */
static enum error read_input(struct scan *scan)
{
    struct intake_options options = {.asked = refusal_asked(scan->config),
                                     .files = scan->confine.files,
                                     .file_count = scan->request->file_count,
                                     .at_least = (uint64_t)scan->config->input_at_least,
                                     .optout = scan->context.optout,
                                     .opted_by = scan->opted_by,
                                     .store = scan->store,
                                     .reduce = scan->config->input_reduce == INPUT_REDUCE_REGISTRABLE,
                                     .rejects_done = store_rejects_done(scan->store),
                                     .names = scan->names,
                                     .choice = scan->choice,
                                     .sink = scan->handover.sink,
                                     .seen = &scan->seen,
                                     .out = scan->live.terminal.news,
                                     .stopped = scan_is_stopped,
                                     .stopped_arg = scan};
    enum error error = intake_read(&options, &scan->counts, &scan->why);
    if (error == ERR_OK)
        error = scan_meta_inputs(&scan->meta, scan->confine.files, scan->request->file_count, &scan->why);
    return error == ERR_OK ? intake_check(&options, &scan->why) : error;
}

static uint64_t total(const struct scan *scan)
{
    return spooled_total(scan->names);
}

static enum error read_lists(struct scan *scan)
{
    enum error error = read_input(scan);
    if (error == ERR_OK)
        own_say_list(scan->config, resumed_left(total(scan), scan->done_before), scan->live.terminal.news);
    return error;
}

static enum error write_optouts(struct scan *scan, struct store *store, const char *dir, struct buf *why)
{
    return optouts_write(store, dir, scan->context.optout, scan->opted_by, why);
}

static uint64_t spooled(const struct scan *scan)
{
    return choice_is_whole(scan->choice) ? spooled_counts(scan->names).names
                                         : resumed_left(total(scan), scan->done_before);
}

static bool say_reason(struct scan *scan)
{
    spooled_say_reason(scan->names, &scan->why);
    return previous_say_reason(scan->previous, &scan->why);
}

static enum error denominators(struct scan *scan)
{
    struct spool_counts names = spooled_counts(scan->names);
    return closing_denominators(scan->store, &scan->counts, &names, scan->choice);
}

static void tell(struct scan *scan, const char *place)
{
    FILE *news = scan->live.terminal.news;
    bool streams = strcmp(scan->config->output_dir, "-") == 0;
    previous_say_matched(scan->previous, summary_cached(store_summary(scan->store)), news);
    put_off_print(&scan->handover.put_off, news);
    summary_print(streams ? scan->live.terminal.said : stdout, store_summary(scan->store),
                  clock_monotonic_ms() - scan->started_ms, place);
}

static void dispose(struct scan *scan)
{
    previous_close(scan->previous);
    spooled_destroy(scan->names);
    sources_dispose(&scan->sources);
    choice_destroy(scan->choice);
    summary_sample_destroy(scan->sample);
    free(scan->opted_by);
}

const struct scan_task scan_lists = {.choose = choose,
                                     .open = open_lists,
                                     .source = source,
                                     .read = read_lists,
                                     .write = write_optouts,
                                     .start = domain_start,
                                     .total = total,
                                     .spooled = spooled,
                                     .say_reason = say_reason,
                                     .denominators = denominators,
                                     .tell = tell,
                                     .dispose = dispose};
