/* Leads a scan through its life: it begins, runs and is closed. */
#include "scanner/scan/scan.h"

#include <stdlib.h>
#include <unistd.h>

#include "scanner/base/clock.h"
#include "scanner/base/exit_code.h"
#include "scanner/machine/announce.h"
#include "scanner/machine/watch.h"
#include "scanner/scan/again.h"
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

#include "scanner/scan/stuck.h"
#include "scanner/scan/wake.h"

enum { WHY_BYTES = 16 * 1024 };

/* ---- running ------------------------------------------------------------------------------------------- */

static FILE *news(const struct scan *scan)
{
    return scan->live.terminal.news;
}

static FILE *said(const struct scan *scan)
{
    return scan->live.terminal.said;
}

static void stop_feeding(struct scan *scan, const char *reason)
{
    scan->stopping = true;
    feeder_stop(scan->feeder);
    live_stop(&scan->live, reason);
    (void)fprintf(said(scan), "stsweep: %s; finishing what is in flight (again to exit at once)\n", reason);
}

static void say_line(struct scan *scan, const char *line)
{
    if (line != NULL)
        (void)fprintf(said(scan), "stsweep: %s\n", line);
}

static enum live_phase phase_of(const struct scan *scan, const struct live_state *state)
{
    if (scan->ending)
        return PHASE_ENDING;
    if (scan->stopping)
        return PHASE_STOPPING;
    if (state->total == 0 && state->pass == 0)
        return PHASE_READING;
    if (state->cut_off != NULL)
        return PHASE_OUTAGE;
    return state->resting ? PHASE_RESTING : PHASE_RUNNING;
}

/* Takes the state of now, all of it from those who count. */
static struct live_state take_state(struct scan *scan)
{
    struct feeder_progress progress = feeder_progress(scan->feeder);
    int64_t now_ms = clock_monotonic_ms();
    struct live_state state = scan->live.state;
    state.before = scan->done_before;
    state.total = scan->task->total(scan);
    state.parked = atomic_load(&scan->context.parked);
    state.counts = scan->ending ? scan->counted : watch_counters(scan->watch);
    state.cut_off = watch_cut_off(scan->watch);
    shown_take(&state, &progress, &scan->context, now_ms);
    shown_take_input(&state, &scan->seen, now_ms);
    state.phase = phase_of(scan, &state);
    return state;
}

static void show(struct scan *scan)
{
    stuck_tick(scan->stuck, scan->watch, said(scan));
    say_line(scan, watch_tick(scan->watch));
    const char *crowded = crowds_next(&scan->crowds);
    if (crowded != NULL)
        watch_keep(scan->watch, "pace", false, crowded);
    say_line(scan, crowded);
    struct live_state state = take_state(scan);
    if (state.resting && !scan->resting)
        put_off_print_wait(&scan->handover.put_off, state.rest_ms, clock_wall_ms(), news(scan));
    scan->resting = state.resting;
    live_show(&scan->live, &state, signals_asked());
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
        show(scan);
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
                    closing_place(store_dir_fd(scan->store), given, path),
                    scan->request->again || !config_fetches(scan->config) ? "" : " and --resume", said(scan));
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
    enum error error = closing_groups(scan->store, &scan->groups, news(scan), &scan->why);
    if (error == ERR_STOPPED)
        return close_stopped(scan);
    /* The summary comes last of what describes the scan: if it is there, the scan is whole. */
    scan->meta.ended_ms = clock_wall_ms();
    tail_print(&scan->meta.tail, news(scan));
    if (!scan_say(scan, "the groups of summary.json", error) ||
        !scan_say(scan, "meta.json", scan_meta_write(&scan->meta, scan->store, "done", &scan->why)) ||
        !scan_say(scan, "summary.json", closing_summary(scan->store, &scan->groups, &scan->why)))
        return EXIT_FAILED;
    scan->task->tell(scan, closing_place(store_dir_fd(scan->store), scan->config->output_dir, path));
    return closing_code(store_summary(scan->store), scan->request->fail_on, said(scan)) ? EXIT_NO : EXIT_DONE;
}

