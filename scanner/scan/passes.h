/*
 * Decides which domain is put off instead of getting a record, and when the next pass over those begins. This
 * is the retry policy of a scan. A pass hands out its names, waits until each of them has ended, and rests
 * for scan.retry_after, or less after a short list. There is one pass over the input, scan.retry_passes more
 * over what was put off, and up to PASSES_OUTAGE more over what an outage of this machine hit, which do not
 * rest. Pure: it does nothing and asks no clock; the feeder does what it says.
 */
#ifndef STSWEEP_SCAN_PASSES_H
#define STSWEEP_SCAN_PASSES_H

#include <stdbool.h>
#include <stdint.h>

#include "scanner/facts/record.h"

enum { PASSES_OUTAGE = 3 };

/* Of a rest, beside scan.retry_after, which is the most of it. Servers count connections by the minute (as
 * Postfix, anvil_rate_time_unit), and resolvers keep a failure for seconds, five minutes at most (RFC 9520
 * section 3.2): a minute is the least that helps. Each name adds to it, as a long list keeps peers busy. */
enum { PASSES_REST_LEAST_MS = 60000, PASSES_REST_A_NAME_MS = 600 };

/* A domain that has ended in some pass. Times are monotonic ms. */
struct pass_end {
    int64_t retries;          /* scan.retry_passes */
    uint32_t pass;            /* from 1 */
    int64_t began_ms;         /* when the domain was started */
    int64_t doubted_until_ms; /* what began before then may have failed by our own fault; 0: nothing has */
};

/* Is the domain to come again in the next pass? It is when another look may find more, or when one look does
 * not decide; and when it lived through an outage of our own and anything in it failed for a transient
 * reason. */
bool passes_put_off(const struct pass_end *end, const struct judgement *judgement);

enum pass_phase {
    PASS_HANDING_OUT, /* names of this pass are left */
    PASS_DRAINING,    /* none are, but not all that were handed out have ended */
    PASS_RESTING      /* all have, and the next pass has not begun */
};

struct passes {
    int64_t retries;
    int64_t retry_after_ms;
    int64_t first; /* the first pass: 1, or a later one if others came before elsewhere */
    int64_t pass;
    enum pass_phase phase;
    uint64_t put_off;      /* by the end of the last pass that has drained */
    uint64_t names;        /* of the first pass; 0: it has not drained */
    int64_t rest_ms;       /* the rest of PASS_RESTING */
    int64_t rest_until_ms; /* its end */
};

/* Returns how long the scan rests after a pass of so many names: 600 ms for each, a minute at least,
 * scan.retry_after at most. */
int64_t passes_rest_ms(int64_t retry_after_ms, uint64_t names);

void passes_begin(struct passes *passes, int64_t first, int64_t retries, int64_t retry_after_ms);

/* What can be seen at some time. The counts are of all passes together. */
struct pass_sight {
    int64_t now_ms; /* monotonic */
    uint64_t started;
    uint64_t finished; /* with a record or put off */
    uint64_t put_off;
    bool stopped;   /* the scan is to stop: nothing more is started */
    bool held_back; /* this machine seems cut off: no pass begins */
};

enum pass_step {
    PASS_HAND_OUT, /* hand out the names of this pass, then call passes_handed_out */
    PASS_WAIT,     /* look again soon */
    PASS_TURN,     /* this pass has drained: what it put off is to be handed out next */
    PASS_BEGIN,    /* the next pass begins now; passes_step says PASS_HAND_OUT then */
    PASS_END,      /* nothing is left to hand out */
    PASS_STOP      /* stopped before that */
};

/* Says what to do now, and takes it as done when it is called again. */
enum pass_step passes_step(struct passes *passes, const struct pass_sight *sight);

/* The last name of the pass has been handed out. */
void passes_handed_out(struct passes *passes);

/* Does the next pass wait for its rest to go by? */
bool passes_rest(const struct passes *passes, int64_t now_ms);

#endif
