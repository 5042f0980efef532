/* Runs the thread that tells others. */
#include "scanner/scan/teller.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "output/live/metrics.h"
#include "output/live/status.h"
#include "scanner/base/clock.h"
#include "scanner/base/errno_said.h"
#include "scanner/base/shown.h"
#include "scanner/loop/thread.h"
#include "scanner/scan/scrape.h"
#include "scanner/scan/wake.h"

enum { EVERY_S = 1, STATUS_BYTES = 256 * 1024, PAGE_BYTES = 1024 * 1024 };

struct teller {
    const struct outward *outward;
    FILE *said;
    pthread_t thread;
    pthread_mutex_t mutex; /* of latest */
    struct live_state latest;
    /* The thread's own. */
    struct live_state state;
    struct event_base *base;
    struct event *tick, *end;
    struct scrape *scrape;
    struct buf page, status;
    int64_t page_of_ms; /* the time of the state that the page is made of; -1: none */
    int end_fd;
    bool failed; /* the status file, as last said */
};

/* ---- on the thread ------------------------------------------------------------------------------------- */

/* Copies the latest state. While the summary is made nobody gives a newer one: its numbers stay true. */
static void look(struct teller *teller)
{
    (void)pthread_mutex_lock(&teller->mutex);
    teller->state = teller->latest;
    (void)pthread_mutex_unlock(&teller->mutex);
    if (teller->state.phase == PHASE_ENDING)
        teller->state.wall_ms = clock_wall_ms();
}

/* false with errno. */
static bool write_status(struct teller *teller)
{
    buf_reset(&teller->status);
    if (!live_status(&teller->state, &teller->status)) {
        errno = EFBIG;
        return false;
    }
    return outward_status(teller->outward, buf_bytes(&teller->status));
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct teller *teller = arg;
    (void)fd;
    (void)what;
    look(teller);
    bool ok = write_status(teller);
    int number = errno;
    if (!ok && !teller->failed)
        (void)fprintf(
            teller->said,
            "stsweep: WARNING: output.status %s: it cannot be written: %s; the scan goes on, and the "
            "file is tried again each second\n",
            shown(teller->outward->status_path), strerror(number));
    if (ok && teller->failed)
        (void)fprintf(teller->said, "stsweep: output.status %s: it can be written again\n",
                      shown(teller->outward->status_path));
    teller->failed = !ok;
}

static void on_end(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)event_base_loopbreak(arg);
}

/* Makes the page once for a state, however often it is asked for. */
static const struct buf *page(void *arg)
{
    struct teller *teller = arg;
    look(teller);
    if (teller->page_of_ms == teller->state.now_ms)
        return &teller->page;
    buf_reset(&teller->page);
    live_metrics(&teller->state, &teller->page);
    teller->page_of_ms = teller->page.failed ? -1 : teller->state.now_ms;
    return teller->page.failed ? NULL : &teller->page;
}

static void *run(void *arg)
{
    struct teller *teller = arg;
    (void)event_base_dispatch(teller->base);
    return NULL;
}

/* ---- from outside -------------------------------------------------------------------------------------- */

static void dispose(struct teller *teller)
{
    scrape_destroy(teller->scrape);
    if (teller->tick != NULL)
        event_free(teller->tick);
    if (teller->end != NULL)
        event_free(teller->end);
    if (teller->base != NULL)
        event_base_free(teller->base);
    if (teller->end_fd >= 0)
        (void)close(teller->end_fd);
    buf_dispose(&teller->page);
    buf_dispose(&teller->status);
    (void)pthread_mutex_destroy(&teller->mutex);
    free(teller);
}

static bool make_events(struct teller *teller)
{
    const struct timeval every = {.tv_sec = EVERY_S};
    const struct outward *outward = teller->outward;
    teller->base = event_base_new();
    teller->end_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (teller->base == NULL || teller->end_fd < 0)
        return false;
    teller->end = event_new(teller->base, teller->end_fd, EV_READ, on_end, teller->base);
    if (teller->end == NULL || event_add(teller->end, NULL) != 0)
        return false;
    if (outward->status_dir != NULL) {
        teller->tick = event_new(teller->base, -1, EV_PERSIST, on_tick, teller);
        if (teller->tick == NULL || event_add(teller->tick, &every) != 0)
            return false;
    }
    if (outward->listener >= 0)
        teller->scrape = scrape_create(teller->base, outward->listener, page, teller);
    return outward->listener < 0 || teller->scrape != NULL;
}

enum error teller_start(const struct outward *outward, const struct live_state *state, FILE *said,
                        struct teller **teller, struct buf *why)
{
    *teller = NULL;
    if (outward->status_dir == NULL && outward->listener < 0)
        return ERR_OK;
    struct teller *made = calloc(1, sizeof *made);
    if (made == NULL)
        return ERR_MEMORY;
    *made =
        (struct teller){.outward = outward, .said = said, .latest = *state, .page_of_ms = -1, .end_fd = -1};
    (void)pthread_mutex_init(&made->mutex, NULL);
    buf_init(&made->page, PAGE_BYTES);
    buf_init(&made->status, STATUS_BYTES);
    look(made);
    enum error error = ERR_OK;
    if (!write_status(made)) {
        error = error_of_file(errno);
        buf_printf(why, "output.status %s: it cannot be written: %s", shown(outward->status_path),
                   errno_said(errno));
    } else if (!make_events(made)) {
        error = ERR_MEMORY;
    } else if (!thread_start(&made->thread, run, made)) {
        error = ERR_LIBRARY;
    }
    if (error != ERR_OK) {
        dispose(made);
        return error;
    }
    *teller = made;
    return ERR_OK;
}

void teller_take(struct teller *teller, const struct live_state *state)
{
    if (teller == NULL)
        return;
    (void)pthread_mutex_lock(&teller->mutex);
    teller->latest = *state;
    (void)pthread_mutex_unlock(&teller->mutex);
}

void teller_end(struct teller *teller, const struct live_state *last)
{
    if (teller == NULL)
        return;
    wake_up(teller->end_fd);
    (void)pthread_join(teller->thread, NULL);
    teller->latest = *last;
    on_tick(-1, 0, teller);
    dispose(teller);
}
