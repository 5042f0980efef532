/* Record → facts → verdict → record. The network is never asked. */
#include "scanner/commands/show_judge.h"

#include "output/json/json.h"
#include "output/readback/meta_read.h"
#include "scanner/machine/suffixes.h"
#include "scanner/verdict/verdict.h"

enum { ARENA_BYTES = 256 << 20, LINE_BYTES = RECORD_LINE_BYTES };

enum error show_judge_init(struct show_judge *judge, int dir_fd, int64_t now, struct buf *why)
{
    struct meta_stored stored;
    *judge = (struct show_judge){.now = now};
    arena_init(&judge->arena, ARENA_BYTES);
    buf_init(&judge->line, LINE_BYTES);
    suffixes_load();
    enum error error = meta_read_in(dir_fd, &stored, why);
    return error != ERR_OK ? error : facts_index_open(dir_fd, stored.rules, &judge->index, why);
}

void show_judge_dispose(struct show_judge *judge)
{
    facts_index_close(judge->index);
    arena_dispose(&judge->arena);
    buf_dispose(&judge->line);
}

/* What is wrong with one record is counted; what is wrong with this machine ends it. */
static enum error skip(uint64_t *counter, enum error error, struct buf *why, size_t before)
{
    if (error != ERR_OK && error != ERR_SYNTAX && error != ERR_LIMIT)
        return error;
    ++*counter;
    why->len = before;
    return ERR_OK;
}

static bool has_gaps(const struct facts_gaps *gaps)
{
    return gaps->hosts + gaps->certs > 0;
}

/* The new record where it could be written. */
static void take(struct show_judge *judge, bool written, struct bytes line, struct bytes *judged)
{
    if (!written) {
        judge->unreadable++;
        return;
    }
    *judged = bytes_make(judge->line.data, judge->line.len - 1);
    judge->judged++;
    judge->changed += !bytes_equal(*judged, line);
}

enum error show_judge_domain(struct show_judge *judge, struct bytes line, struct bytes *judged,
                             struct buf *why)
{
    struct facts_source source = facts_index_source(judge->index);
    struct facts_gaps gaps = {0};
    struct domain_facts facts;
    struct judgement judgement;
    size_t before = why->len;
    *judged = line;
    arena_dispose(&judge->arena);
    buf_reset(&judge->line);
    enum error error = facts_read_domain(line, &judge->arena, &facts, why);
    if (error != ERR_OK)
        return skip(&judge->unreadable, error, why, before);
    error = facts_complete(&facts, &source, &judge->arena, &gaps, why);
    if (error != ERR_OK || has_gaps(&gaps))
        return skip(&judge->missing, error, why, before);
    verdict_judge(&facts, judge->now, &judge->arena, &judgement);
    take(judge, json_domain(&judge->line, &facts, &judgement), line, judged);
    return ERR_OK;
}

enum error show_judge_host(struct show_judge *judge, struct bytes line, struct bytes *judged, struct buf *why)
{
    struct facts_source source = facts_index_source(judge->index);
    struct facts_gaps gaps = {0};
    struct probe_facts probe;
    size_t before = why->len;
    *judged = line;
    arena_dispose(&judge->arena);
    buf_reset(&judge->line);
    enum error error = facts_read_host(line, &judge->arena, &probe, why);
    if (error != ERR_OK)
        return skip(&judge->unreadable, error, why, before);
    error = facts_complete_probe(&probe, &source, &judge->arena, &gaps, why);
    if (error != ERR_OK || has_gaps(&gaps))
        return skip(&judge->missing, error, why, before);
    enum failure_code code = verdict_probe(&probe, judge->now);
    take(judge, json_host(&judge->line, &probe, code), line, judged);
    return ERR_OK;
}

void show_judge_count(struct show_judge *judge, unsigned before, unsigned after)
{
    judge->table[before][after]++;
}

static const char *name_of(unsigned outcome)
{
    return outcome == OUTCOME_NONE ? "(none)" : outcome_name((enum outcome)outcome);
}

void show_judge_print(struct show_judge *judge, FILE *err)
{
    uint64_t moved = 0;
    for (unsigned from = 0; from < OUTCOME_COUNT; from++)
        for (unsigned to = 0; to < OUTCOME_COUNT; to++)
            moved += from == to ? 0 : judge->table[from][to];
    (void)fprintf(err, "rejudged: %llu records, %llu changed, %llu outcomes changed\n",
                  (unsigned long long)judge->judged, (unsigned long long)judge->changed,
                  (unsigned long long)moved);
    for (unsigned from = 0; from < OUTCOME_COUNT; from++)
        for (unsigned to = 0; to < OUTCOME_COUNT; to++)
            if (from != to && judge->table[from][to] > 0)
                (void)fprintf(err, "  %10llu  %s -> %s\n", (unsigned long long)judge->table[from][to],
                              name_of(from), name_of(to));
    if (judge->missing > 0)
        (void)fprintf(err, "not rejudged: %llu records whose host records or certificates are not there\n",
                      (unsigned long long)judge->missing);
    if (judge->unreadable > 0)
        (void)fprintf(err, "not rejudged: %llu records that cannot be read\n",
                      (unsigned long long)judge->unreadable);
    (void)fputs(facts_index_damage(judge->index), err);
}
