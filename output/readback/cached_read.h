/*
 * Reads from a stored domain record the policy that a sender may still have that asked then. Pure. The record
 * may be of an earlier version and judged by other rules: what counts is what a sender took then. It may be
 * anybody's.
 */
#ifndef STSWEEP_READBACK_CACHED_READ_H
#define STSWEEP_READBACK_CACHED_READ_H

#include "output/readback/facts_read.h"

/* More patterns than a policy has that somebody wrote, and the bytes of all together: one that lists more is
 * not kept. */
enum { CACHED_MX_MOST = 1000, CACHED_MX_BYTES = POLICY_BYTES_JUDGED };

/* Tells fast whether there may be such a policy in the record, so that most records need not be parsed. */
bool cached_may_stand(struct bytes line);

/* Tells whether the record names a domain: without, nobody knows whose it is. Reads no further than that. */
bool cached_is_named(struct bytes line);

struct cached_read {
    const char *domain;
    struct cached_policy *policy; /* NULL: none that enforces */
    bool over;                    /* there was one, and its max_age is over at `now` */
};

/*
 * Reads the policy of a record that is alive at `now` (wall clock, ms). A policy that the record carries
 * itself, and that senders kept then, comes before one that is published under the same id: who has it does
 * not look. Times that have not come yet by more than ten minutes, a policy that was gone before it was
 * fetched, and a max_age above 31557600 (RFC 8461 section 3.2) are of no policy. What it points to lives in
 * arena. ERR_SYNTAX if the line is no record, or one that lacks what is needed (*why says what); ERR_LIMIT if
 * line or arena is too large, or the patterns are more than CACHED_MX_MOST.
 */
enum error cached_read_record(struct bytes line, int64_t now, struct arena *arena, struct cached_read *found,
                              struct buf *why);

/* Reads what was kept of it: {"domain": …, "cached": {…}}. */
enum error cached_read_kept(struct bytes line, struct arena *arena, struct cached_read *found,
                            struct buf *why);

#endif
