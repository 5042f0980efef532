/* Closes the books of a scan. It decides nothing about how the process ends. */
#include "scanner/scan/closing.h"

#include <string.h>

enum { SUMMARY_BYTES = 4 * 1024 * 1024 };

void closing_denominators(struct store *store, const struct intake_counts *counts,
                          const struct spool_counts *names)
{
    struct summary *summary = store_summary(store);
    summary->inputs = counts->inputs;
    summary->rejects = counts->rejects;
    summary->opted_out = counts->opted_out;
    summary->duplicates = names->duplicates;
    summary->not_in_shard = names->not_in_shard;
    memcpy(summary->left_out, counts->rejected, sizeof summary->left_out);
    summary->left_out[FAIL_INPUT_DUPLICATE] = summary->duplicates;
    summary->left_out[FAIL_INPUT_OPTED_OUT] = summary->opted_out;
}

enum error closing_summary(struct store *store, struct buf *why)
{
    struct buf text;
    buf_init(&text, SUMMARY_BYTES);
    enum error error = ERR_LIMIT;
    if (summary_json(&text, store_summary(store)))
        error = store_write_file(store, "summary.json", buf_bytes(&text), why);
    buf_dispose(&text);
    return error;
}

bool closing_code(const struct summary *summary, uint32_t fail_on, FILE *out)
{
    uint64_t count = 0;
    for (enum outcome outcome = OUTCOME_NONE; outcome < OUTCOME_COUNT; outcome++)
        if ((fail_on >> outcome & 1) != 0)
            count += summary->outcomes[outcome];
    if (count > 0)
        (void)fprintf(out, "stsweep: records with an outcome of --fail-on: %llu\n",
                      (unsigned long long)count);
    return count > 0;
}
