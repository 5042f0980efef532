/* Begins a scan: fits it to this machine, opens what it reads and writes, and starts its threads. */
#include "scanner/scan/begin.h"

#include <stdlib.h>
#include <sys/eventfd.h>

#include "input/optout_list.h"
#include "scanner/base/clock.h"
#include "scanner/base/exit_code.h"
#include "scanner/machine/announce.h"
#include "scanner/machine/ceilings.h"
#include "scanner/machine/memory.h"
#include "scanner/machine/preflight.h"
#include "scanner/machine/sandbox.h"
#include "scanner/machine/setup.h"
#include "scanner/machine/tracing.h"
#include "scanner/machine/watch.h"
#include "scanner/reach/own.h"
#include "scanner/reach/paces.h"
#include "scanner/scan/again.h"
#include "scanner/scan/closing.h"
#include "scanner/scan/confine.h"
#include "scanner/scan/feeder.h"
#include "scanner/scan/handover.h"
#include "scanner/scan/records.h"
#include "scanner/scan/refusal.h"
#include "scanner/scan/resumed.h"
#include "scanner/scan/scanmeta.h"
#include "scanner/scan/signals.h"
#include "scanner/scan/spooled.h"
#include "scanner/scan/stuck.h"
#include "scanner/scan/wake.h"
#include "scanner/verdict/provider.h"

/* ---- what the feeder and the writer say ---------------------------------------------------------------- */

static enum error write_scanning(void *arg, struct store *store, struct buf *why)
{
    struct scan *scan = arg;
    char path[CLOSING_PATH_BYTES];
    const char *dir = closing_place(store_dir_fd(store), scan->config->output_dir, path);
    enum error error = scan->task->write == NULL ? ERR_OK : scan->task->write(scan, store, dir, why);
    return error != ERR_OK ? error : scan_meta_write(&scan->meta, store, "scanning", why);
}

/* Reads the input, then does all that rests on what it says. On the feeder's thread. Rejects are durable
 * before meta.json says that there are no more. */
static enum error prepare(void *arg)
{
    struct scan *scan = arg;
    const struct sink *sink = &scan->handover.sink;
    enum error error = scan->task->read(scan);
    if (error != ERR_OK)
        return error;
    uint64_t names = resumed_left(scan->task->total(scan), scan->done_before);
    preflight_disk(&scan->preflight, scan->config, names, scan->task->spooled(scan),
                   scan->live.terminal.news);
    error = sink->flush(sink->arg);
    return error == ERR_OK ? writer_barrier(scan->writer, write_scanning, scan) : error;
}

bool scan_is_stopped(void *arg)
{
    const struct scan *scan = arg;
    return feeder_is_stopped(scan->feeder);
}

static void on_handed_out(void *arg)
{
    struct scan *scan = arg;
    tail_begin(&scan->handover.tail, clock_monotonic_ms());
}

static void on_ended(void *arg)
{
    const struct scan *scan = arg;
    wake_up(scan->wake_fd);
}

static void on_writer_failed(void *arg)
{
    struct scan *scan = arg;
    atomic_store(&scan->writer_failed, true);
    wake_up(scan->wake_fd);
}

/* ---- beginning ----------------------------------------------------------------------------------------- */

/* Says the error, if there is one. What this machine lacks, no other command line mends. */
bool scan_say(struct scan *scan, const char *what, enum error error)
{
    if (error == ERR_MEMORY || error == ERR_LIBRARY)
        scan->refused_with = EXIT_FAILED;
    return refusal_say(what, error, &scan->why, scan->live.terminal.said);
}

/* Says the error; the exit code tells what another command line would mend from what it would not. */
static bool say_store(struct scan *scan, enum error error)
{
    if (error != ERR_OK)
        scan->refused_with = exit_code_of(error);
    return scan_say(scan, NULL, error);
}

/* Are its records whole, so that their groups say something? Those of a stage lack what others find. */
static bool counts_groups(const struct scan *scan)
{
    return scan->config->scan_stage == SCAN_STAGE_ALL && scan->context.round == 0;
}

