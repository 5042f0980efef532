/*
 * Writes the events of a scan as lines of JSON, for output.log: `time`, `event`, and what belongs to the
 * event. Pure.
 */
#ifndef STSWEEP_LIVE_EVENTS_H
#define STSWEEP_LIVE_EVENTS_H

#include "output/live/state.h"

/* What begins a log's part of one run. Borrowed. */
struct live_start {
    const char *version, *directory, *command;
    int64_t pid;
    bool resume;
    const struct live_option {
        const char *name, *value;
    } * options; /* those that are not as the program has them by default */
    size_t option_count;
};
void live_event_start(struct buf *out, int64_t wall_ms, const struct live_start *start);

/* Appends a line that was said: `preflight` if it is one of these, else `message`; `level` is warning or
 * info. */
void live_event_said(struct buf *out, int64_t wall_ms, bool is_news, const char *line);

/* What has changed from one state to the next is told with its numbers. `what` is a word of ours. */
void live_event_state(struct buf *out, const char *event, const char *what, const struct live_state *state);

#endif
