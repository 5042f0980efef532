/* Leads a scan through its life: it begins, runs and is closed. */
#include "scanner/scan/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/base/exit_code.h"
#include "scanner/machine/ceilings.h"
#include "scanner/machine/memory.h"
#include "scanner/machine/preflight.h"
#include "scanner/machine/sandbox.h"
#include "scanner/machine/setup.h"
#include "scanner/machine/tracing.h"
#include "scanner/machine/watch.h"
#include "scanner/reach/paces.h"
#include "scanner/scan/closing.h"
#include "scanner/scan/confine.h"
#include "scanner/scan/feeder.h"
#include "scanner/scan/handover.h"
#include "scanner/scan/intake.h"
#include "scanner/scan/records.h"
#include "scanner/scan/refusal.h"
#include "scanner/scan/resumed.h"
#include "scanner/scan/scanmeta.h"
#include "scanner/scan/shown.h"
#include "scanner/scan/signals.h"
#include "scanner/scan/spooled.h"
#include "scanner/scan/stuck.h"
#include "scanner/scan/wake.h"

enum { WHY_BYTES = 16 * 1024 };

struct scan {
    const struct scan_request *request;
    struct config fitted; /* what was asked for, lowered to what this machine allows; borrows its texts */
    const struct config *config; /* that one */
    struct scan_context context;
    struct store *store;
    struct writer *writer;
    struct worker *workers;
    uint32_t worker_count;
    struct spooled *names;
    struct intake_counts counts;
    struct previous *previous; /* NULL: no earlier scan was given */
    struct feeder *feeder;
    struct watch *watch;
    struct stuck *stuck;
    struct stuck_list stood; /* the addresses at which earlier runs were stuck */
    struct confine confine;  /* with the files of the input */
    struct scan_meta meta;
    struct preflight preflight;
    struct handover handover;
    struct records records;
    uint64_t done_before; /* records of the runs before this one */
    struct buf why;
    int wake_fd; /* eventfd: something that the main thread should look at */
    struct signals signals;
    struct tracing tracing;
    struct counters counted;      /* at the end */
    struct summary_groups groups; /* likewise */
    atomic_bool writer_failed;
    bool stopping;
    bool left_running; /* a loop that is stuck and does not end */
    bool resting;      /* before the next pass, as last said */
    int refused_with;  /* the exit code if it does not even begin */
    int64_t started_ms;
};

/* ---- what the feeder and the writer say ---------------------------------------------------------------- */

static enum error write_scanning(void *arg, struct store *store, struct buf *why)
{
    struct scan *scan = arg;
    return scan_meta_write(&scan->meta, store, "scanning", why);
}

static bool is_stopped(void *arg)
{
    const struct scan *scan = arg;
    return feeder_is_stopped(scan->feeder);
}

/* Reads the input. That it is the one of a resumed scan counts before what it holds. */
static enum error read_input(struct scan *scan)
{
    struct intake_options options = {.asked = refusal_asked(scan->config),
                                     .files = scan->confine.files,
                                     .file_count = scan->request->file_count,
                                     .at_least = (uint64_t)scan->config->input_at_least,
                                     .optout = scan->context.optout,
                                     .store = scan->store,
                                     .rejects_done = store_rejects_done(scan->store),
                                     .names = scan->names,
                                     .sink = scan->handover.sink,
                                     .out = stderr,
                                     .stopped = is_stopped,
                                     .stopped_arg = scan};
    enum error error = intake_read(&options, &scan->counts, &scan->why);
    if (error == ERR_OK)
        error = scan_meta_inputs(&scan->meta, scan->confine.files, scan->request->file_count, &scan->why);
    return error == ERR_OK ? intake_check(&options, &scan->why) : error;
}

/* Reads the input, then does all that rests on what it says. On the feeder's thread. Rejects are durable
 * before meta.json says that there are no more. */
