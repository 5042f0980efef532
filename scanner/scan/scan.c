/* Leads a scan through its life: it begins, runs and is closed. */
#include "scanner/scan/scan.h"

#include <stdlib.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/base/exit_code.h"
#include "scanner/machine/watch.h"
#include "scanner/scan/begin.h"
#include "scanner/scan/closing.h"
#include "scanner/scan/confine.h"
#include "scanner/scan/feeder.h"
#include "scanner/scan/handover.h"
#include "scanner/scan/naming.h"
#include "scanner/scan/records.h"
#include "scanner/scan/scanmeta.h"
#include "scanner/scan/shown.h"
#include "scanner/scan/signals.h"
#include "scanner/scan/spooled.h"
#include "scanner/scan/stuck.h"
#include "scanner/scan/wake.h"

enum { WHY_BYTES = 16 * 1024 };

/* ---- running ------------------------------------------------------------------------------------------- */

static void stop_feeding(struct scan *scan, const char *reason)
{
    scan->stopping = true;
    feeder_stop(scan->feeder);
    progress_clear(&scan->handover.progress);
    (void)fprintf(stderr, "stsweep: %s; finishing what is in flight (again to exit at once)\n", reason);
}

static void say_line(struct scan *scan, const char *line)
{
    if (line == NULL)
        return;
    progress_clear(&scan->handover.progress);
    (void)fprintf(stderr, "stsweep: %s\n", line);
}

static void show_progress(struct scan *scan)
{
    stuck_tick(scan->stuck, scan->watch, &scan->handover.progress, stderr);
    say_line(scan, watch_tick(scan->watch));
    const char *crowded = crowds_next(&scan->crowds);
    if (crowded != NULL)
        watch_keep(scan->watch, "pace", false, crowded);
    say_line(scan, crowded);
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
    shown_take_input(&state, &scan->seen, now_ms);
    progress_show(&scan->handover.progress, &state, now_ms);
}

static bool is_streaming(const struct scan *scan)
{
    return strcmp(scan->config->output_dir, "-") == 0;
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
    if (!scan_say(scan, "meta.json", scan_meta_write(&scan->meta, scan->store, "stopped", &scan->why)))
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
        (void)scan_say(scan, "the denominators do not add up", ERR_CORRUPT);
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
    if (!scan_say(scan, "the groups of summary.json", error) ||
        !scan_say(scan, "meta.json", scan_meta_write(&scan->meta, scan->store, "done", &scan->why)) ||
        !scan_say(scan, "summary.json", closing_summary(scan->store, &scan->groups, &scan->why)))
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
        (void)scan_say(scan, NULL, write_error);
        return EXIT_FAILED;
    }
    if (feed_error != ERR_OK && feed_error != ERR_STOPPED) {
        (void)scan_say(scan, NULL, feed_error);
        return feed_error == ERR_FULL || unread ? EXIT_FAILED : EXIT_USAGE;
    }
    if (!scan_say(scan, NULL, store_complete(scan->store, &scan->why)))
        return EXIT_FAILED;
    struct spool_counts names = spooled_counts(scan->names);
    if (!scan_say(scan, NULL, closing_denominators(scan->store, &scan->counts, &names, scan->choice)))
        return EXIT_FAILED;
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
    crowds_dispose(&scan->crowds);
    stuck_destroy(scan->stuck);
    watch_destroy(scan->watch);
    records_dispose(&scan->records);
    feeder_destroy(scan->feeder);
    previous_close(scan->previous);
    spooled_destroy(scan->names);
    sources_dispose(&scan->sources);
    choice_destroy(scan->choice);
    writer_destroy(scan->writer);
    store_destroy(scan->store);
    summary_sample_destroy(scan->sample);
    scan_meta_dispose(&scan->meta);
    summary_groups_dispose(&scan->groups);
    context_dispose(&scan->context);
    free(scan->opted_by);
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
    if (scan_begin(&scan)) {
        if (request->go_on != NULL)
            naming_tell_first(scan.config->output_dir, request->go_on, stderr);
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
