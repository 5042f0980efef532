/* Sums up what the shards counted. */
#include "scanner/stages/merge_sums.h"

#include <inttypes.h>

#include "output/store/summary_stored.h"

void merge_sums_init(struct merge_sums *sums)
{
    *sums = (struct merge_sums){.shards = 0};
}

void merge_sums_dispose(struct merge_sums *sums)
{
    summary_sample_destroy(sums->summary.sample);
    merge_sums_init(sums);
}

/* ---- the sample ---------------------------------------------------------------------------------------- */

/* Adds a stratum's names of one shard to those of the others. */
static enum error add_population(struct summary_sample *sample, const struct summary_sample *shard, size_t at)
{
    const char *name = strata_name(shard->strata, at);
    size_t known;
    uint64_t population = shard->parts[at]->population;
    if (strata_find(sample->strata, name, &known) == ERR_OK && known < sample->room &&
        sample->parts[known] != NULL)
        population += sample->parts[known]->population;
    return summary_sample_population(sample, name, population);
}

static bool is_same_draw(const struct summary_sample *a, const struct summary_sample *b)
{
    return strcmp(a->take, b->take) == 0 && strcmp(a->key, b->key) == 0 &&
           strata_kind_of(a->strata) == strata_kind_of(b->strata);
}

/* Takes the first shard's sample as it is, and adds that of another. */
static enum error add_sample(struct merge_sums *sums, struct summary *shard, struct buf *why)
{
    struct summary_sample *sample = sums->summary.sample, *other = shard->sample;
    enum error error = ERR_OK;
    if (sums->shards == 0) {
        sums->summary.sample = other;
        shard->sample = NULL;
        return ERR_OK;
    }
    if ((sample == NULL) != (other == NULL) || (other != NULL && !is_same_draw(sample, other))) {
        buf_text(why, "summary.json is of another sample than that of the first shard");
        return ERR_CORRUPT;
    }
    for (size_t i = 0; other != NULL && error == ERR_OK && i < other->room; i++)
        if (other->parts[i] != NULL)
            error = add_population(sample, other, i);
    return error;
}

/* ---- the denominators ---------------------------------------------------------------------------------- */

static void add_counts(struct merge_sums *sums, const struct summary *shard, uint64_t records)
{
    struct summary *summary = &sums->summary;
    summary->inputs = shard->inputs;
    summary->rejects += shard->rejects;
    summary->duplicates += shard->duplicates;
    summary->opted_out += shard->opted_out;
    summary->not_sampled += shard->not_sampled;
    summary->filtered += shard->filtered;
    summary->over_limit += shard->over_limit;
    summary->reduced += shard->reduced;
    for (size_t code = 0; code < FAIL_COUNT; code++)
        summary->left_out[code] += shard->left_out[code];
    sums->not_in_shard += shard->not_in_shard;
    sums->records += records;
    sums->shards++;
}

static enum error check_shard(const struct merge_sums *sums, struct summary *shard, uint64_t records,
                              struct buf *why)
{
    shard->records = records;
    bool balanced = summary_balanced(shard, why);
    shard->records = 0;
    if (!balanced)
        return ERR_CORRUPT;
    if (sums->shards == 0 || shard->inputs == sums->summary.inputs)
        return ERR_OK;
    buf_printf(why, "it counts %" PRIu64 " inputs, the first shard %" PRIu64, shard->inputs,
               sums->summary.inputs);
    return ERR_CORRUPT;
}

enum error merge_sums_add(struct merge_sums *sums, struct bytes stored, struct buf *why)
{
    struct summary shard;
    uint64_t records;
    enum error error = summary_denominators(stored, &shard, &records);
    if (error == ERR_CORRUPT)
        buf_text(why, "summary.json is none of this schema");
    if (error == ERR_OK)
        error = check_shard(sums, &shard, records, why);
    if (error == ERR_OK)
        error = add_sample(sums, &shard, why);
    if (error == ERR_OK)
        add_counts(sums, &shard, records);
    summary_sample_destroy(shard.sample);
    return error;
}

enum error merge_sums_prove(const struct merge_sums *sums, struct buf *why)
{
    struct summary whole = sums->summary;
    uint64_t others = sums->summary.inputs * (sums->shards - 1);
    whole.records = sums->records;
    if (!summary_balanced(&whole, why))
        return ERR_CORRUPT;
    if (sums->not_in_shard == others)
        return ERR_OK;
    buf_printf(
        why, "%" PRIu64 " lines count as not in the shard over all %" PRIu32 " shards, and must be %" PRIu64,
        sums->not_in_shard, sums->shards, others);
    return ERR_CORRUPT;
}

enum error merge_sums_close(const struct merge_sums *sums, struct summary *written, struct buf *why)
{
    const struct summary *summary = &sums->summary;
    if (written->records != sums->records || written->rejects != summary->rejects) {
        buf_printf(why,
                   "%" PRIu64 " records and %" PRIu64 " rejects were written, and the shards have %" PRIu64
                   " and %" PRIu64,
                   written->records, written->rejects, sums->records, summary->rejects);
        return ERR_CORRUPT;
    }
    written->inputs = summary->inputs;
    written->duplicates = summary->duplicates;
    written->opted_out = summary->opted_out;
    written->not_sampled = summary->not_sampled;
    written->filtered = summary->filtered;
    written->over_limit = summary->over_limit;
    written->reduced = summary->reduced;
    written->not_in_shard = 0;
    memcpy(written->left_out, summary->left_out, sizeof written->left_out);
    return summary_balanced(written, why) ? ERR_OK : ERR_CORRUPT;
}
