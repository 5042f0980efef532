/* Goes from record to facts, to the verdict, to a record. The network is never asked. */
#include "scanner/commands/show_judge.h"

#include "output/json/json.h"
#include "output/json/json_write.h"
#include "scanner/machine/suffixes.h"
#include "scanner/verdict/verdict.h"

static void judge_domain(void *arg, const struct domain_facts *facts, struct arena *arena,
                         struct judgement *judgement)
{
    const struct show_judge *judge = arg;
    verdict_judge(facts, judge->now, arena, judgement);
}

static enum failure_code judge_host(void *arg, const struct probe_facts *probe)
{
    const struct show_judge *judge = arg;
    return verdict_probe(probe, judge->now);
}

enum error show_judge_init(struct show_judge *judge, struct scanview *view, int64_t now, struct buf *why)
{
    struct view_judge by = {.arg = judge, .domain = judge_domain, .host = judge_host};
    *judge = (struct show_judge){.now = now};
    buf_init(&judge->line, RECORD_LINE_BYTES);
    buf_init(&judge->stored, SHOW_LINE_BYTES);
    suffixes_load();
    enum error error = scanview_judge(view, &by, why);
    if (error == ERR_OK)
        judge->view = view;
    return error;
}

void show_judge_dispose(struct show_judge *judge)
{
    buf_dispose(&judge->line);
    buf_dispose(&judge->stored);
}

static bool write_record(struct buf *line, const struct view_record *record)
{
    buf_reset(line);
    return record->domain != NULL ? json_domain(line, record->domain, record->judgement)
                                  : json_host(line, record->probe, record->code);
}

/* Says whether only the beginning of the policy is stored, because more was not read or not kept. */
static bool has_cut_policy(const struct view_record *record)
{
    if (record->domain == NULL)
        return false;
    const struct fetch_facts *fetch = &record->domain->policy.fetch;
    return fetch->http_status == 200 && (fetch->too_large || fetch->body_bytes > fetch->body.len);
}

/* Says whether it is what was stored, in which earlier versions wrote hidden characters as they are. */
static bool is_as_stored(struct show_judge *judge, struct bytes judged, struct bytes stored)
{
    if (bytes_equal(judged, stored))
        return true;
    buf_reset(&judge->stored);
    return json_show(&judge->stored, stored) && bytes_equal(judged, buf_bytes(&judge->stored));
}

struct bytes show_judge_line(struct show_judge *judge, const struct view_record *record)
{
    if (record->found == VIEW_LOST)
        judge->missing++;
    else if (record->found != VIEW_JUDGED || !write_record(&judge->line, record))
        judge->unreadable++;
    else {
        struct bytes judged = bytes_make(judge->line.data, judge->line.len - 1);
        judge->judged++;
        judge->cut += has_cut_policy(record);
        judge->changed += !is_as_stored(judge, judged, record->line);
        return judged;
    }
    return record->line;
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
    if (judge->cut > 0)
        (void)fprintf(
            err,
            "judged by a part: %llu records that hold only the beginning of a policy, as more was not read "
            "or not kept\n",
            (unsigned long long)judge->cut);
    if (judge->missing > 0)
        (void)fprintf(err, "not rejudged: %llu records whose host records or certificates are not there\n",
                      (unsigned long long)judge->missing);
    if (judge->unreadable > 0)
        (void)fprintf(err, "not rejudged: %llu records that cannot be read\n",
                      (unsigned long long)judge->unreadable);
    (void)fputs(scanview_damage(judge->view), err);
}
