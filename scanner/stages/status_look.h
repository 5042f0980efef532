/*
 * Looks at one directory of a scan in stages: what it holds, how far it is, and whether somebody writes it.
 * It is quick: no record is read but a few, to tell how many there are. The directory may be somebody else's,
 * may be damaged, may still be written, and may not be there. Never writes.
 */
#ifndef STSWEEP_STAGES_STATUS_LOOK_H
#define STSWEEP_STAGES_STATUS_LOOK_H

#include "scanner/base/error.h"
#include "scanner/stages/plandir.h"

enum status_kind {
    STATUS_NAMES,
    STATUS_PROBE,
    STATUS_PLAN,
    STATUS_EMPTY, /* it is not there, or nothing is in it yet */
    STATUS_OTHER, /* a scan, but none of a stage */
    STATUS_UNREADABLE
};

enum status_state {
    STATE_MISSING,
    STATE_BEGUN,
    STATE_TORN,    /* begun, or at its end; reason says what is damaged */
    STATE_RUNNING, /* somebody writes it now */
    STATE_WHOLE
};

const char *status_state_name(enum status_state state);

struct status_dir {
    const char *path; /* borrowed */
    enum status_kind kind;
    enum status_state state;
    bool at_end;     /* of one that is torn: it was at its end */
    uint32_t number; /* the shard or part; of STATUS_EMPTY by its name, 0 if that has none */
    uint32_t shards; /* of names */
    uint64_t seed;
    uint64_t list; /* of names: a hash of the inputs' SHA-256; 0 if they have not been read */
    char sha256[PLAN_SHA256_BYTES]; /* of names: that of meta.json */
    struct meta_plan plan;          /* of a probe */
    uint64_t records;
    bool about;          /* there are about so many */
    char *reason;        /* owned, or NULL: why it is torn, cannot be read or does not count; who writes it */
    bool is_counted_out; /* by status_sort: it is of another list or plan, or stands twice */
};

/* ERR_MEMORY. status_dir_dispose is fine after either. */
enum error status_look(const char *path, struct status_dir *dir);
void status_dir_dispose(struct status_dir *dir);

/* Returns the number at the end of a name, as of names/7 or part-07; 0 if it has none. Pure. */
uint32_t status_number_of(const char *path);

#endif
