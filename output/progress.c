/* One line about how far a scan is. */
#include "output/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "scanner/base/buf.h"

enum { TERMINAL_EVERY_MS = 500, LOG_EVERY_MS = 60000, LINE_BYTES = 512 };

void progress_begin(struct progress *progress, int64_t now_ms)
{
    for (int i = 0; i < OUTCOME_COUNT; i++)
        atomic_init(&progress->outcomes[i], 0);
    progress->terminal = isatty(STDERR_FILENO) != 0;
    progress->line_open = false;
    progress->began_ms = now_ms;
    progress->shown_ms = now_ms;
    progress->shown_done = 0;
}

void progress_count(struct progress *progress, enum outcome outcome)
{
    atomic_fetch_add_explicit(&progress->outcomes[outcome], 1, memory_order_relaxed);
}

static void append_outcomes(struct progress *progress, struct buf *line)
{
    for (int i = 0; i < OUTCOME_COUNT; i++) {
        uint64_t count = atomic_load_explicit(&progress->outcomes[i], memory_order_relaxed);
        if (count > 0)
            (void)buf_printf(line, " %s %llu", outcome_name((enum outcome)i), (unsigned long long)count);
    }
}

void progress_show(struct progress *progress, uint64_t done, uint64_t started, int64_t now_ms)
{
    int64_t since = now_ms - progress->shown_ms;
    if (since < (progress->terminal ? TERMINAL_EVERY_MS : LOG_EVERY_MS))
        return;
    struct buf line;
    buf_init(&line, LINE_BYTES);
    (void)buf_printf(&line, "%lld s: %llu done, %llu in flight, %.0f/s |",
                     (long long)((now_ms - progress->began_ms) / 1000), (unsigned long long)done,
                     (unsigned long long)(started - done),
                     (double)(done - progress->shown_done) * 1000.0 / (double)since);
    append_outcomes(progress, &line);
    (void)fprintf(stderr, progress->terminal ? "\r\033[K%.*s" : "%.*s\n", 200, buf_string(&line));
    progress->line_open = progress->terminal;
    progress->shown_ms = now_ms;
    progress->shown_done = done;
    buf_dispose(&line);
}

void progress_clear(struct progress *progress)
{
    if (progress->line_open)
        (void)fputs("\r\033[K", stderr);
    progress->line_open = false;
}
