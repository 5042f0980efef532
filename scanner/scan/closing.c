/* Closes the books of a scan. It decides nothing about how the process ends. */
#include "scanner/scan/closing.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/store/summary_csv.h"
#include "scanner/base/shown.h"
#include "scanner/scan/signals.h"

enum { SUMMARY_BYTES = 4 * 1024 * 1024, LONG_RECORDS = 1000000, RECORDS_A_SECOND = 60000 };

enum error closing_denominators(struct store *store, const struct intake_counts *counts,
                                const struct spool_counts *names, const struct choice *choice)
{
    struct summary *summary = store_summary(store);
    struct choice_counts left_out = choice_counts_of(choice);
    summary->inputs = counts->inputs;
    summary->rejects = counts->rejects;
    summary->opted_out = counts->opted_out + left_out.opted_out;
    summary->duplicates = names->duplicates;
    summary->reduced = counts->reduced;
    summary->not_in_shard = names->not_in_shard + left_out.not_in_shard;
    summary->not_sampled = left_out.not_sampled;
    summary->filtered = left_out.filtered;
    summary->over_limit = left_out.over_limit;
    memcpy(summary->left_out, counts->rejected, sizeof summary->left_out);
    summary->left_out[FAIL_INPUT_DUPLICATE] = summary->duplicates;
    summary->left_out[FAIL_INPUT_OPTED_OUT] = summary->opted_out;
    if (summary->sample == NULL)
        return ERR_OK;
    return choice_tell(choice, summary->records + summary->opted_out, summary->duplicates, summary->sample);
}

enum error closing_groups(struct store *store, struct summary_groups *groups, FILE *err, struct buf *why)
{
    uint64_t records = store_groups_unread(store);
    summary_groups_init(groups);
    if (records >= LONG_RECORDS)
        (void)fprintf(err,
                      "stsweep: counts the groups of %" PRIu64 " records for summary.json: %" PRIu64
                      " s, or less\n",
                      records, records / RECORDS_A_SECOND);
    return store_groups(store, groups, signals_came, why);
}

enum error closing_summary(struct store *store, const struct summary_groups *groups, struct buf *why)
{
    struct buf text, table;
    buf_init(&text, SUMMARY_BYTES);
    buf_init(&table, 4 * SUMMARY_BYTES);
    enum error error = ERR_LIMIT;
    if (summary_json(&text, store_summary(store), store_counts_groups(store) ? groups : NULL))
        error = summary_csv(&table, buf_bytes(&text));
    if (error == ERR_OK)
        error = store_write_file(store, "summary.csv", buf_bytes(&table), why);
    if (error == ERR_OK)
        error = store_write_file(store, "summary.json", buf_bytes(&text), why);
    buf_dispose(&text);
    buf_dispose(&table);
    return error;
}

/* Counts those of which senders with an earlier policy meet an outcome of the set. */
static uint64_t count_cached(const struct summary *summary, uint32_t fail_on)
{
    uint64_t refused = (fail_on >> OUTCOME_REFUSED & 1) != 0 ? summary->codes[FAIL_CACHED_REFUSED] : 0;
    uint64_t partial = (fail_on >> OUTCOME_PARTIAL & 1) != 0 ? summary->codes[FAIL_CACHED_PARTIAL] : 0;
    return refused + partial;
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
    uint64_t cached = count_cached(summary, fail_on);
    if (cached > 0)
        (void)fprintf(out,
                      "stsweep: records with an outcome of --fail-on under an earlier policy that senders "
                      "have cached: %llu\n",
                      (unsigned long long)cached);
    return count + cached > 0;
}

static bool is_same(const char *path, int dir_fd)
{
    struct stat named, open;
    return stat(path, &named) == 0 && fstat(dir_fd, &open) == 0 && named.st_dev == open.st_dev &&
           named.st_ino == open.st_ino;
}

const char *closing_place(int dir_fd, const char *given, char path[CLOSING_PATH_BYTES])
{
    char link[64];
    if (dir_fd < 0 || is_same(given, dir_fd))
        return given;
    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", dir_fd);
    ssize_t len = readlink(link, path, CLOSING_PATH_BYTES - 1);
    if (len < 0)
        return given;
    path[len] = '\0';
    return path;
}

void closing_stopped(uint64_t records, const char *given, const char *place, const char *with, FILE *out)
{
    (void)fprintf(out, "stsweep: %" PRIu64 " records are safe; go on with the same command%s", records, with);
    if (strcmp(given, place) != 0)
        (void)fprintf(out, ", and -o %s, as the scan directory is called now", shown(place));
    (void)fputc('\n', out);
}
