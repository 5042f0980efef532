/*
 * Chooses which names of the lists are scanned, if not all: those that pass input.only and input.except, of
 * these the first input.limit, and of these the sample. Each line that is left out is counted once, by the
 * first of these that leaves it out:
 *
 *   not_in_shard  its name, or the line itself if it holds none, is of another shard
 *   filtered      input.only, input.except
 *   over_limit    it stands behind the line with the last name of the limit
 *   not_sampled   its name is not in the sample
 *   opted_out     it opted out
 *
 * So each line is counted by one shard, and the counts of all shards add up to those of the list. Filters,
 * limit and sample are of the whole list in each shard all the same, and who opts out changes none of them:
 * it is a name of the sample that gives no answer. A share is decided when a line is read. A number of names
 * is decided when all have been read and made unique: the spool then keeps the whole list (whole). On the
 * feeder's thread, or when that has ended.
 */
#ifndef STSWEEP_SCAN_CHOICE_H
#define STSWEEP_SCAN_CHOICE_H

#include "input/draw.h"
#include "input/filter.h"
#include "input/input.h"
#include "output/store/summary_sample.h"
#include "scanner/base/buf.h"
#include "scanner/config/config.h"
#include "scanner/facts/optout.h"

struct choice;

struct choice_counts {
    uint64_t filtered, over_limit, not_in_shard, not_sampled, opted_out;
    uint64_t filtered_of_all, over_limit_of_all; /* whatever the shard */
};

/* Makes the choice that the configuration asks for, and reads input.except; except_sha256 says which that
 * was. ERR_CONFIG with *why, or an error of files. */
enum error choice_create(const struct config *config, struct choice **choice,
                         char except_sha256[FILTER_SHA256_BYTES], struct buf *why);
void choice_destroy(struct choice *choice); /* NULL is fine */

/* Is it decided when all names have been read? Then choice_survey sees each of them. */
bool choice_is_whole(const struct choice *choice);

/* Is the name of our shard? */
bool choice_is_ours(const struct choice *choice, const char *domain);

/* Decides about a line: may its name be scanned? What is left out is counted. */
enum error choice_read(struct choice *choice, const struct input_name *name, bool *taken);

/* Decides about a line that holds no name: is the reject of our shard? If not, it is counted. */
bool choice_read_reject(struct choice *choice, uint64_t ordinal);

/* Takes a name of the whole list, each once. */
enum error choice_survey(struct choice *choice, const struct input_name *name, bool in_shard);

/* Tells whether a name is in the sample, when all are known; nothing is counted. */
enum error choice_has(struct choice *choice, const struct input_name *name, bool *has);

/* Decides about a name that is to be handed out, when all are known: what is left out is counted. */
enum error choice_hand_out(struct choice *choice, const struct optout *optout, const struct input_name *name,
                           bool *taken);

/* Returns how many names of the shard are in the sample, once all are known. */
uint64_t choice_total(const struct choice *choice);

/* Returns the reason after an error of the above: "" if error_text says all. */
const char *choice_reason(const struct choice *choice);

struct choice_counts choice_counts_of(const struct choice *choice);

/* Fills in how many names each stratum has that the sample is to speak of. sampled: the names of the sample
 * in this shard; repeats: lines that named one of them again. */
enum error choice_tell(const struct choice *choice, uint64_t sampled, uint64_t repeats,
                       struct summary_sample *sample);

#endif
