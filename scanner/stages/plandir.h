/*
 * Writes and reads the directory of a plan (docs/internals/stages.md):
 *
 *   plan-R.json
 *       round R, written last of its files, by rename: if it is there, the round is whole
 *   contacts-R-J.ndjson.zst, contacts-R-J.0001.ndjson.zst, …
 *       part J of round R in frames: a line a contact, which has the form of a domain's record
 *       (docs/schema.json); its ordinal is its place in the part, from 1
 *
 * The directory may be somebody else's and may be damaged; nothing of it is believed but what plan-R.json
 * says, which the SHA-256 of each part holds to its contacts.
 */
#ifndef STSWEEP_STAGES_PLANDIR_H
#define STSWEEP_STAGES_PLANDIR_H

#include "output/frames/frames.h"
#include "output/readback/meta_read.h"
#include "scanner/base/arena.h"
#include "scanner/base/buf.h"
#include "scanner/base/error.h"

enum { PLAN_SHA256_BYTES = 65, PLAN_SHARDS_MOST = 100000, PLAN_PARTS_MOST = 10000, PLAN_ROUNDS_MOST = 1000 };

/* A directory of names that went into the plan, told by its meta.json, wherever it stands. */
struct plan_names {
    uint32_t shard;                 /* from 1 */
    char sha256[PLAN_SHA256_BYTES]; /* of meta.json, in hex */
};

/* One part of a round. */
struct plan_part {
    uint64_t contacts;              /* addresses of MX hosts and policy hosts */
    uint64_t policies;              /* of those */
    char sha256[PLAN_SHA256_BYTES]; /* of its lines, each with its \n, in hex */
};

/* A round of a plan. What it points to lives in the arena of plandir_read, or is the writer's. */
struct plan {
    char id[META_PLAN_ID_BYTES]; /* SHA-256 of all that the file says but this, in hex */
    uint32_t rules;              /* RECORD_RULES of the program that made it */
    uint32_t round;              /* from 1 */
    uint64_t seed; /* by which parts own addresses (scanner/facts/part.h), the same in each round */
    char before[META_PLAN_ID_BYTES]; /* the id of the round before; "" in the first */
    struct plan_names *names;        /* all shards, in order */
    uint32_t shards;
    struct plan_part *parts;
    uint32_t part_count;
    uint64_t opted_out; /* contacts that were left out for the opt-out list */
    uint64_t over; /* host names beyond limits.names_per_ip, that share what their address said to another */
};

/* Writes what plan-R.json says of the plan, and fills in plan->id. false: out of memory. Pure. */
bool plandir_text(struct plan *plan, struct buf *text);

/* Reads such a text. ERR_CORRUPT with *why if its id is not that of what it says, or it is none that
 * plandir_text writes; ERR_RULES with *why if another program's rules made it; ERR_MEMORY. Pure. */
enum error plandir_parse(struct bytes text, struct arena *arena, struct plan *plan, struct buf *why);

/* Writes plan-R.json durably (temporary file, fsync, rename, fsync of the directory) and fills in plan->id.
 */
enum error plandir_write(int dir_fd, struct plan *plan, struct buf *why);

/* Reads one round, or with round 0 the newest that is whole, of rounds without a gap. ERR_NOT_FOUND with *why
 * if there is none; ERR_CORRUPT and others with *why as plandir_parse, also if it is another round than its
 * name says; ERR_IO with *why. */
enum error plandir_read(int dir_fd, uint32_t round, struct arena *arena, struct plan *plan, struct buf *why);

/* Tells whether there may be a plan in the directory. ERR_EXISTS with *why if something stands there that is
 * none of it; ERR_IO with *why. */
enum error plandir_check(int dir_fd, struct buf *why);

/* Removes what a run that was ended amid this round left of its parts. ERR_IO with *why. */
enum error plandir_clear(int dir_fd, uint32_t round, struct buf *why);

/* Writes the sum that tells of which names a plan is: the SHA-256 over those of all shards in their order, in
 * hex. false: the library failed. */
bool plandir_names_sum(const struct plan_names *names, uint32_t count, char sum[PLAN_SHA256_BYTES]);

/* Says what meta.json of a probe of this part has of the plan. vantage may be NULL. false as above. */
bool plandir_meta(const struct plan *plan, uint32_t part, const char *vantage, struct meta_plan *meta);

/* Returns the name of a part's record files, for frames_options.name and frames_read. */
enum { PLAN_FILE_BYTES = 48 };
const char *plandir_part_name(uint32_t round, uint32_t part, char name[PLAN_FILE_BYTES]);

#endif
