/*
 * Says of a domain in a sequence of scans when it got worse, for how many scans in a row it has been so, and
 * whether it got better again. What is worse the table of all pairs says (changes.h); a row of scans begins
 * with the first that is worse than the state before, and goes on while scans are worse than that one state.
 * It ends with the first that is not. A scan in which it could not be determined, or without the domain,
 * neither ends the row nor counts in it. Pure, and of a fixed size, without pointers.
 *
 * An earlier policy that cost mail and of which a scan sees nothing any more is open until nobody has it: who
 * fetched it last may outlast who is known to have it. Meanwhile the row goes on, and as nothing was
 * published that they would take in its place, the scan counts in it: a max_age of a day has its second night
 * too.
 */
#ifndef STSWEEP_READBACK_HISTORY_H
#define STSWEEP_READBACK_HISTORY_H

#include "output/readback/compare.h"

/* Scans are numbered from 1; 0 is none. */
enum { HISTORY_SCANS_MOST = 100 };

enum history_kind { HISTORY_DELIVERY, HISTORY_PROTECTION, HISTORY_KINDS };

/* What is watched: the columns of the table that ever say worse, and the policy under its id. */
enum history_what {
    HISTORY_STS_DELIVERY,
    HISTORY_DANE_DELIVERY,
    HISTORY_CACHED, /* what senders do that have an earlier policy, in scans that were made with --previous */
    HISTORY_STS,
    HISTORY_DANE,
    HISTORY_STARTTLS,
    HISTORY_TLSRPT,
    HISTORY_ID, /* another policy under the same id counts as less protection (policy.weak.id-body-changed) */
    HISTORY_WHATS
};

/* All zero at first. */
struct history_watch {
    uint8_t base;   /* 1 + the state that is compared with: of before the row, if there is one; 0: none yet */
    uint8_t now;    /* 1 + the state of the last scan that counted */
    uint8_t since;  /* the first scan of the row; of the last row once that is over */
    uint8_t scans;  /* in the row; 0: it is not worse */
    uint8_t last;   /* the last scan that counted in a row */
    uint8_t deeper; /* the scan in which it got worse still in the row; 0: none, or it got better since */
    uint8_t deep_for; /* scans that counted since then, with that one */
    uint8_t mended;   /* the scan that ended the last row */
    uint8_t flaps;    /* rows that ended */
};

struct history {
    struct history_watch watches[HISTORY_WHATS];
    uint8_t seen;                   /* the last scan with the domain */
    uint8_t unclear[HISTORY_KINDS]; /* in that scan it could not be told whether it is worse */
    uint64_t id, body;              /* of HISTORY_ID's base: hashes, 0 for none */
    int64_t
        none_after; /* of HISTORY_CACHED's row: until then senders may still lose mail; 0: there is none */
};

/* Takes where the domain stands in a scan, whose number is above that of the last. has_previous: the scan
 * looked for earlier policies; else it says nothing of them, and their row neither ends nor goes on. */
void history_take(struct history *history, const struct stand *stand, unsigned scan, bool has_previous);

enum history_kind history_kind_of(enum history_what what);

/* Return the name of what is watched ("mta-sts", "dane", …), and of a state of it less 1, "" for state 0. */
const char *history_what_name(enum history_what what);
const char *history_state_name(enum history_what what, unsigned state);

/* Says whether scan is the second in a row that is worse: the row's own, or since it got worse still. */
bool history_is_second(const struct history_watch *watch, unsigned scan);

/* All that is watched for one kind, together. */
struct history_sum {
    unsigned worsened; /* the scan in which it last got worse, mended or not; 0: never */
    unsigned since;    /* the first scan of the longest row that goes on; 0: it is not worse */
    unsigned scans;    /* in that row */
    unsigned mended;   /* the scan that ended the last row that is over; 0: none */
    unsigned flaps;
    bool second; /* the scan asked for is the second in a row of something */
};

struct history_sum history_sum(const struct history *history, enum history_kind kind, unsigned scan);

#endif