static bool open_store(struct scan *scan)
{
    const struct config *config = scan->config;
    struct store_options options = {.dir = config->output_dir,
                                    .level = (int)config->output_level,
                                    .frame_bytes = (size_t)config->output_frame_bytes,
                                    .part_bytes = (uint64_t)config->output_part_bytes,
                                    .flush_ms = config->output_flush,
                                    .sample = scan->sample,
                                    .provider = counts_groups(scan) ? provider_of_mx : NULL};
    enum error error = scan->request->resume ? store_resume(&options, &scan->store, &scan->why)
                                             : store_create(&options, &scan->store, &scan->why);
    if (error == ERR_OK && scan->request->resume)
        error = scan_meta_resume(&scan->meta, scan->store, &scan->why);
    if (error == ERR_OK && scan->request->resume && scan->request->file_count > 0)
        error = scan_meta_forms(&scan->meta, scan->confine.files, scan->request->file_count, &scan->why);
    if (error == ERR_OK && scan->request->resume)
        error = resumed_stuck(scan->store, &scan->stood, &scan->why);
    if (error == ERR_OK && !store_rejects_done(scan->store))
        error = scan_meta_write(&scan->meta, scan->store, "reading", &scan->why);
    if (error == ERR_EXISTS && again_came_second(scan->request, scan->live.terminal.said)) {
        scan->refused_with = EXIT_AGAIN;
        return false;
    }
    return say_store(scan, error);
}

static bool watch_signals(struct scan *scan)
{
    scan->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (scan->wake_fd >= 0)
        signals_watch(&scan->signals, scan->wake_fd, EXIT_STOPPED);
    return scan_say(scan, "signals", scan->wake_fd < 0 ? ERR_IO : ERR_OK);
}

static bool make_workers(struct scan *scan)
{
    const char *why = NULL;
    scan->worker_count = setup_loops(scan->config);
    if (!scan_say(scan, "loops", crowds_init(&scan->crowds, scan->config)))
        return false;
    scan->handover.crowds = &scan->crowds;
    scan->context.results = handover_results(&scan->handover);
    scan->context.trace = tracing_init(&scan->tracing, scan->request->trace, scan->live.terminal.said);
    scan->context.stuck = &scan->stood;
    scan->context.resumed = scan->request->resume;
    if (records_init(&scan->records, scan->writer, store_counts_groups(scan->store), scan->worker_count) !=
        ERR_OK)
        return scan_say(scan, "loops", ERR_MEMORY);
    scan->handover.sink = records_sink(&scan->records);
    scan->workers = workers_create(scan->worker_count, &scan->context, &why);
    if (scan->workers == NULL)
        (void)buf_text(&scan->why, why);
    else
        resumed_silence(scan->store, scan->workers);
    if (scan->workers != NULL)
        scan->watch = watch_create(&scan->context, scan->workers);
    if (scan->watch != NULL)
        scan->stuck = stuck_create(scan->workers, scan->writer, &scan->stood, scan->config->scan_stuck_after);
    return scan_say(scan, "loops", scan->stuck == NULL ? ERR_CONFIG : ERR_OK);
}

/* Reads what senders may still have, before there is a scan directory. */
static bool open_previous(struct scan *scan)
{
    if (scan->config->scan_previous[0] == 0)
        return true;
    const struct config *config = scan->config;
    enum error error = previous_open(config->scan_previous, config->scan_shard, clock_wall_ms(),
                                     &scan->previous, scan->live.terminal.news, &scan->why);
    scan_meta_previous(&scan->meta, previous_meta(scan->previous));
    return say_store(scan, error);
}

static bool make_feeder(struct scan *scan)
{
    struct feeder_options options = {.config = scan->config,
                                     .workers = scan->workers,
                                     .worker_count = scan->worker_count,
                                     .source = scan->task->source(scan),
                                     .start = scan->task->start,
                                     .sink = scan->handover.sink,
                                     .previous = scan->previous,
                                     .prepare = prepare,
                                     .handed_out = on_handed_out,
                                     .ended = on_ended,
                                     .arg = scan};
    scan->feeder = feeder_create(&options);
    scan->handover.feeder = scan->feeder;
    return scan_say(scan, "feeder", scan->feeder == NULL ? ERR_MEMORY : ERR_OK);
}