/* From here on nothing is counted any more. */
static void begin_ending(struct scan *scan)
{
    scan->counted = scan->left_running ? watch_counters(scan->watch)
                                       : workers_counters(scan->workers, scan->worker_count);
    scan->ending = true;
    struct live_state state = take_state(scan);
    live_ending(&scan->live, &state);
}

static int finish(struct scan *scan)
{
    bool cut = !feeder_all_ended(scan->feeder);
    /* End the feeder first: a loop that has ended must be handed no more names. */
    enum error feed_error = feeder_join(scan->feeder);
    bool unread = scan->task->say_reason(scan);
    scan->left_running = !stuck_end(scan->stuck, said(scan));
    enum error write_error = writer_finish(scan->writer);
    begin_ending(scan);
    if (write_error != ERR_OK || atomic_load(&scan->writer_failed)) {
        write_error = writer_error(scan->writer, &scan->why);
        (void)scan_say(scan, NULL, write_error);
        return EXIT_FAILED;
    }
    if (feed_error != ERR_OK && feed_error != ERR_STOPPED) {
        (void)scan_say(scan, NULL, feed_error);
        return unread ? EXIT_FAILED : exit_code_of(feed_error);
    }
    if (!scan_say(scan, NULL, store_complete(scan->store, &scan->why)))
        return EXIT_FAILED;
    if (!scan_say(scan, NULL, scan->task->denominators(scan)))
        return EXIT_FAILED;
    const char *closing = watch_closing(scan->watch);
    if (closing != NULL)
        (void)fprintf(said(scan), "stsweep: WARNING: %s\n", closing);
    scan->meta.events = watch_events(scan->watch, &scan->meta.event_count);
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
    writer_destroy(scan->writer);
    store_destroy(scan->store);
    scan->task->dispose(scan);
    scan_meta_dispose(&scan->meta);
    summary_groups_dispose(&scan->groups);
    context_dispose(&scan->context);
    signals_dispose(&scan->signals);
    if (scan->wake_fd >= 0)
        close(scan->wake_fd);
    confine_dispose(&scan->confine);
    announce_end(scan->announced);
    buf_dispose(&scan->why);
    live_dispose(&scan->live);
}

int scan_main(const struct scan_request *request)
{
    return scan_run(request, &scan_lists, NULL);
}

int scan_run(const struct scan_request *request, const struct scan_task *task, void *arg)
{
    struct scan_request asked = *request;
    struct scan scan = {.request = &asked,
                        .task = task,
                        .task_arg = arg,
                        .fitted = *request->config,
                        .wake_fd = -1,
                        .announced = -1};
    int code = again_look(&asked, stderr);
    if (code != AGAIN_GO_ON)
        return code;
    scan.config = &scan.fitted;
    scan.refused_with = EXIT_USAGE;
    buf_init(&scan.why, WHY_BYTES);
    handover_init(&scan.handover);
    atomic_init(&scan.writer_failed, false);
    scan.started_ms = clock_monotonic_ms();
    signals_watch_asked();
    if (live_init(&scan.live, &asked, scan.started_ms) != ERR_OK)
        out_of_memory("what is said");
    if (scan_begin(&scan)) {
        if (request->go_on != NULL && asked.resume == request->resume)
            naming_tell_first(scan.config->output_dir, request->go_on, config_fetches(scan.config),
                              news(&scan));
        run_to_end(&scan);
        code = finish(&scan);
    } else {
        scan.left_running = !stuck_end(scan.stuck, said(&scan));
        code = scan.refused_with;
    }
    live_end(&scan.live, code);
    if (scan.left_running) /* it may go on at any time, with all that it can see */
        _exit(code);
    dispose(&scan);
    return code;
}
