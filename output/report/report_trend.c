/* Reads the outcomes of summary.json, or counts them. */
#include "output/report/report_trend.h"

#include <string.h>

#include "scanner/json/json_read.h"
#include "scanner/json/json_tree.h"

enum { SUMMARY_BYTES = 64 << 20, WHY_BYTES = 16 * 1024 };

static bool number_at(const struct json_node *object, const char *key, uint64_t *number)
{
    const struct json_node *node = json_tree_at(object, key);
    return node != NULL && node->kind == JSON_NUMBER && json_read_number(node->text, number);
}

static bool take_outcomes(const struct json_node *root, struct report_scan *scan)
{
    const struct json_node *outcomes = json_tree_at(root, "outcomes");
    uint64_t sum = 0;
    if (outcomes == NULL || outcomes->kind != JSON_OBJECT || !number_at(root, "records", &scan->records))
        return false;
    for (enum outcome outcome = 0; outcome < OUTCOME_COUNT; outcome++) {
        scan->outcomes[outcome] = 0;
        if (outcome != OUTCOME_NONE && json_tree_at(outcomes, outcome_name(outcome)) != NULL &&
            !number_at(outcomes, outcome_name(outcome), &scan->outcomes[outcome]))
            return false;
        if (scan->outcomes[outcome] > scan->records - sum)
            return false;
        sum += scan->outcomes[outcome];
    }
    return sum == scan->records;
}

bool report_scan_summary(struct bytes summary, struct report_scan *scan)
{
    struct arena arena;
    const struct json_node *root;
    arena_init(&arena, SUMMARY_BYTES);
    bool good = json_tree_parse(summary, &arena, &root) == ERR_OK && take_outcomes(root, scan);
    arena_dispose(&arena);
    return good;
}

static bool read_summary(struct scanview *view, struct report_scan *scan)
{
    struct buf text, why;
    buf_init(&text, SUMMARY_BYTES);
    buf_init(&why, WHY_BYTES);
    bool good = scanview_file(view, "summary.json", &text, &why) == ERR_OK &&
                report_scan_summary(buf_bytes(&text), scan);
    buf_dispose(&text);
    buf_dispose(&why);
    return good;
}

/* ---- records ------------------------------------------------------------------------------------------- */

static bool on_field(void *arg, const struct json_value *value)
{
    enum outcome *found = arg;
    if (value->kind != FIELD_STRING || value->sub[0] != 0 || strcmp(value->key, "outcome") != 0)
        return true;
    for (enum outcome outcome = OUTCOME_NONE + 1; outcome < OUTCOME_COUNT; outcome++)
        if (bytes_equal(value->text, bytes_of(outcome_name(outcome))))
            *found = outcome;
    return false;
}

struct reading {
    struct scanview *view;
    struct report_scan *scan;
};

static enum error on_record(void *arg, struct bytes line)
{
    struct reading *reading = arg;
    enum outcome outcome = OUTCOME_NONE;
    if (json_read_line(line, on_field, &outcome) != ERR_OK || outcome == OUTCOME_NONE)
        return scanview_refuse(reading->view, ERR_SYNTAX, NULL);
    reading->scan->records++;
    reading->scan->outcomes[outcome]++;
    return ERR_OK;
}

enum error report_scan_read(struct scanview *view, const char *dir, bool leaves_out, struct report_scan *scan,
                            struct buf *why)
{
    const struct meta_stored *meta = scanview_meta(view);
    bool is_done = scanview_state(view) == VIEW_DONE;
    *scan = (struct report_scan){
        .dir = dir, .started = meta->started_ms, .rules = meta->rules, .is_whole = is_done};
    if (is_done && !leaves_out && read_summary(view, scan))
        return ERR_OK;
    scan->records = 0;
    memset(scan->outcomes, 0, sizeof scan->outcomes);
    struct reading reading = {view, scan};
    enum error error = scanview_lines(view, VIEW_DOMAINS, on_record, &reading, why);
    scan->is_whole = scan->is_whole && error != ERR_CORRUPT;
    return error;
}