static enum error prepare(void *arg)
{
    struct scan *scan = arg;
    const struct sink *sink = &scan->handover.sink;
    enum error error = read_input(scan);
    if (error != ERR_OK)
        return error;
    uint64_t names = resumed_left(scan->confine.files, scan->request->file_count, scan->done_before);
    preflight_disk(&scan->preflight, scan->config, names, stderr);
    error = sink->flush(sink->arg);
    return error == ERR_OK ? writer_barrier(scan->writer, write_scanning, scan) : error;
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
static bool say(struct scan *scan, const char *what, enum error error)
{
    if (error == ERR_MEMORY || error == ERR_LIBRARY)
        scan->refused_with = EXIT_FAILED;
    return refusal_say(what, error, &scan->why, stderr);
}

static bool is_streaming(const struct scan *scan)
{
    return strcmp(scan->config->output_dir, "-") == 0;
}

/* Says the error; the exit code tells what another command line would mend from what it would not. */
static bool say_store(struct scan *scan, enum error error)
{
    if (error != ERR_OK)
        scan->refused_with = exit_code_of(error);
    return say(scan, NULL, error);
}

static bool open_store(struct scan *scan)
{
    const struct config *config = scan->config;
    struct store_options options = {.dir = config->output_dir,
                                    .level = (int)config->output_level,
                                    .frame_bytes = (size_t)config->output_frame_bytes,
                                    .part_bytes = (uint64_t)config->output_part_bytes,
                                    .flush_ms = config->output_flush};
    enum error error = scan->request->resume ? store_resume(&options, &scan->store, &scan->why)
                                             : store_create(&options, &scan->store, &scan->why);
    if (error == ERR_OK && scan->request->resume)
        error = scan_meta_resume(&scan->meta, scan->store, &scan->why);
    if (error == ERR_OK && scan->request->resume)
        error = scan_meta_forms(&scan->meta, scan->confine.files, scan->request->file_count, &scan->why);
    if (error == ERR_OK && scan->request->resume)
        error = resumed_stuck(scan->store, &scan->stood, &scan->why);
    if (error == ERR_OK && !store_rejects_done(scan->store))
        error = scan_meta_write(&scan->meta, scan->store, "reading", &scan->why);
    return say_store(scan, error);
}

static bool watch_signals(struct scan *scan)
{
    scan->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (scan->wake_fd >= 0)
        signals_watch(&scan->signals, scan->wake_fd, EXIT_STOPPED);
    return say(scan, "signals", scan->wake_fd < 0 ? ERR_IO : ERR_OK);
}

static bool make_workers(struct scan *scan)
{
    const char *why = NULL;
    scan->worker_count = setup_loops(scan->config);
    scan->context.results = handover_results(&scan->handover);
    scan->context.trace = tracing_init(&scan->tracing, scan->request->trace);
    scan->context.stuck = &scan->stood;
    scan->context.resumed = scan->request->resume;
    if (records_init(&scan->records, scan->writer, scan->worker_count) != ERR_OK)
        return say(scan, "loops", ERR_MEMORY);
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
    return say(scan, "loops", scan->stuck == NULL ? ERR_CONFIG : ERR_OK);
}

/* Reads what senders may still have, before there is a scan directory. */
static bool open_previous(struct scan *scan)
{
    if (scan->config->scan_previous[0] == 0)
        return true;
    const struct config *config = scan->config;
    enum error error = previous_open(config->scan_previous, config->scan_shard, clock_wall_ms(),
                                     &scan->previous, stderr, &scan->why);
    scan_meta_previous(&scan->meta, previous_meta(scan->previous));
    return say_store(scan, error);
}

static bool make_source(struct scan *scan)
{
    struct spooled_options options = {.config = scan->config,
                                      .seed = scan->meta.seed,
                                      .directory = spooled_directory(scan->config),
                                      .store = scan->store};
    scan->names = spooled_create(&options);
    return say(scan, "names", scan->names == NULL ? ERR_MEMORY : ERR_OK);
}

static bool make_feeder(struct scan *scan)
{
    struct feeder_options options = {.config = scan->config,
                                     .workers = scan->workers,
                                     .worker_count = scan->worker_count,
                                     .source = spooled_source(scan->names),
                                     .sink = scan->handover.sink,
                                     .previous = scan->previous,
                                     .prepare = prepare,
                                     .handed_out = on_handed_out,
                                     .ended = on_ended,
                                     .arg = scan};
    scan->feeder = feeder_create(&options);
    scan->handover.feeder = scan->feeder;
    return say(scan, "feeder", scan->feeder == NULL ? ERR_MEMORY : ERR_OK);
}

static bool start_threads(struct scan *scan)
{
    for (uint32_t i = 0; i < scan->worker_count; i++)
        if (loop_start(&scan->workers[i].loop) != ERR_OK)
            return say(scan, "loops", ERR_LIBRARY);
    return say(scan, "feeder", feeder_start(scan->feeder));
}

/* Runs preflight: what is this machine's own fault is said before anybody is judged. */
static bool look_around(struct scan *scan, uint64_t open_files)
{
    struct preflight *preflight = &scan->preflight;
    const struct preflight_patience patience = {.most_ms = PREFLIGHT_MS};
    if (!say(scan, "preflight", preflight_run(preflight, &scan->context, open_files, &patience, &scan->why)))
        return false;
    sandbox_say(&scan->confine.sandbox, preflight);
    preflight_print(preflight, stderr);
    paces_say(scan->config, stderr);
    context_take_network(&scan->context, &preflight->network);
    scan->context.resolvers = preflight->resolvers;
    scan->meta.preflight = preflight->checks;
    scan->meta.preflight_count = preflight->count;
    if (preflight->unfit == NULL)
        return true;
    (void)fprintf(stderr, "stsweep: %s, so the scan does not start\n", preflight->unfit);
    scan->refused_with = EXIT_FAILED;
    return false;
}

static void tell(struct scan *scan)
{
    if (scan->why.len > 0)
        (void)fprintf(stderr, "stsweep: %s\n", buf_string(&scan->why));
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

static bool begin(struct scan *scan)
{
    const struct scan_request *request = scan->request;
    uint64_t open_files = setup_open_files();
    if (!fit(scan, open_files) || !say_store(scan, refusal_check(request, scan->config, &scan->why)))
        return false;
    if (!say(scan, NULL, context_init(&scan->context, scan->config, &scan->why)))
        return false;
    enum error error = scan_meta_init(&scan->meta, scan->config, request->command_line);
    if (!say(scan, "meta.json", error) ||
        !say_store(scan, confine_enter(&scan->confine, request, scan->config, spooled_directory(scan->config),
                                       &scan->why)))
        return false;
    bool begun =
        look_around(scan, open_files) && watch_signals(scan) && open_previous(scan) && open_store(scan);
    confine_end_beginning(&scan->confine, begun);
    if (!begun)
        return false;
    scan->done_before = resumed_tell(scan->store, stderr);
    scan->writer = writer_create(scan->store, on_writer_failed, scan);
    if (!say(scan, "writer", scan->writer == NULL ? ERR_MEMORY : ERR_OK))
        return false;
    return make_workers(scan) && make_source(scan) && make_feeder(scan) && start_threads(scan);
}

/* ---- running ------------------------------------------------------------------------------------------- */

static void stop_feeding(struct scan *scan, const char *reason)
{
    scan->stopping = true;
    feeder_stop(scan->feeder);
    progress_clear(&scan->handover.progress);
    (void)fprintf(stderr, "stsweep: %s; finishing what is in flight (again to exit at once)\n", reason);
}

static void show_progress(struct scan *scan)
{
    stuck_tick(scan->stuck, scan->watch, &scan->handover.progress, stderr);
    const char *line = watch_tick(scan->watch);
    if (line != NULL) {
        progress_clear(&scan->handover.progress);
        (void)fprintf(stderr, "stsweep: %s\n", line);
    }
    struct feeder_progress progress = feeder_progress(scan->feeder);
    int64_t now_ms = clock_monotonic_ms(), wall_ms = clock_wall_ms();
    if (progress.rest_ms > 0 && !scan->resting) {
        progress_clear(&scan->handover.progress);
        put_off_print_wait(&scan->handover.put_off, progress.rest_ms, wall_ms, stderr);
    }
    scan->resting = progress.rest_ms > 0;
    struct progress_state state = {.before = scan->done_before,
                                   .total = spooled_total(scan->names),
                                   .parked = atomic_load(&scan->context.parked),
                                   .counts = watch_counters(scan->watch),
                                   .wall_ms = wall_ms};
    shown_take(&state, &progress, scan->config, now_ms);
    progress_show(&scan->handover.progress, &state, now_ms);
}

/* Waits until all is finished, or a stopped scan has drained as long as it may. */
static void run_to_end(struct scan *scan)
{
    int64_t deadline_ms = INT64_MAX;
    while (!feeder_all_ended(scan->feeder)) {
        wake_wait(scan->wake_fd, WATCH_TICK_MS);
        show_progress(scan);
        bool stuck = stuck_for_good(scan->stuck);
        if (!scan->stopping && (signals_came() || stuck)) {
            stop_feeding(scan, stuck ? "a loop stands still" : "stopped");
            deadline_ms = clock_monotonic_ms() + scan->config->scan_drain;
        }
        if (atomic_load(&scan->writer_failed)) {
            if (!scan->stopping)
                stop_feeding(scan, is_streaming(scan) ? "standard output takes no more"
                                                      : "the scan directory takes no more");
            return;
        }
        if (clock_monotonic_ms() >= deadline_ms)
            return;
    }
}

/* ---- ending -------------------------------------------------------------------------------------------- */

static int close_stopped(struct scan *scan)
{
    char path[CLOSING_PATH_BYTES];
    if (!say(scan, "meta.json", scan_meta_write(&scan->meta, scan->store, "stopped", &scan->why)))
        return EXIT_FAILED;
    const char *given = scan->config->output_dir;
    closing_stopped(store_summary(scan->store)->records, given,
                    closing_place(store_dir_fd(scan->store), given, path), stderr);
    return EXIT_STOPPED;
}

static int close_done(struct scan *scan)
{
    char path[CLOSING_PATH_BYTES];
    if (!summary_balanced(store_summary(scan->store), &scan->why)) {
        (void)say(scan, "the denominators do not add up", ERR_CORRUPT);
        return EXIT_FAILED;
    }
    scan->meta.tail = tail_meta(&scan->handover.tail, clock_monotonic_ms());
    enum error error = closing_groups(scan->store, &scan->groups, stderr, &scan->why);
    if (error == ERR_STOPPED)
        return close_stopped(scan);
    /* The summary comes last of what describes the scan: if it is there, the scan is whole. */
    scan->meta.ended_ms = clock_wall_ms();
    tail_print(&scan->meta.tail, stderr);
    previous_say_matched(scan->previous, summary_cached(store_summary(scan->store)), stderr);
    put_off_print(&scan->handover.put_off, stderr);
    if (!say(scan, "the groups of summary.json", error) ||
        !say(scan, "meta.json", scan_meta_write(&scan->meta, scan->store, "done", &scan->why)) ||
        !say(scan, "summary.json", closing_summary(scan->store, &scan->groups, &scan->why)))
        return EXIT_FAILED;
    summary_print(is_streaming(scan) ? stderr : stdout, store_summary(scan->store),
                  clock_monotonic_ms() - scan->started_ms,
                  closing_place(store_dir_fd(scan->store), scan->config->output_dir, path));
    return closing_code(store_summary(scan->store), scan->request->fail_on, stderr) ? EXIT_NO : EXIT_DONE;
}

static int finish(struct scan *scan)
{
    bool cut = !feeder_all_ended(scan->feeder);
    /* End the feeder first: a loop that has ended must be handed no more names. */
    enum error feed_error = feeder_join(scan->feeder);
    spooled_say_reason(scan->names, &scan->why);
    bool unread = previous_say_reason(scan->previous, &scan->why);
    scan->left_running = !stuck_end(scan->stuck, stderr);
    enum error write_error = writer_finish(scan->writer);
    progress_clear(&scan->handover.progress);
    if (write_error != ERR_OK || atomic_load(&scan->writer_failed)) {
        write_error = writer_error(scan->writer, &scan->why);
        (void)say(scan, NULL, write_error);
        return EXIT_FAILED;
    }
    if (feed_error != ERR_OK && feed_error != ERR_STOPPED) {
        (void)say(scan, NULL, feed_error);
        return feed_error == ERR_FULL || unread ? EXIT_FAILED : EXIT_USAGE;
    }
    if (!say(scan, NULL, store_complete(scan->store, &scan->why)))
        return EXIT_FAILED;
    struct spool_counts names = spooled_counts(scan->names);
    closing_denominators(scan->store, &scan->counts, &names);
    const char *closing = watch_closing(scan->watch);
    if (closing != NULL)
        (void)fprintf(stderr, "stsweep: WARNING: %s\n", closing);
    scan->meta.events = watch_events(scan->watch, &scan->meta.event_count);
    scan->counted = scan->left_running ? watch_counters(scan->watch)
                                       : workers_counters(scan->workers, scan->worker_count);
    scan->meta.counters = &scan->counted;
    return feed_error == ERR_STOPPED || cut ? close_stopped(scan) : close_done(scan);
}

static void dispose(struct scan *scan)
{
    workers_destroy(scan->workers, scan->worker_count);
    stuck_destroy(scan->stuck);
    watch_destroy(scan->watch);
    records_dispose(&scan->records);
    feeder_destroy(scan->feeder);
    previous_close(scan->previous);
    spooled_destroy(scan->names);
    writer_destroy(scan->writer);
    store_destroy(scan->store);
    scan_meta_dispose(&scan->meta);
    summary_groups_dispose(&scan->groups);
    context_dispose(&scan->context);
    signals_dispose(&scan->signals);
    if (scan->wake_fd >= 0)
        close(scan->wake_fd);
    confine_dispose(&scan->confine);
    buf_dispose(&scan->why);
}

int scan_main(const struct scan_request *request)
{
    struct scan scan = {.request = request, .fitted = *request->config, .wake_fd = -1};
    int code;
    scan.config = &scan.fitted;
    scan.refused_with = EXIT_USAGE;
    buf_init(&scan.why, WHY_BYTES);
    handover_init(&scan.handover);
    atomic_init(&scan.writer_failed, false);
    scan.started_ms = clock_monotonic_ms();
    progress_begin(&scan.handover.progress, stderr, isatty(STDERR_FILENO) != 0, scan.started_ms);
    if (begin(&scan)) {
        run_to_end(&scan);
        code = finish(&scan);
    } else {
        scan.left_running = !stuck_end(scan.stuck, stderr);
        code = scan.refused_with;
    }
    if (scan.left_running) /* it may go on at any time, with all that it can see */
        _exit(code);
    dispose(&scan);
    return code;
}