static bool start_threads(struct scan *scan)
{
    for (uint32_t i = 0; i < scan->worker_count; i++)
        if (loop_start(&scan->workers[i].loop) != ERR_OK)
            return scan_say(scan, "loops", ERR_LIBRARY);
    return scan_say(scan, "feeder", feeder_start(scan->feeder));
}

/* Runs preflight: what is this machine's own fault is said before anybody is judged. */
static bool look_around(struct scan *scan, uint64_t open_files)
{
    struct preflight *preflight = &scan->preflight;
    const struct preflight_patience patience = {.most_ms = PREFLIGHT_MS};
    if (!scan_say(scan, "preflight",
                  preflight_run(preflight, &scan->context, open_files, &patience, &scan->why)))
        return false;
    sandbox_say(&scan->confine.sandbox, preflight);
    FILE *news = scan->live.terminal.news;
    preflight_print(preflight, news);
    paces_say(scan->config, news);
    optout_say(scan->context.optout, scan->config->safety_optout, scan->config->safety_as_prefixes, news);
    optout_say_announced(scan->context.optout, news);
    own_say(&scan->context, setup_loops(scan->config), news);
    context_take_network(&scan->context, &preflight->network);
    scan->context.resolvers = preflight->resolvers;
    scan->meta.preflight = preflight->checks;
    scan->meta.preflight_count = preflight->count;
    if (preflight->unfit == NULL)
        return scan->task->fits == NULL || scan->task->fits(scan);
    (void)fprintf(scan->live.terminal.said, "stsweep: %s, so the scan does not start\n", preflight->unfit);
    scan->refused_with = EXIT_FAILED;
    return false;
}

static void tell(struct scan *scan)
{
    if (scan->why.len > 0)
        (void)fprintf(scan->live.terminal.said, "stsweep: %s\n", buf_string(&scan->why));
    buf_reset(&scan->why);
}

/* Fits the scan to the open files allowed: running short of them is to be back-pressure, never an error in a
 * record. Memory that cannot be had is said before anything is made. */
static bool fit(struct scan *scan, uint64_t open_files)
{
    bool fits = ceilings_fit(&scan->fitted, open_files, &scan->why);
    tell(scan);
    fits = fits && memory_can_begin(&scan->fitted, setup_loops(&scan->fitted), &scan->why);
    tell(scan);
    scan->refused_with = fits ? EXIT_USAGE : EXIT_FAILED;
    return fits;
}

bool scan_prepare(struct scan *scan, const struct config *written)
{
    const struct scan_request *request = scan->request;
    uint64_t open_files = setup_open_files();
    if (!fit(scan, open_files) || !say_store(scan, refusal_check(request, scan->config, &scan->why)))
        return false;
    if (!scan_say(scan, NULL, context_init(&scan->context, scan->config, &scan->why)))
        return false;
    if (!scan->task->choose(scan))
        return false;
    enum error error = scan_meta_init(&scan->meta, scan->config, request->command_line);
    if (error == ERR_OK)
        scan_meta_except(&scan->meta, scan->except_sha256);
    scan->meta.plan = request->plan;
    return scan_say(scan, "meta.json", error) &&
           say_store(scan, confine_enter(&scan->confine, request, written, &scan->live.outward,
                                         spooled_directory(written), &scan->why)) &&
           say_store(scan, live_start(&scan->live, &scan->why)) && look_around(scan, open_files);
}

/* Lets others on this machine see that strangers are contacted from here; the stage of names contacts
 * nobody. */
static void announce(struct scan *scan)
{
    if (scan->config->scan_stage != SCAN_STAGE_NAMES)
        scan->announced = announce_scan();
}

bool scan_begin(struct scan *scan)
{
    announce(scan);
    bool begun = say_store(scan, live_open(&scan->live, scan->request, &scan->why)) &&
                 scan_prepare(scan, scan->config) && watch_signals(scan) && open_previous(scan) &&
                 open_store(scan);
    confine_end_beginning(&scan->confine, begun);
    if (!begun)
        return false;
    scan->done_before = resumed_tell(scan->store, scan->live.terminal.news);
    scan->writer = writer_create(scan->store, on_writer_failed, scan);
    if (!scan_say(scan, "writer", scan->writer == NULL ? ERR_MEMORY : ERR_OK))
        return false;
    return make_workers(scan) && scan->task->open(scan) && make_feeder(scan) && start_threads(scan);
}
