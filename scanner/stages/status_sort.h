/*
 * Decides of directories that were looked at which belong together, and what is missing of them: pure but for
 * the plan that is handed to it. Those of another list or plan are named, and do not count.
 */
#ifndef STSWEEP_STAGES_STATUS_SORT_H
#define STSWEEP_STAGES_STATUS_SORT_H

#include "scanner/stages/numbers.h"
#include "scanner/stages/status_look.h"

/* A round of the plan, as far as it is known: of the plan's directory, or of what was probed. */
struct status_round {
    char id[META_PLAN_ID_BYTES]; /* "": nothing is known of it */
    uint32_t parts;
    const struct plan_part *contacts; /* by part; NULL if the plan was not given */
    struct numbers whole, running;    /* parts */
};

enum status_next {
    NEXT_NAMES,  /* shards are missing */
    NEXT_PLAN,   /* of names that are whole */
    NEXT_PROBE,  /* parts of the newest round are missing */
    NEXT_FURTHER /* the newest round is whole: a further one, or the end */
};

struct status {
    struct status_dir *dirs; /* borrowed */
    size_t count;
    const struct status_dir *plan; /* the plan's directory, whole or not; NULL: none was given */
    uint32_t shards;               /* 0: no names are given */
    struct numbers names_whole, names_running;
    uint64_t names_records;      /* of a whole shard, on average; 0: not known */
    struct status_round *rounds; /* owned; from the first */
    uint32_t round_count;        /* the newest is the last */
    enum status_next next;
    struct numbers missing; /* shards, or parts of the newest round, that are to be given again: neither whole
                               nor being written */
    bool is_lacking;        /* something is missing or being written, or an earlier round is not all there */
    bool is_unreadable;     /* something is */
};

/* The rounds of the plan's directory, from the first. */
struct status_planned {
    const struct plan *rounds; /* NULL: none is whole, or no plan was given */
    uint32_t count;
};

/* Sorts, and marks directories that do not count. ERR_MEMORY. status_dispose is fine after either; dirs and
 * what planned points to live longer. */
enum error status_sort(struct status_dir *dirs, size_t count, const struct status_planned *planned,
                       struct status *status);
void status_dispose(struct status *status);

#endif
