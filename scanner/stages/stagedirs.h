/*
 * Opens the directories that plan, merge and status are given, in whatever order, and tells which holds what
 * (docs/internals/stages.md): names of a shard, or what a part of a plan's round found. Refuses those that do
 * not belong together. They may be somebody else's, may be damaged, and may still be written. Never writes.
 */
#ifndef STSWEEP_STAGES_STAGEDIRS_H
#define STSWEEP_STAGES_STAGEDIRS_H

#include "output/readback/scanview.h"
#include "scanner/base/exit_code.h"
#include "scanner/stages/plandir.h"

enum stagedir_kind {
    STAGEDIR_NAMES,
    STAGEDIR_PROBES,
    STAGEDIR_OTHER /* a scan that is neither, or it cannot be read */
};

struct stagedir {
    const char *path; /* as it was given; borrowed */
    enum stagedir_kind kind;
    struct scanview *view;          /* NULL: it cannot be read */
    enum error error;               /* likewise, and reason says why */
    char *reason;                   /* owned, or NULL */
    bool whole;                     /* it is at its end: summary.json is there, and meta.json says so */
    uint32_t shard, shards;         /* of names, from 1; 1 of 1 for the whole list */
    char sha256[PLAN_SHA256_BYTES]; /* of names: that of meta.json, in hex */
};

struct stagedirs {
    struct stagedir *list; /* owned: the names by shard, the probes by round, part and vantage, the others */
    const struct stagedir *names, *probes, *others; /* where each kind begins in it */
    size_t name_count, probe_count, other_count;
    uint32_t rounds; /* the probes' last; 0 without any */
};

/* Opens them all. One that cannot be read is among the others, with its error. ERR_MEMORY. stagedirs_close is
 * fine after either. */
enum error stagedirs_open(const char *const *paths, size_t count, struct stagedirs *dirs);
void stagedirs_close(struct stagedirs *dirs);

/* Returns which part of which plan probes are of. */
const struct meta_plan *stagedir_plan(const struct stagedir *probes);

/* Adds to *why what went wrong in a directory: its path, and the reason, or without one the error's text. */
void stagedir_say(const struct stagedir *dir, enum error error, struct buf *reason, struct buf *why);

/* Does so after a walk over the directory, unless what the walk's taker said behind `before` is of another
 * place: what makes a directory damaged (ERR_CORRUPT) is its own, and gets its path in front. */
void stagedir_blame(const struct stagedir *dir, enum error error, struct buf *reason, struct buf *why,
                    size_t before);

/*
 * Are the names whole, and all shards of one scan, each once? Looks at the others as well, which belong to
 * none. EXIT_DONE, or with a line each in *why of what is wrong: EXIT_FAILED if something cannot be read,
 * EXIT_USAGE if they do not belong together or a shard is missing, EXIT_AGAIN if that is all right but they
 * are not at their end.
 */
int stagedirs_check_names(const struct stagedirs *dirs, struct buf *why);

/* Lists the names for a plan, in an array of name_count, and sums them up (plandir_names_sum). ERR_MEMORY,
 * ERR_LIBRARY; the caller frees *names after either, too. */
enum error stagedirs_plan_names(const struct stagedirs *dirs, struct plan_names **names,
                                char sum[PLAN_SHA256_BYTES]);

/*
 * Are the probes of all parts of rounds from 1 without a gap, each part once, each round after the one before
 * it, of a plan of names with this sum (plandir_names_sum), and whole? No probes at all are fine. As above;
 * EXIT_AGAIN also if a part of a round is missing.
 */
int stagedirs_check_probes(const struct stagedirs *dirs, const char *names_sum, struct buf *why);

#endif
