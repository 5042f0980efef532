/* Makes the meta.json of a merged scan: that of its names, with how it was made of them and of the probes.
 * Pure. */
#ifndef STSWEEP_STAGES_MERGE_META_H
#define STSWEEP_STAGES_MERGE_META_H

#include "scanner/base/buf.h"
#include "scanner/base/error.h"
#include "scanner/facts/machine.h"
#include "scanner/stages/plandir.h"

enum { MERGE_TIME_BYTES = 40 };

/* When something was begun and ended, as meta.json writes it. */
struct merge_span {
    char started[MERGE_TIME_BYTES], ended[MERGE_TIME_BYTES]; /* "" if that does not stand there */
};

struct merge_round {
    char plan[META_PLAN_ID_BYTES];
    uint32_t parts;
    char vantage[META_VANTAGE_BYTES]; /* of all parts, each once, with commas between; "" if none says so */
    struct merge_span span;
};

/* What was merged. */
struct merge_origin {
    char names[PLAN_SHA256_BYTES]; /* plandir_names_sum */
    uint32_t shards;
    struct merge_span span;     /* of the names */
    int64_t started_ms;         /* of the earliest of these */
    struct merge_round *rounds; /* from the first */
    uint32_t round_count;
};

/* What the merge itself adds. */
struct merge_state {
    const char *state; /* as in struct meta of output/store/meta.h */
    int64_t ended_ms;  /* wall clock; 0 while it runs */
    const char *host, *command, *version;
    struct amount amounts[AMOUNT_STREAMS]; /* what the record files hold */
    uint64_t matched;                      /* domains with a policy of an earlier scan */
    const struct machine_library *libraries;
    size_t library_count;
};

/* Takes the times of a meta.json into span, which then spans both. false: it is no meta.json. */
bool merge_span_add(struct merge_span *span, struct bytes meta);

/* Writes the text; names is the meta.json of the first shard. false: that is none, or out is full. */
bool merge_meta_text(struct buf *out, struct bytes names, const struct merge_origin *origin,
                     const struct merge_state *state);

/* Is the text that of a merge of the same names and rounds? ERR_MISMATCH with *why if not, ERR_RULES with
 * *why if a program of other rules began it, ERR_CORRUPT with *why if it is no meta.json. */
enum error merge_meta_is_of(struct bytes text, const struct merge_origin *origin, struct buf *why);

#endif
