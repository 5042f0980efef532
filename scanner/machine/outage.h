/*
 * Tells an outage of our own resolvers or network from strangers that do not answer. Counts go in and the
 * state comes out: when most of what a scan asks fails of late, this machine or its resolvers may be cut off
 * rather than everybody else. A suspicion is not a verdict: questions with known answers decide
 * (outage_answered), so that a list full of names that nobody serves is no outage. Pure: no I/O, `now` is an
 * argument (monotonic, ms). It never looks at a domain.
 */
#ifndef STSWEEP_MACHINE_OUTAGE_H
#define STSWEEP_MACHINE_OUTAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "scanner/reach/port.h"

enum outage_state {
    OUTAGE_CALM,
    OUTAGE_SUSPECTED, /* too much fails; the known questions are to be asked */
    OUTAGE_ON,        /* and they fail too: they are asked again and again */
    OUTAGE_OVER       /* they are answered again, but what was asked before may still fail */
};

enum { OUTAGE_SAMPLES = 32, OUTAGE_GOOD_ROUNDS = 2, OUTAGE_PAUSE_MS = 1000 };

/* The counts of late: a ring of samples over window_ms. */
struct outage_window {
    int64_t window_ms;
    struct outage_counts counts[OUTAGE_SAMPLES];
    int64_t at_ms[OUTAGE_SAMPLES];
    size_t first;
    size_t count;
};

void outage_window_init(struct outage_window *window, int64_t window_ms);

/* Takes note of the counts at now. */
void outage_window_add(struct outage_window *window, const struct outage_counts *counts, int64_t now);

/* Returns what has been added to the counts in the shortest time, up to the window's whole length, in which
 * at least so many ended. */
struct outage_counts outage_window_since(const struct outage_window *window,
                                         const struct outage_counts *counts, uint64_t least);

struct outage_settings {
    uint32_t share_percent; /* more than this failing is suspicious; 0: nothing ever is */
    uint64_t least;         /* nothing is concluded from fewer */
    int64_t window_ms;
    int64_t prompt_ms; /* an answer later than this came to a question that had to be repeated */
    int64_t tail_ms;   /* how long after an outage questions that began in it may still end */
};

struct outage {
    struct outage_settings settings;
    struct outage_window window;
    enum outage_state state;
    int64_t since_ms; /* in this state */
    int64_t ask_at_ms;
    int64_t quiet_until_ms; /* after a false alarm */
    unsigned good_rounds;
};

void outage_init(struct outage *outage, const struct outage_settings *settings);

/* Must be called several times a second; returns the state then. */
enum outage_state outage_count(struct outage *outage, const struct outage_counts *counts, int64_t now);

/* Is it time to ask the known questions? */
bool outage_wants_answers(const struct outage *outage, int64_t now);

/* Says whether they have been answered as they used to be (good), or not; returns the state then. */
enum outage_state outage_answered(struct outage *outage, bool good, int64_t now);

/*
 * Counts connections that this machine had no route for, or no address to send from. Each is certain by
 * itself: the route is lost from the first on; it is found when for ROUTE_CALM_MS there was none and others
 * were made.
 */
struct route_outage {
    uint64_t lacking; /* as last counted */
    uint64_t made;    /* when there last was a further one */
    int64_t last_ms;  /* likewise */
    bool lost;
};

enum { ROUTE_CALM_MS = 1000 };

bool route_outage_count(struct route_outage *route, uint64_t lacking, uint64_t made, int64_t now);

#endif
