/*
 * Holds what there is to see of a running scan at a moment: counts, rates, what is under way, what is cut
 * off. Whatever shows a scan is made of one such state: the screen, the line a minute, the status file, the
 * metrics and the log. Nothing of it is counted here. Pure: `now` is in the state.
 */
#ifndef STSWEEP_LIVE_STATE_H
#define STSWEEP_LIVE_STATE_H

#include "scanner/base/buf.h"
#include "scanner/facts/counters.h"

/* The stages of a scan, as far as each has a rate. */
#define LIVE_STAGES(STAGE)                                                                                   \
    STAGE(NAMES, "names", "names handed out to the loops, one that comes again once more")                   \
    STAGE(DNS, "dns", "questions to the DNS that ended")                                                     \
    STAGE(POLICIES, "policies", "policies that were asked for, of domains whose record is written")          \
    STAGE(PROBES, "probes",                                                                                  \
          "addresses of MX hosts that were looked at, or told of by what they said to others")               \
    STAGE(RECORDS, "records", "records of domains")

enum live_rate {
#define LIVE_STAGE(id, name, help) RATE_##id,
    LIVE_STAGES(LIVE_STAGE)
#undef LIVE_STAGE
        RATE_COUNT
};
const char *live_rate_name(enum live_rate stage);

/* What the scan is at, and the word for it. */
#define LIVE_PHASES(PHASE)                                                                                   \
    PHASE(STARTING, "starting", "this machine is looked at, nobody is scanned yet")                          \
    PHASE(READING, "reading", "the lists are read")                                                          \
    PHASE(RUNNING, "running", "domains are scanned")                                                         \
    PHASE(RESTING, "resting", "it rests before it tries again what was put off")                             \
    PHASE(OUTAGE, "outage", "this machine is cut off; `cut_off` says from what")                             \
    PHASE(STOPPING, "stopping", "it was stopped, and finishes what is in flight")                            \
    PHASE(ENDING, "ending", "all is scanned; the summary is made")                                           \
    PHASE(DONE, "done", "the process ends; `exit` says how")

enum live_phase {
#define LIVE_PHASE(id, word, help) PHASE_##id,
    LIVE_PHASES(LIVE_PHASE)
#undef LIVE_PHASE
        PHASE_COUNT
};
const char *live_phase_name(enum live_phase phase);

/* How much of the input was read. */
struct live_read {
    uint64_t bytes;    /* of the files, as stored */
    uint64_t of_bytes; /* how many they have; 0: that cannot be told, as of a pipe */
    uint64_t inputs;   /* that came of them */
    int64_t ms;        /* since it began */
};

/* A resolver of dns.resolvers. */
enum { LIVE_NAME_BYTES = 64 };
struct live_resolver {
    char name[LIVE_NAME_BYTES]; /* its address, with the port if it is not 53 */
    uint64_t latest_ms; /* what its answers took of late: the mean of about the last second that had any */
};

struct live_state {
    /* What does not change while the scan runs; borrowed. */
    const char *version;
    const char *directory;
    int64_t pid;
    int64_t started_ms; /* wall clock, of this run */
    bool embedded;      /* the resolver is the embedded one: there are no others */
    size_t resolver_count;

    /* What does. */
    int64_t wall_ms;
    int64_t now_ms; /* monotonic */
    int64_t run_ms; /* since this run began */
    enum live_phase phase;
    const char *cut_off; /* what this machine has lost: a constant, or NULL */
    int exit_code;       /* -1: the scan has not ended */
    uint64_t before;     /* records of earlier runs */
    uint64_t done;       /* of this run */
    uint64_t total;      /* of all runs; 0: the input is still being read */
    struct live_read read;
    uint64_t handed_out; /* names; one that comes again counts once more */
    uint64_t in_flight;  /* parked ones not counted */
    uint64_t parked;
    uint64_t again;  /* put off: they wait for another pass */
    int64_t rest_ms; /* how long the scan rests before that pass, or still rests; 0: none comes */
    bool resting;    /* now */
    uint64_t pass;   /* from 1; 0: none has begun */
    bool disk_known;
    uint64_t disk_free_bytes;                       /* where the scan directory is */
    struct live_resolver resolvers[RESOLVERS_MOST]; /* counts.resolvers says what they did */
    struct counters counts;                         /* of all loops, in this run */

    /* What live_measure makes of them. */
    bool has_rates;
    double rates[RATE_COUNT]; /* a second, smoothed over some seconds */
    double left_s;            /* until all has ended; negative: that cannot be told */
    double pass_left_s;       /* until this pass has; likewise */
};

/* How often rates are taken, at most. */
enum { LIVE_RATE_MS = 500 };

/* What rates are measured by, from one state to the next. */
struct live_pace {
    int64_t at_ms;
    bool has_rates;
    uint64_t counts[RATE_COUNT];
    double rates[RATE_COUNT];
    double pace; /* records a second when they last ended at all: what is left is judged by it */
    uint64_t answers[RESOLVERS_MOST], ms[RESOLVERS_MOST], latest_ms[RESOLVERS_MOST];
};

void live_pace_begin(struct live_pace *pace, int64_t now_ms);

/* Fills in rates, what is left and the latest latencies of a state that has everything else. */
void live_measure(struct live_pace *pace, struct live_state *state);

/* Returns the seconds that reading the rest of the lists takes at the pace so far; negative: that cannot be
 * told. */
double live_read_left(const struct live_read *read);

/* Returns the count that a stage's rate is of. */
uint64_t live_stage_count(const struct live_state *state, enum live_rate stage);

/* Returns how often a resolver failed: no answer in time, or a refusal. */
uint64_t live_resolver_failures(const struct resolver_counts *counts);

/* Fills in the indexes of the resolvers, the slowest by their median first, up to `most`; returns how many.
 * One that never answered comes first if it was asked. */
size_t live_slowest(const struct live_state *state, size_t most, size_t indexes[]);

/* Fills in the most frequent failures, up to `most`; returns how many. That there is no TXT record is none,
 * and neither is a null MX; outcomes tell them. */
size_t live_failures(const struct counters *counts, size_t most, enum failure_code codes[]);

/* The order in which outcomes are told: all but OUTCOME_NONE. */
enum { LIVE_OUTCOMES = OUTCOME_COUNT - 1 };
extern const enum outcome live_outcomes[LIVE_OUTCOMES];

/* Appends a time: 1h 02m, 3m 07s, 9s. */
void live_duration(struct buf *text, uint64_t seconds);

#endif
