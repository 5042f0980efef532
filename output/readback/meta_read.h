/*
 * Reads meta.json: for a resume, which refuses another input or configuration and says which differs; and for
 * everybody who reads a scan directory and must know by which rules (RECORD_RULES) its records were judged.
 * Nothing here writes; the directory may be somebody else's.
 */
#ifndef STSWEEP_READBACK_META_READ_H
#define STSWEEP_READBACK_META_READ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "output/readback/amounts.h"
#include "output/readback/meta_names.h"
#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/base/error.h"

/* How a list was read (input.h has the words). Columns count from 1; 0 is none. */
struct meta_form {
    const char *format, *separator, *header, *field, *rank_field, *label_field; /* "" for none */
    bool origins;
    uint64_t skip, domain, rank, label;
};

struct meta_input {
    const char *path;
    uint64_t bytes, lines, inputs;
    const char *sha256;
    struct meta_form form;
};

struct meta_option {
    const char *name; /* "dns.timeout" */
    const char *value;
    const char *initial; /* its default: what a scan had that was started when there was no such option */
    bool may_change;     /* on resume: scanner/config/options.def says which */
    bool is_switch;      /* it may change, but not from empty or 0 to anything else, or back */
};

/* The earlier scan whose policies senders may still have (scan.previous). started_ms and seed tell which one
 * it is, wherever its directory stands. */
struct meta_previous {
    const char *dir; /* as it was given */
    int64_t started_ms;
    uint64_t seed;
    const char *state, *version; /* as its meta.json has them */
    uint32_t rules;
    bool damaged;      /* it was read as far as it is whole */
    uint64_t policies; /* that enforce, and were alive when it was read */
    uint64_t over;     /* that had expired by then */
    uint64_t left_out; /* records that lack what is needed */
    uint64_t matched;  /* domains with a record in this scan that had one */
};

enum { META_PLAN_ID_BYTES = 65, META_VANTAGE_BYTES = 64 };

/* The part of a plan that a directory of `stsweep probe` is about (docs/internals/stages.md). */
struct meta_plan {
    char id[META_PLAN_ID_BYTES];      /* of the plan's round, in hex; "" if it is no such directory */
    char before[META_PLAN_ID_BYTES];  /* the id of the round before; "" in the first */
    char names[META_PLAN_ID_BYTES];   /* SHA-256 over those of the names' meta.json (plandir_names_sum) */
    uint32_t round, part, parts;      /* each from 1 */
    char vantage[META_VANTAGE_BYTES]; /* where it was probed from, printable; "" if that was not said */
};

/* What a scan was asked to do. It decides whether a resume may go on with it. */
struct meta_asked {
    const struct meta_input *inputs;
    size_t input_count;
    const struct meta_option *options;
    size_t option_count;
    const struct meta_previous *previous; /* NULL: none */
    const struct meta_plan *plan;         /* NULL: it is of no plan */
};

enum { META_VERSION_BYTES = 32, META_SHARD_BYTES = 24 };

/* The sample that a scan took, as is said of it: sample.take and .strata, printable; take is "" without one.
 */
struct meta_sample {
    char take[META_SHARD_BYTES], strata[META_SHARD_BYTES];
};

struct meta_stored {
    uint32_t rules;                   /* RECORD_RULES of the program that judged; 0 if none stand there */
    char version[META_VERSION_BYTES]; /* of that program, printable; "?" if it does not stand there */
    char shard[META_SHARD_BYTES];     /* scan.shard, printable; "" for the whole list */
    struct meta_sample sample;
    struct meta_names names; /* which names of the lists it was asked for */
    uint64_t seed;
    uint32_t runs;
    int64_t started_ms;
    size_t input_count; /* input files that it describes: 0 until they have been read */
    bool has_previous;  /* it was begun with an earlier scan */
    bool is_names;      /* of the stage names: nobody was connected to */
    struct meta_plan plan;
    char
        vantage[META_VANTAGE_BYTES]; /* where all of it was probed from, printable; "" if that is not known */
    struct amount amounts[AMOUNT_STREAMS]; /* what each record file held when this was written */
    char state[16];
};

/* Reads the text of a meta.json. ERR_CORRUPT with *why if it is none of this schema. */
enum error meta_read(struct bytes stored, struct meta_stored *found, struct buf *why);

/* Tells whether this program may add records to the scan of this text. ERR_RULES if schema or rules are
 * others, with *why in one line that says which program may; ERR_CORRUPT with *why. */
enum error meta_may_go_on(struct bytes stored, struct buf *why);

/* Tells whether the input had been read to its end, so that its rejects are complete. It had not in state
 * "reading", nor if a scan was stopped before its inputs could be described. */
bool meta_input_was_read(const struct meta_stored *stored);

/* Reads stored text and compares: ERR_RULES as meta_may_go_on; ERR_MISMATCH with *why naming all that differs
 * (options that may not change, the earlier scan, and inputs' sizes or SHA-256 once
 * "scanning"). An option that may not change
 * and that does not stand there counts as at its default. inputs of `now` may be absent (input_count 0) when
 * not yet read. Also gives what a resume needs. */
enum error meta_compare(struct bytes stored, const struct meta_asked *now, struct meta_stored *found,
                        struct buf *why);

/* Compares the texts of two directories that are to be shards of one scan: ERR_MISMATCH with *why naming all
 * that differs of seed, inputs, earlier scan, and of the options those that may not change on a resume, but
 * scan.shard. Of an option its value is not looked at: those of the texts count, or its default. ERR_RULES if
 * one of them was judged by other rules than this program's; ERR_CORRUPT. */
enum error meta_compare_shards(struct bytes here, struct bytes there, const struct meta_option *options,
                               size_t count, struct buf *why);

/* Reads how the inputs of stored text were read, as many as there are of count; a format is "" if it does not
 * stand there. The texts are in arena. ERR_CORRUPT with *why if one is none that this program writes. */
enum error meta_forms(struct bytes stored, struct meta_form *forms, size_t count, struct arena *arena,
                      struct buf *why);

/* ---- in a directory ------------------------------------------------------------------------------------ */

/* Reads the meta.json of a directory. ERR_IO with errno and *why when there is none, ERR_CORRUPT when it is
 * none of this schema. */
enum error meta_read_in(int dir_fd, struct meta_stored *stored, struct buf *why);

/* Tells whether the scan in a directory is not at its end and was asked for these lists, in this order, by
 * these paths. One that had not read its lists yet does not say so. */
bool meta_awaits_in(int dir_fd, const char *const *paths, size_t count);

/* Compares the rules and the options that may not change, and nothing else, as meta_compare does. */
enum error meta_same_options_in(int dir_fd, const struct meta_asked *now, struct buf *why);

/* Does the same as meta_may_go_on, for the meta.json of a directory. */
enum error meta_may_go_on_in(int dir_fd, struct buf *why);

/* Tells whether this program may judge the scan anew. ERR_RULES with *why if the rules are newer than this
 * program's: it knows neither them nor all of the facts that they judge. */
enum error meta_may_rejudge(const struct meta_stored *stored, struct buf *why);

/* Prints a line if the rules are others than this program's. */
void meta_tell_rules(const struct meta_stored *stored, FILE *err);

#endif
