/*
 * Keeps a scan's meta.json together, and decides whether a stopped scan may be gone on with. The file holds
 * the effective configuration, the seed, inputs, libraries and more (struct scan_meta).
 */
#ifndef STSWEEP_SCAN_SCANMETA_H
#define STSWEEP_SCAN_SCANMETA_H

#include "input/input.h"
#include "output/store/meta.h"
#include "output/store/store.h"
#include "scanner/machine/setup.h"

/* The seed of all shards of the stage names, if scan.seed gives none. */
enum { SCAN_META_NAMES_SEED = 1 };

struct scan_meta {
    uint64_t seed; /* in effect: scan.seed, or the one that was drawn */
    int64_t started_ms, ended_ms;
    int64_t resumed_ms; /* 0: the first run */
    uint32_t runs;
    char host[256];
    const char *command;
    const char *resolver;
    struct arena arena;
    struct meta_option *options;
    size_t option_count;
    struct machine_library libraries[SETUP_LIBRARIES];
    size_t library_count;
    const struct machine_line *preflight; /* of this run; outlives it */
    size_t preflight_count;
    const struct machine_line *events; /* likewise */
    size_t event_count;
    const struct counters *counters; /* likewise; NULL until it has ended */
    struct meta_tail tail;           /* of this run, once it has ended */
    struct meta_input *inputs;
    size_t input_count;
    struct meta_previous previous; /* dir NULL: no earlier scan was given */
    const struct meta_plan *plan;  /* NULL: it is of no plan; outlives it */
    struct buf stored;             /* of the scan that is gone on with */
};

enum error scan_meta_init(struct scan_meta *meta, const struct config *config, const char *command);
void scan_meta_dispose(struct scan_meta *meta);

/* Takes the hex SHA-256 of input.except; "" if there is none. It stands among the options, and like one that
 * may not change: another file of the same name is another choice. */
void scan_meta_except(struct scan_meta *meta, const char *sha256);

/* Takes what is to be said of the earlier scan; NULL: there is none. */
void scan_meta_previous(struct scan_meta *meta, const struct meta_previous *previous);

/* Reads what the stopped scan left and takes its seed; ERR_MISMATCH with *why if the configuration or the
 * earlier scan differs. */
enum error scan_meta_resume(struct scan_meta *meta, struct store *store, struct buf *why);

/* Was the scan in the directory asked for with these options? ERR_MISMATCH or ERR_RULES with *why. Neither
 * its inputs nor an earlier scan are looked at. */
enum error scan_meta_is_of(const struct config *config, int dir_fd, struct buf *why);

/* Fills in how the inputs of the stopped scan were read, as far as it says: they are read so again. */
enum error scan_meta_forms(struct scan_meta *meta, struct input_file *files, size_t count, struct buf *why);

/* Takes the inputs, which have been read; in a resumed scan, ERR_MISMATCH if they are not the same. */
enum error scan_meta_inputs(struct scan_meta *meta, const struct input_file *files, size_t count,
                            struct buf *why);

enum error scan_meta_write(struct scan_meta *meta, struct store *store, const char *state, struct buf *why);

#endif
