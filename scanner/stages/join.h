/*
 * Goes through the domains of all shards of names, in their order, and joins each with what came of its
 * contacts in the rounds that there are (replay.h): the walk that merge and `plan --again` share. Reads the
 * directories alone. One thread.
 */
#ifndef STSWEEP_STAGES_JOIN_H
#define STSWEEP_STAGES_JOIN_H

#include "scanner/config/config.h"
#include "scanner/stages/replay.h"
#include "scanner/stages/results.h"
#include "scanner/stages/stagedirs.h"

struct join;

/* What is taken of the walk. An error ends it. */
struct join_take {
    void *arg;
    /* Is the domain with this ordinal wanted? NULL: all are. */
    bool (*wants)(void *arg, uint64_t ordinal);
    /* May this record of the names not be final yet? NULL: it is as the record itself says. */
    bool (*may_be_open)(void *arg, struct bytes line);
    /* A record that the names made final, or that may not be open: it is handed on as it is, without its \n.
     */
    enum error (*final)(void *arg, struct bytes line);
    /* A domain that left something to other stages. All of it is good during the call. */
    enum error (*replayed)(void *arg, const struct domain_facts *facts, const struct judgement *judgement,
                           const struct replay_end *end);
};

/*
 * Reads the options and rounds of dirs, which have passed stagedirs_check_names and stagedirs_check_probes
 * and outlive the join. ERR_CORRUPT, ERR_IO, ERR_FULL (TMPDIR), ERR_MEMORY with *why.
 */
enum error join_open(const struct stagedirs *dirs, struct join **join, struct buf *why);
void join_close(struct join *join); /* NULL is fine */

/* Returns the options of the names: those of the first shard, which decide the same in all. */
const struct config *join_config(const struct join *join);
const struct replay_rules *join_rules(const struct join *join);
struct results_counts join_counts(const struct join *join);

/* Indexes the probes: once, before a walk that replays any domain. also (or NULL) gets their certificates and
 * host records, round by round. Errors as above, or one of also, with *why. */
enum error join_index(struct join *join, facts_index_also also, void *arg, struct buf *why);

/* Walks the domains of all shards. ERR_CORRUPT with *why (directory, reason) if one cannot be read, as what
 * it lacks would be missing; an error of take, with what that left in *why. */
enum error join_walk(struct join *join, const struct join_take *take, struct buf *why);

/* Reads the options that stand in the text of a meta.json, over the defaults. ERR_CORRUPT with *why. */
enum error join_read_options(struct bytes meta, struct config *config, struct buf *why);

#endif
